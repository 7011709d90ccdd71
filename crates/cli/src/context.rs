//! What every command has: the manager, the settings, the time, the deployment.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tidegate_config::Settings;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::audit::{AuditEvent, RecordEvents};
use tidegate_control_plane::workspace::{FindWorkspace, ListWorkspaces, Workspace};
use tidegate_control_plane::{Manager, UseCase};
use tidegate_types::{AccountId, ClientId, Clock, WorkspaceSlug};

use super::deployment::Deployment;
use super::failure::Failure;

pub(super) struct Context {
    pub(super) manager: Manager,
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) deployment: Arc<dyn Deployment>,
}

/// Workspaces that are named to whoever asks for one that is not there.
const MOST_NAMED: usize = 10;

/// What an audit record is about.
#[derive(Default)]
pub(super) struct About<'a> {
    pub(super) client: Option<&'a ClientId>,
    pub(super) workspace: Option<&'a WorkspaceSlug>,
    /// More, without secrets.
    pub(super) detail: String,
}

impl<'a> About<'a> {
    pub(super) fn detail(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..Self::default()
        }
    }

    pub(super) fn client(client: &'a ClientId) -> Self {
        Self {
            client: Some(client),
            ..Self::default()
        }
    }

    pub(super) fn workspace(workspace: &'a WorkspaceSlug) -> Self {
        Self {
            workspace: Some(workspace),
            ..Self::default()
        }
    }
}

impl Context {
    pub(super) async fn call<U: UseCase>(&self, use_case: U) -> Result<U::Reply, Failure> {
        Ok(use_case.run(&self.manager).await?)
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.unix_secs()
    }

    /// The account that a person names: by its name, its verified address or its id.
    pub(super) async fn account(&self, name: &str) -> Result<Account, Failure> {
        let mut keys = vec![AccountKey::Username(name.to_owned())];
        if name.contains('@') {
            keys.push(AccountKey::VerifiedEmail(name.to_owned()));
        }
        keys.extend(name.parse().ok().map(AccountKey::Id));
        for key in keys {
            if let Some(account) = self.call(FindAccount { key }).await? {
                return Ok(account);
            }
        }
        Err(Failure::not_found("user", name))
    }

    /// What an account signs in as; its id where it is gone, a dash for none.
    pub(super) async fn name_of(&self, id: Option<&AccountId>) -> Result<String, Failure> {
        let Some(id) = id else {
            return Ok("-".to_owned());
        };
        let key = AccountKey::Id(id.clone());
        let account = self.call(FindAccount { key }).await?;
        Ok(account.map_or_else(|| id.to_string(), |account| account.username))
    }

    /// Refuses a workspace that is not there, before anything is changed.
    pub(super) async fn check_workspace(&self, slug: &WorkspaceSlug) -> Result<(), Failure> {
        self.workspace(slug).await.map(drop)
    }

    /// The workspace of the name.
    pub(super) async fn workspace(&self, slug: &WorkspaceSlug) -> Result<Workspace, Failure> {
        if let Some(found) = self.call(FindWorkspace { slug: slug.clone() }).await? {
            return Ok(found);
        }
        let all = self.call(ListWorkspaces {}).await?;
        let mut names: Vec<&str> = all.iter().map(|one| one.slug.as_str()).collect();
        if names.is_empty() {
            return Err(Failure::not_found("workspace", slug.as_str()));
        }
        let more = names.len().saturating_sub(MOST_NAMED);
        names.truncate(MOST_NAMED);
        let mut known = names.join(", ");
        if more > 0 {
            known = format!("{known} and {more} more");
        }
        Err(Failure::NoWorkspace {
            name: slug.to_string(),
            known,
        })
    }

    /// Keeps a record of what was done. What was done stays done when the record cannot be kept.
    pub(super) async fn record(&self, action: &str, about: About<'_>) {
        let detail = if about.detail.is_empty() {
            "by command".to_owned()
        } else {
            format!("by command: {}", about.detail)
        };
        let event = AuditEvent {
            at: self.now(),
            action: action.to_owned(),
            account: None,
            client: about.client.cloned(),
            workspace: about.workspace.cloned(),
            address: None,
            outcome: "ok".to_owned(),
            detail: Some(detail),
        };
        let events = vec![event];
        if let Err(err) = self.call(RecordEvents { events }).await {
            eprintln!(
                "tidegate: done, and not recorded in the audit: {}",
                err.words()
            );
        }
    }
}

/// A reply of the manager's as JSON.
pub(super) fn json(reply: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(reply).map_err(|_| Failure::Internal("an answer cannot be shown as JSON"))
}
