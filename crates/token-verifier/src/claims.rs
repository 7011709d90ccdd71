//! The claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2), and which of them are good.

use serde_json::{Map, Value};
use tidegate_config::JwtSettings;
use tidegate_oauth_types::find_claim;
use tidegate_types::{
    ClientName, Credential, Scope, ScopeSet, TokenId, check_json, check_name, shortened,
};

use crate::own::GRANT_PREFIX;
use crate::{TokenKind, VerifiedToken, kind, subject, user};

/// Why a token was refused. For the log only, and only when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenRefusal {
    #[error("it is longer than 8 KiB")]
    TooLong,
    #[error("it is not a JWT, or has a member twice or a control character")]
    Malformed,
    #[error("its algorithm is not one of auth.jwt.algorithm")]
    Algorithm,
    #[error("its header has critical fields, none of which is known")]
    CriticalHeader,
    #[error("its type (`typ`) is {}, which is not one of auth.jwt.token_types", found.as_deref().unwrap_or("absent"))]
    Type { found: Option<String> },
    #[error("no key of the issuer has its key id")]
    UnknownKey,
    #[error("its signature does not match")]
    Signature,
    #[error("its claims are not those of an access token: {0}")]
    Claims(String),
    #[error("it is not an access token: {0}")]
    OtherKind(&'static str),
    #[error("it is bound to its sender (`cnf`), which cannot be checked here")]
    SenderConstrained,
    #[error("it expired at {exp}")]
    Expired { exp: i64 },
    #[error("it is not good before {nbf}")]
    NotYetValid { nbf: i64 },
    #[error("it was issued in the future, at {iat}")]
    IssuedInFuture { iat: i64 },
    #[error(
        "its issuer is {came:?}, and the settings have {wanted:?}: they must be the same to the letter"
    )]
    Issuer { came: String, wanted: Vec<String> },
    #[error("its audience is not the configured one")]
    Audience,
    #[error("none of its claims names a user; looked at: {}", looked_at.join(", "))]
    NoSubject { looked_at: Vec<String> },
    #[error("its claim `email` names its user, and `{by}` does not say that it is verified")]
    UnverifiedEmail { by: &'static str },
    #[error(
        "its claim `sub` is its client: list client_id in auth.jwt.user_claim to let clients be users"
    )]
    ClientsOwn,
    #[error("it lacks a required scope")]
    Scope,
    #[error("the issuer's keys cannot be fetched")]
    KeysUnavailable,
}

/// Of a token's text in the log.
const MOST_TOLD_BYTES: usize = 200;

/// Claims as they come. Unknown ones are ignored.
#[derive(Debug)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

/// Claims that name the client that a token was issued to: RFC 9068, OpenID Connect, Okta, Entra's version 1.
pub(crate) const CLIENT_CLAIMS: [&str; 4] = ["client_id", "azp", "cid", "appid"];

impl Claims {
    /// Checks everything but the signature, and takes what is needed.
    ///
    /// `digest_hex` names the token where it has no `jti`.
    pub(crate) fn verify(
        &self,
        settings: &JwtSettings,
        now_unix_secs: i64,
        digest_hex: &str,
    ) -> Result<VerifiedToken, TokenRefusal> {
        self.check_texts()?;
        let expires_at = self.check_times(settings, now_unix_secs)?;
        let issuer = self.text("iss")?;
        if !settings.issuers.is_empty()
            && !issuer.is_some_and(|iss| settings.issuers.iter().any(|own| own == iss))
        {
            return Err(TokenRefusal::Issuer {
                came: shortened(issuer.unwrap_or_default(), MOST_TOLD_BYTES).into_owned(),
                wanted: settings.issuers.clone(),
            });
        }
        self.check_audience(settings)?;
        kind::check(self, settings)?;
        let scopes = self.scopes(settings)?;
        if !settings
            .required_scopes
            .iter()
            .all(|needed| scopes.contains(needed))
        {
            return Err(TokenRefusal::Scope);
        }
        Ok(VerifiedToken {
            kind: TokenKind::External,
            subject: user::subject_of(self, settings)?,
            client: ClientName(self.client()?.unwrap_or("unnamed").into()),
            scopes: scope_set(&scopes, settings.require_mcp_scopes),
            credential: Credential::Token(self.token_id(digest_hex)?),
            expires_at_unix_secs: Some(expires_at),
            grant: None,
            workspace: None,
        })
    }

    /// No claim has a control character, whether it is read or not: what nobody sees ends in logs and tables.
    fn check_texts(&self) -> Result<(), TokenRefusal> {
        self.0.iter().try_for_each(|(name, value)| {
            let is_clean = check_name(name).and_then(|()| check_json(value));
            is_clean.map_err(|err| TokenRefusal::Claims(format!("{name:?} {err}")))
        })
    }

    /// A claim by its name, or by a path with dots.
    pub(crate) fn find(&self, name: &str) -> Option<&Value> {
        find_claim(&self.0, name)
    }

    /// A claim that is a text, and a name.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, TokenRefusal> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::String(text)) => {
                let is_name = check_name(text);
                is_name.map_err(|err| TokenRefusal::Claims(format!("{name} {err}")))?;
                Ok(Some(text))
            }
            Some(_) => Err(TokenRefusal::Claims(format!("{name} is not a text"))),
        }
    }

    /// The client that it was issued to.
    pub(crate) fn client(&self) -> Result<Option<&str>, TokenRefusal> {
        for name in CLIENT_CLAIMS {
            if let Some(client) = self.text(name)?.filter(|client| !client.is_empty()) {
                return Ok(Some(client));
            }
        }
        Ok(None)
    }

    /// A claim that is a text or a list of texts.
    fn texts(&self, name: &str) -> Result<Vec<&str>, TokenRefusal> {
        let wrong =
            || TokenRefusal::Claims(format!("{name} is neither a text nor a list of texts"));
        match self.find(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(texts)) => texts
                .iter()
                .map(|text| text.as_str().ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// A claim that is a name or a list of names.
    fn names(&self, name: &str) -> Result<Vec<&str>, TokenRefusal> {
        let names = self.texts(name)?;
        for text in &names {
            let is_name = check_name(text);
            is_name.map_err(|err| TokenRefusal::Claims(format!("{name} {err}")))?;
        }
        Ok(names)
    }

    fn check_audience(&self, settings: &JwtSettings) -> Result<(), TokenRefusal> {
        let mut audience = self.names("aud")?;
        if audience.is_empty() && settings.shape.client_is_audience {
            audience.extend(self.text("client_id")?);
        }
        let is_for_us = audience
            .iter()
            .any(|aud| settings.audience.iter().any(|own| own == aud));
        if settings.audience.is_empty() || is_for_us {
            Ok(())
        } else {
            Err(TokenRefusal::Audience)
        }
    }

    fn scopes(&self, settings: &JwtSettings) -> Result<Vec<String>, TokenRefusal> {
        let mut scopes = Vec::new();
        for name in &settings.scope_claims {
            for text in self.texts(name)? {
                scopes.extend(text.split_ascii_whitespace().map(str::to_owned));
            }
        }
        Ok(scopes)
    }

    /// Returns `exp`, rounded down.
    fn check_times(&self, settings: &JwtSettings, now: i64) -> Result<i64, TokenRefusal> {
        let leeway = i64::try_from(settings.leeway.as_secs()).unwrap_or(i64::MAX);
        let exp = self
            .time("exp")?
            .ok_or_else(|| TokenRefusal::Claims("exp is missing".to_owned()))?;
        if now >= exp.saturating_add(leeway) {
            return Err(TokenRefusal::Expired { exp });
        }
        if let Some(nbf) = self.time("nbf")?
            && nbf > now.saturating_add(leeway)
        {
            return Err(TokenRefusal::NotYetValid { nbf });
        }
        if let Some(iat) = self.time("iat")?
            && iat > now.saturating_add(leeway)
        {
            return Err(TokenRefusal::IssuedInFuture { iat });
        }
        Ok(exp)
    }

    /// A `NumericDate` (RFC 7519 §2) in whole seconds.
    fn time(&self, name: &str) -> Result<Option<i64>, TokenRefusal> {
        // Up to the year 33658: beyond, a time is a mistake or an attempt at an overflow.
        const MOST: f64 = 1e12;
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        let date = value.as_f64().filter(|date| (0.0..=MOST).contains(date));
        let date = date.ok_or_else(|| TokenRefusal::Claims(format!("{name} is not a time")))?;
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        Ok(Some(date.floor() as i64))
    }

    fn token_id(&self, digest_hex: &str) -> Result<TokenId, TokenRefusal> {
        // No issuer but ours may name a grant, a static token, or what is known of a subject.
        let is_ours = |jti: &&str| {
            [GRANT_PREFIX, subject::PREFIX, "static"]
                .iter()
                .any(|prefix| jti.starts_with(prefix))
        };
        let own = self.text("jti")?.filter(|jti| !is_ours(jti));
        let own = own.and_then(|jti| jti.parse().ok());
        Ok(own.unwrap_or_else(|| {
            digest_hex
                .parse()
                .expect("hex digits are visible ASCII, and 64 are not too many")
        }))
    }
}

/// A token of an issuer that knows nothing of `mcp:*` gets all of them, unless that is forbidden: the
/// user's own rights then are the only limit, as they are in Superset.
fn scope_set(scopes: &[String], require_mcp_scopes: bool) -> ScopeSet {
    let has_any = scopes.iter().any(|scope| scope.starts_with("mcp:"));
    if !has_any && !require_mcp_scopes {
        return ScopeSet::all();
    }
    scopes
        .iter()
        .filter_map(|scope| scope.parse::<Scope>().ok())
        .collect()
}
