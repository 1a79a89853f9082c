//! One call, as the conductor sees it.

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

/// How a key press came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a telephone event among the voice (RFC 4733).
    Event,
    /// As a SIP INFO (RFC 6086 and its predecessors).
    Info,
}

/// Presses that come in both ways within this are one.
const SAME_PRESS: Duration = Duration::from_secs(1);

/// Tells one press from two when a telephone sends both ways: once events were seen, INFO counts for nothing.
#[derive(Debug, Default)]
pub struct Keys {
    events_seen: bool,
    last_info: Option<(Time, Key)>,
}

impl Keys {
    /// Whether this is a press of its own.
    pub fn is_new(&mut self, now: Time, way: Way, key: Key) -> bool {
        match way {
            Way::Info if self.events_seen => false,
            Way::Info => {
                self.last_info = Some((now, key));
                true
            }
            Way::Event => {
                self.events_seen = true;
                let same = |&(at, earlier): &(Time, Key)| earlier == key && now.since(at) < SAME_PRESS;
                self.last_info.take().filter(same).is_none()
            }
        }
    }
}

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
            playing: PlayToken(0),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_counts_once_whichever_ways_it_comes() {
        let key = |face| Key::from_char(face).expect("a key");
        let told = |presses: &[(u64, Way, char)]| -> String {
            let mut keys = Keys::default();
            let new = presses
                .iter()
                .filter(|&&(ms, way, face)| keys.is_new(Time::from_millis(ms), way, key(face)));
            new.map(|&(_, _, face)| face).collect()
        };
        use Way::{Event, Info};
        assert_eq!(told(&[(0, Info, '1'), (300, Info, '1'), (600, Info, '2')]), "112");
        assert_eq!(told(&[(0, Event, '1'), (300, Event, '1')]), "11");
        assert_eq!(
            told(&[
                (0, Event, '1'),
                (20, Info, '1'),
                (300, Event, '2'),
                (320, Info, '2')
            ]),
            "12"
        );
        assert_eq!(
            told(&[
                (0, Info, '1'),
                (20, Event, '1'),
                (300, Info, '1'),
                (310, Event, '1')
            ]),
            "11"
        );
        assert_eq!(
            told(&[(0, Info, '1'), (2_000, Event, '1')]),
            "11",
            "two presses, two seconds apart"
        );
    }
}
