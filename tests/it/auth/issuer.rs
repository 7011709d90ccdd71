//! An issuer of RS256 tokens, and a server of its keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A key pair with an id.
pub(super) struct Issuer {
    pub(super) key_id: &'static str,
    key: KeyPair,
}

impl Issuer {
    pub(super) fn new(key_id: &'static str) -> Self {
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
        let key = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", der.as_ref()).as_bytes()).unwrap();
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }

    pub(super) fn public_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.key.public_key().as_der().unwrap();
        pem("PUBLIC KEY", der.as_ref())
    }

    fn jwk(&self) -> Value {
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
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

/// An HTTP server of one key set, which can be exchanged.
pub(super) struct KeyServer {
    address: std::net::SocketAddr,
    keys: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    pub(super) async fn start(issuers: &[&Issuer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            keys: Arc::default(),
            asked: Arc::default(),
        };
        server.publish(issuers);
        let (keys, asked) = (Arc::clone(&server.keys), Arc::clone(&server.asked));
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let body = keys.lock().unwrap().clone();
                asked.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let read = connection.read(&mut request).await.unwrap_or(0);
                assert!(request[..read].starts_with(b"GET /keys "));
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{body}",
                    body.len()
                );
                // Whoever hung up needs no answer.
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        server
    }

    /// Serves these keys from now on.
    pub(super) fn publish(&self, issuers: &[&Issuer]) {
        let keys: Vec<Value> = issuers.iter().map(|issuer| issuer.jwk()).collect();
        *self.keys.lock().unwrap() = json!({ "keys": keys }).to_string();
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    /// How often the keys were asked for.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
