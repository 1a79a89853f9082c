//! Which prompts say what reception and rooms want said.

use crate::ids::Language;
use crate::ivr::{Attempt, Farewell, Lead, Line, Mismatch, Subject};
use crate::media_api::Playlist;
use crate::room::Notice;
use crate::speech::{Prompt, clip, sentences};
use Prompt as P;

/// The clips of a line of reception.
pub fn line(language: Language, line: Line) -> Playlist {
    match line {
        // Who has the old sheet is not sent to look at it.
        Line::Ask {
            lead: Lead::PinChanged,
            ..
        } => spoken(language, &[P::PinChanged, P::AskNewPin]),
        Line::Ask {
            lead,
            subject,
            attempt,
        } => {
            let sentences: Vec<_> = introduction(lead, subject)
                .into_iter()
                .chain([question(subject, attempt)])
                .collect();
            spoken(language, &sentences)
        }
        Line::Unheard => spoken(language, &[P::Unheard]),
        Line::Goodbye(farewell) => spoken(language, goodbye(farewell)),
    }
}

fn introduction(lead: Lead, subject: Subject) -> Option<Prompt> {
    match lead {
        Lead::Nothing => None,
        Lead::Greeting => Some(P::Greeting),
        // Who dialled the room's own number has keyed no room number that could be wrong.
        Lead::Mismatch(Mismatch::First) if subject == Subject::Pin => Some(P::PinWrong1),
        Lead::Mismatch(Mismatch::Second) if subject == Subject::Pin => Some(P::PinWrong2),
        Lead::Mismatch(Mismatch::Third) if subject == Subject::Pin => Some(P::PinWrong3),
        Lead::Mismatch(Mismatch::First) => Some(P::Mismatch1),
        Lead::Mismatch(Mismatch::Second) => Some(P::Mismatch2),
        Lead::Mismatch(Mismatch::Third) => Some(P::Mismatch3),
        Lead::PinChanged => Some(P::PinChanged),
        Lead::NothingKeyed => Some(P::NothingKeyed),
        Lead::StillNothingKeyed => Some(P::StillNothingKeyed),
    }
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
        Farewell::Locked => &[P::RoomLocked, P::Goodbye],
        Farewell::Unavailable => &[P::Unavailable, P::CallLater, P::Goodbye],
    }
}

/// The clips of what a room tells one of its members.
pub fn notice(language: Language, notice: Notice) -> Playlist {
    let prompts: &[Prompt] = match notice {
        // One sentence of several clips: no breath between them.
        Notice::Members { count } => {
            return Playlist::new(
                sentences::members(count)
                    .into_iter()
                    .map(|prompt| clip(language, prompt)),
            );
        }
        Notice::EchoLine { line } => {
            return Playlist::new(
                sentences::echo_line(line)
                    .into_iter()
                    .map(|prompt| clip(language, prompt)),
            );
        }
        Notice::YourEcho => &[P::YourEcho],
        Notice::EchoSearch => &[P::EchoSearch],
        Notice::EchoFound => &[P::EchoFound],
        Notice::EchoNotFound => &[P::EchoNotFound],
        Notice::EchoLineMuted => &[P::EchoLineMuted],
        Notice::EchoMuted => &[P::EchoMuted],
        Notice::Alone => &[P::Alone],
        Notice::AloneAgain => &[P::AloneAgain],
        Notice::LeaderWelcome => &[P::LeaderWelcome],
        Notice::Muted => &[P::Muted],
        Notice::Unmuted => &[P::Unmuted],
        Notice::MutedReminder => &[P::MutedReminder],
        Notice::Help => &[P::HelpCommon, P::HelpEcho, P::HelpRest],
        Notice::LeaderHelp => &[P::HelpCommon, P::HelpLeader, P::HelpEcho, P::HelpRest],
        Notice::Unheard => &[P::Unheard],
        Notice::UnknownKey => &[P::UnknownKey],
        Notice::LeadersOnly => &[P::LeadersOnly],
        Notice::Locked => &[P::Locked],
        Notice::Unlocked => &[P::Unlocked],
        Notice::OthersMuted => &[P::OthersMuted],
        Notice::OthersUnmuted => &[P::OthersUnmuted],
        Notice::MutedByLeader => &[P::MutedByLeader],
        Notice::UnmutedByLeader => &[P::UnmutedByLeader],
        Notice::StillMuted => &[P::UnmutedByLeader, P::MutedReminder],
        Notice::ConfirmEnd => &[P::ConfirmEnd],
        Notice::EndNotDone => &[P::EndNotDone],
        Notice::EndedByLeader => &[P::EndedByLeader, P::Goodbye],
        Notice::AloneQuestion => &[P::AloneQuestion],
        Notice::AloneStays => &[P::AloneStays],
        Notice::AloneGoodbye => &[P::AloneGoodbye, P::Goodbye],
        Notice::Cancelled => &[P::RoomCancelled, P::Thanks, P::Goodbye],
        Notice::Expired => &[P::BookingEnded, P::Goodbye],
        Notice::Failed => &[P::Trouble, P::CallLater, P::Goodbye],
    };
    spoken(language, prompts)
}

/// Whole sentences as clips, with a breath between them.
fn spoken(language: Language, sentences: &[Prompt]) -> Playlist {
    let breathed = sentences
        .iter()
        .enumerate()
        .flat_map(|(n, &prompt)| (n > 0).then_some(P::Pause).into_iter().chain([prompt]));
    Playlist::new(breathed.map(|prompt| clip(language, prompt)))
}
