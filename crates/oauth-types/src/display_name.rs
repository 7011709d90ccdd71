//! Names that strangers choose and people read.

/// Characters of a name.
const MOST_CHARACTERS: usize = 200;

/// A name fit to be shown: control characters, invisible ones and those that turn the direction of what follows are
/// taken out, runs of spaces become one, and it is cut to 200 characters. `None` when nothing is left.
///
/// Letters of all scripts stay, so one name can look like another: a name proves nothing, the host beside it does.
pub fn display_name(text: &str) -> Option<String> {
    let visible: String = text
        .chars()
        .map(|char| if char.is_whitespace() { ' ' } else { char })
        .filter(|char| !is_unseen(*char))
        // Enough for any name, so that a long text costs no more.
        .take(MOST_CHARACTERS * 4)
        .collect();
    let words: Vec<&str> = visible.split(' ').filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().take(MOST_CHARACTERS).collect();
    let name = name.trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Controls, formats (bidirectional, joiners, tags), fillers that look like nothing, private use, non-characters.
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "Claude Code (my-server)",
            "Zoë's “Agent” <3 & co.",
            "会議アシスタント",
            "مساعد",
            "mcp-remote 0.1.29 🚀",
        ] {
            assert_eq!(Some(name), display_name(name).as_deref());
        }
    }

    #[test]
    fn what_is_not_seen_is_taken_out() {
        assert_eq!(
            Some("Claude .com"),
            display_name(" \u{202e}Clau\u{200b}de\t\r\n\u{0}\u{1b} \u{2066}.com\u{e0041}\u{feff} ")
                .as_deref()
        );
    }

    #[test]
    fn a_name_of_nothing_is_none() {
        for nothing in ["", "  \n", "\u{200b}\u{202e}", "\u{3164}\u{2800}"] {
            assert_eq!(None, display_name(nothing), "{nothing:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = display_name(&"é ".repeat(100_000)).unwrap();
        assert!(name.chars().count() <= MOST_CHARACTERS && name.ends_with('é'));
    }
}
