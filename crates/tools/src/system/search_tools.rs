use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tidegate_protocol::{ProtocolVersion, ToolAnnotations};
use tidegate_types::Scope;

use crate::system::call_tool;
use crate::{
    ArgumentLayout, CacheRule, CallContext, CatalogueEntry, Redaction, SizeRule, Tool, ToolFailure,
    ToolSpec, Touches,
};

/// The tool's name.
pub(crate) const NAME: &str = "search_tools";

/// Finds tools by what they do, for clients that do not show all of them to their model.
pub(crate) struct SearchTools;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// What you want to do, in a few words: "run sql", "list charts of a dashboard".
    #[schemars(length(min = 1, max = 500), extend("x-has-lines" = true))]
    query: String,
    /// How many tools to give.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 20))]
    limit: usize,
}

const fn default_limit() -> usize {
    5
}

/// Definitions as `tools/list` gives them, best first.
#[derive(Debug, Serialize)]
pub(crate) struct FoundTools {
    tools: Vec<Box<RawValue>>,
    count: usize,
    /// How many matched in all.
    total_count: usize,
    /// When nothing matched: the names that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Tool for SearchTools {
    type Arguments = Arguments;
    type Answer = FoundTools;

    const SPEC: ToolSpec = ToolSpec {
        name: NAME,
        title: "Search tools",
        description: "Finds tools by a description of what you want to do and gives their names, descriptions and \
                      inputSchemas, best first, among those that you may use. Call a tool that it finds directly, or \
                      through call_tool if your client does not offer it.",
        scope: Scope::Read,
        permission: None,
        annotations: ToolAnnotations::READS,
        tags: &["core", "discovery"],
        touches: Touches::Nothing,
        cache: CacheRule::Never,
        size: SizeRule::Shorten(&["tools"]),
        redaction: Redaction::EntitiesBeside(&["tools.inputSchema"]),
    };
    const LAYOUT: ArgumentLayout = ArgumentLayout::Flat;

    async fn call(
        &self,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<FoundTools, ToolFailure> {
        let visible: BTreeMap<&str, &CatalogueEntry> = context
            .catalogue
            .visible(&context.principal, &context.access)
            .map(|entry| (entry.spec().name, entry))
            .filter(|(name, _)| ![NAME, call_tool::NAME].contains(name))
            .collect();
        let ranked = context.catalogue.search().rank(&arguments.query);
        let found: Vec<_> = ranked.iter().filter_map(|name| visible.get(name)).collect();
        let hint = found.is_empty().then(|| {
            let names: Vec<_> = visible.keys().copied().take(50).collect();
            format!("nothing matches; the tools are {}", names.join(", "))
        });
        let newest = ProtocolVersion::SERVED[0];
        let tools: Vec<_> = found
            .iter()
            .take(arguments.limit)
            .map(|entry| entry.listed(newest).to_owned())
            .collect();
        Ok(FoundTools {
            count: tools.len(),
            total_count: found.len(),
            tools,
            hint,
        })
    }
}

/// Okapi BM25 (k1 = 1.2, b = 0.75) over names, titles, tags, parameters and descriptions. A catalogue has
/// tens of tools, so every query looks at all of them.
#[derive(Debug, Default)]
pub(crate) struct SearchIndex {
    documents: Vec<Document>,
    mean_length: f64,
}

#[derive(Debug)]
struct Document {
    name: String,
    /// How often each term occurs, weighted by where.
    terms: BTreeMap<String, f64>,
    length: f64,
}

impl SearchIndex {
    /// An index of the tools' definitions.
    pub(crate) fn of<'a>(entries: impl Iterator<Item = &'a CatalogueEntry>) -> Self {
        let documents: Vec<_> = entries.map(Document::of).collect();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a catalogue has far fewer tools than a float is exact for"
        )]
        let mean_length = documents
            .iter()
            .map(|document| document.length)
            .sum::<f64>()
            / documents.len().max(1) as f64;
        Self {
            documents,
            mean_length,
        }
    }

    /// Names of the tools that share a term with the query, best first; equal ones by name.
    pub(crate) fn rank(&self, query: &str) -> Vec<&str> {
        const SATURATION: f64 = 1.2;
        const LENGTH_SHARE: f64 = 0.75;
        let meant = words_of(query).map(|word| tool_word(&word).map_or(word, str::to_owned));
        let meant = meant.take(100).collect::<Vec<_>>().join(" ");
        let terms: BTreeSet<String> = terms_of(&meant).collect();
        let mut scores = vec![0.0; self.documents.len()];
        #[expect(
            clippy::cast_precision_loss,
            reason = "a catalogue has far fewer tools than a float is exact for"
        )]
        let total = self.documents.len() as f64;
        for term in &terms {
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            let holding = self
                .documents
                .iter()
                .filter(|document| document.terms.contains_key(term))
                .count() as f64;
            let rarity = (1.0 + (total - holding + 0.5) / (holding + 0.5)).ln();
            for (document, score) in self.documents.iter().zip(&mut scores) {
                if let Some(count) = document.terms.get(term) {
                    let norm =
                        1.0 - LENGTH_SHARE + LENGTH_SHARE * document.length / self.mean_length;
                    *score += rarity * count * (SATURATION + 1.0) / (count + SATURATION * norm);
                }
            }
        }
        let mut ranked: Vec<_> = self
            .documents
            .iter()
            .zip(scores)
            .filter(|(_, score)| *score > 0.0)
            .collect();
        ranked.sort_by(|(a, a_score), (b, b_score)| {
            b_score.total_cmp(a_score).then_with(|| a.name.cmp(&b.name))
        });
        ranked
            .into_iter()
            .map(|(document, _)| document.name.as_str())
            .collect()
    }
}

impl Document {
    fn of(entry: &CatalogueEntry) -> Self {
        let definition = entry.definition();
        let mut document = Self {
            name: definition.name.clone(),
            terms: BTreeMap::new(),
            length: 0.0,
        };
        document.add(&definition.name, 6.0);
        document.add(definition.title.as_deref().unwrap_or_default(), 2.0);
        entry
            .spec()
            .tags
            .iter()
            .for_each(|tag| document.add(tag, 1.0));
        document.add(&definition.description, 1.0);
        document.add_parameters(&definition.input_schema);
        document
    }

    fn add(&mut self, text: &str, weight: f64) {
        self.length += self.count(text, weight);
    }

    fn count(&mut self, text: &str, weight: f64) -> f64 {
        let mut length = 0.0;
        for term in terms_of(text) {
            *self.terms.entry(term).or_default() += weight;
            length += weight;
        }
        length
    }

    /// Names and descriptions of parameters count less than the description, since most tools share them,
    /// and do not make the tool long: one with many parameters is not less about its subject.
    fn add_parameters(&mut self, schema: &Value) {
        let Some(Value::Object(properties)) = schema.get("properties") else {
            return;
        };
        for (name, property) in properties {
            if name != "request" {
                self.count(name, 0.5);
                self.count(property["description"].as_str().unwrap_or_default(), 0.25);
            }
            self.add_parameters(property);
        }
    }
}

/// Lower-case words.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Lower-case words without their plural s and without words that say nothing.
fn terms_of(text: &str) -> impl Iterator<Item = String> {
    const SILENT: [&str; 34] = [
        "a", "all", "an", "and", "any", "are", "as", "at", "by", "can", "do", "for", "from",
        "have", "how", "i", "in", "is", "it", "its", "me", "my", "of", "on", "or", "that", "the",
        "there", "this", "to", "what", "when", "with", "you",
    ];
    words_of(text)
        .filter(|word| !SILENT.contains(&word.as_str()))
        .map(|word| match word.strip_suffix("ies") {
            Some(stem) if stem.len() >= 2 => format!("{stem}y"),
            _ if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => {
                word[..word.len() - 1].to_owned()
            }
            _ => word,
        })
}

/// The word that tools' names use for one that people use.
fn tool_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "all" | "browse" | "every" | "show" | "which" => "list",
        "about" | "describe" | "detail" | "details" | "inspect" => "info",
        "run" => "execute",
        "query" | "select" => "sql",
        "make" | "build" | "new" | "add" => "create",
        _ => return None,
    })
}
