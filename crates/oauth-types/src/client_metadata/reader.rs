//! What registrations and documents have in common.

use serde_json::{Map, Value};
use tidegate_types::{check_json, check_name};

use super::{ApplicationType, ClientMetadata, GrantType, TokenEndpointAuthMethod};
use crate::display_name::display_name;
use crate::redirect_uri::RedirectKind;
use crate::{ErrorCode, JwkSet, OAuthError, RedirectProblem, RedirectUri, ScopeRequest};

/// More are refused: nobody reads a longer list, and each is compared on every request.
const MOST_REDIRECTS: usize = 32;
const MOST_URL: usize = 2048;
const MOST_JWKS_BYTES: usize = 32 * 1024;
const MOST_TEXT: usize = 200;

/// Who says it, which decides what may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Anybody (RFC 7591).
    Registration,
    /// Whoever holds the URL.
    Document,
    /// A person who is signed in, or an administrator.
    Settings,
}

/// The members of a JSON object. `null` is as absent.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Whether a member is read or passed over, control characters have no business in it: nobody sees them, and they are
    /// not taken out in silence.
    pub(super) fn of(value: Value) -> Result<Self, OAuthError> {
        let Value::Object(members) = value else {
            return Err(invalid("the metadata is not a JSON object"));
        };
        for (name, value) in &members {
            let is_clean = check_name(name).and_then(|()| check_json(value));
            is_clean.map_err(|control| invalid(format!("`{name}` {control}")))?;
        }
        Ok(Self(members))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(format!("`{name}` is not a text"))),
        }
    }

    fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, OAuthError> {
        let not_texts = || invalid(format!("`{name}` is not a list of texts"));
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let items = value.as_array().ok_or_else(not_texts)?;
        let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
        texts.map(Some).ok_or_else(not_texts)
    }

    /// The metadata by the rules that hold for all, with `default_name` for a client without a name.
    pub(super) fn read(
        &self,
        source: Source,
        default_name: &str,
    ) -> Result<ClientMetadata, OAuthError> {
        let (token_endpoint_auth_method, keys) = self.method_and_keys(source)?;
        let grant_types = self.grant_types(source, token_endpoint_auth_method)?;
        let redirect_uris = self.redirect_uris(source, &grant_types)?;
        let name = self.text("client_name")?.and_then(display_name);
        let scope = self.text("scope")?.and_then(known_scope);
        Ok(ClientMetadata {
            client_name: name.unwrap_or_else(|| default_name.to_owned()),
            application_type: self.application_type(&redirect_uris)?,
            redirect_uris: redirect_uris.into_iter().map(String::from).collect(),
            grant_types,
            token_endpoint_auth_method,
            client_uri: self.client_uri(),
            jwks: keys.inline,
            jwks_uri: keys.uri,
            scope,
            software_id: self.note("software_id"),
            software_version: self.note("software_version"),
        })
    }

    /// Unusable URIs are left out if one remains (C18): clients register some that they never use.
    fn redirect_uris(
        &self,
        source: Source,
        grant_types: &[GrantType],
    ) -> Result<Vec<RedirectUri>, OAuthError> {
        let given = self.texts("redirect_uris")?.unwrap_or_default();
        if given.len() > MOST_REDIRECTS {
            return Err(OAuthError::new(
                ErrorCode::InvalidRedirectUri,
                "`redirect_uris` has more than 32 entries",
            ));
        }
        let mut usable: Vec<RedirectUri> = Vec::new();
        let mut first_problem: Option<RedirectProblem> = None;
        for text in given {
            // A person who is signed in means the program that they name; anybody else may mean any.
            let may_be_any = source == Source::Settings;
            let parsed = RedirectUri::parse(text).and_then(|uri| {
                if may_be_any || uri.is_scheme_of_its_own() {
                    Ok(uri)
                } else {
                    Err(RedirectProblem::UnknownApp)
                }
            });
            match parsed {
                Ok(uri) if usable.contains(&uri) => {}
                Ok(uri) => usable.push(uri),
                Err(problem) => first_problem = first_problem.or(Some(problem)),
            }
        }
        match first_problem {
            Some(problem) if usable.is_empty() => Err(problem.into()),
            None if usable.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) => {
                Err(OAuthError::new(
                    ErrorCode::InvalidRedirectUri,
                    "`redirect_uris` is missing: authorization_code needs one",
                ))
            }
            _ => Ok(usable),
        }
    }

    /// Grant types that are not ours are left out if one remains. Without a list: codes and refresh tokens, which is
    /// what clients that say nothing do (RFC 7591 §2 has codes alone).
    fn grant_types(
        &self,
        source: Source,
        method: TokenEndpointAuthMethod,
    ) -> Result<Vec<GrantType>, OAuthError> {
        let named = self.texts("grant_types")?.filter(|named| !named.is_empty());
        let Some(named) = named else {
            self.check_response_types()?;
            return Ok(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
        };
        let is_public = method == TokenEndpointAuthMethod::None;
        let may_have = |grant_type: &GrantType| match grant_type {
            // A machine acts for somebody, whom only a person who is signed in can name.
            GrantType::ClientCredentials => source == Source::Settings && !is_public,
            GrantType::JwtBearer => !is_public,
            GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::DeviceCode => true,
        };
        let mut grant_types = Vec::new();
        for grant_type in named.into_iter().filter_map(GrantType::of).filter(may_have) {
            if !grant_types.contains(&grant_type) {
                grant_types.push(grant_type);
            }
        }
        // A refresh token comes of another grant.
        if grant_types
            .iter()
            .all(|one| *one == GrantType::RefreshToken)
        {
            return Err(invalid(
                "`grant_types` has none that this client may use: use authorization_code or device_code; machine clients are made in the settings",
            ));
        }
        if grant_types.contains(&GrantType::AuthorizationCode) {
            self.check_response_types()?;
        }
        Ok(grant_types)
    }

    fn check_response_types(&self) -> Result<(), OAuthError> {
        match self.texts("response_types")? {
            Some(types) if !types.is_empty() && !types.contains(&"code") => Err(invalid(
                "`response_types` does not have code, which is the only one here",
            )),
            _ => Ok(()),
        }
    }

    /// `web` beside a URI of the person's machine is a program there: Cursor registers so (C18), and SEP-837 wants
    /// the two apart. Consent pages go by what the client is, not by what it says.
    fn application_type(
        &self,
        redirects: &[RedirectUri],
    ) -> Result<Option<ApplicationType>, OAuthError> {
        let has_local = redirects
            .iter()
            .any(|uri| uri.kind() != RedirectKind::Https);
        match self.text("application_type")? {
            None => Ok(None),
            Some("native") => Ok(Some(ApplicationType::Native)),
            Some("web") if has_local => Ok(Some(ApplicationType::Native)),
            Some("web") => Ok(Some(ApplicationType::Web)),
            Some(_) => Err(invalid("`application_type` is neither web nor native")),
        }
    }

    fn method_and_keys(
        &self,
        source: Source,
    ) -> Result<(TokenEndpointAuthMethod, Keys), OAuthError> {
        let chosen = self.text("token_endpoint_auth_method")?;
        // A document may list all that its client can do; then a method that we lack is no reason to refuse (C23).
        let listed = self
            .texts("token_endpoint_auth_methods_supported")?
            .unwrap_or_default();
        let may_use = |method: &TokenEndpointAuthMethod| match method {
            // Nobody has a secret in common with whoever wrote a public document.
            TokenEndpointAuthMethod::ClientSecretBasic
            | TokenEndpointAuthMethod::ClientSecretPost => source != Source::Document,
            TokenEndpointAuthMethod::None | TokenEndpointAuthMethod::PrivateKeyJwt => true,
        };
        let default = match source {
            Source::Registration | Source::Settings => TokenEndpointAuthMethod::ClientSecretBasic,
            Source::Document => TokenEndpointAuthMethod::None,
        };
        let keys = self.keys()?;
        let usable = |method: &TokenEndpointAuthMethod| {
            may_use(method) && (*method != TokenEndpointAuthMethod::PrivateKeyJwt || keys.is_some())
        };
        let mut wanted: Vec<_> = chosen
            .into_iter()
            .chain(listed)
            .filter_map(TokenEndpointAuthMethod::of)
            .collect();
        if chosen.is_none() && wanted.is_empty() {
            wanted.push(default);
        }
        match wanted.iter().copied().find(usable) {
            Some(method @ TokenEndpointAuthMethod::PrivateKeyJwt) => {
                Ok((method, keys.unwrap_or_default()))
            }
            // Keys that prove nothing are not kept.
            Some(method) => Ok((method, Keys::default())),
            None if wanted.contains(&TokenEndpointAuthMethod::PrivateKeyJwt) => Err(invalid(
                "`jwks` or `jwks_uri` is missing, or has no key for signatures: private_key_jwt needs one",
            )),
            None if source == Source::Document => Err(invalid(
                "`token_endpoint_auth_method` is not possible in a document: use none or private_key_jwt",
            )),
            None => Err(invalid(
                "`token_endpoint_auth_method` is not supported: use none, client_secret_basic, client_secret_post or private_key_jwt",
            )),
        }
    }

    /// `None`: there are none that could be used.
    fn keys(&self) -> Result<Option<Keys>, OAuthError> {
        let inline = self.get("jwks");
        let uri = self.text("jwks_uri")?;
        match (inline, uri) {
            (None, None) => Ok(None),
            // RFC 7591 §2.
            (Some(_), Some(_)) => Err(invalid("`jwks` and `jwks_uri` exclude each other")),
            (None, Some(uri)) => {
                let is_sound = is_https_url(uri);
                if !is_sound {
                    return Err(invalid("`jwks_uri` is not an https URL"));
                }
                Ok(Some(Keys {
                    inline: None,
                    uri: Some(uri.to_owned()),
                }))
            }
            (Some(set), None) => {
                if set.to_string().len() > MOST_JWKS_BYTES {
                    return Err(invalid("`jwks` is larger than 32 KiB"));
                }
                let has_key = JwkSet::from_value(set).is_ok_and(|set| !set.is_empty());
                Ok(has_key.then(|| Keys {
                    inline: Some(set.clone()),
                    uri: None,
                }))
            }
        }
    }

    /// The client's page is decoration: one that is no https URL is left out.
    fn client_uri(&self) -> Option<String> {
        let uri = self.get("client_uri")?.as_str()?;
        is_https_url(uri).then(|| uri.to_owned())
    }

    /// A text that is decoration.
    fn note(&self, name: &str) -> Option<String> {
        let note = display_name(self.get(name)?.as_str()?)?;
        (note.chars().count() <= MOST_TEXT).then_some(note)
    }
}

/// Where a client's keys are.
#[derive(Default)]
struct Keys {
    inline: Option<Value>,
    uri: Option<String>,
}

fn is_https_url(text: &str) -> bool {
    text.len() <= MOST_URL
        && !text
            .chars()
            .any(|char| char.is_control() || char == '\\' || char.is_whitespace())
        && url::Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https"
                && url.host().is_some()
                && url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
        })
}

/// The scopes that we have, as clients write them; they ask for what they are told here (C37).
fn known_scope(text: &str) -> Option<String> {
    let request = ScopeRequest::parse(text);
    let mut scope = request.scopes.to_string();
    if request.wants_offline {
        if !scope.is_empty() {
            scope.push(' ');
        }
        scope.push_str(crate::OFFLINE_ACCESS);
    }
    (!scope.is_empty()).then_some(scope)
}

pub(super) fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, why)
}
