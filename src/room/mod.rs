//! Owns the conference rules: what a room is, who may enter it, who is in it, who is heard, what its keys do; and the
//! budget of those who guess. Pure: reads no clock, knows neither SIP nor the reception's dialogue nor audio. It says what
//! shall happen in words of its own ([`Output`], [`Notice`]); the bridge finds prompts and media commands for them.
//!
//! Every answer is private, to the one who pressed the key. Nobody is ever named who is not in a room.
//!
//! # Keys
//!
//! Only `*` begins a command; bare digits and `#` do nothing. `any` is a member or a leader. Hash is `*#` keyed; Silence
//! is four seconds without the next key (ten, after what is said in Confirming or Naming was Heard). What is not listed is refused
//! and counted as unexpected. A test walks these rows as they stand here.
//!
//! | who | state | event | next | act |
//! |---|---|---|---|---|
//! | any | Idle | Star | Star | Nothing |
//! | any | Idle | Hash Zero One Two Three Five Six Other | stay | |
//! | any | Star | Star | Star | Nothing |
//! | any | Star | Hash | Hash | Nothing |
//! | any | Star | One Silence | Idle | Help |
//! | any | Star | Two | Idle | Count |
//! | any | Star | Three | Idle | SeekEcho |
//! | any | Star | Six | Idle | MuteMe |
//! | Member | Star | Zero Five | Idle | LeadersOnly |
//! | Leader | Star | Zero | Idle | MuteOthers |
//! | Leader | Star | Five | Idle | Lock |
//! | any | Star | Other | Idle | Unknown |
//! | any | Hash | Star | Star | Nothing |
//! | Member | Hash | Hash | Idle | LeadersOnly |
//! | Leader | Hash | Hash | Confirming | AskEnd |
//! | any | Hash | Zero One Two Three Five Six Other Silence | Idle | Unknown |
//! | Leader | Confirming | One | Idle | End |
//! | Leader | Confirming | Heard | Confirming | Nothing |
//! | Leader | Confirming | Star Hash Zero Two Three Five Six Other Silence | Idle | NotDone |
//! | Leader | Idle | EchoFound | Naming | NameLine |
//! | Leader | Naming | One | Idle | MuteLine |
//! | Leader | Naming | Star | Star | Nothing |
//! | Leader | Naming | Heard | Naming | Nothing |
//! | Leader | Naming | Hash Zero Two Three Five Six Other Silence | Idle | Nothing |
//!
//! # Alone
//!
//! Due comes after [`Policy::alone_after`] in Alone, after [`Policy::alone_answer`] in Asked. A key that answers is no
//! command.
//!
//! | company | event | next | act |
//! |---|---|---|---|
//! | Together | Lonely | Alone | Tell |
//! | Together | Company Key | stay | |
//! | Alone | Company | Together | Hush |
//! | Alone | Key | stay | |
//! | Alone | Due | Asked | Ask |
//! | Asked | Company | Together | Hush |
//! | Asked | Key | Alone | Stays |
//! | Asked | Due | Together | Goodbye |

mod alone;
mod booking;
mod commands;
mod company;
mod conference;
mod ear;
mod echo;
mod guessing;
mod keys;
mod rooms;
mod tones;
mod words;

#[cfg(test)]
mod doc;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod stories_alone;
#[cfg(test)]
mod stories_echo;

pub use booking::Booking;
pub use guessing::{Guessing, GuessingPolicy};
pub use rooms::Rooms;
pub use words::{Counts, Entry, Left, Notice, Output, Policy, Reason, Tone};
