//! Sign-in and the control plane: what stands behind the pages, the endpoints of OAuth and tokens of our own.

mod changes;
mod commands;
mod first_start;
mod flags;
pub(crate) mod manager;
mod provisioning;
mod settings;
mod superset;
mod tidy;
mod uses;

use std::sync::Arc;

use tidegate_authorization_server::{
    AuthorizationServer, FetcherSetupError, GuardedFetcher, Parts, Rules,
};
use tidegate_config::{ManagerSettings, Settings};
use tidegate_control_plane::{Manager, ManagerError};
use tidegate_login::{FirstAdministrator, SignIn, SignInError};
use tidegate_runtime::ControlPlane;
use tidegate_store::SharedState;
use tidegate_token_verifier::{LiveResources, OwnTokenAuthenticator, OwnTokenParts};
use tidegate_tools::Features;
use tidegate_types::{Clock, ScopeSet};
use tidegate_web::{ConfiguredFlags, ControlPlaneAccess, Directory, FlagsOfPlace, ServiceTokens};
use url::Url;

use crate::late_node::LateNode;
use crate::workspaces::enabled;

use changes::Changes;
pub use commands::CommandDeployment;
use first_start::first_start;
use flags::FlagRules;
use provisioning::Provisioning;
pub(crate) use tidy::tidy_hourly;

/// Sign-in or the control plane that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The manager.
    #[error("the manager cannot be used")]
    Manager(#[from] ManagerError),
    /// Documents of clients.
    #[error(transparent)]
    Fetcher(#[from] FetcherSetupError),
    /// `oauth.client_documents.ca_file`.
    #[error("the certificates of oauth.client_documents.ca_file, {}, cannot be read", file.display())]
    CaFile {
        /// The file.
        file: std::path::PathBuf,
        /// What went wrong below.
        #[source]
        source: std::io::Error,
    },
    /// The first administrator.
    #[error("the first administrator cannot be made")]
    FirstStart(#[from] SignInError),
}

/// What sign-in and the authorization server are put into.
pub(crate) struct Surroundings<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) issuer: &'a Url,
    pub(crate) directory: &'a Directory,
    pub(crate) state: &'a SharedState,
    pub(crate) node: &'a LateNode,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// Scopes that some tool needs.
    pub(crate) scopes: ScopeSet,
}

/// The manager, and what the node asks of it.
pub(crate) struct Managed {
    pub(crate) manager: Manager,
    flags: Arc<FlagRules>,
    standing: Arc<Provisioning>,
    changes: Arc<Changes>,
    resources: LiveResources,
    service_tokens: ServiceTokens,
}

impl Managed {
    /// Opens the manager and tells it which workspaces the configuration names.
    ///
    /// # Errors
    /// It cannot be opened, or not be reached.
    pub(crate) async fn open(
        settings: &Settings,
        manager: &ManagerSettings,
        directory: &Directory,
        node: &LateNode,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, AccessError> {
        let service_tokens = ServiceTokens::new(&manager.service_tokens);
        let manager = manager::open(&manager.place, clock).await?;
        manager::declare(&manager, settings).await?;
        let flags = FlagRules::new(manager.clone(), settings, Arc::clone(clock));
        let flags = Arc::new(flags);
        let standing =
            Provisioning::new(manager.clone(), node.clone(), settings, Arc::clone(clock));
        Ok(Self {
            changes: Arc::new(Changes::new(manager.clone(), Arc::clone(&flags))),
            standing: Arc::new(standing),
            resources: LiveResources::new(directory.names().resources.clone()),
            flags,
            service_tokens,
            manager,
        })
    }

    /// What is on in each workspace.
    pub(crate) fn features(&self) -> Arc<dyn Features> {
        Arc::clone(&self.flags) as _
    }

    /// What the node asks.
    pub(crate) fn control_plane(&self) -> ControlPlane {
        ControlPlane {
            standing: Some(Arc::clone(&self.standing) as _),
            flags: Some(Arc::clone(&self.flags) as _),
            changes: Some(Arc::clone(&self.changes) as _),
            uses: Some(Arc::new(uses::ManagerUses(self.manager.clone()))),
        }
    }

    /// Checks tokens of our own.
    pub(crate) fn own_tokens(
        &self,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> OwnTokenAuthenticator {
        OwnTokenAuthenticator::new(OwnTokenParts {
            resources: self.resources.load().as_ref().clone(),
            keys: Arc::new(self.manager.clone()),
            api_tokens: Arc::new(self.manager.clone()),
            clock: Arc::clone(clock),
            token_cache_entries: settings.auth.token_cache_entries,
            debug_errors: settings.auth.debug_errors,
        })
        .with_resources(self.resources.clone())
    }

    /// What the edge serves, and the first administrator where this is the first start.
    ///
    /// # Errors
    /// The HTTP client for documents cannot be built, or the manager cannot be reached.
    pub(crate) async fn begin(
        &self,
        around: &Surroundings<'_>,
    ) -> Result<(ControlPlaneAccess, Option<FirstAdministrator>), AccessError> {
        let access = self.access(around)?;
        self.keep_names(around.settings, around.issuer, around.directory, &access)
            .await?;
        let first = if around.settings.sign_in.passwords {
            first_start(around.settings, &access).await?
        } else {
            None
        };
        Ok((access, first))
    }

    fn access(&self, around: &Surroundings<'_>) -> Result<ControlPlaneAccess, AccessError> {
        let Surroundings {
            settings, state, ..
        } = around;
        let sign_in = SignIn::new(
            self.manager.clone(),
            Arc::clone(&state.tickets),
            Arc::clone(&state.counters),
            Arc::new(superset::MetastoreAccounts {
                node: around.node.clone(),
                provisioning: Arc::clone(&self.standing),
            }),
            settings::sign_in(settings, around.issuer),
            Arc::clone(around.clock),
        );
        let fetcher = GuardedFetcher::new(settings::fetching(&settings.oauth)?)?;
        let authorization = AuthorizationServer::new(Parts {
            manager: self.manager.clone(),
            tickets: Arc::clone(&state.tickets),
            counters: Arc::clone(&state.counters),
            limits: Arc::clone(&state.limits),
            resources: around.directory.names().resources.clone(),
            rules: Rules {
                offered_scopes: around.scopes,
                ..settings::rules(&settings.oauth)
            },
            clock: Arc::clone(around.clock),
            fetcher: Arc::new(fetcher),
            gate: Arc::clone(&self.flags) as _,
        });
        Ok(ControlPlaneAccess {
            manager: self.manager.clone(),
            sign_in,
            authorization,
            accepts_superset: !settings.sign_in.superset_accounts.is_empty(),
            clock: Arc::clone(around.clock),
            gate: Arc::clone(&self.flags) as _,
            flags: configured_flags(settings),
            service_tokens: self.service_tokens.clone(),
        })
    }

    /// Keeps the names of workspaces as the manager has them.
    ///
    /// # Errors
    /// The manager cannot be reached.
    async fn keep_names(
        &self,
        settings: &Settings,
        issuer: &Url,
        directory: &Directory,
        access: &ControlPlaneAccess,
    ) -> Result<(), AccessError> {
        let authorization = access.authorization.clone();
        self.changes
            .keep_names(
                settings.clone(),
                issuer.clone(),
                directory.clone(),
                authorization,
                self.resources.clone(),
            )
            .await?;
        Ok(())
    }
}

/// What the page of features shows where no rule of the manager decides.
fn configured_flags(settings: &Settings) -> ConfiguredFlags {
    ConfiguredFlags {
        usual: FlagsOfPlace {
            on: settings.flags,
            named: settings.named_flags,
        },
        of_workspaces: enabled(settings)
            .map(|workspace| {
                let flags = FlagsOfPlace {
                    on: workspace.flags,
                    named: workspace.named_flags,
                };
                (workspace.slug.clone(), flags)
            })
            .collect(),
    }
}
