//! A refresh token's successor, kept so that only who presents the predecessor can read it: a client whose answer was
//! lost gets the same successor again, and a copy of the database shows nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidegate_types::SecretString;

/// Keys of other uses differ by these (RFC 5869 §3).
const SALT: &[u8] = b"tidegate refresh successor 1";
const INFO: &[u8] = b"aes-256-gcm";

/// The successor, readable with the presented token only: base64url of nonce, ciphertext and tag.
///
/// # Panics
/// When the cryptographic library cannot derive a key of 32 bytes or gives no random bytes.
pub fn wrap_successor(presented: &str, successor: &str) -> String {
    let key = key_of(presented);
    let mut sealed = successor.as_bytes().to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut sealed)
        .expect("the operating system gives random bytes");
    let mut wrapped = nonce.as_ref().to_vec();
    wrapped.extend(sealed);
    URL_SAFE_NO_PAD.encode(wrapped)
}

/// The successor that was wrapped for the presented token; `None` when it was wrapped for another, or changed.
pub fn unwrap_successor(presented: &str, wrapped: &str) -> Option<SecretString> {
    let mut bytes = URL_SAFE_NO_PAD.decode(wrapped).ok()?;
    let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let opened = key_of(presented)
        .open_in_place(nonce, Aad::empty(), sealed)
        .ok()?;
    Some(std::str::from_utf8(opened).ok()?.into())
}

fn key_of(presented: &str) -> RandomizedNonceKey {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, SALT)
        .extract(presented.as_bytes())
        .expand(&[INFO], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("HKDF-SHA256 gives 32 bytes");
    RandomizedNonceKey::new(&AES_256_GCM, &key).expect("AES-256 has keys of 32 bytes")
}

#[cfg(test)]
mod tests {
    use tidegate_types::ExposeSecret;

    use super::*;
    use crate::{IssuedSecret, SecretKind};

    fn refresh_token() -> String {
        let issued = IssuedSecret::draw(SecretKind::RefreshToken);
        issued.text.expose_secret().to_owned()
    }

    #[test]
    fn only_the_presented_token_opens_what_was_wrapped_for_it() {
        let (old, new, other) = (refresh_token(), refresh_token(), refresh_token());
        let wrapped = wrap_successor(&old, &new);
        let opened = unwrap_successor(&old, &wrapped).unwrap();
        assert_eq!(new, opened.expose_secret());
        assert!(unwrap_successor(&other, &wrapped).is_none());
        assert!(!wrapped.contains(&new));
    }

    #[test]
    fn a_changed_or_cut_wrapping_does_not_open() {
        let (old, new) = (refresh_token(), refresh_token());
        let wrapped = wrap_successor(&old, &new);
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            let other = if &wrapped[at..=at] == "A" { "B" } else { "A" };
            changed.replace_range(at..=at, other);
            assert!(unwrap_successor(&old, &changed).is_none(), "character {at}");
            assert!(
                unwrap_successor(&old, &wrapped[..at]).is_none(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn the_same_successor_is_never_wrapped_alike() {
        let (old, new) = (refresh_token(), refresh_token());
        assert_ne!(wrap_successor(&old, &new), wrap_successor(&old, &new));
    }
}
