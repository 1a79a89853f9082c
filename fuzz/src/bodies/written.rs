//! Judges what the user agent wrote: nothing smuggled into it, nothing in it that was not ours to write, and readable by
//! somebody else's parser.

use rsip::SipMessage;

/// Header fields that we write, and whether one message may have several.
const FIELDS: &[(&str, bool)] = &[
    ("Via", true),
    ("From", false),
    ("To", false),
    ("Call-ID", false),
    ("CSeq", false),
    ("Timestamp", false),
    ("Record-Route", false),
    ("Route", true),
    ("Contact", false),
    ("Allow", false),
    ("Supported", false),
    ("Unsupported", false),
    ("Accept", false),
    ("Accept-Encoding", false),
    ("Accept-Language", false),
    ("Retry-After", false),
    ("Warning", false),
    ("Max-Forwards", false),
    ("Require", false),
    ("Session-Expires", false),
    ("Min-SE", false),
    ("Reason", false),
    ("Content-Type", false),
    ("Content-Length", false),
];

/// Whether rsip reads these bytes. What it refuses of a peer's, it may refuse in the echo.
pub fn is_plain(bytes: &[u8]) -> bool {
    SipMessage::try_from(bytes).is_ok()
}

/// Our requests within a dialog.
const REQUESTS: [&str; 3] = ["BYE", "UPDATE", "OPTIONS"];

/// rsip must read what we wrote, but for the Request-URI of a request: that is the peer's own Contact, of whose inside
/// neither we nor rsip made sure.
fn must_be_plain(bytes: &[u8]) {
    let behind_uri = REQUESTS.iter().find_map(|method| {
        let rest = bytes.strip_prefix(method.as_bytes())?.strip_prefix(b" ")?;
        let end = rest.iter().position(|byte| *byte == b' ')?;
        Some([method.as_bytes(), b" sip:a@b", &rest[end..]].concat())
    });
    let read = is_plain(behind_uri.as_deref().unwrap_or(bytes));
    assert!(read, "rsip cannot read what we wrote");
}

/// Whether a control character stands in it that no backslash escapes, or one that none may (RFC 3261 §25.1).
fn holds_control(head: &str) -> bool {
    let mut before = ' ';
    head.chars().any(|c| {
        let escaped = before == '\\' && c.is_ascii() && !"\r\n".contains(c);
        before = c;
        c.is_control() && c != '\t' && !escaped
    })
}

/// A message of ours.
pub struct Written {
    text: String,
}

impl Written {
    /// Judges it. `plain`: all that was heard is read by rsip, so rsip must read this.
    pub fn new(bytes: Vec<u8>, plain: bool) -> Written {
        if plain {
            must_be_plain(&bytes);
        }
        let text = String::from_utf8(bytes).expect("we write UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let (start, fields) = head.split_once("\r\n").expect("fields");
        assert!(!holds_control(&head.replace("\r\n", "")));
        let words: Vec<&str> = start.splitn(3, ' ').collect();
        match words.as_slice() {
            ["SIP/2.0", code, reason] => {
                assert!(code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()));
                assert!(reason.is_ascii());
            }
            [method, uri, "SIP/2.0"] if REQUESTS.contains(method) => {
                let never = |c: char| c.is_whitespace() || "<>\"".contains(c);
                assert!(uri.contains(':') && !uri.contains(never), "no URI");
            }
            _ => panic!("neither a response nor a request within a dialog"),
        }
        let mut seen: Vec<&str> = Vec::new();
        for line in fields.split("\r\n") {
            let (name, value) = line.split_once(": ").expect("a field");
            let known = FIELDS.iter().find(|(known, _)| *known == name);
            let (_, several) = known.expect("a field that we write");
            assert!(*several || !seen.contains(&name), "{name} twice");
            assert!(name != "Content-Length" || value == body.len().to_string());
            seen.push(name);
        }
        // What a request lacked, its refusal lacks too (RFC 4475 §3.3.1).
        let lacks = start.starts_with("SIP/2.0 ") && !start.starts_with("SIP/2.0 2");
        for needed in ["Via", "Content-Length"] {
            assert!(seen.contains(&needed), "no {needed}");
        }
        for needed in ["From", "To", "Call-ID", "CSeq"] {
            assert!(lacks || seen.contains(&needed), "no {needed}");
        }
        Written { text }
    }

    /// The status of a response; `None` if it is our BYE.
    pub fn status(&self) -> Option<u16> {
        self.text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// A header field's first value.
    pub fn field(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.split("\r\n")
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
