//! Owns the calls that are alive and does what the call's table says. Must never decide anything itself.

use super::invite::host_of;
use super::leg::{self, Action, EndReason, State};
use super::reinvite::Reinviting;
use super::{Event, Refusal, UserAgent};
use crate::ids::LegId;
use crate::media_api::{MediaSpec, SrtpKeys};
use crate::secret::Key;
use crate::sip::answer::Answerer;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::{Dialog, Wording};
use crate::sip::message::{Echo, Request};
use crate::sip::offer::{Agreement, Unusable};
use crate::sip::peer::{Origin, Way};
use crate::sip::proof::Proof;
use crate::sip::response::{ALLOW, Reply, Status, destination};
use crate::sip::session::{self, Asked, Refresher, Session as SessionTimer};
use crate::sip::timer::{Owner, T1, Timer, TxId, back_off};
use crate::sip::transactions::Purpose;
use crate::units::Time;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What a refused caller is asked to wait, in seconds.
pub(super) const RETRY_AFTER_S: u32 = 10;

/// What a request means for the session (RFC 3264, RFC 3261 §13.2.1).
pub(super) enum Session {
    /// It brings an offer that we can answer.
    Offered(Box<Agreement>),
    /// An INVITE without an offer: ours goes out with the 200.
    Wanted,
    /// An UPDATE without an offer: nothing changes.
    Untouched,
}

/// An INVITE or UPDATE without a final response.
pub(super) struct Incoming {
    tx: TxId,
    origin: Origin,
    echo: Arc<Echo>,
    cseq: u32,
    record_routes: Vec<String>,
    session: Session,
    /// How long the session shall last.
    timer: Option<SessionTimer>,
    /// Whether the peer takes UPDATE, if it says so.
    takes_update: Option<bool>,
}

impl Incoming {
    pub(super) fn new(tx: TxId, origin: Origin, request: &Request, session: Session) -> Incoming {
        Incoming {
            tx,
            origin,
            echo: Arc::clone(&request.echo),
            cseq: request.cseq,
            record_routes: request.record_routes.clone(),
            session,
            timer: match session::asked(request) {
                Asked::Agreed(timer) => Some(timer),
                Asked::Nothing | Asked::TooShort => None,
            },
            takes_update: session::takes_update(request),
        }
    }
}

/// A 200 to an INVITE that is repeated until its ACK comes (RFC 3261 §13.3.1.4).
struct Answered {
    cseq: u32,
    way: Way,
    bytes: Vec<u8>,
    pause: Duration,
}

/// One call.
pub(super) struct Call {
    state: State,
    why: Option<EndReason>,
    pub(super) dialog: Dialog,
    pub(super) answerer: Answerer,
    /// Our RTP address as peers see it.
    pub(super) media: Option<SocketAddr>,
    /// Our offer waits for its answer.
    unanswered: bool,
    /// What the answer to our offer agreed on.
    pub(super) agreed: Option<MediaSpec>,
    /// From which host the telephone itself comes, as far as its requests show.
    pub(super) behind: Option<IpAddr>,
    /// What an INFO said.
    pub(super) key: Option<Key>,
    incoming: Option<Incoming>,
    answered: Option<Answered>,
    pub(super) refusal: Refusal,
    /// How long the session lasts, if that was agreed.
    pub(super) session: Option<SessionTimer>,
    /// The question whether the peer is there, while it is unanswered.
    pub(super) probing: Option<TxId>,
    /// Whether a refresh of ours is an UPDATE.
    pub(super) takes_update: bool,
    /// The shortest interval that the way to the peer allows, in seconds (RFC 4028 §7.4).
    pub(super) interval_s_min: u32,
    /// Our re-INVITE, while it has no final answer.
    pub(super) reinviting: Option<Reinviting>,
    /// How we prove who we are, once the peer has asked for it.
    pub(super) proof: Proof,
}

impl Call {
    pub(super) fn new(dialog: Dialog, answerer: Answerer, incoming: Incoming) -> Call {
        Call {
            state: State::Offered,
            why: None,
            dialog,
            answerer,
            media: None,
            unanswered: false,
            agreed: None,
            behind: None,
            key: None,
            incoming: Some(incoming),
            answered: None,
            refusal: Refusal::Unavailable,
            session: None,
            probing: None,
            takes_update: false,
            interval_s_min: session::INTERVAL_S_MIN,
            reinviting: None,
            proof: Proof::default(),
        }
    }

    /// Whether nothing of offer and answer is under way.
    pub(super) fn is_confirmed(&self) -> bool {
        self.state == State::Confirmed
    }

    /// Whether the call was answered and nobody has hung up.
    pub(super) fn is_standing(&self) -> bool {
        matches!(
            self.state,
            State::Confirmed | State::Reanswered | State::Reoffered
        )
    }

    /// Remembers why, unless a reason is already known.
    pub(super) fn blame(&mut self, why: EndReason) {
        self.why.get_or_insert(why);
    }

    /// Whether an ACK with this sequence number is the one that is waited for.
    pub(super) fn awaits_ack(&self, cseq: u32) -> bool {
        self.answered
            .as_ref()
            .is_some_and(|answered| answered.cseq == cseq)
    }

    /// Whether an offer of the peer's would meet ours (RFC 3311 §5.2).
    pub(super) fn glares(&self) -> bool {
        self.unanswered || self.state == State::Reoffered
    }

    /// Holds a re-INVITE or UPDATE until the table says what becomes of it. Its target counts only where it is accepted.
    pub(super) fn offer_again(&mut self, incoming: Incoming, event: leg::Event, request: &Request) {
        let origin = incoming.origin;
        self.incoming = Some(incoming);
        let accepted = leg::step(self.state, event).is_some_and(|(_, actions)| {
            actions
                .iter()
                .any(|a| matches!(a, Action::Answer | Action::Renew))
        });
        if accepted {
            self.dialog.refresh_target(request, origin);
        }
    }

    /// Takes the ACK's answer to our offer, if it owes one.
    pub(super) fn take_answer(&mut self, ack: &Request) -> Result<(), Unusable> {
        if let Some(media) = self.media.filter(|_| self.unanswered) {
            let agreed = self.answerer.read_answer(&ack.body, media.ip().into())?;
            self.behind = Some(host_of(ack, self.dialog.origin()));
            let also = self.behind;
            self.agreed = Some(MediaSpec { also, ..agreed });
            self.unanswered = false;
        }
        Ok(())
    }

    /// The keys of its media, if they are other ones than when they were taken last.
    pub(super) fn take_keys(&mut self) -> Option<SrtpKeys> {
        self.answerer.take_keys()
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
            Action::TellMedia => {
                let agreed = self.calls.get_mut(&leg).and_then(|call| call.agreed.take());
                if let Some(spec) = agreed {
                    self.tell(Event::Reinvited { leg, spec });
                }
            }
            Action::TellKey => {
                if let Some(key) = self.calls.get_mut(&leg).and_then(|call| call.key.take()) {
                    self.counters.note(Noted::KeyByInfo);
                    self.tell(Event::Key { leg, key });
                }
            }
            Action::Reinvite => self.reinvite_peer(now, leg),
            Action::Renew => self.renew(now, leg),
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
            Action::End => self.end(now, leg),
        }
    }

    /// Answers an INVITE with 200, and goes on until its ACK comes.
    fn answer(&mut self, now: Time, leg: LegId) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let again = call.state == State::Reanswered;
        self.dialogs.insert(call.dialog.id.clone(), leg);
        let Some((incoming, bytes)) = self.say_ok(now, leg) else {
            return;
        };
        if let Some(call) = self.calls.get_mut(&leg) {
            call.answered = Some(Answered {
                cseq: incoming.cseq,
                way: destination(incoming.origin, &incoming.echo.via),
                bytes,
                pause: T1,
            });
        }
        for timer in [Timer::Answer, Timer::Ack] {
            let transport = incoming.origin.peer.transport;
            self.timers.start(Owner::Leg(leg), timer, transport, now);
        }
        if again {
            self.counters.note(Noted::Reinvited);
            self.tell_changed(leg, &incoming.session);
        }
    }

    /// Answers an UPDATE with 200 (RFC 3311 §5.2).
    fn renew(&mut self, now: Time, leg: LegId) {
        if let Some((incoming, _)) = self.say_ok(now, leg) {
            self.counters.note(Noted::Updated);
            self.tell_changed(leg, &incoming.session);
        }
    }

    /// Says 200, with the session description that the request calls for.
    fn say_ok(&mut self, now: Time, leg: LegId) -> Option<(Incoming, Vec<u8>)> {
        let call = self.calls.get_mut(&leg)?;
        let media = call.media?;
        let mut incoming = call.incoming.take()?;
        let is_secure = call.dialog.is_secure();
        call.takes_update = incoming.takes_update.unwrap_or(call.takes_update);
        let body = match &mut incoming.session {
            Session::Offered(agreement) => {
                call.answerer.agree(agreement, &mut *self.random);
                call.behind = agreement.spec.also;
                Some(call.answerer.answer(agreement, media))
            }
            Session::Wanted => {
                call.unanswered = true;
                self.counters.note(Noted::LateOffer);
                Some(call.answerer.offer(media, &mut *self.random))
            }
            Session::Untouched => None,
        };
        let mut reply = Reply::new(Status::OK);
        if !incoming.record_routes.is_empty() {
            reply = reply.with("Record-Route", incoming.record_routes.join(", "));
        }
        let reply = reply
            .with("Contact", self.contact(incoming.origin, is_secure))
            .with("Allow", ALLOW)
            .with("Supported", "timer");
        let reply = match incoming.timer {
            None => reply,
            Some(timer) if timer.refresher == Refresher::Peer => reply
                .with("Require", "timer")
                .with("Session-Expires", timer.answer()),
            Some(timer) => reply.with("Session-Expires", timer.answer()),
        };
        let reply = match body {
            Some(body) => reply.with_sdp(body),
            None => reply,
        };
        let bytes = self.respond(now, incoming.tx, incoming.origin, &incoming.echo, &reply);
        self.agree_session(now, leg, incoming.timer);
        Some((incoming, bytes))
    }

    fn tell_changed(&mut self, leg: LegId, session: &Session) {
        if let Session::Offered(agreement) = session {
            self.tell(Event::Reinvited {
                leg,
                spec: agreement.spec,
            });
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
            self.respond(now, incoming.tx, incoming.origin, &incoming.echo, reply);
        }
    }

    fn stop_answer(&mut self, leg: LegId) {
        self.timers.stop_all(Owner::Leg(leg));
        if let Some(call) = self.calls.get_mut(&leg) {
            call.answered = None;
        }
    }

    pub(super) fn say_bye(&mut self, now: Time, leg: LegId) {
        self.timers.stop_all(Owner::Session(leg));
        self.leave_reinvite(now, leg);
        let branch = self.new_branch();
        let proof = self.proof_within(leg, "BYE");
        if let Some(call) = self.calls.get_mut(&leg) {
            let shown = self.listens.shown(call.dialog.origin().local);
            let why = call.why.unwrap_or(EndReason::HungUp).reason();
            let mut fields = vec![("Reason", why.to_owned())];
            fields.extend(proof);
            let wording = Wording {
                method: "BYE",
                shown,
                branch: &branch,
                fields: &fields,
                sdp: &[],
            };
            let (way, bytes) = call.dialog.request(&wording, &self.served);
            self.ask(now, Purpose::EndCall(leg), branch, way, bytes);
        }
    }

    fn end(&mut self, now: Time, leg: LegId) {
        self.leave_reinvite(now, leg);
        self.timers.stop_all(Owner::Leg(leg));
        self.timers.stop_all(Owner::Session(leg));
        let Some(call) = self.calls.remove(&leg) else {
            return;
        };
        self.dialogs.remove(&call.dialog.id);
        if let Some(question) = call.probing {
            self.abandon(question);
        }
        let why = call.why.unwrap_or(EndReason::HungUp);
        match why {
            EndReason::PeerHungUp => self.counters.note(Noted::HungUpByPeer),
            EndReason::Cancelled => self.counters.note(Noted::Cancelled),
            EndReason::AckMissing => self.counters.note(Noted::AckMissing),
            EndReason::AnswerMissing
            | EndReason::Expired
            | EndReason::PeerGone
            | EndReason::HungUp
            | EndReason::HungUpUnanswered
            | EndReason::Refused => {}
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
        let (way, bytes, next) = (answered.way, answered.bytes.clone(), now + answered.pause);
        self.timers.set(Owner::Leg(leg), Timer::Answer, next);
        self.send_again(way, bytes);
    }
}

/// A refusal that says when to try again.
pub(super) fn retry_later(status: Status, seconds: u32) -> Reply {
    Reply::new(status).with("Retry-After", seconds.to_string())
}
