//! The response-size guard: no answer goes out above the budget.
//!
//! Looking at an answer costs one length comparison; only an answer that is too large is parsed. Then the
//! arrays that the tool named lose their tails, first one first and each but for one item, then long texts are
//! cut, then objects and other arrays lose their ends, and a note in the answer (`_truncated`) says what is
//! missing and how to get it. The result is valid JSON whenever the answer was; members keep their order and
//! numbers their digits. An answer that cannot be shortened becomes an error with advice, unless the tool may
//! have changed something: what happened is never reported as failed.

mod shorten;
mod tree;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use tidegate_protocol::content::{ContentBlock, ToolResult};

use crate::{SizeRule, ToolOutput, ToolSpec};
use shorten::Shortened;

/// How large an answer may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeBudget {
    /// Estimated tokens at the most; see [`estimate_tokens`].
    pub token_limit: usize,
    /// A warning is due from this percentage of the limit on.
    pub warn_threshold_pct: u8,
    /// Bytes at the most, pictures included.
    pub max_bytes: usize,
    /// Tools whose answers are not looked at.
    pub excluded_tools: Vec<String>,
}

impl Default for SizeBudget {
    /// Superset's defaults; the bytes are ours.
    fn default() -> Self {
        Self {
            token_limit: 25_000,
            warn_threshold_pct: 80,
            max_bytes: 4 * 1024 * 1024,
            excluded_tools: [
                "health_check",
                "get_chart_preview",
                "generate_explore_link",
                "open_sql_lab_with_context",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}

/// Tokens of a text of so many UTF-8 bytes: two for every seven bytes. JSON of numbers and short names takes
/// a token for 3 to 4 bytes with the tokenizers in use, and so does Chinese or Japanese text in UTF-8. The
/// estimate needs no look at the text.
pub const fn estimate_tokens(bytes: usize) -> usize {
    bytes.saturating_mul(2).div_ceil(7)
}

/// The most bytes whose estimate is within a number of tokens.
const fn bytes_of_tokens(tokens: usize) -> usize {
    tokens.saturating_mul(7) / 2
}

/// What went over a threshold, for the log and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeWarning {
    /// Estimated tokens of the whole answer.
    pub tokens: usize,
    /// The limit.
    pub token_limit: usize,
    /// Bytes of the whole answer, pictures included.
    pub bytes: usize,
    /// Whether something was left out.
    pub is_shortened: bool,
}

/// An answer that fits.
#[derive(Debug)]
pub struct Fitted {
    /// The answer, or what fits of it.
    pub output: ToolOutput,
    /// Whether it was near or above the budget.
    pub warning: Option<SizeWarning>,
}

impl SizeBudget {
    /// Makes an answer fit. `advice` says how to ask for less, as a clause.
    pub fn fit(&self, mut output: ToolOutput, spec: &ToolSpec, advice: &str) -> Fitted {
        let sizes = Sizes::of(&output.result);
        let is_exempt = spec.size == SizeRule::Exempt
            || self.excluded_tools.iter().any(|name| name == spec.name);
        // Nothing is exempt from the bytes: they are the node's memory, not the model's attention.
        if is_exempt && sizes.total() <= self.max_bytes {
            return Fitted {
                output,
                warning: None,
            };
        }
        let paths = match spec.size {
            SizeRule::Exempt => &[],
            SizeRule::Shorten(paths) => paths,
        };
        let tokens = estimate_tokens(sizes.text);
        let is_too_large = tokens > self.token_limit || sizes.total() > self.max_bytes;
        let warn_from = self
            .token_limit
            .saturating_mul(usize::from(self.warn_threshold_pct))
            / 100;
        let warning = (is_too_large || tokens >= warn_from).then_some(SizeWarning {
            tokens,
            token_limit: self.token_limit,
            bytes: sizes.total(),
            is_shortened: is_too_large,
        });
        if is_too_large {
            let limit = Limit {
                bytes: bytes_of_tokens(self.token_limit).min(self.max_bytes),
                total: self.max_bytes,
            };
            output.result = limit.shorten(output.result, spec, paths, tokens, advice);
        }
        Fitted { output, warning }
    }
}

/// How to ask a tool for less, from the arguments that it takes: `ask for fewer with page_size, …`. Made once
/// per tool.
pub(crate) fn advice_for(input_schema: &Value) -> String {
    let properties = &input_schema["properties"];
    let properties = properties
        .get("request")
        .map_or(properties, |request| &request["properties"]);
    let takes = |name: &str| properties.get(name).is_some();
    let mut ways = Vec::new();
    if takes("page") && takes("page_size") {
        ways.push("a smaller page_size and the next page");
    } else if takes("limit") {
        ways.push("a smaller limit");
    }
    if takes("select_columns") {
        ways.push("only the select_columns that you need");
    }
    if takes("filters") {
        ways.push("filters");
    }
    if takes("sql") {
        ways.push("fewer columns, a WHERE, an aggregate, or LIMIT with OFFSET in the sql");
    }
    if ways.is_empty() {
        "ask for something narrower".to_owned()
    } else {
        format!("ask again with {}", ways.join("; "))
    }
}

/// Bytes of an answer.
#[derive(Debug, Clone, Copy, Default)]
struct Sizes {
    /// What a model reads as text.
    text: usize,
    /// Pictures and sound in Base64.
    media: usize,
}

impl Sizes {
    fn of(result: &ToolResult) -> Self {
        let structured = result
            .structured
            .as_ref()
            .map_or(0, |structured| structured.get().len());
        let start = Self {
            text: structured,
            media: 0,
        };
        result
            .content
            .iter()
            .fold(start, |sizes, block| sizes.plus(Self::of_block(block)))
    }

    fn of_block(block: &ContentBlock) -> Self {
        use tidegate_protocol::content::ResourceBody;
        match block {
            ContentBlock::Text { text } => Self {
                text: text.len(),
                media: 0,
            },
            ContentBlock::Image { data, .. } | ContentBlock::Audio { data, .. } => Self {
                text: 0,
                media: data.len(),
            },
            ContentBlock::Resource { resource } => match &resource.body {
                ResourceBody::Text(text) => Self {
                    text: resource.uri.len() + text.len(),
                    media: 0,
                },
                ResourceBody::Blob(data) => Self {
                    text: resource.uri.len(),
                    media: data.len(),
                },
            },
            ContentBlock::ResourceLink {
                uri,
                name,
                description,
                ..
            } => Self {
                text: uri.len() + name.len() + description.as_ref().map_or(0, String::len),
                media: 0,
            },
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            text: self.text + other.text,
            media: self.media + other.media,
        }
    }

    const fn total(self) -> usize {
        self.text + self.media
    }
}

/// The budget in bytes.
struct Limit {
    /// For text.
    bytes: usize,
    /// For everything.
    total: usize,
}

impl Limit {
    /// Shortens the first text block, which holds a tool's answer. Everything else goes if that is not enough.
    fn shorten(
        &self,
        result: ToolResult,
        spec: &ToolSpec,
        paths: &[&str],
        tokens: usize,
        advice: &str,
    ) -> ToolResult {
        let has_structured = result.structured.is_some();
        let main = result
            .content
            .iter()
            .position(|block| matches!(block, ContentBlock::Text { .. }));
        let mut others = Sizes::default();
        for (index, block) in result.content.iter().enumerate() {
            if Some(index) != main {
                others = others.plus(Sizes::of_block(block));
            }
        }
        let room = self
            .bytes
            .min(self.total.saturating_sub(others.media))
            .saturating_sub(others.text);
        // Text and structure say the same, each within half of the room.
        let room = if has_structured { room / 2 } else { room };
        let is_error = result.is_error;
        if let Some(main) = main
            && let Some(ContentBlock::Text { text }) = result.content.get(main)
        {
            let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
            let shortened = if is_json {
                shorten::object(text, paths, room, advice)
            } else {
                shorten::plain_text(text, room, advice)
            };
            if let Some(Shortened { text, is_json }) = shortened {
                let mut result = result;
                if has_structured {
                    // The text was made by a serializer.
                    result.structured = is_json
                        .then(|| RawValue::from_string(text.clone()).ok())
                        .flatten();
                }
                result.content[main] = ContentBlock::Text { text };
                return result;
            }
        }
        self.replace(spec, is_error, tokens, advice)
    }

    /// What is said instead of an answer that nothing could shorten.
    fn replace(&self, spec: &ToolSpec, is_error: bool, tokens: usize, advice: &str) -> ToolResult {
        let limit = estimate_tokens(self.bytes);
        if spec.annotations.is_read_only || is_error {
            let text = format!(
                "The answer has about {tokens} tokens and at most {limit} can be sent. Nothing was changed. To get \
                 what you need, {advice}."
            );
            return ToolResult::error(cut(&text, self.bytes));
        }
        let note = serde_json::json!({
            "success": true,
            "_truncated": {
                "message": format!(
                    "The tool did its work. Its answer has about {tokens} tokens, at most {limit} can be sent, and none \
                     of it could be kept; do not repeat the call, look at the result with a tool that reads."
                ),
            },
        });
        let note = note.to_string();
        let text = if note.len() <= self.bytes {
            note
        } else {
            cut("{}", self.bytes).to_owned()
        };
        ToolResult::text(text)
    }
}

/// The start of a text, at most so many bytes, at a letter's boundary.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests;
