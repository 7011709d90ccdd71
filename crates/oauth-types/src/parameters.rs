//! The parameters of a request (RFC 6749 §3.1, §3.2 and appendix B).

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode;
use tidegate_types::check_name;

use crate::OAuthError;

/// Bytes of a form or query. Assertions and long `state`s fit well.
const MOST_BYTES: usize = 16 * 1024;
/// Pairs, known or not.
const MOST_PAIRS: usize = 64;

/// The parameters of a request to an OAuth endpoint, each at most once. Debug shows names, never values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`. A parameter without a value counts as absent.
    ///
    /// # Errors
    /// `invalid_request`: longer than 16 KiB, more than 64 pairs, a name twice, not UTF-8, or a control character, which
    /// none of OAuth's parameters has (RFC 6749 appendix A).
    pub fn parse_form(body: &[u8]) -> Result<Self, OAuthError> {
        let parameters = Self::parse_any(body)?;
        let has_one = |(name, value): (&String, &String)| {
            check_name(name).is_err() || check_name(value).is_err()
        };
        if parameters.0.iter().any(has_one) {
            return Err(OAuthError::invalid_request(
                "a parameter has a control character",
            ));
        }
        Ok(parameters)
    }

    /// Reads the query of another server's answer, whose `error_description` may have lines.
    ///
    /// # Errors
    /// As [`parse_form`](Self::parse_form), but for control characters.
    pub fn parse_answer(query: &str) -> Result<Self, OAuthError> {
        Self::parse_any(query.as_bytes())
    }

    fn parse_any(body: &[u8]) -> Result<Self, OAuthError> {
        if body.len() > MOST_BYTES {
            return Err(OAuthError::invalid_request(
                "the parameters are longer than 16 KiB",
            ));
        }
        let mut parameters = BTreeMap::new();
        let mut pairs = 0;
        for pair in body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            pairs += 1;
            if pairs > MOST_PAIRS {
                return Err(OAuthError::invalid_request(
                    "there are more than 64 parameters",
                ));
            }
            let mut sides = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(sides.next().unwrap_or_default())?;
            let value = decode(sides.next().unwrap_or_default())?;
            // RFC 6749 §3.1: a parameter without a value counts as omitted; but a second one is never meant well.
            if parameters.contains_key(&name) {
                let shown: String = name.chars().take(60).collect();
                return Err(OAuthError::invalid_request(format!(
                    "`{shown}` stands twice: each parameter may be given once"
                )));
            }
            parameters.insert(name, value);
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    /// Reads a query string, without its question mark. As [`parse_form`](Self::parse_form).
    ///
    /// # Errors
    /// As [`parse_form`](Self::parse_form).
    pub fn parse_query(query: &str) -> Result<Self, OAuthError> {
        Self::parse_form(query.as_bytes())
    }

    /// The value of a parameter, unless it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that is needed.
    ///
    /// # Errors
    /// `invalid_request` naming it, when it is absent.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("`{name}` is missing")))
    }

    /// The names that came with a value, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// For tests and for requests that we build ourselves: later pairs win, empty values are left out.
impl<'a> FromIterator<(&'a str, &'a str)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn decode(text: &[u8]) -> Result<String, OAuthError> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let bytes: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(bytes).map_err(|_| OAuthError::invalid_request("a parameter is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorCode;

    fn refusal(body: &[u8]) -> String {
        let error = Parameters::parse_form(body).unwrap_err();
        assert_eq!(ErrorCode::InvalidRequest, error.code);
        error.description.into_owned()
    }

    #[test]
    fn values_are_decoded() {
        let parameters = Parameters::parse_form(
            b"grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcb&state=a+b%2Bc=d&%73cope=%C3%A9",
        )
        .unwrap();
        assert_eq!(Some("authorization_code"), parameters.get("grant_type"));
        assert_eq!(
            Some("http://localhost:1/cb"),
            parameters.get("redirect_uri")
        );
        assert_eq!(Some("a b+c=d"), parameters.get("state"));
        assert_eq!(Some("é"), parameters.get("scope"));
    }

    #[test]
    fn an_empty_value_is_as_absent() {
        let parameters = Parameters::parse_query("scope=&resource&&=x&state=1&").unwrap();
        assert_eq!(None, parameters.get("scope"));
        assert_eq!(None, parameters.get("resource"));
        assert_eq!(vec!["", "state"], parameters.names().collect::<Vec<_>>());
        assert_eq!(
            "`scope` is missing",
            parameters.require("scope").unwrap_err().description
        );
    }

    #[test]
    fn a_parameter_twice_is_refused_in_whatever_spelling() {
        for body in [
            "code=a&code=b",
            "code=a&code=a",
            "code=&code=b",
            "code=a&c%6Fde=b",
            "code&code=a",
        ] {
            assert!(
                refusal(body.as_bytes()).contains("`code` stands twice"),
                "{body}"
            );
        }
        // Names are compared as they are: another case is another parameter.
        assert!(Parameters::parse_query("code=a&Code=b").is_ok());
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let pairs: Vec<String> = (0..65).map(|at| format!("p{at}=1")).collect();
        assert!(refusal(pairs.join("&").as_bytes()).contains("64"));
        assert!(Parameters::parse_query(&pairs[1..].join("&")).is_ok());
        let long = format!("state={}", "a".repeat(17 * 1024));
        assert!(refusal(long.as_bytes()).contains("16 KiB"));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        for body in [&b"state=\xff"[..], b"state=%ff%fe", b"%80=1"] {
            assert_eq!("a parameter is not UTF-8", refusal(body));
        }
    }

    #[test]
    fn control_characters_are_refused_but_in_the_answers_of_others() {
        for body in [
            "state=%00",
            "state=a%0d%0ab",
            "scope=mcp:read%00",
            "%7f=1",
            "state=%C2%85",
        ] {
            assert_eq!(
                "a parameter has a control character",
                refusal(body.as_bytes())
            );
            assert!(Parameters::parse_answer(body).is_ok(), "{body}");
        }
    }

    #[test]
    fn names_of_strangers_are_cut_and_cleaned_in_errors() {
        let name = "\"%0a".repeat(100);
        let told = refusal(format!("{name}=1&{name}=1").as_bytes());
        assert!(told.len() < 200 && told.is_ascii() && !told.contains(['\n', '"']));
    }

    #[test]
    fn debug_shows_no_value() {
        let parameters = Parameters::parse_query("code=tg_ac_secret&client_secret=hidden").unwrap();
        let shown = format!("{parameters:?}");
        assert!(
            shown.contains("client_secret")
                && !shown.contains("hidden")
                && !shown.contains("tg_ac_")
        );
    }

    proptest! {
        #[test]
        fn what_a_form_encoder_writes_is_read(pairs in proptest::collection::btree_map("\\PC{0,12}", any::<String>(), 0..12)) {
            let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            prop_assume!(body.len() <= MOST_BYTES);
            let read = Parameters::parse_answer(&body).unwrap();
            for (name, value) in &pairs {
                prop_assert_eq!(read.get(name), Some(value.as_str()).filter(|value| !value.is_empty()));
            }
        }

        #[test]
        fn any_bytes_are_read_as_others_read_them_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(read) = Parameters::parse_form(&body) {
                for (name, value) in url::form_urlencoded::parse(&body).filter(|(_, value)| !value.is_empty()) {
                    prop_assert_eq!(read.get(&name), Some(&*value));
                }
            }
        }
    }
}
