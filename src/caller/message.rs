//! Owns the reading of the SIP messages that a caller gets: start line, headers, body. Pure, and on purpose not the
//! parser of the bridge.

/// How a message begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request's method.
    Request(String),
    /// A response's status code.
    Status(u16),
}

/// One SIP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its first line.
    pub start: Start,
    headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: String,
}

/// Compact header names (RFC 3261 §7.3.3) that a caller reads.
const COMPACT: [(&str, &str); 6] = [
    ("v", "via"),
    ("f", "from"),
    ("t", "to"),
    ("i", "call-id"),
    ("m", "contact"),
    ("l", "content-length"),
];

impl Message {
    /// Reads a datagram; `None` if it is no SIP message.
    pub fn parse(datagram: &[u8]) -> Option<Message> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = start_line(lines.next()?)?;
        let headers = lines.map(header).collect::<Option<Vec<_>>>()?;
        Some(Message {
            start,
            headers,
            body: body.to_owned(),
        })
    }

    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every header of this lower-case name, in order.
    pub fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Number and method of the CSeq header.
    pub fn cseq(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("cseq")?.split_once(' ')?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// A response to this request: the headers that RFC 3261 §8.2.6.2 has copied, and `more` lines.
    pub fn response(&self, status: &str, more: &str, body: &str) -> String {
        let copied: String = [
            ("Via", "via"),
            ("From", "from"),
            ("To", "to"),
            ("Call-ID", "call-id"),
            ("CSeq", "cseq"),
        ]
        .into_iter()
        .flat_map(|(written, name)| self.all(name).map(move |value| format!("{written}: {value}\r\n")))
        .collect();
        format!(
            "SIP/2.0 {status}\r\n{copied}{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

fn start_line(line: &str) -> Option<Start> {
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        return rest.get(..3)?.parse().ok().map(Start::Status);
    }
    let method = line.strip_suffix(" SIP/2.0")?.split(' ').next()?;
    Some(Start::Request(method.to_owned()))
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let lower = name.trim().to_ascii_lowercase();
    let full = COMPACT.iter().find(|(compact, _)| *compact == lower);
    let name = full.map_or(lower, |(_, full)| (*full).to_owned());
    Some((name, value.trim().to_owned()))
}

/// The URI in `<…>`, or the whole value without its parameters.
pub fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => value.split(';').next().unwrap_or(value).trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_compact_headers_is_read() {
        let message = Message::parse(
            b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 127.0.0.1\r\nm: \"x\" <sip:a@127.0.0.1:5060>;expires=1\r\nCSeq: 7 INVITE\r\n\r\nv=0\r\n",
        )
        .expect("a message");
        assert_eq!(message.start, Start::Status(200));
        assert_eq!(
            message.header("contact").map(uri_of),
            Some("sip:a@127.0.0.1:5060")
        );
        assert_eq!(message.cseq(), Some((7, "INVITE")));
        assert_eq!(message.body, "v=0\r\n");
        assert_eq!(uri_of("sip:b@host;lr"), "sip:b@host");
    }

    #[test]
    fn what_is_no_message_is_left_alone() {
        for junk in [
            &b""[..],
            b"\r\n\r\n",
            b"SIP/2.0 xx\r\n\r\n",
            b"BYE sip:x\r\n\r\n",
            b"\xff\r\n\r\n",
        ] {
            assert_eq!(Message::parse(junk), None);
        }
    }

    #[test]
    fn a_request_is_answered_with_its_own_headers() {
        let bye = b"BYE sip:a SIP/2.0\r\nVia: one\r\nVia: two\r\nFrom: f\r\nTo: t\r\nCall-ID: c\r\nCSeq: 2 BYE\r\n\r\n";
        let answer = Message::parse(bye).expect("a request").response("200 OK", "", "");
        let read = Message::parse(answer.as_bytes()).expect("a response");
        assert_eq!(read.all("via").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(read.cseq(), Some((2, "BYE")));
    }
}
