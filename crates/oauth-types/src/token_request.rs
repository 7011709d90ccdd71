//! The request to the token endpoint (RFC 6749 §4.1.3, §4.4.2 and §6, RFC 8628 §3.4, RFC 7523 §2.1, RFC 8707 §2.2).

use tidegate_types::SecretString;

use crate::{ErrorCode, GrantType, OAuthError, Parameters, Resource, ScopeRequest};

/// What a client asks the token endpoint, by grant type. Who asks is [`ClientCredential`](crate::ClientCredential)'s.
#[derive(Debug, Clone)]
pub enum TokenRequest {
    /// A code for tokens (RFC 6749 §4.1.3).
    AuthorizationCode {
        /// The code.
        code: SecretString,
        /// The redirect URI of the authorization request, as it stands in this one; compared as text.
        redirect_uri: Option<String>,
        /// The verifier (RFC 7636 §4.5). Needed: an absent one is refused here.
        verifier: SecretString,
        /// What the token is to be for.
        resource: Option<Resource>,
    },
    /// A refresh token for tokens (RFC 6749 §6).
    Refresh {
        /// The refresh token.
        token: SecretString,
        /// A narrower scope; that of the grant when absent.
        scope: Option<ScopeRequest>,
        /// What the token is to be for; the grant's when absent.
        resource: Option<Resource>,
    },
    /// A machine's own token (RFC 6749 §4.4.2).
    ClientCredentials {
        /// The scopes.
        scope: Option<ScopeRequest>,
        /// What the token is to be for.
        resource: Option<Resource>,
    },
    /// Whether the person has decided (RFC 8628 §3.4).
    DeviceCode {
        /// The device code.
        device_code: SecretString,
        /// What the token is to be for.
        resource: Option<Resource>,
    },
    /// An assertion of a trusted issuer for a token (RFC 7523 §2.1).
    JwtBearer {
        /// The assertion.
        assertion: SecretString,
        /// The scopes.
        scope: Option<ScopeRequest>,
        /// What the token is to be for.
        resource: Option<Resource>,
    },
}

impl TokenRequest {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `unsupported_grant_type`, `invalid_request` for what is missing, `invalid_target`.
    pub fn parse(parameters: &Parameters) -> Result<Self, OAuthError> {
        let grant_type = parameters.require("grant_type")?;
        let grant_type = GrantType::of(grant_type).ok_or_else(|| {
            OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                "`grant_type` is not supported",
            )
        })?;
        let secret = |name: &str| parameters.require(name).map(SecretString::from);
        let resource = parameters
            .get("resource")
            .map(Resource::parse)
            .transpose()?;
        let scope = parameters.get("scope").map(ScopeRequest::parse);
        Ok(match grant_type {
            GrantType::AuthorizationCode => Self::AuthorizationCode {
                code: secret("code")?,
                redirect_uri: parameters.get("redirect_uri").map(str::to_owned),
                verifier: secret("code_verifier")?,
                resource,
            },
            GrantType::RefreshToken => Self::Refresh {
                token: secret("refresh_token")?,
                scope,
                resource,
            },
            GrantType::ClientCredentials => Self::ClientCredentials { scope, resource },
            GrantType::DeviceCode => Self::DeviceCode {
                device_code: secret("device_code")?,
                resource,
            },
            GrantType::JwtBearer => Self::JwtBearer {
                assertion: secret("assertion")?,
                scope,
                resource,
            },
        })
    }

    /// By which grant type.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::Refresh { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::DeviceCode { .. } => GrantType::DeviceCode,
            Self::JwtBearer { .. } => GrantType::JwtBearer,
        }
    }

    /// What the token is to be for, if the request says so.
    pub const fn resource(&self) -> Option<&Resource> {
        match self {
            Self::AuthorizationCode { resource, .. }
            | Self::Refresh { resource, .. }
            | Self::ClientCredentials { resource, .. }
            | Self::DeviceCode { resource, .. }
            | Self::JwtBearer { resource, .. } => resource.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_types::ExposeSecret;

    use super::*;

    fn parse(query: &str) -> Result<TokenRequest, OAuthError> {
        TokenRequest::parse(&Parameters::parse_query(query).unwrap())
    }

    #[test]
    fn each_grant_type_is_read() {
        let resource = "resource=https%3A%2F%2Fh%2Fmcp%2F";
        for (query, grant_type) in [
            (
                "grant_type=authorization_code&code=c&code_verifier=v&redirect_uri=http%3A%2F%2Fl",
                GrantType::AuthorizationCode,
            ),
            (
                "grant_type=refresh_token&refresh_token=r&scope=mcp:read",
                GrantType::RefreshToken,
            ),
            (
                "grant_type=client_credentials",
                GrantType::ClientCredentials,
            ),
            (
                "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=d",
                GrantType::DeviceCode,
            ),
            (
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a",
                GrantType::JwtBearer,
            ),
        ] {
            let request = parse(&format!("{query}&{resource}")).unwrap();
            assert_eq!(grant_type, request.grant_type());
            assert_eq!("https://h/mcp", request.resource().unwrap().as_str());
            assert_eq!(None, parse(query).unwrap().resource());
        }
        let code =
            parse("grant_type=authorization_code&code=c&code_verifier=v&redirect_uri=http://l")
                .unwrap();
        assert!(
            matches!(code, TokenRequest::AuthorizationCode { code, redirect_uri, verifier, .. }
            if code.expose_secret() == "c" && redirect_uri.as_deref() == Some("http://l") && verifier.expose_secret() == "v")
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (query, name) in [
            ("", "grant_type"),
            ("grant_type=", "grant_type"),
            ("grant_type=authorization_code&code_verifier=v", "code"),
            ("grant_type=authorization_code&code=c", "code_verifier"),
            (
                "grant_type=authorization_code&code=c&code_verifier=",
                "code_verifier",
            ),
            ("grant_type=refresh_token", "refresh_token"),
            (
                "grant_type=urn:ietf:params:oauth:grant-type:device_code",
                "device_code",
            ),
            (
                "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion",
            ),
        ] {
            let error = parse(query).unwrap_err();
            assert_eq!(ErrorCode::InvalidRequest, error.code);
            assert_eq!(format!("`{name}` is missing"), error.description, "{query}");
        }
    }

    #[test]
    fn other_grant_types_are_unsupported() {
        for grant_type in [
            "password",
            "implicit",
            "Authorization_Code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ] {
            let error =
                parse(&format!("grant_type={grant_type}&username=u&password=p")).unwrap_err();
            assert_eq!(ErrorCode::UnsupportedGrantType, error.code);
        }
    }

    #[test]
    fn a_wrong_resource_is_told() {
        let error = parse("grant_type=client_credentials&resource=urn:x").unwrap_err();
        assert_eq!(ErrorCode::InvalidTarget, error.code);
    }

    #[test]
    fn debug_shows_no_secret() {
        let request =
            parse("grant_type=authorization_code&code=hush1&code_verifier=hush2").unwrap();
        assert!(!format!("{request:?}").contains("hush"));
    }
}
