//! How one answer becomes shorter. Members keep their order, and numbers their text.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tidegate_protocol::Members;

use super::tree::{Bounds, Tree};

/// What fits of an answer.
pub(super) struct Shortened {
    pub(super) text: String,
    pub(super) is_json: bool,
}

/// Where the note about what is missing stands: at the end.
const NOTE: &str = "_truncated";
/// Texts are never cut below this many bytes, since less tells nothing.
const LEAST_TEXT: usize = 40;
/// Places that a note names.
const MAX_NAMED: usize = 20;

/// The most of an answer that fits `room` bytes: first the tails of its lists go, but for one item each, then the
/// ends of long texts, then the last members of wide objects and other lists. `None`: the answer is no object, or
/// nothing helps.
pub(super) fn object(text: &str, paths: &[&str], room: usize, advice: &str) -> Option<Shortened> {
    let answer = Members::of(text)?;
    let mut lists: Vec<List<'_>> = paths
        .iter()
        .filter_map(|path| List::at(&answer, path))
        .collect();
    let mut note = Note::new(advice);
    let rest = note.longest(&lists) + text.len() + lists.len() * "[]".len()
        - lists.iter().map(|list| list.text).sum::<usize>();
    // The first list goes first; what a later one leaves is given back to the earlier ones.
    for _ in 0..2 {
        for at in 0..lists.len() {
            let others: usize = lists
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, list)| list.length())
                .sum();
            lists[at].keep_within(room.saturating_sub(rest + others));
        }
    }
    for list in &lists {
        note.list(list.path, list.kept, list.items.len());
    }
    let rendered = render(&answer, &lists, &[]);
    let tree = Tree::of(rendered.get())?;
    if lists.iter().any(List::is_shorter)
        && let Some(text) = finish(&tree, Bounds::NONE, &note, room)
    {
        return Some(text);
    }
    cut_texts(&tree, &note, room).or_else(|| drop_members(&tree, &note, room))
}

/// The start of a text that is no JSON.
pub(super) fn plain_text(text: &str, room: usize, advice: &str) -> Option<Shortened> {
    let end = format!(
        "\n… [{} of {} bytes are left out; {advice}]",
        text.len(),
        text.len()
    );
    let kept = text.floor_char_boundary(room.checked_sub(end.len())?);
    let left_out = text.len() - kept;
    let text = format!(
        "{}\n… [{left_out} of {} bytes are left out; {advice}]",
        &text[..kept],
        text.len()
    );
    Some(Shortened {
        text,
        is_json: false,
    })
}

/// A list that may lose its tail.
struct List<'a> {
    path: &'a str,
    items: Vec<&'a RawValue>,
    /// Bytes of the first so many items with their commas.
    sums: Vec<usize>,
    /// Bytes of the list as it stands in the answer.
    text: usize,
    kept: usize,
}

impl<'a> List<'a> {
    /// The list at a dotted path, unless it is empty.
    fn at(answer: &Members<'a>, path: &'a str) -> Option<Self> {
        let list = find(answer, path)?;
        let items: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
        let mut sums = Vec::with_capacity(items.len() + 1);
        sums.push(0);
        for item in &items {
            sums.push(sums[sums.len() - 1] + item.get().len() + 1);
        }
        (!items.is_empty()).then_some(Self {
            path,
            kept: items.len(),
            items,
            sums,
            text: list.get().len(),
        })
    }

    /// Bytes of what is kept, without the brackets.
    fn length(&self) -> usize {
        self.sums[self.kept]
    }

    /// Keeps as many items as fit, and at least one.
    fn keep_within(&mut self, room: usize) {
        let fits = self.sums.partition_point(|sum| *sum <= room);
        self.kept = fits.saturating_sub(1).max(1);
    }

    fn is_shorter(&self) -> bool {
        self.kept < self.items.len()
    }
}

/// The member at a dotted path, as the text has it.
fn find<'a>(answer: &Members<'a>, path: &str) -> Option<&'a RawValue> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Cow::Borrowed(value) = answer.get(name)? else {
        return None;
    };
    match rest {
        None => Some(value),
        Some(rest) => find(&Members::of(value.get())?, rest),
    }
}

/// The answer with what is kept of its lists. `place` leads to `members`.
fn render(members: &Members<'_>, lists: &[List<'_>], place: &[&str]) -> Box<RawValue> {
    let mut shorter = members.clone();
    for (name, value) in &mut shorter.0 {
        let mut place = place.to_vec();
        place.push(name);
        let path = place.join(".");
        if let Some(list) = lists.iter().find(|list| list.path == path) {
            if list.is_shorter() {
                let kept = &list.items[..list.kept];
                *value = Cow::Owned(
                    serde_json::value::to_raw_value(kept).expect("JSON serializes into memory"),
                );
            }
        } else if lists.iter().any(|list| {
            list.path
                .strip_prefix(&path)
                .is_some_and(|rest| rest.starts_with('.'))
        }) && let Some(inner) = Members::of(value.get())
        {
            *value = Cow::Owned(render(&inner, lists, &place));
        }
    }
    shorter.to_raw()
}

/// The longest texts lose their ends, all at one length, the largest that fits.
fn cut_texts(tree: &Tree<'_>, note: &Note<'_>, room: usize) -> Option<Shortened> {
    let attempt = |length: usize| finish(tree, Bounds::texts(length), note, room);
    let mut best = attempt(LEAST_TEXT)?;
    let (mut fits, mut too_long) = (LEAST_TEXT, room.max(LEAST_TEXT + 1));
    // Halving ends at about one percent of the room: exactness is not worth another pass over the answer.
    while too_long - fits > (fits / 64).max(16) {
        let middle = fits.midpoint(too_long);
        match attempt(middle) {
            Some(text) => (fits, best) = (middle, text),
            None => too_long = middle,
        }
    }
    Some(best)
}

/// The last resort: objects and lists below the answer's own members lose their ends too, all at one number, the
/// largest that fits. So a row of very many columns and the list of its columns keep the same ones.
fn drop_members(tree: &Tree<'_>, note: &Note<'_>, room: usize) -> Option<Shortened> {
    let attempt = |most: usize| {
        let bounds = Bounds {
            members: most,
            ..Bounds::texts(LEAST_TEXT)
        };
        finish(tree, bounds, note, room)
    };
    let mut best = attempt(1)?;
    let (mut fits, mut too_many) = (1, tree.widest().max(2));
    while too_many - fits > 1 {
        let middle = fits.midpoint(too_many);
        match attempt(middle) {
            Some(text) => (fits, best) = (middle, text),
            None => too_many = middle,
        }
    }
    Some(best)
}

/// The answer as text with its note, if that fits.
fn finish(tree: &Tree<'_>, bounds: Bounds, note: &Note<'_>, room: usize) -> Option<Shortened> {
    let written = tree.write(bounds, room)?;
    let mut note = note.clone();
    for (path, shown, of) in written.shortened {
        note.list(&path, shown, of);
    }
    note.texts(&written.cut);
    let mut text = written.text;
    // The tree is an object, so that the text ends with its brace.
    text.pop();
    let comma = if text.ends_with('{') { "" } else { "," };
    // Writing to a string does not fail.
    let _ = write!(text, "{comma}\"{NOTE}\":{}}}", note.to_json());
    (text.len() <= room).then_some(Shortened {
        text,
        is_json: true,
    })
}

/// What is left out, and how to get it.
#[derive(Clone)]
struct Note<'a> {
    left_out: Map<String, Value>,
    advice: &'a str,
}

impl<'a> Note<'a> {
    fn new(advice: &'a str) -> Self {
        Self {
            left_out: Map::new(),
            advice,
        }
    }

    /// A list or an object that shows only its first items or members.
    fn list(&mut self, path: &str, shown: usize, of: usize) {
        if shown < of && self.left_out.len() < MAX_NAMED {
            self.left_out
                .insert(path.to_owned(), json!({ "shown": shown, "of": of }));
        }
    }

    /// Texts that are cut, by their places.
    fn texts(&mut self, cut: &[String]) {
        if cut.is_empty() {
            return;
        }
        let mut named: Vec<Cow<'_, str>> = cut
            .iter()
            .take(MAX_NAMED)
            .map(|path| tidegate_types::shortened(path, 100))
            .collect();
        if cut.len() > MAX_NAMED {
            named.push(format!("and {} more", cut.len() - MAX_NAMED).into());
        }
        self.left_out
            .insert("ends_of_texts".to_owned(), json!(named));
    }

    fn to_json(&self) -> Value {
        json!({ "left_out": self.left_out, "to_get_the_rest": self.advice })
    }

    /// Bytes of the note, with its comma and name, when lists alone lose items.
    fn longest(&self, lists: &[List<'_>]) -> usize {
        let mut note = self.clone();
        for list in lists {
            let length = list.items.len();
            note.list(list.path, length.saturating_sub(1), length);
        }
        note.to_json().to_string().len() + NOTE.len() + ",\"\":".len()
    }
}
