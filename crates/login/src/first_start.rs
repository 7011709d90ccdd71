use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{CountAccounts, CreateAccount};
use tidegate_types::{ExposeSecret, SecretString};

use crate::journal::Entry;
use crate::{SignIn, SignInError};

/// The administrator that the first start made. The password is for one use; it is shown once, and kept nowhere.
#[derive(Debug)]
pub struct FirstAdministrator {
    /// `admin`.
    pub username: String,
    /// To be changed at the first sign-in.
    pub password: SecretString,
}

const USERNAME: &str = "admin";

impl SignIn {
    /// Makes the first administrator when there are no people yet. `None`: there are, or another node was first.
    ///
    /// # Errors
    /// `Busy`, `Unavailable`, `Internal`.
    pub async fn first_start(&self) -> Result<Option<FirstAdministrator>, SignInError> {
        if self.parts.call(CountAccounts {}).await? > 0 {
            return Ok(None);
        }
        let given = self.draw_password().await?;
        let create = CreateAccount {
            username: USERNAME.to_owned(),
            email: None,
            is_email_verified: false,
            display_name: "Administrator".to_owned(),
            password_hash: Some(given.hash.expose_secret().to_owned()),
            must_change_password: true,
            is_administrator: true,
        };
        // Of the nodes that start at the same time one gets the name.
        let account = match self.parts.call(create).await {
            Ok(account) => account,
            Err(ManagerError::Conflict(_)) => return Ok(None),
            Err(err) => return Err(err.into()),
        };
        let entry = Entry::new("account.created", "ok")
            .by(&account.id)
            .with("first start");
        self.parts.journal.note(entry).await;
        Ok(Some(FirstAdministrator {
            username: account.username,
            password: given.text,
        }))
    }
}
