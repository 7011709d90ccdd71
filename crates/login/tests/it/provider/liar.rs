//! A provider that says what a test makes it say.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const SECRET: &str = "the secret of the client, known to the provider";

/// What it says. All true as it is made.
pub(crate) struct Lies {
    /// Laid over the discovery document; `null` takes a field away.
    pub(crate) discovery: Value,
    /// The nonce that a sign-in sent.
    pub(crate) nonce: String,
    /// Laid over the claims of the ID token.
    pub(crate) claims: Value,
    /// What signs it.
    pub(crate) signature: Signature,
    /// `userinfo`, which is not offered without.
    pub(crate) user_info: Option<Value>,
    /// Instead of the answer to a path: status, header lines, body.
    pub(crate) instead: Vec<(&'static str, String, Vec<u8>)>,
    /// A path that is never answered.
    pub(crate) hangs: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Right,
    /// Another key under the name of the right one.
    OtherKey,
    /// Another key under a name that is in no key set.
    UnknownKey,
    /// `alg: none`.
    Absent,
    /// HS256 with the client's secret.
    ClientSecret,
    /// HS256 with the public key, which everybody has.
    PublicKey,
    /// Right, over other claims.
    Moved,
}

pub(crate) struct Liar {
    pub(crate) issuer: String,
    pub(crate) lies: Arc<Mutex<Lies>>,
    /// Method, path and body of what it was asked.
    pub(crate) asked: Arc<Mutex<Vec<(String, String)>>>,
}

struct Keys {
    pair: EcdsaKeyPair,
    other: EcdsaKeyPair,
}

impl Liar {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let lies = Arc::new(Mutex::new(Lies {
            discovery: json!({}),
            nonce: String::new(),
            claims: json!({}),
            signature: Signature::Right,
            user_info: None,
            instead: Vec::new(),
            hangs: None,
        }));
        let asked = Arc::default();
        let generate = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let keys = Arc::new(Keys {
            pair: generate(),
            other: generate(),
        });
        let liar = Self {
            issuer: issuer.clone(),
            lies: Arc::clone(&lies),
            asked: Arc::clone(&asked),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answerer = Answerer {
                    issuer: issuer.clone(),
                    lies: Arc::clone(&lies),
                    asked: Arc::clone(&asked),
                    keys: Arc::clone(&keys),
                };
                tokio::spawn(answerer.serve(stream));
            }
        });
        liar
    }

    pub(crate) fn lie(&self, change: impl FnOnce(&mut Lies)) {
        change(&mut self.lies.lock());
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked
            .lock()
            .iter()
            .map(|(path, _)| path.clone())
            .collect()
    }
}

struct Answerer {
    issuer: String,
    lies: Arc<Mutex<Lies>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
    keys: Arc<Keys>,
}

impl Answerer {
    async fn serve(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let (path, body) = loop {
            let mut chunk = [0; 4_096];
            let Ok(length @ 1..) = stream.read(&mut chunk).await else {
                return;
            };
            request.extend_from_slice(&chunk[..length]);
            let text = String::from_utf8_lossy(&request);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse::<usize>().unwrap());
            if body.len() >= length {
                let path = head.split(' ').nth(1).unwrap().to_owned();
                break (path, body.to_owned());
            }
        };
        self.asked.lock().push((path.clone(), body));
        if self.lies.lock().hangs == Some(path.as_str()) {
            // Longer than anybody waits.
            std::future::pending::<()>().await;
        }
        let answer = self.answer(&path);
        // The other side may have had enough.
        let _ = stream.write_all(&answer).await;
    }

    fn answer(&self, path: &str) -> Vec<u8> {
        let lies = self.lies.lock();
        if let Some((_, head, body)) = lies.instead.iter().find(|(at, ..)| *at == path) {
            let length = body.len();
            let head =
                format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            return [head.as_bytes(), body].concat();
        }
        let body = match path {
            "/.well-known/openid-configuration" => self.discovery(&lies),
            "/keys" => json!({"keys": [self.public_key()]}),
            "/token" => json!({
                "access_token": "at", "token_type": "Bearer", "expires_in": 60,
                "id_token": self.id_token(&lies),
            }),
            "/userinfo" => lies.user_info.clone().unwrap_or_default(),
            _ => Value::Null,
        };
        let body = body.to_string();
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn discovery(&self, lies: &Lies) -> Value {
        let issuer = &self.issuer;
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        });
        if lies.user_info.is_some() {
            document["userinfo_endpoint"] = json!(format!("{issuer}/userinfo"));
        }
        lay_over(&mut document, &lies.discovery);
        document
    }

    fn public_key(&self) -> Value {
        // An uncompressed point: 4, x, y.
        let point = self.keys.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "right",
            "x": encode(&point[1..33]),
            "y": encode(&point[33..]),
        })
    }

    fn id_token(&self, lies: &Lies) -> String {
        let now = chrono_now();
        let mut claims = json!({
            "iss": self.issuer, "sub": "1", "aud": "tidegate", "iat": now, "exp": now + 300,
            "nonce": lies.nonce, "preferred_username": "eve", "email": "eve@acme.test", "email_verified": true, "name": "Eve",
        });
        lay_over(&mut claims, &lies.claims);
        let (algorithm, key_id) = match lies.signature {
            Signature::Right | Signature::OtherKey | Signature::Moved => ("ES256", Some("right")),
            Signature::UnknownKey => ("ES256", Some("unknown")),
            Signature::Absent => ("none", None),
            Signature::ClientSecret | Signature::PublicKey => ("HS256", None),
        };
        let header = json!({"alg": algorithm, "kid": key_id, "typ": "JWT"});
        let part = |value: &Value| encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = match lies.signature {
            Signature::Right => sign(&self.keys.pair, &signed),
            Signature::OtherKey | Signature::UnknownKey => sign(&self.keys.other, &signed),
            Signature::Absent => Vec::new(),
            Signature::ClientSecret => mac(SECRET.as_bytes(), &signed),
            Signature::PublicKey => mac(self.keys.pair.public_key().as_ref(), &signed),
            Signature::Moved => sign(&self.keys.pair, &format!("{}.e30", part(&header))),
        };
        format!("{signed}.{}", encode(&signature))
    }
}

fn lay_over(document: &mut Value, over: &Value) {
    for (name, value) in over.as_object().unwrap() {
        if value.is_null() {
            document.as_object_mut().unwrap().remove(name);
        } else {
            document[name] = value.clone();
        }
    }
}

fn sign(key: &EcdsaKeyPair, text: &str) -> Vec<u8> {
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    signature.as_ref().to_vec()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    aws_lc_rs::hmac::sign(&key, text.as_bytes())
        .as_ref()
        .to_vec()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Tests' clocks stand still at about now.
pub(crate) fn chrono_now() -> i64 {
    tidegate_types::Clock::unix_secs(&tidegate_types::SystemClock)
}
