use tidegate_types::{ExposeSecret, SecretString};

use crate::password::{Argon, one_time_password};
use crate::{PasswordCost, SignIn, SignInError};

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
        Self::by(&Argon::new(cost))
    }

    fn by(argon: &Argon) -> Result<Self, SignInError> {
        let text = one_time_password()?;
        let hash = argon.hash(text.expose_secret().as_bytes())?;
        Ok(Self {
            text,
            hash: hash.into(),
        })
    }
}

impl SignIn {
    /// Draws one where requests are served: hashing waits for its turn, and blocks nobody.
    ///
    /// # Errors
    /// `Busy`, `Internal`.
    pub(crate) async fn draw_password(&self) -> Result<GivenPassword, SignInError> {
        let argon = self.parts.argon.clone();
        let place = self.parts.gate.enter().await?;
        place.run(move || GivenPassword::by(&argon)).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Verdict;

    #[test]
    fn the_hash_is_of_the_text_and_neither_is_shown() {
        let cost = PasswordCost {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        };
        let given = GivenPassword::draw(cost).unwrap();
        let (text, hash) = (given.text.expose_secret(), given.hash.expose_secret());
        let right = Verdict::Right { is_outdated: false };
        let verdict = Argon::new(cost).check(Some(hash), text.as_bytes());
        assert_eq!(right, verdict);
        let shown = format!("{given:?}");
        assert!(!shown.contains(text) && !shown.contains(hash));
    }
}
