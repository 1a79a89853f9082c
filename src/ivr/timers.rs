//! Owns how long reception waits, and for what. One table; every state arms at most one of these, beside
//! [`TOTAL`], which runs from the first moment.

use super::table::State;
use super::words::Reason;
use std::time::Duration;

/// Silence after the call was confirmed, so that the first word is not cut.
pub(super) const OPENING: Duration = Duration::from_millis(700);
/// From the end of a question to the first digit.
pub(super) const FIRST_DIGIT: Duration = Duration::from_secs(20);
/// Between two digits.
pub(super) const PAUSE: Duration = Duration::from_secs(8);
/// Between two digits, once as many as a usual PIN has are there.
pub(super) const PAUSE_SHORT: Duration = Duration::from_secs(4);
/// From a `*` to saying the question again.
pub(super) const CLEARED: Duration = Duration::from_secs(3);
/// How long after an entry that ended without it a `#` still belongs to that entry.
pub(super) const SWALLOW: Duration = Duration::from_secs(3);
/// Longest silence before a wrong try is answered, whatever the bridge asks for.
pub(super) const WITHHELD_MAX: Duration = Duration::from_secs(30);
/// Longer than any question: by then its end must have been told.
pub(super) const PROMPT: Duration = Duration::from_secs(45);
/// For the store and the room's rules, which have shorter deadlines of their own.
pub(super) const ANSWER: Duration = Duration::from_secs(5);
/// For a goodbye.
pub(super) const GOODBYE: Duration = Duration::from_secs(15);
/// For the whole reception, without the goodbye.
pub(super) const TOTAL: Duration = Duration::from_secs(600);

/// What a state waits for. `span` is how long, where it depends: on what was keyed, or how many tries were wrong.
pub(super) fn armed(state: State, span: Duration) -> Option<(Duration, Reason)> {
    match state {
        State::Quiet => Some((OPENING, Reason::Opening)),
        State::Asking(_) => Some((PROMPT, Reason::PromptUnended)),
        State::Waiting(_) => Some((FIRST_DIGIT, Reason::FirstDigit)),
        State::Keying(_) => Some((span, Reason::Pause)),
        State::Withholding => Some((span, Reason::Withheld)),
        State::Cleared(_) => Some((CLEARED, Reason::Cleared)),
        State::LookingUp | State::Admitting => Some((ANSWER, Reason::Unanswered)),
        State::Leaving(_) => Some((GOODBYE, Reason::GoodbyeUnended)),
        State::Welcomed | State::Gone => None,
    }
}

/// Whether [`TOTAL`] applies. Not while a verdict is awaited: the caller may be in the room already.
pub(super) fn total_applies(state: State) -> bool {
    match state {
        State::Quiet
        | State::Asking(_)
        | State::Waiting(_)
        | State::Keying(_)
        | State::Cleared(_)
        | State::Withholding
        | State::LookingUp => true,
        State::Admitting | State::Leaving(_) | State::Welcomed | State::Gone => false,
    }
}
