//! Owns how a response is written and where it goes (RFC 3261 §8.2.6 and §18.2, RFC 3581). It always goes back to the
//! address that the request came from: must never follow a name or a `maddr` that the request brings.

use super::message::Echo;
use super::peer::{Origin, Peer, Transport, Way};
use super::text;
use super::via::Via;
use std::fmt::Write;
use std::net::SocketAddr;

/// A status code and its reason phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16, pub &'static str);

impl Status {
    pub const TRYING: Status = Status(100, "Trying");
    pub const OK: Status = Status(200, "OK");
    pub const SIGNAL: Status = Status(400, "Malformed DTMF Signal");
    pub const METHOD: Status = Status(405, "Method Not Allowed");
    pub const MEDIA_TYPE: Status = Status(415, "Unsupported Media Type");
    pub const ACCEPT: Status = Status(406, "Not Acceptable");
    pub const BODY: Status = Status(413, "Request Entity Too Large");
    pub const EXTENSION: Status = Status(420, "Bad Extension");
    pub const UNAVAILABLE: Status = Status(480, "Temporarily Unavailable");
    pub const UNKNOWN_DIALOG: Status = Status(481, "Call/Transaction Does Not Exist");
    pub const MERGED: Status = Status(482, "Loop Detected");
    pub const INTERVAL: Status = Status(422, "Session Interval Too Small");
    pub const HOPS: Status = Status(483, "Too Many Hops");
    pub const BUSY: Status = Status(486, "Busy Here");
    pub const CANCELLED: Status = Status(487, "Request Terminated");
    pub const NOT_ACCEPTABLE: Status = Status(488, "Not Acceptable Here");
    pub const PENDING: Status = Status(491, "Request Pending");
    pub const OUT_OF_ORDER: Status = Status(500, "CSeq Out Of Order");
    pub const UNFINISHED: Status = Status(500, "Earlier INVITE Not Answered Yet");
    pub const METHOD_UNKNOWN: Status = Status(501, "Not Implemented");
    pub const FULL: Status = Status(503, "Service Unavailable");
}

/// The methods that we answer, as `Allow` lists them.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO";
/// The body in which sessions are described.
pub const SDP: &str = "application/sdp";

/// A response but for what it repeats of the request.
pub struct Reply {
    pub status: Status,
    /// Header fields by name and value, in order.
    pub fields: Vec<(&'static str, String)>,
    /// A session description.
    pub body: Vec<u8>,
}

impl Reply {
    pub fn new(status: Status) -> Reply {
        Reply {
            status,
            fields: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.fields.push((name, value.into()));
        self
    }

    pub fn with_sdp(mut self, body: Vec<u8>) -> Reply {
        self.body = body;
        self.with("Content-Type", SDP)
    }
}

/// How the response to a request goes back. A datagram: to its port with `rport`, else to the port of its Via. Over TCP and TLS:
/// by the same connection; if it is gone, by a new one to the port of the Via.
pub fn destination(origin: Origin, via: &Via) -> Way {
    let Origin { peer, local } = origin;
    let port = via.port.unwrap_or(peer.transport.port());
    let named = SocketAddr::new(peer.addr.ip(), port);
    let (peer, back) = match peer.transport {
        Transport::Tcp | Transport::Tls => (peer, Some(named)),
        Transport::Udp if via.rport => (peer, None),
        Transport::Udp => (Peer::udp(named), None),
    };
    Way { local, peer, back }
}

/// Writes a response. `tag` is our To tag; it stands aside where the request brought one.
pub fn write(echo: &Echo, source: SocketAddr, tag: Option<&str>, reply: &Reply) -> Vec<u8> {
    let Status(code, reason) = reply.status;
    let mut text = format!("SIP/2.0 {code} {reason}\r\n");
    for (place, via) in echo.vias.iter().enumerate() {
        let via = if place == 0 {
            stamped(via, &echo.via, source)
        } else {
            via.clone()
        };
        line(&mut text, "Via", &via);
    }
    repeat(&mut text, "From", echo.from.reveal());
    match (&echo.to_tag, tag) {
        (None, Some(tag)) if !echo.to.is_empty() => line(&mut text, "To", &format!("{};tag={tag}", echo.to)),
        _ => repeat(&mut text, "To", &echo.to),
    }
    repeat(&mut text, "Call-ID", &echo.call_id);
    repeat(&mut text, "CSeq", &echo.cseq);
    if let (Status::TRYING, Some(timestamp)) = (reply.status, &echo.timestamp) {
        line(&mut text, "Timestamp", timestamp);
    }
    for (name, value) in &reply.fields {
        line(&mut text, name, value);
    }
    line(&mut text, "Content-Length", &reply.body.len().to_string());
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&reply.body);
    bytes
}

/// Repeats a header field that the request had.
fn repeat(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        line(text, name, value);
    }
}

/// Adds a header field to a message.
pub fn line(text: &mut String, name: &str, value: &str) {
    let written = write!(text, "{name}: {value}\r\n");
    debug_assert!(written.is_ok(), "a String takes everything");
}

/// The topmost Via with the address that the request really came from.
fn stamped(via: &str, top: &Via, source: SocketAddr) -> String {
    let name_of = |part: &str| {
        part.split('=')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let mut parts: Vec<String> = text::split(via, b';')
        .into_iter()
        .filter(|part| !["received", "rport"].contains(&name_of(part).as_str()))
        .map(str::to_owned)
        .collect();
    let differs = top.ip != Some(source.ip());
    if top.rport {
        parts.push(format!("rport={}", source.port()));
    }
    if top.rport || differs {
        parts.push(format!("received={}", source.ip()));
    }
    parts.join(";")
}
