//! Bounds of a body, which hold before anything decodes it.

use crate::RpcError;

/// How many items and members a body may have in all. One of two bytes takes some hundred once it is decoded.
pub const MAX_VALUES: usize = 50_000;

/// Holds how deep brackets nest, and how many values there are. One pass; strings are skipped. Raw values are decoded
/// without recursion, so both have to be known before anything decodes them with it.
pub(super) fn check_bounds(body: &[u8], max_depth: usize) -> Result<(), RpcError> {
    let mut values = 0_usize;
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for &byte in body {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                if depth > max_depth {
                    return Err(RpcError::new(
                        RpcError::PARSE_ERROR,
                        format!("the body nests deeper than {max_depth} levels"),
                    ));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    if values > MAX_VALUES {
        return Err(RpcError::invalid_request(format!(
            "the body has more than {MAX_VALUES} values"
        )));
    }
    Ok(())
}
