//! Secrets are in answers and nowhere else.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tidegate_authorization_server::Authorize;
use tidegate_types::ExposeSecret;

use crate::bench::{
    Bench, LOOPBACK, VERIFIER, code_of, code_request, parameters, peer, public_metadata,
    refresh_token, text,
};

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_log_nor_audit_nor_debug_shows_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let bench = Bench::start().await;
    let mut metadata = public_metadata(LOOPBACK);
    metadata["token_endpoint_auth_method"] = json!("client_secret_post");
    let registered = bench.register(metadata).await;
    let (client, secret) = (
        text(&registered, "client_id"),
        text(&registered, "client_secret"),
    );
    let asked = bench.authorize(&client, &[]).await;
    let mut shown = vec![format!("{asked:?}")];
    let Authorize::Consent { transaction } = asked else {
        panic!("{shown:?}");
    };
    let code = code_of(&bench.allow(&transaction, "mcp:read").await);
    shown.push(format!("{:?}", Authorize::Redirect(code.clone())));
    let mut request = code_request(&code);
    request.push(("client_secret", &secret));
    let reply = bench.token(&client, &request).await.unwrap();
    shown.push(format!("{reply:?}"));
    let refresh = refresh_token(&reply);
    let access = reply.access_token.expose_secret().to_owned();
    // Refusals with all of them in the wrong place.
    for token in [&refresh, &access, &code, &secret, &transaction] {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            ("client_secret", &secret),
        ];
        let outcome = bench.token(&client, &pairs).await;
        shown.push(format!("{outcome:?}"));
        let pairs = [
            ("client_id", client.as_str()),
            ("client_secret", token),
            ("token", token),
        ];
        let outcome = bench
            .server
            .revoke(None, &parameters(&pairs), &peer())
            .await;
        shown.push(format!("{outcome:?}"));
        let outcome = bench.server.consent(token, &bench.ana()).await;
        shown.push(format!("{outcome:?}"));
        shown.push(format!("{:?}", bench.refused(token, &[]).await));
        let outcome = bench
            .server
            .registration(&client, Some(token), &peer())
            .await;
        shown.push(format!("{outcome:?}"));
    }
    shown.push(format!("{:?} {:?}", bench.server, bench.events("").await));
    let shown = shown.concat();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a request was refused"), "the log is there");
    let registration_token = text(&registered, "registration_access_token");
    for secret in [
        &transaction,
        &code,
        &secret,
        &refresh,
        &access,
        &registration_token,
        &VERIFIER.to_owned(),
    ] {
        assert!(!log.contains(secret.as_str()), "in the log: {secret}");
        assert!(!shown.contains(secret.as_str()), "shown: {secret}\n{shown}");
    }
}
