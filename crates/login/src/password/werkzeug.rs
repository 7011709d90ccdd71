//! What werkzeug writes into `ab_user.password` (`werkzeug.security.generate_password_hash` of versions 1 to 3.1):
//! `scrypt:<N>:<r>:<p>$<salt>$<hex of 64 bytes>` and `pbkdf2:<sha256|sha512>:<iterations>$<salt>$<hex>`. The salt is
//! taken as the text that it is.

use std::num::NonZeroU32;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::pbkdf2;

/// werkzeug writes 32,768; 128 MiB with r = 8.
const MOST_LOG_N: u8 = 17;
const MOST_BLOCK_SIZE: u32 = 16;
/// N · r · p: the work. werkzeug's is 262,144.
const MOST_SCRYPT_WORK: u64 = 1 << 21;
/// werkzeug 3.1 writes 1,000,000.
const MOST_ITERATIONS: u32 = 4_000_000;
const MOST_SALT_BYTES: usize = 128;

/// How a hash was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WerkzeugMethod {
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
    Pbkdf2 {
        digest: Digest,
        iterations: NonZeroU32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha256,
    Sha512,
}

/// What werkzeug 3 does when nobody says otherwise.
impl Default for WerkzeugMethod {
    fn default() -> Self {
        Self::Scrypt {
            log_n: 15,
            r: 8,
            p: 1,
        }
    }
}

/// A stored hash that can be checked, and is worth its cost.
pub(crate) struct WerkzeugHash {
    method: WerkzeugMethod,
    salt: String,
    expected: Vec<u8>,
}

impl WerkzeugHash {
    /// `None`: another method, damaged, or it would cost too much.
    pub(crate) fn parse(stored: &str) -> Option<Self> {
        let mut parts = stored.splitn(3, '$');
        let (method, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let method = WerkzeugMethod::parse(method)?;
        let expected = bytes_of_hex(hash)?;
        let is_formed =
            expected.len() == method.output_bytes() && (1..=MOST_SALT_BYTES).contains(&salt.len());
        is_formed.then(|| Self {
            method,
            salt: salt.to_owned(),
            expected,
        })
    }

    /// The hash of nothing that anybody can type, at the cost of the method.
    pub(crate) fn of_nobody(method: WerkzeugMethod) -> Self {
        Self {
            method,
            salt: "0".repeat(16),
            expected: vec![0; method.output_bytes()],
        }
    }

    pub(crate) fn method(&self) -> WerkzeugMethod {
        self.method
    }

    /// Whether it is the password; takes tens of milliseconds.
    pub(crate) fn is_of(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        match self.method {
            WerkzeugMethod::Scrypt { log_n, r, p } => {
                let mut output = [0; 64];
                scrypt::Params::new(log_n, r, p).is_ok_and(|params| {
                    scrypt::scrypt(password, salt, &params, &mut output).is_ok()
                        && verify_slices_are_equal(&output, &self.expected).is_ok()
                })
            }
            WerkzeugMethod::Pbkdf2 { digest, iterations } => {
                let algorithm = match digest {
                    Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
                    Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
                };
                pbkdf2::verify(algorithm, iterations, salt, password, &self.expected).is_ok()
            }
        }
    }
}

impl WerkzeugMethod {
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["scrypt", n, r, p] => {
                let (n, r, p) = (number(n)?, number(r)?, number(p)?);
                let is_power = n.is_power_of_two() && n > 1;
                let log_n = u8::try_from(n.trailing_zeros()).ok()?;
                let work = u64::from(n)
                    .checked_mul(u64::from(r))?
                    .checked_mul(u64::from(p))?;
                let is_affordable = is_power
                    && log_n <= MOST_LOG_N
                    && (1..=MOST_BLOCK_SIZE).contains(&r)
                    && p >= 1
                    && work <= MOST_SCRYPT_WORK;
                is_affordable.then_some(Self::Scrypt { log_n, r, p })
            }
            ["pbkdf2", digest, iterations] => {
                let digest = match digest {
                    "sha256" => Digest::Sha256,
                    "sha512" => Digest::Sha512,
                    _ => return None,
                };
                let iterations = NonZeroU32::new(number(iterations)?)?;
                (iterations.get() <= MOST_ITERATIONS).then_some(Self::Pbkdf2 { digest, iterations })
            }
            _ => None,
        }
    }

    const fn output_bytes(self) -> usize {
        match self {
            Self::Scrypt { .. }
            | Self::Pbkdf2 {
                digest: Digest::Sha512,
                ..
            } => 64,
            Self::Pbkdf2 {
                digest: Digest::Sha256,
                ..
            } => 32,
        }
    }
}

/// Digits alone: `parse` would take a sign.
fn number(text: &str) -> Option<u32> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() > 128 || !text.len().is_multiple_of(2) {
        return None;
    }
    let is_hex = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_hex.then(|| {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap_or_default())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by werkzeug 3.1.9, the default and what older versions and FAB_PASSWORD_HASH_METHOD lead to.
    const WRITTEN: [(&str, &str); 8] = [
        (
            "correct horse battery staple",
            "scrypt:32768:8:1$FDuGheCbgOUmMc2r$42334e2de28b9c899866a5278feff2b504e16da59e527fe94591b6abe2bc71695fd1a8d5184827a4e3106779e1f4423baeef60567a3af4e9048838489c84c597",
        ),
        (
            "correct horse battery staple",
            "scrypt:16384:8:2$m0uMTkP5RGq1ZEEU$8d75f7acf1a528b87b1b4d0b7ee56d2eb6735f8195731241ce47b9403fb272334373efdfc4f40aed59003a2cc0f4df554bef197a03ab5ff107709c2c09dd7e77",
        ),
        (
            "correct horse battery staple",
            "pbkdf2:sha256:1000000$91hlhkbtzxpyBrjo$0a8493bf870ac13db39f143945f168020ec5a0cce7d7570b9cbce11b22f91f0e",
        ),
        (
            "correct horse battery staple",
            "pbkdf2:sha256:150000$aZ1PYdlBm4WJuP1L$5bfe6598be98246cc931980285d9459dfbf0228f50e5f37e9b8dce774386d094",
        ),
        (
            "correct horse battery staple",
            "pbkdf2:sha512:20000$OqGFfj2FqvToYjXV$70a9e9d7ad907480dc9d4ae1a52015447bf09f3de07a76e21cf1ac53cca81461f5ef09239fce5dcb41852baa8b3f3dab9b6211fe2c7bdf01894b855708855121",
        ),
        (
            "Größe ✓ 密码",
            "scrypt:32768:8:1$hL3XPxvqOBUVSp2x$3493ec8222da770b12ce44a8c70c6a9fbc35c449d11083b05715665154749e0e7e0b239068fd82c355466f99cd64ca66e2e06fa6c48fc52ced184a803f38fec7",
        ),
        (
            "Größe ✓ 密码",
            "pbkdf2:sha256:150000$lOgLtoE8PWSI6tT9$27880ff61a9a34fe04cdb672fc6c049ded9e9ea9b78527dad1d181fd4f2fa3f7",
        ),
        (
            "Größe ✓ 密码",
            "pbkdf2:sha512:20000$Sl8InrSruum5HbQb$fcebebb93ce22dfc462f8b3ad0a6e1509c7788ac39347840ea4144e942093b31e45d7a57cd97c9d5d989fb193b212523758e9802c43992e545234e562b0fa820",
        ),
    ];

    #[test]
    fn what_werkzeug_writes_is_known_again() {
        for (password, stored) in WRITTEN {
            let hash = WerkzeugHash::parse(stored).unwrap();
            assert!(hash.is_of(password.as_bytes()), "{stored}");
        }
    }

    #[test]
    fn another_password_salt_or_hash_is_refused() {
        for (password, stored) in [WRITTEN[0], WRITTEN[3], WRITTEN[4]] {
            let hash = WerkzeugHash::parse(stored).unwrap();
            assert!(!hash.is_of(format!("{password}!").as_bytes()));
            assert!(!hash.is_of(b""));
            let (head, last) = stored.split_at(stored.len() - 1);
            let other = if last == "0" { "1" } else { "0" };
            let hash = WerkzeugHash::parse(&format!("{head}{other}")).unwrap();
            assert!(!hash.is_of(password.as_bytes()));
            let hash = WerkzeugHash::parse(&stored.replacen('$', "$x", 1)).unwrap();
            assert!(!hash.is_of(password.as_bytes()));
        }
    }

    #[test]
    fn a_hash_that_would_burn_the_machine_is_not_computed() {
        let hex = "00".repeat(64);
        for method in [
            "scrypt:1073741824:8:1",
            "scrypt:262144:8:1",
            "scrypt:32768:17:1",
            "scrypt:32768:4294967295:1",
            "scrypt:131072:16:2",
            "scrypt:32768:8:4294967295",
            "scrypt:32768:0:1",
            "scrypt:32768:8:0",
            "scrypt:0:8:1",
            "scrypt:1:8:1",
            "scrypt:32767:8:1",
            "scrypt:-1:8:1",
            "scrypt:+2:8:1",
            "scrypt:99999999999999999999:8:1",
            "scrypt:32768:8",
            "scrypt",
            "pbkdf2:sha512:4000001",
            "pbkdf2:sha512:0",
            "pbkdf2:sha512:4294967296",
            "pbkdf2:sha512",
        ] {
            assert!(
                WerkzeugHash::parse(&format!("{method}$salt${hex}")).is_none(),
                "{method}"
            );
        }
    }

    #[test]
    fn what_is_no_such_hash_is_refused() {
        let hex = "00".repeat(64);
        for stored in [
            String::new(),
            "plain text".to_owned(),
            "scrypt:32768:8:1".to_owned(),
            "scrypt:32768:8:1$salt".to_owned(),
            "scrypt:32768:8:1$salt$".to_owned(),
            format!("scrypt:32768:8:1$${hex}"),
            format!("scrypt:32768:8:1${}${hex}", "s".repeat(129)),
            format!("scrypt:32768:8:1$salt${hex}00"),
            format!("scrypt:32768:8:1$salt${}", &hex[1..]),
            format!("scrypt:32768:8:1$salt${}", hex.replace('0', "g")),
            format!("scrypt:32768:8:1$salt${}", "é".repeat(64)),
            format!("md5$salt${}", &hex[..32]),
            format!("plain$salt${hex}"),
            format!("pbkdf2:md5:1000$salt${}", &hex[..32]),
            format!("pbkdf2:sha1:1000$salt${}", &hex[..40]),
            format!("pbkdf2:sha256:1000$salt${hex}"),
            // A bare hash is no hash that any password has.
            "!".to_owned(),
        ] {
            assert!(WerkzeugHash::parse(&stored).is_none(), "{stored}");
        }
    }

    #[test]
    fn nobody_has_no_password_and_the_same_method() {
        let cheap = WerkzeugMethod::Scrypt {
            log_n: 4,
            r: 1,
            p: 1,
        };
        let nobody = WerkzeugHash::of_nobody(cheap);
        assert_eq!(cheap, nobody.method());
        for password in ["", "0", "password"] {
            assert!(!nobody.is_of(password.as_bytes()));
        }
    }

    proptest! {
        /// Whatever is in the column, it is read or refused, and what is read is worth computing.
        #[test]
        fn no_text_costs_more_than_the_bounds(
            method in "(scrypt|pbkdf2|argon2)(:[a-z0-9+ -]{0,12}){0,4}",
            salt in "\\PC{0,200}",
            hash in "([0-9a-f]{0,130}|\\PC{0,70})",
        ) {
            if let Some(hash) = WerkzeugHash::parse(&format!("{method}${salt}${hash}")) {
                match hash.method() {
                    WerkzeugMethod::Scrypt { log_n, r, p } => {
                        prop_assert!(log_n <= MOST_LOG_N && r <= MOST_BLOCK_SIZE);
                        prop_assert!((u64::from(r) * u64::from(p)) << log_n <= MOST_SCRYPT_WORK);
                    }
                    WerkzeugMethod::Pbkdf2 { iterations, .. } => {
                        prop_assert!(iterations.get() <= MOST_ITERATIONS);
                    }
                }
            }
        }
    }
}
