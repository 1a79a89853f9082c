//! Owns the words between the rooms and the bridge: what a room wants said and done, and what it answers.
//! Must never name a prompt, a clip or a media command: the bridge maps them.

use crate::ids::{LegId, RoomNumber};
use std::time::Duration;

/// What becomes of somebody who asks to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Entered, and is alone: the room has opened.
    First,
    /// Entered, and others are there.
    Joined,
    /// All seats are taken.
    Full,
    /// A leader has locked the room.
    Locked,
    /// The room's time is over.
    Expired,
}

/// What somebody leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Others.
    Others,
    /// Nobody: the room has closed, and [`Output::Closed`] says so.
    Nobody,
    /// Was not there, or not any more: had heard [`Output::HangUp`].
    WasNotThere,
}

/// What a room wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Say this to one leg alone, instead of what was being said to it. Its end comes back by `handle_played`.
    Say { leg: LegId, notice: Notice },
    /// Stop what is being said to this leg: it is no longer true. Nothing comes back.
    Hush { leg: LegId },
    /// A soft tone for everybody in the room but one.
    Tone {
        room: RoomNumber,
        tone: Tone,
        except: Option<LegId>,
    },
    /// The room hears this leg no longer, or again.
    Mute { leg: LegId, muted: bool },
    /// Quiet music for somebody who is alone, or its end.
    Music { leg: LegId, on: bool },
    /// Somebody hears an echo: whose it is shall be found out.
    SeekEcho { room: RoomNumber },
    /// The room has closed. Who was in it is told by [`Output::HangUp`], which follows.
    Closed { room: RoomNumber },
    /// Say this, then end the call. The leg is in no room any more; nothing else follows for it.
    HangUp { leg: LegId, notice: Notice },
}

/// A soft tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Somebody came.
    Join,
    /// Somebody went.
    Leave,
}

/// What one person in a room is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// You are the first here.
    Alone,
    /// The others have gone: now you are alone.
    AloneAgain,
    /// You came in with the leader PIN.
    LeaderWelcome,
    /// So many are here, you among them.
    Members { count: u32 },
    /// You have muted yourself.
    Muted,
    /// The others hear you again.
    Unmuted,
    /// You speak, but you have muted yourself.
    MutedReminder,
    /// The keys of a member.
    Help,
    /// The keys of a leader.
    LeaderHelp,
    /// You are not heard: nothing comes from your telephone.
    Unheard,
    /// This key does nothing.
    UnknownKey,
    /// This key is the leader's.
    LeadersOnly,
    /// Nobody else comes in now (but for leaders).
    Locked,
    /// Everybody with the PIN comes in again.
    Unlocked,
    /// You have muted the others.
    OthersMuted,
    /// You have given the others their voice back.
    OthersUnmuted,
    /// The leader has muted everybody, you too.
    MutedByLeader,
    /// The leader has given everybody their voice back: you are heard.
    UnmutedByLeader,
    /// The leader has given everybody their voice back, but you have muted yourself besides.
    StillMuted,
    /// End the call for everybody? `1` does.
    ConfirmEnd,
    /// It goes on.
    EndNotDone,
    /// The leader has ended the call for everybody.
    EndedByLeader,
    /// You have been alone for a while. Are you still there? Any key.
    AloneQuestion,
    /// Good, stay as long as you like.
    AloneStays,
    /// Nobody came; the call ends.
    AloneGoodbye,
    /// The organiser has cancelled the room.
    Cancelled,
    /// The room's time is over.
    Expired,
    /// The bridge itself has failed: please call again.
    Failed,
    /// Your telephone causes an echo.
    YourEcho,
    /// It is being looked for who causes the echo: please go on speaking.
    EchoSearch,
    /// It was found, and who causes it is told.
    EchoFound,
    /// No echo is to be found at the moment.
    EchoNotFound,
    /// This line causes the echo. `1` mutes it.
    EchoLine { line: u32 },
    /// That line is muted now.
    EchoLineMuted,
    /// Your telephone causes an echo, so the leader has muted you.
    EchoMuted,
}

impl Notice {
    /// Whether it is untrue as soon as somebody else comes in.
    pub(super) fn is_about_being_alone(self) -> bool {
        match self {
            Notice::Alone | Notice::AloneAgain | Notice::AloneQuestion | Notice::AloneStays => true,
            Notice::LeaderWelcome
            | Notice::Members { .. }
            | Notice::Muted
            | Notice::Unmuted
            | Notice::MutedReminder
            | Notice::Help
            | Notice::LeaderHelp
            | Notice::Unheard
            | Notice::UnknownKey
            | Notice::LeadersOnly
            | Notice::Locked
            | Notice::Unlocked
            | Notice::OthersMuted
            | Notice::OthersUnmuted
            | Notice::MutedByLeader
            | Notice::UnmutedByLeader
            | Notice::StillMuted
            | Notice::ConfirmEnd
            | Notice::EndNotDone
            | Notice::EndedByLeader
            | Notice::AloneGoodbye
            | Notice::Cancelled
            | Notice::Expired
            | Notice::Failed
            | Notice::YourEcho
            | Notice::EchoSearch
            | Notice::EchoFound
            | Notice::EchoNotFound
            | Notice::EchoLine { .. }
            | Notice::EchoLineMuted
            | Notice::EchoMuted => false,
        }
    }
}

/// What the operator may choose about rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// After how long somebody who is alone is asked whether they are still there; zero: never.
    pub alone_after: Duration,
    /// How long an answer may take.
    pub alone_answer: Duration,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            alone_after: Duration::from_secs(240),
            alone_answer: Duration::from_secs(60),
        }
    }
}

/// What a wake-up is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A `*` command, or the answer to a question, was not keyed to its end.
    Key,
    /// The end of something said was never told.
    SayUnended,
    /// Somebody who hears an echo is to be answered.
    Search,
    /// A tone waits for the one before it.
    Tone,
    /// Somebody was alone for long, or did not answer.
    Alone,
    /// The room's time is over.
    Expiry,
    /// A failed try is old enough to be forgotten.
    Forget,
}

/// Odd cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that had no business where they came. Zero, unless something is wrong.
    pub unexpected: u64,
    /// Keys without a `*` before them, and the letters.
    pub keys_ignored: u64,
    /// `*` commands that do not exist.
    pub keys_unknown: u64,
    /// A leader's commands, keyed by a member.
    pub leaders_only: u64,
    /// Notices whose end was never told.
    pub says_unended: u64,
    /// Notices that found too many waiting before them.
    pub says_dropped: u64,
    /// Members who spoke while muted and were told so.
    pub reminders: u64,
    /// Rooms ended by their leader.
    pub ended_by_leader: u64,
    /// Rooms ended because one person was alone in them and did not answer.
    pub ended_alone: u64,
    /// Rooms ended because their time was over.
    pub ended_expired: u64,
    /// Rooms ended because they were cancelled.
    pub ended_cancelled: u64,
    /// Rooms ended because the bridge itself failed at their sound.
    pub ended_failed: u64,
    /// Members who heard an echo and asked for it to be found.
    pub echo_sought: u64,
    /// Callers who were told that their telephone causes an echo.
    pub echo_told: u64,
    /// Lines that a leader muted for their echo.
    pub echo_muted: u64,
}

impl Counts {
    /// The counters by the names under which `status` shows them.
    pub fn named(&self) -> [(&'static str, u64); 15] {
        [
            ("room_unexpected", self.unexpected),
            ("room_keys_ignored", self.keys_ignored),
            ("room_keys_unknown", self.keys_unknown),
            ("room_leaders_only", self.leaders_only),
            ("room_says_unended", self.says_unended),
            ("room_says_dropped", self.says_dropped),
            ("room_muted_reminders", self.reminders),
            ("rooms_ended_by_leader", self.ended_by_leader),
            ("rooms_ended_alone", self.ended_alone),
            ("rooms_ended_expired", self.ended_expired),
            ("rooms_ended_cancelled", self.ended_cancelled),
            ("rooms_ended_failed", self.ended_failed),
            ("room_echo_sought", self.echo_sought),
            ("room_echo_told", self.echo_told),
            ("room_echo_muted", self.echo_muted),
        ]
    }

    /// One more room ended with `notice`.
    pub(super) fn count_end(&mut self, notice: Notice) {
        match notice {
            Notice::EndedByLeader => self.ended_by_leader += 1,
            Notice::AloneGoodbye => self.ended_alone += 1,
            Notice::Expired => self.ended_expired += 1,
            Notice::Cancelled => self.ended_cancelled += 1,
            Notice::Failed => self.ended_failed += 1,
            _ => self.unexpected += 1,
        }
    }
}
