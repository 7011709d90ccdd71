//! What the server sends, with everything that is too long cut before the driver sees it.
//!
//! The driver keeps a message in memory whole, and a value may have a gigabyte. Here each message passes while
//! it is read: rows, errors and notices that are longer than their bound are rewritten with their texts cut, and
//! nothing else may be long. Messages within their bounds are neither copied nor looked into: it costs a look at
//! five bytes for each (PostgreSQL manual §55.7).

use std::ffi::CStr;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::row::{CUT_MARK, ROW_BYTES};

/// Tag and length of a message.
const HEADER: usize = 5;
/// The longest error or notice; its texts are cut beyond.
const REPORT_BYTES: usize = 8 << 10;
const REPORT_FIELD_BYTES: usize = 3 << 10;
/// The longest message of another kind. That of 1,664 columns has some 140 KB.
const OTHER_BYTES: usize = 1 << 20;
const CHUNK: usize = 8 << 10;

const DATA_ROW: u8 = b'D';
const ERROR: u8 = b'E';
const NOTICE: u8 = b'N';

/// How long a row may be on one connection; set before each query.
#[derive(Debug, Clone)]
pub(super) struct RowLimit(Arc<AtomicUsize>);

impl RowLimit {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(ROW_BYTES)))
    }

    pub(super) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends our side of one connection, while the server's is still read: when that ends, so has what ran there.
#[derive(Debug, Clone, Default)]
pub(super) struct HangUp(Arc<(AtomicBool, Notify)>);

impl HangUp {
    pub(super) fn now(&self) {
        let (is_told, told) = &*self.0;
        is_told.store(true, Ordering::Release);
        told.notify_one();
    }

    /// Returns when it is time to look at the connection.
    pub(super) async fn told(&self) {
        self.0.1.notified().await;
    }

    fn is_told(&self) -> bool {
        self.0.0.load(Ordering::Acquire)
    }
}

/// A connection to a server, after the answer to a request for TLS and inside of it.
pub(super) struct Bounded<S> {
    stream: S,
    cutter: Cutter,
    hang_up: HangUp,
    has_hung_up: bool,
    /// What was read and may go to the driver.
    ready: Vec<u8>,
    sent: usize,
}

impl<S> Bounded<S> {
    pub(super) fn new(stream: S, rows: RowLimit, hang_up: HangUp) -> Self {
        Self {
            stream,
            cutter: Cutter {
                rows,
                phase: Phase::Header {
                    bytes: [0; HEADER],
                    count: 0,
                },
            },
            hang_up,
            has_hung_up: false,
            ready: Vec::new(),
            sent: 0,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.has_hung_up && this.hang_up.is_told() {
            // An error shows when it is read.
            this.has_hung_up = Pin::new(&mut this.stream).poll_shutdown(cx).is_ready();
        }
        loop {
            if this.sent < this.ready.len() {
                let count = buf.remaining().min(this.ready.len() - this.sent);
                buf.put_slice(&this.ready[this.sent..this.sent + count]);
                this.sent += count;
                if this.sent == this.ready.len() {
                    // A row of a megabyte leaves no buffer of a megabyte behind.
                    this.ready = Vec::new();
                    this.sent = 0;
                }
                return Poll::Ready(Ok(()));
            }
            if this.cutter.is_passing() {
                let start = buf.filled().len();
                ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
                if buf.filled().len() == start {
                    return Poll::Ready(Ok(()));
                }
                let read = &buf.filled()[start..];
                let passed = this.cutter.pass(read).and_then(|passed| {
                    this.cutter.feed(&read[passed..], &mut this.ready)?;
                    Ok(passed)
                });
                buf.set_filled(start + *passed.as_ref().unwrap_or(&0));
                if passed? > 0 {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let mut chunk = [0; CHUNK];
                let mut chunk = ReadBuf::new(&mut chunk);
                ready!(Pin::new(&mut this.stream).poll_read(cx, &mut chunk))?;
                if chunk.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.cutter.feed(chunk.filled(), &mut this.ready)?;
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

struct Cutter {
    rows: RowLimit,
    phase: Phase,
}

enum Phase {
    /// A message begins; so many bytes of its header are there.
    Header { bytes: [u8; HEADER], count: usize },
    /// So much of a message is still to be passed on as it is.
    Pass { left: usize },
    /// A long row.
    Row(LongRow),
    /// A long error or notice.
    Report(LongReport),
}

impl Phase {
    fn next() -> Self {
        Self::Header {
            bytes: [0; HEADER],
            count: 0,
        }
    }
}

impl Cutter {
    /// Whether what comes next may go straight to the driver.
    fn is_passing(&self) -> bool {
        matches!(
            self.phase,
            Phase::Pass { .. } | Phase::Header { count: 0, .. }
        )
    }

    /// How many of the bytes may go to the driver as they are; the rest is for [`Self::feed`].
    fn pass(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.phase {
                Phase::Pass { left } => {
                    let count = (*left).min(bytes.len() - at);
                    at += count;
                    *left -= count;
                    if *left == 0 {
                        self.phase = Phase::next();
                    }
                }
                Phase::Header { count: 0, .. } => {
                    let Some(header) = bytes[at..].first_chunk() else {
                        return Ok(at);
                    };
                    self.begin(*header)?;
                    if let Phase::Pass { left } = &mut self.phase {
                        *left += HEADER;
                    } else {
                        // `feed` sees the header again.
                        self.phase = Phase::next();
                        return Ok(at);
                    }
                }
                Phase::Header { .. } | Phase::Row(_) | Phase::Report(_) => return Ok(at),
            }
        }
        Ok(at)
    }

    /// Takes bytes, and puts what the driver may see into `out`.
    fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        while !bytes.is_empty() {
            match &mut self.phase {
                Phase::Pass { left } => {
                    let (now, rest) = bytes.split_at((*left).min(bytes.len()));
                    out.extend_from_slice(now);
                    *left -= now.len();
                    bytes = rest;
                    if *left == 0 {
                        self.phase = Phase::next();
                    }
                }
                Phase::Header {
                    bytes: header,
                    count,
                } => {
                    let (now, rest) = bytes.split_at((HEADER - *count).min(bytes.len()));
                    header[*count..*count + now.len()].copy_from_slice(now);
                    *count += now.len();
                    bytes = rest;
                    if *count == HEADER {
                        let header = *header;
                        self.begin(header)?;
                        if matches!(self.phase, Phase::Pass { .. }) {
                            out.extend_from_slice(&header);
                        }
                    }
                    self.skip_empty();
                }
                Phase::Row(row) => {
                    bytes = row.feed(bytes)?;
                    if row.left == 0 {
                        row.finish(out)?;
                        self.phase = Phase::next();
                    }
                }
                Phase::Report(report) => {
                    bytes = report.feed(bytes);
                    if report.left == 0 {
                        report.finish(out)?;
                        self.phase = Phase::next();
                    }
                }
            }
        }
        Ok(())
    }

    /// Decides by the header what becomes of a message.
    fn begin(&mut self, header: [u8; HEADER]) -> io::Result<()> {
        let [tag, length @ ..] = header;
        let length = u32::from_be_bytes(length);
        let body = length
            .checked_sub(4)
            .ok_or_else(|| broken("a message is shorter than its length"))?
            as usize;
        let limit = match tag {
            DATA_ROW => self.rows.get(),
            ERROR | NOTICE => REPORT_BYTES,
            _ => OTHER_BYTES,
        };
        self.phase = match tag {
            _ if body <= limit => Phase::Pass { left: body },
            DATA_ROW => Phase::Row(LongRow::new(body, limit)),
            ERROR | NOTICE => Phase::Report(LongReport::new(tag, body)),
            _ => return Err(broken("a message is longer than any that is expected")),
        };
        Ok(())
    }

    /// A message without a body ends with its header.
    fn skip_empty(&mut self) {
        if matches!(self.phase, Phase::Pass { left: 0 }) {
            self.phase = Phase::next();
        }
    }
}

fn broken(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Writes a message whose body is in `body`.
fn put_message(tag: u8, body: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let length = u32::try_from(body.len() + 4).map_err(|_| broken("a message is too long"))?;
    out.push(tag);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
    Ok(())
}

/// Takes a few bytes that may come in pieces.
struct Pieces<const N: usize> {
    bytes: [u8; N],
    count: usize,
}

impl<const N: usize> Pieces<N> {
    fn new() -> Self {
        Self {
            bytes: [0; N],
            count: 0,
        }
    }

    fn feed(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (now, rest) = bytes.split_at((N - self.count).min(bytes.len()));
        self.bytes[self.count..self.count + now.len()].copy_from_slice(now);
        self.count += now.len();
        *bytes = rest;
        (self.count == N).then(|| {
            self.count = 0;
            self.bytes
        })
    }
}

/// A row that is rewritten so that it fits: each value has its share of what the ones before it left.
struct LongRow {
    /// Of the message, not read yet.
    left: usize,
    limit: usize,
    body: Vec<u8>,
    columns: Option<usize>,
    count: Pieces<2>,
    length: Pieces<4>,
    value: Option<Value>,
}

struct Value {
    /// Where its length stands in the body.
    at: usize,
    /// Not read yet.
    left: usize,
    /// How much of it still fits.
    room: usize,
    is_cut: bool,
}

impl LongRow {
    fn new(left: usize, limit: usize) -> Self {
        Self {
            left,
            limit,
            body: Vec::new(),
            columns: None,
            count: Pieces::new(),
            length: Pieces::new(),
            value: None,
        }
    }

    /// Gives back what belongs to the next message.
    fn feed<'b>(&mut self, bytes: &'b [u8]) -> io::Result<&'b [u8]> {
        let (mut now, rest) = bytes.split_at(self.left.min(bytes.len()));
        self.left -= now.len();
        while !now.is_empty() {
            if let Some(value) = &mut self.value {
                let (part, after) = now.split_at(value.left.min(now.len()));
                value.left -= part.len();
                now = after;
                let kept = &part[..value.room.min(part.len())];
                value.room -= kept.len();
                self.body.extend_from_slice(kept);
                if value.left == 0 {
                    self.end_value()?;
                }
            } else if self.columns.is_none() {
                if let Some(count) = self.count.feed(&mut now) {
                    self.columns = Some(usize::from(u16::from_be_bytes(count)));
                    self.body.extend_from_slice(&count);
                }
            } else if let Some(length) = self.length.feed(&mut now) {
                self.begin_value(length)?;
            }
        }
        Ok(rest)
    }

    fn begin_value(&mut self, length: [u8; 4]) -> io::Result<()> {
        let left = self
            .columns
            .filter(|left| *left > 0)
            .ok_or_else(|| broken("a row has more values than columns"))?;
        self.columns = Some(left - 1);
        let at = self.body.len();
        self.body.extend_from_slice(&length);
        // -1 is a null.
        let Ok(length) = usize::try_from(i32::from_be_bytes(length)) else {
            return Ok(());
        };
        // The lengths of those that follow have their place, too.
        let room = self.limit.saturating_sub(self.body.len()) / left;
        let room = room.saturating_sub(4);
        let is_cut = length > room;
        self.value = Some(Value {
            at,
            left: length,
            room: if is_cut {
                room.saturating_sub(CUT_MARK.len())
            } else {
                length
            },
            is_cut,
        });
        if length == 0 {
            self.end_value()?;
        }
        Ok(())
    }

    fn end_value(&mut self) -> io::Result<()> {
        let Some(Value { at, is_cut, .. }) = self.value.take() else {
            return Ok(());
        };
        if is_cut {
            let start = at + 4;
            let end = start + whole_characters(&self.body[start..]);
            self.body.truncate(end);
            self.body.extend_from_slice(CUT_MARK.as_bytes());
        }
        let length = u32::try_from(self.body.len() - at - 4);
        let length = length.map_err(|_| broken("a value is too long"))?;
        self.body[at..at + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.value.is_some() || self.columns != Some(0) {
            return Err(broken("a row ends before its values"));
        }
        put_message(DATA_ROW, &std::mem::take(&mut self.body), out)
    }
}

/// How much of the bytes is left without the beginning of a character at their end.
fn whole_characters(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(4);
    match std::str::from_utf8(&bytes[start..]) {
        Ok(_) => bytes.len(),
        // Only an end that may go on has no length; what is invalid otherwise is for the reader to find.
        Err(err) if err.error_len().is_none() => start + err.valid_up_to(),
        Err(_) => match bytes.iter().rposition(|byte| byte & 0xC0 != 0x80) {
            Some(lead) if bytes[lead] >= 0xC0 && bytes.len() - lead < width(bytes[lead]) => lead,
            _ => bytes.len(),
        },
    }
}

/// Bytes of a character by its first one.
fn width(lead: u8) -> usize {
    match lead {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    }
}

/// An error or notice whose fields are cut: one byte that names a field, its text, a zero; a zero at the end.
struct LongReport {
    tag: u8,
    left: usize,
    body: Vec<u8>,
    /// Where the text of the field begins that is being read.
    field: Option<usize>,
    is_cut: bool,
}

impl LongReport {
    fn new(tag: u8, left: usize) -> Self {
        Self {
            tag,
            left,
            body: Vec::new(),
            field: None,
            is_cut: false,
        }
    }

    fn feed<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let (mut now, rest) = bytes.split_at(self.left.min(bytes.len()));
        self.left -= now.len();
        while let Some((&name, behind)) = now.split_first() {
            let Some(start) = self.field else {
                // The end of the message, a zero, is written by `finish`. At most twenty kinds of fields are known;
                // nobody may fill us with others.
                if name != 0 && self.body.len() <= 4 * REPORT_BYTES {
                    self.body.push(name);
                    self.field = Some(self.body.len());
                }
                now = behind;
                continue;
            };
            let text = CStr::from_bytes_until_nul(now).map(CStr::to_bytes);
            let is_whole = text.is_ok();
            let text = text.unwrap_or(now);
            let room = REPORT_FIELD_BYTES.saturating_sub(self.body.len() - start);
            let kept = text.len().min(room);
            self.body.extend_from_slice(&text[..kept]);
            self.is_cut |= kept < text.len();
            now = &now[text.len()..];
            if is_whole {
                self.end_field(start);
                now = &now[1..];
            }
        }
        rest
    }

    fn end_field(&mut self, start: usize) {
        if std::mem::take(&mut self.is_cut) {
            let end = start + whole_characters(&self.body[start..]);
            self.body.truncate(end);
            self.body.extend_from_slice(CUT_MARK.as_bytes());
        }
        self.body.push(0);
        self.field = None;
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.field.is_some() {
            return Err(broken("an error of the server ends in the middle"));
        }
        self.body.push(0);
        put_message(self.tag, &std::mem::take(&mut self.body), out)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::io::AsyncReadExt;

    use super::*;

    /// Gives the bytes in pieces of the lengths that are wanted.
    struct InPieces {
        bytes: VecDeque<u8>,
        piece: usize,
    }

    impl AsyncRead for InPieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let count = self.piece.min(buf.remaining()).min(self.bytes.len());
            for _ in 0..count {
                let byte = self.bytes.pop_front().unwrap();
                buf.put_slice(&[byte]);
            }
            Poll::Ready(Ok(()))
        }
    }

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        put_message(tag, body, &mut message).unwrap();
        message
    }

    fn row(values: &[Option<&str>]) -> Vec<u8> {
        let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
        for value in values {
            match value {
                None => body.extend_from_slice(&(-1i32).to_be_bytes()),
                Some(text) => {
                    body.extend_from_slice(&i32::try_from(text.len()).unwrap().to_be_bytes());
                    body.extend_from_slice(text.as_bytes());
                }
            }
        }
        message(DATA_ROW, &body)
    }

    fn values(mut body: &[u8]) -> Vec<Option<String>> {
        let mut values = Vec::new();
        body = &body[2..];
        while let Some((length, rest)) = body.split_first_chunk() {
            match usize::try_from(i32::from_be_bytes(*length)) {
                Err(_) => {
                    values.push(None);
                    body = rest;
                }
                Ok(length) => {
                    let text = std::str::from_utf8(&rest[..length]).unwrap();
                    values.push(Some(text.to_owned()));
                    body = &rest[length..];
                }
            }
        }
        values
    }

    /// The messages that the driver would see, by tag and body.
    async fn seen(bytes: &[u8], piece: usize, limit: usize) -> io::Result<Vec<(u8, Vec<u8>)>> {
        let rows = RowLimit::new();
        rows.set(limit);
        let stream = InPieces {
            bytes: bytes.iter().copied().collect(),
            piece,
        };
        let mut bounded = Bounded::new(
            tokio::io::join(stream, tokio::io::sink()),
            rows,
            HangUp::default(),
        );
        let mut all = Vec::new();
        bounded.read_to_end(&mut all).await?;
        let mut messages = Vec::new();
        let mut rest = &*all;
        while let Some((&[tag, a, b, c, d], after)) = rest.split_first_chunk() {
            let length = u32::from_be_bytes([a, b, c, d]) as usize - 4;
            messages.push((tag, after[..length].to_vec()));
            rest = &after[length..];
        }
        assert!(rest.is_empty(), "no message is left in the middle");
        Ok(messages)
    }

    #[tokio::test]
    async fn short_messages_pass_unchanged_however_they_are_split() {
        let mut bytes = row(&[Some("1"), None, Some("")]);
        bytes.extend(message(b'C', b"SELECT 1\0"));
        bytes.extend(message(b'1', b""));
        bytes.extend(message(b'Z', b"I"));
        for piece in [1, 2, 3, 4, 5, 6, 7, 100] {
            let messages = seen(&bytes, piece, 100).await.unwrap();
            assert_eq!(
                "DC1Z",
                messages
                    .iter()
                    .map(|(tag, _)| char::from(*tag))
                    .collect::<String>()
            );
            assert_eq!(
                vec![Some("1".into()), None, Some(String::new())],
                values(&messages[0].1)
            );
        }
    }

    #[tokio::test]
    async fn a_long_row_keeps_its_short_values_and_the_beginnings_of_its_long_ones() {
        let (long, wide) = ("a".repeat(5_000), "é".repeat(5_000));
        let mut bytes = row(&[Some("7"), Some(&long), None, Some(&wide), Some("end")]);
        bytes.extend(row(&[Some("8")]));
        bytes.extend(message(b'Z', b"I"));
        for piece in [1, 3, 5, 1_000, 100_000] {
            let messages = seen(&bytes, piece, 1_000).await.unwrap();
            assert_eq!(3, messages.len());
            assert!(messages[0].1.len() <= 1_000, "{}", messages[0].1.len());
            let row = values(&messages[0].1);
            assert_eq!(
                (Some("7".into()), None, Some("end".into())),
                (row[0].clone(), row[2].clone(), row[4].clone())
            );
            for (index, letter) in [(1, 'a'), (3, 'é')] {
                let text = row[index].as_deref().unwrap();
                let kept = text.strip_suffix(CUT_MARK).unwrap();
                assert!(
                    kept.len() > 150 && kept.chars().all(|c| c == letter),
                    "{text}"
                );
            }
            assert_eq!(vec![Some("8".into())], values(&messages[1].1));
        }
    }

    #[tokio::test]
    async fn a_row_of_very_many_long_values_fits_as_well() {
        let value = "x".repeat(1_000);
        let bytes = row(&vec![Some(value.as_str()); 1_600]);
        let messages = seen(&bytes, 4_096, 100_000).await.unwrap();
        let row = values(&messages[0].1);
        assert_eq!(1_600, row.len());
        assert!(
            row.iter()
                .all(|value| value.as_deref().unwrap().ends_with(CUT_MARK))
        );
        assert!(messages[0].1.len() <= 100_000);
    }

    #[tokio::test]
    async fn long_errors_keep_their_code_and_the_beginning_of_each_text() {
        let mut body = b"SERROR\0VERROR\0C22P02\0M".to_vec();
        body.extend(std::iter::repeat_n(b'a', 1_000_000));
        body.extend(b"\0D");
        body.extend("ü".repeat(500_000).bytes());
        body.extend(b"\0L12\0\0");
        let bytes = message(ERROR, &body);
        for piece in [1, 1_000_000_000] {
            let messages = seen(&bytes, piece, 1_000).await.unwrap();
            let text = String::from_utf8(messages[0].1.clone()).unwrap();
            assert!(
                text.starts_with("SERROR\0VERROR\0C22P02\0Maaa") && text.ends_with("\0L12\0\0")
            );
            assert_eq!(2, text.matches(CUT_MARK).count());
            assert!(text.len() < REPORT_BYTES, "{}", text.len());
        }
    }

    #[tokio::test]
    async fn other_long_messages_and_broken_ones_end_the_connection() {
        for bytes in [
            message(b'S', &vec![b'x'; OTHER_BYTES + 1]),
            vec![b'Z', 0, 0, 0, 3],
            // More values than columns.
            message(
                DATA_ROW,
                &[&[0, 1][..], &[0, 0, 16, 0], &[b'x'; 4_096], &[0, 0, 0, 0]].concat(),
            ),
            // Fewer.
            message(
                DATA_ROW,
                &[&[0, 2][..], &[0, 0, 16, 0], &[b'x'; 4_096]].concat(),
            ),
        ] {
            let err = seen(&bytes, 100, 1_000).await.unwrap_err();
            assert_eq!(io::ErrorKind::InvalidData, err.kind());
        }
    }
}
