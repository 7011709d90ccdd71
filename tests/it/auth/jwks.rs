//! Keys that the issuer publishes, and exchanges.

use jsonwebtoken::{Algorithm, Header};
use serde_json::json;
use tidegate_testkit::ports::free_port;

use super::bearer::{claims, ping};
use super::issuer::{Issuer, KeyServer};
use crate::harness::{OneNode, OneNodeBuilder};

fn by_jwks(url: &str) -> OneNodeBuilder {
    OneNode::builder()
        .set("AUTH__JWT__ALGORITHM", "RS256")
        .unset("AUTH__JWT__SECRET")
        .set("AUTH__JWT__JWKS_URI", url)
}

#[tokio::test]
async fn keys_are_fetched_once_and_unknown_ids_do_not_fetch_them_again_at_once() {
    let (ours, theirs) = (Issuer::new("ours"), Issuer::new("theirs"));
    let server = KeyServer::start(&[&ours]).await;
    let node = by_jwks(&server.url()).start().await;
    for _ in 0..5 {
        assert_eq!(
            200,
            ping(&node, &ours.sign(&claims(json!({}))))
                .await
                .status()
                .as_u16()
        );
    }
    assert_eq!(1, server.asked());
    for _ in 0..20 {
        assert_eq!(
            401,
            ping(&node, &theirs.sign(&claims(json!({}))))
                .await
                .status()
                .as_u16()
        );
    }
    // The first fetch was just now: `jwks_min_refetch_secs` holds whatever ids tokens name.
    assert_eq!(1, server.asked());
    // A known id does not make a key.
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("ours".to_owned());
    let forged = theirs.sign_as(&header, &claims(json!({})));
    assert_eq!(401, ping(&node, &forged).await.status().as_u16());
}

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let server = KeyServer::start(&[&old]).await;
    let node = by_jwks(&server.url())
        .set("AUTH__JWT__JWKS_MIN_REFETCH_SECS", "1")
        .start()
        .await;
    assert_eq!(
        200,
        ping(&node, &old.sign(&claims(json!({}))))
            .await
            .status()
            .as_u16()
    );
    server.publish(&[&new]);
    let token = new.sign(&claims(json!({})));
    crate::harness::eventually("the new key is fetched", async || {
        (ping(&node, &token).await.status().as_u16() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_is_503_and_no_refusal() {
    let issuer = Issuer::new("away");
    let node = by_jwks(&format!("http://127.0.0.1:{}/keys", free_port()))
        .set("AUTH__JWT__JWKS_TIMEOUT_MS", "500")
        .start()
        .await;
    let reply = ping(&node, &issuer.sign(&claims(json!({})))).await;
    assert_eq!(503, reply.status().as_u16());
    assert!(reply.header("retry-after").is_some());
    assert!(reply.header("www-authenticate").is_none());
    let told = reply.json().await["error"]["message"].to_string();
    assert!(told.contains("cannot be checked now"), "{told}");
}
