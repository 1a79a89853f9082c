//! Owns a call's time in reception: greeting, room number, PIN, tries, goodbye. One [`Reception`] a call.
//! Must never know a prompt, a room's rules, SIP or media; reads no clock, opens no socket, draws no randomness.
//!
//! A guesser learns nothing about which rooms exist: a number that cannot be a room (wrong length, wrong check digit) and
//! one that no room has are asked for a PIN like any other, every wrong entry ends by the same rules, and room and PIN are
//! judged together. Only a PIN of the room itself, present or former, ends an entry early: who keys it knows that the room
//! exists. After many wrong tries the bridge may have a wrong one answered late (`handle_patience`), a right one never.
//!
//! Who dialled a room's own number keys no room (`handle_direct`, while it is still quiet): the events `…Pin` and
//! `OpeningOpen` are those of such a call. Its room is told from the number on the paper anyway.
//!
//! # The table
//!
//! `q` is any question (Room, Retry, Pin), `f` any [`Farewell`]. What is not listed is refused and counted as unexpected.
//! A test walks these rows as they stand here.
//!
//! | state | event | next | act |
//! |---|---|---|---|
//! | Quiet | Opening | Asking(Room) | Greet |
//! | Quiet | Digit | Keying(Room) | Nothing |
//! | Quiet | Blank | stay | |
//! | Quiet | OpeningPin | Asking(Pin) | Greet |
//! | Quiet | OpeningOpen | Admitting | Admit |
//! | Quiet | DigitPin | Keying(Pin) | Nothing |
//! | Quiet | Overtime | Leaving(Overtime) | Goodbye |
//! | Asking(q) | Digit | Keying(q) | Hush |
//! | Asking(q) | Blank | Asking(q) | AskAgain |
//! | Asking(q) | Played | Waiting(q) | Nothing |
//! | Asking(q) | Unheard | Asking(q) | TellUnheard |
//! | Asking(q) | Overtime | Leaving(Overtime) | Goodbye |
//! | Waiting(q) | Digit | Keying(q) | Nothing |
//! | Waiting(q) | Blank | Asking(q) | AskAgain |
//! | Waiting(q) | Silence | Asking(q) | Remind |
//! | Waiting(q) | LastSilence | Leaving(Silence) | Goodbye |
//! | Waiting(q) | Unheard | Asking(q) | TellUnheard |
//! | Waiting(q) | Overtime | Leaving(Overtime) | Goodbye |
//! | Keying(q) | Digit | Keying(q) | Nothing |
//! | Keying(q) | Clear | Cleared(q) | Nothing |
//! | Keying(q) | Overtime | Leaving(Overtime) | Goodbye |
//! | Keying(Room) | Number | LookingUp | LookUp |
//! | Keying(Room) | NoNumber | Asking(Pin) | AskPin |
//! | Keying(Retry) | Number | LookingUp | LookUp |
//! | Keying(Retry) | NoNumber | Asking(Pin) | AskPin |
//! | Keying(Retry) | Match | Admitting | Admit |
//! | Keying(Retry) | Mismatch | Withholding | Fail |
//! | Keying(Retry) | Former | Asking(Pin) | TellChange |
//! | Keying(Retry) | LastFormer | Leaving(TriesSpent) | Goodbye |
//! | Keying(Pin) | Match | Admitting | Admit |
//! | Keying(Pin) | Mismatch | Withholding | Fail |
//! | Keying(Pin) | Former | Asking(Pin) | TellChange |
//! | Keying(Pin) | LastFormer | Leaving(TriesSpent) | Goodbye |
//! | Withholding | Answer | Asking(Retry) | TellMismatch |
//! | Withholding | AnswerPin | Asking(Pin) | TellMismatch |
//! | Withholding | LastAnswer | Leaving(TriesSpent) | Goodbye |
//! | Withholding | Overtime | Leaving(Overtime) | Goodbye |
//! | Cleared(q) | Digit | Keying(q) | Nothing |
//! | Cleared(q) | Blank | Asking(q) | AskAgain |
//! | Cleared(q) | Idle | Asking(q) | AskAgain |
//! | Cleared(q) | Overtime | Leaving(Overtime) | Goodbye |
//! | LookingUp | Open | Admitting | Admit |
//! | LookingUp | Closed | Asking(Pin) | AskPin |
//! | LookingUp | Unavailable | Leaving(Unavailable) | Goodbye |
//! | LookingUp | Overtime | Leaving(Overtime) | Goodbye |
//! | Admitting | Welcome | Welcomed | Nothing |
//! | Admitting | Full | Leaving(Full) | Goodbye |
//! | Admitting | Expired | Leaving(Expired) | Goodbye |
//! | Admitting | Locked | Leaving(Locked) | Goodbye |
//! | Admitting | Unavailable | Leaving(Unavailable) | Goodbye |
//! | Leaving(f) | Played | Gone | HangUp(f) |
//!
//! Keys become events only in the five states that have a question (`Quiet` has that for the room). In `LookingUp`
//! and `Withholding` they wait for the answer; from `Admitting` on they mean nothing.

mod entry;
mod reception;
mod table;
mod timers;
mod words;

#[cfg(test)]
mod direct;
#[cfg(test)]
mod leaders;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stories;

pub use reception::Reception;
pub use words::{
    Attempt, Counts, Farewell, Gate, Lead, Line, Lookup, Mismatch, Output, Reason, Subject, Verdict,
};
