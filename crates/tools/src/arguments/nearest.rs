//! What a misspelt name meant.

/// The candidate that a misspelt name surely meant, if there is one.
///
/// Near is: equal but for case and separators; few edits for its length (Damerau-Levenshtein, at most a
/// third of the letters); or one begins the other (`col`, `column`) or ends it as whole words (`columns`,
/// `select_columns`).
pub(crate) fn nearest<'a>(
    came: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    if came.is_empty() || came.len() > 100 {
        return None;
    }
    let plain = |text: &str| {
        text.chars()
            .filter(|letter| letter.is_alphanumeric())
            .collect::<String>()
            .to_lowercase()
    };
    let letters = |text: &str| text.chars().count();
    let came_plain = plain(came);
    if came_plain.is_empty() {
        return None;
    }
    let came = came.to_ascii_lowercase();
    let distance = |candidate: &str| {
        let candidate_plain = plain(candidate);
        let (came_letters, letters) = (letters(&came_plain), letters(&candidate_plain));
        let most = letters.max(came_letters) / 3;
        // At least these: one edit changes the length by one at most.
        let mut edits = letters.abs_diff(came_letters);
        if edits <= most {
            edits = strsim::damerau_levenshtein(&came_plain, &candidate_plain);
        }
        if edits <= most {
            return Some(edits);
        }
        let is_part = |part: &str, whole: &str| {
            part.len() >= 3
                && (whole.starts_with(part)
                    || whole
                        .strip_suffix(part)
                        .is_some_and(|rest| rest.ends_with('_')))
        };
        // Worse than any misspelling.
        (is_part(&came, candidate) || is_part(candidate, &came)).then_some(100 + edits)
    };
    candidates
        .filter_map(|candidate| Some((distance(candidate)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}
