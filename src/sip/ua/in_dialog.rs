//! Owns what becomes of requests that concern a call which already exists: ACK, CANCEL, BYE, re-INVITE, UPDATE, INFO,
//! OPTIONS (RFC 3261 §9.2, §12.2.2, §14.2, §15.1.2, RFC 3311, RFC 6086). Must never end a call because a request was refused.

use super::call::{Call, Incoming, Session, retry_later};
use super::{UserAgent, leg};
use crate::ids::LegId;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::DialogId;
use crate::sip::info::{self, Info};
use crate::sip::message::{Method, Request};
use crate::sip::offer::{Families, Unusable};
use crate::sip::peer::{Origin, Transport};
use crate::sip::response::{Reply, Status};
use crate::sip::transactions::Key;
use crate::units::Time;

impl UserAgent {
    /// An ACK ends a refusal's transaction, or confirms a call; it is never answered.
    pub(super) fn ack(&mut self, now: Time, request: &Request) {
        if self.acknowledges_refusal(now, request) {
            return;
        }
        let leg = self.leg_of(request);
        let awaited = leg.and_then(|leg| self.calls.get_mut(&leg).map(|call| (leg, call)));
        let Some((leg, call)) = awaited.filter(|(_, call)| call.awaits_ack(request.cseq)) else {
            return self.counters.note(Noted::StrayAck);
        };
        let event = match call.take_answer(request) {
            Ok(()) => leg::Event::Ack,
            Err(why) => {
                self.counters.refuse(match why {
                    Unusable::Missing => Refused::AnswerMissing,
                    _ => Refused::AnswerUnusable,
                });
                leg::Event::AckUseless
            }
        };
        self.drive(now, leg, event);
    }

    /// A CANCEL is answered by itself; it ends a call that has no final response yet.
    pub(super) fn cancel(&mut self, now: Time, origin: Origin, request: &Request) {
        let invite = self.servers.find(&Key::of_invite(request));
        let Some(invite) = invite.and_then(|id| self.servers.get_mut(id)) else {
            return self.unknown_dialog(now, origin, request);
        };
        let (tag, leg) = (invite.tag.clone(), invite.leg);
        let reply = Reply::new(Status::OK);
        // The same To tag as the INVITE's response has (§9.2).
        if self.has_room_for_transactions() {
            let id = self.open(origin, request, &tag);
            self.respond(now, id, origin, &request.echo, &reply);
        } else {
            self.reply_once(origin, &request.echo, &tag, &reply);
        }
        if let Some(leg) = leg {
            self.drive(now, leg, leg::Event::Cancel);
        }
    }

    /// A request that names a dialog.
    pub(super) fn within_dialog(&mut self, now: Time, origin: Origin, request: Request) {
        let leg = self.leg_of(&request);
        let Some((leg, call)) = leg.and_then(|leg| self.calls.get_mut(&leg).map(|call| (leg, call))) else {
            return self.unknown_dialog(now, origin, &request);
        };
        if !call.dialog.in_order(request.cseq) {
            let seconds = self.draw_pause_s();
            let reply = retry_later(Status::OUT_OF_ORDER, seconds);
            return self.refuse_with(now, origin, &request, Refused::OutOfOrder, reply);
        }
        self.follow(leg, origin);
        match request.method {
            Method::Bye => self.bye(now, origin, leg, &request),
            Method::Invite => self.reinvite(now, origin, leg, &request),
            Method::Update => self.update(now, origin, leg, &request),
            Method::Info => self.info(now, origin, leg, &request),
            Method::Options => self.options(now, origin, &request),
            // We never send a provisional response that asks for one (RFC 3262 §3).
            Method::Prack => self.unknown_dialog(now, origin, &request),
            // Sorted out before a dialog is looked for.
            Method::Ack | Method::Cancel | Method::Register | Method::Other(_) => {
                self.counters.note(Noted::OutOfTable)
            }
        }
    }

    /// A BYE is obeyed whatever else it brings.
    fn bye(&mut self, now: Time, origin: Origin, leg: LegId, request: &Request) {
        self.reply(now, origin, request, Reply::new(Status::OK));
        self.drive(now, leg, leg::Event::Bye);
    }

    fn reinvite(&mut self, now: Time, origin: Origin, leg: LegId, request: &Request) {
        if self.refused_before_offer(now, origin, request) {
            return;
        }
        match self.session(request, origin, self.families_of(leg)) {
            Err(why) => self.refuse_offer(now, origin, request, why),
            Ok(None) => self.offer_again(now, origin, leg, request, Session::Wanted),
            Ok(Some(agreement)) => {
                self.offer_again(now, origin, leg, request, Session::Offered(Box::new(agreement)))
            }
        }
    }

    /// Refuses what need not be looked into any further.
    fn refused_before_offer(&mut self, now: Time, origin: Origin, request: &Request) -> bool {
        self.refused_extension(now, origin, request)
            || self.refused_answer(now, origin, request)
            || self.refused_content(now, origin, request)
            || self.refused_interval(now, origin, request)
    }

    /// An UPDATE is answered at once. Its offer must not meet one of ours (RFC 3311 §5.2).
    fn update(&mut self, now: Time, origin: Origin, leg: LegId, request: &Request) {
        if self.refused_before_offer(now, origin, request) {
            return;
        }
        let session = match self.session(request, origin, self.families_of(leg)) {
            Err(why) => return self.refuse_offer(now, origin, request, why),
            Ok(None) => Session::Untouched,
            Ok(Some(_)) if self.calls.get(&leg).is_some_and(Call::glares) => {
                return self.refuse_plain(now, origin, request, Refused::Pending, Status::PENDING);
            }
            Ok(Some(agreement)) => Session::Offered(Box::new(agreement)),
        };
        self.offer_again(now, origin, leg, request, session);
    }

    /// Holds a re-INVITE or UPDATE and asks the call's table what becomes of it.
    fn offer_again(&mut self, now: Time, origin: Origin, leg: LegId, request: &Request, session: Session) {
        if !self.has_room_for_transactions() {
            let reply = retry_later(Status::FULL, super::call::RETRY_AFTER_S);
            return self.refuse_with(now, origin, request, Refused::TransactionsMax, reply);
        }
        let event = match request.method {
            Method::Update => leg::Event::Update,
            _ => leg::Event::Reinvite,
        };
        let tag = request.echo.to_tag.clone().unwrap_or_default();
        let tx = self.open(origin, request, &tag);
        if let Some(call) = self.calls.get_mut(&leg) {
            call.offer_again(Incoming::new(tx, origin, request, session), event, request);
        }
        self.drive(now, leg, event);
    }

    /// An INFO may bring a key.
    fn info(&mut self, now: Time, origin: Origin, leg: LegId, request: &Request) {
        if self.refused_extension(now, origin, request) || self.refused_length(now, origin, request) {
            return;
        }
        match info::read(request.content_type.as_deref(), &request.body) {
            Info::Nothing => self.reply(now, origin, request, Reply::new(Status::OK)),
            Info::Key(key) => {
                self.reply(now, origin, request, Reply::new(Status::OK));
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.key = Some(key);
                }
                self.drive(now, leg, leg::Event::Info);
            }
            Info::Unreadable => {
                self.refuse_plain(now, origin, request, Refused::Signal, Status::SIGNAL);
            }
            Info::Unknown => {
                let reply = Reply::new(Status::MEDIA_TYPE).with("Accept", info::ACCEPT);
                self.refuse_with(now, origin, request, Refused::ContentType, reply);
            }
        }
    }

    /// The family in which the media of a call arrives: it was chosen once.
    fn families_of(&self, leg: LegId) -> Families {
        let media = self.calls.get(&leg).and_then(|call| call.media);
        media.map_or(self.listens.families(), |media| media.ip().into())
    }

    /// A peer whose connection is gone goes on by another one.
    fn follow(&mut self, leg: LegId, origin: Origin) {
        if let Some(call) = self.calls.get_mut(&leg) {
            let last = call.dialog.origin().peer;
            // What began over TLS does not go on in clear.
            let is_as_safe = last.transport != Transport::Tls || origin.peer.transport == Transport::Tls;
            if last.transport.is_reliable() && is_as_safe && !self.connections.is_open(last) {
                call.dialog.moves_to(origin);
            }
        }
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
