//! A password for one use, in place of whatever somebody has.

use tidegate_control_plane::account::SetPassword;
use tidegate_types::{AccountId, ExposeSecret, SecretString};

use crate::{SignIn, SignInError};

impl SignIn {
    /// Gives somebody a drawn password for one use, which is shown once, and ends their browser sessions. Whoever calls has
    /// made sure that they may.
    ///
    /// # Errors
    /// `PasswordsOff`; `Busy`, `Unavailable`, `Internal`.
    pub async fn reset_password(&self, account: &AccountId) -> Result<SecretString, SignInError> {
        if !self.has_passwords() {
            return Err(SignInError::PasswordsOff);
        }
        let given = self.draw_password().await?;
        let set = SetPassword {
            id: account.clone(),
            password_hash: given.hash.expose_secret().to_owned(),
            must_change: true,
        };
        self.parts.call(set).await?;
        Ok(given.text)
    }
}
