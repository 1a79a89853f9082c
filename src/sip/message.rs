//! Owns what a framed message says. Must never judge what the user agent can do: a message that is in order may still ask
//! for what nobody here does.

use super::fault::Fault;
use super::guard::{self, Framed};
use super::names::Name;
use super::peer::Transport;
use super::via::{self, Via};
use super::{text, uri};
use crate::secret::Caller;
use std::net::SocketAddr;
use std::sync::Arc;

/// The most characters of the called user that are passed on.
pub const CALLED_CHARS_MAX: usize = 64;
/// Methods that we know and do not do; any other is none that we know (RFC 3261 §21.5.2).
const KNOWN: [&str; 5] = ["SUBSCRIBE", "NOTIFY", "REFER", "MESSAGE", "PUBLISH"];

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
    Prack,
    Register,
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
            "PRACK" => Method::Prack,
            "REGISTER" => Method::Register,
            other => Method::Other(other.to_owned()),
        }
    }

    /// Whether it is a method that we have heard of.
    pub fn is_known(&self) -> bool {
        match self {
            Method::Other(name) => KNOWN.contains(&name.as_str()),
            _ => true,
        }
    }
}

/// What every response repeats word for word (RFC 3261 §8.2.6.2). A field that was missing is empty.
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
    pub echo: Arc<Echo>,
    pub uri: String,
    /// The user part of the Request-URI, unescaped.
    pub called: String,
    /// Empty for a peer of RFC 2543 that sends none.
    pub from_tag: String,
    pub cseq: u32,
    pub max_forwards: Option<u8>,
    /// Whether a session description may come back (§20.1).
    pub takes_sdp: bool,
    pub require: Vec<String>,
    pub supported: Vec<String>,
    /// The methods that the peer takes, as it lists them.
    pub allow: Vec<String>,
    pub session_expires: Option<String>,
    /// The URI at which the peer can be reached; a telephone number may stand in it.
    pub contact: Option<Caller>,
    /// Whom the network asserts to be the caller (RFC 3325).
    pub asserted: Option<Caller>,
    pub record_routes: Vec<String>,
    /// What networks add about the number that was dialled: it may be somebody's own.
    pub redirected: Vec<(Name, String)>,
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    /// Whether the body may be passed over (§20.11).
    pub is_body_optional: bool,
    pub body: Vec<u8>,
}

impl Request {
    /// Whether the peer says that it knows an extension.
    pub fn supports(&self, option: &str) -> bool {
        let mut options = self.supported.iter().chain(&self.require);
        options.any(|known| known.eq_ignore_ascii_case(option))
    }

    /// Whether the peer says that it takes a method.
    pub fn allows(&self, method: &str) -> bool {
        self.allow.iter().any(|known| known == method)
    }
}

/// A response, as far as it matters to a request of ours.
pub struct Response {
    pub code: u16,
    pub branch: String,
    pub method: Method,
    /// What a registrar says, or who answers a refresh, field by field; in answer to other requests challenges alone. It names
    /// our own account.
    pub said: Vec<(Name, String)>,
    /// Where who answers a refresh can be reached from now on; a telephone number may stand in it.
    pub contact: Option<Caller>,
    /// The session description, if an INVITE is answered.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header field that is read.
    pub fn said(&self, wanted: Name) -> Option<&str> {
        let mut fields = self.said.iter();
        fields
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.as_str())
    }

    /// The same, as a number of seconds.
    pub fn seconds(&self, wanted: Name) -> Option<u32> {
        let value = self.said(wanted)?;
        let digits = value.trim().split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }
}

/// The header fields of a registrar's answer that somebody reads.
const SAID: [Name; 10] = [
    Name::Via,
    Name::Contact,
    Name::Expires,
    Name::MinExpires,
    Name::RetryAfter,
    Name::ServiceRoute,
    Name::WwwAuthenticate,
    Name::ProxyAuthenticate,
    Name::AuthenticationInfo,
    Name::SecurityServer,
];
/// Those of who answers a refresh.
const SAID_OF_SESSION: [Name; 3] = [Name::SessionExpires, Name::MinSe, Name::RetryAfter];

/// Those of who wants a proof of us within a call.
const CHALLENGES: [Name; 2] = [Name::WwwAuthenticate, Name::ProxyAuthenticate];

/// What arrived.
pub enum Message {
    Request(Box<Request>),
    Response(Response),
    /// A request that can be answered, but only with the fault.
    Faulty {
        method: Method,
        echo: Arc<Echo>,
        fault: Fault,
    },
    /// Line ends that keep a path open.
    KeepAlive,
    /// Nothing that could be answered.
    Unreadable,
}

/// Reads one message that came by `transport`.
pub fn read(transport: Transport, bytes: &[u8]) -> Message {
    guard::frame(transport, bytes).map_or(Message::KeepAlive, |framed| judge(framed, transport))
}

/// Reads what can be read of a message that has `fault`, whatever else may be wrong with it.
pub fn read_broken(transport: Transport, bytes: &[u8], fault: Fault) -> Message {
    let broken = |framed| Framed {
        fault: Some(fault),
        ..framed
    };
    guard::frame(transport, bytes).map_or(Message::Unreadable, |framed| judge(broken(framed), transport))
}

fn judge(framed: Framed<'_>, transport: Transport) -> Message {
    let head = Head::new(&framed);
    if framed.start.starts_with("SIP/") {
        return head
            .response(&framed)
            .map_or(Message::Unreadable, Message::Response);
    }
    let method = Method::new(framed.start.split(' ').next().unwrap_or_default());
    let Some(echo) = head.echo().map(Arc::new) else {
        return Message::Unreadable;
    };
    let judged = framed.fault.map_or(Ok(()), Err);
    match judged.and_then(|()| head.request(&framed, (&method, transport), &echo)) {
        Ok(request) => Message::Request(Box::new(request)),
        Err(fault) => Message::Faulty { method, echo, fault },
    }
}

/// The address that a URI names by number: where a request may go by `transport` without asking a name server.
pub fn literal(uri: &str, transport: Transport) -> Option<SocketAddr> {
    let uri = uri::read(uri)?;
    let is_insecure = uri.is_secure && transport != Transport::Tls;
    let elsewhere = uri.param("maddr").is_some();
    let address = uri.address().filter(|address| address.port() != 0);
    address.filter(|_| !is_insecure && !elsewhere)
}

/// Whether a route's URI asks for loose routing (RFC 3261 §16.12.1.1).
pub fn is_loose(uri: &str) -> bool {
    uri::read(uri).is_some_and(|uri| uri.param("lr").is_some())
}

/// The header fields that somebody reads, by name.
struct Head<'a>(Vec<(Name, &'a str)>);

impl<'a> Head<'a> {
    fn new(framed: &'a Framed<'_>) -> Head<'a> {
        let named = |field: &'a guard::Field| Some((Name::of(&field.name)?, field.value.as_str()));
        Head(framed.fields.iter().filter_map(named).collect())
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

    /// What an answer repeats; `None` where the topmost Via does not say enough for one.
    fn echo(&self) -> Option<Echo> {
        let vias = self.owned(Name::Via);
        let written = |name| self.first(name).unwrap_or_default();
        Some(Echo {
            via: via::read(vias.first()?)?,
            vias,
            from: Caller::new(written(Name::From)),
            to: written(Name::To).to_owned(),
            to_tag: tag(written(Name::To)),
            call_id: written(Name::CallId).to_owned(),
            cseq: written(Name::CSeq).to_owned(),
            timestamp: self.first(Name::Timestamp).map(str::to_owned),
        })
    }

    fn request(
        &self,
        framed: &Framed<'_>,
        (method, transport): (&Method, Transport),
        echo: &Arc<Echo>,
    ) -> Result<Request, Fault> {
        let target = request_line(&framed.start)?;
        self.required(echo)?;
        let called = called(target, transport)?;
        let from = self
            .first(Name::From)
            .and_then(text::address)
            .ok_or(Fault::From)?;
        text::address(&echo.to).ok_or(Fault::To)?;
        let (cseq, cseq_method) = cseq(&echo.cseq).ok_or(Fault::CSeq)?;
        // That a method is none at all says more than that it is named twice (RFC 4475 §3.1.2.18).
        if cseq_method != *method && method.is_known() {
            return Err(Fault::CSeqMethod);
        }
        if !echo.vias.iter().all(|via| via::is_well_formed(via)) {
            return Err(Fault::Via);
        }
        // Before RFC 3261 a caller without Contact was reached at its From (RFC 4475 §3.4.1).
        let old = || echo.via.unique_branch().is_none().then(|| Caller::new(from.0));
        let contact = self.contact()?.or_else(old);
        if *method == Method::Invite && contact.is_none() {
            return Err(Fault::Contact);
        }
        Ok(Request {
            called,
            uri: target.to_owned(),
            from_tag: text::param(from.1, "tag").unwrap_or_default().to_owned(),
            cseq,
            max_forwards: self.max_forwards()?,
            takes_sdp: self.takes_sdp(),
            require: self.owned(Name::Require),
            supported: self.owned(Name::Supported),
            allow: self.owned(Name::Allow),
            session_expires: self.first(Name::SessionExpires).map(str::to_owned),
            contact,
            asserted: self.values(Name::Asserted).next().map(Caller::new),
            record_routes: self.record_routes()?,
            redirected: self.redirected(),
            content_type: self.first(Name::ContentType).map(str::to_owned),
            content_encoding: self.first(Name::ContentEncoding).map(str::to_owned),
            is_body_optional: self.is_body_optional(),
            body: framed.body.to_vec(),
            method: method.clone(),
            echo: Arc::clone(echo),
        })
    }

    /// Whether everything is there without which there is no request, and what may stand once only stands once.
    fn required(&self, echo: &Echo) -> Result<(), Fault> {
        let once = [
            Name::From,
            Name::To,
            Name::CallId,
            Name::CSeq,
            Name::MaxForwards,
            Name::ContentType,
        ];
        if once.into_iter().any(|name| self.all(name).count() > 1) {
            return Err(Fault::Duplicate);
        }
        let needed = [
            echo.from.is_empty(),
            echo.to.is_empty(),
            echo.call_id.is_empty(),
            echo.cseq.is_empty(),
        ];
        match needed.contains(&true) {
            true => Err(Fault::Missing),
            false => Ok(()),
        }
    }

    fn response(&self, framed: &Framed<'_>) -> Option<Response> {
        let mut words = framed.start.splitn(3, ' ');
        let version = words.next().filter(|version| *version == "SIP/2.0");
        let code = words
            .next()
            .filter(|code| code.len() == 3)
            .and_then(|code| code.parse().ok());
        let mut vias = self.values(Name::Via);
        let branch = vias.next().and_then(via::read).and_then(|via| via.branch);
        let (_, method) = self.first(Name::CSeq).and_then(cseq)?;
        // More than one Via: it was meant for somebody else (RFC 3261 §8.1.3.3).
        let ours = version.is_some() && vias.next().is_none();
        ours.then_some(Response {
            code: code.filter(|code| (100..700).contains(code))?,
            branch: branch?,
            said: self.said(&method),
            contact: match method {
                Method::Invite | Method::Update => self.contact().unwrap_or_default(),
                _ => None,
            },
            body: match method {
                Method::Invite => framed.body.to_vec(),
                _ => Vec::new(),
            },
            method,
        })
    }

    fn said(&self, method: &Method) -> Vec<(Name, String)> {
        let is_read = |name: &Name| match method {
            Method::Register => SAID.contains(name),
            Method::Invite | Method::Update => SAID_OF_SESSION.contains(name) || CHALLENGES.contains(name),
            _ => CHALLENGES.contains(name),
        };
        let fields = self.0.iter().filter(|(name, _)| is_read(name));
        fields.map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    fn contact(&self) -> Result<Option<Caller>, Fault> {
        self.values(Name::Contact)
            .next()
            .filter(|value| *value != "*")
            .map(|value| {
                text::address(value)
                    .filter(|(_, params)| text::are_params(params))
                    .map(|(uri, _)| Caller::new(uri))
                    .ok_or(Fault::Contact)
            })
            .transpose()
    }

    fn max_forwards(&self) -> Result<Option<u8>, Fault> {
        let read = |value: &str| value.parse().map_err(|_| Fault::MaxForwards);
        self.first(Name::MaxForwards).map(read).transpose()
    }

    /// Without Accept, a session description is what comes back; an empty one forbids every body.
    fn takes_sdp(&self) -> bool {
        let is_fit = |range: &str| {
            let kind = text::media_type(range);
            ["application/sdp", "application/*", "*/*"].contains(&kind.as_str())
        };
        self.all(Name::Accept).next().is_none() || self.values(Name::Accept).any(is_fit)
    }

    fn is_body_optional(&self) -> bool {
        let disposition = self.first(Name::ContentDisposition).unwrap_or_default();
        text::param(disposition, "handling").is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
    }

    fn redirected(&self) -> Vec<(Name, String)> {
        let fields = [Name::CalledParty, Name::Diversion, Name::HistoryInfo].into_iter();
        let named = |name| self.values(name).map(move |value| (name, value.to_owned()));
        fields.flat_map(named).collect()
    }

    fn record_routes(&self) -> Result<Vec<String>, Fault> {
        let read = |value: &str| {
            let bracketed = value.contains('<') && text::address(value).is_some();
            bracketed.then(|| value.to_owned()).ok_or(Fault::RecordRoute)
        };
        self.values(Name::RecordRoute).map(read).collect()
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

/// The user part of the Request-URI. One that is no readable text is nobody in particular. `sips` promises TLS all the way.
fn called(target: &str, transport: Transport) -> Result<String, Fault> {
    let (scheme, _) = target.split_once(':').ok_or(Fault::RequestUri)?;
    if !text::is_token(scheme) || target.contains(char::is_whitespace) {
        return Err(Fault::RequestUri);
    }
    let is_secure = transport == Transport::Tls && scheme.eq_ignore_ascii_case("sips");
    if !is_secure && !scheme.eq_ignore_ascii_case("sip") {
        return Err(Fault::Scheme);
    }
    let uri = uri::read(target)
        .filter(|uri| !uri.has_headers)
        .ok_or(Fault::RequestUri)?;
    let user = text::unescaped(uri.user).unwrap_or_default();
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
