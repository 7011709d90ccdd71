//! What a client sends, and which use case answers it.

use std::sync::Arc;

use tidegate_protocol::classification::Inbound;
use tidegate_types::SessionId;

use super::{Bound, Node};
use crate::answer::Answer;
use crate::service::{Caller, Core, LegacyPost, ModernPost, legacy, modern};

/// One request of a client, as the edge read it.
#[expect(
    clippy::large_enum_variant,
    reason = "most are of the large variant, and each is moved once"
)]
pub enum ClientRequest<'a> {
    /// One message, or a batch.
    Post(ClientPost<'a>),
    /// A session's changes, or the rest of the stream that `last_event` names.
    Get {
        /// `Mcp-Session-Id`.
        session: Option<SessionId>,
        /// `Last-Event-ID`.
        last_event: Option<&'a str>,
    },
    /// The end of a session.
    Delete {
        /// `Mcp-Session-Id`.
        session: Option<SessionId>,
    },
}

/// What came by POST.
pub struct ClientPost<'a> {
    /// The message, and its era.
    pub inbound: Inbound<'a>,
    /// `Mcp-Session-Id`; of the older revisions alone.
    pub session: Option<SessionId>,
    /// Whether the client takes an event stream.
    pub accepts_stream: bool,
    /// `Mcp-Param-*` headers by full name.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
}

impl Node {
    /// Serves a request. A stream ends when its caller is not to be served any more.
    pub async fn serve(&self, Bound(caller): Bound, request: ClientRequest<'_>) -> Answer {
        let (core, watched) = (&self.core, caller.clone());
        let answer = match request {
            ClientRequest::Post(post) => answer_post(core, caller, post).await,
            ClientRequest::Get {
                session,
                last_event,
            } => {
                let post = LegacyPost {
                    session,
                    version: None,
                    accepts_stream: true,
                };
                legacy::get(core, caller, &post, last_event).await
            }
            ClientRequest::Delete { session } => legacy::delete(core, &caller, session).await,
        };
        self.access_guard.watch(&watched, answer)
    }
}

async fn answer_post(core: &Arc<Core>, caller: Caller, post: ClientPost<'_>) -> Answer {
    let ClientPost {
        inbound,
        session,
        accepts_stream,
        header,
    } = post;
    match inbound {
        Inbound::ModernNotification => Answer::Accepted,
        Inbound::Modern {
            request,
            params,
            meta,
        } => {
            let post = ModernPost {
                request,
                params,
                meta,
                header,
                accepts_stream,
            };
            modern::post(core, caller, post).await
        }
        Inbound::Initialize(request) => legacy::initialize(core, &caller, &request).await,
        Inbound::Legacy { message, version } => {
            let post = LegacyPost {
                session,
                version,
                accepts_stream,
            };
            legacy::post(core, caller, &post, message).await
        }
        Inbound::Batch { messages, version } => {
            let post = LegacyPost {
                session,
                version,
                accepts_stream: false,
            };
            legacy::batch(core, caller, &post, messages).await
        }
    }
}
