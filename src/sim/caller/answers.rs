//! Owns what a caller makes of what the bridge says: answers to its requests, and requests. Must never begin anything of
//! its own but an ACK.

use super::{Act, Caller, State};
use crate::sim::g722::{self, Encoder};
use crate::sim::message;
use crate::sim::plan::SipFault;
use crate::units::Time;
use std::time::Duration;

impl Caller {
    /// A SIP message came from the bridge.
    pub fn handle_sip(&mut self, now: Time, text: &str) {
        if self.state == State::Vanished {
            return;
        }
        match message::status(text) {
            Some(status) => self.answered(now, status, text),
            None => {
                let code = if message::method(text) == "BYE" {
                    "200 OK"
                } else {
                    "405 No"
                };
                self.acts.push_back(Act::Sip(message::answer(text, code)));
                if message::method(text) == "BYE" {
                    self.end();
                }
            }
        }
    }

    fn answered(&mut self, now: Time, status: u16, text: &str) {
        let (cseq, method) = message::cseq(text);
        if status < 200 {
            return;
        }
        let known = self
            .pending
            .iter()
            .position(|pending| pending.cseq == cseq && pending.method == method);
        // An answer to another transaction of the same number has another branch.
        let ours = known.is_some_and(|at| message::same_branch(&self.pending[at].bytes, text));
        if ours && let Some(at) = known {
            self.pending.remove(at);
        }
        match method {
            "INVITE" => self.invite_answered(now, status, cseq, ours, text),
            "BYE" if ours => self.end(),
            "UPDATE" if ours && status < 300 => self.renewed(now, text),
            "UPDATE" if ours => self.asked = None,
            "INFO" => self.keyed = now,
            _ => {}
        }
    }

    fn invite_answered(&mut self, now: Time, status: u16, cseq: u32, ours: bool, text: &str) {
        let ack = |caller: &Caller, body: bool| match status {
            200..300 => message::ack(caller, cseq, body),
            _ => message::ack_refusal(caller, cseq, text),
        };
        let first = self.state == State::Calling && ours;
        if first && (200..300).contains(&status) {
            self.to_tag = message::to_tag(text);
        }
        let no_ack = match self.plan.sip {
            SipFault::NoAck => cseq == 1,
            SipFault::NoCodecNoAck => true,
            _ => false,
        };
        if !no_ack {
            let late = self.plan.sip == SipFault::LateOffer && cseq == 1;
            let acknowledged = ack(self, late);
            if self.plan.sip == SipFault::DoubledAck {
                self.acts.push_back(Act::Sip(acknowledged.clone()));
            }
            self.acts.push_back(Act::Sip(acknowledged));
        }
        match (first, status) {
            (true, 200..300) => self.begin(now, text),
            (true, _) => self.end(),
            (false, 200..300) if ours => self.renewed(now, text),
            (false, _) if ours => self.asked = None,
            (false, _) => {}
        }
    }

    fn begin(&mut self, now: Time, text: &str) {
        self.state = State::Up;
        self.media = message::media(text);
        // To a late offer, which names all that is spoken there, this telephone answered.
        if self.plan.sip == SipFault::LateOffer {
            self.speak_wide(self.wide);
        } else {
            self.agree(text);
        }
        // Each telephone has its own phase.
        self.frame_at = now + Duration::from_micros(1_000 + self.n as u64 * 797);
        self.changed = now;
        match (self.plan.sip, self.cancels) {
            // The 200 crossed the CANCEL: the call ends as any other (RFC 3261 §9.1).
            (SipFault::Cancels { .. }, None) => self.hang_up(now),
            (SipFault::Cancels { .. }, Some(_)) => {}
            _ => self.due = Some(now),
        }
    }

    fn renewed(&mut self, now: Time, text: &str) {
        self.changed = now;
        if let Some(asked) = self.asked.take() {
            self.held = asked.held;
            self.port = asked.port;
        }
        self.agree(text);
    }

    /// Speaks what an answer names first.
    fn agree(&mut self, answer: &str) {
        if let Some(agreed) = message::payload_types(answer).first() {
            self.speak_wide(*agreed == g722::PAYLOAD_TYPE);
        }
    }

    /// Another codec begins anew.
    fn speak_wide(&mut self, wide: bool) {
        self.wide = wide;
        if wide != self.encoder.is_some() {
            self.encoder = wide.then(Encoder::new);
        }
    }
}
