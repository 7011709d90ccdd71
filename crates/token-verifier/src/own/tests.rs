use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::DateTime;
use parking_lot::Mutex;
use serde_json::Value;
use tidegate_oauth_types::{Algorithm, IssuedSecret, NewKey, Resource, SecretHash, Signer};
use tidegate_types::{ExposeSecret, ManualClock, Scope, ScopeSet, SecretString};

use super::*;

const NOW: i64 = 1_800_000_000;

/// A manager that can be changed, switched off, and counts who asked.
#[derive(Debug, Default)]
struct Manager {
    keys: Mutex<Vec<Value>>,
    tokens: Mutex<Vec<(SecretHash, ApiTokenFound)>>,
    is_away: AtomicBool,
    asked: AtomicUsize,
}

impl Manager {
    fn ask(&self) -> Result<(), AuthFailure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(AuthFailure::Unavailable);
        }
        Ok(())
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl OwnKeys for Manager {
    async fn public_jwks(&self) -> Result<Vec<Value>, AuthFailure> {
        self.ask().map(|()| self.keys.lock().clone())
    }
}

#[async_trait::async_trait]
impl ApiTokens for Manager {
    async fn find(&self, hash: &SecretHash) -> Result<Option<ApiTokenFound>, AuthFailure> {
        self.ask()?;
        let tokens = self.tokens.lock();
        let found = tokens.iter().find(|(known, _)| known == hash);
        Ok(found.map(|(_, token)| token.clone()))
    }
}

struct Bench {
    manager: Arc<Manager>,
    clock: Arc<ManualClock>,
    own: OwnTokenAuthenticator,
    signer: Signer,
}

fn signer(key: &NewKey) -> Signer {
    Signer::from_pkcs8(&key.kid, key.algorithm, &key.pkcs8).unwrap()
}

fn resources() -> ResourceMap {
    let hosts = [("acme.example".to_owned(), "acme".parse().unwrap())];
    ResourceMap::new(&"https://tide.example".parse().unwrap(), hosts, None)
}

fn bench() -> Bench {
    let key = Signer::generate(Algorithm::Es256).unwrap();
    let manager = Arc::new(Manager::default());
    manager.keys.lock().push(key.public_jwk.clone());
    let clock = Arc::new(ManualClock::at(DateTime::from_timestamp(NOW, 0).unwrap()));
    let own = OwnTokenAuthenticator::new(OwnTokenParts {
        resources: resources(),
        keys: Arc::clone(&manager) as _,
        api_tokens: Arc::clone(&manager) as _,
        clock: Arc::clone(&clock) as _,
        token_cache_entries: 100,
        debug_errors: true,
    });
    Bench {
        manager,
        clock,
        own,
        signer: signer(&key),
    }
}

fn claims() -> AccessTokenClaims {
    AccessTokenClaims {
        iss: "https://tide.example".to_owned(),
        sub: "account-1".parse().unwrap(),
        aud: Resource::parse("https://tide.example/mcp").unwrap(),
        client_id: "client-1".parse().unwrap(),
        scope: ScopeSet::from(Scope::Query).expanded(),
        jti: "jti-1".parse().unwrap(),
        iat: NOW,
        exp: NOW + 3600,
        gid: "grant-number-1".parse().unwrap(),
        workspace: Some("acme".parse().unwrap()),
    }
}

fn of(change: impl FnOnce(&mut AccessTokenClaims)) -> AccessTokenClaims {
    let mut claims = claims();
    change(&mut claims);
    claims
}

fn sign(signer: &Signer, claims: &AccessTokenClaims) -> SecretString {
    signer.sign(claims).unwrap()
}

impl Bench {
    async fn check(&self, token: &SecretString) -> Result<Arc<VerifiedToken>, AuthFailure> {
        self.own.authenticate(Some(token.expose_secret())).await
    }

    async fn check_claims(
        &self,
        change: impl FnOnce(&mut AccessTokenClaims),
    ) -> Result<Arc<VerifiedToken>, AuthFailure> {
        self.check(&sign(&self.signer, &of(change))).await
    }
}

#[tokio::test]
async fn a_token_says_whose_it_is_under_which_grant_and_for_which_workspace() {
    let bench = bench();
    let token = bench.check_claims(|_| ()).await.unwrap();
    assert_eq!(TokenKind::OAuth, token.kind);
    assert_eq!("account-1", token.subject.as_str());
    assert_eq!("client-1", &*token.client.0);
    assert_eq!("mcp:read mcp:query", token.scopes.to_string());
    assert_eq!("grant-number-1", token.grant.as_ref().unwrap().as_str());
    assert_eq!("acme", token.workspace.as_ref().unwrap().as_str());
    assert_eq!(Some(NOW + 3600), token.expires_at_unix_secs);
}

#[tokio::test]
async fn the_audience_is_a_resource_of_ours_and_fits_the_tokens_workspace() {
    let bench = bench();
    let workspace = |aud: &'static str, own: Option<&'static str>| {
        let aud = Resource::parse(aud).unwrap();
        let own = own.map(|own| own.parse().unwrap());
        let token = bench.check_claims(|claims| {
            claims.aud = aud;
            claims.workspace = own;
        });
        async { token.await.map(|token| token.workspace.clone()) }
    };
    let acme = Some("acme".parse().unwrap());
    for (aud, own, expected) in [
        ("https://tide.example/mcp", Some("acme"), acme.clone()),
        ("https://tide.example/mcp", None, None),
        (
            "https://tide.example/w/acme/mcp",
            Some("acme"),
            acme.clone(),
        ),
        ("https://tide.example/w/acme/mcp", None, acme.clone()),
        ("https://acme.example/mcp", None, acme.clone()),
    ] {
        assert_eq!(Ok(expected), workspace(aud, own).await, "{aud} {own:?}");
    }
    for (aud, own) in [
        ("https://tide.example/w/rival/mcp", Some("acme")),
        ("https://acme.example/mcp", Some("rival")),
        ("https://other.example/mcp", Some("acme")),
        ("https://other.example/w/acme/mcp", Some("acme")),
        ("http://tide.example/mcp", Some("acme")),
        ("https://tide.example:8443/mcp", Some("acme")),
        ("https://tide.example/admin", Some("acme")),
        ("https://tide.example/oauth/token", Some("acme")),
    ] {
        let refused = workspace(aud, own).await;
        assert_eq!(Err(AuthFailure::Refused), refused, "{aud} {own:?}");
    }
}

#[tokio::test]
async fn a_host_that_comes_later_is_a_resource_from_then_on() {
    let mut bench = bench();
    let live = LiveResources::new(resources());
    bench.own = bench.own.with_resources(live.clone());
    let aud = |claims: &mut AccessTokenClaims| {
        claims.aud = Resource::parse("https://rival.example/mcp").unwrap();
        claims.workspace = Some("rival".parse().unwrap());
    };
    assert_eq!(Err(AuthFailure::Refused), bench.check_claims(aud).await);
    let hosts = [("rival.example".to_owned(), "rival".parse().unwrap())];
    let public_url = "https://tide.example".parse().unwrap();
    live.replace(ResourceMap::new(&public_url, hosts, None));
    assert!(bench.check_claims(aud).await.is_ok());
}

#[tokio::test]
async fn a_token_of_another_issuer_or_time_is_refused() {
    let bench = bench();
    let refused = Err(AuthFailure::Refused);
    let other = |claims: &mut AccessTokenClaims| claims.iss = "https://other.example".to_owned();
    assert_eq!(refused, bench.check_claims(other).await);
    let over = |claims: &mut AccessTokenClaims| claims.exp = NOW - 10;
    assert_eq!(refused, bench.check_claims(over).await);
    let early = |claims: &mut AccessTokenClaims| claims.iat = NOW + 60;
    assert_eq!(refused, bench.check_claims(early).await);
}

#[tokio::test]
async fn a_known_token_ends_with_its_time() {
    let bench = bench();
    let token = sign(&bench.signer, &of(|claims| claims.exp = NOW + 30));
    assert!(bench.check(&token).await.is_ok());
    bench.clock.advance(Duration::from_secs(30));
    assert!(
        bench.check(&token).await.is_ok(),
        "clocks may differ a little"
    );
    bench.clock.advance(LEEWAY);
    assert_eq!(Err(AuthFailure::Refused), bench.check(&token).await);
}

#[tokio::test]
async fn strangers_cannot_sign_and_make_us_read_keys_once_a_second_at_most() {
    let bench = bench();
    let token = sign(&bench.signer, &claims());
    assert!(bench.check(&token).await.is_ok());
    assert_eq!(1, bench.manager.asked());
    for _ in 0..20 {
        let stranger = signer(&Signer::generate(Algorithm::Es256).unwrap());
        let forged = sign(&stranger, &claims());
        assert_eq!(Err(AuthFailure::Refused), bench.check(&forged).await);
    }
    assert_eq!(0, bench.manager.asked());
    bench.clock.advance(MIN_REFETCH);
    for _ in 0..20 {
        let stranger = signer(&Signer::generate(Algorithm::Es256).unwrap());
        let forged = sign(&stranger, &claims());
        assert_eq!(Err(AuthFailure::Refused), bench.check(&forged).await);
    }
    assert_eq!(1, bench.manager.asked());
    assert!(bench.check(&token).await.is_ok());
}

const MIN_REFETCH: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_new_key_is_known_by_its_first_token() {
    let bench = bench();
    assert!(bench.check_claims(|_| ()).await.is_ok());
    let next = Signer::generate(Algorithm::Es256).unwrap();
    bench.manager.keys.lock().push(next.public_jwk.clone());
    bench.clock.advance(MIN_REFETCH);
    let token = sign(&signer(&next), &claims());
    assert!(bench.check(&token).await.is_ok());
    assert!(bench.check_claims(|_| ()).await.is_ok(), "and the old one");
}

#[tokio::test]
async fn what_a_key_signed_that_was_taken_out_is_refused_once_that_is_told() {
    let bench = bench();
    let token = sign(&bench.signer, &claims());
    assert!(bench.check(&token).await.is_ok());
    bench.manager.keys.lock().clear();
    assert!(bench.check(&token).await.is_ok(), "nobody told");
    bench.own.keys_changed();
    assert_eq!(Err(AuthFailure::Refused), bench.check(&token).await);
}

#[tokio::test]
async fn keys_that_changed_are_not_used_while_the_new_ones_cannot_be_read() {
    let bench = bench();
    let token = sign(&bench.signer, &claims());
    assert!(bench.check(&token).await.is_ok());
    bench.manager.is_away.store(true, Ordering::SeqCst);
    bench.own.keys_changed();
    assert_eq!(Err(AuthFailure::Unavailable), bench.check(&token).await);
    bench.manager.is_away.store(false, Ordering::SeqCst);
    bench.clock.advance(MIN_REFETCH);
    assert!(bench.check(&token).await.is_ok());
}

#[tokio::test]
async fn a_manager_that_is_away_stops_nobody_for_an_hour() {
    let bench = bench();
    assert!(bench.check_claims(|_| ()).await.is_ok());
    bench.manager.is_away.store(true, Ordering::SeqCst);
    bench.clock.advance(Duration::from_mins(55));
    assert!(bench.check_claims(|_| ()).await.is_ok());
    bench.clock.advance(Duration::from_mins(15));
    let fresh = |claims: &mut AccessTokenClaims| claims.exp = NOW + 90_000;
    let failure = bench.check_claims(fresh).await;
    assert_eq!(Err(AuthFailure::Unavailable), failure);
}

#[tokio::test]
async fn a_manager_that_is_away_from_the_beginning_is_not_a_refusal() {
    let bench = bench();
    bench.manager.is_away.store(true, Ordering::SeqCst);
    let failure = bench.check_claims(|_| ()).await;
    assert_eq!(Err(AuthFailure::Unavailable), failure);
}

fn api_token(bench: &Bench, expires_at: Option<i64>) -> SecretString {
    let issued = IssuedSecret::draw(SecretKind::ApiToken);
    let found = ApiTokenFound {
        id: "token-number-1".parse().unwrap(),
        account: "account-1".parse().unwrap(),
        workspace: None,
        scopes: Scope::Read.into(),
        expires_at,
    };
    bench.manager.tokens.lock().push((issued.hash, found));
    issued.text
}

#[tokio::test]
async fn an_api_token_is_found_by_its_hash_and_named_by_its_id() {
    let bench = bench();
    let secret = api_token(&bench, None);
    for _ in 0..3 {
        let token = bench.check(&secret).await.unwrap();
        assert_eq!(TokenKind::ApiToken, token.kind);
        assert_eq!("account-1", token.subject.as_str());
        assert_eq!("token-number-1", token.grant.as_ref().unwrap().as_str());
        let id = Credential::Token("grant:token-number-1".parse().unwrap());
        assert_eq!(id, token.credential);
    }
    assert_eq!(1, bench.manager.asked());
}

#[tokio::test]
async fn a_known_api_token_ends_with_its_time() {
    let bench = bench();
    let secret = api_token(&bench, Some(NOW + 10));
    assert!(bench.check(&secret).await.is_ok());
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(Err(AuthFailure::Refused), bench.check(&secret).await);
}

#[tokio::test]
async fn secrets_that_are_not_ours_cost_nothing_or_one_look() {
    let bench = bench();
    let other_kind = IssuedSecret::draw(SecretKind::RefreshToken).text;
    for malformed in [
        "tg_pat_",
        "tg_pat_short",
        &format!("tg_pat_{}", "x".repeat(49)),
        &format!("tg_pat_{}", "x".repeat(20_000)),
        other_kind.expose_secret(),
        "",
        "a.b.c",
        "..",
        "Bearer",
    ] {
        assert!(bench.check(&malformed.into()).await.is_err());
    }
    assert!(
        bench.manager.asked() <= 1,
        "keys are read for what may be a JWT"
    );
    let unknown = IssuedSecret::draw(SecretKind::ApiToken).text;
    for _ in 0..3 {
        assert_eq!(Err(AuthFailure::Refused), bench.check(&unknown).await);
    }
    assert_eq!(1, bench.manager.asked());
}

#[tokio::test]
async fn an_api_token_that_cannot_be_looked_for_may_be_good() {
    let bench = bench();
    let secret = api_token(&bench, None);
    bench.manager.is_away.store(true, Ordering::SeqCst);
    assert_eq!(Err(AuthFailure::Unavailable), bench.check(&secret).await);
    bench.manager.is_away.store(false, Ordering::SeqCst);
    assert!(bench.check(&secret).await.is_ok());
}

#[test]
fn a_token_goes_where_it_is_for() {
    let slug = |name: &str| name.parse::<WorkspaceSlug>().unwrap();
    let (acme, rival) = (slug("acme"), slug("rival"));
    let mut token = VerifiedToken {
        kind: TokenKind::ApiToken,
        subject: "account-1".into(),
        client: ClientName("c".into()),
        scopes: ScopeSet::all(),
        credential: Credential::Development,
        expires_at_unix_secs: None,
        grant: None,
        workspace: None,
    };
    assert_eq!(Ok(None), workspace_of(&token, None));
    assert_eq!(Ok(Some(&rival)), workspace_of(&token, Some(&rival)));
    token.workspace = Some(acme.clone());
    assert_eq!(Ok(Some(&acme)), workspace_of(&token, None));
    assert_eq!(Ok(Some(&acme)), workspace_of(&token, Some(&acme)));
    let substituted = workspace_of(&token, Some(&rival));
    assert_eq!(Err(AuthFailure::Refused), substituted);
}
