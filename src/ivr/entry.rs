//! Owns one entry: the digits keyed so far, and when they are enough. Must never know whether a room exists: an entry
//! ends by the same rules for a room that does and one that does not.

use super::table::Question;
use super::timers;
use crate::ids::{ROOM_DIGITS, RoomNumber};
use crate::secret::{Digits, PIN_DIGITS, PIN_DIGITS_MAX, Pin};
use std::time::Duration;

/// What a finished entry was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Digits that can be a room number.
    Number(RoomNumber),
    /// A room number is wanted and these digits cannot be one.
    NoNumber,
    /// The PIN of the room keyed before.
    Match,
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
    pub(super) fn is_full(&self, question: Question, pin: Option<&Pin>) -> bool {
        match question {
            Question::Room => self.digits.len() >= ROOM_DIGITS,
            Question::Retry => self.digits.len() >= PIN_DIGITS_MAX,
            Question::Pin => self.digits.len() >= PIN_DIGITS_MAX || self.is_pin(pin),
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
    pub(super) fn finish(&mut self, question: Question, pin: Option<&Pin>) -> Outcome {
        let outcome = match question {
            Question::Room => self.as_room(),
            Question::Retry if self.digits.len() == ROOM_DIGITS => self.as_room(),
            Question::Retry | Question::Pin if self.is_pin(pin) => Outcome::Match,
            Question::Retry | Question::Pin => Outcome::Mismatch,
        };
        self.digits.clear();
        outcome
    }

    fn as_room(&self) -> Outcome {
        RoomNumber::parse(self.digits.reveal()).map_or(Outcome::NoNumber, Outcome::Number)
    }

    fn is_pin(&self, pin: Option<&Pin>) -> bool {
        pin.is_some_and(|pin| pin.matches(&self.digits))
    }
}
