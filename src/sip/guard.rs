//! Owns the framing of one message: where the start line, the header fields and the body are, and whether they keep to
//! the limits. Unfolds and trims, so that the parser behind sees one field a line. Must never look at what a field means,
//! Content-Length excepted.

use super::fault::Fault;
use super::peer::Transport;
use super::text::is_token;

/// The longest datagram that is read.
pub const DATAGRAM_BYTES_MAX: usize = 16 * 1024;
/// The longest message that is read from a stream.
pub const STREAM_BYTES_MAX: usize = 64 * 1024;
/// The most header fields of a message.
pub const HEADERS_MAX: usize = 100;
/// The longest value of a header field, unfolded, and the longest request line.
pub const VALUE_BYTES_MAX: usize = 4 * 1024;
/// The longest body that is read.
pub const BODY_BYTES_MAX: usize = 8 * 1024;

const _: () = assert!(VALUE_BYTES_MAX < BODY_BYTES_MAX && BODY_BYTES_MAX < DATAGRAM_BYTES_MAX);
const _: () = assert!(DATAGRAM_BYTES_MAX < STREAM_BYTES_MAX);

/// The longest message that `transport` brings.
const fn bytes_max(transport: Transport) -> usize {
    match transport {
        Transport::Udp => DATAGRAM_BYTES_MAX,
        Transport::Tcp | Transport::Tls => STREAM_BYTES_MAX,
    }
}

/// One header field; the value is trimmed, unfolded and free of control characters.
pub struct Field {
    pub name: String,
    pub value: String,
}

/// A message taken apart. With a fault, it holds what could be made out, so that the fault can be answered.
pub struct Framed<'a> {
    pub start: String,
    pub fields: Vec<Field>,
    pub body: &'a [u8],
    pub fault: Option<Fault>,
}

/// Takes a message apart; `None` if it holds nothing but line ends (a keep-alive).
pub fn frame(transport: Transport, message: &[u8]) -> Option<Framed<'_>> {
    let skipped = message.iter().take_while(|byte| b"\r\n\0".contains(byte)).count();
    let most = bytes_max(transport);
    let too_long = message.len() > most;
    let mut rest = &message[skipped..message.len().min(most).max(skipped)];
    if rest.is_empty() {
        return None;
    }
    let mut framed = Framed {
        start: readable(take_line(&mut rest).unwrap_or_default()),
        fields: Vec::new(),
        body: &[],
        fault: too_long.then_some(Fault::DatagramTooLong),
    };
    if framed.start.len() > VALUE_BYTES_MAX {
        framed.blame(Fault::LineTooLong);
    }
    framed.take_fields(&mut rest);
    framed.drop_unprintable();
    framed.take_body(transport, rest);
    Some(framed)
}

/// The next line without its end; `None` where no line end follows.
fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = &rest[..end];
    *rest = &rest[end + 1..];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The bytes as text. What is not UTF-8 is taken for Latin-1, which old exchanges put into display names.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

impl<'a> Framed<'a> {
    fn blame(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    fn take_fields(&mut self, rest: &mut &'a [u8]) {
        loop {
            match take_line(rest) {
                None => return self.blame(Fault::HeadUnfinished),
                Some([]) => return,
                Some(line @ [b' ' | b'\t', ..]) => self.unfold(line),
                Some(_) if self.fields.len() == HEADERS_MAX => self.blame(Fault::HeadersTooMany),
                Some(line) => self.take_field(line),
            }
        }
    }

    fn take_field(&mut self, line: &[u8]) {
        let line = readable(line);
        let Some((name, value)) = line.split_once(':') else {
            return self.blame(Fault::HeaderLine);
        };
        let name = name.trim_end();
        if !is_token(name) {
            return self.blame(Fault::HeaderLine);
        }
        let value = value.trim();
        let fits = value.len() <= VALUE_BYTES_MAX;
        if !fits {
            self.blame(Fault::HeaderTooLong);
        }
        self.fields.push(Field {
            name: name.to_owned(),
            value: if fits { value.to_owned() } else { String::new() },
        });
    }

    /// Joins a folded line to the field above it (RFC 3261 §7.3.1).
    fn unfold(&mut self, line: &[u8]) {
        let line = readable(line);
        let more = line.trim();
        let Some(field) = self.fields.last_mut() else {
            return self.blame(Fault::HeaderLine);
        };
        if field.value.len() + more.len() >= VALUE_BYTES_MAX {
            return self.blame(Fault::HeaderTooLong);
        }
        if !field.value.is_empty() && !more.is_empty() {
            field.value.push(' ');
        }
        field.value.push_str(more);
    }

    /// Leaves nothing that is not fit to be echoed.
    fn drop_unprintable(&mut self) {
        let mut dropped = false;
        for field in self.fields.iter_mut().filter(|field| !is_printable(&field.value)) {
            field.value.clear();
            dropped = true;
        }
        if dropped {
            self.blame(Fault::ControlCharacter);
        }
    }

    /// The body ends where Content-Length says; without it, with the datagram. A stream must say it (RFC 3261 §18.3).
    fn take_body(&mut self, transport: Transport, rest: &'a [u8]) {
        let lengths = self
            .fields
            .iter()
            .filter(|field| is_content_length(&field.name))
            .map(|field| content_length(&field.value))
            .collect::<Vec<_>>();
        match lengths.as_slice() {
            [] if transport.is_reliable() => self.blame(Fault::LengthMissing),
            [] => self.body = rest,
            [Some(length), more @ ..] if more.iter().all(|other| *other == Some(*length)) => {
                self.body = &rest[..rest.len().min(*length)];
                if *length > rest.len() {
                    self.blame(Fault::BodyTooShort);
                }
            }
            _ => self.blame(Fault::ContentLength),
        }
    }
}

/// Whether no control character stands in `value` but tabs, and those that a quoted string escapes (RFC 3261 §25.1).
fn is_printable(value: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    value.chars().all(|c| {
        let allowed = !c.is_control() || c == '\t' || (escaped && c.is_ascii() && !"\r\n".contains(c));
        (quoted, escaped) = (quoted != (c == '"' && !escaped), quoted && !escaped && c == '\\');
        allowed
    })
}

/// Whether `name` is Content-Length, or its compact form.
pub fn is_content_length(name: &str) -> bool {
    ["Content-Length", "l"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The value of Content-Length.
pub fn content_length(value: &str) -> Option<usize> {
    value
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| value.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(datagram: &str) -> Option<Fault> {
        frame(Transport::Udp, datagram.as_bytes())
            .expect("not empty")
            .fault
    }

    #[test]
    fn folded_and_spaced_lines_become_one_field() {
        let framed = frame(
            Transport::Udp,
            b"\r\nX y z\r\nVia :  a,\r\n\t b\r\nSubject:\r\n\r\n",
        )
        .expect("not empty");
        assert_eq!(framed.start, "X y z");
        let fields: Vec<_> = framed
            .fields
            .iter()
            .map(|f| (f.name.as_str(), f.value.as_str()))
            .collect();
        assert_eq!(fields, [("Via", "a, b"), ("Subject", "")]);
        assert!(framed.fault.is_none());
    }

    #[test]
    fn the_body_ends_where_its_length_says() {
        let body = |text: &'static str| frame(Transport::Udp, text.as_bytes()).expect("not empty").body;
        assert_eq!(body("X\r\n\r\nhello"), b"hello");
        assert_eq!(body("X\nl: 2\n\nhello"), b"he");
        assert_eq!(fault("X\nl: 6\n\nhello"), Some(Fault::BodyTooShort));
        assert_eq!(fault("X\nl: -1\n\nhello"), Some(Fault::ContentLength));
        assert_eq!(
            fault("X\nl: 1\nContent-Length: 2\n\nhello"),
            Some(Fault::ContentLength)
        );
        assert_eq!(
            fault("X\nl: 99999999999999999999\n\n"),
            Some(Fault::ContentLength)
        );
    }

    #[test]
    fn each_limit_has_its_own_fault() {
        assert_eq!(
            fault(&format!("X\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX))),
            None
        );
        let more = format!("X\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(fault(&more), Some(Fault::HeadersTooMany));
        let long = format!("X\r\nA: {}\r\n\r\n", "b".repeat(VALUE_BYTES_MAX + 1));
        assert_eq!(fault(&long), Some(Fault::HeaderTooLong));
        let folded = format!(
            "X\r\nA: b\r\n{}\r\n",
            format!(" {}\r\n", "b".repeat(1_000)).repeat(5)
        );
        assert_eq!(fault(&folded), Some(Fault::HeaderTooLong));
        let huge = format!("X\r\nA: b\r\n\r\n{}", "c".repeat(DATAGRAM_BYTES_MAX));
        assert_eq!(fault(&huge), Some(Fault::DatagramTooLong));
    }

    #[test]
    fn broken_heads_are_named() {
        assert_eq!(fault("X\r\nA: b\r\n"), Some(Fault::HeadUnfinished));
        assert_eq!(fault("X\r\nno colon\r\n\r\n"), Some(Fault::HeaderLine));
        assert_eq!(fault("X\r\n folded start\r\n\r\n"), Some(Fault::HeaderLine));
        assert_eq!(fault("X\r\nA: b\u{1}c\r\n\r\n"), Some(Fault::ControlCharacter));
        assert_eq!(
            fault("X\r\nA: \"b\u{1}c\"\r\n\r\n"),
            Some(Fault::ControlCharacter)
        );
        assert_eq!(fault("X\r\nA: \\\u{1}c\r\n\r\n"), Some(Fault::ControlCharacter));
        assert_eq!(fault("X\r\nA: \"b\\\rc\"\r\n\r\n"), Some(Fault::ControlCharacter));
        assert_eq!(fault("X\r\nA: \"b\\\u{1}c\"\r\n\r\n"), None);
        assert!(frame(Transport::Udp, b"\r\n\r\n").is_none());
        assert!(frame(Transport::Udp, b"").is_none());
    }

    #[test]
    fn latin_1_names_are_read() {
        let framed = frame(Transport::Udp, b"X\r\nFrom: M\xfcller <sip:a@b>\r\n\r\n").expect("not empty");
        assert_eq!(framed.fields[0].value, "Müller <sip:a@b>");
    }
}
