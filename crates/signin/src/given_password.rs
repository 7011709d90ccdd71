use tidegate_types::{ExposeSecret, SecretString};

use crate::password::{Argon, one_time_password};
use crate::{PasswordCost, SignInError};

/// A drawn password that somebody is given by others, to be changed at their first sign-in.
#[derive(Debug)]
pub struct GivenPassword {
    /// Shown once, and kept nowhere.
    pub text: SecretString,
    /// What is kept: Argon2id as a PHC string.
    pub hash: SecretString,
}

impl GivenPassword {
    /// Draws one. Takes tens of milliseconds: for commands, not for requests.
    ///
    /// # Errors
    /// `Internal`.
    pub fn draw(cost: PasswordCost) -> Result<Self, SignInError> {
        let text = one_time_password()?;
        let hash = Argon::new(cost).hash(text.expose_secret().as_bytes())?;
        Ok(Self {
            text,
            hash: hash.into(),
        })
    }
}
