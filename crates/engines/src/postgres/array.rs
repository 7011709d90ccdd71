//! PostgreSQL's text form of arrays (manual §8.15.6), turned into JSON text.

/// What the elements are in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Written as it stands, with every digit.
    Number,
    /// `t` and `f`.
    Bool,
    /// Quoted.
    Text,
}

/// `{1,2,NULL}` becomes `[1, 2, null]`. `None` when the text is no array.
pub(super) fn to_json(text: &str, element: Element) -> Option<String> {
    // `[2:3]={1,2}` gives the bounds first.
    let body = match text.strip_prefix('[') {
        Some(_) => text.split_once('=')?.1,
        None => text,
    };
    let mut json = String::with_capacity(body.len() + 16);
    let mut chars = body.chars().peekable();
    let mut depth = 0usize;
    let mut needs_comma = false;
    while let Some(c) = chars.next() {
        match c {
            '{' => {
                separate(&mut json, needs_comma);
                json.push('[');
                depth += 1;
                needs_comma = false;
            }
            '}' => {
                depth = depth.checked_sub(1)?;
                json.push(']');
                needs_comma = true;
            }
            ',' => {}
            '"' => {
                let mut item = String::new();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => item.push(chars.next()?),
                        other => item.push(other),
                    }
                }
                separate(&mut json, needs_comma);
                json.push_str(&serde_json::to_string(&item).ok()?);
                needs_comma = true;
            }
            first => {
                let mut item = String::from(first);
                while let Some(next) = chars.next_if(|c| !matches!(c, ',' | '}')) {
                    item.push(next);
                }
                separate(&mut json, needs_comma);
                json.push_str(&plain(&item, element)?);
                needs_comma = true;
            }
        }
    }
    (depth == 0 && !json.is_empty()).then_some(json)
}

fn separate(json: &mut String, needs_comma: bool) {
    if needs_comma {
        json.push_str(", ");
    }
}

fn plain(item: &str, element: Element) -> Option<String> {
    if item == "NULL" {
        return Some("null".to_owned());
    }
    Some(match element {
        Element::Bool => if item == "t" { "true" } else { "false" }.to_owned(),
        // NaN and the infinities have no number in JSON, and are texts as they are outside of arrays.
        Element::Number if item.ends_with(|c: char| c.is_ascii_digit()) => item.to_owned(),
        Element::Number | Element::Text => serde_json::to_string(item).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_become_json() {
        for (text, element, json) in [
            ("{}", Element::Number, "[]"),
            ("{1,2,NULL}", Element::Number, "[1, 2, null]"),
            ("{{1,2},{3,4}}", Element::Number, "[[1, 2], [3, 4]]"),
            ("[2:3]={1,2}", Element::Number, "[1, 2]"),
            (
                "{NaN,1.5,-Infinity,1e-05}",
                Element::Number,
                r#"["NaN", 1.5, "-Infinity", 1e-05]"#,
            ),
            ("{t,f}", Element::Bool, "[true, false]"),
            (
                r#"{a,"b c","d\"e","NULL",NULL}"#,
                Element::Text,
                r#"["a", "b c", "d\"e", "NULL", null]"#,
            ),
        ] {
            assert_eq!(Some(json), to_json(text, element).as_deref(), "{text}");
        }
        let digits = "9".repeat(500);
        assert_eq!(
            Some(format!("[{digits}]")),
            to_json(&format!("{{{digits}}}"), Element::Number)
        );
        assert_eq!(None, to_json("", Element::Text));
        assert_eq!(None, to_json("{1", Element::Number));
    }
}
