//! Opaque cursors of lists.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::RpcError;

/// How many entries a page of a list has.
pub const PAGE: usize = 200;

/// The place where a page begins.
///
/// # Errors
/// `-32602`: not a cursor of this server, which begins a page, or past the end.
pub fn decode(cursor: &str, len: usize) -> Result<usize, RpcError> {
    let invalid = || RpcError::invalid_params("params.cursor is not one that this server gave");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let text = std::str::from_utf8(&bytes).map_err(|_| invalid())?;
    let start: usize = text
        .strip_prefix("at:")
        .and_then(|at| at.parse().ok())
        .ok_or_else(invalid)?;
    if start > 0 && start < len && start.is_multiple_of(PAGE) {
        Ok(start)
    } else {
        Err(invalid())
    }
}

/// The cursor of the page that begins at `start`.
pub fn encode(start: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("at:{start}"))
}

/// One page of `items` and the cursor of the next.
///
/// # Errors
/// As [`decode`].
pub fn page<'a, T>(
    items: &'a [T],
    cursor: Option<&str>,
) -> Result<(&'a [T], Option<String>), RpcError> {
    let start = cursor.map_or(Ok(0), |cursor| decode(cursor, items.len()))?;
    let end = items.len().min(start + PAGE);
    Ok((&items[start..end], (end < items.len()).then(|| encode(end))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let items: Vec<usize> = (0..=PAGE * 2).collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (part, next) = page(&items, cursor.as_deref()).unwrap();
            seen.extend_from_slice(part);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(items, seen);
    }

    #[test]
    fn a_cursor_never_leads_into_the_middle_of_a_page() {
        let items = vec![(); PAGE * 2 + 1];
        for start in [1, PAGE - 1, PAGE + 1, PAGE * 2 - 1] {
            assert!(page(&items, Some(&encode(start))).is_err(), "{start}");
        }
    }

    #[test]
    fn a_cursor_that_was_not_given_is_refused() {
        for cursor in [
            "",
            "x",
            "YXQ6MA",
            &encode(0),
            &encode(3),
            &encode(usize::MAX),
            "YXQ6LTE",
        ] {
            assert_eq!(
                RpcError::INVALID_PARAMS,
                page(&[1, 2, 3], Some(cursor)).unwrap_err().code,
                "{cursor}"
            );
        }
    }
}
