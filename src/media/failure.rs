//! What is left when the bridge itself fails at a tick: a panic ends what it happened in, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether a room or a leg has failed, and whether the control side knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failure {
    /// It has not.
    #[default]
    None,
    /// It has, and there was no place for the event yet.
    Untold,
    /// It has.
    Told,
}

impl Failure {
    /// Whether it runs no more.
    pub fn is_any(self) -> bool {
        self != Failure::None
    }

    /// Runs a tick of what may fail. It must not be run again if it does: whatever a panic left half done stays so.
    pub fn guard(act: impl FnOnce()) -> Failure {
        match catch_unwind(AssertUnwindSafe(act)) {
            Ok(()) => Failure::None,
            // What it was about was printed by the thread.
            Err(_) => Failure::Untold,
        }
    }

    /// Tells of it once, as soon as `tell` finds a place.
    pub fn tell(&mut self, tell: impl FnOnce() -> bool) {
        if *self == Failure::Untold && tell() {
            *self = Failure::Told;
        }
    }
}
