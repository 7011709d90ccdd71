//! Argon2id (RFC 9106) in PHC strings: `$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>`.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use aws_lc_rs::rand;

use crate::{PasswordCost, SignInError};

/// What a stored hash may cost at most, so that a damaged or planted one cannot burn the machine: 256 MiB, 16 passes,
/// 8 lanes.
const MOST: PasswordCost = PasswordCost {
    memory_kib: 262_144,
    passes: 16,
    lanes: 8,
};

/// What a password is against a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the one. The hash should be made anew when it has other parameters than ours.
    Right { is_outdated: bool },
    /// It is not the one.
    Wrong,
    /// The stored hash is not one of ours, or costs more than we spend.
    Unreadable,
}

/// Makes and checks hashes. They take tens of milliseconds: only within the [`super::Gate`].
#[derive(Clone)]
pub(crate) struct Argon {
    argon: Argon2<'static>,
    /// The hash of nothing that anybody can type, checked where there is no account.
    nobody: String,
}

impl Argon {
    /// Parameters out of range become the nearest within it.
    pub(crate) fn new(cost: PasswordCost) -> Self {
        let lanes = cost.lanes.clamp(1, MOST.lanes);
        let memory = cost.memory_kib.clamp(8 * lanes, MOST.memory_kib);
        let passes = cost.passes.clamp(1, MOST.passes);
        let params = Params::new(memory, passes, lanes, Some(Params::DEFAULT_OUTPUT_LEN))
            .unwrap_or_default();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Salt and hash of zeros: no password has that hash, and checking against it costs the same.
        let nobody = format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}${}${}",
            "A".repeat(22),
            "A".repeat(43)
        );
        Self { argon, nobody }
    }

    /// The hash of a new password.
    pub(crate) fn hash(&self, password: &[u8]) -> Result<String, SignInError> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(|_| internal("no random bytes for a salt"))?;
        self.argon
            .hash_password_with_salt(password, &salt)
            .map(|hash| hash.to_string())
            .map_err(|_| internal("a password could not be hashed"))
    }

    /// Checks a password; without a stored hash it does the same work for nothing.
    pub(crate) fn check(&self, stored: Option<&str>, password: &[u8]) -> Verdict {
        let parsed = stored.map(|stored| PasswordHash::new(stored).ok().filter(is_affordable));
        match parsed {
            Some(Some(hash)) => match self.argon.verify_password(password, &hash) {
                Ok(()) => Verdict::Right {
                    is_outdated: !self.is_current(&hash),
                },
                Err(_) => Verdict::Wrong,
            },
            Some(None) => {
                self.check_nobody(password);
                Verdict::Unreadable
            }
            None => {
                self.check_nobody(password);
                Verdict::Wrong
            }
        }
    }

    fn check_nobody(&self, password: &[u8]) {
        if let Ok(hash) = PasswordHash::new(&self.nobody) {
            let _ = std::hint::black_box(self.argon.verify_password(password, &hash));
        }
    }

    fn is_current(&self, hash: &PasswordHash) -> bool {
        let own = self.argon.params();
        Params::try_from(hash).is_ok_and(|params| {
            params.m_cost() == own.m_cost()
                && params.t_cost() == own.t_cost()
                && params.p_cost() == own.p_cost()
        })
    }
}

fn is_affordable(hash: &PasswordHash) -> bool {
    let is_ours = hash.algorithm.as_str() == "argon2id" && hash.version == Some(0x13);
    is_ours
        && Params::try_from(hash).is_ok_and(|params| {
            params.m_cost() <= MOST.memory_kib
                && params.t_cost() <= MOST.passes
                && params.p_cost() <= MOST.lanes
        })
}

fn internal(what: &'static str) -> SignInError {
    SignInError::Internal(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn a_password_is_known_again_and_another_is_not() {
        let argon = Argon::new(CHEAP);
        let hash = argon.hash(b"correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let right = Verdict::Right { is_outdated: false };
        assert_eq!(right, argon.check(Some(&hash), b"correct horse"));
        for other in ["correct hors", "correct horse ", "Correct horse", ""] {
            assert_eq!(Verdict::Wrong, argon.check(Some(&hash), other.as_bytes()));
        }
        assert_ne!(hash, argon.hash(b"correct horse").unwrap(), "salted");
    }

    #[test]
    fn a_hash_of_other_parameters_is_right_and_outdated() {
        let old = Argon::new(CHEAP).hash(b"correct horse").unwrap();
        for cost in [
            PasswordCost {
                memory_kib: 128,
                ..CHEAP
            },
            PasswordCost { passes: 2, ..CHEAP },
            PasswordCost { lanes: 2, ..CHEAP },
        ] {
            let outdated = Verdict::Right { is_outdated: true };
            assert_eq!(
                outdated,
                Argon::new(cost).check(Some(&old), b"correct horse")
            );
        }
    }

    #[test]
    fn the_reference_implementation_agrees() {
        // `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 4 -l 24 -e` of the reference implementation
        // (its README, "Command-line Utility", with -id).
        let argon = Argon::new(CHEAP);
        let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let outdated = Verdict::Right { is_outdated: true };
        assert_eq!(outdated, argon.check(Some(hash), b"password"));
        assert_eq!(Verdict::Wrong, argon.check(Some(hash), b"passwort"));
    }

    #[test]
    fn a_hash_that_would_burn_the_machine_is_not_computed() {
        let argon = Argon::new(CHEAP);
        let rest = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for head in [
            "$argon2id$v=19$m=4294967295,t=1,p=1$",
            "$argon2id$v=19$m=262145,t=1,p=1$",
            "$argon2id$v=19$m=64,t=17,p=1$",
            "$argon2id$v=19$m=64,t=4294967295,p=1$",
            "$argon2id$v=19$m=1024,t=1,p=9$",
            "$argon2i$v=19$m=64,t=1,p=1$",
            "$argon2id$v=16$m=64,t=1,p=1$",
            "$scrypt$ln=1,r=8,p=1$",
        ] {
            let stored = format!("{head}{rest}");
            assert_eq!(
                Verdict::Unreadable,
                argon.check(Some(&stored), b"password"),
                "{stored}"
            );
        }
        for stored in ["", "password", "$", "$argon2id$", "\u{0}"] {
            assert_eq!(Verdict::Unreadable, argon.check(Some(stored), b"password"));
        }
    }

    #[test]
    fn nobody_is_checked_at_the_same_cost_as_somebody() {
        for cost in [CHEAP, PasswordCost::default()] {
            let argon = Argon::new(cost);
            let hash = PasswordHash::new(&argon.nobody).unwrap();
            assert!(argon.is_current(&hash) && is_affordable(&hash));
        }
        let argon = Argon::new(CHEAP);
        assert_eq!(Verdict::Wrong, argon.check(None, b"anything"));
    }
}
