//! Owns one open room: who is in it, who is heard, what each is told, when it ends. Its keys are in `commands`, being alone is in `company`.
//! Must never know another room.

use super::alone;
use super::ear::Ear;
use super::echo::Echo;
use super::keys;
use super::tones::{Sound, Tones};
use super::words::{Counts, Entry, Left, Notice, Output, Policy, Reason, Tone};
use crate::ids::{LegId, Role, RoomNumber};
use crate::units::Time;
use std::collections::{BTreeMap, VecDeque};

/// Where outputs and counts are laid down. There is one; the room that acts holds it.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub outputs: VecDeque<Output>,
    pub counts: Counts,
}

/// Whether members may come in. Leaders always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    Locked,
}

/// Who may be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Floor {
    Everybodys,
    Leaders,
}

/// Whether somebody wants to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    On,
    Muted,
}

/// Somebody in the room.
#[derive(Debug)]
pub(super) struct Member {
    pub role: Role,
    pub voice: Voice,
    /// What the media side was told last.
    muted: bool,
    pub keys: keys::State,
    pub keys_due: Option<Time>,
    pub ear: Ear,
    pub reminded: Option<Time>,
    pub echo: Echo,
}

impl Member {
    fn new(role: Role) -> Member {
        Member {
            role,
            voice: Voice::On,
            muted: false,
            keys: keys::State::Idle,
            keys_due: None,
            ear: Ear::default(),
            reminded: None,
            echo: Echo::default(),
        }
    }

    /// Whether the leader's muting holds for this person.
    pub fn is_silenced(&self, floor: Floor) -> bool {
        floor == Floor::Leaders && self.role == Role::Member
    }

    /// Whether the others do not hear this person.
    pub fn is_muted(&self, floor: Floor) -> bool {
        self.voice == Voice::Muted || self.is_silenced(floor)
    }
}

/// What a room waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Expiry,
    Alone,
    Tone,
    Key(LegId),
    Say(LegId),
    Search(LegId),
}

/// An open room.
#[derive(Debug)]
pub(super) struct Conference {
    pub(super) number: RoomNumber,
    pub(super) policy: Policy,
    seats: u32,
    expires: Option<Time>,
    pub(super) members: BTreeMap<LegId, Member>,
    pub(super) door: Door,
    pub(super) floor: Floor,
    pub(super) company: alone::State,
    pub(super) alone_due: Option<Time>,
    pub(super) alone_told: Option<Time>,
    pub(super) music: Option<LegId>,
    tones: Tones,
    pub(super) desk: Desk,
    /// The wake-up that stands in the list of all rooms.
    pub scheduled: Option<(Time, Reason)>,
}

impl Conference {
    /// A room that nobody is in yet.
    pub fn new(number: RoomNumber, policy: Policy) -> Conference {
        Conference {
            number,
            policy,
            seats: 0,
            expires: None,
            members: BTreeMap::new(),
            door: Door::Open,
            floor: Floor::Everybodys,
            company: alone::State::Together,
            alone_due: None,
            alone_told: None,
            music: None,
            tones: Tones::default(),
            desk: Desk::default(),
            scheduled: None,
        }
    }

    /// The booking, as it is now. A room is never narrower than those who are in it.
    pub fn renew(&mut self, seats: u32, expires: Option<Time>) {
        self.seats = seats;
        self.expires = expires;
    }

    /// How many are in it, and how many may be.
    pub fn census(&self) -> (usize, u32) {
        (self.members.len(), self.seats)
    }

    /// `leg` asks to enter.
    pub fn enter(&mut self, now: Time, leg: LegId, role: Role) -> Entry {
        if self.door == Door::Locked && role == Role::Member {
            return Entry::Locked;
        }
        if self.members.len() as u64 >= u64::from(self.seats) {
            return Entry::Full;
        }
        self.members.insert(leg, Member::new(role));
        if role == Role::Leader {
            self.say_later(now, leg, Notice::LeaderWelcome);
        }
        let first = self.members.len() == 1;
        if first {
            self.watch(now, alone::Event::Lonely);
        } else {
            self.watch(now, alone::Event::Company);
            self.request_tone(now, (Tone::Join, Some(leg)));
        }
        if self.floor == Floor::Leaders && role == Role::Member {
            self.say_later(now, leg, Notice::MutedByLeader);
        }
        if first { Entry::First } else { Entry::Joined }
    }

    /// `leg` leaves.
    pub fn leave(&mut self, now: Time, leg: LegId) -> Left {
        let Some(gone) = self.members.remove(&leg) else {
            return Left::WasNotThere;
        };
        if self.members.is_empty() {
            self.close();
            return Left::Nobody;
        }
        if !self.tones.cancel(leg) {
            self.request_tone(now, (Tone::Leave, None));
        }
        if self.members.len() == 1 {
            self.watch(now, alone::Event::Lonely);
        }
        let leaders = self.members.values().any(|member| member.role == Role::Leader);
        if gone.role == Role::Leader && !leaders && self.floor == Floor::Leaders {
            // Nobody is left who could give them back.
            self.give_back_voices(now);
        }
        Left::Others
    }

    /// What was said to `leg` was heard to its end.
    pub fn handle_played(&mut self, now: Time, leg: LegId) {
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        let (heard, next) = member.ear.finish(now);
        let asked = match heard {
            Some(Notice::ConfirmEnd) => true,
            // Who has begun another command meanwhile heard it to its end too.
            Some(Notice::EchoLine { .. }) => member.keys == keys::State::Naming,
            _ => false,
        };
        self.desk.counts.unexpected += u64::from(heard.is_none());
        if let Some(notice) = next {
            self.desk.outputs.push_back(Output::Say { leg, notice });
        }
        if asked {
            self.apply(now, leg, keys::Event::Heard);
        }
    }

    /// Everybody hears `notice`, then their calls end. The room has closed.
    pub fn end(&mut self, notice: Notice) {
        if self.members.is_empty() {
            return;
        }
        self.desk.counts.count_end(notice);
        self.stop_music();
        let members = std::mem::take(&mut self.members);
        self.close();
        let farewells = members.into_keys().map(|leg| Output::HangUp { leg, notice });
        self.desk.outputs.extend(farewells);
    }

    /// Whatever is due now happens.
    pub fn handle_timeout(&mut self, now: Time) {
        while let Some((due, what)) = self.next_due() {
            if due > now {
                return;
            }
            self.fire(now, what);
        }
    }

    /// When to wake, and why.
    pub fn poll_timeout(&self) -> Option<(Time, Reason)> {
        self.next_due().map(|(at, due)| match due {
            Due::Expiry => (at, Reason::Expiry),
            Due::Alone => (at, Reason::Alone),
            Due::Tone => (at, Reason::Tone),
            Due::Key(_) => (at, Reason::Key),
            Due::Say(_) => (at, Reason::SayUnended),
            Due::Search(_) => (at, Reason::Search),
        })
    }

    /// After every input: the media side hears who is muted, and whether there is music.
    pub fn settle(&mut self) {
        for (&leg, member) in &mut self.members {
            let muted = member.is_muted(self.floor);
            if member.muted != muted {
                member.muted = muted;
                self.desk.outputs.push_back(Output::Mute { leg, muted });
            }
        }
        match (self.company, self.lone()) {
            (alone::State::Alone | alone::State::Asked, Some(leg)) => self.play_music(leg),
            _ => self.stop_music(),
        }
    }

    /// Whether `leg` muted itself, or a leader did.
    #[cfg(test)]
    pub fn is_muted(&self, leg: LegId) -> bool {
        let own_or_leaders = |member: &Member| {
            member.voice == Voice::Muted || (self.floor == Floor::Leaders && member.role == Role::Member)
        };
        self.members.get(&leg).is_some_and(own_or_leaders)
    }

    /// Says `notice` instead of what is being said.
    pub(super) fn say(&mut self, now: Time, leg: LegId, notice: Notice) {
        if let Some(member) = self.members.get_mut(&leg) {
            let notice = member.ear.interrupt(now, notice);
            self.desk.outputs.push_back(Output::Say { leg, notice });
        }
    }

    /// Says `notice` as soon as nothing else is said.
    pub(super) fn say_later(&mut self, now: Time, leg: LegId, notice: Notice) {
        let Some(member) = self.members.get_mut(&leg) else {
            return;
        };
        match member.ear.append(now, notice) {
            Ok(Some(notice)) => self.desk.outputs.push_back(Output::Say { leg, notice }),
            Ok(None) => {}
            Err(_) => self.desk.counts.says_dropped += 1,
        }
    }

    /// How many are here.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    fn request_tone(&mut self, now: Time, sound: Sound) {
        let sound = self.tones.request(now, sound);
        self.play_tone(sound);
    }

    fn play_tone(&mut self, sound: Option<Sound>) {
        let Some((tone, except)) = sound else { return };
        let except = except.filter(|leg| self.members.contains_key(leg));
        if self.members.len() > usize::from(except.is_some()) {
            let room = self.number;
            self.desk.outputs.push_back(Output::Tone { room, tone, except });
        }
    }

    fn close(&mut self) {
        self.expires = None;
        self.alone_due = None;
        self.tones = Tones::default();
        let room = self.number;
        self.desk.outputs.push_back(Output::Closed { room });
    }

    fn next_due(&self) -> Option<(Time, Due)> {
        let of_room = [
            (self.expires, Due::Expiry),
            (self.alone_due, Due::Alone),
            (self.tones.deadline(), Due::Tone),
        ];
        let of_members = self.members.iter().flat_map(|(&leg, member)| {
            [
                (member.keys_due, Due::Key(leg)),
                (member.ear.deadline(), Due::Say(leg)),
                (member.echo.asked, Due::Search(leg)),
            ]
        });
        of_room
            .into_iter()
            .chain(of_members)
            .filter_map(|(at, due)| at.map(|at| (at, due)))
            .min_by_key(|(at, _)| *at)
    }

    fn fire(&mut self, now: Time, due: Due) {
        match due {
            Due::Expiry => self.end(Notice::Expired),
            Due::Alone => {
                self.watch(now, alone::Event::Due);
            }
            Due::Tone => {
                let sound = self.tones.take_due(now);
                self.play_tone(sound);
            }
            Due::Key(leg) => self.apply(now, leg, keys::Event::Silence),
            Due::Search(leg) => self.end_search(now, leg),
            Due::Say(leg) => {
                self.desk.counts.says_unended += 1;
                self.handle_played(now, leg);
            }
        }
    }
}
