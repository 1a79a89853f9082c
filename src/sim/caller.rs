//! Owns one simulated caller: a telephone behind the trunk that calls, keys, talks, holds and parts as its plan says, with
//! transactions that are repeated until they are answered (RFC 3261 §17.1). Shares no code with the bridge.

mod voice;

use super::keypad::Keypad;
use super::message::{self, Wanted};
use super::plan::{CallerPlan, Hold, SipFault, Step};
use crate::units::Time;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The address from which every call comes: the trunk's.
pub const TRUNK: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// After this a request that nobody answers is given up (64 × T1).
const GIVEN_UP: Duration = Duration::from_secs(32);
const FRAME_TIME: Duration = Duration::from_millis(20);

/// What a caller does to the world.
#[derive(Debug)]
pub enum Act {
    Sip(Vec<u8>),
    Rtp {
        to: SocketAddr,
        packet: Vec<u8>,
        press: Option<usize>,
    },
}

/// A request that waits for its final answer.
#[derive(Debug)]
pub struct Pending {
    pub method: &'static str,
    pub cseq: u32,
    bytes: Vec<u8>,
    sent: Time,
    next: Time,
    pause: Duration,
}

/// Where the call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    Calling,
    Up,
    /// Its BYE is under way.
    Leaving,
    Over,
    /// Went away without a word.
    Vanished,
}

/// One caller.
pub struct Caller {
    pub n: usize,
    pub plan: CallerPlan,
    pub state: State,
    pub keypad: Keypad,
    pub speaks: bool,
    pub held: Option<Hold>,
    /// Since when all that others hear of it has been as it is.
    pub changed: Time,
    /// When a key was down last.
    pub keyed: Time,
    /// Requests that nobody answered in time.
    pub unanswered: Vec<&'static str>,
    pub pending: Vec<Pending>,
    pub(super) to_tag: String,
    pub(super) cseq: u32,
    pub(super) port: u16,
    pub(super) version: u32,
    /// Held or not, and the port, as a re-INVITE asks for them.
    pub(super) asked: Option<(Option<Hold>, u16)>,
    media: Option<SocketAddr>,
    steps: VecDeque<Step>,
    due: Option<Time>,
    cancels: Option<Time>,
    frame_at: Time,
    frames: u64,
    sequence: u16,
    acts: VecDeque<Act>,
}

impl Caller {
    /// A caller that has not called yet.
    pub fn new(n: usize, plan: CallerPlan) -> Caller {
        Caller {
            n,
            state: State::Idle,
            keypad: Keypad::new(plan.keys, plan.press),
            speaks: false,
            held: None,
            changed: Time::ZERO,
            keyed: Time::ZERO,
            unanswered: Vec::new(),
            pending: Vec::new(),
            to_tag: String::new(),
            cseq: 0,
            port: 7_000 + 4 * n as u16,
            version: 1,
            asked: None,
            media: None,
            steps: plan.steps.iter().cloned().collect(),
            due: Some(plan.calls_at),
            cancels: None,
            frame_at: Time::ZERO,
            frames: 0,
            sequence: (n as u16).wrapping_mul(9_973),
            acts: VecDeque::new(),
            plan,
        }
    }

    /// Its SIP address.
    pub fn sip(&self) -> SocketAddr {
        SocketAddr::new(TRUNK, 6_000 + self.n as u16)
    }

    /// Its RTP address.
    pub fn rtp(&self) -> SocketAddr {
        SocketAddr::new(TRUNK, self.port)
    }

    /// What it does next.
    pub fn poll_act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// When it wants to be woken.
    pub fn poll_timeout(&self) -> Option<Time> {
        let talks = self.media.is_some() && matches!(self.state, State::Up | State::Leaving);
        let frame = talks.then_some(self.frame_at);
        let again = self.pending.iter().map(|pending| pending.next);
        let own = [self.due, frame, self.cancels].into_iter().flatten();
        own.chain(again).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        self.repeat(now);
        if self.cancels.is_some_and(|at| at <= now) {
            self.cancels = None;
            self.cancel(now);
        }
        if self.media.is_some() && self.frame_at <= now {
            self.frame_at = self.frame_at + FRAME_TIME;
            self.send_frame(now);
        }
        if self.due.is_some_and(|at| at <= now) {
            self.due = None;
            match self.state {
                State::Idle => self.call(now),
                State::Up => self.live(now),
                State::Calling | State::Leaving | State::Over | State::Vanished => {}
            }
        }
    }

    /// The evening is over: who has not gone yet goes.
    pub fn send_home(&mut self, now: Time) {
        if self.state == State::Up {
            self.hang_up(now);
        }
    }

    fn repeat(&mut self, now: Time) {
        let mut again = Vec::new();
        let mut given_up = Vec::new();
        self.pending.retain_mut(|pending| {
            if pending.next > now {
                return true;
            }
            if now.since(pending.sent) >= GIVEN_UP {
                given_up.push(pending.method);
                return false;
            }
            pending.pause = match pending.method {
                "INVITE" => pending.pause * 2,
                _ => (pending.pause * 2).min(T2),
            };
            pending.next = (now + pending.pause).min(pending.sent + GIVEN_UP);
            again.push(pending.bytes.clone());
            true
        });
        self.acts.extend(again.into_iter().map(Act::Sip));
        let lost_the_call = given_up.contains(&"BYE") || given_up.contains(&"INVITE");
        self.unanswered.extend(given_up);
        if lost_the_call && self.state != State::Up {
            self.end();
        }
    }

    pub(super) fn request(&mut self, now: Time, method: &'static str, wanted: Wanted) {
        let cseq = match method {
            "CANCEL" => self.cseq,
            _ => {
                self.cseq += 1;
                self.cseq
            }
        };
        let bytes = message::request(self, method, cseq, wanted);
        self.acts.push_back(Act::Sip(bytes.clone()));
        self.pending.push(Pending {
            method,
            cseq,
            bytes,
            sent: now,
            next: now + T1,
            pause: T1,
        });
    }

    fn call(&mut self, now: Time) {
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

    fn cancel(&mut self, now: Time) {
        match self.state {
            State::Calling => self.request(now, "CANCEL", Wanted::Call),
            // Too late.
            State::Up => self.hang_up(now),
            State::Idle | State::Leaving | State::Over | State::Vanished => {}
        }
    }

    fn live(&mut self, now: Time) {
        if !self.keypad.is_idle() || self.is_asking("INVITE") {
            self.due = Some(now + FRAME_TIME);
            return;
        }
        let Some(step) = self.steps.pop_front() else {
            return;
        };
        let mut pause = Duration::ZERO;
        match step {
            Step::Wait(ms) => pause = Duration::from_millis(ms),
            Step::Key(keys) => self.keypad.key(&keys),
            Step::Speak(speaks) => {
                self.speaks = speaks;
                self.changed = now;
            }
            Step::Hold(hold) => self.request(now, "INVITE", Wanted::Hold(hold)),
            Step::EndMusic => self.held = Some(Hold::Inactive),
            Step::Resume => self.request(now, "INVITE", Wanted::Resume),
            Step::Refresh { moves } => {
                let wanted = if moves { Wanted::Move } else { Wanted::Resume };
                self.request(now, "INVITE", wanted);
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

    fn hang_up(&mut self, now: Time) {
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

    fn end(&mut self) {
        self.state = State::Over;
        self.media = None;
        self.due = None;
        self.pending.retain(|pending| pending.method == "CANCEL");
    }

    fn is_asking(&self, method: &str) -> bool {
        self.pending.iter().any(|pending| pending.method == method)
    }

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
            (false, 200..300) if ours => self.renewed(now),
            (false, _) => {}
        }
    }

    fn begin(&mut self, now: Time, text: &str) {
        self.state = State::Up;
        self.media = message::media(text);
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

    fn renewed(&mut self, now: Time) {
        self.changed = now;
        if let Some((held, port)) = self.asked.take() {
            self.held = held;
            self.port = port;
        }
    }
}
