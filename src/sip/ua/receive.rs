//! Owns the first look at a datagram: is its sender served, what is it, and which part of the user agent does it concern
//! (RFC 3261 §8.2). Must never parse a byte from an address that is not served.

use super::UserAgent;
use crate::sip::counters::{Noted, Refused};
use crate::sip::fault::Fault;
use crate::sip::message::{self, Echo, Message, Method, Request};
use crate::sip::response::{self, ALLOW, Reply, SDP, Status};
use crate::sip::transactions::Key;
use crate::units::Time;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

impl UserAgent {
    /// Takes a datagram that came from `from`.
    pub fn handle_datagram(&mut self, now: Time, from: SocketAddr, bytes: &[u8]) {
        if !self.served.contains(from) {
            return self.counters.refuse(Refused::Unserved);
        }
        match message::read(bytes) {
            Message::Request(request) => self.request(now, from, *request),
            Message::Response(response) => self.response(now, &response),
            Message::Faulty { method, echo, fault } => self.faulty(from, &method, &echo, fault),
            Message::KeepAlive => self.counters.note(Noted::KeepAlive),
            Message::Unreadable => self.counters.refuse(Refused::Unreadable),
        }
    }

    fn request(&mut self, now: Time, source: SocketAddr, request: Request) {
        if request.method == Method::Ack {
            return self.ack(now, &request);
        }
        if let Some(id) = self.servers.find(&Key::of(&request)) {
            self.counters.note(Noted::Repeated);
            return self.repeated(now, id);
        }
        match (&request.method, &request.echo.to_tag) {
            (Method::Cancel, _) => self.cancel(now, source, &request),
            (Method::Ack | Method::Other(_), _) => {
                let reply = Reply::new(Status::METHOD).with("Allow", ALLOW);
                self.refuse_with(now, source, &request, Refused::Method, reply);
            }
            (Method::Invite | Method::Bye | Method::Options, Some(_)) => {
                self.within_dialog(now, source, request);
            }
            (Method::Bye, None) => self.unknown_dialog(now, source, &request),
            (Method::Invite | Method::Options, None) => self.outside_dialog(now, source, request),
        }
    }

    /// A request that belongs to no dialog.
    fn outside_dialog(&mut self, now: Time, source: SocketAddr, request: Request) {
        if self.servers.is_merged(&request) {
            return self.refuse_plain(now, source, &request, Refused::Merged, Status::MERGED);
        }
        if request.max_forwards == Some(0) {
            return self.refuse_plain(now, source, &request, Refused::MaxForwards, Status::HOPS);
        }
        if self.refused_extension(now, source, &request) {
            return;
        }
        match request.method {
            Method::Options => self.options(now, source, &request),
            _ => self.invite(now, source, request),
        }
    }

    /// Tells what we can do (RFC 3261 §11.2).
    pub(super) fn options(&mut self, now: Time, source: SocketAddr, request: &Request) {
        let reply = Reply::new(Status::OK)
            .with("Contact", self.contact())
            .with("Allow", ALLOW)
            .with("Accept", SDP)
            .with("Accept-Encoding", "identity")
            .with("Accept-Language", "de")
            .with("Supported", "");
        self.reply(now, source, request, reply);
    }

    /// Refuses a request that insists on an extension; we have none (§8.2.2.3).
    pub(super) fn refused_extension(&mut self, now: Time, source: SocketAddr, request: &Request) -> bool {
        if request.require.is_empty() {
            return false;
        }
        let reply = Reply::new(Status::EXTENSION).with("Unsupported", request.require.join(", "));
        self.refuse_with(now, source, request, Refused::Extension, reply);
        true
    }

    pub(super) fn unknown_dialog(&mut self, now: Time, source: SocketAddr, request: &Request) {
        self.refuse_plain(
            now,
            source,
            request,
            Refused::UnknownDialog,
            Status::UNKNOWN_DIALOG,
        );
    }

    pub(super) fn refuse_plain(
        &mut self,
        now: Time,
        source: SocketAddr,
        request: &Request,
        why: Refused,
        status: Status,
    ) {
        self.refuse_with(now, source, request, why, Reply::new(status));
    }

    pub(super) fn refuse_with(
        &mut self,
        now: Time,
        source: SocketAddr,
        request: &Request,
        why: Refused,
        reply: Reply,
    ) {
        self.counters.refuse(why);
        self.reply(now, source, request, reply);
    }

    /// Answers a request finally, in a transaction of its own if there is room for one.
    pub(super) fn reply(&mut self, now: Time, source: SocketAddr, request: &Request, reply: Reply) {
        let tag = self.tag_of(&request.echo);
        if self.has_room_for_transactions() {
            let id = self.open(source, request, &tag);
            self.respond(now, id, source, &request.echo, &reply);
        } else {
            self.reply_once(source, &request.echo, &tag, &reply);
        }
    }

    /// Answers without remembering: the request may come again, and gets the same answer again (§8.2.7).
    pub(super) fn reply_once(&mut self, source: SocketAddr, echo: &Echo, tag: &str, reply: &Reply) {
        let bytes = response::write(echo, source, Some(tag), reply);
        self.send(response::destination(source, &echo.via), bytes);
    }

    fn faulty(&mut self, source: SocketAddr, method: &Method, echo: &Echo, fault: Fault) {
        self.counters.refuse(fault.refused());
        if *method != Method::Ack {
            let tag = self.tag_of(echo);
            self.reply_once(source, echo, &tag, &Reply::new(fault.status()));
        }
    }

    /// The To tag of a response that opens no dialog: the same for the same request.
    pub(super) fn tag_of(&self, echo: &Echo) -> String {
        let mut hasher = DefaultHasher::new();
        (self.seed, &echo.call_id, &echo.cseq, &echo.via.branch).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    pub(super) fn contact(&self) -> String {
        format!("<sip:{}>", self.local)
    }
}
