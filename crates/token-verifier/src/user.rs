//! Which of a token's claims name its user.

use serde_json::Value;
use tidegate_config::JwtSettings;
use tidegate_oauth_types::is_true_claim;
use tidegate_types::check_name;

use crate::claims::{CLIENT_CLAIMS, Claims, TokenRefusal};
use crate::{Subject, SubjectClaim};

/// Longer names are nobody's.
const MOST_BYTES: usize = 1024;

/// The subject of the configured claims.
///
/// A claim that is not there is passed over; one that is empty, before any other named somebody, is a mistake of the
/// issuer that must not let a claim of less weight decide.
pub(crate) fn subject_of(claims: &Claims, settings: &JwtSettings) -> Result<Subject, TokenRefusal> {
    let rules = &settings.user;
    if claims.text("sub")?.is_some_and(is_blank) {
        return Err(empty("sub"));
    }
    let clients_may_be_users = rules
        .claims
        .iter()
        .any(|name| CLIENT_CLAIMS.contains(&name.as_str()));
    let verified = Verified::read(claims, settings);
    let mut named: Vec<SubjectClaim> = Vec::new();
    let mut is_unverified = None;
    for name in &rules.claims {
        let Some(value) = name_in(claims, name)? else {
            continue;
        };
        if is_blank(value) {
            if named.is_empty() {
                return Err(empty(name));
            }
            continue;
        }
        if name == "sub" && !clients_may_be_users && is_of_client(claims, value)? {
            return Err(TokenRefusal::ClientsOwn);
        }
        if name == "email"
            && let Some(by) = verified.objection_to_email()
        {
            is_unverified = Some(by);
            continue;
        }
        named.push(SubjectClaim {
            name: name.as_str().into(),
            value: value.into(),
            may_be_address: value.contains('@') && !verified.is_denied,
        });
        if rules.only_first {
            break;
        }
    }
    Subject::of_claims(named, rules.ignores_case).ok_or_else(|| match is_unverified {
        Some(by) => TokenRefusal::UnverifiedEmail { by },
        None => TokenRefusal::NoSubject {
            looked_at: rules.claims.clone(),
        },
    })
}

/// A claim that is a text, or a list of one text (Azure AD B2C's `emails`).
fn name_in<'a>(claims: &'a Claims, name: &str) -> Result<Option<&'a str>, TokenRefusal> {
    let text = match claims.find(name) {
        None => return Ok(None),
        Some(Value::String(text)) => text,
        Some(Value::Array(list)) => match list.as_slice() {
            [] => return Ok(None),
            [Value::String(text)] => text,
            _ => {
                return Err(TokenRefusal::Claims(format!(
                    "{name} names more than one user"
                )));
            }
        },
        Some(_) => return Err(TokenRefusal::Claims(format!("{name} is not a text"))),
    };
    if text.len() > MOST_BYTES {
        return Err(TokenRefusal::Claims(format!(
            "{name} is too long for a name"
        )));
    }
    let is_name = check_name(text);
    is_name.map_err(|err| TokenRefusal::Claims(format!("{name} {err}")))?;
    Ok(Some(text))
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn empty(name: &str) -> TokenRefusal {
    TokenRefusal::Claims(format!("{name} is empty"))
}

/// Whether a subject is the client itself (RFC 9068 §2.2): of a token that no user had a part in. Auth0 adds a suffix.
fn is_of_client(claims: &Claims, subject: &str) -> Result<bool, TokenRefusal> {
    let client = claims.client()?;
    Ok(client.is_some_and(|client| {
        subject == client || subject.strip_suffix("@clients") == Some(client)
    }))
}

/// What the token says of its `email`.
struct Verified {
    /// `email_verified` is there and not true.
    is_denied: bool,
    /// A claim that must be true, and is not.
    lacks_proof: Option<&'static str>,
}

impl Verified {
    fn read(claims: &Claims, settings: &JwtSettings) -> Self {
        let is_true = |name: &str| claims.find(name).map(is_true_claim);
        Self {
            is_denied: is_true("email_verified") == Some(false),
            lacks_proof: settings
                .shape
                .email_proof
                .filter(|name| is_true(name) != Some(true)),
        }
    }

    /// The claim because of which `email` names nobody.
    fn objection_to_email(&self) -> Option<&'static str> {
        if self.is_denied {
            Some("email_verified")
        } else {
            self.lacks_proof
        }
    }
}
