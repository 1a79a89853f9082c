//! Owns the standing checks: what must hold in every simulated evening, whatever happens in it. The first thing that does not
//! is kept. Must never change what it sees.

mod stream;

use super::caller::{Caller, State};
use super::ear::PAUSE;
use super::message;
use super::model::Model;
use super::plan::{RoomPlan, Scenario, SipFault};
use super::tones::{BRIDGE, CALLERS_MAX, HOLD_MUSIC, STRANGER, Tones};
use crate::bridge::MediaRequest;
use crate::ids::{LegId, RoomNumber};
use crate::units::Time;
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

/// A key that goes by INFO may be lost; who waits longer for the next one than this has perhaps ended the entry.
const IN_ONE_GO: Duration = Duration::from_millis(3_600);
/// Nobody is in a room so long after its end.
const EMPTIED_WITHIN: Duration = Duration::from_millis(500);

/// What may not be heard is blamed when so many frames in a row have it: what a playout buffer makes up out of several voices,
/// for up to 60 ms and the frame after, may have any tone in it; a decoder of G.722 that missed something, for four frames. What was
/// heard before a pause is not in a row with what comes after it.
const IN_A_ROW: usize = 5;

/// What is known of one caller's call.
#[derive(Debug, Default)]
struct Record {
    leg: Option<LegId>,
    opened: Time,
    removed: bool,
    /// Final answers by branch and method.
    finals: BTreeMap<(String, String), u16>,
    said_bye: bool,
    /// The room that the store found last, as it was booked then.
    booked: Option<RoomPlan>,
    /// Keys of which a packet arrived and that were not told yet.
    arrived: VecDeque<(Time, char)>,
    presses: Vec<usize>,
    told: String,
    told_at: Time,
    /// Whether there was a long pause between two of them.
    paused: bool,
    /// When the ACK of its call reached the bridge.
    acknowledged: Option<Time>,
    joined: bool,
    stream: Option<(u16, u32, u64)>,
    /// The payload types that the bridge named last, since when, and those before.
    named: (Vec<u8>, Time, Vec<u8>),
    heard: [Option<Time>; CALLERS_MAX],
    /// The plain tones of the frames before, and when the last one came.
    before: [u32; IN_A_ROW - 1],
    listened: Time,
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
    /// Changes of a codec in the middle of a call.
    pub switched: u64,
}

impl Judge {
    pub fn new(scenario: &Scenario) -> Judge {
        let callers = scenario.callers.iter().map(|caller| (caller.leads, caller.loud));
        Judge {
            model: Model::new(callers),
            records: scenario.callers.iter().map(|_| Record::default()).collect(),
            legs: BTreeMap::new(),
            secrets: scenario.secrets(),
            fault: None,
            frames: 0,
            switched: 0,
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

    /// An ACK of caller `n` reached the bridge.
    pub fn acknowledged(&mut self, now: Time, n: usize) {
        self.records[n].acknowledged.get_or_insert(now);
    }

    /// The bridge sent a SIP message to this caller.
    pub fn sent(&mut self, now: Time, caller: &Caller, text: &str) {
        let n = caller.n;
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
        let (cseq, method) = message::cseq(text);
        let branch = message::header(text, "Via").split("branch=").nth(1);
        let branch = branch.unwrap_or_default().split([';', ',']).next();
        let key = (branch.unwrap_or_default().to_owned(), method.to_owned());
        let before = record.finals.insert(key, status);
        if let Some(before) = before.filter(|before| *before != status) {
            self.blame(|| format!("caller {n} got {before} and {status} to one {method}"));
        }
        if (200..300).contains(&status) && before.is_none() {
            self.named(now, n, message::payload_types(text));
        }
        // An INFO that is answered by 200 has told its key, once.
        if before.is_none() && (method, status) == ("INFO", 200) {
            match caller.informed(cseq) {
                Some(key) => self.hear_key(now, n, key),
                None => self.blame(|| format!("caller {n} got 200 to an INFO that it did not send")),
            }
        }
    }

    /// The store told the bridge, for this leg, how a room is booked.
    pub fn found(&mut self, leg: LegId, room: Option<&RoomPlan>) {
        if let Some(n) = self.caller_of(leg) {
            self.records[n].booked = room.cloned();
        }
    }

    /// The bridge asked its media side for something.
    pub fn asked(&mut self, now: Time, rooms: &[RoomPlan], request: MediaRequest) {
        match request {
            MediaRequest::Join { leg, number } => self.joined(now, rooms, leg, number),
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

    fn joined(&mut self, now: Time, rooms: &[RoomPlan], leg: LegId, number: RoomNumber) {
        let Some(n) = self.caller_of(leg) else {
            return self.blame(|| "a leg joined that was never opened".to_owned());
        };
        if rooms
            .iter()
            .any(|room| room.number == number && room.is_over(now))
        {
            self.blame(|| format!("caller {n} was let into a room that is over"));
        }
        let record = &self.records[n];
        let entitled = record.booked.as_ref().is_some_and(|room| {
            let rest = record.told.split_once(&number.to_string()).map(|(_, rest)| rest);
            let knows = |pin: &Option<String>| {
                pin.as_ref()
                    .is_some_and(|pin| rest.is_some_and(|rest| rest.contains(pin.as_str())))
            };
            let open = room.pin.is_none() || knows(&room.pin) || knows(&room.leader_pin);
            room.number == number && rest.is_some() && open
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
        match self.records[n].arrived.pop_front() {
            Some((_, pressed)) if pressed == key => self.hear_key(now, n, key),
            Some(_) => self.blame(|| format!("a key of caller {n} was told out of order")),
            None => self.blame(|| format!("a key of caller {n} was told that was not pressed, or twice")),
        }
    }

    fn hear_key(&mut self, now: Time, n: usize, key: char) {
        let record = &mut self.records[n];
        record.paused |= !record.told.is_empty() && now.since(record.told_at) > IN_ONE_GO;
        record.told.push(key);
        record.told_at = now;
        self.model.key(now, n, key);
    }

    /// Caller `n` heard these tones.
    pub fn heard(&mut self, now: Time, n: usize, tones: Tones) {
        self.frames += 1;
        let bridge = 1 << BRIDGE;
        let record = &mut self.records[n];
        if now.since(record.listened) > PAUSE {
            record.before = [0; IN_A_ROW - 1];
        }
        record.listened = now;
        let in_a_row = record.before.iter().fold(tones.plain, |all, before| all & before);
        record.before.rotate_right(1);
        record.before[0] = tones.plain;
        let mut voices = tones.audible & (bridge - 1) & !(1 << HOLD_MUSIC);
        while voices != 0 {
            let talker = voices.trailing_zeros() as usize;
            voices &= voices - 1;
            record.heard[talker] = Some(now);
            if in_a_row & 1 << talker != 0 && !self.model.may_hear(now, n, talker) {
                return self.blame(|| format!("caller {n} hears caller {talker}"));
            }
        }
        if in_a_row & 1 << HOLD_MUSIC != 0 {
            self.blame(|| format!("caller {n} hears somebody's hold music"));
        }
        if in_a_row & 1 << STRANGER != 0 {
            self.blame(|| format!("caller {n} hears a stranger"));
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
        self.sweep_rooms(now, &scenario.rooms);
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

    fn sweep_rooms(&mut self, now: Time, rooms: &[RoomPlan]) {
        for room in rooms.iter().filter(|room| room.is_over(now)) {
            let lately = room.ends.is_some_and(|ends| now.since(ends) < EMPTIED_WITHIN);
            let inside = |known: &super::model::Known| known.room == Some(room.number);
            if !lately && self.model.callers.iter().any(inside) {
                self.blame(|| format!("somebody is still in {}, which is over", room.number));
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
        let acknowledged = |at: Time| now.since(at.max(record.told_at)) > IN_WITHIN;
        let waited = record.acknowledged.is_some_and(acknowledged);
        let stands = caller.state == State::Up && !record.removed;
        let in_one_go = caller.plan.info.is_none() || !record.paused;
        if knew
            && in_one_go
            && answered
            && waited
            && stands
            && scenario.calm[caller.plan.room]
            && !record.joined
        {
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
        && !caller.is_keying()
        && now.since(caller.changed.max(caller.keyed)) > HEARD_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::chance::Chance;

    #[test]
    fn who_may_not_be_heard_is_blamed_for_five_frames_in_a_row_and_a_pause_ends_the_row() {
        let scenario = Scenario::draw(&mut Chance::seeded(1), 2);
        let mut judge = Judge::new(&scenario);
        let (audible, plain) = (1 << 1, 1 << 1);
        let blamed = |judge: &mut Judge, ms: u64| {
            judge.heard(Time::from_millis(ms), 0, Tones { audible, plain });
            judge.take_fault()
        };
        for ms in [0, 20, 40, 60, 5_000, 5_020, 5_080, 5_140] {
            assert_eq!(blamed(&mut judge, ms), None, "{ms} ms");
        }
        assert_eq!(
            blamed(&mut judge, 5_160).as_deref(),
            Some("caller 0 hears caller 1")
        );
    }
}
