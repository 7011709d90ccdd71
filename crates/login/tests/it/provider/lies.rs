//! What a provider, or somebody who passes for one, could send.

use std::time::Duration;

use serde_json::json;
use tidegate_login::{AccountCreation, ProviderSettings, ReturnTo};
use tidegate_oauth_types::Parameters;
use tidegate_types::ExposeSecret;
use url::Url;

use super::liar::{Liar, Lies, SECRET, Signature, chrono_now};
use crate::stage::{Stage, peer};

type Lie = Box<dyn Fn(&mut Lies)>;

struct Scene {
    liar: Liar,
    stage: Stage,
}

impl Scene {
    async fn new() -> Self {
        let liar = Liar::start().await;
        let mut settings = ProviderSettings::new("liar", &liar.issuer, "tidegate");
        settings.client_secret = Some(SECRET.into());
        settings.creates_accounts = AccountCreation::Always;
        settings.timeout = Duration::from_secs(2);
        let stage = Stage::with(|all| all.providers = vec![settings]).await;
        Self { liar, stage }
    }

    /// Begins, lets the provider send what `answer` makes of the state, and gives the code of the refusal, or "signed in".
    async fn outcome_of(&self, answer: impl FnOnce(&str) -> String) -> &'static str {
        let from = peer("192.0.2.1");
        let begun = self
            .stage
            .sign_in
            .begin_upstream("liar", &ReturnTo::parse(None), None, &from)
            .await;
        let begun = match begun {
            Ok(begun) => begun,
            Err(err) => return err.code(),
        };
        let url = Url::parse(&begun.redirect).unwrap();
        let sent = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.unwrap_or_else(|| panic!("no {name}")).1.into_owned()
        };
        self.liar.lie(|lies| lies.nonce = sent("nonce"));
        let answer = Parameters::parse_query(&answer(&sent("state"))).unwrap();
        let binding = begun.binding.expose_secret();
        let finished = self
            .stage
            .sign_in
            .finish_upstream("liar", &answer, binding, &from)
            .await;
        finished.map_or_else(|err| err.code(), |_| "signed in")
    }

    async fn outcome(&self) -> &'static str {
        self.outcome_of(|state| format!("code=c&state={state}"))
            .await
    }

    async fn reason(&self) -> String {
        self.stage.last("sign_in.failed").await.outcome
    }
}

#[tokio::test]
async fn one_that_does_not_lie_is_believed() {
    let scene = Scene::new().await;
    assert_eq!("signed in", scene.outcome().await);
    let (path, body) = scene.liar.asked.lock().last().cloned().unwrap();
    assert_eq!("/token", path);
    let body = Parameters::parse_form(body.as_bytes()).unwrap();
    assert_eq!(Some("authorization_code"), body.get("grant_type"));
    assert_eq!(
        Some("https://tide.test/sign-in/liar/callback"),
        body.get("redirect_uri")
    );
    assert!(
        body.get("code_verifier")
            .is_some_and(|verifier| verifier.len() >= 43)
    );
    assert_eq!(None, body.get("client_secret"), "it is in the header");
}

#[tokio::test]
async fn the_way_there_carries_state_nonce_and_a_challenge_and_no_secret() {
    let scene = Scene::new().await;
    let from = peer("192.0.2.1");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let begun = scene
            .stage
            .sign_in
            .begin_upstream("liar", &ReturnTo::parse(Some("/secret-place")), None, &from)
            .await
            .unwrap();
        let parameters =
            Parameters::parse_query(Url::parse(&begun.redirect).unwrap().query().unwrap()).unwrap();
        assert_eq!(Some("code"), parameters.get("response_type"));
        assert_eq!(Some("S256"), parameters.get("code_challenge_method"));
        assert_eq!(Some("openid profile email"), parameters.get("scope"));
        assert!(!begun.redirect.contains("secret"), "{}", begun.redirect);
        assert!(!begun.redirect.contains(begun.binding.expose_secret()));
        for name in ["state", "nonce", "code_challenge"] {
            let value = parameters.get(name).unwrap();
            assert!(value.len() >= 43, "{name}");
            seen.push(value.to_owned());
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(count, seen.len());
}

#[tokio::test]
async fn id_tokens_that_prove_nothing_are_refused() {
    let now = chrono_now();
    let cases: Vec<(&str, &str, Lie)> = vec![
        (
            "id_token_signature",
            "another's key",
            Box::new(|lies| lies.signature = Signature::OtherKey),
        ),
        (
            "id_token_signature",
            "moved",
            Box::new(|lies| lies.signature = Signature::Moved),
        ),
        (
            "id_token_key",
            "unknown key",
            Box::new(|lies| lies.signature = Signature::UnknownKey),
        ),
        (
            "id_token_algorithm",
            "none",
            Box::new(|lies| lies.signature = Signature::Absent),
        ),
        (
            "id_token_algorithm",
            "our secret",
            Box::new(|lies| lies.signature = Signature::ClientSecret),
        ),
        (
            "id_token_algorithm",
            "public key",
            Box::new(|lies| lies.signature = Signature::PublicKey),
        ),
        (
            "id_token_nonce",
            "nonce",
            Box::new(|lies| lies.claims["nonce"] = json!("another")),
        ),
        (
            "id_token_issuer",
            "issuer",
            Box::new(|lies| lies.claims["iss"] = json!("https://other.test")),
        ),
        (
            "id_token_audience",
            "audience",
            Box::new(|lies| lies.claims["aud"] = json!("other")),
        ),
        (
            "id_token_audience",
            "two audiences",
            Box::new(|lies| lies.claims["aud"] = json!(["tidegate", "other"])),
        ),
        (
            "id_token_time",
            "expired",
            Box::new(move |lies| lies.claims["exp"] = json!(now - 5)),
        ),
        (
            "id_token_time",
            "future",
            Box::new(move |lies| lies.claims["iat"] = json!(now + 900)),
        ),
        (
            "access_token_hash",
            "at_hash",
            Box::new(|lies| lies.claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ),
    ];
    let scene = Scene::new().await;
    for (reason, what, lie) in cases {
        scene.liar.lie(|lies| {
            lies.claims = json!({});
            lies.signature = Signature::Right;
            lie(lies);
        });
        assert_eq!("provider_unverified", scene.outcome().await, "{what}");
        assert_eq!(reason, scene.reason().await, "{what}");
        // A key that is not there is looked for once in a while.
        scene.stage.later(11);
    }
    assert!(scene.stage.events("sign_in.succeeded").await.is_empty());
}

#[tokio::test]
async fn an_id_token_without_what_it_must_have_is_refused() {
    let scene = Scene::new().await;
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        scene.liar.lie(|lies| lies.claims = json!({ claim: null }));
        let code = scene.outcome().await;
        assert!(
            ["provider_failed", "provider_unverified"].contains(&code),
            "{claim}: {code}"
        );
    }
    for subject in ["", "a\u{0}b", &"x".repeat(256)] {
        scene.liar.lie(|lies| lies.claims = json!({"sub": subject}));
        assert_eq!("provider_failed", scene.outcome().await, "{subject:?}");
    }
    assert!(scene.stage.events("sign_in.succeeded").await.is_empty());
}

/// RFC 9207: an answer that another issuer sent must not have its code taken to this one.
#[tokio::test]
async fn an_answer_of_another_issuer_is_refused_before_its_code_is_used() {
    let scene = Scene::new().await;
    let other = scene
        .outcome_of(|state| format!("code=c&state={state}&iss=https%3A%2F%2Fother.test"))
        .await;
    assert_eq!("provider_other_issuer", other);
    assert_eq!("issuer_of_answer", scene.reason().await);
    // One that promises to say its name and does not.
    scene.liar.lie(|lies| {
        lies.discovery = json!({"authorization_response_iss_parameter_supported": true});
    });
    scene.stage.later(3_600);
    assert_eq!("provider_other_issuer", scene.outcome().await);
    assert!(!scene.liar.paths().contains(&"/token".to_owned()));
    let issuer = scene.liar.issuer.replace(':', "%3A").replace('/', "%2F");
    scene
        .liar
        .lie(|lies| lies.claims = json!({"exp": chrono_now() + 7_200}));
    let named = scene
        .outcome_of(|state| format!("code=c&state={state}&iss={issuer}"))
        .await;
    assert_eq!("signed in", named);
}

#[tokio::test]
async fn errors_are_told_in_our_words_and_without_the_providers() {
    let scene = Scene::new().await;
    for (error, code) in [
        ("access_denied", "provider_denied"),
        ("login_required", "provider_denied"),
        ("temporarily_unavailable", "provider_unreachable"),
        ("server_error", "provider_failed"),
        ("%3Cscript%3E", "provider_failed"),
    ] {
        let answer = |state: &str| {
            format!(
                "error={error}&error_description=call+0800-scam&error_uri=https%3A%2F%2Fscam.test&state={state}&code=c"
            )
        };
        assert_eq!(code, scene.outcome_of(answer).await, "{error}");
    }
    let kept = format!("{:?}", scene.stage.events("").await);
    assert!(!kept.contains("scam") && !kept.contains("script"), "{kept}");
    assert!(
        !scene.liar.paths().contains(&"/token".to_owned()),
        "an error has no code"
    );
}

#[tokio::test]
async fn answers_without_state_or_code_are_refused() {
    let scene = Scene::new().await;
    for answer in ["", "code=c", "code=c&state=", "code=c&state=invented"] {
        let code = scene.outcome_of(|_| answer.to_owned()).await;
        assert_eq!("not_begun_here", code, "{answer}");
    }
    let code = scene.outcome_of(|state| format!("state={state}")).await;
    assert_eq!("provider_incomplete", code);
}

#[tokio::test]
async fn a_provider_that_says_it_is_another_is_refused() {
    for (reason, discovery) in [
        (
            "discovery_unreadable",
            json!({"issuer": "https://other.test"}),
        ),
        ("discovery_unreadable", json!({"jwks_uri": null})),
        (
            "discovery_unreadable",
            json!({"authorization_endpoint": "javascript"}),
        ),
        (
            "endpoint_not_secure",
            json!({"authorization_endpoint": "javascript:alert(1)"}),
        ),
        (
            "endpoint_not_secure",
            json!({"authorization_endpoint": "http://id.test/authorize"}),
        ),
        (
            "endpoint_not_secure",
            json!({"token_endpoint": "http://id.test/token"}),
        ),
        (
            "endpoint_not_secure",
            json!({"userinfo_endpoint": "http://id.test/userinfo"}),
        ),
        (
            "provider_unreachable",
            json!({"jwks_uri": "http://id.test/keys"}),
        ),
        (
            "discovery_unreadable",
            json!({"jwks_uri": "file:///etc/passwd"}),
        ),
    ] {
        let scene = Scene::new().await;
        let shown = discovery.to_string();
        scene.liar.lie(|lies| lies.discovery = discovery);
        scene.outcome().await;
        assert_eq!(reason, scene.reason().await, "{shown}");
    }
}

#[tokio::test]
async fn what_is_too_large_elsewhere_or_nonsense_is_refused() {
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    const JSON: &str = "200 OK\r\ncontent-type: application/json";
    const ELSEWHERE: &str = "307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/";
    const REFUSED: &str = "400 Bad Request\r\ncontent-type: application/json";
    let large = " ".repeat(600 * 1_024);
    let no_id_token = r#"{"access_token":"at","token_type":"Bearer"}"#;
    for (path, head, body) in [
        (DISCOVERY, JSON, large.as_str()),
        ("/keys", JSON, &large),
        ("/token", JSON, &large),
        (DISCOVERY, ELSEWHERE, ""),
        ("/keys", ELSEWHERE, ""),
        ("/token", ELSEWHERE, ""),
        (DISCOVERY, "200 OK\r\ncontent-type: text/html", "<html>"),
        ("/token", "200 OK\r\ncontent-type: text/html", "<html>"),
        ("/token", JSON, no_id_token),
        ("/token", REFUSED, r#"{"error":"invalid_grant"}"#),
        ("/token", "500 Oops", "stack trace"),
    ] {
        let scene = Scene::new().await;
        let answer = (path, head.to_owned(), body.as_bytes().to_vec());
        scene.liar.lie(|lies| lies.instead.push(answer));
        let code = scene.outcome().await;
        let is_refused = ["provider_failed", "provider_unreachable"].contains(&code);
        assert!(is_refused, "{path} {head}: {code}");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    for path in ["/.well-known/openid-configuration", "/keys", "/token"] {
        let scene = Scene::new().await;
        scene.liar.lie(|lies| lies.hangs = Some(path));
        assert_eq!("provider_unreachable", scene.outcome().await, "{path}");
    }
}

#[tokio::test]
async fn userinfo_of_somebody_else_is_refused() {
    let scene = Scene::new().await;
    let without = json!({"email": null, "email_verified": null});
    scene.liar.lie(|lies| {
        lies.claims = without.clone();
        lies.user_info =
            Some(json!({"sub": "2", "email": "victim@acme.test", "email_verified": true}));
    });
    assert_eq!("provider_unverified", scene.outcome().await);
    assert_eq!("userinfo_unverified", scene.reason().await);
    scene.liar.lie(|lies| {
        lies.claims = without.clone();
        lies.user_info =
            Some(json!({"sub": "1", "email": "eve@acme.test", "preferred_username": "changed"}));
    });
    assert_eq!("signed in", scene.outcome().await);
    let signed_in = scene.stage.last("sign_in.succeeded").await.account.unwrap();
    let key = tidegate_control_plane::account::AccountKey::Id(signed_in);
    let account = scene.stage.account(key).await.unwrap();
    assert_eq!(
        "eve", account.username,
        "what is signed goes before what is not"
    );
    assert_eq!(Some("eve@acme.test"), account.email.as_deref());
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_once_in_a_while() {
    let scene = Scene::new().await;
    let head = "503 Service Unavailable".to_owned();
    scene.liar.lie(|lies| {
        lies.instead
            .push(("/.well-known/openid-configuration", head, Vec::new()));
    });
    for _ in 0..5 {
        scene.outcome().await;
    }
    assert_eq!(1, scene.liar.paths().len());
    scene.liar.lie(|lies| lies.instead.clear());
    scene.stage.later(11);
    assert_eq!("signed in", scene.outcome().await);
    let before = scene.liar.paths().len();
    assert_eq!("signed in", scene.outcome().await);
    assert_eq!(before + 1, scene.liar.paths().len(), "only the token");
}

/// Unknown keys cost the provider one request in a while, whatever tokens name.
#[tokio::test]
async fn tokens_of_unknown_keys_do_not_hammer_the_provider() {
    let scene = Scene::new().await;
    scene
        .liar
        .lie(|lies| lies.signature = Signature::UnknownKey);
    for _ in 0..5 {
        assert_eq!("provider_unverified", scene.outcome().await);
    }
    let keys = scene
        .liar
        .paths()
        .iter()
        .filter(|path| *path == "/keys")
        .count();
    assert_eq!(1, keys);
}
