//! Who causes an echo in a room: the one is told so, in a pause, who asks hears whether it was found, and a leader which line it is.

use super::conference::{Conference, Member, Voice};
use super::keys;
use super::words::{Notice, Output};
use crate::ids::{LegId, Role};
use crate::media_api::EchoNews;
use crate::units::Time;
use std::time::Duration;

/// How long is looked for an echo that somebody hears.
pub(super) const SEARCH: Duration = Duration::from_secs(8);
/// An answer that finds somebody keying waits so long.
const AGAIN: Duration = Duration::from_secs(1);
/// Who was told less than this ago is not told again because somebody asks.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// An echo that the others hear.
#[derive(Clone, Copy, Debug)]
struct Heard {
    line: u32,
    loss_db: u8,
}

/// What there is to one person's echo.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// Theirs, while the others hear it.
    heard: Option<Heard>,
    /// When they were told so.
    told: Option<Time>,
    /// They hear one themselves, and are answered then.
    pub asked: Option<Time>,
    /// The leg whose line they were told, being a leader.
    named: Option<LegId>,
}

impl Echo {
    /// Whether the others hear it, or would if the line was not muted.
    pub fn is_heard(&self) -> bool {
        self.heard.is_some()
    }
}

impl Conference {
    /// Something is new of `leg`'s echo; the operator calls its line so.
    pub fn handle_echo(&mut self, now: Time, leg: LegId, line: u32, news: EchoNews) {
        let floor = self.floor;
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        match news {
            EchoNews::Heard { loss_db } => member.echo.heard = Some(Heard { line, loss_db }),
            EchoNews::Gone => member.echo.heard = None,
            EchoNews::Pause => {
                let is_free = member.ear.is_silent() && member.keys == keys::State::Idle;
                if member.echo.told.is_none() && is_free && !member.is_muted(floor) {
                    member.echo.told = Some(now);
                    self.desk.counts.echo_told += 1;
                    self.say(now, leg, Notice::YourEcho);
                }
            }
        }
    }

    /// `leg` hears an echo.
    pub(super) fn seek_echo(&mut self, now: Time, leg: LegId) {
        self.desk.counts.echo_sought += 1;
        let room = self.number;
        self.desk.outputs.push_back(Output::SeekEcho { room });
        if self.loudest_echo(leg).is_some() || self.members.len() < 2 {
            return self.answer(now, leg);
        }
        if let Some(member) = self.members.get_mut(&leg) {
            member.echo.asked = Some(now + SEARCH);
        }
        self.say(now, leg, Notice::EchoSearch);
    }

    /// The search is over.
    pub(super) fn end_search(&mut self, now: Time, leg: LegId) {
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        if member.keys == keys::State::Idle {
            return self.answer(now, leg);
        }
        member.echo.asked = Some(now + AGAIN);
    }

    /// Tells who asked what was found.
    fn answer(&mut self, now: Time, leg: LegId) {
        let found = self.loudest_echo(leg);
        if let Some((source, _)) = found {
            self.tell_once_more(now, source);
        }
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        member.echo.asked = None;
        member.echo.named = found.map(|(source, _)| source);
        match (found, member.role) {
            (None, _) => self.say(now, leg, Notice::EchoNotFound),
            (Some(_), Role::Member) => self.say(now, leg, Notice::EchoFound),
            (Some(_), Role::Leader) => self.apply(now, leg, keys::Event::EchoFound),
        }
    }

    /// Whose echo was named to this leader.
    pub(super) fn named_line(&self, leader: LegId) -> Notice {
        let named = self.members.get(&leader).and_then(|member| member.echo.named);
        let source = named.and_then(|source| self.members.get(&source)?.echo.heard);
        source.map_or(Notice::EchoNotFound, |heard| Notice::EchoLine {
            line: heard.line,
        })
    }

    /// The leader mutes the line that was named. Its caller is told why, and may speak again.
    pub(super) fn mute_named(&mut self, now: Time, leader: LegId) -> Notice {
        let named = self
            .members
            .get_mut(&leader)
            .and_then(|member| member.echo.named.take());
        let Some(source) = named else {
            return Notice::EchoNotFound;
        };
        let Some(member) = self.members.get_mut(&source) else {
            return Notice::EchoNotFound;
        };
        (member.voice, member.reminded) = (Voice::Muted, None);
        self.desk.counts.echo_muted += 1;
        self.say(now, source, Notice::EchoMuted);
        Notice::EchoLineMuted
    }

    /// Somebody asked: who was told long ago hears it once more.
    fn tell_once_more(&mut self, now: Time, source: LegId) {
        if let Some(member) = self.members.get_mut(&source) {
            member.echo.told = member.echo.told.filter(|&at| now.since(at) < TELL_AGAIN);
        }
    }

    /// Of those that the room hears, the loudest echo of somebody else.
    fn loudest_echo(&self, than: LegId) -> Option<(LegId, Heard)> {
        let heard = |(&leg, member): (&LegId, &Member)| {
            let is_heard = leg != than && !member.is_muted(self.floor);
            Some((leg, member.echo.heard.filter(|_| is_heard)?))
        };
        self.members
            .iter()
            .filter_map(heard)
            .min_by_key(|(_, heard)| heard.loss_db)
    }
}
