//! Owns what becomes of an INVITE that opens a call: every refusal is find, exact status, return; what is left is offered
//! to the application (RFC 3261 §8.2, §13.3). Must never answer 200 by itself.

use super::call::{Call, Incoming, RETRY_AFTER_S, retry_later};
use super::{Event, UserAgent};
use crate::ids::LegId;
use crate::sip::answer::Answerer;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::Dialog;
use crate::sip::message::Request;
use crate::sip::offer::{self, Agreement, Unusable};
use crate::sip::response::{Reply, SDP, Status};
use crate::units::Time;
use std::net::SocketAddr;

impl UserAgent {
    pub(super) fn invite(&mut self, now: Time, source: SocketAddr, request: Request) {
        if self.refused_content(now, source, &request) {
            return;
        }
        if !self.has_room_for_transactions() {
            return self.refuse_full(now, source, &request, Refused::TransactionsMax);
        }
        if self.calls.len() >= self.calls_max {
            return self.refuse_full(now, source, &request, Refused::CallsMax);
        }
        match offer::read(&request.body, self.local.ip()) {
            Err(why) => self.refuse_offer(now, source, &request, why),
            Ok(agreement) => self.offer_call(now, source, &request, agreement),
        }
    }

    /// Opens the call: 100 at once, the rest is the application's.
    fn offer_call(&mut self, now: Time, source: SocketAddr, request: &Request, agreement: Agreement) {
        let leg = LegId(self.next_name());
        let tag = self.new_tag();
        let session = (self.random)();
        let tx = self.open(source, request, &tag);
        if let Some(transaction) = self.servers.get_mut(tx) {
            transaction.leg = Some(leg);
        }
        self.respond(now, tx, source, &request.echo, &Reply::new(Status::TRYING));
        let spec = agreement.spec;
        let incoming = Incoming::new(tx, source, request, agreement);
        let dialog = Dialog::new(request, source, tag);
        self.calls
            .insert(leg, Call::new(dialog, Answerer::new(session), incoming));
        self.counters.note(Noted::Invited);
        self.tell(Event::Invited {
            leg,
            called: request.called.clone(),
            spec,
        });
    }

    fn refuse_full(&mut self, now: Time, source: SocketAddr, request: &Request, why: Refused) {
        self.refuse_with(
            now,
            source,
            request,
            why,
            retry_later(Status::FULL, RETRY_AFTER_S),
        );
    }

    /// Refuses a body that is no plain session description (§8.2.3).
    pub(super) fn refused_content(&mut self, now: Time, source: SocketAddr, request: &Request) -> bool {
        let kind = request
            .content_type
            .as_deref()
            .and_then(|value| value.split(';').next());
        let is_sdp = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(SDP));
        let encoding = request.content_encoding.as_deref();
        let is_plain = encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
        if request.body.is_empty() || (is_sdp && is_plain) {
            return false;
        }
        let reply = Reply::new(Status::MEDIA_TYPE)
            .with("Accept", SDP)
            .with("Accept-Encoding", "identity");
        self.refuse_with(now, source, request, Refused::ContentType, reply);
        true
    }

    /// Refuses an offer and says why (§21.4.26, §20.43).
    pub(super) fn refuse_offer(&mut self, now: Time, source: SocketAddr, request: &Request, why: Unusable) {
        let (code, text) = why.warning();
        let warning = format!("{code} {} \"{text}\"", self.local);
        let reply = Reply::new(Status::NOT_ACCEPTABLE)
            .with("Warning", warning)
            .with("Accept", SDP);
        self.refuse_with(now, source, request, why.refused(), reply);
    }
}
