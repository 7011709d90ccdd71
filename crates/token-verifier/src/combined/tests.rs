use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tidegate_config::StaticToken;
use tidegate_oauth_types::{IssuedSecret, ResourceMap, SecretHash, SecretKind};
use tidegate_types::{ExposeSecret, SystemClock};

use super::*;
use crate::{
    ApiTokenFound, ApiTokens, DevelopmentAuthenticator, OwnKeys, OwnTokenParts, TokenKind,
};

#[derive(Debug)]
struct NoManager;

#[async_trait::async_trait]
impl OwnKeys for NoManager {
    async fn public_jwks(&self) -> Result<Vec<Value>, AuthFailure> {
        Ok(Vec::new())
    }
}

#[async_trait::async_trait]
impl ApiTokens for NoManager {
    async fn find(&self, _: &SecretHash) -> Result<Option<ApiTokenFound>, AuthFailure> {
        Ok(None)
    }
}

/// Takes everything, and notes it.
#[derive(Debug, Default)]
struct Anything(Mutex<Vec<Option<String>>>);

#[async_trait::async_trait]
impl Authenticator for Anything {
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure> {
        self.0.lock().push(bearer.map(str::to_owned));
        DevelopmentAuthenticator::new("anybody")
            .authenticate(bearer)
            .await
    }
}

const STATIC: &str = "an old static token";

fn combined(other: Option<Arc<dyn Authenticator>>) -> CombinedAuthenticator {
    let public_url = "https://tide.example".parse().unwrap();
    let own = OwnTokenAuthenticator::new(OwnTokenParts {
        resources: ResourceMap::new(&public_url, [], None),
        keys: Arc::new(NoManager),
        api_tokens: Arc::new(NoManager),
        clock: Arc::new(SystemClock),
        token_cache_entries: 10,
        debug_errors: false,
    });
    let configured = StaticToken {
        name: "old".to_owned(),
        token: STATIC.into(),
        user: "anna".to_owned(),
        workspace: Some("acme".parse().unwrap()),
    };
    CombinedAuthenticator::new(Some(own), StaticTokens::new(&[configured]), other)
}

fn jwt_of(issuer: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "ES256", "typ": "at+jwt", "kid": "1" }));
    format!("{header}.{}.AAAA", part(&json!({ "iss": issuer })))
}

#[tokio::test]
async fn what_claims_to_be_ours_is_nobody_elses_to_accept() {
    let other = Arc::new(Anything::default());
    let combined = combined(Some(Arc::clone(&other) as _));
    let secret = IssuedSecret::draw(SecretKind::ApiToken).text;
    for own in [
        &jwt_of("https://tide.example"),
        secret.expose_secret(),
        "tg_pat_x",
    ] {
        let refused = combined.authenticate(Some(own)).await;
        assert_eq!(Err(AuthFailure::Refused), refused);
    }
    assert!(other.0.lock().is_empty());
}

#[tokio::test]
async fn everything_else_goes_to_the_other_issuer() {
    let other = Arc::new(Anything::default());
    let combined = combined(Some(Arc::clone(&other) as _));
    let foreign = jwt_of("https://other.example");
    let all = [Some(foreign.as_str()), Some("opaque"), Some(""), None];
    for bearer in all {
        assert!(combined.authenticate(bearer).await.is_ok());
    }
    assert_eq!(
        all.map(|bearer| bearer.map(str::to_owned)),
        **other.0.lock()
    );
}

#[tokio::test]
async fn without_another_issuer_everything_else_is_refused() {
    let combined = combined(None);
    for bearer in [Some(""), None] {
        let failure = combined.authenticate(bearer).await;
        assert_eq!(Err(AuthFailure::Missing), failure);
    }
    let failure = combined.authenticate(Some("opaque")).await;
    assert_eq!(Err(AuthFailure::Refused), failure);
}

#[tokio::test]
async fn a_static_token_acts_as_its_user_in_its_workspace_and_is_marked() {
    let combined = combined(None);
    let token = combined.authenticate(Some(STATIC)).await.unwrap();
    assert_eq!(
        (TokenKind::Static, "anna"),
        (token.kind, token.subject.as_str())
    );
    assert_eq!("acme", token.workspace.as_ref().unwrap().as_str());
    assert_eq!("old", &*token.client.0);
    for wrong in [&STATIC[1..], &format!("{STATIC} "), "old"] {
        assert!(combined.authenticate(Some(wrong)).await.is_err());
    }
    assert!(!format!("{combined:?}").contains(STATIC));
}
