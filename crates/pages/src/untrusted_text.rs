use std::fmt;

/// Text of somebody we do not know (a client's name, a host, an e-mail address), made safe to stand in a sentence: one line, no
/// control or invisible characters, no bidirectional overrides, bounded. HTML is escaped by the templates, which also
/// put it into `<bdi>`, so that right-to-left letters turn nothing around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UntrustedText(String);

impl UntrustedText {
    /// What fits into a heading.
    const MOST_CHARS: usize = 80;

    /// What languages put on one letter; more climbs over the lines above.
    const MOST_MARKS: usize = 2;

    /// A name or another short text: at most 80 characters.
    pub fn new(text: &str) -> Self {
        Self::bounded(text, Self::MOST_CHARS)
    }

    /// A longer text: at most this many characters.
    pub fn bounded(text: &str, most_chars: usize) -> Self {
        let mut shown = String::new();
        let (mut chars, mut marks, mut is_word_over) = (0, 0, false);
        for char in text.chars() {
            if char.is_whitespace() {
                is_word_over = !shown.is_empty();
                continue;
            }
            marks = if is_mark(char) { marks + 1 } else { 0 };
            if is_unseen(char) || marks > Self::MOST_MARKS {
                continue;
            }
            let added = 1 + usize::from(is_word_over);
            if chars + added > most_chars {
                shown.push('…');
                break;
            }
            if std::mem::take(&mut is_word_over) {
                shown.push(' ');
            }
            shown.push(char);
            chars += added;
        }
        Self(shown)
    }

    /// As [`new`](Self::new), or the other text when nothing that can be seen is left.
    pub fn or(text: &str, otherwise: &str) -> Self {
        let shown = Self::new(text);
        if shown.0.is_empty() {
            Self::new(otherwise)
        } else {
            shown
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for UntrustedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Combining marks of the blocks that are for any letter.
fn is_mark(char: char) -> bool {
    matches!(char,
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Characters that take no space of their own or turn the text around them: controls, format characters, fillers
/// that render as blanks, variation selectors, tags, and what is for private use.
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}' | '\u{ffa0}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
            | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        for (came, shown) in [
            ("Claude Code (my-server)", "Claude Code (my-server)"),
            ("  two\n\tlines  ", "two lines"),
            ("Claude\u{202e}edualC", "ClaudeedualC"),
            ("\u{2066}a\u{2069}\u{200f}b\u{feff}", "ab"),
            ("C\u{0}l\u{1b}[31maude", "Cl[31maude"),
            ("Z\u{300}\u{301}\u{302}\u{489}algo", "Z\u{300}\u{301}algo"),
            ("\u{3164}\u{2800}\u{200b}", ""),
            ("José 株式会社 مرحبا", "José 株式会社 مرحبا"),
        ] {
            assert_eq!(shown, UntrustedText::new(came).as_str(), "{came:?}");
        }
    }

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        let long = UntrustedText::new(&"ab ".repeat(5_000));
        assert_eq!(format!("{}ab…", "ab ".repeat(26)), long.as_str());
        assert_eq!("ab", UntrustedText::bounded("ab ", 2).as_str());
    }

    #[test]
    fn a_name_without_a_visible_character_is_replaced() {
        assert_eq!(
            "An app",
            UntrustedText::or("\u{200b}\u{3164}", "An app").as_str()
        );
    }
}
