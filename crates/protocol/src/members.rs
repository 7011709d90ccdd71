//! An object whose members keep their order and their text, so that changing one changes nothing else: no number
//! loses digits, no column changes its place.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The members of a JSON object, undecoded, in their order.
#[derive(Debug, Clone, Default)]
pub struct Members<'a>(pub Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl<'a> Members<'a> {
    /// Those of an object. `None`: the text is no object.
    pub fn of(text: &'a str) -> Option<Self> {
        // serde would take nothing else for an object, but for its own errors.
        serde_json::from_str(text).ok()
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Cow<'a, RawValue>> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value)
    }

    /// Puts a member in its place, or at the end.
    pub fn set(&mut self, name: &'a str, value: Cow<'a, RawValue>) {
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((Cow::Borrowed(name), value)),
        }
    }

    /// The object as JSON.
    ///
    /// # Panics
    /// Never: the members are JSON.
    pub fn to_raw(&self) -> Box<RawValue> {
        serde_json::value::to_raw_value(self).expect("JSON serializes into memory")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, Cow::Borrowed(map.next_value::<&'de RawValue>()?)));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Names)
    }
}

/// Borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_stay_as_they_were() {
        let text = r#"{"z":1.50,"a":123456789012345678901234567890,"m\n":{"y":1e400,"b":[-0]}}"#;
        let mut members = Members::of(text).unwrap();
        assert_eq!(text, members.to_raw().get());
        let seven = RawValue::from_string("7".to_owned()).unwrap();
        members.set("a", Cow::Borrowed(&seven));
        members.set("new", Cow::Borrowed(&seven));
        assert_eq!(
            r#"{"z":1.50,"a":7,"m\n":{"y":1e400,"b":[-0]},"new":7}"#,
            members.to_raw().get()
        );
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["", "[]", "null", "7", "{", "{}{}", r#"["a",1]"#] {
            assert!(Members::of(text).is_none(), "{text}");
        }
    }
}
