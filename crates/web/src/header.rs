//! Reading a header.

use actix_web::http::header::HeaderMap;

/// The value of a header that may stand once.
///
/// # Errors
/// It stands twice, or is not visible ASCII.
pub(crate) fn one<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r str>, ()> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(());
    }
    value
        .to_str()
        .map(|value| Some(value.trim_matches([' ', '\t'])))
        .map_err(|_| ())
}
