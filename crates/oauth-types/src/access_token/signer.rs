use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use tidegate_types::{ExposeSecret, SecretString};

use super::{AccessTokenClaims, TYPE};
use crate::jose::Algorithm;

/// A signing key that was just made.
pub struct NewKey {
    /// What tokens name it by: its thumbprint (RFC 7638).
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The private key (PKCS #8, DER).
    pub pkcs8: Vec<u8>,
    /// The public key (RFC 7517), with `kid`, `alg` and `use`.
    pub public_jwk: Value,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Why a signing key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Access tokens are signed with ES256 or RS256.
    #[error("signing keys are for ES256 or RS256")]
    Algorithm,
    /// Not a private key of the algorithm in PKCS #8.
    #[error("the private key is damaged or of another algorithm")]
    Key,
    /// The cryptographic library failed.
    #[error("the key could not be made or used")]
    Library,
}

enum KeyPairOf {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

/// Signs access tokens with one key. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    kid: Arc<str>,
    /// The header in base64url, the same for each token.
    header: Arc<str>,
    algorithm: Algorithm,
    key: Arc<EncodingKey>,
}

impl Signer {
    /// Makes a key. RSA keys have 2048 bits and take a while: not on a thread that others wait for.
    ///
    /// # Errors
    /// Another algorithm than ES256 and RS256, or the library failed.
    pub fn generate(algorithm: Algorithm) -> Result<NewKey, SigningKeyError> {
        let library = |_| SigningKeyError::Library;
        let pair = match algorithm {
            Algorithm::Es256 => KeyPairOf::Es256(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(library)?,
            ),
            Algorithm::Rs256 => {
                KeyPairOf::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).map_err(library)?)
            }
            _ => return Err(SigningKeyError::Algorithm),
        };
        let pkcs8 = match &pair {
            KeyPairOf::Es256(pair) => pair.to_pkcs8v1().map_err(library)?.as_ref().to_vec(),
            KeyPairOf::Rs256(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)
                .map_err(library)?
                .as_ref()
                .to_vec(),
        };
        let mut public_jwk = pair.public_members();
        let kid = thumbprint(&public_jwk);
        public_jwk["kid"] = json!(kid);
        public_jwk["alg"] = json!(algorithm);
        public_jwk["use"] = json!("sig");
        Ok(NewKey {
            kid,
            algorithm,
            pkcs8,
            public_jwk,
        })
    }

    /// A signer of a kept key.
    ///
    /// # Errors
    /// The key is not one of the algorithm.
    pub fn from_pkcs8(
        kid: &str,
        algorithm: Algorithm,
        der: &[u8],
    ) -> Result<Self, SigningKeyError> {
        // Read once by the cryptographic library, so that a damaged key is found here and not with the first token.
        let key = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                .map_err(|_| SigningKeyError::Key)
                .map(|_| EncodingKey::from_ec_der(der))?,
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(der)
                .map_err(|_| SigningKeyError::Key)
                .and_then(|_| rsa_key(der))?,
            _ => return Err(SigningKeyError::Algorithm),
        };
        let header = json!({ "alg": algorithm, "kid": kid, "typ": TYPE }).to_string();
        Ok(Self {
            kid: kid.into(),
            header: URL_SAFE_NO_PAD.encode(header).into(),
            algorithm,
            key: Arc::new(key),
        })
    }

    /// The key that it signs with.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// An access token.
    ///
    /// # Errors
    /// The library failed.
    pub fn sign(&self, claims: &AccessTokenClaims) -> Result<SecretString, SigningKeyError> {
        let payload = serde_json::to_vec(claims).map_err(|_| SigningKeyError::Library)?;
        let mut token = String::with_capacity(1024);
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.signature_of(token.as_bytes())?;
        token.push('.');
        token.push_str(&signature);
        Ok(token.into())
    }
}

impl Signer {
    /// In base64url.
    pub(crate) fn signature_of(&self, message: &[u8]) -> Result<String, SigningKeyError> {
        jsonwebtoken::crypto::sign(message, &self.key, self.algorithm.in_library())
            .map_err(|_| SigningKeyError::Library)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl KeyPairOf {
    /// The members that the thumbprint is made of.
    fn public_members(&self) -> Value {
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Es256(pair) => {
                // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "crv": "P-256", "kty": "EC", "x": number(x), "y": number(y) })
            }
            Self::Rs256(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "e": number(&public.e), "kty": "RSA", "n": number(&public.n) })
            }
        }
    }
}

/// An RSA key for the library, which takes PKCS #8 only as PEM.
fn rsa_key(pkcs8: &[u8]) -> Result<EncodingKey, SigningKeyError> {
    let pem = SecretString::from(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8)
    ));
    EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).map_err(|_| SigningKeyError::Key)
}

/// RFC 7638 §3, for which the members stand in alphabetical order above.
fn thumbprint(members: &Value) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.to_string().as_bytes()))
}
