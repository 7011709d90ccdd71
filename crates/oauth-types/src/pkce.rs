//! Proof key for code exchange (RFC 7636), of which OAuth 2.1 leaves `S256`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::OAuthError;

/// The SHA-256 of a verifier in base64url: 43 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads `code_challenge_method` and `code_challenge`. A method that is not named means `plain` (RFC 7636 §4.3),
    /// which is refused as every method but `S256`.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(method: Option<&str>, challenge: Option<&str>) -> Result<Self, OAuthError> {
        let challenge = challenge.ok_or_else(|| {
            OAuthError::invalid_request("`code_challenge` is missing: PKCE is needed")
        })?;
        match method {
            Some("S256") => {}
            Some(_) => {
                return Err(OAuthError::invalid_request(
                    "`code_challenge_method` is not supported: use S256",
                ));
            }
            None => {
                return Err(OAuthError::invalid_request(
                    "`code_challenge_method` is missing: use S256",
                ));
            }
        }
        Self::decode(challenge).ok_or_else(|| {
            OAuthError::invalid_request(
                "`code_challenge` is not the SHA-256 of a verifier: use 43 characters of base64url",
            )
        })
    }

    fn decode(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The challenge that a verifier meets. What a client does.
    pub fn of_verifier(verifier: &str) -> Self {
        let hash = digest(&SHA256, verifier.as_bytes());
        Self(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Whether the verifier has the form of RFC 7636 §4.1 and this is its hash. Takes the same time for each wrong one.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        is_verifier(verifier)
            && verify_slices_are_equal(&self.0, &Self::of_verifier(verifier).0).is_ok()
    }
}

/// 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

impl std::fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.to_string()
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::decode(&text).ok_or("not a code challenge of 43 characters")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(method: Option<&str>, challenge: Option<&str>) -> Result<CodeChallenge, OAuthError> {
        CodeChallenge::parse(method, challenge)
    }

    #[test]
    fn the_example_of_the_rfc_is_met() {
        let challenge = parse(Some("S256"), Some(CHALLENGE)).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert_eq!(CHALLENGE, challenge.to_string());
        assert_eq!(challenge, CodeChallenge::of_verifier(VERIFIER));
    }

    #[test]
    fn only_s256_with_a_hash_is_taken() {
        let long = "A".repeat(100_000);
        for (method, challenge) in [
            (Some("S256"), None),
            (None, None),
            (None, Some(CHALLENGE)),
            (Some("plain"), Some(VERIFIER)),
            (Some("s256"), Some(CHALLENGE)),
            (Some("S256 "), Some(CHALLENGE)),
            (Some("S512"), Some(CHALLENGE)),
            (Some("S256"), Some("")),
            (Some("S256"), Some(&CHALLENGE[..42])),
            (Some("S256"), Some(&long)),
            // Standard base64, padding, bits that nobody reads.
            (
                Some("S256"),
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
            ),
            (
                Some("S256"),
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="),
            ),
            (
                Some("S256"),
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"),
            ),
        ] {
            let error = parse(method, challenge).unwrap_err();
            assert_eq!(crate::ErrorCode::InvalidRequest, error.code);
        }
    }

    #[test]
    fn a_verifier_of_another_form_meets_nothing() {
        let long = "a".repeat(129);
        for verifier in [
            "",
            &VERIFIER[..42],
            "short",
            &long,
            &format!("{}+", "a".repeat(43)),
            &"ä".repeat(30),
        ] {
            // Even when the hash is right.
            assert!(
                !CodeChallenge::of_verifier(verifier).is_met_by(verifier),
                "{verifier}"
            );
        }
        for verifier in ["a".repeat(43), "-._~".repeat(32)] {
            assert!(CodeChallenge::of_verifier(&verifier).is_met_by(&verifier));
        }
    }

    #[test]
    fn the_challenge_itself_is_no_verifier() {
        let challenge = parse(Some("S256"), Some(CHALLENGE)).unwrap();
        assert!(!challenge.is_met_by(CHALLENGE));
    }

    proptest! {
        #[test]
        fn only_its_own_verifier_meets_a_challenge(one in "[a-zA-Z0-9._~-]{43,128}", other in "[a-zA-Z0-9._~-]{43,128}") {
            let challenge = CodeChallenge::of_verifier(&one);
            prop_assert!(challenge.is_met_by(&one));
            prop_assert_eq!(one == other, challenge.is_met_by(&other));
            let text = challenge.to_string();
            prop_assert_eq!(43, text.len());
            prop_assert_eq!(Ok(challenge), parse(Some("S256"), Some(&text)));
        }

        #[test]
        fn any_text_is_read_or_refused(method in any::<Option<String>>(), challenge in any::<Option<String>>()) {
            if let Ok(read) = parse(method.as_deref(), challenge.as_deref()) {
                prop_assert_eq!(challenge, Some(read.to_string()));
            }
        }
    }
}
