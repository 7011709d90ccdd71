//! Which passwords may be chosen.

use zxcvbn::{Score, zxcvbn};

/// Longer ones are refused before anything is computed of them.
pub(crate) const MOST_BYTES: usize = 1_024;
pub(crate) const LEAST_BYTES: usize = 8;
/// Beyond these nothing gets weaker, and the estimate takes time with the square of the length.
const ESTIMATED_CHARACTERS: usize = 100;

/// Checks a password that somebody chooses; `related` is what others know of them: names and addresses. The text of
/// a refusal says what would be right.
pub(crate) fn is_good_choice(password: &str, related: &[&str]) -> Result<(), String> {
    if password.len() < LEAST_BYTES {
        return Err(format!(
            "the password is too short: take at least {LEAST_BYTES} characters"
        ));
    }
    if password.len() > MOST_BYTES {
        return Err(format!(
            "the password is too long: take at most {MOST_BYTES} bytes"
        ));
    }
    if is_made_of(password, related) {
        return Err(
            "the password is made of your name or address: take words that have nothing to do with you"
                .to_owned(),
        );
    }
    let start: String = password.chars().take(ESTIMATED_CHARACTERS).collect();
    let mut known = vec!["tidegate", "superset"];
    known.extend(related.iter().flat_map(|text| {
        text.split(|character: char| !character.is_alphanumeric())
            .chain([*text])
            .filter(|part| !part.is_empty())
    }));
    // 3: safe against somebody who tries 10,000 a second, as OWASP asks; the back-off lets through far fewer.
    if zxcvbn(&start, &known).score() < Score::Three {
        return Err(
            "the password is easily guessed: take several uncommon words, or more characters that follow no pattern"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether little is left without what is known of the person. The estimate below takes two known words and a dot
/// between them for three unknown ones.
fn is_made_of(password: &str, related: &[&str]) -> bool {
    const LEAST_REST: usize = 6;
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let mut parts: Vec<String> = related
        .iter()
        .flat_map(|text| text.split(|character: char| !character.is_alphanumeric()))
        .map(plain)
        .filter(|part| part.chars().count() > 2)
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let mut rest = plain(password);
    let whole = rest.len();
    for part in parts {
        rest = rest.replace(&part, "");
    }
    rest.len() < whole && rest.chars().count() < LEAST_REST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_short_and_personal_passwords_are_refused() {
        for weak in [
            "",
            "short",
            "password",
            "Password1!",
            "P@ssw0rd2026",
            "12345678",
            "aaaaaaaaaaaaaaaa",
            "qwertzuiop",
            "qwertyuiop123",
            "superset",
            "Tidegate2026",
            "Alice.Liddell",
            "liddell-alice1",
            "wonderland.test",
            "19840527",
        ] {
            let related = ["alice", "alice@wonderland.test", "Alice Liddell"];
            assert!(is_good_choice(weak, &related).is_err(), "{weak}");
        }
    }

    #[test]
    fn long_and_strange_passwords_are_taken() {
        for good in [
            "correct horse battery staple",
            "fJ7#kd0-2mXq",
            "密码学很有意思而且很难猜到",
            "the tide leaves the gate at 4 sharp",
            // Nobody is kept from a name in a long one.
            "alice likes 47 purple trombones",
        ] {
            assert_eq!(Ok(()), is_good_choice(good, &["alice"]), "{good}");
        }
    }

    #[test]
    fn the_bounds_are_bytes() {
        assert!(is_good_choice(&"fJ7#kd0-2mXq".repeat(86), &[]).is_err());
        assert!(is_good_choice("fJ7#kd0", &[]).is_err());
    }

    #[test]
    fn a_refusal_never_repeats_the_password() {
        for weak in ["hunter2", "password123"] {
            let text = is_good_choice(weak, &[]).unwrap_err();
            assert!(!text.contains(weak));
        }
    }
}
