//! Owns what keeps a call from outliving its caller: the session timer (RFC 4028) and the question whether somebody is
//! there, asked within the dialog when nothing was heard for long. Must never end a call whose peer answers.

use super::call::Call;
use super::leg::{self, EndReason};
use super::{Event, UserAgent};
use crate::ids::LegId;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::Wording;
use crate::sip::message::{Request, Response};
use crate::sip::names::Name;
use crate::sip::peer::Origin;
use crate::sip::response::{Reply, Status};
use crate::sip::session::{self, Asked, INTERVAL_S_MIN, Refresher, Session};
use crate::sip::timer::{Owner, Timer, TxId};
use crate::sip::transactions::Purpose;
use crate::sip::trunk::Trunk;
use crate::units::Time;
use std::time::Duration;

/// How long an answer to whether somebody is there may take.
const PROBE_PATIENCE: Duration = Duration::from_secs(12);
/// When a refresh that was refused for the moment is tried again, unless the refusal says when.
const REFRESH_AGAIN: Duration = Duration::from_secs(4);
/// The longest that such a refusal can put us off, in seconds: the session would end meanwhile.
const RETRY_AFTER_S_MAX: u32 = 20;

impl UserAgent {
    /// Asks the peer of a standing call whether it is still there: [`Event::Lost`] tells if it is not.
    pub fn probe(&mut self, now: Time, leg: LegId) {
        let is_asked = |call: &Call| call.probing.is_some();
        if self
            .calls
            .get(&leg)
            .is_none_or(|call| !call.is_confirmed() || is_asked(call))
        {
            return;
        }
        let fields = vec![("Accept", crate::sip::response::SDP.to_owned())];
        let tx = self.ask_within(now, leg, "OPTIONS", Purpose::Probe(leg), fields);
        if let Some(call) = self.calls.get_mut(&leg) {
            call.probing = tx;
            self.timers
                .set(Owner::Session(leg), Timer::Patience, now + PROBE_PATIENCE);
        }
    }

    /// Refuses a timer that is too short (RFC 4028 §9).
    pub(super) fn refused_interval(&mut self, now: Time, origin: Origin, request: &Request) -> bool {
        let is_refused = session::asked(request) == Asked::TooShort;
        if is_refused {
            let reply = Reply::new(Status::INTERVAL).with("Min-SE", INTERVAL_S_MIN.to_string());
            self.refuse_with(now, origin, request, Refused::Interval, reply);
        }
        is_refused
    }

    /// The timer is agreed anew with every INVITE and UPDATE that is answered with 200.
    pub(super) fn agree_session(&mut self, now: Time, leg: LegId, asked: Option<Session>) {
        if let Some(call) = self.calls.get_mut(&leg) {
            call.session = asked;
        }
        self.start_session(now, leg);
    }

    fn start_session(&mut self, now: Time, leg: LegId) {
        let owner = Owner::Session(leg);
        self.timers.stop(owner, Timer::Refresh);
        self.timers.stop(owner, Timer::Expiry);
        if let Some(session) = self.calls.get(&leg).and_then(|call| call.session) {
            self.timers.set(owner, Timer::Expiry, now + session.end());
            if session.refresher == Refresher::Us {
                self.timers.set(owner, Timer::Refresh, now + session.wait());
            }
        }
    }

    pub(super) fn session_due(&mut self, now: Time, leg: LegId, timer: Timer) {
        match timer {
            Timer::Refresh => self.refresh(now, leg),
            Timer::Expiry => self.lose(now, leg, EndReason::Expired),
            _ => self.lose(now, leg, EndReason::PeerGone),
        }
    }

    /// An UPDATE without an offer, or a re-INVITE that offers what stands: the session goes on as it is.
    pub(super) fn refresh(&mut self, now: Time, leg: LegId) {
        let Some(call) = self.calls.get(&leg).filter(|call| call.is_confirmed()) else {
            // The ACK of the last change is not here yet.
            return self
                .timers
                .set(Owner::Session(leg), Timer::Refresh, now + REFRESH_AGAIN);
        };
        if !call.takes_update {
            return self.drive(now, leg, leg::Event::Reoffer);
        }
        if let Some(fields) = self.refresh_fields(leg) {
            self.ask_within(now, leg, "UPDATE", Purpose::Refresh(leg), fields);
        }
    }

    /// The header fields of a refresh (RFC 4028 §7.4).
    pub(super) fn refresh_fields(&self, leg: LegId) -> Option<Vec<(&'static str, String)>> {
        let call = self.calls.get(&leg)?;
        let contact = self.contact(call.dialog.origin(), call.dialog.is_secure());
        let mut fields = vec![
            ("Contact", contact),
            ("Supported", "timer".to_owned()),
            ("Session-Expires", call.session?.request()),
            ("Min-SE", call.interval_s_min.to_string()),
        ];
        let trunk = self.trunk_at(call.dialog.origin().peer.addr);
        fields.extend(trunk.map(Trunk::media_fields).unwrap_or_default());
        Some(fields)
    }

    /// Sends a request within a dialog.
    fn ask_within(
        &mut self,
        now: Time,
        leg: LegId,
        method: &str,
        purpose: Purpose,
        mut fields: Vec<(&'static str, String)>,
    ) -> Option<TxId> {
        let branch = self.new_branch();
        fields.extend(self.proof_within(leg, method));
        let call = self.calls.get_mut(&leg)?;
        let shown = self.listens.shown(call.dialog.origin().local);
        let wording = Wording {
            method,
            shown,
            branch: &branch,
            fields: &fields,
            sdp: &[],
        };
        let (way, bytes) = call.dialog.request(&wording, &self.served);
        Some(self.ask(now, purpose, branch, way, bytes))
    }

    /// Somebody answered whether the session goes on, or whether they are there.
    pub(super) fn answered_within(&mut self, now: Time, purpose: Purpose, response: &Response) {
        let (Purpose::Refresh(leg) | Purpose::Reinvite(leg) | Purpose::Probe(leg)) = purpose else {
            return;
        };
        // The dialog is over there (RFC 3261 §12.2.1.2).
        if matches!(response.code, 408 | 481) {
            return self.lose(now, leg, EndReason::PeerGone);
        }
        match purpose {
            Purpose::Probe(_) => return self.probed(leg),
            Purpose::Reinvite(_) => self.reinvite_answered(now, leg, response),
            _ => self.moved_by_answer(leg, response),
        }
        if self.calls.get(&leg).is_some_and(Call::is_standing) {
            self.refreshed(now, leg, purpose, response);
        }
    }

    pub(super) fn probed(&mut self, leg: LegId) {
        self.timers.stop(Owner::Session(leg), Timer::Patience);
        if let Some(call) = self.calls.get_mut(&leg) {
            call.probing = None;
        }
    }

    /// The answer to an UPDATE may move the peer (RFC 3311 §5.1).
    fn moved_by_answer(&mut self, leg: LegId, response: &Response) {
        if let Some(call) = self.calls.get_mut(&leg).filter(|_| response.code < 300) {
            call.dialog.moved_target(response.contact.clone());
        }
    }

    fn refreshed(&mut self, now: Time, leg: LegId, purpose: Purpose, response: &Response) {
        let random = (self.random)();
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let pause = match (response.code, &mut call.session) {
            // Without a word of the timer there is none any more (RFC 4028 §7.2).
            (..300, _) => {
                self.counters.note(Noted::SessionRefreshed);
                let agreed = response.said(Name::SessionExpires).and_then(session::answered);
                return self.agree_session(now, leg, agreed);
            }
            (422, Some(session)) => match session.longer(response.seconds(Name::MinSe)) {
                Some(longer) => {
                    call.interval_s_min = longer.interval_s;
                    *session = longer;
                    REFRESH_AGAIN
                }
                None => return,
            },
            (491, Some(_)) => {
                self.counters.note(Noted::Glare);
                session::glare_pause(random)
            }
            (500 | 503 | 504, Some(_)) => response
                .seconds(Name::RetryAfter)
                .map_or(REFRESH_AGAIN, |seconds| {
                    Duration::from_secs(seconds.clamp(1, RETRY_AFTER_S_MAX).into())
                }),
            // It takes no UPDATE, whatever it said: a re-INVITE it has to take.
            (_, Some(_)) if matches!(purpose, Purpose::Refresh(_)) => {
                call.takes_update = false;
                return self.refresh(now, leg);
            }
            // It takes no refresh of ours: the session ends in its time unless the peer refreshes it.
            _ => return,
        };
        self.timers.set(Owner::Session(leg), Timer::Refresh, now + pause);
    }

    /// Nobody answered a request within a dialog.
    pub(super) fn unanswered_within(&mut self, now: Time, purpose: Purpose) {
        if let Purpose::Refresh(leg) | Purpose::Reinvite(leg) | Purpose::Probe(leg) = purpose {
            self.lose(now, leg, EndReason::PeerGone);
        }
    }

    /// The call is over although its peer has not said so: the application knows at once, the peer by BYE.
    fn lose(&mut self, now: Time, leg: LegId, why: EndReason) {
        let Some(call) = self.calls.get_mut(&leg).filter(|call| call.is_standing()) else {
            return;
        };
        call.blame(why);
        let question = call.probing.take();
        self.counters.note(match why {
            EndReason::Expired => Noted::SessionExpired,
            _ => Noted::PeerGone,
        });
        if let Some(question) = question {
            self.abandon(question);
        }
        self.tell(Event::Lost { leg });
        self.drive(now, leg, leg::Event::HangUp);
    }
}
