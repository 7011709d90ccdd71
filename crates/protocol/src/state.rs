//! Sealed `requestState` (2026-07-28, multi round-trip requests): what a tool wants back unchanged goes
//! through the client, who is free to change it. So it is encrypted and bound to who asked for what.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much sealed state a client may send back.
pub const MAX_STATE_BYTES: usize = 64 * 1024;

/// What sealed state belongs to. State sealed for one binding does not open for another.
#[derive(Debug, Clone, Serialize)]
pub struct Binding<'a> {
    /// The workspace.
    pub workspace: &'a str,
    /// The user's id in it.
    pub user: i64,
    /// The method, such as `tools/call`.
    pub method: &'a str,
    /// The tool, prompt or resource.
    pub target: &'a str,
    /// The arguments, or what stands for them.
    pub arguments: &'a str,
}

/// State that does not open: changed, for something else, or too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("requestState is not one that this server gave for this request, or it is too old")]
pub struct InvalidState;

/// Seals and opens state with AES-256-GCM. Nodes that serve each other's clients share the key.
pub struct StateSealer {
    key: LessSafeKey,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    expires_unix_secs: i64,
    state: Value,
}

impl StateSealer {
    /// From a key of 32 bytes.
    ///
    /// # Panics
    /// Never: the length is the algorithm's.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("AES-256 keys have 32 bytes");
        Self {
            key: LessSafeKey::new(key),
        }
    }

    /// From a secret of any length.
    pub fn from_secret(secret: &str) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(
            digest(
                &SHA256,
                format!("tidegate requestState\n{secret}").as_bytes(),
            )
            .as_ref(),
        );
        Self::new(&key)
    }

    /// With a key that nobody else has: for one node.
    ///
    /// # Panics
    /// When the operating system gives no random numbers.
    pub fn random() -> Self {
        let mut key = [0; 32];
        rand::fill(&mut key).expect("the operating system gives random numbers");
        Self::new(&key)
    }

    /// Seals `state` until `expires_unix_secs`.
    ///
    /// # Panics
    /// When the operating system gives no random numbers.
    pub fn seal(&self, binding: &Binding<'_>, state: Value, expires_unix_secs: i64) -> String {
        let sealed = Sealed {
            expires_unix_secs,
            state,
        };
        let mut bytes = serde_json::to_vec(&sealed).expect("a JSON value serializes");
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).expect("the operating system gives random numbers");
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                aad(binding),
                &mut bytes,
            )
            .expect("state is far below the limit of AES-GCM");
        let mut out = nonce.to_vec();
        out.append(&mut bytes);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// Opens what [`Self::seal`] made for the same binding.
    ///
    /// # Errors
    /// [`InvalidState`], without saying why.
    pub fn open(
        &self,
        binding: &Binding<'_>,
        sealed: &str,
        now_unix_secs: i64,
    ) -> Result<Value, InvalidState> {
        if sealed.len() > MAX_STATE_BYTES {
            return Err(InvalidState);
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| InvalidState)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(InvalidState)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| InvalidState)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, aad(binding), &mut body)
            .map_err(|_| InvalidState)?;
        let sealed: Sealed = serde_json::from_slice(plain).map_err(|_| InvalidState)?;
        if sealed.expires_unix_secs > now_unix_secs {
            Ok(sealed.state)
        } else {
            Err(InvalidState)
        }
    }
}

fn aad(binding: &Binding<'_>) -> Aad<Vec<u8>> {
    let text = serde_json::to_vec(binding).expect("text and numbers serialize");
    Aad::from(digest(&SHA256, &text).as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const BINDING: Binding<'_> = Binding {
        workspace: "acme",
        user: 7,
        method: "tools/call",
        target: "ask",
        arguments: "{}",
    };

    #[test]
    fn state_opens_only_for_what_it_was_sealed_for() {
        let sealer = StateSealer::new(&[7; 32]);
        let sealed = sealer.seal(&BINDING, json!({ "step": 1 }), 100);
        assert_eq!(Ok(json!({ "step": 1 })), sealer.open(&BINDING, &sealed, 99));
        assert_eq!(
            Err(InvalidState),
            sealer.open(&BINDING, &sealed, 100),
            "too old"
        );
        for other in [
            Binding {
                workspace: "rival",
                ..BINDING
            },
            Binding { user: 8, ..BINDING },
            Binding {
                target: "other",
                ..BINDING
            },
            Binding {
                arguments: "{\"a\":1}",
                ..BINDING
            },
        ] {
            assert_eq!(Err(InvalidState), sealer.open(&other, &sealed, 1));
        }
        assert_eq!(
            Err(InvalidState),
            StateSealer::new(&[8; 32]).open(&BINDING, &sealed, 1),
            "another key"
        );
    }

    #[test]
    fn the_client_cannot_read_it() {
        let sealed = StateSealer::random().seal(&BINDING, json!("a-secret-word"), 100);
        let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"secret"));
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(at in 0_usize..60, with in 1_u8..=255) {
            let sealer = StateSealer::new(&[7; 32]);
            let mut bytes = URL_SAFE_NO_PAD.decode(sealer.seal(&BINDING, json!({ "step": 1 }), 100)).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= with;
            prop_assert_eq!(Err(InvalidState), sealer.open(&BINDING, &URL_SAFE_NO_PAD.encode(bytes), 1));
        }
    }
}
