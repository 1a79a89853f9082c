//! Owns one entry: the digits keyed so far, and when they are enough. Must never know whether a room exists: an entry
//! ends by the same rules for a room that does and one that does not.

use super::table::Question;
use super::timers;
use super::words::Gate;
use crate::ids::{ROOM_DIGITS, Role, RoomNumber};
use crate::secret::{Digits, PIN_DIGITS, PIN_DIGITS_MAX, Pin};
use std::time::Duration;

/// What a finished entry was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Digits that can be a room number.
    Number(RoomNumber),
    /// A room number is wanted and these digits cannot be one.
    NoNumber,
    /// A PIN of the room keyed before, and what it makes of the caller.
    Match(Role),
    /// The PIN that the room had before.
    Former,
    /// Any other PIN.
    Mismatch,
}

/// The digits of one entry.
#[derive(Debug, Default)]
pub(super) struct Entry {
    digits: Digits,
}

impl Entry {
    pub(super) fn push(&mut self, digit: u8) {
        self.digits.push(digit);
    }

    pub(super) fn clear(&mut self) {
        self.digits.clear();
    }

    /// Whether the entry ends here, without `#` or pause. In the retry question seven digits may be a room number or the
    /// beginning of a longer PIN, so only an entry that can be nothing else ends by length.
    pub(super) fn is_full(&self, question: Question, gate: Option<&Gate>) -> bool {
        match question {
            Question::Room => self.digits.len() >= ROOM_DIGITS,
            Question::Retry => self.digits.len() >= PIN_DIGITS_MAX,
            Question::Pin => self.digits.len() >= PIN_DIGITS_MAX || self.as_pin(gate) != Outcome::Mismatch,
        }
    }

    /// How long to wait for the next digit.
    pub(super) fn patience(&self, question: Question) -> Duration {
        match question {
            Question::Room => timers::PAUSE,
            Question::Retry | Question::Pin if self.digits.len() < PIN_DIGITS => timers::PAUSE,
            Question::Retry | Question::Pin => timers::PAUSE_SHORT,
        }
    }

    /// What the finished entry was, and forgets it.
    pub(super) fn finish(&mut self, question: Question, gate: Option<&Gate>) -> Outcome {
        let outcome = match question {
            Question::Room => self.as_room(),
            Question::Retry if self.digits.len() == ROOM_DIGITS => self.as_room(),
            Question::Retry | Question::Pin => self.as_pin(gate),
        };
        self.digits.clear();
        outcome
    }

    fn as_room(&self) -> Outcome {
        RoomNumber::parse(self.digits.reveal()).map_or(Outcome::NoNumber, Outcome::Number)
    }

    /// All PINs are compared, whichever it is.
    fn as_pin(&self, gate: Option<&Gate>) -> Outcome {
        let Some(gate) = gate else {
            return Outcome::Mismatch;
        };
        let is = |pin: &Option<_>| pin.as_ref().is_some_and(|pin: &Pin| pin.matches(&self.digits));
        match (gate.pin.matches(&self.digits), is(&gate.leader), is(&gate.former)) {
            (true, _, _) => Outcome::Match(Role::Member),
            (_, true, _) => Outcome::Match(Role::Leader),
            (_, _, true) => Outcome::Former,
            (false, false, false) => Outcome::Mismatch,
        }
    }
}
