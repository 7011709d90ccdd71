//! `tls-server-end-point` (RFC 5929 §4.1): the hash of the server's certificate, which SCRAM proves to have been
//! seen by both ends.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

/// `None` where the certificate's signature names no hash of its own (Ed25519, RSA-PSS), for which the RFC
/// defines nothing.
pub(crate) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = hash_of(signature_algorithm(certificate)?)?;
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// The hash of a signature algorithm by its object identifier. MD5 and SHA-1 count as SHA-256, as the RFC says.
fn hash_of(identifier: &[u8]) -> Option<&'static Algorithm> {
    // 1.2.840.113549.1.1.x, and 1.2.840.10045.4.x.
    const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
    const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04];
    if let Some(rest) = identifier.strip_prefix(RSA) {
        return match rest {
            [4 | 5 | 11] => Some(&SHA256),
            [12] => Some(&SHA384),
            [13] => Some(&SHA512),
            _ => None,
        };
    }
    match identifier.strip_prefix(ECDSA)? {
        [1] | [3, 2] => Some(&SHA256),
        [3, 3] => Some(&SHA384),
        [3, 4] => Some(&SHA512),
        _ => None,
    }
}

/// `Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { algorithm OID, … }, … }`
/// (RFC 5280 §4.1).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const IDENTIFIER: u8 = 0x06;
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (_, rest) = element(certificate, SEQUENCE)?;
    let (algorithm, _) = element(rest, SEQUENCE)?;
    Some(element(algorithm, IDENTIFIER)?.0)
}

/// The content of the first DER element, which must have this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = bytes.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7F))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        (length, rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let mut der = vec![tag, 0x82];
        der.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
        der.extend_from_slice(&body);
        der
    }

    fn certificate(identifier: &[u8]) -> Vec<u8> {
        let algorithm = sequence(0x30, &[&sequence(0x06, &[identifier]), &[5, 0]]);
        sequence(
            0x30,
            &[&sequence(0x30, &[&[7; 300]]), &algorithm, &[3, 1, 0]],
        )
    }

    #[test]
    fn the_hash_is_that_of_the_certificates_signature() {
        for (identifier, length) in [
            (
                &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 5][..],
                Some(32),
            ),
            (
                &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 11],
                Some(32),
            ),
            (
                &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 13],
                Some(64),
            ),
            (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 3, 3], Some(48)),
            // RSA-PSS and Ed25519.
            (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 10], None),
            (&[0x2B, 0x65, 0x70], None),
        ] {
            let hash = server_end_point(&certificate(identifier));
            assert_eq!(length, hash.map(|hash| hash.len()), "{identifier:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 0x80],
            b"-----BEGIN",
        ] {
            assert_eq!(None, server_end_point(bytes));
        }
    }
}
