//! Which prompts say what reception and room want said.

use crate::ids::Language;
use crate::ivr::{Attempt, Farewell, Lead, Line, Mismatch, Subject};
use crate::media_api::Playlist;
use crate::room;
use crate::speech::{Prompt, clip};
use Prompt as P;

/// What the conductor itself has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// You are the first in the room.
    Alone,
    /// The organiser has cancelled the room.
    Cancelled,
}

/// The clips of a line of reception.
pub fn line(language: Language, line: Line) -> Playlist {
    match line {
        Line::Ask {
            lead,
            subject,
            attempt,
        } => {
            let lead = match lead {
                Lead::Nothing => None,
                Lead::Greeting => Some(P::Greeting),
                Lead::Mismatch(Mismatch::First) => Some(P::Mismatch1),
                Lead::Mismatch(Mismatch::Second) => Some(P::Mismatch2),
                Lead::Mismatch(Mismatch::Third) => Some(P::Mismatch3),
                // Until its own prompt is recorded.
                Lead::PinChanged => Some(P::Mismatch1),
                Lead::NothingKeyed => Some(P::NothingKeyed),
                Lead::StillNothingKeyed => Some(P::StillNothingKeyed),
            };
            spoken(language, lead.into_iter().chain([question(subject, attempt)]))
        }
        Line::Goodbye(farewell) => spoken(language, goodbye(farewell).iter().copied()),
    }
}

/// What a room wants said, as far as there are prompts for it.
pub fn of_room(notice: room::Notice) -> Option<Notice> {
    match notice {
        room::Notice::Alone => Some(Notice::Alone),
        room::Notice::Cancelled => Some(Notice::Cancelled),
        _ => None,
    }
}

/// The clips of a notice.
pub fn notice(language: Language, notice: Notice) -> Playlist {
    let prompts: &[Prompt] = match notice {
        Notice::Alone => &[P::Alone],
        Notice::Cancelled => &[P::RoomCancelled, P::Thanks, P::Goodbye],
    };
    spoken(language, prompts.iter().copied())
}

fn question(subject: Subject, attempt: Attempt) -> Prompt {
    match (subject, attempt) {
        (Subject::Room, Attempt::First) => P::AskRoom1,
        (Subject::Room, Attempt::Second) => P::AskRoom2,
        (Subject::Room, Attempt::Third) => P::AskRoom3,
        (Subject::Room, Attempt::Fourth) => P::AskRoom4,
        (Subject::Pin, Attempt::First) => P::AskPin1,
        (Subject::Pin, Attempt::Second) => P::AskPin2,
        (Subject::Pin, Attempt::Third) => P::AskPin3,
        (Subject::Pin, Attempt::Fourth) => P::AskPin4,
    }
}

fn goodbye(farewell: Farewell) -> &'static [Prompt] {
    match farewell {
        Farewell::TriesSpent => &[P::TriesSpent, P::Goodbye],
        Farewell::Silence => &[P::SilenceEnds, P::Goodbye],
        Farewell::Overtime => &[P::Overtime, P::Goodbye],
        Farewell::Full => &[P::RoomFull, P::Goodbye],
        Farewell::Expired => &[P::RoomExpired, P::Goodbye],
        // Until its own prompt is recorded.
        Farewell::Locked => &[P::CallLater, P::Goodbye],
        Farewell::Unavailable => &[P::Unavailable, P::CallLater, P::Goodbye],
    }
}

/// The prompts as clips, with a breath between them.
fn spoken(language: Language, prompts: impl Iterator<Item = Prompt>) -> Playlist {
    let breathed = prompts
        .enumerate()
        .flat_map(|(n, prompt)| (n > 0).then_some(P::Pause).into_iter().chain([prompt]));
    Playlist::new(breathed.map(|prompt| clip(language, prompt)))
}
