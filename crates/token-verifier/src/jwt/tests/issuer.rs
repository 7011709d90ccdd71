//! An issuer of tokens with a key of its own, and a server of key sets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// RSA keys are slow to make, so tests share two.
pub(super) static FIRST: LazyLock<Issuer> = LazyLock::new(|| Issuer::new("first"));
pub(super) static SECOND: LazyLock<Issuer> = LazyLock::new(|| Issuer::new("second"));

pub(super) struct Issuer {
    pub(super) key_id: &'static str,
    key: KeyPair,
}

impl Issuer {
    fn new(key_id: &'static str) -> Self {
        Self {
            key_id,
            key: KeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.key_id.to_owned());
        self.sign_as(&header, claims)
    }

    pub(super) fn sign_as(&self, header: &Header, claims: &Value) -> String {
        let der: Pkcs8V1Der<'_> = self.key.as_der().unwrap();
        let pem = pem("PRIVATE KEY", der.as_ref());
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }

    pub(super) fn public_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.key.public_key().as_der().unwrap();
        pem("PUBLIC KEY", der.as_ref())
    }

    pub(super) fn jwk(&self) -> Value {
        let key = self.key.public_key();
        json!({
            "kty": "RSA",
            "kid": self.key_id,
            "use": "sig",
            "alg": "RS256",
            "n": URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
        })
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

pub(super) fn sign_with_secret(secret: &[u8], claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// A token of claims as they are written.
pub(super) fn sign_text_with_secret(secret: &[u8], claims: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

/// A token put together by hand: for headers that no library writes.
pub(super) fn by_hand(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(header),
        part(claims),
        URL_SAFE_NO_PAD.encode(signature)
    )
}

/// Serves whatever answer is set, over real HTTP.
pub(super) struct KeyServer {
    pub(super) uri: String,
    answer: Arc<Mutex<String>>,
    requests: Arc<AtomicUsize>,
    /// A permit lets one answer out.
    gate: Arc<Semaphore>,
}

impl KeyServer {
    /// A server whose answers wait for [`KeyServer::open_gate`].
    pub(super) async fn start_closed(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            uri: format!("http://{}/jwks.json", listener.local_addr().unwrap()),
            answer: Arc::default(),
            requests: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        };
        server.serve(keys);
        let answer = Arc::clone(&server.answer);
        let requests = Arc::clone(&server.requests);
        let gate = Arc::clone(&server.gate);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                if stream.read(&mut request).await.unwrap_or(0) == 0 {
                    continue;
                }
                requests.fetch_add(1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                let answer = answer.lock().unwrap().clone();
                // The client may have hung up, which some tests want.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        server
    }

    pub(super) async fn start(keys: &[Value]) -> Self {
        let server = Self::start_closed(keys).await;
        server.open_gate();
        server
    }

    pub(super) fn open_gate(&self) {
        self.gate.add_permits(10_000);
    }

    pub(super) fn serve(&self, keys: &[Value]) {
        self.answer(200, &json!({ "keys": keys }).to_string());
    }

    pub(super) fn answer(&self, status: u16, body: &str) {
        self.raw(format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ));
    }

    pub(super) fn raw(&self, answer: String) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}
