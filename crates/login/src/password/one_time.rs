use aws_lc_rs::rand;
use tidegate_types::SecretString;

use crate::SignInError;

/// Lower case and digits that nobody mistakes for each other; 31 of them.
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP: usize = 5;

/// A password to be typed once: four groups of five characters, 99 bits.
pub(crate) fn one_time_password() -> Result<SecretString, SignInError> {
    let mut drawn = String::with_capacity(GROUPS * (GROUP + 1));
    let mut count = 0;
    let mut bytes = [0; 32];
    while count < GROUPS * GROUP {
        rand::fill(&mut bytes)
            .map_err(|_| SignInError::Internal("no random bytes for a password".into()))?;
        // Bytes above the largest multiple of 31 are thrown away, so that each character is as likely.
        for byte in bytes.iter().filter(|byte| **byte < 248) {
            if count < GROUPS * GROUP {
                if count > 0 && count % GROUP == 0 {
                    drawn.push('-');
                }
                drawn.push(char::from(ALPHABET[usize::from(byte % 31)]));
                count += 1;
            }
        }
    }
    Ok(drawn.into())
}

#[cfg(test)]
mod tests {
    use tidegate_types::ExposeSecret;

    use super::*;
    use crate::password::is_good_choice;

    #[test]
    fn it_is_four_groups_and_never_the_same() {
        let first = one_time_password().unwrap();
        let groups: Vec<&str> = first.expose_secret().split('-').collect();
        assert_eq!(4, groups.len());
        assert!(groups.iter().all(|group| group.len() == 5));
        assert_eq!(Ok(()), is_good_choice(first.expose_secret(), &["admin"]));
        assert_ne!(
            first.expose_secret(),
            one_time_password().unwrap().expose_secret()
        );
    }
}
