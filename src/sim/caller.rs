//! Owns one simulated caller: a telephone behind the trunk that calls, keys, talks, holds and parts as its plan says, with
//! transactions that are repeated until they are answered (RFC 3261 §17.1). Shares no code with the bridge.

mod answers;
mod steps;
mod voice;

#[cfg(test)]
pub use voice::rtp;
pub use voice::spoken_by_a_stranger;

use super::g722::{self, Encoder};
use super::keypad::Keypad;
use super::message::{self, Wanted};
use super::plan::{CallerPlan, Hold, Step};
use crate::units::{FRAME, Time};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The address from which every call comes: the trunk's.
pub const TRUNK: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// After this a request that nobody answers is given up (64 × T1).
const GIVEN_UP: Duration = Duration::from_secs(32);
const FRAME_TIME: Duration = Duration::from_millis(20);

/// 20 ms, linear.
type Frame = [i16; FRAME];

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

/// A session that holds once it is agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub held: Option<Hold>,
    pub port: u16,
    pub wide: bool,
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
    /// Whether it speaks G.722, or offers to.
    pub(super) wide: bool,
    /// The session as a change asks for it.
    pub(super) asked: Option<Asked>,
    /// What its voice goes through while it speaks G.722.
    encoder: Option<Encoder>,
    /// Where its voice goes.
    pub media: Option<SocketAddr>,
    /// What its loudspeaker plays, and since when.
    playing: Option<(Time, Frame)>,
    /// Keys that are to go by INFO.
    infos: VecDeque<char>,
    next_info: Time,
    /// The INFO of each key, by its CSeq.
    informed: BTreeMap<u32, char>,
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
            wide: plan.wide.is_some_and(|wide| wide.begins),
            asked: None,
            encoder: None,
            media: None,
            playing: None,
            infos: VecDeque::new(),
            next_info: Time::ZERO,
            informed: BTreeMap::new(),
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

    /// Its SIP address; where its connections may be opened to, too.
    pub fn sip(&self) -> SocketAddr {
        SocketAddr::new(TRUNK, 6_000 + self.n as u16)
    }

    /// Whether a key is being pressed, or is to be.
    pub fn is_keying(&self) -> bool {
        !self.keypad.is_idle() || !self.infos.is_empty() || self.is_asking(&["INFO"])
    }

    /// The key that the INFO of this number brings.
    pub fn informed(&self, cseq: u32) -> Option<char> {
        self.informed.get(&cseq).copied()
    }

    /// Its RTP address.
    pub fn rtp(&self) -> SocketAddr {
        SocketAddr::new(TRUNK, self.port)
    }

    /// The payload type of its voice.
    pub fn payload_type(&self) -> u8 {
        match self.encoder {
            Some(_) => g722::PAYLOAD_TYPE,
            None => self.plan.law.payload_type(),
        }
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
            // A connection loses nothing: what goes by it is said once (§17.1.1.2).
            next: match self.plan.stream {
                None => now + T1,
                Some(_) => now + GIVEN_UP,
            },
            pause: T1,
        });
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.media = None;
        self.due = None;
        self.pending.retain(|pending| pending.method == "CANCEL");
    }

    fn is_asking(&self, methods: &[&str]) -> bool {
        self.pending
            .iter()
            .any(|pending| methods.contains(&pending.method))
    }
}
