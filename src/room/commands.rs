//! What the keys of one person do in a room, as the table of `keys` says.

use super::alone;
use super::conference::{Conference, Door, Floor, Voice};
use super::keys::{self, Act, Event, Step};
use super::words::Notice;
use crate::ids::{LegId, Role};
use crate::secret::Key;
use crate::units::Time;
use std::time::Duration;

/// From one reminder that somebody is muted to the next.
pub(super) const REMIND: Duration = Duration::from_secs(180);

impl Conference {
    /// `leg` pressed a key.
    pub fn handle_key(&mut self, now: Time, leg: LegId, key: Key) {
        if self.watch(now, alone::Event::Key) {
            return;
        }
        match Event::of(key) {
            Some(event) => self.apply(now, leg, event),
            None => self.desk.counts.keys_ignored += 1,
        }
    }

    /// `leg` speaks.
    pub fn handle_talking(&mut self, now: Time, leg: LegId) {
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        let notice = if member.is_silenced(self.floor) {
            Notice::MutedByLeader
        } else if member.voice == Voice::Muted {
            Notice::MutedReminder
        } else {
            // Began before the muting ended.
            return;
        };
        // What is heard there is the others: whoever was muted for an echo says nothing.
        if member.echo.is_heard() {
            return;
        }
        let lately = member.reminded.is_some_and(|at| now.since(at) < REMIND);
        if lately || !member.ear.is_silent() || member.keys != keys::State::Idle {
            return;
        }
        member.reminded = Some(now);
        self.desk.counts.reminders += 1;
        self.say(now, leg, notice);
    }

    /// Asks the table of keys.
    pub(super) fn apply(&mut self, now: Time, leg: LegId, event: Event) {
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        match keys::step(member.role, member.keys, event) {
            Step::Stay => self.desk.counts.keys_ignored += 1,
            Step::Refused => {
                self.desk.counts.unexpected += 1;
                // Whatever timer led here must not lead here again.
                member.keys_due = None;
            }
            Step::Go(state, act) => {
                member.keys = state;
                member.keys_due = keys::patience(state, act).map(|patience| now + patience);
                let role = member.role;
                self.act(now, leg, role, act);
            }
        }
    }

    fn act(&mut self, now: Time, leg: LegId, role: Role, act: Act) {
        let notice = match act {
            Act::Nothing => return,
            Act::End => return self.end(Notice::EndedByLeader),
            Act::SeekEcho => return self.seek_echo(now, leg),
            Act::NameLine => self.named_line(leg),
            Act::MuteLine => self.mute_named(now, leg),
            Act::Help if role == Role::Leader => Notice::LeaderHelp,
            Act::Help => Notice::Help,
            Act::Count => Notice::Members { count: self.count() },
            Act::MuteMe => self.mute_me(leg),
            Act::Lock => self.lock(),
            Act::MuteOthers => self.mute_others(now),
            Act::AskEnd => Notice::ConfirmEnd,
            Act::NotDone => Notice::EndNotDone,
            Act::LeadersOnly => {
                self.desk.counts.leaders_only += 1;
                Notice::LeadersOnly
            }
            Act::Unknown => {
                self.desk.counts.keys_unknown += 1;
                Notice::UnknownKey
            }
        };
        self.say(now, leg, notice);
    }

    fn mute_me(&mut self, leg: LegId) -> Notice {
        let Some(member) = self.members.get_mut(&leg) else {
            return Notice::UnknownKey;
        };
        if member.is_silenced(self.floor) {
            return Notice::MutedByLeader;
        }
        member.reminded = None;
        let (voice, notice) = match member.voice {
            Voice::On => (Voice::Muted, Notice::Muted),
            Voice::Muted => (Voice::On, Notice::Unmuted),
        };
        member.voice = voice;
        notice
    }

    fn lock(&mut self) -> Notice {
        let (door, notice) = match self.door {
            Door::Open => (Door::Locked, Notice::Locked),
            Door::Locked => (Door::Open, Notice::Unlocked),
        };
        self.door = door;
        notice
    }

    fn mute_others(&mut self, now: Time) -> Notice {
        match self.floor {
            Floor::Everybodys => {
                self.floor = Floor::Leaders;
                self.tell_members(now, |_| Notice::MutedByLeader);
                Notice::OthersMuted
            }
            Floor::Leaders => {
                self.give_back_voices(now);
                Notice::OthersUnmuted
            }
        }
    }

    /// Everybody is heard again who has not muted themselves.
    pub(super) fn give_back_voices(&mut self, now: Time) {
        self.floor = Floor::Everybodys;
        self.tell_members(now, |voice| match voice {
            Voice::On => Notice::UnmutedByLeader,
            Voice::Muted => Notice::StillMuted,
        });
    }

    fn tell_members(&mut self, now: Time, notice: impl Fn(Voice) -> Notice) {
        let members = self
            .members
            .iter_mut()
            .filter(|(_, member)| member.role == Role::Member);
        let told: Vec<_> = members
            .map(|(&leg, member)| {
                member.reminded = None;
                // What a newcomer has not heard yet may be untrue now; what is being said is interrupted anyway.
                member.ear.forget(|waiting| waiting == Notice::MutedByLeader);
                (leg, notice(member.voice))
            })
            .collect();
        for (leg, notice) in told {
            self.say(now, leg, notice);
        }
    }
}
