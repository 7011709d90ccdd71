//! What an identity provider sends back, or whoever says that they are one.

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Browser, OneNode, form_of};

/// A provider that says where it is, and no more.
async fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let own = issuer.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, own.clone()));
        }
    });
    issuer
}

async fn answer(mut stream: TcpStream, issuer: String) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut more = [0; 1024];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&more[..count]),
        }
    }
    let body: Value = if request.starts_with(b"GET /.well-known/") {
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": true,
        })
    } else {
        json!({ "keys": [] })
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all((head + &body).as_bytes()).await;
}

#[tokio::test]
async fn an_answer_in_the_name_of_another_issuer_is_a_bad_request_and_says_so() {
    let issuer = provider().await;
    let node = OneNode::builder()
        .own_tokens()
        .set("SIGN_IN__PROVIDERS__REAL__ISSUER", &issuer)
        .set("SIGN_IN__PROVIDERS__REAL__CLIENT_ID", "tidegate")
        .start()
        .await;
    let without_code = form_of([("iss", issuer.as_str())]);
    for (answer, words) in [
        (
            "code=c&iss=https%3A%2F%2Fother.example",
            "not from the provider that the sign-in was begun with",
        ),
        (
            "code=c&iss=",
            "not from the provider that the sign-in was begun with",
        ),
        (&*without_code, "answer is incomplete"),
    ] {
        let mut browser = Browser::new(&node.url(), vec![node.url()]);
        let begun = browser.get("/sign-in/real").await;
        assert_eq!(StatusCode::SEE_OTHER, begun.status, "{}", begun.html);
        let to = begun.headers["location"].to_str().unwrap();
        let to = Url::parse(to).unwrap();
        let state = to.query_pairs().find(|(name, _)| name == "state");
        let state = state.unwrap().1.into_owned();
        let back = format!("/sign-in/real/callback?state={state}&{answer}");
        let page = browser.get(&back).await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{answer}");
        assert!(page.html.contains(words), "{answer}: {}", page.html);
    }
}

#[tokio::test]
async fn a_refusal_whose_words_have_lines_is_told_as_one_and_its_words_to_nobody() {
    let issuer = provider().await;
    let node = OneNode::builder()
        .own_tokens()
        .set("SIGN_IN__PROVIDERS__REAL__ISSUER", &issuer)
        .set("SIGN_IN__PROVIDERS__REAL__CLIENT_ID", "tidegate")
        .start()
        .await;
    let mut browser = Browser::new(&node.url(), vec![node.url()]);
    let begun = browser.get("/sign-in/real").await;
    let to = Url::parse(begun.headers["location"].to_str().unwrap()).unwrap();
    let state = to.query_pairs().find(|(name, _)| name == "state");
    let (iss, state) = (form_of([("iss", issuer.as_str())]), state.unwrap().1);
    let back = format!(
        "/sign-in/real/callback?state={state}&{iss}&error=access_denied&error_description=zebra%0D%0Azebra"
    );
    let page = browser.get(&back).await;
    assert_eq!(StatusCode::FORBIDDEN, page.status, "{}", page.html);
    let says_so = page.html.contains("The provider did not agree");
    assert!(says_so && !page.html.contains("zebra"), "{}", page.html);
}
