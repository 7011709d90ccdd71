//! Every row of `docs/errors.md` is provoked at a real node, and what the client gets is compared with the row.

mod json_rpc;
mod oauth;
mod table;
mod tools;
mod transport;

use std::collections::BTreeSet;
use std::pin::Pin;

use reqwest::header::LOCATION;
use serde_json::Value;

use crate::edge::wire::Answer;
use crate::harness::{Page, Reply};
use table::Row;

/// An error as a client gets it, in the columns of the table.
#[derive(Debug)]
struct Shown {
    status: u16,
    code: String,
    text: String,
}

/// What is running that produces an error.
type Provoking<'a> = Pin<Box<dyn Future<Output = Shown> + 'a>>;

/// Produces the error of one row. `S` is what all rows of a group share, a node as a rule.
struct Provoker<S> {
    row: &'static str,
    provoke: for<'a> fn(&'a S) -> Provoking<'a>,
}

impl Shown {
    /// A JSON-RPC error, or a tool's result with `isError`.
    fn json_rpc(status: u16, body: &Value) -> Self {
        let result = &body["result"];
        let (code, text) = if let Some(error) = body.get("error") {
            (error["code"].to_string(), &error["message"])
        } else if result["isError"] == true {
            ("`isError`".to_owned(), &result["content"][0]["text"])
        } else {
            ("no error".to_owned(), &result["content"][0]["text"])
        };
        let text = text.as_str();
        Self {
            status,
            code,
            text: text
                .unwrap_or_else(|| panic!("no text in {body}"))
                .to_owned(),
        }
    }

    /// The same, of an HTTP answer.
    async fn answer(reply: Reply) -> Self {
        let status = reply.status().as_u16();
        Self::json_rpc(status, &reply.answer().await)
    }

    /// The same, of bytes.
    fn wire(answer: &Answer) -> Self {
        Self::json_rpc(answer.status, &serde_json::from_str(&answer.body).unwrap())
    }

    /// An error of an OAuth endpoint.
    async fn oauth(reply: Reply) -> Self {
        let status = reply.status().as_u16();
        let body = reply.json().await;
        let member = |name: &str| {
            let text = body[name].as_str();
            text.unwrap_or_else(|| panic!("no {name} in {body}"))
                .to_owned()
        };
        Self {
            status,
            code: format!("`{}`", member("error")),
            text: member("error_description"),
        }
    }

    /// An error that a browser takes to the client (RFC 6749 §4.1.2.1).
    fn redirect(page: &Page) -> Self {
        let to = page.leaves_to.as_ref().unwrap_or_else(|| {
            let location = page.headers.get(LOCATION);
            panic!("{} {location:?} {}", page.status, page.html)
        });
        let parameter = |name: &str| {
            let mut pairs = to.query_pairs();
            let found = pairs.find(|(key, _)| key == name);
            found
                .unwrap_or_else(|| panic!("no {name} in {to}"))
                .1
                .into_owned()
        };
        Self {
            status: page.status.as_u16(),
            code: format!("`{}`", parameter("error")),
            text: parameter("error_description"),
        }
    }

    /// What a person reads on a page.
    fn page(page: &Page) -> Self {
        let mut text = String::new();
        let mut is_tag = false;
        for letter in page.html.chars() {
            match letter {
                '<' => is_tag = true,
                '>' => is_tag = false,
                _ if !is_tag => text.push(letter),
                _ => {}
            }
        }
        Self {
            status: page.status.as_u16(),
            code: "page".to_owned(),
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

/// Provokes every error of a group, and fails with all rows that say something else than the client got.
async fn compare<S>(provokers: &[Provoker<S>], scene: &S) {
    let rows = table::rows();
    let mut differences = Vec::new();
    for Provoker { row, provoke } in provokers {
        let shown = provoke(scene).await;
        match rows.iter().find(|candidate| candidate.id == *row) {
            None => differences.push(format!("{row} has no row; the client got {shown:?}")),
            Some(documented) if !documented.describes(&shown) => {
                differences.push(format!("{documented:?}\n  but the client got {shown:?}"));
            }
            Some(Row { .. }) => {}
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_row_of_the_table_of_errors_is_provoked_by_one_test() {
    let mut provoked = Vec::new();
    provoked.extend(transport::PROVOKERS.iter().map(|provoker| provoker.row));
    provoked.extend(json_rpc::PROVOKERS.iter().map(|provoker| provoker.row));
    provoked.extend(tools::PROVOKERS.iter().map(|provoker| provoker.row));
    provoked.extend(oauth::PROVOKERS.iter().map(|provoker| provoker.row));
    let rows = table::rows();
    let documented: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(documented.len(), rows.len(), "a row stands twice");
    let distinct: BTreeSet<&str> = provoked.iter().copied().collect();
    assert_eq!(distinct.len(), provoked.len(), "a row is provoked twice");
    assert_eq!(
        documented, distinct,
        "rows on the left, provokers on the right"
    );
    assert!(documented.len() >= 40, "{} rows", documented.len());
}
