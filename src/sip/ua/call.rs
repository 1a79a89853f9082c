//! Owns the calls that are alive and does what the call's table says. Must never decide anything itself.

use super::leg::{self, Action, EndReason, State};
use super::{Event, Refusal, UserAgent};
use crate::ids::LegId;
use crate::sip::answer::Answerer;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::Dialog;
use crate::sip::message::{Echo, Request};
use crate::sip::offer::Agreement;
use crate::sip::response::{ALLOW, Reply, Status, destination};
use crate::sip::timer::{Owner, T1, Timer, TxId, back_off};
use crate::units::Time;
use std::net::SocketAddr;
use std::time::Duration;

/// What a refused caller is asked to wait, in seconds.
pub(super) const RETRY_AFTER_S: u32 = 10;

/// An INVITE without a final response.
pub(super) struct Incoming {
    tx: TxId,
    source: SocketAddr,
    echo: Echo,
    cseq: u32,
    record_routes: Vec<String>,
    agreement: Agreement,
}

impl Incoming {
    pub(super) fn new(tx: TxId, source: SocketAddr, invite: &Request, agreement: Agreement) -> Incoming {
        Incoming {
            tx,
            source,
            echo: invite.echo.clone(),
            cseq: invite.cseq,
            record_routes: invite.record_routes.clone(),
            agreement,
        }
    }
}

/// A 200 to an INVITE that is repeated until its ACK comes (RFC 3261 §13.3.1.4).
struct Answered {
    cseq: u32,
    to: SocketAddr,
    bytes: Vec<u8>,
    pause: Duration,
}

/// One call.
pub(super) struct Call {
    state: State,
    why: Option<EndReason>,
    pub(super) dialog: Dialog,
    answerer: Answerer,
    /// Our RTP address.
    pub(super) media: Option<SocketAddr>,
    incoming: Option<Incoming>,
    answered: Option<Answered>,
    pub(super) refusal: Refusal,
}

impl Call {
    pub(super) fn new(dialog: Dialog, answerer: Answerer, incoming: Incoming) -> Call {
        Call {
            state: State::Offered,
            why: None,
            dialog,
            answerer,
            media: None,
            incoming: Some(incoming),
            answered: None,
            refusal: Refusal::Unavailable,
        }
    }

    /// Whether an ACK with this sequence number is the one that is waited for.
    pub(super) fn awaits_ack(&self, cseq: u32) -> bool {
        self.answered
            .as_ref()
            .is_some_and(|answered| answered.cseq == cseq)
    }

    /// Holds a re-INVITE until the table says what becomes of it. Its target counts only where it is accepted.
    pub(super) fn offer_again(&mut self, incoming: Incoming, invite: &Request, source: SocketAddr) {
        self.incoming = Some(incoming);
        if self.state == State::Confirmed {
            self.dialog.refresh_target(invite, source);
        }
    }

    pub(super) fn bye_went_unanswered(&mut self) {
        if self.why == Some(EndReason::HungUp) {
            self.why = Some(EndReason::HungUpUnanswered);
        }
    }
}

impl UserAgent {
    /// Moves a call on by its table.
    pub(super) fn drive(&mut self, now: Time, leg: LegId, event: leg::Event) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let Some((next, actions)) = leg::step(call.state, event) else {
            return self.counters.note(Noted::OutOfTable);
        };
        call.state = next;
        for action in actions {
            self.act(now, leg, *action);
        }
    }

    fn act(&mut self, now: Time, leg: LegId, action: Action) {
        match action {
            Action::Answer => self.answer(now, leg),
            Action::Refuse => self.refuse_call(now, leg),
            Action::Terminate => self.respond_incoming(now, leg, &Reply::new(Status::CANCELLED)),
            Action::StopAnswer => self.stop_answer(leg),
            Action::TellConfirmed => {
                self.counters.note(Noted::Confirmed);
                self.tell(Event::Confirmed { leg });
            }
            Action::Pending => {
                self.counters.refuse(Refused::Pending);
                self.respond_incoming(now, leg, &Reply::new(Status::PENDING));
            }
            Action::Unknown => {
                self.counters.refuse(Refused::UnknownDialog);
                self.respond_incoming(now, leg, &Reply::new(Status::UNKNOWN_DIALOG));
            }
            Action::StrayAck => self.counters.note(Noted::StrayAck),
            Action::Blame(why) => {
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.why.get_or_insert(why);
                }
            }
            Action::SendBye => self.say_bye(now, leg),
            Action::End => self.end(leg),
        }
    }

    fn answer(&mut self, now: Time, leg: LegId) {
        let contact = self.contact();
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let (Some(incoming), Some(media)) = (call.incoming.take(), call.media) else {
            return;
        };
        let spec = incoming.agreement.spec;
        let again = call.state == State::Reanswered;
        let body = call.answerer.answer(&incoming.agreement, media);
        self.dialogs.insert(call.dialog.id.clone(), leg);
        let mut reply = Reply::new(Status::OK);
        if !incoming.record_routes.is_empty() {
            reply = reply.with("Record-Route", incoming.record_routes.join(", "));
        }
        let reply = reply
            .with("Contact", contact)
            .with("Allow", ALLOW)
            .with("Supported", "")
            .with_sdp(body);
        let bytes = self.respond(now, incoming.tx, incoming.source, &incoming.echo, &reply);
        if let Some(call) = self.calls.get_mut(&leg) {
            call.answered = Some(Answered {
                cseq: incoming.cseq,
                to: destination(incoming.source, &incoming.echo.via),
                bytes,
                pause: T1,
            });
        }
        for timer in [Timer::Answer, Timer::Ack] {
            self.timers.set(Owner::Leg(leg), timer, now + timer.first());
        }
        if again {
            self.counters.note(Noted::Reinvited);
            self.tell(Event::Reinvited { leg, spec });
        }
    }

    fn refuse_call(&mut self, now: Time, leg: LegId) {
        let Some(why) = self.calls.get(&leg).map(|call| call.refusal) else {
            return;
        };
        let (counted, reply) = match why {
            Refusal::Busy => (Refused::Busy, Reply::new(Status::BUSY)),
            Refusal::Full => (Refused::Full, retry_later(Status::FULL, RETRY_AFTER_S)),
            Refusal::Unavailable => (Refused::Unavailable, Reply::new(Status::UNAVAILABLE)),
        };
        self.counters.refuse(counted);
        self.respond_incoming(now, leg, &reply);
    }

    fn respond_incoming(&mut self, now: Time, leg: LegId, reply: &Reply) {
        if let Some(incoming) = self.calls.get_mut(&leg).and_then(|call| call.incoming.take()) {
            self.respond(now, incoming.tx, incoming.source, &incoming.echo, reply);
        }
    }

    fn stop_answer(&mut self, leg: LegId) {
        self.timers.stop_all(Owner::Leg(leg));
        if let Some(call) = self.calls.get_mut(&leg) {
            call.answered = None;
        }
    }

    fn say_bye(&mut self, now: Time, leg: LegId) {
        let branch = self.new_branch();
        if let Some(call) = self.calls.get_mut(&leg) {
            let (to, bytes) = call.dialog.bye(self.local, &branch, &self.served);
            self.send_bye(now, leg, branch, to, bytes);
        }
    }

    fn end(&mut self, leg: LegId) {
        self.timers.stop_all(Owner::Leg(leg));
        let Some(call) = self.calls.remove(&leg) else {
            return;
        };
        self.dialogs.remove(&call.dialog.id);
        let why = call.why.unwrap_or(EndReason::HungUp);
        match why {
            EndReason::PeerHungUp => self.counters.note(Noted::HungUpByPeer),
            EndReason::Cancelled => self.counters.note(Noted::Cancelled),
            EndReason::AckMissing => self.counters.note(Noted::AckMissing),
            EndReason::HungUp | EndReason::HungUpUnanswered | EndReason::Refused => {}
        }
        self.tell(Event::Ended { leg, why });
    }

    pub(super) fn leg_due(&mut self, now: Time, leg: LegId, timer: Timer) {
        if timer == Timer::Ack {
            return self.drive(now, leg, leg::Event::AckLate);
        }
        let Some(answered) = self.calls.get_mut(&leg).and_then(|call| call.answered.as_mut()) else {
            return;
        };
        answered.pause = back_off(answered.pause);
        let (to, bytes, next) = (answered.to, answered.bytes.clone(), now + answered.pause);
        self.timers.set(Owner::Leg(leg), Timer::Answer, next);
        self.send_again(to, bytes);
    }
}

/// A refusal that says when to try again.
pub(super) fn retry_later(status: Status, seconds: u32) -> Reply {
    Reply::new(status).with("Retry-After", seconds.to_string())
}
