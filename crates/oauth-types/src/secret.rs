//! Opaque secrets: `<prefix><43 base62 characters><6 base62 characters of CRC-32>`. The prefix lets scanners
//! find leaked ones, the checksum lets us refuse made-up ones before anything is looked up.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidegate_types::SecretString;

/// What a secret is for. Each kind has a prefix of its own, so that none passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// A refresh token.
    RefreshToken,
    /// The secret of a confidential client.
    ClientSecret,
    /// An API token of a person.
    ApiToken,
    /// What a dynamic client manages its registration with (RFC 7592 §1.2).
    RegistrationToken,
    /// An authorization code.
    AuthorizationCode,
    /// A device code (RFC 8628 §3.2).
    DeviceCode,
    /// A browser session.
    BrowserSession,
    /// What a browser is known again by that somebody signed in with before. It opens nothing.
    KnownBrowser,
    /// What one authorization request goes by while a person decides on it.
    Transaction,
    /// An invitation.
    Invitation,
}

impl SecretKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::RefreshToken,
        Self::ClientSecret,
        Self::ApiToken,
        Self::RegistrationToken,
        Self::AuthorizationCode,
        Self::DeviceCode,
        Self::BrowserSession,
        Self::KnownBrowser,
        Self::Transaction,
        Self::Invitation,
    ];

    /// What its secrets begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::RefreshToken => "tg_rt_",
            Self::ClientSecret => "tg_cs_",
            Self::ApiToken => "tg_pat_",
            Self::RegistrationToken => "tg_rat_",
            Self::AuthorizationCode => "tg_ac_",
            Self::DeviceCode => "tg_dc_",
            Self::BrowserSession => "tg_bs_",
            Self::KnownBrowser => "tg_kb_",
            Self::Transaction => "tg_tx_",
            Self::Invitation => "tg_in_",
        }
    }
}

/// A secret that was just made. It is shown once; only its hash is kept.
#[derive(Debug)]
pub struct IssuedSecret {
    /// The secret itself.
    pub text: SecretString,
    /// What is stored.
    pub hash: SecretHash,
}

const BODY: usize = 43;
const CHECK: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl IssuedSecret {
    /// Draws a new secret: 43 characters of 62, about 256 bits, from the operating system's generator.
    ///
    /// # Panics
    /// When the operating system gives no random bytes; nothing safe can be done then.
    pub fn draw(kind: SecretKind) -> Self {
        let random = SystemRandom::new();
        let mut text = String::with_capacity(kind.prefix().len() + BODY + CHECK);
        text.push_str(kind.prefix());
        let end = text.len() + BODY;
        let mut bytes = [0; 64];
        while text.len() < end {
            random
                .fill(&mut bytes)
                .expect("the operating system gives random bytes");
            // Bytes above the largest multiple of 62 are thrown away, so that each character is as likely.
            for byte in bytes.iter().filter(|byte| **byte < 248) {
                if text.len() < end {
                    text.push(char::from(ALPHABET[usize::from(byte % 62)]));
                }
            }
        }
        let check = checksum(&text);
        text.push_str(&check);
        let hash = SecretHash::of(&text);
        Self {
            text: text.into(),
            hash,
        }
    }
}

/// Text that cannot be a secret of the kind. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {prefix}… secret")]
pub struct MalformedSecret {
    prefix: &'static str,
}

/// The SHA-256 of a secret, which is what is stored and looked up. A fast hash is enough: nobody guesses 256 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of a presented secret, whose prefix and checksum are right.
    ///
    /// # Errors
    /// It cannot be a secret of that kind.
    pub fn of_presented(kind: SecretKind, text: &str) -> Result<Self, MalformedSecret> {
        let malformed = MalformedSecret {
            prefix: kind.prefix(),
        };
        let body = text.strip_prefix(kind.prefix()).ok_or(malformed)?;
        let is_formed =
            body.len() == BODY + CHECK && body.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_formed {
            return Err(malformed);
        }
        let (before, check) = text.split_at(text.len() - CHECK);
        if checksum(before) == check {
            Ok(Self::of(text))
        } else {
            Err(malformed)
        }
    }

    /// The hash of any text, for what has no form of ours.
    pub fn of(text: &str) -> Self {
        let hash = digest(&SHA256, text.as_bytes());
        Self(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// The hash's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A few digits, which tell hashes apart in logs and no more.
impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash of 64 hexadecimal digits")]
pub struct MalformedHash;

impl FromStr for SecretHash {
    type Err = MalformedHash;
    fn from_str(text: &str) -> Result<Self, MalformedHash> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(MalformedHash);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| MalformedHash)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// CRC-32 (ISO 3309) of the text in base62, most significant digit first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use tidegate_types::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_known_again_by_its_hash_and_only_as_its_kind() {
        for kind in SecretKind::ALL {
            let issued = IssuedSecret::draw(kind);
            let text = issued.text.expose_secret();
            assert_eq!(Ok(issued.hash), SecretHash::of_presented(kind, text));
            for other in SecretKind::ALL.into_iter().filter(|other| *other != kind) {
                assert!(SecretHash::of_presented(other, text).is_err());
            }
        }
    }

    #[test]
    fn a_changed_character_is_noticed_without_a_look_up() {
        let issued = IssuedSecret::draw(SecretKind::ApiToken);
        let text = issued.text.expose_secret();
        for at in SecretKind::ApiToken.prefix().len()..text.len() {
            let other = if &text[at..=at] == "a" { "b" } else { "a" };
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, other);
            assert!(
                SecretHash::of_presented(SecretKind::ApiToken, &changed).is_err(),
                "character {at}"
            );
        }
    }

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of CRC-32/ISO-HDLC is 0xCBF43926 = 3421780262.
        let expected = {
            let mut rest = 0xCBF4_3926_u32;
            let mut digits = Vec::new();
            for _ in 0..CHECK {
                digits.push(char::from(ALPHABET[(rest % 62) as usize]));
                rest /= 62;
            }
            digits.into_iter().rev().collect::<String>()
        };
        assert_eq!(expected, checksum("123456789"));
    }

    #[test]
    fn neither_secret_nor_hash_prints_itself() {
        let issued = IssuedSecret::draw(SecretKind::RefreshToken);
        let shown = format!("{issued:?}");
        assert!(!shown.contains(issued.text.expose_secret()));
        assert!(!shown.contains(&issued.hash.to_string()));
    }

    #[test]
    fn a_hash_is_written_and_read_alike() {
        let hash = SecretHash::of("anything");
        assert_eq!(Ok(hash), hash.to_string().parse());
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(hash, serde_json::from_str(&json).unwrap());
        let upper = hash.to_string().to_uppercase();
        assert_eq!(Ok(hash), upper.parse());
        for bad in ["", "00", &"g".repeat(64), &"+".repeat(64), &"é".repeat(32)] {
            assert_eq!(Err(MalformedHash), bad.parse::<SecretHash>(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_no_secret(text in "(tg_(rt|cs|pat|rat|ac|dc|bs|tx|in)_)?\\PC{0,60}") {
            for kind in SecretKind::ALL {
                proptest::prop_assert!(SecretHash::of_presented(kind, &text).is_err());
            }
        }

        #[test]
        fn any_64_digits_are_a_hash_and_nothing_else_is(text in "[0-9a-fA-F+ -]{60,68}") {
            let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            proptest::prop_assert_eq!(is_hash, text.parse::<SecretHash>().is_ok());
        }
    }
}
