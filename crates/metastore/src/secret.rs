//! Passwords as Superset stores them: SQLAlchemy-Utils' `EncryptedType`, keyed by SHA-256 of `SECRET_KEY`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidegate_types::{ExposeSecret, SecretString};

/// What Superset leaves in a URI in the place of the password.
const MASK: &str = "XXXXXXXXXX";
const BLOCK: usize = 16;
const NONCE: usize = 12;

/// Why a stored secret cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The text is not Base64 of whole blocks.
    #[error("it is not encrypted in a way that Superset uses")]
    Form,
    /// What comes out is no text, or its tag does not fit.
    #[error("it was encrypted with another secret key")]
    Key,
    /// The cipher refused the key or the text.
    #[error("the cipher failed")]
    Cipher,
}

fn key(secret_key: &SecretString) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, secret_key.expose_secret().as_bytes()).as_ref());
    key
}

/// Decrypts what either engine stored. The default (`AesEngine`: CBC, the key's first half as the IV,
/// padded with `*`) has nothing to prove the key right but that text comes out; `AesGcmEngine` has a tag.
/// So the latter is tried first where the length allows it.
pub fn decrypt(secret_key: &SecretString, stored: &[u8]) -> Result<SecretString, SecretError> {
    let bytes = STANDARD
        .decode(stored.trim_ascii())
        .map_err(|_| SecretError::Form)?;
    let key = key(secret_key);
    if bytes.len() >= NONCE + BLOCK
        && let Some(text) = decrypt_gcm(&key, &bytes)
    {
        return Ok(text);
    }
    if bytes.is_empty() || bytes.len() % BLOCK != 0 {
        return Err(if bytes.len() >= NONCE + BLOCK {
            SecretError::Key
        } else {
            SecretError::Form
        });
    }
    decrypt_cbc(&key, bytes)
}

/// Nonce (12), tag (16), ciphertext.
fn decrypt_gcm(key: &[u8; 32], bytes: &[u8]) -> Option<SecretString> {
    let (nonce, rest) = bytes.split_at(NONCE);
    let (tag, ciphertext) = rest.split_at(BLOCK);
    let mut sealed = ciphertext.to_vec();
    sealed.extend_from_slice(tag);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let open = key
        .open_in_place(
            Nonce::try_assume_unique_for_key(nonce).ok()?,
            Aad::empty(),
            &mut sealed,
        )
        .ok()?;
    String::from_utf8(open.to_vec())
        .ok()
        .map(SecretString::from)
}

fn initial(key: &[u8; 32]) -> FixedLength<BLOCK> {
    let mut iv = [0; BLOCK];
    iv.copy_from_slice(&key[..BLOCK]);
    FixedLength::from(iv)
}

fn decrypt_cbc(key: &[u8; 32], mut bytes: Vec<u8>) -> Result<SecretString, SecretError> {
    let cipher = UnboundCipherKey::new(&AES_256, key)
        .and_then(DecryptingKey::cbc)
        .map_err(|_| SecretError::Cipher)?;
    let open = cipher
        .decrypt(&mut bytes, DecryptionContext::Iv128(initial(key)))
        .map_err(|_| SecretError::Cipher)?;
    let text = std::str::from_utf8(open).map_err(|_| SecretError::Key)?;
    Ok(SecretString::from(text.trim_end_matches('*').to_owned()))
}

/// Encrypts as Superset's default engine does, so that a real Superset can read it. The form cannot keep
/// a text that ends in `*`.
pub fn encrypt(secret_key: &SecretString, text: &SecretString) -> Result<Vec<u8>, SecretError> {
    let key = key(secret_key);
    let mut bytes = text.expose_secret().as_bytes().to_vec();
    if bytes.last() == Some(&b'*') {
        return Err(SecretError::Form);
    }
    bytes.resize(bytes.len().next_multiple_of(BLOCK), b'*');
    let cipher = UnboundCipherKey::new(&AES_256, &key)
        .and_then(EncryptingKey::cbc)
        .map_err(|_| SecretError::Cipher)?;
    cipher
        .less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(initial(&key)))
        .map_err(|_| SecretError::Cipher)?;
    Ok(STANDARD.encode(bytes).into_bytes())
}

/// Puts the password in the place of the mask. A URI without a user, or with a password of its own and
/// none stored, stays as it is; a mask without a stored password goes.
pub(crate) fn with_password(uri: &str, password: Option<&SecretString>) -> SecretString {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return SecretString::from(uri.to_owned());
    };
    // The user part ends at the last @ before the path; a password in it has its own @ encoded.
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some(at) = rest[..authority_end].rfind('@') else {
        return SecretString::from(uri.to_owned());
    };
    let (user_part, after) = (&rest[..at], &rest[at..]);
    let (user, own) = user_part
        .split_once(':')
        .map_or((user_part, None), |(user, own)| (user, Some(own)));
    let password = match (password, own) {
        (Some(stored), _) => Some(percent_encode(stored.expose_secret())),
        (None, Some(MASK) | None) => None,
        (None, Some(own)) => Some(own.to_owned()),
    };
    SecretString::from(match password {
        Some(password) => format!("{scheme}://{user}:{password}{after}"),
        None => format!("{scheme}://{user}{after}"),
    })
}

/// Everything but RFC 3986's unreserved characters.
fn percent_encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
            encoded
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The password `superset` as a real Superset 6.1 stored it under this key.
    const STORED: &[u8] = b"fonM2ISn3zF6TDKKDyc3SQ==";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn superset_key() -> SecretString {
        secret("peer-secret-key-0123456789-abcdefghijklmnop")
    }

    #[test]
    fn a_password_that_superset_stored_is_read() {
        assert_eq!(
            "superset",
            decrypt(&superset_key(), STORED).unwrap().expose_secret()
        );
    }

    #[test]
    fn what_is_encrypted_here_is_what_superset_would_store() {
        assert_eq!(
            STORED,
            encrypt(&superset_key(), &secret("superset")).unwrap()
        );
        let long = secret("a password that is longer than one block: ✓");
        assert_eq!(
            long.expose_secret(),
            decrypt(&superset_key(), &encrypt(&superset_key(), &long).unwrap())
                .unwrap()
                .expose_secret()
        );
    }

    #[test]
    fn the_gcm_engine_is_read_too() {
        // Made with SQLAlchemy-Utils' layout: nonce, tag, ciphertext.
        let bytes = key(&superset_key());
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).unwrap());
        let mut text = b"hunter2".to_vec();
        let nonce = [7; NONCE];
        let tag = cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut text,
            )
            .unwrap();
        let stored = STANDARD.encode([nonce.as_slice(), tag.as_ref(), &text].concat());
        assert_eq!(
            "hunter2",
            decrypt(&superset_key(), stored.as_bytes())
                .unwrap()
                .expose_secret()
        );
    }

    #[test]
    fn another_key_or_another_form_is_an_error() {
        assert!(decrypt(&secret("another key"), STORED).is_err());
        assert_eq!(
            Some(SecretError::Form),
            decrypt(&superset_key(), b"plain text!").err()
        );
        assert_eq!(Some(SecretError::Form), decrypt(&superset_key(), b"").err());
    }

    #[test]
    fn the_password_takes_the_place_of_the_mask() {
        let put = |uri: &str, password: Option<&str>| {
            with_password(uri, password.map(secret).as_ref())
                .expose_secret()
                .to_owned()
        };
        assert_eq!(
            "pg://u:p%40%2Fw@h:1/d",
            put("pg://u:XXXXXXXXXX@h:1/d", Some("p@/w"))
        );
        assert_eq!("pg://u@h/d", put("pg://u:XXXXXXXXXX@h/d", None));
        assert_eq!("pg://u:own@h/d", put("pg://u:own@h/d", None));
        assert_eq!("sqlite:////a/b@c.db", put("sqlite:////a/b@c.db", Some("x")));
        assert_eq!("not a uri", put("not a uri", Some("x")));
    }
}
