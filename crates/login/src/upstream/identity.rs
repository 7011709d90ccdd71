//! Who a provider says somebody is, by the claims that its settings name.

use serde_json::{Map, Value};
use tidegate_oauth_types::{find_claim, is_true_claim};

use crate::{ClaimNames, ProviderSettings};

/// More groups than these are not looked at.
const MOST_GROUPS: usize = 1_000;
/// OpenID Connect Core §2: `sub` has at most 255 ASCII characters.
const MOST_SUBJECT: usize = 255;

/// What is believed of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) subject: String,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<Address>,
    /// `None`: the provider says nothing of groups, which is not the same as that there are none.
    pub(crate) groups: Option<Vec<String>>,
}

/// An address as a provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) text: String,
    /// In lower case.
    pub(crate) domain: String,
    /// Whether the provider says that it proved it.
    pub(crate) is_verified: bool,
}

impl Identity {
    /// `None`: there is no subject that could be anybody's.
    pub(crate) fn read(claims: &Map<String, Value>, names: &ClaimNames) -> Option<Self> {
        let subject = claims.get("sub").and_then(Value::as_str)?;
        let is_subject = (1..=MOST_SUBJECT).contains(&subject.len())
            && subject.chars().all(|character| !character.is_control());
        if !is_subject {
            return None;
        }
        let text = |name: &str| {
            find_claim(claims, name)
                .and_then(Value::as_str)
                .map(str::trim)
                .filter(|text| !text.is_empty() && text.len() <= 1_024)
                .map(str::to_owned)
        };
        let is_verified = find_claim(claims, &names.email_verified).is_some_and(is_true_claim);
        Some(Self {
            subject: subject.to_owned(),
            username: text(&names.username),
            name: text(&names.name),
            email: text(&names.email).and_then(|email| Address::parse(email, is_verified)),
            groups: names
                .groups
                .as_deref()
                .and_then(|name| find_claim(claims, name))
                .map(groups_of),
        })
    }

    /// The address, if the provider proved it and is believed for its domain.
    pub(crate) fn trusted_email(&self, settings: &ProviderSettings) -> Option<&str> {
        self.email
            .as_ref()
            .filter(|email| email.is_verified && settings.trusted_domains.contains(&email.domain))
            .map(|email| email.text.as_str())
    }

    /// Whether somebody of that address may sign in by the provider at all.
    pub(crate) fn is_allowed(&self, settings: &ProviderSettings) -> bool {
        settings.allowed_domains.is_empty()
            || self.email.as_ref().is_some_and(|email| {
                email.is_verified && settings.allowed_domains.contains(&email.domain)
            })
    }
}

impl Address {
    /// `None` for what no mail system would take for one address: addresses are compared, so that blanks, quotes, comments,
    /// and two `@` must not make one look like another.
    fn parse(text: String, is_verified: bool) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let is_local = (1..=64).contains(&local.len())
            && local
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"(),:;<>@[\\]".contains(&byte));
        let is_domain = (1..=253).contains(&domain.len())
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        let domain = domain.to_ascii_lowercase();
        (is_local && is_domain).then_some(Self {
            text,
            domain,
            is_verified,
        })
    }
}

/// A list of names, or one name.
fn groups_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many
            .iter()
            .filter_map(Value::as_str)
            .take(MOST_GROUPS)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
