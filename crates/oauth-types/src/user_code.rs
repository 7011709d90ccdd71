//! What a person types to let a device in (RFC 8628 §6.1).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// Consonants: no words, and nothing that is read as something else. 20 of them, as RFC 8628 §6.1 proposes.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// Eight of 20 consonants, about 34.5 bits: enough for ten minutes behind a rate limit, and no more. Shown as
/// `XXXX-XXXX`. Kept and compared without the dash.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserCode(String);

/// Text that is not a user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of eight letters such as BCDF-GHJK")]
pub struct MalformedUserCode;

impl UserCode {
    /// Draws a code, each as likely.
    ///
    /// # Panics
    /// When the operating system gives no random bytes; nothing safe can be done then.
    pub fn draw() -> Self {
        let random = SystemRandom::new();
        let mut text = String::with_capacity(LENGTH);
        let mut bytes = [0; 16];
        while text.len() < LENGTH {
            random
                .fill(&mut bytes)
                .expect("the operating system gives random bytes");
            // 240 is the largest multiple of 20 that fits into a byte.
            for byte in bytes.iter().filter(|byte| **byte < 240) {
                if text.len() < LENGTH {
                    text.push(char::from(ALPHABET[usize::from(byte % 20)]));
                }
            }
        }
        Self(text)
    }

    /// The letters alone, for keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As people see it.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

/// It lets somebody in, so logs do not have it.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode([redacted])")
    }
}

/// As people type it: in any case, with anything between that is no letter or digit.
impl FromStr for UserCode {
    type Err = MalformedUserCode;
    fn from_str(text: &str) -> Result<Self, MalformedUserCode> {
        if text.len() > 64 {
            return Err(MalformedUserCode);
        }
        let letters: String = text
            .chars()
            .filter(|char| char.is_alphanumeric())
            .flat_map(char::to_uppercase)
            .collect();
        let is_code =
            letters.len() == LENGTH && letters.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_code {
            Ok(Self(letters))
        } else {
            Err(MalformedUserCode)
        }
    }
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> Self {
        code.0
    }
}

impl TryFrom<String> for UserCode {
    type Error = MalformedUserCode;
    fn try_from(text: String) -> Result<Self, MalformedUserCode> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code: UserCode = "BCDF-GHJK".parse().unwrap();
        for typed in [
            "bcdfghjk",
            " BCDF GHJK ",
            "bcdf–ghjk",
            "B.C.D.F.G.H.J.K",
            "bcdf_ghjk",
        ] {
            assert_eq!(Ok(code.clone()), typed.parse(), "{typed:?}");
        }
        assert_eq!("BCDF-GHJK", code.to_string());
        assert_eq!("BCDFGHJK", code.as_str());
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let long = "B".repeat(100_000);
        for bad in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ACDF-GHJK",
            "BCDF-GHJ1",
            "ßßßßßßßß",
            &long,
        ] {
            assert_eq!(Err(MalformedUserCode), bad.parse::<UserCode>());
        }
    }

    #[test]
    fn drawn_codes_are_codes_and_differ() {
        let codes: std::collections::HashSet<_> = (0..200).map(|_| UserCode::draw()).collect();
        assert_eq!(200, codes.len());
        for code in codes {
            assert_eq!(Ok(code.clone()), code.to_string().parse());
        }
    }

    #[test]
    fn a_code_does_not_print_itself_into_logs() {
        let code = UserCode::draw();
        assert!(!format!("{code:?}").contains(code.as_str()));
    }
}
