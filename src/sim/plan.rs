//! Owns what happens in one simulated evening, as plain data: rooms, callers with their characters, lines and faults, the
//! store's moods, what organiser and operator do meanwhile; all drawn from one source of chance. Must never do anything itself.

mod codecs;
mod desk;
mod draw;
mod ways;

pub use codecs::WidePlan;
pub use desk::Change;
pub use ways::{InfoBody, StreamPlan};

use super::link::LinkPlan;
use crate::ids::RoomNumber;
use crate::media_api::Law;
use crate::units::Time;
use std::time::Duration;

/// How long callers call, talk and part; then those who are left are waited for.
pub const LASTS_MS: u64 = 62_000;

/// A booked room.
#[derive(Clone, Debug)]
pub struct RoomPlan {
    pub number: RoomNumber,
    pub pin: Option<String>,
    pub leader_pin: Option<String>,
    /// What the members' PIN will be once it is changed.
    pub next_pin: Option<String>,
    pub seats: u32,
    /// From when on nobody may be in it.
    pub ends: Option<Time>,
    /// Whether it is booked no more.
    pub cancelled: bool,
}

impl RoomPlan {
    /// Whether its time is over, or it is cancelled.
    pub fn is_over(&self, now: Time) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// Every PIN that it has, had or will have.
    fn pins(&self) -> impl Iterator<Item = &String> {
        let pins = [&self.pin, &self.leader_pin, &self.next_pin];
        pins.into_iter().flatten()
    }
}

/// What the store does between two moments, or else answers within half a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreMood {
    Answers,
    Fails,
    NeverAnswers,
}

/// What is wrong with a caller's telephone-event packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    None,
    EndsLost,
    OneEnd,
    EndsDoubled,
    Reordered,
    StartLost,
    WrongType,
    SixSeconds,
    TwentyMs,
    NoVolume,
    MovingTime,
    EndFirst,
    ReservedBit,
    ThreeBytes,
    ForeignSource,
    SameSequence,
}

impl KeyFault {
    pub const ALL: [KeyFault; 15] = [
        KeyFault::EndsLost,
        KeyFault::OneEnd,
        KeyFault::EndsDoubled,
        KeyFault::Reordered,
        KeyFault::StartLost,
        KeyFault::WrongType,
        KeyFault::SixSeconds,
        KeyFault::TwentyMs,
        KeyFault::NoVolume,
        KeyFault::MovingTime,
        KeyFault::EndFirst,
        KeyFault::ReservedBit,
        KeyFault::ThreeBytes,
        KeyFault::ForeignSource,
        KeyFault::SameSequence,
    ];

    /// Whether such keys count at all.
    pub fn counts(self) -> bool {
        !matches!(self, KeyFault::WrongType | KeyFault::ThreeBytes)
    }
}

/// What is odd about a caller's signalling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SipFault {
    None,
    NoAck,
    DoubledAck,
    DoubledInvite,
    Merged,
    OldCSeq,
    ForeignTag,
    LateOffer,
    Cancels {
        after_ms: u64,
    },
    NoCodec,
    /// The same, and the refusal is never acknowledged.
    NoCodecNoAck,
    Requires,
}

/// How a call is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    SendOnly,
    Inactive,
    NoAddress,
}

/// What a caller does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Wait(u64),
    Key(String),
    Speak(bool),
    Hold(Hold),
    /// The telephone's own music stops, as it does before the call is resumed.
    EndMusic,
    Resume,
    /// A re-INVITE: the same session, or another port.
    Refresh {
        moves: bool,
    },
    /// To G.722, or back.
    Switch,
    /// Two changes of the session at once: the second does not wait for the first one's answer.
    Twice,
    Options,
    HangUp,
    Vanish,
}

/// A caller, from the first ring to the last.
#[derive(Clone, Debug)]
pub struct CallerPlan {
    pub calls_at: Time,
    pub law: Law,
    pub room: usize,
    pub leads: bool,
    /// In frames: how long a key is down, and how long none is.
    pub press: (u64, u64),
    pub keys: KeyFault,
    pub sip: SipFault,
    pub signalling: LinkPlan,
    pub there: LinkPlan,
    pub back: LinkPlan,
    /// By a connection; none for datagrams.
    pub stream: Option<StreamPlan>,
    /// Keys go by INFO, and none as telephone events.
    pub info: Option<InfoBody>,
    /// Changes the session by UPDATE (RFC 3311), not by INVITE.
    pub updates: bool,
    /// A loudspeaker telephone: what it hears comes back, half as loud.
    pub loud: bool,
    /// Speaks G.722 as well as its law.
    pub wide: Option<WidePlan>,
    pub steps: Vec<Step>,
    /// Keys of the steps that lead into the room; none for who does not know the way.
    pub way_in: Option<String>,
}

/// One evening.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub rooms: Vec<RoomPlan>,
    pub callers: Vec<CallerPlan>,
    pub moods: Vec<(Time, Time, StoreMood)>,
    /// What organiser and operator do, in order.
    pub changes: Vec<(Time, Change)>,
    /// Rooms where everybody who knows the way comes in: seats for all, nobody locks, nobody changes the booking, and the
    /// store always answers.
    pub calm: Vec<bool>,
}

impl Scenario {
    /// What nobody may ever read anywhere: PINs and callers' numbers.
    pub fn secrets(&self) -> Vec<String> {
        let pins = self.rooms.iter().flat_map(RoomPlan::pins);
        let numbers = (0..self.callers.len()).map(number);
        pins.cloned().chain(numbers).collect()
    }

    /// Everything happens later by this much.
    pub fn put_off(&mut self, by: Duration) {
        let later = |at: &mut Time| *at = *at + by;
        self.rooms
            .iter_mut()
            .filter_map(|room| room.ends.as_mut())
            .for_each(later);
        self.changes.iter_mut().for_each(|(at, _)| later(at));
        for (from, until, _) in &mut self.moods {
            later(from);
            later(until);
        }
        for caller in &mut self.callers {
            later(&mut caller.calls_at);
            if let Some(breaks) = caller
                .stream
                .as_mut()
                .and_then(|stream| stream.breaks_at.as_mut())
            {
                later(breaks);
            }
            let lines = [&mut caller.signalling, &mut caller.there, &mut caller.back];
            for (from, until) in lines.into_iter().filter_map(|line| line.cut.as_mut()) {
                later(from);
                later(until);
            }
        }
    }

    pub fn mood(&self, now: Time) -> StoreMood {
        let current = self
            .moods
            .iter()
            .find(|(from, until, _)| *from <= now && now < *until);
        current.map_or(StoreMood::Answers, |(_, _, mood)| *mood)
    }
}

/// The number from which caller `n` calls.
pub fn number(n: usize) -> String {
    format!("4917012345{n:02}")
}
