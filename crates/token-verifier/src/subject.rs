//! Who a credential speaks for, in the words of whoever issued it.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use tidegate_types::TokenId;

use crate::token_cache::hex_of;

/// What names a user, for the workspace to find. There is at least one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    claims: Arc<[SubjectClaim]>,
    ignores_case: bool,
    id: TokenId,
}

/// One claim, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectClaim {
    /// Its name; empty where the text came from elsewhere than a token.
    pub name: Arc<str>,
    /// Not empty, and without control characters.
    pub value: Arc<str>,
    /// Whether a user may be found by this as their address, too: it looks like one, and nobody said that it is not
    /// verified.
    pub may_be_address: bool,
}

impl Subject {
    /// Whoever goes by one of these, in this order. `None`: there are none.
    pub fn of_claims(claims: Vec<SubjectClaim>, ignores_case: bool) -> Option<Self> {
        if claims.is_empty() {
            return None;
        }
        let id = id_of(&claims, ignores_case);
        Some(Self {
            claims: claims.into(),
            ignores_case,
            id,
        })
    }

    /// The claims, in the order in which they count.
    pub fn claims(&self) -> &[SubjectClaim] {
        &self.claims
    }

    /// Whether user names are compared without regard to case.
    pub const fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// What the first claim says.
    pub fn as_str(&self) -> &str {
        &self.claims[0].value
    }

    /// The same for the same claims: what is known of whoever goes by them is kept by it. It begins with `user:`, as no
    /// token's id does.
    pub const fn id(&self) -> &TokenId {
        &self.id
    }
}

/// The user of exactly this name.
impl From<&str> for Subject {
    fn from(name: &str) -> Self {
        let claim = SubjectClaim {
            name: "".into(),
            value: name.into(),
            may_be_address: false,
        };
        let claims = [claim];
        Self {
            id: id_of(&claims, false),
            claims: Arc::new(claims),
            ignores_case: false,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Every part with its length before it, so that no two lists look alike.
fn id_of(claims: &[SubjectClaim], ignores_case: bool) -> TokenId {
    let mut context = Context::new(&SHA256);
    context.update(&[u8::from(ignores_case)]);
    for claim in claims {
        context.update(&[u8::from(claim.may_be_address)]);
        context.update(&claim.value.len().to_be_bytes());
        context.update(claim.value.as_bytes());
    }
    let digest = context.finish();
    let digest = digest.as_ref().try_into().expect("SHA-256 has 32 bytes");
    format!("{PREFIX}{}", hex_of(digest))
        .parse()
        .expect("letters, a colon and hex digits are visible ASCII, and few")
}

/// What ids of subjects begin with where tokens are named.
pub(crate) const PREFIX: &str = "user:";

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(name: &str, value: &str, may_be_address: bool) -> SubjectClaim {
        SubjectClaim {
            name: name.into(),
            value: value.into(),
            may_be_address,
        }
    }

    #[test]
    fn two_subjects_have_one_id_only_if_they_find_the_same_user() {
        let of = |claims: &[SubjectClaim], ignores_case| {
            Subject::of_claims(claims.to_vec(), ignores_case).unwrap()
        };
        let ada = of(&[claim("sub", "ada", false)], false);
        assert_eq!(
            ada.id(),
            of(&[claim("upn", "ada", false)], false).id(),
            "whatever the claim is called"
        );
        assert_eq!(ada.id(), Subject::from("ada").id());
        for other in [
            of(&[claim("sub", "Ada", false)], false),
            of(&[claim("sub", "ada", true)], false),
            of(&[claim("sub", "ada", false)], true),
            of(
                &[claim("sub", "ad", false), claim("sub", "a", false)],
                false,
            ),
            of(
                &[claim("sub", "ada", false), claim("email", "b", false)],
                false,
            ),
        ] {
            assert_ne!(ada.id(), other.id(), "{other:?}");
        }
    }

    #[test]
    fn nobody_is_no_subject() {
        assert_eq!(None, Subject::of_claims(Vec::new(), false));
    }
}
