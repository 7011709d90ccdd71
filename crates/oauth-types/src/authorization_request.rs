//! The request to the authorization endpoint (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2).

use tidegate_types::ClientId;

use crate::{
    CodeChallenge, ErrorCode, OAuthError, Parameters, RedirectProblem, RedirectUri, Resource,
    ScopeRequest,
};

/// Longer states are refused: they come back in a redirect, which has to fit into a URL.
const MOST_STATE: usize = 4096;

/// An authorization request in two steps, because what is wrong with the client or its redirect URI must be shown to
/// the person and never sent anywhere (RFC 6749 §4.1.2.1), while the rest is told to the client by a redirect.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// The client that asks.
    pub client_id: ClientId,
    /// Where the answer is to go, if the request says so. A client with one registered URI may leave it out
    /// (RFC 6749 §3.1.2.3).
    pub redirect_uri: Option<RedirectUri>,
    /// What the client wants back unchanged (RFC 6749 §4.1.1). `None` as well when it is too long to travel.
    pub state: Option<String>,
    /// The rest, or what is wrong with it. To be told only after client and redirect URI were found good.
    pub asked: Result<AuthorizationParameters, OAuthError>,
}

/// What the client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationParameters {
    /// For the token request to prove that it comes from the same client.
    pub challenge: CodeChallenge,
    /// The scopes.
    pub scope: ScopeRequest,
    /// What the token is to be for; the canonical one when absent.
    pub resource: Option<Resource>,
    /// Whether and how the person is to be asked.
    pub prompt: Prompt,
    /// The account that the client expects (OpenID Connect Core §3.1.2.1): only to fill in the sign-in form.
    pub login_hint: Option<String>,
}

/// `prompt` (OpenID Connect Core §3.1.2.1). Words that we do not know are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the parameter is a set of four words"
)]
pub struct Prompt {
    /// `none`: ask nothing, fail instead.
    pub none: bool,
    /// `login`: sign in again.
    pub login: bool,
    /// `consent`: ask again for consent.
    pub consent: bool,
    /// `select_account`: let the person choose another account.
    pub select_account: bool,
}

/// What keeps a request from being answered by a redirect. Shown to the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnanswerableRequest {
    /// The parameters cannot be read at all, or one stands twice.
    #[error("the request cannot be read")]
    Malformed(#[source] OAuthError),
    /// No client is named, or not in a form that a client id has.
    #[error("`client_id` is missing or malformed")]
    Client,
    /// The redirect URI cannot be anybody's.
    #[error("`redirect_uri` is not acceptable")]
    Redirect(#[source] RedirectProblem),
}

impl AuthorizationRequest {
    /// Reads the parameters.
    ///
    /// # Errors
    /// What must not be answered by a redirect. Everything else is in [`asked`](Self::asked).
    pub fn parse(parameters: &Parameters) -> Result<Self, UnanswerableRequest> {
        let client_id = parameters
            .get("client_id")
            .and_then(|id| id.parse().ok())
            .ok_or(UnanswerableRequest::Client)?;
        let redirect_uri = parameters
            .get("redirect_uri")
            .map(RedirectUri::parse)
            .transpose()
            .map_err(UnanswerableRequest::Redirect)?;
        let state = parameters.get("state");
        let asked = AuthorizationParameters::parse(parameters);
        let (state, asked) = match state {
            Some(state) if state.len() > MOST_STATE => (
                None,
                Err(OAuthError::invalid_request(
                    "`state` is longer than 4096 bytes",
                )),
            ),
            state => (state.map(str::to_owned), asked),
        };
        Ok(Self {
            client_id,
            redirect_uri,
            state,
            asked,
        })
    }
}

impl AuthorizationParameters {
    fn parse(parameters: &Parameters) -> Result<Self, OAuthError> {
        if parameters.get("request").is_some() {
            return Err(OAuthError::new(
                ErrorCode::RequestNotSupported,
                "`request` is not supported: send plain parameters",
            ));
        }
        if parameters.get("request_uri").is_some() {
            return Err(OAuthError::new(
                ErrorCode::RequestUriNotSupported,
                "`request_uri` is not supported: send plain parameters",
            ));
        }
        match parameters.require("response_type")? {
            "code" => {}
            _ => {
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedResponseType,
                    "`response_type` is not supported: use code",
                ));
            }
        }
        match parameters.get("response_mode") {
            None | Some("query") => {}
            Some(_) => {
                return Err(OAuthError::invalid_request(
                    "`response_mode` is not supported: use query or leave it out",
                ));
            }
        }
        let challenge = CodeChallenge::parse(
            parameters.get("code_challenge_method"),
            parameters.get("code_challenge"),
        )?;
        let resource = parameters
            .get("resource")
            .map(Resource::parse)
            .transpose()?;
        Ok(Self {
            challenge,
            scope: ScopeRequest::parse(parameters.get("scope").unwrap_or_default()),
            resource,
            prompt: Prompt::parse(parameters.get("prompt").unwrap_or_default())?,
            login_hint: parameters.get("login_hint").and_then(plain_hint),
        })
    }
}

impl Prompt {
    fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut prompt = Self::default();
        for word in text.split_ascii_whitespace() {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => {}
            }
        }
        if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
            return Err(OAuthError::invalid_request(
                "`prompt` has none beside other values: use one or the other",
            ));
        }
        Ok(prompt)
    }
}

/// A hint that may stand in a form field; longer ones are nobody's account.
fn plain_hint(text: &str) -> Option<String> {
    (text.len() <= 200).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "response_type=code&client_id=abc&redirect_uri=http://localhost:1/cb&state=xyz\
        &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
        &scope=mcp:read+openid&resource=https://h/mcp/?a&prompt=consent+unknown&login_hint=ann@example.com";

    fn parse(query: &str) -> Result<AuthorizationRequest, UnanswerableRequest> {
        AuthorizationRequest::parse(&Parameters::parse_query(query).unwrap())
    }

    /// [`GOOD`] with one parameter changed; taken out when `value` is empty.
    fn with(name: &str, value: &str) -> String {
        let kept = GOOD
            .split('&')
            .filter(|pair| pair.split('=').next() != Some(name));
        kept.map(str::to_owned)
            .chain([format!("{name}={value}")])
            .collect::<Vec<_>>()
            .join("&")
    }

    #[test]
    fn a_full_request_is_read() {
        let request = parse(GOOD).unwrap();
        assert_eq!("abc", request.client_id.as_str());
        assert_eq!(
            "http://localhost:1/cb",
            request.redirect_uri.unwrap().as_str()
        );
        assert_eq!(Some("xyz"), request.state.as_deref());
        let asked = request.asked.unwrap();
        assert_eq!("mcp:read", asked.scope.scopes.to_string());
        assert_eq!("https://h/mcp", asked.resource.unwrap().as_str());
        assert!(asked.prompt.consent && !asked.prompt.login);
        assert_eq!(Some("ann@example.com"), asked.login_hint.as_deref());
    }

    #[test]
    fn scope_resource_state_and_redirect_may_be_absent() {
        for name in [
            "scope",
            "resource",
            "state",
            "redirect_uri",
            "prompt",
            "login_hint",
        ] {
            let request = parse(&with(name, "")).unwrap();
            assert!(request.asked.is_ok(), "{name}");
        }
    }

    #[test]
    fn a_bad_client_or_redirect_is_never_answered_by_redirect() {
        for (name, value) in [
            ("client_id", ""),
            ("client_id", "a%20b"),
            ("redirect_uri", "javascript:alert(1)"),
            ("redirect_uri", "http://evil.tld/cb"),
            ("redirect_uri", "https://claude.ai@evil.tld/cb"),
        ] {
            // Whatever else is wrong.
            assert!(parse(&with(name, value)).is_err(), "{name}={value}");
            let worse = with(name, value).replace("response_type=code", "response_type=token");
            assert!(parse(&worse).is_err());
        }
    }

    #[test]
    fn the_rest_is_told_to_the_client() {
        for (name, value, code) in [
            ("response_type", "", ErrorCode::InvalidRequest),
            ("response_type", "token", ErrorCode::UnsupportedResponseType),
            (
                "response_type",
                "code%20id_token",
                ErrorCode::UnsupportedResponseType,
            ),
            ("response_mode", "fragment", ErrorCode::InvalidRequest),
            ("response_mode", "form_post", ErrorCode::InvalidRequest),
            ("code_challenge", "", ErrorCode::InvalidRequest),
            ("code_challenge", "short", ErrorCode::InvalidRequest),
            ("code_challenge_method", "", ErrorCode::InvalidRequest),
            ("code_challenge_method", "plain", ErrorCode::InvalidRequest),
            ("resource", "https://h/mcp%23f", ErrorCode::InvalidTarget),
            ("resource", "mcp", ErrorCode::InvalidTarget),
            ("request", "eyJ", ErrorCode::RequestNotSupported),
            (
                "request_uri",
                "https://evil.tld/r",
                ErrorCode::RequestUriNotSupported,
            ),
            ("prompt", "none+login", ErrorCode::InvalidRequest),
        ] {
            let request = parse(&with(name, value)).unwrap();
            assert_eq!(code, request.asked.unwrap_err().code, "{name}={value}");
            assert_eq!(Some("xyz"), request.state.as_deref(), "{name}={value}");
        }
    }

    #[test]
    fn a_state_that_cannot_travel_is_refused() {
        let request = parse(&with("state", &"s".repeat(5000))).unwrap();
        assert_eq!(None, request.state);
        assert!(request.asked.unwrap_err().description.contains("state"));
    }

    #[test]
    fn a_hint_that_could_not_be_typed_is_dropped() {
        let request = parse(&with("login_hint", &"h".repeat(300))).unwrap();
        assert_eq!(None, request.asked.unwrap().login_hint);
    }
}
