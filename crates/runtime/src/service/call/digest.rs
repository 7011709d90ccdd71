//! SHA-256 of what serializes, without a copy of it.

use std::io::{self, BufWriter, Write};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;

/// Small pieces are gathered up to so many bytes; a long text goes by.
const GATHERED: usize = 512;

/// The digest of a value's JSON. serde_json keeps the members of objects sorted, so that their order is no part of it.
pub(super) fn sha256_of(value: &impl Serialize) -> [u8; 32] {
    let mut writer = BufWriter::with_capacity(GATHERED, Hashing(Context::new(&SHA256)));
    serde_json::to_writer(&mut writer, value).expect("text and numbers serialize into memory");
    let Hashing(context) = writer
        .into_inner()
        .unwrap_or_else(|_| unreachable!("hashing does not fail"));
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

struct Hashing(Context);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_json() {
        for value in [
            json!({}),
            json!({"sql": "x".repeat(3 * GATHERED), "a": [1, null]}),
        ] {
            let text = value.to_string();
            let expected = aws_lc_rs::digest::digest(&SHA256, text.as_bytes());
            assert_eq!(expected.as_ref(), sha256_of(&value), "{text}");
        }
    }
}
