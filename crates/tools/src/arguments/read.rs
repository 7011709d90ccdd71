//! Reading JSON that a client wrote, without guessing: a member that stands twice is refused, since another
//! reader of the same text (a proxy, a log, a person who approves the call) may go by the other one.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::wording;

/// Why a text is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not JSON, or nests too deeply.
    NotJson,
    /// This member stands more than once; dots and brackets lead to it.
    Repeated(String),
    /// It has more values than [`MOST_VALUES`].
    TooMany,
}

/// Items of lists and members of objects, all of them together. A value takes some 500 bytes on its way, of two in the text, so
/// that without a bound a request of some megabytes takes a gigabyte; and no tool has a use for as many.
pub(super) const MOST_VALUES: usize = 10_000;

/// Reads one JSON value.
pub(super) fn read(text: &str) -> Result<Value, Unreadable> {
    read_further(text, &Cell::new(0))
}

/// The same where so many values of a call were read before: texts in its arguments may be JSON, too.
pub(super) fn read_further(text: &str, values: &Cell<usize>) -> Result<Value, Unreadable> {
    let reading = Reading {
        repeated: RefCell::new(None),
        values,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Unique(&reading).deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value));
    value.map_err(|_| match reading.repeated.into_inner() {
        Some(path) => Unreadable::Repeated(path),
        None if reading.values.get() > MOST_VALUES => Unreadable::TooMany,
        None => Unreadable::NotJson,
    })
}

/// What is known of a text while it is read.
struct Reading<'r> {
    /// The member that stands more than once.
    repeated: RefCell<Option<String>>,
    values: &'r Cell<usize>,
}

impl Reading<'_> {
    fn count<E: Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST_VALUES {
            return Err(E::custom("too many values"));
        }
        Ok(())
    }
}

/// A value whose objects name each member once.
#[derive(Clone, Copy)]
struct Unique<'r>(&'r Reading<'r>);

impl Unique<'_> {
    /// Puts a place before the path of a repeated member, on the way out.
    fn lead(self, place: impl FnOnce(&str) -> String) {
        if let Some(path) = self.0.repeated.borrow_mut().as_mut() {
            *path = place(path);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Value, E> {
        Ok(Value::Bool(is_true))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            match items.next_element_seed(self) {
                Ok(Some(item)) => {
                    self.0.count()?;
                    list.push(item);
                }
                Ok(None) => return Ok(Value::Array(list)),
                Err(err) => {
                    self.lead(|path| wording::inside(&format!("[{}]", list.len()), path));
                    return Err(err);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.0.count()?;
            if map.contains_key(&name) {
                *self.0.repeated.borrow_mut() = Some(wording::name(&name));
                return Err(A::Error::custom("a member stands more than once"));
            }
            match members.next_value_seed(self) {
                Ok(value) => map.insert(name, value),
                Err(err) => {
                    self.lead(|path| wording::inside(&wording::name(&name), path));
                    return Err(err);
                }
            };
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_found_at_any_depth() {
        for (text, path) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":1,"\u0061":2}"#, "a"),
            (r#"{"request":{"page":1,"page":2}}"#, "request.page"),
            (r#"{"f":[{},{"col":1,"col":2}]}"#, "f[1].col"),
            (r#"[[{"x":{"y":1,"y":null}}]]"#, "[0][0].x.y"),
        ] {
            assert_eq!(
                Err(Unreadable::Repeated(path.to_owned())),
                read(text),
                "{text}"
            );
        }
    }

    #[test]
    fn more_values_than_any_tool_wants_are_not_read() {
        let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
        assert!(read(&list(MOST_VALUES)).is_ok());
        let members: Vec<_> = (0..=MOST_VALUES)
            .map(|name| format!("\"{name}\":0"))
            .collect();
        for text in [
            list(MOST_VALUES + 1),
            format!("{{{}}}", members.join(",")),
            format!("[{}[]]", "[1],".repeat(MOST_VALUES / 2)),
        ] {
            assert_eq!(Err(Unreadable::TooMany), read(&text));
        }
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        let deep = "[".repeat(200);
        for text in ["", "{", "{} x", "nan", "\"a\u{0}\"", &deep] {
            assert_eq!(Err(Unreadable::NotJson), read(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn everything_else_is_read_as_it_is(names in proptest::collection::btree_set("[a-c]{1,2}", 0..5), text in "\\PC{0,9}", number in any::<i64>(), real in any::<f64>()) {
            let members: Map<String, Value> = names.into_iter().map(|name| (name, json!([text, number, real, null, true]))).collect();
            let value = Value::Object(members);
            prop_assert_eq!(Ok(serde_json::from_str::<Value>(&value.to_string()).unwrap()), read(&value.to_string()));
        }
    }
}
