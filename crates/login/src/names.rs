//! Names: how what was typed is compared, and what new accounts are called.

use aws_lc_rs::rand;

/// The longest name or address that somebody has (RFC 5321 §4.5.3.1.3).
const MOST_TYPED_BYTES: usize = 254;
/// Room for what makes a name unique, within the manager's 64.
const MOST_DERIVED_BYTES: usize = 48;
const SUFFIX: usize = 6;
/// Names that people take for the deployment's own.
const RESERVED: [&str; 6] = [
    "admin",
    "administrator",
    "root",
    "system",
    "tidegate",
    "superset",
];

/// A name as it is compared: without blanks around it, in lower case. `None`: nobody is called that.
pub(crate) fn typed(name: &str) -> Option<String> {
    let name = name.trim();
    let is_possible =
        !name.is_empty() && name.len() <= MOST_TYPED_BYTES && !name.chars().any(char::is_control);
    is_possible.then(|| name.to_lowercase())
}

/// What an account is to be called whose name comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Derived {
    base: String,
    /// Whether the name is the wanted one in lower case. Only then may it be had without a suffix: otherwise two
    /// who are called differently could be one here, and act as one in a Superset.
    is_exact: bool,
}

impl Derived {
    /// `owned_address`: an address that is known to be theirs, and may be their name as it is.
    pub(crate) fn from(wanted: &str, owned_address: Option<&str>) -> Self {
        let folded = wanted.trim().to_lowercase();
        let is_own = owned_address.is_some_and(|address| address.to_lowercase() == folded);
        // Somebody else's address must not be anybody's name: people sign in by their address, too.
        let kept = match folded.split_once('@') {
            Some((local, _)) if !is_own => local,
            _ => folded.as_str(),
        };
        let base: String = kept
            .chars()
            .map(|character| {
                if is_allowed(character) {
                    character
                } else {
                    '-'
                }
            })
            .take(MOST_DERIVED_BYTES)
            .collect();
        let base = base.trim_matches('-').to_owned();
        let is_exact = base == folded && !RESERVED.contains(&base.as_str());
        if base.is_empty() {
            return Self {
                base: "user".to_owned(),
                is_exact: false,
            };
        }
        Self { base, is_exact }
    }

    /// The name itself, where it may be had.
    pub(crate) fn exact(&self) -> Option<&str> {
        self.is_exact.then_some(self.base.as_str())
    }

    /// Another name that nobody can foresee, and so nobody can make it that of a Superset's user.
    pub(crate) fn with_suffix(&self) -> Option<String> {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = [0; SUFFIX];
        rand::fill(&mut bytes).ok()?;
        let base = self.base.split('@').next().unwrap_or_default();
        let mut name = format!("{base}-");
        name.extend(
            bytes
                .iter()
                .map(|byte| char::from(LETTERS[usize::from(byte % 32)])),
        );
        Some(name)
    }
}

/// Whether an account may be called this, which is in lower case.
pub(crate) fn is_account_name(name: &str) -> bool {
    const MOST_CHARACTERS: usize = 64;
    (1..=MOST_CHARACTERS).contains(&name.len()) && name.chars().all(is_allowed)
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_lowercase()
        || character.is_ascii_digit()
        || matches!(character, '.' | '_' | '-' | '+' | '@')
}

/// What pages show: printable, of a length that fits, never empty.
pub(crate) fn shown(name: Option<&str>, otherwise: &str) -> String {
    const MOST_CHARACTERS: usize = 100;
    let clean: String = name
        .unwrap_or_default()
        .chars()
        .filter(|character| !is_invisible(*character))
        .take(MOST_CHARACTERS)
        .collect();
    let clean = clean.trim();
    if clean.is_empty() {
        otherwise.to_owned()
    } else {
        clean.to_owned()
    }
}

/// Characters that make one name look like another: controls, marks that turn the direction of text, joiners.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_and_case_do_not_count() {
        assert_eq!(Some("alice"), typed(" Alice ").as_deref());
        assert_eq!(typed("ALICE@Example.COM"), typed("alice@example.com"));
        for nobody in ["", "  ", "a\0b", "a\nb", &"a".repeat(255)] {
            assert_eq!(None, typed(nobody));
        }
    }

    #[test]
    fn a_plain_name_is_kept_and_others_get_what_nobody_foresees() {
        let exact = |wanted: &str, owned: Option<&str>| {
            Derived::from(wanted, owned).exact().map(str::to_owned)
        };
        assert_eq!(Some("alice.l"), exact("Alice.L", None).as_deref());
        assert_eq!(
            Some("alice@acme.test"),
            exact("Alice@acme.test", Some("alice@ACME.test")).as_deref()
        );
        // Each of these could be made to fall together with another's name.
        for wanted in [
            "alice@partner.test",
            "alice@acme.test\u{200b}",
            "böss",
            "bo ss",
            "boss-",
            "admin",
            "Administrator",
            "",
            "@",
            "🦀",
            &"a".repeat(60),
        ] {
            let derived = Derived::from(wanted, Some("alice@acme.test"));
            assert_eq!(None, derived.exact(), "{wanted}");
            let name = derived.with_suffix().unwrap();
            assert!(name.len() <= 64 && !name.contains('@'), "{name}");
            assert!(name.chars().all(is_allowed), "{name}");
            assert_ne!(name, derived.with_suffix().unwrap());
        }
    }

    #[test]
    fn what_pages_show_hides_nothing() {
        assert_eq!("Alice", shown(Some(" A\u{202e}l\u{0}ice\n"), "x"));
        assert_eq!("alice", shown(Some(" \u{200b} "), "alice"));
        assert_eq!("alice", shown(None, "alice"));
        assert_eq!(100, shown(Some(&"a".repeat(1_000)), "x").len());
    }

    proptest! {
        /// What the manager takes as a name, whatever a provider says.
        #[test]
        fn any_name_becomes_one_that_an_account_may_have(wanted in "\\PC{0,80}", owned in proptest::option::of("[a-z@.]{0,20}")) {
            let derived = Derived::from(&wanted, owned.as_deref());
            let names = [derived.exact().map(str::to_owned), derived.with_suffix()];
            for name in names.into_iter().flatten() {
                prop_assert!((1..=64).contains(&name.len()), "{name}");
                prop_assert!(name.chars().all(is_allowed), "{name}");
            }
            // A name that is had as it is, is what was asked for.
            if let Some(exact) = derived.exact() {
                prop_assert_eq!(exact, wanted.trim().to_lowercase());
            }
        }
    }
}
