//! Owns what a caller does of itself: it calls, goes through its steps, changes its mind, hangs up. Must never read an answer.

use super::{Act, Caller, FRAME_TIME, State};
use crate::sim::message::{self, Wanted};
use crate::sim::plan::{Hold, SipFault, Step};
use crate::units::Time;
use std::time::Duration;

impl Caller {
    pub(super) fn call(&mut self, now: Time) {
        self.state = State::Calling;
        self.request(now, "INVITE", Wanted::Call);
        match self.plan.sip {
            SipFault::DoubledInvite => {
                let again = message::request(self, "INVITE", self.cseq, Wanted::Call);
                self.acts.push_back(Act::Sip(again));
            }
            SipFault::Merged => {
                let other = message::request(self, "INVITE", self.cseq, Wanted::OtherWay);
                self.acts.push_back(Act::Sip(other));
            }
            SipFault::Cancels { after_ms } => {
                self.cancels = Some(now + Duration::from_millis(after_ms));
            }
            _ => {}
        }
    }

    pub(super) fn cancel(&mut self, now: Time) {
        match self.state {
            State::Calling => self.request(now, "CANCEL", Wanted::Call),
            // Too late.
            State::Up => self.hang_up(now),
            State::Idle | State::Leaving | State::Over | State::Vanished => {}
        }
    }

    pub(super) fn live(&mut self, now: Time) {
        if self.is_keying() || self.is_asking(&["INVITE", "UPDATE"]) {
            self.inform(now);
            self.due = Some(now + FRAME_TIME);
            return;
        }
        let Some(step) = self.steps.pop_front() else {
            return;
        };
        let mut pause = Duration::ZERO;
        match step {
            Step::Wait(ms) => pause = Duration::from_millis(ms),
            Step::Key(keys) => self.key(&keys),
            Step::Speak(speaks) => {
                self.speaks = speaks;
                self.changed = now;
            }
            Step::Hold(hold) => self.change(now, Wanted::Hold(hold)),
            Step::EndMusic => self.held = Some(Hold::Inactive),
            Step::Resume => self.change(now, Wanted::Resume),
            Step::Switch => self.change(now, Wanted::Switch),
            Step::Refresh { moves: true } => self.change(now, Wanted::Move),
            // Without an offer an UPDATE changes nothing.
            Step::Refresh { moves: false } if self.plan.updates => {
                self.request(now, "UPDATE", Wanted::Nothing)
            }
            Step::Refresh { moves: false } => self.change(now, Wanted::Resume),
            Step::Twice => {
                self.request(now, "INVITE", Wanted::Resume);
                self.change(now, Wanted::Resume);
            }
            Step::Options => self.request(now, "OPTIONS", Wanted::Nothing),
            Step::HangUp => return self.hang_up(now),
            Step::Vanish => {
                self.state = State::Vanished;
                self.pending.clear();
                return;
            }
        }
        self.due = Some(now + pause);
    }

    /// Changes the session.
    fn change(&mut self, now: Time, wanted: Wanted) {
        let method = if self.plan.updates { "UPDATE" } else { "INVITE" };
        self.request(now, method, wanted);
    }

    fn key(&mut self, keys: &str) {
        match self.plan.info {
            None => self.keypad.key(keys),
            Some(_) => self.infos.extend(keys.chars()),
        }
    }

    /// Sends the next key by INFO, one after the other.
    fn inform(&mut self, now: Time) {
        if self.is_asking(&["INFO", "INVITE", "UPDATE"]) || now < self.next_info {
            return;
        }
        if let (Some(body), Some(key)) = (self.plan.info, self.infos.pop_front()) {
            self.informed.insert(self.cseq + 1, key);
            self.request(now, "INFO", Wanted::Key(body, key));
            let (down, between) = self.plan.press;
            self.next_info = now + FRAME_TIME * (down + between) as u32;
            self.keyed = now;
        }
    }

    pub(super) fn hang_up(&mut self, now: Time) {
        match self.plan.sip {
            SipFault::OldCSeq => {
                let old = message::request(self, "BYE", 0, Wanted::OldCSeq);
                self.acts.push_back(Act::Sip(old));
            }
            SipFault::ForeignTag => {
                let other = message::request(self, "BYE", self.cseq + 1, Wanted::ForeignTag);
                self.acts.push_back(Act::Sip(other));
            }
            _ => {}
        }
        self.state = State::Leaving;
        self.pending.clear();
        self.request(now, "BYE", Wanted::Nothing);
    }
}
