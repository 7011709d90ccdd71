//! Members of embedded workspaces get their row of `ab_user` when they first come: nobody else would make it.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tidegate_config::{MetastoreSettings, Settings};
use tidegate_control_plane::Manager;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::workspace::{FindConnection, ListMemberships};
use tidegate_metastore::{Metastore, NewUser};
use tidegate_token_verifier::{AuthFailure, GrantStatus, GrantStatusSource};
use tidegate_types::{AccountId, Clock, GrantId, Role, WorkspaceSlug};

use crate::late_node::LateNode;

/// People who are known to have their row, and the role that it was given for.
const MOST_KNOWN: u64 = 10_000;

/// How long that is known.
const KNOWN_FOR: Duration = Duration::from_mins(5);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The manager's word on a grant; whoever counts in an embedded workspace has a row there afterwards.
pub(crate) struct Provisioning {
    manager: Manager,
    node: LateNode,
    /// Whether we embed a workspace: those of the configuration, and those of the manager once they were asked for.
    embedded: Cache<WorkspaceSlug, bool>,
    known: Cache<(WorkspaceSlug, String), Role>,
    clock: Arc<dyn Clock>,
}

impl Provisioning {
    pub(super) fn new(
        manager: Manager,
        node: LateNode,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let embedded = Cache::builder().max_capacity(MOST_KNOWN).build();
        for workspace in &settings.workspaces {
            let is_ours = matches!(workspace.metastore, MetastoreSettings::Embedded { .. });
            embedded.insert(workspace.slug.clone(), is_ours);
        }
        Self {
            manager,
            node,
            embedded,
            known: Cache::builder()
                .max_capacity(MOST_KNOWN)
                .time_to_live(KNOWN_FOR)
                .build(),
            clock,
        }
    }

    /// Whether we embed the workspace, so that its users are made here.
    pub(super) async fn is_embedded(&self, workspace: &WorkspaceSlug) -> Result<bool, Failure> {
        if let Some(known) = self.embedded.get(workspace) {
            return Ok(known);
        }
        let find = FindConnection {
            slug: workspace.clone(),
        };
        let connection = self.manager.call(find).await?;
        let is_ours = connection.is_some_and(|connection| connection.metastore == "embedded");
        self.embedded.insert(workspace.clone(), is_ours);
        Ok(is_ours)
    }

    async fn provision(
        &self,
        workspace: &WorkspaceSlug,
        account: &AccountId,
        username: &str,
    ) -> Result<(), Failure> {
        if !self.is_embedded(workspace).await? {
            return Ok(());
        }
        let memberships = ListMemberships {
            account: account.clone(),
        };
        let places = self.manager.call(memberships).await?;
        let Some(place) = places
            .into_iter()
            .find(|place| place.workspace == *workspace)
        else {
            return Ok(());
        };
        let key = (workspace.clone(), username.to_owned());
        if self.known.get(&key) == Some(place.role) {
            return Ok(());
        }
        let metastore = self.node.metastore(workspace).await?;
        let find = FindAccount {
            key: AccountKey::Id(account.clone()),
        };
        if let Some(account) = self.manager.call(find).await? {
            let new = new_user(&metastore, &account, username, place.role).await?;
            let now = chrono::DateTime::from_timestamp(self.clock.unix_secs(), 0)
                .unwrap_or_default()
                .naive_utc();
            metastore.users().provision(&new, now).await?;
        }
        self.known.insert(key, place.role);
        Ok(())
    }
}

impl std::fmt::Debug for Provisioning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provisioning").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl GrantStatusSource for Provisioning {
    async fn grant_status(
        &self,
        grant: &GrantId,
        workspace: &WorkspaceSlug,
    ) -> Result<GrantStatus, AuthFailure> {
        let status = self.manager.grant_status(grant, workspace).await?;
        if let GrantStatus::Good {
            account, username, ..
        } = &status
        {
            self.provision(workspace, account, username)
                .await
                .map_err(|err| {
                    tracing::warn!(
                        %workspace,
                        error = &*err as &dyn std::error::Error,
                        "a member could not be given a user of the workspace"
                    );
                    AuthFailure::Unavailable
                })?;
        }
        Ok(status)
    }
}

async fn new_user(
    metastore: &Metastore,
    account: &Account,
    username: &str,
    role: Role,
) -> Result<NewUser, Failure> {
    let (first_name, last_name) = account
        .display_name
        .split_once(' ')
        .unwrap_or((&account.display_name, ""));
    let own = account
        .email
        .as_deref()
        .filter(|_| account.is_email_verified);
    let is_free = match own {
        Some(email) => metastore.users().account(email).await?.is_none(),
        None => false,
    };
    let email = own.filter(|_| is_free).map_or_else(
        // The column wants one for each; this domain is nobody's (RFC 6761 §6.4).
        || format!("{username}@tidegate.invalid"),
        str::to_owned,
    );
    Ok(NewUser {
        username: username.to_owned(),
        first_name: shorten(first_name),
        last_name: shorten(last_name),
        email,
        roles: roles(role).iter().map(|role| (*role).to_owned()).collect(),
    })
}

fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}

/// Superset's roles, and the one of the sample business that opens its datasets to readers.
const fn roles(role: Role) -> &'static [&'static str] {
    match role {
        Role::Admin => &["Admin"],
        Role::Editor => &["Alpha", "sql_lab"],
        Role::Analyst => &["Gamma", "sql_lab", "Sample readers"],
        Role::Viewer => &["Gamma", "Sample readers"],
    }
}
