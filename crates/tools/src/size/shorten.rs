//! How one answer becomes shorter.

use serde_json::{Map, Value, json};

/// What fits of an answer.
pub(super) struct Shortened {
    pub(super) text: String,
    pub(super) is_json: bool,
}

/// Where the note about what is missing stands.
const NOTE: &str = "_truncated";
/// What stands at the end of a string that was cut.
const MARK: &str = "…[cut]";
/// Strings are never cut below this many bytes, since less tells nothing.
const LEAST_STRING: usize = 40;

/// The largest prefix of an answer's arrays that fits `room` bytes, or `None` when even without them, and with
/// long strings cut, it does not fit.
pub(super) fn object(
    mut answer: Map<String, Value>,
    paths: &[&str],
    room: usize,
    advice: &str,
) -> Option<Shortened> {
    let mut note = Map::new();
    for path in paths {
        let Some(length) = array_at(&mut answer, path).map(|list| list.len()) else {
            continue;
        };
        if length == 0 {
            continue;
        }
        let kept = largest_fit(&mut answer, path, &note, room, advice);
        let list = array_at(&mut answer, path)?;
        let removed = list.split_off(kept);
        add_note(&mut note, path, kept, length);
        if let Some(text) = finish(&answer, &note, room, advice) {
            return Some(Shortened {
                text,
                is_json: true,
            });
        }
        debug_assert!(
            kept == 0 || removed.is_empty(),
            "what fits by its sizes fits"
        );
    }
    cut_strings(&mut answer, &note, room, advice)
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

/// How many items of one array fit: each item is measured once, then a binary search over the sums.
fn largest_fit(
    answer: &mut Map<String, Value>,
    path: &str,
    note: &Map<String, Value>,
    room: usize,
    advice: &str,
) -> usize {
    let Some(list) = array_at(answer, path) else {
        return 0;
    };
    let items = std::mem::take(list);
    let mut sums = Vec::with_capacity(items.len() + 1);
    sums.push(0_usize);
    let mut sum = 0;
    for item in &items {
        // An item and its comma.
        sum += length_of(item) + 1;
        sums.push(sum);
    }
    // The rest of the answer, with a note as long as it can become.
    let mut longest = note.clone();
    add_note(&mut longest, path, items.len(), items.len());
    let rest = length_of(&with_note(answer, &longest, advice));
    if let Some(list) = array_at(answer, path) {
        *list = items;
    }
    let for_items = room.saturating_sub(rest);
    sums.partition_point(|sum| *sum <= for_items)
        .saturating_sub(1)
}

/// The last resort: the longest strings lose their ends, all at one length, the largest that fits.
fn cut_strings(
    answer: &mut Map<String, Value>,
    note: &Map<String, Value>,
    room: usize,
    advice: &str,
) -> Option<Shortened> {
    let mut note = note.clone();
    note.insert("strings".to_owned(), json!("long strings are cut"));
    let attempt = |length: usize| {
        let mut shorter = answer.clone();
        shorter.values_mut().for_each(|value| cut_in(value, length));
        finish(&shorter, &note, room, advice)
    };
    let mut best = attempt(LEAST_STRING)?;
    let (mut fits, mut too_long) = (LEAST_STRING, room.max(LEAST_STRING + 1));
    // Halving ends at about one percent of the room: exactness is not worth another pass over the answer.
    while too_long - fits > (fits / 64).max(16) {
        let middle = fits.midpoint(too_long);
        match attempt(middle) {
            Some(text) => (fits, best) = (middle, text),
            None => too_long = middle,
        }
    }
    Some(Shortened {
        text: best,
        is_json: true,
    })
}

fn cut_in(value: &mut Value, length: usize) {
    match value {
        Value::String(text) if text.len() > length => {
            text.truncate(text.floor_char_boundary(length.saturating_sub(MARK.len())));
            text.push_str(MARK);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| cut_in(item, length)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| cut_in(member, length)),
        _ => {}
    }
}

/// The answer as text with its note, if that fits.
fn finish(
    answer: &Map<String, Value>,
    note: &Map<String, Value>,
    room: usize,
    advice: &str,
) -> Option<String> {
    let text = with_note(answer, note, advice).to_string();
    (text.len() <= room).then_some(text)
}

fn with_note(answer: &Map<String, Value>, note: &Map<String, Value>, advice: &str) -> Value {
    let mut answer = answer.clone();
    answer.insert(
        NOTE.to_owned(),
        json!({ "left_out": note, "to_get_the_rest": advice }),
    );
    Value::Object(answer)
}

fn add_note(note: &mut Map<String, Value>, path: &str, kept: usize, length: usize) {
    note.insert(path.to_owned(), json!({ "shown": kept, "of": length }));
}

/// The array at a dotted path.
fn array_at<'a>(answer: &'a mut Map<String, Value>, path: &str) -> Option<&'a mut Vec<Value>> {
    let mut names = path.split('.');
    let mut value = answer.get_mut(names.next()?)?;
    for name in names {
        value = value.get_mut(name)?;
    }
    value.as_array_mut()
}

/// Bytes of a value as `serde_json` writes it, without writing it.
fn length_of(value: &Value) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting cannot fail, and a JSON value always serializes.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}
