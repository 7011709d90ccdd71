//! Event-stream framing (WHATWG HTML, "Server-sent events").

use bytes::{BufMut, Bytes, BytesMut};

/// One `message` event.
pub fn event(id: Option<&str>, data: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(data.len() + 64);
    put_id(&mut frame, id);
    put_data(&mut frame, data);
    frame.put_u8(b'\n');
    frame.freeze()
}

/// An event without a message that tells the client where to resume and how long to wait before
/// (2025-11-25, "Sending Messages to the Server" 6; SEP-1699).
pub fn priming(id: &str, retry_ms: u64) -> Bytes {
    let mut frame = BytesMut::with_capacity(64);
    put_id(&mut frame, Some(id));
    frame.put_slice(format!("retry: {retry_ms}\n").as_bytes());
    put_data(&mut frame, b"");
    frame.put_u8(b'\n');
    frame.freeze()
}

/// A comment: keeps proxies from closing a quiet stream.
pub const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

fn put_id(frame: &mut BytesMut, id: Option<&str>) {
    let Some(id) = id else { return };
    frame.put_slice(b"id: ");
    // A line break would start another field, NUL makes clients ignore the id.
    frame.extend(id.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r' | 0)));
    frame.put_u8(b'\n');
}

fn put_data(frame: &mut BytesMut, data: &[u8]) {
    // CR, LF and CRLF all end a line; each line of the data needs its own field.
    let mut rest = data;
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        frame.put_slice(b"data: ");
        frame.put_slice(&rest[..end.unwrap_or(rest.len())]);
        frame.put_u8(b'\n');
        let Some(end) = end else { return };
        let skip = if rest[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + skip..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reader as the HTML standard describes it, for one frame.
    fn read(frame: &[u8]) -> (Option<String>, Option<String>) {
        let text = String::from_utf8(frame.to_vec())
            .unwrap()
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let (mut id, mut data) = (None, None::<String>);
        for line in text.strip_suffix("\n\n").unwrap().split('\n') {
            let (field, value) = line.split_once(':').unwrap();
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => id = Some(value.to_owned()),
                "data" => match &mut data {
                    Some(data) => *data = format!("{data}\n{value}"),
                    None => data = Some(value.to_owned()),
                },
                _ => {}
            }
        }
        (id, data)
    }

    proptest! {
        #[test]
        fn a_reader_gets_back_what_was_sent(id in "[a-z0-9.]{1,20}", data in "\\PC{0,80}(\n|\r|\r\n)?\\PC{0,80}") {
            let (read_id, read_data) = read(&event(Some(&id), data.as_bytes()));
            prop_assert_eq!(Some(id), read_id);
            prop_assert_eq!(Some(data.replace("\r\n", "\n").replace('\r', "\n")), read_data);
        }

        #[test]
        fn an_id_cannot_inject_a_field(id in "(\\PC|\n|\r|\u{0}){0,40}") {
            let frame = event(Some(&id), b"{}");
            prop_assert_eq!(1, frame.windows(6).filter(|part| part == b"\ndata:").count());
            prop_assert_eq!(3, frame.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count());
        }
    }

    #[test]
    fn a_priming_event_has_an_id_a_delay_and_empty_data() {
        assert_eq!(
            "id: s.1\nretry: 500\ndata: \n\n",
            std::str::from_utf8(&priming("s.1", 500)).unwrap()
        );
    }
}
