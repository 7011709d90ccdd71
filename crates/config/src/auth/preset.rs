//! What is known of the tokens of common identity providers.

use url::Url;

/// Whose tokens are taken, where that is a provider whose habits are known. What the settings leave open follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerPreset {
    /// Auth0: `aud` is a list that also names its own `userinfo`; users' claims are added by an Action.
    Auth0,
    /// Keycloak: `sub` is a UUID, the name is in `preferred_username`, and every token is for `account` as well.
    Keycloak,
    /// Microsoft Entra ID: tokens of two versions, whose `iss` and `aud` are written in two ways.
    Entra,
    /// Okta, by a custom authorization server: `sub` is the login, scopes are in `scp`, the client in `cid`.
    Okta,
    /// Amazon Cognito: access tokens have no `aud` and name their client in its place.
    Cognito,
}

/// What else the tokens of an issuer tell of themselves. Without a preset nothing of it is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenShape {
    /// Value that the claim `typ` of an access token must have.
    pub payload_type: Option<&'static str>,
    /// Whether `nonce`, `at_hash` or `c_hash` alone tell an ID token.
    pub is_id_token_by_nonce: bool,
    /// Whether a token without `aud` is for the audience that its `client_id` names.
    pub client_is_audience: bool,
    /// Claim that must be true before `email` is believed.
    pub email_proof: Option<&'static str>,
}

impl IssuerPreset {
    /// Their names in the settings.
    pub(super) const NAMES: [(&'static str, Self); 5] = [
        ("auth0", Self::Auth0),
        ("keycloak", Self::Keycloak),
        ("entra", Self::Entra),
        ("okta", Self::Okta),
        ("cognito", Self::Cognito),
    ];

    /// Claims that name a user, the one that people can change least first.
    pub(super) const fn user_claims(self) -> &'static [&'static str] {
        match self {
            Self::Auth0 => &["email", "preferred_username", "sub"],
            Self::Keycloak => &["preferred_username", "email"],
            Self::Entra => &["oid", "upn", "preferred_username", "email"],
            Self::Okta => &["sub", "preferred_username", "email"],
            Self::Cognito => &["username"],
        }
    }

    /// Claims that hold scopes.
    pub(super) const fn scope_claims(self) -> &'static [&'static str] {
        match self {
            Self::Auth0 | Self::Keycloak | Self::Cognito => &["scope"],
            Self::Entra | Self::Okta => &["scp"],
        }
    }

    pub(super) fn shape(self) -> TokenShape {
        let plain = TokenShape::default();
        match self {
            Self::Auth0 | Self::Okta => TokenShape {
                is_id_token_by_nonce: true,
                ..plain
            },
            // Its access tokens had a `nonce` for long; their type tells them apart instead.
            Self::Keycloak => TokenShape {
                payload_type: Some("Bearer"),
                ..plain
            },
            Self::Entra => TokenShape {
                is_id_token_by_nonce: true,
                // Any tenant writes any address into `email`.
                email_proof: Some("xms_edov"),
                ..plain
            },
            Self::Cognito => TokenShape {
                is_id_token_by_nonce: true,
                client_is_audience: true,
                ..plain
            },
        }
    }

    /// Where an issuer publishes its keys.
    pub(super) fn key_set(self, issuer: &str) -> Option<Url> {
        let base = issuer.trim_end_matches('/');
        let text = match self {
            Self::Auth0 | Self::Cognito => format!("{base}/.well-known/jwks.json"),
            Self::Keycloak => format!("{base}/protocol/openid-connect/certs"),
            Self::Okta => format!("{base}/v1/keys"),
            Self::Entra => {
                let (host, tenant) = entra_tenant(issuer)?;
                format!("https://{host}/{tenant}/discovery/v2.0/keys")
            }
        };
        Url::parse(&text).ok()
    }

    /// Every form in which the issuer writes itself.
    pub(super) fn issuers(self, issuer: &str) -> Vec<String> {
        let mut all = vec![issuer.to_owned()];
        if self == Self::Entra
            && let Some((host, tenant)) = entra_tenant(issuer)
        {
            all.push(format!("https://{host}/{tenant}/v2.0"));
            all.push(format!("https://sts.windows.net/{tenant}/"));
            all.dedup();
        }
        all
    }

    /// Every form in which the issuer writes an audience: Entra's tokens of version 1 have `api://<id>` where those of
    /// version 2 have the id.
    pub(super) fn audiences(self, audience: Vec<String>) -> Vec<String> {
        if self != Self::Entra {
            return audience;
        }
        let others: Vec<String> = audience
            .iter()
            .filter_map(|one| match one.strip_prefix("api://") {
                Some(id) => is_guid(id).then(|| id.to_owned()),
                None => is_guid(one).then(|| format!("api://{one}")),
            })
            .collect();
        audience.into_iter().chain(others).collect()
    }

    /// What is wrong with an issuer, in words that say what would be right.
    pub(super) fn problem_of_issuer(self, issuer: &str) -> Option<&'static str> {
        match self {
            Self::Entra if entra_tenant(issuer).is_none() => Some(
                "https://login.microsoftonline.com/<tenant's id>/v2.0, with the id (a GUID) that tokens have, never common, \
                 organizations or a domain",
            ),
            _ if issuer.is_empty() => Some("the issuer's URL, as in `iss` of its tokens"),
            _ => None,
        }
    }

    /// What is wrong with the audiences.
    pub(super) fn problem_of_audience(self, audience: &[String]) -> Option<&'static str> {
        if audience.is_empty() {
            return Some(match self {
                Self::Auth0 => "the identifier of the API at Auth0",
                Self::Keycloak => {
                    "what an audience mapper of the client or of a client scope puts into `aud`"
                }
                Self::Entra => "the application's id or its application ID URI (api://…)",
                Self::Okta => {
                    "the audience of the authorization server, for instance api://default"
                }
                Self::Cognito => "the ids of the app clients whose tokens are taken",
            });
        }
        (self == Self::Keycloak && audience.iter().any(|one| one == "account")).then_some(
            "an audience of this server alone: Keycloak puts `account` into the tokens of all its clients",
        )
    }
}

/// Host and tenant of an issuer of Entra, in either form.
fn entra_tenant(issuer: &str) -> Option<(String, String)> {
    let url = Url::parse(issuer).ok()?;
    let host = url.host_str()?;
    let mut path = url.path().trim_matches('/').split('/');
    let tenant = path.next().filter(|tenant| is_guid(tenant))?;
    let version = path.next();
    if path.next().is_some() || url.scheme() != "https" {
        return None;
    }
    let host = match (host, version) {
        ("sts.windows.net", None) => "login.microsoftonline.com",
        ("sts.windows.net", Some(_)) => return None,
        (host, Some("v2.0")) if host.starts_with("login.") => host,
        _ => return None,
    };
    Some((host.to_owned(), tenant.to_owned()))
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "8f3b1c2e-0d4a-4b6f-9a51-2c7e9d8b1a60";

    #[test]
    fn each_provider_s_keys_are_where_it_publishes_them() {
        let entra = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
        let sts = format!("https://sts.windows.net/{TENANT}/");
        let keys = format!("https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys");
        for (preset, issuer, expected) in [
            (
                IssuerPreset::Auth0,
                "https://acme.eu.auth0.com/",
                "https://acme.eu.auth0.com/.well-known/jwks.json",
            ),
            (
                IssuerPreset::Keycloak,
                "https://id.acme.test/realms/acme",
                "https://id.acme.test/realms/acme/protocol/openid-connect/certs",
            ),
            (
                IssuerPreset::Okta,
                "https://acme.okta.com/oauth2/default",
                "https://acme.okta.com/oauth2/default/v1/keys",
            ),
            (
                IssuerPreset::Cognito,
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC/.well-known/jwks.json",
            ),
            (IssuerPreset::Entra, &entra, &keys),
            (IssuerPreset::Entra, &sts, &keys),
        ] {
            assert_eq!(expected, preset.key_set(issuer).unwrap().as_str());
        }
    }

    #[test]
    fn both_forms_of_an_entra_tenant_are_one_issuer_and_no_other_tenant_is() {
        let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
        let v1 = format!("https://sts.windows.net/{TENANT}/");
        for issuer in [&v1, &v2] {
            let all = IssuerPreset::Entra.issuers(issuer);
            assert!(all.contains(&v1) && all.contains(&v2), "{all:?}");
            assert!(all.iter().all(|one| one.contains(TENANT)), "{all:?}");
        }
        for issuer in [
            "",
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/organizations/v2.0",
            "https://login.microsoftonline.com/contoso.com/v2.0",
            &format!("https://login.microsoftonline.com/{TENANT}"),
            &format!("https://sts.windows.net/{TENANT}/v2.0"),
            &format!("https://evil.example/{TENANT}/v2.0"),
            &format!("http://login.microsoftonline.com/{TENANT}/v2.0"),
            &format!("https://login.microsoftonline.com/{TENANT}/v2.0/x"),
        ] {
            assert!(
                IssuerPreset::Entra.problem_of_issuer(issuer).is_some(),
                "{issuer}"
            );
        }
    }

    #[test]
    fn an_application_s_id_is_an_audience_in_both_forms() {
        let audiences = |given: &str| IssuerPreset::Entra.audiences(vec![given.to_owned()]);
        assert_eq!(
            vec![TENANT.to_owned(), format!("api://{TENANT}")],
            audiences(TENANT)
        );
        assert_eq!(
            vec![format!("api://{TENANT}"), TENANT.to_owned()],
            audiences(&format!("api://{TENANT}"))
        );
        // Only a GUID has two forms: anybody may call an application so.
        assert_eq!(vec!["api://tidegate"], audiences("api://tidegate"));
        assert_eq!(vec!["tidegate"], audiences("tidegate"));
    }
}
