use std::time::Duration;

use tidegate_control_plane::account::{Account, CreateAccount};
use tidegate_control_plane::workspace::SetMembership;
use tidegate_control_plane::{Manager, Operation, RemoteManager, RemoteSettings};
use tidegate_types::{Role, SecretString};

use super::Node;

/// The password of everybody whom [`Control::person`] makes.
pub(crate) const PASSWORD: &str = "a password of the tests, long enough";

/// Its hash, cheap to check (Argon2id).
const PASSWORD_HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$7nsPExFsD4JOyHtvY1SRJw$j2NokMaatwtVydrfW1w5ZMtWGyw2WUq8Vn0Thufcr7M";

/// What nodes show to use another's manager.
pub(crate) const SERVICE_TOKEN: &str = "what nodes of the tests show to each other's manager";

/// The manager of a deployment, asked through a node as other nodes ask it.
#[derive(Clone)]
pub(crate) struct Control(Manager);

impl Control {
    pub(crate) fn of(node: &Node) -> Self {
        let remote = RemoteManager::new(&RemoteSettings {
            url: node.url().parse().unwrap(),
            token: SecretString::from(SERVICE_TOKEN),
            timeout: Duration::from_secs(10),
        });
        Self(Manager::Remote(remote.unwrap().into()))
    }

    /// Asks for an operation that works.
    pub(crate) async fn call<O: Operation>(&self, operation: O) -> O::Reply {
        self.0.call(operation).await.unwrap()
    }

    /// Somebody who signs in as `name` with [`PASSWORD`], and is a member of nothing.
    pub(crate) async fn person(&self, name: &str) -> Account {
        self.call(CreateAccount {
            username: name.to_owned(),
            email: Some(format!("{name}@example.org")),
            is_email_verified: true,
            display_name: format!("{name} of the tests"),
            password_hash: Some(PASSWORD_HASH.to_owned()),
            must_change_password: false,
            is_administrator: false,
        })
        .await
    }

    /// Makes somebody a member of a workspace, as this user of its Superset; their own name without.
    pub(crate) async fn join(
        &self,
        account: &Account,
        workspace: &str,
        role: Role,
        user: Option<&str>,
    ) {
        self.call(SetMembership {
            workspace: workspace.parse().unwrap(),
            account: account.id.clone(),
            role,
            superset_username: user.map(str::to_owned),
        })
        .await;
    }
}
