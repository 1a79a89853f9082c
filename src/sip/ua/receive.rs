//! Owns the first look at a message: is its sender served, what is it, and which part of the user agent does it concern
//! (RFC 3261 §8.2). Must never parse a byte from an address that is not served.

use super::UserAgent;
use crate::sip::counters::{Noted, Refused};
use crate::sip::fault::Fault;
use crate::sip::message::{self, Echo, Message, Method, Request};
use crate::sip::peer::{Origin, Peer, Transport};
use crate::sip::response::{self, ALLOW, Reply, SDP, Status};
use crate::sip::transactions::Key;
use crate::sip::trunk::mediasec;
use crate::units::Time;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

impl UserAgent {
    /// Takes one whole message that came from `peer` by our socket `local`: a datagram, or what
    /// [`UserAgent::handle_stream`] cut out.
    pub fn handle_message(&mut self, now: Time, peer: Peer, local: SocketAddr, bytes: &[u8]) {
        if !self.served.contains(peer.addr) {
            return self.counters.refuse(Refused::Unserved);
        }
        let message = message::read(peer.transport, bytes);
        self.message(now, Origin { peer, local }, message);
    }

    pub(super) fn message(&mut self, now: Time, origin: Origin, message: Message) {
        match message {
            Message::Request(request) => self.request(now, origin, *request),
            Message::Response(response) => self.response(now, &response),
            Message::Faulty { method, echo, fault } => self.faulty(origin, &method, &echo, fault),
            Message::KeepAlive => self.counters.note(Noted::KeepAlive),
            Message::Unreadable => self.counters.refuse(Refused::Unreadable),
        }
    }

    fn request(&mut self, now: Time, origin: Origin, request: Request) {
        if request.method == Method::Ack {
            return self.ack(now, &request);
        }
        if let Some(id) = self.servers.find(&Key::of(&request)) {
            self.counters.note(Noted::Repeated);
            return self.repeated(now, id);
        }
        if request.max_forwards == Some(0) {
            // Who is asked answers as if hops were left (RFC 4475 §3.3.11); a new call is turned away below.
            self.counters.note(Noted::HopsUsedUp);
        }
        match (&request.method, &request.echo.to_tag) {
            (Method::Cancel, _) => self.cancel(now, origin, &request),
            (Method::Ack | Method::Register | Method::Other(_), _) => {
                self.refuse_method(now, origin, &request)
            }
            (
                Method::Invite
                | Method::Bye
                | Method::Options
                | Method::Info
                | Method::Update
                | Method::Prack,
                Some(_),
            ) => self.within_dialog(now, origin, request),
            (Method::Bye | Method::Info | Method::Update | Method::Prack, None) => {
                self.unknown_dialog(now, origin, &request);
            }
            (Method::Invite | Method::Options, None) => self.outside_dialog(now, origin, request),
        }
    }

    /// A request that belongs to no dialog. Only INVITEs are looked at for having come two ways: to answer OPTIONS twice
    /// does no harm, and some who ask every few seconds never change what would tell one from the next.
    fn outside_dialog(&mut self, now: Time, origin: Origin, request: Request) {
        if self.servers.is_merged(&request) {
            return self.refuse_plain(now, origin, &request, Refused::Merged, Status::MERGED);
        }
        match request.method {
            Method::Options => self.options(now, origin, &request),
            // A call that has run in a circle through the telephone system is told so where its operator looks.
            _ if request.max_forwards == Some(0) => {
                self.refuse_plain(now, origin, &request, Refused::MaxForwards, Status::HOPS);
            }
            _ => self.invite(now, origin, request),
        }
    }

    /// 405 for what we know and do not do, 501 for what we have never heard of (§21.5.2).
    fn refuse_method(&mut self, now: Time, origin: Origin, request: &Request) {
        let (why, status) = match request.method.is_known() {
            true => (Refused::Method, Status::METHOD),
            false => (Refused::MethodUnknown, Status::METHOD_UNKNOWN),
        };
        let reply = Reply::new(status).with("Allow", ALLOW);
        self.refuse_with(now, origin, request, why, reply);
    }

    /// Tells what we can do (RFC 3261 §11.2).
    pub(super) fn options(&mut self, now: Time, origin: Origin, request: &Request) {
        if self.refused_extension(now, origin, request) || self.refused_content(now, origin, request) {
            return;
        }
        let reply = Reply::new(Status::OK)
            .with("Contact", self.contact(origin, request.uri.starts_with("sips:")))
            .with("Allow", ALLOW)
            .with("Accept", SDP)
            .with("Accept-Encoding", "identity")
            .with("Accept-Language", "de")
            .with("Supported", "timer");
        self.reply_lightly(now, origin, request, reply);
    }

    /// Refuses a request that insists on an extension that we have not (§8.2.2.3). Who insists on reliable provisional responses
    /// gets none at all, and the 200 at once (RFC 3262 §3).
    pub(super) fn refused_extension(&mut self, now: Time, origin: Origin, request: &Request) -> bool {
        let is_sealed = self
            .trunk_at(origin.peer.addr)
            .is_some_and(|trunk| trunk.config.mediasec);
        let is_known = |option: &str| match option {
            "timer" | "100rel" => true,
            mediasec::OPTION => is_sealed,
            _ => false,
        };
        let is_unknown = |option: &&String| !is_known(&option.to_ascii_lowercase());
        let unknown: Vec<&str> = request
            .require
            .iter()
            .filter(is_unknown)
            .map(String::as_str)
            .collect();
        if unknown.is_empty() {
            return false;
        }
        let reply = Reply::new(Status::EXTENSION).with("Unsupported", unknown.join(", "));
        self.refuse_with(now, origin, request, Refused::Extension, reply);
        true
    }

    pub(super) fn unknown_dialog(&mut self, now: Time, origin: Origin, request: &Request) {
        self.refuse_plain(
            now,
            origin,
            request,
            Refused::UnknownDialog,
            Status::UNKNOWN_DIALOG,
        );
    }

    pub(super) fn refuse_plain(
        &mut self,
        now: Time,
        origin: Origin,
        request: &Request,
        why: Refused,
        status: Status,
    ) {
        self.refuse_with(now, origin, request, why, Reply::new(status));
    }

    pub(super) fn refuse_with(
        &mut self,
        now: Time,
        origin: Origin,
        request: &Request,
        why: Refused,
        reply: Reply,
    ) {
        self.counters.refuse(why);
        self.reply_lightly(now, origin, request, reply);
    }

    /// Answers a request that changes nothing. However many of them come, half of the transactions stay free for calls:
    /// beyond that the answer is given without remembering it.
    fn reply_lightly(&mut self, now: Time, origin: Origin, request: &Request, reply: Reply) {
        if self.has_room_to_spare() {
            self.reply(now, origin, request, reply);
        } else {
            self.reply_once(origin, &request.echo, &self.tag_of(&request.echo), &reply);
        }
    }

    /// Answers a request finally, in a transaction of its own if there is room for one.
    pub(super) fn reply(&mut self, now: Time, origin: Origin, request: &Request, reply: Reply) {
        let tag = self.tag_of(&request.echo);
        if self.has_room_for_transactions() {
            let id = self.open(origin, request, &tag);
            self.respond(now, id, origin, &request.echo, &reply);
        } else {
            self.reply_once(origin, &request.echo, &tag, &reply);
        }
    }

    /// Answers without remembering: the request may come again, and gets the same answer again (§8.2.7).
    pub(super) fn reply_once(&mut self, origin: Origin, echo: &Echo, tag: &str, reply: &Reply) {
        let bytes = response::write(echo, origin.peer.addr, Some(tag), reply);
        self.send(response::destination(origin, &echo.via), bytes);
    }

    fn faulty(&mut self, origin: Origin, method: &Method, echo: &Echo, fault: Fault) {
        self.counters.refuse(fault.refused());
        if *method != Method::Ack {
            let tag = self.tag_of(echo);
            self.reply_once(origin, echo, &tag, &Reply::new(fault.status()));
        }
    }

    /// The To tag of a response that opens no dialog: the same for the same request.
    pub(super) fn tag_of(&self, echo: &Echo) -> String {
        let mut hasher = DefaultHasher::new();
        (self.seed, &echo.call_id, &echo.cseq, &echo.via.branch).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// `own` of ours as `peer` reaches it: as the operator says, else as the registrar of its trunk sees us.
    pub(super) fn shown_to(&self, peer: Peer, own: SocketAddr) -> SocketAddr {
        let trunk = self.trunk_at(peer.addr);
        let seen = trunk.and_then(|trunk| trunk.seen_at(own, peer.transport));
        seen.unwrap_or(self.listens.shown(own))
    }

    /// Where the peer reaches us: by the socket and the transport that it came by. Where TLS was promised all the way, and it came
    /// so, the scheme says it.
    pub(super) fn contact(&self, origin: Origin, is_secure: bool) -> String {
        let (transport, shown) = (origin.peer.transport, self.shown_to(origin.peer, origin.local));
        match is_secure && transport == Transport::Tls {
            true => format!("<sips:{shown}>"),
            false => format!("<sip:{shown}{}>", transport.uri_parameter()),
        }
    }
}
