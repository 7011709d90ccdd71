use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::auth::{AuthMethod, AuthSettings};
use crate::flags::{Flag, Flags};
use crate::guards::{CacheSettings, LimitSettings, ResponseSizeSettings};
use crate::layers::Layers;
use crate::manager::{ManagerPlace, ManagerSettings};
use crate::oauth::OauthSettings;
use crate::problem::{Origin, Problem};
use crate::reader::Reader;
use crate::server::ServerSettings;
use crate::sign_in::SignInSettings;
use crate::state::{SessionSettings, StateSettings};
use crate::telemetry::{AuditSettings, TelemetrySettings};
use crate::tools::{ExecutorSettings, QuerySettings, ToolSettings};
use crate::workspace::{MetastoreSettings, WorkspaceSettings};

/// The process environment, handed in so that tests need not change their own.
pub type Environment = HashMap<String, String>;

/// Every setting, checked as a whole.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the embedded workspaces.
    pub data_dir: PathBuf,
    /// The HTTP edge.
    pub server: ServerSettings,
    /// What nodes share.
    pub state: StateSettings,
    /// Sessions of older clients.
    pub sessions: SessionSettings,
    /// How callers prove who they are.
    pub auth: AuthSettings,
    /// The control plane; `None` when there is none, so that nobody signs in here.
    pub manager: Option<ManagerSettings>,
    /// The authorization server.
    pub oauth: OauthSettings,
    /// How people sign in.
    pub sign_in: SignInSettings,
    /// Feature flags of workspaces that the configuration does not name.
    pub flags: Flags,
    /// Those of them that a file or the environment says anything of.
    pub named_flags: Flags,
    /// The tenants, by slug; at least one is enabled.
    pub workspaces: Vec<WorkspaceSettings>,
    /// How tool calls run.
    pub executor: ExecutorSettings,
    /// Rate limits; `None` when off.
    pub limits: Option<LimitSettings>,
    /// The size guard; `None` when off.
    pub response_size: Option<ResponseSizeSettings>,
    /// The response cache; `None` when off.
    pub cache: Option<CacheSettings>,
    /// How databases are asked.
    pub query: QuerySettings,
    /// Which tools are offered.
    pub tools: ToolSettings,
    /// Logs, metrics, traces.
    pub telemetry: TelemetrySettings,
    /// The audit.
    pub audit: AuditSettings,
    /// What the operator should know, though nothing is wrong: a sentence each, without secrets.
    pub notices: Vec<String>,
}

impl Settings {
    /// Reads `config/default.toml` < `file` < `env`.
    ///
    /// # Errors
    /// All problems at once: unknown keys, wrong kinds, values out of range, and values that do not go
    /// together.
    pub fn load(file: Option<&Path>, env: &Environment) -> Result<Self, Vec<Problem>> {
        Self::from_file(file, env, Reader::new)
    }

    /// As [`Settings::load`], for a command that serves nobody: who would be let in is no matter, so that nothing has to be
    /// written of it.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_for_command(file: Option<&Path>, env: &Environment) -> Result<Self, Vec<Problem>> {
        Self::from_file(file, env, Reader::of_command)
    }

    fn from_file(
        file: Option<&Path>,
        env: &Environment,
        reader: impl FnOnce(Layers) -> Reader,
    ) -> Result<Self, Vec<Problem>> {
        let Some(path) = file else {
            return Self::from_layers(None, env, reader);
        };
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_layers(Some((&name, &text)), env, reader),
            Err(err) => Err(vec![Problem::new(
                &name,
                &Origin::File("--config".to_owned()),
                err.to_string(),
                "a file that can be read",
            )]),
        }
    }

    /// As [`Settings::load`], with the name and the text of a file.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn from_text(file: Option<(&str, &str)>, env: &Environment) -> Result<Self, Vec<Problem>> {
        Self::from_layers(file, env, Reader::new)
    }

    fn from_layers(
        file: Option<(&str, &str)>,
        env: &Environment,
        reader: impl FnOnce(Layers) -> Reader,
    ) -> Result<Self, Vec<Problem>> {
        let mut layers = Layers::defaults();
        if let Some((name, text)) = file {
            layers.add_file(name, text);
        }
        layers.add_environment(env);
        layers.complete();
        let mut reader = reader(layers);
        let mut settings = Self::read(&mut reader);
        reader.refuse_placeholders();
        let (problems, notices) = reader.finish();
        if !problems.is_empty() {
            return Err(problems);
        }
        settings.notices.splice(0..0, notices);
        Ok(settings)
    }

    fn read(reader: &mut Reader) -> Self {
        let data_dir = PathBuf::from(reader.text("data_dir"));
        if data_dir.as_os_str().is_empty() {
            reader.refuse("data_dir", "the path of a folder");
        }
        let auth = AuthSettings::read(reader);
        let workspaces = WorkspaceSettings::read_all(reader, &data_dir);
        let manager = ManagerSettings::read(reader, &auth.method, &data_dir);
        Self {
            notices: notices(&auth, manager.as_ref(), &workspaces),
            oauth: OauthSettings::read(reader, manager.as_ref()),
            sign_in: SignInSettings::read(reader, manager.as_ref()),
            flags: Flag::ALL.into_iter().fold(Flags::default(), |flags, flag| {
                flags.with(flag, reader.flag(&format!("flags.{}", flag.as_str())))
            }),
            named_flags: Flag::ALL.into_iter().fold(Flags::default(), |flags, flag| {
                flags.with(flag, reader.is_named(&format!("flags.{}", flag.as_str())))
            }),
            server: ServerSettings::read(reader, &auth.method, &workspaces),
            state: StateSettings::read(reader),
            sessions: SessionSettings::read(reader),
            executor: ExecutorSettings::read(reader),
            limits: LimitSettings::read(reader),
            response_size: ResponseSizeSettings::read(reader),
            cache: CacheSettings::read(reader),
            query: QuerySettings::read(reader),
            tools: ToolSettings::read(reader),
            telemetry: TelemetrySettings::read(reader),
            audit: AuditSettings::read(reader),
            data_dir,
            manager,
            auth,
            workspaces,
        }
    }
}

fn notices(
    auth: &AuthSettings,
    manager: Option<&ManagerSettings>,
    workspaces: &[WorkspaceSettings],
) -> Vec<String> {
    let mut notices = Vec::new();
    if let Some(ManagerPlace::Sqlite { path, .. }) = manager.map(|manager| &manager.place) {
        notices.push(format!(
            "the manager is embedded: accounts, clients and grants are in {}",
            path.display()
        ));
    }
    for token in &auth.static_tokens {
        notices.push(format!(
            "auth.static_tokens.{} never ends and may do whatever {:?} may; give its holder an API token instead",
            token.name, token.user
        ));
    }
    if let AuthMethod::Development(user) = &auth.method {
        notices.push(format!(
            "authentication is off: everyone who reaches this server acts as {:?}",
            user.username
        ));
    }
    for workspace in workspaces {
        if let MetastoreSettings::Embedded { folder } = &workspace.metastore {
            notices.push(format!(
                "workspace {} is embedded: its data are in {}",
                workspace.slug,
                folder.display()
            ));
        }
    }
    notices
}
