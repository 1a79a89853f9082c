//! Owns what the simulated callers write and read of SIP: plain text, no more of it than they need. Shares no code with the
//! bridge, so that both cannot be wrong in the same way.

use super::caller::{Asked, Caller, TRUNK};
use super::keypad::EVENTS;
use super::plan::{Hold, InfoBody, SipFault, number};
use crate::media_api::Law;
use std::net::SocketAddr;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Call,
    /// The same call by another way.
    OtherWay,
    Hold(Hold),
    Resume,
    Move,
    /// To G.722, or back.
    Switch,
    /// A key, by INFO.
    Key(InfoBody, char),
    OldCSeq,
    ForeignTag,
    Nothing,
}

/// The type of most bodies; named without one, too, as some telephones do.
const SDP: &str = "Content-Type: application/sdp\r\n";
/// What keeps a connection open (RFC 5626 §3.5.1), and its answer.
pub const PING: &[u8] = b"\r\n\r\n";
pub const PONG: &[u8] = b"\r\n";

/// A request of this caller.
pub fn request(caller: &mut Caller, method: &str, cseq: u32, wanted: Wanted) -> Vec<u8> {
    let body = match wanted {
        Wanted::Call | Wanted::OtherWay if caller.plan.sip == SipFault::LateOffer => String::new(),
        Wanted::Call | Wanted::OtherWay if method == "INVITE" => offer(caller, "sendrecv", false),
        Wanted::Hold(_) | Wanted::Resume | Wanted::Move | Wanted::Switch => changed(caller, wanted),
        Wanted::Key(InfoBody::Relay, key) => format!("Signal={key}\r\nDuration=160\r\n"),
        Wanted::Key(InfoBody::Plain, key) => key.to_string(),
        _ => String::new(),
    };
    let mut branch = format!("z9hG4bK{}x{cseq}", caller.n);
    let mut tag = caller.to_tag.clone();
    match wanted {
        Wanted::OtherWay => branch.push('b'),
        Wanted::OldCSeq => branch.push('o'),
        Wanted::ForeignTag => {
            branch.push('f');
            tag = "somebodyelse".to_owned();
        }
        _ => {}
    }
    let more = match wanted {
        Wanted::Key(InfoBody::Relay, _) => "Content-Type: application/dtmf-relay\r\n",
        Wanted::Key(InfoBody::Plain, _) => "Content-Type: application/dtmf\r\n",
        _ if method == "INVITE" && caller.plan.sip == SipFault::Requires => {
            "Require: 100rel\r\nContent-Type: application/sdp\r\n"
        }
        _ => SDP,
    };
    write(caller, method, cseq, &branch, &tag, more, &body)
}

/// The ACK of a 200; with the answer to a late offer.
pub fn ack(caller: &Caller, cseq: u32, answers: bool) -> Vec<u8> {
    let body = if answers {
        offer(caller, "sendrecv", false)
    } else {
        String::new()
    };
    let branch = format!("z9hG4bK{}x{cseq}ack", caller.n);
    write(caller, "ACK", cseq, &branch, &caller.to_tag, SDP, &body)
}

/// The ACK of a refusal: in the INVITE's own transaction.
pub fn ack_refusal(caller: &Caller, cseq: u32, refusal: &str) -> Vec<u8> {
    let branch = header(refusal, "Via").split("branch=").nth(1).unwrap_or_default();
    let branch = branch.split([';', ',']).next().unwrap_or_default();
    write(caller, "ACK", cseq, branch, &to_tag(refusal), SDP, "")
}

fn write(
    caller: &Caller,
    method: &str,
    cseq: u32,
    branch: &str,
    tag: &str,
    more: &str,
    body: &str,
) -> Vec<u8> {
    let (n, own, from) = (caller.n, caller.sip(), number(caller.n));
    let tag = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    let (transport, parameter) = match caller.plan.stream {
        None => ("UDP", ""),
        Some(_) => ("TCP", ";transport=tcp"),
    };
    format!(
        "{method} sip:4930555@192.0.2.9:5060 SIP/2.0\r\nVia: SIP/2.0/{transport} {own};branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:{from}@trunk.example>;tag=from{n}\r\nTo: <sip:4930555@bridge.example>{tag}\r\n\
         Call-ID: call{n}@trunk.example\r\nCSeq: {cseq} {method}\r\nContact: <sip:trunk@{own}{parameter}>\r\n{more}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Another version of the session: it holds from its answer on.
fn changed(caller: &mut Caller, wanted: Wanted) -> String {
    caller.version += 1;
    let held = match wanted {
        Wanted::Hold(hold) => Some(hold),
        Wanted::Switch => caller.held,
        _ => None,
    };
    caller.asked = Some(Asked {
        held,
        port: caller.port + if wanted == Wanted::Move { 2 } else { 0 },
        wide: caller.wide ^ (wanted == Wanted::Switch),
    });
    match held {
        Some(Hold::SendOnly) => offer(caller, "sendonly", false),
        Some(Hold::Inactive) => offer(caller, "inactive", false),
        Some(Hold::NoAddress) => offer(caller, "sendrecv", true),
        None => offer(caller, "sendrecv", false),
    }
}

fn offer(caller: &Caller, direction: &str, without_address: bool) -> String {
    let (port, wide) = caller
        .asked
        .map_or((caller.port, caller.wide), |asked| (asked.port, asked.wide));
    let address = if without_address {
        "0.0.0.0".to_owned()
    } else {
        TRUNK.to_string()
    };
    let laws = match caller.plan.law {
        Law::A => "8 0 ",
        Law::Mu => "0 ",
    };
    let (wideband, laws) = match (caller.plan.sip, caller.plan.wide) {
        (SipFault::NoCodec | SipFault::NoCodecNoAck, _) => ("", "96 "),
        (_, Some(plan)) if wide && plan.alone => ("9 ", ""),
        _ if wide => ("9 ", laws),
        _ => ("", laws),
    };
    format!(
        "v=0\r\no=- 1 {} IN IP4 {TRUNK}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP {wideband}{laws}101\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n",
        caller.version
    )
}

/// A response to the bridge's own request.
pub fn answer(request: &str, status: &str) -> Vec<u8> {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(request, name)));
    format!("SIP/2.0 {status}\r\n{}Content-Length: 0\r\n\r\n", copied.concat()).into_bytes()
}

/// The first value of a header field.
pub fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_default()
}

/// A response's code; none for a request.
pub fn status(text: &str) -> Option<u16> {
    text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// A request's method.
pub fn method(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// Number and method of the CSeq.
pub fn cseq(text: &str) -> (u32, &str) {
    let (number, method) = header(text, "CSeq").split_once(' ').unwrap_or_default();
    (number.parse().unwrap_or_default(), method)
}

/// The bridge's tag.
pub fn to_tag(text: &str) -> String {
    header(text, "To")
        .split("tag=")
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

/// Whether a response belongs to the transaction of this request.
pub fn same_branch(request: &[u8], response: &str) -> bool {
    let request = String::from_utf8_lossy(request);
    let branch = |text: &str| {
        let rest = header(text, "Via").split("branch=").nth(1).unwrap_or_default();
        rest.split([';', ',']).next().unwrap_or_default().to_owned()
    };
    branch(&request) == branch(response)
}

/// The payload types of the voice, of a session that is described.
pub fn payload_types(text: &str) -> Vec<u8> {
    let line = text.lines().find_map(|line| line.strip_prefix("m=audio "));
    let formats = line.unwrap_or_default().split(' ').skip(2);
    let types = formats.filter_map(|format| format.trim().parse().ok());
    types.filter(|format| *format != EVENTS).collect()
}

/// Where the bridge wants the voice.
pub fn media(text: &str) -> Option<SocketAddr> {
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
    let host = line("c=IN IP4 ")?.trim().parse().ok()?;
    Some(SocketAddr::new(host, port))
}
