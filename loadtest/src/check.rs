//! Whether an answer is one: a fast server that answers nonsense is not fast.

use serde_json::Value;

/// What an answer must have besides its id and a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// JSON pointer into `result`.
    pub(crate) member: Option<String>,
    /// JSON pointer into the JSON of the first text of `result.content`.
    pub(crate) text_member: Option<String>,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Defect {
    /// Cut off, or something else altogether.
    #[error("the body holds no JSON-RPC answer")]
    NotAnAnswer,
    /// An answer to another request.
    #[error("the answer has the id of another request")]
    OtherId,
    /// `error`.
    #[error("error {code}")]
    Error {
        /// `error.code`.
        code: i64,
    },
    /// Neither `result` nor `error`.
    #[error("the answer has no result")]
    NoResult,
    /// `isError`.
    #[error("the tool failed (isError)")]
    ToolFailed,
    /// Something expected is not there.
    #[error("the result has no {0}")]
    Missing(String),
}

/// Checks a body in either form, JSON or an event stream.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check(body: &str, id: &Value, expected: &Expected) -> Result<(), Defect> {
    let answer = answer_in(body).ok_or(Defect::NotAnAnswer)?;
    if answer.get("id") != Some(id) {
        return Err(Defect::OtherId);
    }
    if let Some(error) = answer.get("error") {
        let code = error
            .get("code")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        return Err(Defect::Error { code });
    }
    let result = answer
        .get("result")
        .filter(|result| result.is_object())
        .ok_or(Defect::NoResult)?;
    if result
        .get("isError")
        .is_some_and(|is_error| is_error != &Value::Bool(false))
    {
        return Err(Defect::ToolFailed);
    }
    if let Some(member) = &expected.member
        && result.pointer(member).is_none()
    {
        return Err(Defect::Missing(member.clone()));
    }
    if let Some(member) = &expected.text_member {
        let text = result.pointer("/content/0/text").and_then(Value::as_str);
        let inner = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if inner
            .as_ref()
            .and_then(|inner| inner.pointer(member))
            .is_none()
        {
            return Err(Defect::Missing(format!("text with {member}")));
        }
    }
    Ok(())
}

/// The answer: the body, or the last event's data that is one.
fn answer_in(body: &str) -> Option<Value> {
    if body.starts_with('{') {
        return serde_json::from_str(body).ok();
    }
    body.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str::<Value>(data).ok())
        .rfind(|message| message.get("id").is_some() && message.get("method").is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn verdict(body: &str) -> Result<(), Defect> {
        let expected = Expected {
            member: Some("/content/0/text".into()),
            text_member: Some("/count".into()),
        };
        check(body, &json!(7), &expected)
    }

    const GOOD: &str =
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"{\"count\":1}"}]}}"#;

    #[test]
    fn a_good_answer_passes_in_either_form() {
        assert_eq!(Ok(()), verdict(GOOD));
        let stream = format!(
            ": comment\n\nid: 1\ndata:\n\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}}\n\ndata: {GOOD}\n\n"
        );
        assert_eq!(Ok(()), verdict(&stream));
    }

    #[test]
    fn everything_else_is_told_apart() {
        for (body, defect) in [
            ("", Defect::NotAnAnswer),
            (&GOOD[..40], Defect::NotAnAnswer),
            (&GOOD.replace("\"id\":7", "\"id\":8"), Defect::OtherId),
            (&GOOD.replace("\"id\":7", "\"id\":\"7\""), Defect::OtherId),
            (
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":-31029,"message":"later"}}"#,
                Defect::Error { code: -31029 },
            ),
            (r#"{"jsonrpc":"2.0","id":7}"#, Defect::NoResult),
            (
                &GOOD.replace("{\"content\"", "{\"isError\":true,\"content\""),
                Defect::ToolFailed,
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
                Defect::Missing("/content/0/text".into()),
            ),
            (
                &GOOD.replace("count", "other"),
                Defect::Missing("text with /count".into()),
            ),
        ] {
            assert_eq!(Err(defect), verdict(body), "{body}");
        }
    }
}
