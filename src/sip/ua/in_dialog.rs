//! Owns what becomes of requests that concern a call which already exists: ACK, CANCEL, BYE, re-INVITE, OPTIONS
//! (RFC 3261 §9.2, §12.2.2, §14.2, §15.1.2). Must never end a call because a request was refused.

use super::call::{Incoming, retry_later};
use super::{UserAgent, leg};
use crate::ids::LegId;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::DialogId;
use crate::sip::message::{Method, Request};
use crate::sip::offer;
use crate::sip::response::{Reply, Status};
use crate::sip::transactions::Key;
use crate::units::Time;
use std::net::SocketAddr;

/// The longest that a peer is asked to wait before it repeats a re-INVITE (§14.2).
const OUT_OF_ORDER_S_MAX: u64 = 10;

impl UserAgent {
    /// An ACK ends a refusal's transaction, or confirms a call; it is never answered.
    pub(super) fn ack(&mut self, now: Time, request: &Request) {
        if self.acknowledges_refusal(now, request) {
            return;
        }
        let leg = self.leg_of(request);
        let call = leg.and_then(|leg| self.calls.get(&leg));
        match (leg, call) {
            (Some(leg), Some(call)) if call.awaits_ack(request.cseq) => self.drive(now, leg, leg::Event::Ack),
            _ => self.counters.note(Noted::StrayAck),
        }
    }

    /// A CANCEL is answered by itself; it ends a call that has no final response yet.
    pub(super) fn cancel(&mut self, now: Time, source: SocketAddr, request: &Request) {
        let invite = self.servers.find(&Key::of_invite(request));
        let Some(invite) = invite.and_then(|id| self.servers.get_mut(id)) else {
            return self.unknown_dialog(now, source, request);
        };
        let (tag, leg) = (invite.tag.clone(), invite.leg);
        let reply = Reply::new(Status::OK);
        // The same To tag as the INVITE's response has (§9.2).
        if self.has_room_for_transactions() {
            let id = self.open(source, request, &tag);
            self.respond(now, id, source, &request.echo, &reply);
        } else {
            self.reply_once(source, &request.echo, &tag, &reply);
        }
        if let Some(leg) = leg {
            self.drive(now, leg, leg::Event::Cancel);
        }
    }

    /// A request that names a dialog.
    pub(super) fn within_dialog(&mut self, now: Time, source: SocketAddr, request: Request) {
        let leg = self.leg_of(&request);
        let Some((leg, call)) = leg.and_then(|leg| self.calls.get_mut(&leg).map(|call| (leg, call))) else {
            return self.unknown_dialog(now, source, &request);
        };
        if !call.dialog.in_order(request.cseq) {
            let seconds = (self.random)() % (OUT_OF_ORDER_S_MAX + 1);
            let reply = retry_later(Status::OUT_OF_ORDER, seconds as u32);
            return self.refuse_with(now, source, &request, Refused::OutOfOrder, reply);
        }
        match request.method {
            Method::Bye => self.bye(now, source, leg, &request),
            Method::Invite => self.reinvite(now, source, leg, &request),
            Method::Options => self.options(now, source, &request),
            // Sorted out before a dialog is looked for.
            Method::Ack | Method::Cancel | Method::Other(_) => self.counters.note(Noted::OutOfTable),
        }
    }

    /// A BYE is obeyed whatever else it brings.
    fn bye(&mut self, now: Time, source: SocketAddr, leg: LegId, request: &Request) {
        self.reply(now, source, request, Reply::new(Status::OK));
        self.drive(now, leg, leg::Event::Bye);
    }

    fn reinvite(&mut self, now: Time, source: SocketAddr, leg: LegId, request: &Request) {
        if self.refused_extension(now, source, request) || self.refused_content(now, source, request) {
            return;
        }
        if !self.has_room_for_transactions() {
            let reply = retry_later(Status::FULL, super::call::RETRY_AFTER_S);
            return self.refuse_with(now, source, request, Refused::TransactionsMax, reply);
        }
        let agreement = match offer::read(&request.body, self.local.ip()) {
            Ok(agreement) => agreement,
            Err(why) => return self.refuse_offer(now, source, request, why),
        };
        let tag = request.echo.to_tag.clone().unwrap_or_default();
        let tx = self.open(source, request, &tag);
        if let Some(call) = self.calls.get_mut(&leg) {
            call.offer_again(Incoming::new(tx, source, request, agreement), request, source);
        }
        self.drive(now, leg, leg::Event::Reinvite);
    }

    fn leg_of(&self, request: &Request) -> Option<LegId> {
        let id = DialogId {
            call_id: request.echo.call_id.clone(),
            local_tag: request.echo.to_tag.clone()?,
            remote_tag: request.from_tag.clone(),
        };
        self.dialogs.get(&id).copied()
    }
}
