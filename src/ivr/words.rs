//! Owns the words between reception and the bridge: what reception asks for, what it is answered, what it wants said.
//! Must never name a prompt or a room's rules: the bridge maps lines to prompts and judges who may enter.

use crate::ids::{Role, RoomNumber};
use crate::secret::Pin;

/// What reception asks of the bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Say this, instead of what plays.
    Say(Line),
    /// Stop what plays: the caller keys.
    Hush,
    /// Find this room; answered by `handle_lookup`.
    LookUp(RoomNumber),
    /// Room and PIN are right; answered by `handle_verdict`. Never asked twice before a verdict came.
    Admit { room: RoomNumber, role: Role },
    /// One try failed, at this room if the digits can be a room's.
    Failed { room: Option<RoomNumber> },
    /// The caller keyed the PIN that the room had before: a try, but no guess.
    Outdated,
    /// End the call: the goodbye was heard. Nothing follows.
    HangUp(Farewell),
}

/// What the store knows of a room number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A room without PIN.
    Open,
    /// A room with a PIN.
    Guarded(Gate),
    /// No such room.
    Unknown,
    /// The store does not answer.
    Unavailable,
}

/// The PINs of a room. None of them is the beginning of another: the store sees to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Lets in as a member.
    pub pin: Pin,
    /// Lets in as a leader.
    pub leader: Option<Pin>,
    /// The members' PIN before the last change: its caller hears that it has changed.
    pub former: Option<Pin>,
}

/// What the room's rules say to a caller who knew room and PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// In; reception is over and the bridge joins the leg.
    Welcome,
    /// Every seat is taken.
    Full,
    /// The booking is over, or the room was cancelled since it was looked up.
    Expired,
    /// A leader has locked the room.
    Locked,
}

/// Something to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// A question, after a word that leads to it.
    Ask {
        lead: Lead,
        subject: Subject,
        attempt: Attempt,
    },
    /// You are not heard.
    Unheard,
    /// The last words before hanging up.
    Goodbye(Farewell),
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The room number.
    Room,
    /// The PIN.
    Pin,
}

/// What is said before a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lead {
    /// Nothing: the question alone.
    Nothing,
    /// The greeting.
    Greeting,
    /// Room number and PIN do not match; which of the two was wrong is not told.
    Mismatch(Mismatch),
    /// The PIN has changed; what was keyed is the one before.
    PinChanged,
    /// Nothing was keyed so far, for the first time after this question.
    NothingKeyed,
    /// Nothing was keyed again.
    StillNothingKeyed,
}

/// How often room and PIN did not match, as far as another try follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mismatch {
    First,
    Second,
    /// One try is left.
    Third,
}

/// How patiently a question is put: each attempt is longer, slower and more explicit than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attempt {
    First,
    Second,
    Third,
    Fourth,
}

impl Attempt {
    /// The attempt after `setbacks` failed tries and silences.
    pub(super) const fn after(setbacks: u8) -> Attempt {
        match setbacks {
            0 => Attempt::First,
            1 => Attempt::Second,
            2 => Attempt::Third,
            _ => Attempt::Fourth,
        }
    }
}

/// Why a call ends in reception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Farewell {
    /// Room and PIN did not match four times.
    TriesSpent,
    /// Nothing was keyed, and the question was repeated twice.
    Silence,
    /// Ten minutes in reception.
    Overtime,
    /// The room has no free seat.
    Full,
    /// The room's booking is over.
    Expired,
    /// A leader has locked the room.
    Locked,
    /// The store, or the room, did not answer.
    Unavailable,
}

/// Why reception wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The silence before the greeting is over.
    Opening,
    /// The end of a prompt was never told.
    PromptUnended,
    /// No first digit came.
    FirstDigit,
    /// No further digit came.
    Pause,
    /// Nothing followed a `*`.
    Cleared,
    /// The silence after a wrong try is over.
    Withheld,
    /// A lookup or a verdict was never answered.
    Unanswered,
    /// The end of the goodbye was never told.
    GoodbyeUnended,
    /// The whole reception took too long.
    Overtime,
}

/// Odd cases of one reception, each with a counter of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inputs that the state does not allow, such as a verdict that nobody asked for.
    pub unexpected: u64,
    /// Keys lost because too many came while they had to wait.
    pub keys_dropped: u64,
    /// Keys that mean nothing: letters, and what is keyed during a goodbye.
    pub keys_ignored: u64,
    /// A `#` that followed an entry which had ended without it.
    pub hashes_swallowed: u64,
    /// Prompts whose end was never told.
    pub prompts_unended: u64,
    /// Lookups and verdicts that were never answered.
    pub unanswered: u64,
    /// Wrong tries that were answered late, because many were made.
    pub answers_withheld: u64,
}

impl Counts {
    /// The counters by the names under which `status` shows them.
    pub fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("ivr_unexpected", self.unexpected),
            ("ivr_keys_dropped", self.keys_dropped),
            ("ivr_keys_ignored", self.keys_ignored),
            ("ivr_hashes_swallowed", self.hashes_swallowed),
            ("ivr_prompts_unended", self.prompts_unended),
            ("ivr_unanswered", self.unanswered),
            ("ivr_answers_withheld", self.answers_withheld),
        ]
    }
}
