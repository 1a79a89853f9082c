//! Owns what a framed message says: the only file that knows the SIP crate. It is asked for header names (with their
//! compact forms), URIs and hosts. Header parameters, tags and branches are cut out by `text`, because the crate decodes
//! `%` escapes in them, compares their names by case and drops what it cannot read, and all of these must be echoed.

use super::fault::Fault;
use super::guard::{self, Framed};
use super::peer::Transport;
use super::text;
use crate::secret::Caller;
use ezk_sip_types::Name;
use ezk_sip_types::host::HostPort;
use ezk_sip_types::uri::SipUri;
use std::net::SocketAddr;

/// The port of a SIP address that names none (RFC 3261 §19.1.2).
pub const PORT: u16 = 5060;
/// The header field of RFC 3325.
const ASSERTED: &str = "P-Asserted-Identity";
/// The most characters of the called user that are passed on.
pub const CALLED_CHARS_MAX: usize = 64;

/// What a request wants; names are compared by case (RFC 3261 §7.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Info,
    Update,
    Other(String),
}

impl Method {
    fn new(name: &str) -> Method {
        match name {
            "INVITE" => Method::Invite,
            "ACK" => Method::Ack,
            "BYE" => Method::Bye,
            "CANCEL" => Method::Cancel,
            "OPTIONS" => Method::Options,
            "INFO" => Method::Info,
            "UPDATE" => Method::Update,
            other => Method::Other(other.to_owned()),
        }
    }
}

/// The topmost Via.
#[derive(Clone)]
pub struct Via {
    /// Host and port as written, without spaces, in lower case.
    pub sent_by: String,
    pub host: String,
    pub port: Option<u16>,
    pub branch: Option<String>,
    /// Whether the answer shall go to the port that the request came from (RFC 3581).
    pub rport: bool,
}

/// What every response repeats word for word (RFC 3261 §8.2.6.2).
#[derive(Clone)]
pub struct Echo {
    pub vias: Vec<String>,
    pub via: Via,
    pub from: Caller,
    pub to: String,
    pub to_tag: Option<String>,
    pub call_id: String,
    pub cseq: String,
    pub timestamp: Option<String>,
}

/// A request that keeps to the grammar as far as we look.
pub struct Request {
    pub method: Method,
    pub echo: Echo,
    pub uri: String,
    /// The user part of the Request-URI, unescaped.
    pub called: String,
    /// Empty for a peer of RFC 2543 that sends none.
    pub from_tag: String,
    pub cseq: u32,
    pub max_forwards: Option<u32>,
    pub require: Vec<String>,
    /// The URI at which the peer can be reached; a telephone number may stand in it.
    pub contact: Option<Caller>,
    /// Whom the network asserts to be the caller (RFC 3325).
    pub asserted: Option<Caller>,
    pub record_routes: Vec<String>,
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub body: Vec<u8>,
}

/// A response, as far as it matters to a BYE.
pub struct Response {
    pub code: u16,
    pub branch: String,
    pub method: Method,
}

/// What arrived.
pub enum Message {
    Request(Box<Request>),
    Response(Response),
    /// A request that can be answered, but only with the fault.
    Faulty {
        method: Method,
        echo: Box<Echo>,
        fault: Fault,
    },
    /// Line ends that keep a path open.
    KeepAlive,
    /// Nothing that could be answered.
    Unreadable,
}

/// Reads one message that came by `transport`.
pub fn read(transport: Transport, bytes: &[u8]) -> Message {
    guard::frame(transport, bytes).map_or(Message::KeepAlive, judge)
}

/// Reads what can be read of a message that has `fault`, whatever else may be wrong with it.
pub fn read_broken(transport: Transport, bytes: &[u8], fault: Fault) -> Message {
    let broken = |framed| Framed {
        fault: Some(fault),
        ..framed
    };
    guard::frame(transport, bytes).map_or(Message::Unreadable, |framed| judge(broken(framed)))
}

fn judge(framed: Framed<'_>) -> Message {
    let head = Head::new(&framed);
    if framed.start.starts_with("SIP/") {
        return head
            .response(&framed.start)
            .map_or(Message::Unreadable, Message::Response);
    }
    let method = Method::new(framed.start.split(' ').next().unwrap_or_default());
    let Some(echo) = head.echo() else {
        return Message::Unreadable;
    };
    let judged = framed.fault.map_or(Ok(()), Err);
    match judged.and_then(|()| head.request(&framed, method.clone(), echo.clone())) {
        Ok(request) => Message::Request(Box::new(request)),
        Err(fault) => Message::Faulty {
            method,
            echo: Box::new(echo),
            fault,
        },
    }
}

/// The address that a URI names by number: where a request may go without asking a name server.
pub fn literal(uri: &str) -> Option<SocketAddr> {
    let uri: SipUri = uri.parse().ok()?;
    let elsewhere = uri.uri_params.get("maddr").is_some();
    let port = uri.host_port.port.unwrap_or(PORT);
    (!uri.sips && !elsewhere && port != 0).then(|| uri.host_port.ip().map(|ip| SocketAddr::new(ip, port)))?
}

/// Whether a route's URI asks for loose routing (RFC 3261 §16.12.1.1).
pub fn is_loose(uri: &str) -> bool {
    text::param(uri, "lr").is_some()
}

/// The header fields by name.
struct Head<'a>(Vec<(Name, &'a str)>);

impl<'a> Head<'a> {
    fn new(framed: &'a Framed<'_>) -> Head<'a> {
        let named = |field: &'a guard::Field| (Name::from(field.name.as_str()), field.value.as_str());
        Head(framed.fields.iter().map(named).collect())
    }

    fn all(&self, wanted: Name) -> impl Iterator<Item = &'a str> + '_ {
        self.0
            .iter()
            .filter(move |(name, _)| *name == wanted)
            .map(|(_, value)| *value)
    }

    fn values(&self, wanted: Name) -> impl Iterator<Item = &'a str> + '_ {
        self.all(wanted).flat_map(text::list)
    }

    fn first(&self, wanted: Name) -> Option<&'a str> {
        self.all(wanted).next().filter(|value| !value.is_empty())
    }

    fn owned(&self, wanted: Name) -> Vec<String> {
        self.values(wanted).map(str::to_owned).collect()
    }

    /// What is needed to answer at all.
    fn echo(&self) -> Option<Echo> {
        let vias = self.owned(Name::VIA);
        let to = self.first(Name::TO)?;
        Some(Echo {
            via: via(vias.first()?)?,
            vias,
            from: Caller::new(self.first(Name::FROM)?),
            to: to.to_owned(),
            to_tag: tag(to),
            call_id: self.first(Name::CALL_ID)?.to_owned(),
            cseq: self.first(Name::CSEQ)?.to_owned(),
            timestamp: self.first(Name::TIMESTAMP).map(str::to_owned),
        })
    }

    fn request(&self, framed: &Framed<'_>, method: Method, echo: Echo) -> Result<Request, Fault> {
        let uri = request_line(&framed.start)?;
        let once = [
            Name::FROM,
            Name::TO,
            Name::CALL_ID,
            Name::CSEQ,
            Name::MAX_FORWARDS,
            Name::CONTENT_TYPE,
        ];
        if once.into_iter().any(|name| self.all(name).count() > 1) {
            return Err(Fault::Duplicate);
        }
        let from = self
            .first(Name::FROM)
            .and_then(text::address)
            .ok_or(Fault::From)?;
        text::address(&echo.to).ok_or(Fault::To)?;
        let (cseq, cseq_method) = cseq(&echo.cseq).ok_or(Fault::CSeq)?;
        if cseq_method != method {
            return Err(Fault::CSeqMethod);
        }
        let contact = self.contact()?;
        if method == Method::Invite && contact.is_none() {
            return Err(Fault::Contact);
        }
        Ok(Request {
            called: called(uri)?,
            uri: uri.to_owned(),
            from_tag: text::param(from.1, "tag").unwrap_or_default().to_owned(),
            cseq,
            max_forwards: self.max_forwards()?,
            require: self.owned(Name::REQUIRE),
            contact,
            asserted: self.values(Name::from(ASSERTED)).next().map(Caller::new),
            record_routes: self.record_routes()?,
            content_type: self.first(Name::CONTENT_TYPE).map(str::to_owned),
            content_encoding: self.first(Name::CONTENT_ENCODING).map(str::to_owned),
            body: framed.body.to_vec(),
            method,
            echo,
        })
    }

    fn response(&self, line: &str) -> Option<Response> {
        let mut words = line.splitn(3, ' ');
        let version = words.next().filter(|version| *version == "SIP/2.0");
        let code = words
            .next()
            .filter(|code| code.len() == 3)
            .and_then(|code| code.parse().ok());
        let mut vias = self.values(Name::VIA);
        let branch = vias.next().and_then(via).and_then(|via| via.branch);
        let (_, method) = self.first(Name::CSEQ).and_then(cseq)?;
        // More than one Via: it was meant for somebody else (RFC 3261 §8.1.3.3).
        let ours = version.is_some() && vias.next().is_none();
        ours.then_some(Response {
            code: code.filter(|code| (100..700).contains(code))?,
            branch: branch?,
            method,
        })
    }

    fn contact(&self) -> Result<Option<Caller>, Fault> {
        self.values(Name::CONTACT)
            .next()
            .filter(|value| *value != "*")
            .map(|value| {
                text::address(value)
                    .map(|(uri, _)| Caller::new(uri))
                    .ok_or(Fault::Contact)
            })
            .transpose()
    }

    fn max_forwards(&self) -> Result<Option<u32>, Fault> {
        let read = |value: &str| value.parse().map_err(|_| Fault::MaxForwards);
        self.first(Name::MAX_FORWARDS).map(read).transpose()
    }

    fn record_routes(&self) -> Result<Vec<String>, Fault> {
        let read = |value: &str| {
            let bracketed = value.contains('<') && text::address(value).is_some();
            bracketed.then(|| value.to_owned()).ok_or(Fault::RecordRoute)
        };
        self.values(Name::RECORD_ROUTE).map(read).collect()
    }
}

/// The Request-URI of a request line that keeps to the grammar and the version.
fn request_line(line: &str) -> Result<&str, Fault> {
    let (method, rest) = line.split_once(' ').ok_or(Fault::RequestLine)?;
    let (uri, version) = rest.rsplit_once(' ').ok_or(Fault::RequestLine)?;
    let protocol = version
        .get(..4)
        .filter(|protocol| protocol.eq_ignore_ascii_case("SIP/"));
    if !text::is_token(method) || protocol.is_none() {
        return Err(Fault::RequestLine);
    }
    if &version[4..] != "2.0" {
        return Err(Fault::Version);
    }
    Ok(uri)
}

/// The user part of the Request-URI.
fn called(uri: &str) -> Result<String, Fault> {
    let (scheme, rest) = uri.split_once(':').ok_or(Fault::RequestUri)?;
    if !text::is_token(scheme) || uri.contains(char::is_whitespace) {
        return Err(Fault::RequestUri);
    }
    if !scheme.eq_ignore_ascii_case("sip") {
        return Err(Fault::Scheme);
    }
    let parsed: SipUri = uri.parse().map_err(|_| Fault::RequestUri)?;
    if !parsed.header_params.is_empty() {
        return Err(Fault::RequestUri);
    }
    // The crate checks the user part, but does not let it be taken out.
    let user = rest.split_once('@').map_or("", |(user, _)| user);
    let user = user.split(':').next().unwrap_or_default();
    let user = text::unescaped(user).ok_or(Fault::RequestUri)?;
    Ok(user.chars().take(CALLED_CHARS_MAX).collect())
}

fn cseq(value: &str) -> Option<(u32, Method)> {
    let (number, method) = value.split_once([' ', '\t'])?;
    let number: u32 = number.parse().ok().filter(|number| *number < 1 << 31)?;
    let method = method.trim_start();
    text::is_token(method).then(|| (number, Method::new(method)))
}

fn tag(address: &str) -> Option<String> {
    let (_, params) = text::address(address)?;
    text::param(params, "tag")
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
}

/// Reads `SIP / 2.0 / UDP host : port ;params`, with spaces where RFC 4475 §3.1.1.1 puts them.
fn via(value: &str) -> Option<Via> {
    let (sent, params) = value.split_at(value.find(';').unwrap_or(value.len()));
    let mut protocol = sent.splitn(3, '/');
    let name = protocol.next()?.trim();
    let version = protocol.next()?.trim();
    let (transport, sent_by) = protocol.next()?.trim().split_once([' ', '\t'])?;
    if !name.eq_ignore_ascii_case("SIP") || !text::is_token(version) || !text::is_token(transport) {
        return None;
    }
    let sent_by: String = sent_by.split_whitespace().collect::<String>().to_lowercase();
    let address: HostPort = sent_by.parse().ok()?;
    Some(Via {
        host: address.host.to_string(),
        port: address.port.filter(|port| *port != 0),
        branch: text::param(params, "branch")
            .filter(|branch| !branch.is_empty())
            .map(str::to_owned),
        rport: text::param(params, "rport").is_some(),
        sent_by,
    })
}
