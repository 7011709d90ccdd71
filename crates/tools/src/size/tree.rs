//! An answer taken apart, to be written again with bounds. Scalars but texts stay as they were written.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::value::RawValue;
use tidegate_protocol::Members;

/// What stands at the end of a text that was cut.
const MARK: &str = "…[cut]";

/// What lies deeper is taken as a whole: settings that Superset stores have any depth, and a stack has not.
const MAX_DEPTH: usize = 64;

/// A JSON value.
pub(super) enum Tree<'a> {
    /// A number, a boolean, null, or what lies too deep.
    Other(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Tree<'a>>),
    Object(Vec<(Cow<'a, str>, Tree<'a>)>),
}

/// How much of it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of a text.
    pub(super) texts: usize,
    /// Members of an object and items of a list, the outermost object aside.
    pub(super) members: usize,
}

impl Bounds {
    /// All of it.
    pub(super) const NONE: Self = Self {
        texts: usize::MAX,
        members: usize::MAX,
    };

    /// Texts of at most so many bytes.
    pub(super) const fn texts(bytes: usize) -> Self {
        Self {
            texts: bytes,
            ..Self::NONE
        }
    }
}

/// What was written.
pub(super) struct Written {
    pub(super) text: String,
    /// Places of texts that were cut, such as `rows[0].body`.
    pub(super) cut: Vec<String>,
    /// Places of objects and lists that were shortened, how much is there, and of how much.
    pub(super) shortened: Vec<(String, usize, usize)>,
}

impl<'a> Tree<'a> {
    /// `None`: the text is no JSON.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        Self::at_depth(text, 0)
    }

    fn at_depth(text: &'a str, depth: usize) -> Option<Self> {
        if depth == MAX_DEPTH {
            return Some(Self::Other(text));
        }
        let depth = depth + 1;
        Some(match text.trim_start().as_bytes().first()? {
            b'{' => {
                let Members(members) = Members::of(text)?;
                let members = members.into_iter().map(|(name, value)| match value {
                    Cow::Borrowed(value) => Some((name, Self::at_depth(value.get(), depth)?)),
                    Cow::Owned(_) => None,
                });
                Self::Object(members.collect::<Option<_>>()?)
            }
            b'[' => {
                let items: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
                let items = items
                    .into_iter()
                    .map(|item| Self::at_depth(item.get(), depth));
                Self::List(items.collect::<Option<_>>()?)
            }
            b'"' => Self::Text(serde_json::from_str(text).ok()?),
            _ => Self::Other(text.trim()),
        })
    }

    /// The largest number of members or items anywhere below the outermost object.
    pub(super) fn widest(&self) -> usize {
        let of_children = |children: &mut dyn Iterator<Item = &Self>| {
            children
                .map(|child| child.width().max(child.widest()))
                .max()
        };
        match self {
            Self::List(items) => of_children(&mut items.iter()),
            Self::Object(members) => of_children(&mut members.iter().map(|(_, member)| member)),
            Self::Other(_) | Self::Text(_) => None,
        }
        .unwrap_or(0)
    }

    fn width(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Object(members) => members.len(),
            Self::Other(_) | Self::Text(_) => 0,
        }
    }

    /// Writes it within bounds. `None` once it is longer than `room` bytes.
    pub(super) fn write(&self, bounds: Bounds, room: usize) -> Option<Written> {
        let mut writer = Writer {
            bounds,
            room,
            path: String::new(),
            written: Written {
                text: String::new(),
                cut: Vec::new(),
                shortened: Vec::new(),
            },
        };
        writer.value(self, true)?;
        Some(writer.written)
    }
}

struct Writer {
    bounds: Bounds,
    room: usize,
    path: String,
    written: Written,
}

impl Writer {
    fn value(&mut self, tree: &Tree<'_>, is_outermost: bool) -> Option<()> {
        match tree {
            Tree::Other(text) => self.written.text.push_str(text),
            Tree::Text(text) => self.text(text),
            Tree::List(items) => {
                self.written.text.push('[');
                let shown = self.shown(items.len(), is_outermost);
                for (index, item) in items.iter().take(shown).enumerate() {
                    let path = self.path.len();
                    let _ = write!(self.path, "[{index}]");
                    self.separate(index);
                    self.value(item, false)?;
                    self.path.truncate(path);
                }
                self.written.text.push(']');
            }
            Tree::Object(members) => {
                self.written.text.push('{');
                let shown = self.shown(members.len(), is_outermost);
                for (index, (name, member)) in members.iter().take(shown).enumerate() {
                    let path = self.path.len();
                    let dot = if self.path.is_empty() { "" } else { "." };
                    let _ = write!(self.path, "{dot}{name}");
                    self.separate(index);
                    self.quoted(name);
                    self.written.text.push(':');
                    self.value(member, false)?;
                    self.path.truncate(path);
                }
                self.written.text.push('}');
            }
        }
        (self.written.text.len() <= self.room).then_some(())
    }

    fn shown(&mut self, of: usize, is_outermost: bool) -> usize {
        if is_outermost || of <= self.bounds.members {
            return of;
        }
        let shown = self.bounds.members;
        self.written.shortened.push((self.path.clone(), shown, of));
        shown
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.written.text.push(',');
        }
    }

    fn text(&mut self, text: &str) {
        if text.len() <= self.bounds.texts {
            self.quoted(text);
            return;
        }
        let kept = self.bounds.texts.saturating_sub(MARK.len());
        let kept = &text[..text.floor_char_boundary(kept)];
        self.quoted(&format!("{kept}{MARK}"));
        self.written.cut.push(self.path.clone());
    }

    fn quoted(&mut self, text: &str) {
        let quoted = serde_json::to_string(text).expect("a string serializes into memory");
        self.written.text.push_str(&quoted);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_bounds_every_byte_comes_back() {
        for text in [
            r#"{"z":1.0,"a":[1e400,-0,12345678901234567890123],"m":{"b":null,"a":true},"":"é\n\u0000"}"#,
            "{}",
            r#"{"a":[],"b":{}}"#,
        ] {
            let written = Tree::of(text)
                .unwrap()
                .write(Bounds::NONE, text.len())
                .unwrap();
            assert_eq!(text, written.text);
            assert!(
                Tree::of(text)
                    .unwrap()
                    .write(Bounds::NONE, text.len() - 1)
                    .is_none()
            );
        }
    }

    #[test]
    fn bounds_cut_texts_and_members_and_tell_where() {
        let text =
            r#"{"rows":[{"id":1,"body":"aaaaaaaaaaaaaaaaaaaa","c":3}],"n":[1,2,3],"x":1,"y":2}"#;
        let bounds = Bounds {
            texts: 12,
            members: 2,
        };
        let written = Tree::of(text).unwrap().write(bounds, 1000).unwrap();
        assert_eq!(
            r#"{"rows":[{"id":1,"body":"aaaa…[cut]"}],"n":[1,2],"x":1,"y":2}"#,
            written.text
        );
        assert_eq!(["rows[0].body"], *written.cut);
        assert_eq!(
            [("rows[0]".to_owned(), 2, 3), ("n".to_owned(), 2, 3)],
            *written.shortened
        );
    }

    #[test]
    fn what_lies_deep_is_left_as_it_is() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = format!(r#"{{"a":{deep}}}"#);
        let written = Tree::of(&text)
            .unwrap()
            .write(Bounds::NONE, text.len())
            .unwrap();
        assert_eq!(text, written.text);
    }

    proptest! {
        #[test]
        fn whatever_is_json_comes_back_as_it_is(texts in proptest::collection::vec("\\PC{0,12}", 0..6), numbers in proptest::collection::vec(any::<f64>(), 0..6)) {
            let value = serde_json::json!({ "texts": texts, "deep": [{ "numbers": numbers }] });
            let text = value.to_string();
            prop_assert_eq!(&text, &Tree::of(&text).unwrap().write(Bounds::NONE, text.len()).unwrap().text);
        }
    }
}
