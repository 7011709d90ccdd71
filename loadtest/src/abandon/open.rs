//! Sessions that are open at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::SETTLE;
use super::visitors::{OpenSession, Visitors};
use crate::ceiling::megabytes;
use crate::metrics::Counters;
use crate::process::{Server, raise_open_files};
use crate::token::TokenMint;

const AT_ONCE: usize = 32;

/// What so many sessions take.
#[derive(Debug, Serialize)]
pub(crate) struct OpenSessions {
    pub(crate) sessions: usize,
    /// GET streams that were open with them, one a session as far as files go.
    pub(crate) streams: usize,
    pub(crate) before_mb: f64,
    /// With all sessions open, before their streams.
    pub(crate) opened_mb: f64,
    pub(crate) streaming_mb: f64,
    /// Sessions that did not answer once all were open.
    pub(crate) lost: u64,
    /// Longest wait for an answer then, in milliseconds.
    pub(crate) slowest_ms: f64,
    /// A while after all were ended.
    pub(crate) after_mb: f64,
    pub(crate) actors_with_all_open: u64,
    pub(crate) actors_after: u64,
}

pub(super) async fn measure(
    server: &Server,
    mint: &TokenMint,
    count: usize,
) -> anyhow::Result<OpenSessions> {
    // Some files are for everything else.
    let most = usize::try_from(raise_open_files())?.saturating_sub(500);
    let visitors = Visitors::new(server.url(), mint)?;
    let before_mb = megabytes(server.rss_bytes()?);
    let sessions: Vec<OpenSession<'_>> = stream::iter(0..count)
        .map(|_| visitors.open())
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let opened_mb = megabytes(server.rss_bytes()?);
    let streams: Vec<_> = stream::iter(sessions.iter().take(most))
        .map(OpenSession::stream)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let streaming_mb = megabytes(server.rss_bytes()?);
    let (lost, slowest_us) = (AtomicU64::new(0), AtomicU64::new(0));
    stream::iter(&sessions)
        .for_each_concurrent(AT_ONCE, |session| async {
            let began = Instant::now();
            if session.ping().await.is_err() {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            slowest_us.fetch_max(took, Ordering::Relaxed);
        })
        .await;
    let actors_with_all_open = Counters::read(server.url())?.sessions;
    let stream_count = streams.len();
    drop(streams);
    stream::iter(sessions)
        .map(OpenSession::end)
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    tokio::time::sleep(SETTLE).await;
    Ok(OpenSessions {
        sessions: count,
        streams: stream_count,
        before_mb,
        opened_mb,
        streaming_mb,
        lost: lost.into_inner(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of one call need no more than 52 bits"
        )]
        slowest_ms: slowest_us.into_inner() as f64 / 1e3,
        after_mb: megabytes(server.rss_bytes()?),
        actors_with_all_open,
        actors_after: Counters::read(server.url())?.sessions,
    })
}
