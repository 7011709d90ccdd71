//! The parameters of a request (RFC 6749 §3.1, §3.2 and appendix B).

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode;

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
    /// `invalid_request`: longer than 16 KiB, more than 64 pairs, a name twice, or not UTF-8.
    pub fn parse_form(body: &[u8]) -> Result<Self, OAuthError> {
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
