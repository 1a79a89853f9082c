//! Owns the standing checks: what must hold in every simulated evening, whatever happens in it. The first thing that does not
//! is kept. Must never change what it sees.

use super::caller::{Caller, State};
use super::message;
use super::model::Model;
use super::plan::{Scenario, SipFault};
use super::tones::{BRIDGE, CALLERS_MAX};
use crate::bridge::MediaRequest;
use crate::ids::{LegId, RoomNumber};
use crate::units::{FRAME, FRAME_MS, Time};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A key that arrived is told within so long.
const TOLD_WITHIN: Duration = Duration::from_millis(60);
/// From the last digit to the room, the store's half second included.
const IN_WITHIN: Duration = Duration::from_secs(3);
/// Who must be heard is heard at least once in so long, bursts of losses included.
const HEARD_WITHIN: Duration = Duration::from_millis(2_500);
/// Nobody is in reception for longer than this: ten minutes, and the last sentence.
const RECEPTION: Duration = Duration::from_secs(640);

/// What is known of one caller's call.
#[derive(Debug, Default)]
struct Record {
    leg: Option<LegId>,
    opened: Time,
    removed: bool,
    /// Final answers by branch and method.
    finals: BTreeMap<(String, String), u16>,
    said_bye: bool,
    /// Keys of which a packet arrived and that were not told yet.
    arrived: VecDeque<(Time, char)>,
    presses: Vec<usize>,
    told: String,
    told_at: Time,
    joined: bool,
    stream: Option<(u16, u32, u64)>,
    heard: [Option<Time>; CALLERS_MAX],
}

/// The checks and what they know.
pub struct Judge {
    pub model: Model,
    records: Vec<Record>,
    legs: BTreeMap<LegId, usize>,
    secrets: Vec<String>,
    fault: Option<String>,
    /// Frames that were looked at.
    pub frames: u64,
}

impl Judge {
    pub fn new(scenario: &Scenario) -> Judge {
        let leads = scenario.callers.iter().map(|caller| caller.leads);
        Judge {
            model: Model::new(leads),
            records: scenario.callers.iter().map(|_| Record::default()).collect(),
            legs: BTreeMap::new(),
            secrets: scenario.secrets(),
            fault: None,
            frames: 0,
        }
    }

    /// The first thing that did not hold.
    pub fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    pub fn blame(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    /// Whose leg this is.
    pub fn caller_of(&self, leg: LegId) -> Option<usize> {
        self.legs.get(&leg).copied()
    }

    pub fn opened(&mut self, now: Time, n: usize, leg: LegId) {
        let record = &mut self.records[n];
        (record.leg, record.opened) = (Some(leg), now);
        if let Some(other) = self.legs.insert(leg, n) {
            self.blame(|| format!("caller {n} got the leg of caller {other}"));
        }
    }

    /// What may be read somewhere holds no secret.
    pub fn readable(&mut self, text: &str) {
        if let Some(secret) = self.secrets.iter().position(|secret| text.contains(secret)) {
            self.blame(|| format!("secret number {secret} can be read: {text}"));
        }
    }

    /// The bridge sent a SIP message to caller `n`.
    pub fn sent(&mut self, n: usize, text: &str) {
        let record = &mut self.records[n];
        let Some(status) = message::status(text) else {
            let method = message::method(text).to_owned();
            match method.as_str() {
                "BYE" => record.said_bye = true,
                _ if record.said_bye => self.blame(|| format!("caller {n} got {method} after BYE")),
                _ => {}
            }
            return;
        };
        if status < 200 {
            return;
        }
        let (_, method) = message::cseq(text);
        let branch = message::header(text, "Via").split("branch=").nth(1);
        let branch = branch.unwrap_or_default().split([';', ',']).next();
        let key = (branch.unwrap_or_default().to_owned(), method.to_owned());
        let before = *record.finals.entry(key).or_insert(status);
        if before != status {
            let method = method.to_owned();
            self.blame(|| format!("caller {n} got {before} and {status} to one {method}"));
        }
    }

    /// The bridge asked its media side for something.
    pub fn asked(&mut self, now: Time, scenario: &Scenario, request: MediaRequest) {
        match request {
            MediaRequest::Join { leg, number } => self.joined(now, scenario, leg, number),
            MediaRequest::Leave { leg } => self.left(now, leg),
            MediaRequest::Remove { leg } => {
                self.left(now, leg);
                if let Some(n) = self.caller_of(leg) {
                    self.records[n].removed = true;
                }
            }
            MediaRequest::Close { number } => {
                for n in 0..self.records.len() {
                    if self.model.callers[n].room == Some(number) {
                        self.model.moved(now, n, None);
                    }
                }
            }
            _ => {}
        }
    }

    fn joined(&mut self, now: Time, scenario: &Scenario, leg: LegId, number: RoomNumber) {
        let Some(n) = self.caller_of(leg) else {
            return self.blame(|| "a leg joined that was never opened".to_owned());
        };
        let room = scenario.rooms.iter().find(|room| room.number == number);
        let told = &self.records[n].told;
        let entitled = room.is_some_and(|room| {
            let rest = told.split_once(&number.to_string()).map(|(_, rest)| rest);
            let knows = |pin: &Option<String>| {
                pin.as_ref()
                    .is_some_and(|pin| rest.is_some_and(|rest| rest.contains(pin.as_str())))
            };
            rest.is_some() && (room.pin.is_none() || knows(&room.pin) || knows(&room.leader_pin))
        });
        if !entitled {
            self.blame(|| format!("caller {n} was let in without room number and PIN"));
        }
        self.records[n].joined = true;
        self.model.moved(now, n, Some(number));
    }

    fn left(&mut self, now: Time, leg: LegId) {
        if let Some(n) = self
            .caller_of(leg)
            .filter(|n| self.model.callers[*n].room.is_some())
        {
            self.model.moved(now, n, None);
        }
    }

    /// A packet of a press that counts arrived at the leg.
    pub fn press_arrived(&mut self, now: Time, n: usize, press: usize, key: char) {
        let record = &mut self.records[n];
        if !record.presses.contains(&press) {
            record.presses.push(press);
            record.arrived.push_back((now, key));
        }
    }

    /// The media side told a key.
    pub fn key_told(&mut self, now: Time, leg: LegId, key: char) {
        let Some(n) = self.caller_of(leg) else { return };
        let record = &mut self.records[n];
        record.told.push(key);
        record.told_at = now;
        match record.arrived.pop_front() {
            Some((_, pressed)) if pressed == key => self.model.key(now, n, key),
            Some(_) => self.blame(|| format!("a key of caller {n} was told out of order")),
            None => self.blame(|| format!("a key of caller {n} was told that was not pressed, or twice")),
        }
    }

    /// The bridge sent an RTP packet to caller `n`.
    pub fn streamed(&mut self, now: Time, n: usize, packet: &[u8]) {
        let frame = now.as_millis() / FRAME_MS;
        let record = &mut self.records[n];
        let removed = record.removed;
        let (sequence, timestamp) = match packet {
            [0x80, _, a, b, c, d, e, f, ..] if packet.len() == 12 + FRAME => {
                (u16::from_be_bytes([*a, *b]), u32::from_be_bytes([*c, *d, *e, *f]))
            }
            _ => return self.blame(|| format!("caller {n} got a packet that is no frame")),
        };
        let before = record.stream.replace((sequence, timestamp, frame));
        let steady = before.is_none_or(|(last, time, at)| {
            let advanced = ((frame - at) as u32).wrapping_mul(FRAME as u32);
            sequence == last.wrapping_add(1) && frame > at && timestamp == time.wrapping_add(advanced)
        });
        if !steady {
            self.blame(|| format!("the stream to caller {n} does not advance with the frames"));
        }
        if removed {
            self.blame(|| format!("caller {n} got a voice after the call"));
        }
    }

    /// Caller `n` heard these tones.
    pub fn heard(&mut self, now: Time, n: usize, tones: u32) {
        self.frames += 1;
        let bridge = 1 << BRIDGE;
        let record = &mut self.records[n];
        let mut voices = tones & (bridge - 1) & !(1 << super::tones::HOLD_MUSIC);
        while voices != 0 {
            let talker = voices.trailing_zeros() as usize;
            voices &= voices - 1;
            record.heard[talker] = Some(now);
            if !self.model.may_hear(now, n, talker) {
                return self.blame(|| format!("caller {n} hears caller {talker}"));
            }
        }
        if tones & 1 << super::tones::HOLD_MUSIC != 0 {
            self.blame(|| format!("caller {n} hears somebody's hold music"));
        }
    }

    /// What must have happened by now has.
    pub fn sweep(&mut self, now: Time, scenario: &Scenario, callers: &[Caller]) {
        for caller in callers {
            self.sweep_keys(now, scenario, caller);
            let record = &self.records[caller.n];
            let waits = record.leg.is_some() && !record.removed && !record.joined;
            if waits && now.since(record.opened) > RECEPTION {
                self.blame(|| format!("caller {} is in reception for ever", caller.n));
            }
        }
        for listener in callers.iter().filter(|caller| is_steady(now, caller)) {
            let talkers = callers
                .iter()
                .filter(|caller| caller.speaks && is_steady(now, caller));
            for talker in talkers {
                let heard = self.records[listener.n].heard[talker.n];
                let lately = heard.is_some_and(|at| now.since(at) <= HEARD_WITHIN);
                let lines = listener.plan.back.was_cut(now, HEARD_WITHIN)
                    || talker.plan.there.was_cut(now, HEARD_WITHIN);
                if !lately && !lines && self.model.must_hear(now, listener.n, talker.n) {
                    self.blame(|| format!("caller {} does not hear caller {}", listener.n, talker.n));
                }
            }
        }
    }

    fn sweep_keys(&mut self, now: Time, scenario: &Scenario, caller: &Caller) {
        let n = caller.n;
        let record = &self.records[n];
        let late = record
            .arrived
            .front()
            .is_some_and(|(at, _)| now.since(*at) > TOLD_WITHIN);
        if late && !record.removed {
            return self.blame(|| format!("a key of caller {n} arrived and was not told"));
        }
        let way_in = caller.plan.way_in.as_ref();
        let knew = way_in.is_some_and(|keys| record.told.starts_with(keys.as_str()));
        let answered = matches!(
            caller.plan.sip,
            SipFault::None
                | SipFault::DoubledAck
                | SipFault::DoubledInvite
                | SipFault::Merged
                | SipFault::OldCSeq
                | SipFault::ForeignTag
        );
        let waited = now.since(record.told_at) > IN_WITHIN;
        let stands = caller.state == State::Up && !record.removed;
        if knew && answered && waited && stands && scenario.calm[caller.plan.room] && !record.joined {
            self.blame(|| format!("caller {n} keyed room and PIN and was not let in"));
        }
    }

    /// The evening is over, and everything has had its time.
    pub fn end(&mut self, callers: &[Caller]) {
        for caller in callers {
            let n = caller.n;
            if let Some(method) = caller.unanswered.first() {
                self.blame(|| format!("nobody answered caller {n}'s {method}"));
            }
            if self.records[n].leg.is_some() && !self.records[n].removed {
                self.blame(|| format!("caller {n}'s leg was never given back"));
            }
        }
    }
}

/// Whether a caller does nothing but listen, and talk if it talks.
fn is_steady(now: Time, caller: &Caller) -> bool {
    caller.state == State::Up
        && caller.held.is_none()
        && caller.asked.is_none()
        && caller.keypad.is_idle()
        && now.since(caller.changed.max(caller.keyed)) > HEARD_WITHIN
}
