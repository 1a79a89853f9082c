//! One call, as the conductor sees it.

use super::keys::Keys;
use crate::ids::{CallerTag, Language, RoomNumber};
use crate::ivr::{Gate, Lookup, Reception};
use crate::media_api::{MediaSpec, PlayToken};
use crate::room::Booking;
use crate::secret::{Key, Pin};
use crate::units::Time;
use std::time::Duration;

/// Where a call is.
///
/// | phase | what comes | next |
/// |---|---|---|
/// | Opening | leg opened, ACK | Reception |
/// | Reception | admitted | Room |
/// | Reception | goodbye was heard | over |
/// | Room | room cancelled | Leaving |
/// | Leaving | last sentence was heard, or 20 s | over |
/// | any | BYE, CANCEL, no ACK | over |
///
/// Over is never seen from outside: the conductor hangs up and gives everything back in the same step.
#[derive(Debug)]
pub enum Phase {
    /// Invited; the 200 is not acknowledged yet.
    Opening,
    /// Keys room and PIN. Boxed: most of a call's life is spent in a room.
    Reception(Box<Reception>),
    /// Hears the others.
    Room(RoomNumber),
    /// Hears a last sentence.
    Leaving { until: Time },
    /// Is to be hung up.
    Over,
}

/// After so long without a packet a telephone is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(30);

/// Keys that are kept for a caller whose ACK has not come yet; a dial string is shorter.
const EARLY_KEYS: usize = 32;

/// One call.
#[derive(Debug)]
pub struct Call {
    /// Where it is.
    pub phase: Phase,
    /// What offer and answer agreed last.
    pub spec: MediaSpec,
    /// In which language it is spoken to.
    pub language: Language,
    /// Who calls, as a hash that means nothing outside this process.
    pub identity: CallerTag,
    /// Since when it stands.
    pub since: Time,
    /// The room number that was keyed last, if it can be one.
    pub looked_up: Option<RoomNumber>,
    /// The room that was found last, and when its time is over.
    pub booking: Option<(Booking, Option<Time>)>,
    /// How its keys come.
    pub keys: Keys,
    /// Keys that came before the ACK: the voice's way is often shorter than signalling's.
    early: Vec<Key>,
    /// The timer that stands in the conductor's list.
    pub timer: Option<Time>,
    /// How many packets had come, and since when it was so many.
    heard: (u64, Time),
    /// Names the last `Play`.
    pub playing: PlayToken,
}

impl Call {
    /// A call that was just invited.
    pub fn new(now: Time, spec: MediaSpec, identity: CallerTag, language: Language) -> Call {
        Call {
            phase: Phase::Opening,
            spec,
            language,
            identity,
            since: now,
            looked_up: None,
            booking: None,
            keys: Keys::default(),
            early: Vec::new(),
            timer: None,
            heard: (0, now),
            playing: PlayToken(0),
        }
    }

    /// Whether nothing has come for half a minute, now that `packets` have come; said once every half a minute.
    pub fn is_silent(&mut self, now: Time, packets: u64) -> bool {
        let (before, since) = self.heard;
        let is_silent = packets == before && now.since(since) >= SILENCE;
        if packets != before || is_silent {
            self.heard = (packets, now);
        }
        is_silent
    }

    /// Keeps a key that came before the ACK.
    pub fn keep_early(&mut self, key: Key) {
        if self.early.len() < EARLY_KEYS {
            self.early.push(key);
        }
    }

    /// The keys that came before the ACK.
    pub fn take_early(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.early)
    }

    /// When this call wants to be woken.
    pub fn deadline(&self) -> Option<Time> {
        match &self.phase {
            Phase::Opening | Phase::Room(_) | Phase::Over => None,
            Phase::Reception(reception) => reception.poll_timeout().map(|(at, _)| at),
            Phase::Leaving { until } => Some(*until),
        }
    }

    /// A new name for what is played next.
    pub fn next_token(&mut self) -> PlayToken {
        self.playing = PlayToken(self.playing.0.wrapping_add(1));
        self.playing
    }
}

/// What reception may know of a booked room.
pub fn lookup(booking: &Booking) -> Lookup {
    let gate = |pin: &Pin| Gate {
        pin: pin.clone(),
        leader: booking.leader_pin.clone(),
        former: booking.former_pin.clone(),
    };
    booking
        .pin
        .as_ref()
        .map_or(Lookup::Open, |pin| Lookup::Guarded(gate(pin)))
}
