//! The floor: what HTTP and JSON alone cost on this machine with the same framework.

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

/// The envelope of every request; `params` is parsed to the last member, as any server must.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "jsonrpc")]
    _jsonrpc: String,
    id: Value,
    #[serde(rename = "method")]
    _method: String,
    #[serde(default, rename = "params")]
    _params: Value,
}

/// Serves `POST /<bytes>/mcp` with answers of so many bytes until it is killed.
///
/// # Errors
/// The port is taken.
pub(crate) fn serve(port: u16, workers: usize) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(|| {
            App::new()
                .route("/{bytes}/mcp", web::post().to(answer))
                .route("/readyz", web::get().to(HttpResponse::Ok))
        })
        .workers(workers)
        .bind(("127.0.0.1", port))
        .with_context(|| format!("cannot listen on port {port}"))?
        .run()
        .await
        .context("the floor ended")
    })
}

async fn answer(bytes: web::Path<usize>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Envelope>(&body) {
        Ok(envelope) => HttpResponse::Ok()
            .content_type("application/json")
            .body(padded(&envelope.id, *bytes)),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

/// An answer of `bytes` bytes, or as few as its frame needs.
fn padded(id: &Value, bytes: usize) -> Vec<u8> {
    const TAIL: &[u8] = b"\"}}";
    let mut answer = Vec::with_capacity(bytes);
    answer.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    serde_json::to_writer(&mut answer, id).expect("a Vec takes every write");
    answer.extend_from_slice(br#","result":{"pad":""#);
    answer.resize(bytes.saturating_sub(TAIL.len()).max(answer.len()), b'x');
    answer.extend_from_slice(TAIL);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Expected, check};

    #[test]
    fn the_floor_answers_as_many_bytes_as_it_is_told() {
        for bytes in [64, 700, 40_000] {
            let answer = padded(&Value::from(123_456_789_012_u64), bytes);
            assert_eq!(bytes, answer.len());
            let expected = Expected {
                member: Some("/pad".into()),
                text_member: None,
            };
            let text = String::from_utf8(answer).unwrap();
            assert_eq!(
                Ok(()),
                check(&text, &Value::from(123_456_789_012_u64), &expected)
            );
        }
    }
}
