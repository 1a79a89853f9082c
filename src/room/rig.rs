//! Rooms for tests: time passes only by `wait`, notices last a while, and a media side is kept as the outputs describe it.

use super::{Entry, Left, Notice, Output, Policy, Rooms, Tone};
use crate::ids::{LegId, Role, RoomNumber};
use crate::secret::Key;
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn room(index: u32) -> RoomNumber {
    RoomNumber::nth(index).expect("in range")
}

pub struct Rig {
    pub rooms: Rooms,
    pub now: Time,
    /// What came out since it was looked at last.
    pub log: Vec<Output>,
    pub inside: BTreeMap<LegId, RoomNumber>,
    pub muted: BTreeSet<LegId>,
    pub music: BTreeSet<LegId>,
    pub hung_up: BTreeMap<LegId, Notice>,
    /// How long a notice lasts; `None` if its end is never told.
    pub notice_lasts: Option<Duration>,
    saying: BTreeMap<LegId, Time>,
}

impl Rig {
    pub fn new() -> Rig {
        Rig {
            rooms: Rooms::new(Policy::default()),
            now: Time::from_millis(7_000),
            log: Vec::new(),
            inside: BTreeMap::new(),
            muted: BTreeSet::new(),
            music: BTreeSet::new(),
            hung_up: BTreeMap::new(),
            notice_lasts: Some(secs(3)),
            saying: BTreeMap::new(),
        }
    }

    /// Into room 1, which has eight seats and no end.
    pub fn enter(&mut self, leg: u64, role: Role) -> Entry {
        self.enter_room(leg, role, room(1), 8, None)
    }

    pub fn enter_room(
        &mut self,
        leg: u64,
        role: Role,
        number: RoomNumber,
        seats: u32,
        expires: Option<Time>,
    ) -> Entry {
        let leg = LegId(leg);
        let entry = self.rooms.enter(self.now, number, seats, leg, role, expires);
        if matches!(entry, Entry::First | Entry::Joined) {
            self.inside.insert(leg, number);
        }
        self.drain();
        entry
    }

    pub fn leave(&mut self, leg: u64) -> Left {
        let number = self.inside.get(&LegId(leg)).copied().unwrap_or(room(1));
        let left = self.rooms.leave(self.now, number, LegId(leg));
        // A leg that is gone is gone from the media side too.
        self.forget(LegId(leg));
        self.drain();
        left
    }

    pub fn keys(&mut self, leg: u64, faces: &str) -> &mut Rig {
        for face in faces.chars() {
            let key = Key::from_char(face).expect("a key");
            self.rooms.handle_key(self.now, LegId(leg), key);
            self.drain();
        }
        self
    }

    pub fn talk(&mut self, leg: u64) -> &mut Rig {
        self.rooms.handle_talking(self.now, LegId(leg));
        self.drain();
        self
    }

    /// Time passes; whatever is due on the way happens, earliest first.
    pub fn wait(&mut self, span: Duration) -> &mut Rig {
        let end = self.now + span;
        self.drain();
        loop {
            let played = self.saying.iter().map(|(&leg, &at)| (at, Some(leg))).min();
            let due = self.rooms.poll_timeout().map(|(at, _)| (at, None));
            let Some((at, leg)) = [played, due]
                .into_iter()
                .flatten()
                .min()
                .filter(|(at, _)| *at <= end)
            else {
                break;
            };
            self.now = self.now.max(at);
            match leg {
                Some(leg) => {
                    self.saying.remove(&leg);
                    self.rooms.handle_played(self.now, leg);
                }
                None => self.rooms.handle_timeout(self.now),
            }
            self.drain();
        }
        self.now = end;
        self
    }

    /// What came out since this was asked last.
    pub fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.log)
    }

    /// The notices among it, by leg.
    pub fn said(&mut self) -> Vec<(u64, Notice)> {
        let said = |output| match output {
            Output::Say { leg, notice } | Output::HangUp { leg, notice } => Some((leg.0, notice)),
            _ => None,
        };
        self.take().into_iter().filter_map(said).collect()
    }

    /// The tones among it.
    pub fn tones(&mut self) -> Vec<(Tone, Option<LegId>)> {
        let tone = |output| match output {
            Output::Tone { tone, except, .. } => Some((tone, except)),
            _ => None,
        };
        self.take().into_iter().filter_map(tone).collect()
    }

    fn drain(&mut self) {
        while let Some(output) = self.rooms.poll_output() {
            self.take_in(output);
            self.log.push(output);
        }
    }

    /// The media side; it accepts no word about somebody who is not in a room.
    fn take_in(&mut self, output: Output) {
        match output {
            Output::Say { leg, .. } => {
                self.check(leg);
                self.saying.remove(&leg);
                let until = self.notice_lasts.map(|lasts| self.now + lasts);
                self.saying.extend(until.map(|until| (leg, until)));
            }
            Output::Hush { leg } => {
                self.check(leg);
                self.saying.remove(&leg);
            }
            Output::Tone { room, except, .. } => {
                let hearers = self.inside.iter();
                let hearers = hearers.filter(|(leg, number)| **number == room && Some(**leg) != except);
                assert!(hearers.count() > 0, "a tone for nobody");
                assert!(except.is_none_or(|leg| self.inside.get(&leg) == Some(&room)));
            }
            Output::SeekEcho { room } => {
                assert!(
                    self.inside.values().any(|number| *number == room),
                    "a search for nobody"
                );
            }
            Output::Mute { leg, muted } => {
                self.check(leg);
                let changed = if muted {
                    self.muted.insert(leg)
                } else {
                    self.muted.remove(&leg)
                };
                assert!(changed, "muted or given back twice");
            }
            Output::Music { leg, on } => {
                self.check(leg);
                let changed = if on {
                    self.music.insert(leg)
                } else {
                    self.music.remove(&leg)
                };
                assert!(changed, "music begun or ended twice");
            }
            Output::Closed { room } => assert_eq!(self.rooms.census().find(|open| open.0 == room), None),
            Output::HangUp { leg, notice } => {
                self.check(leg);
                assert_eq!(self.rooms.room_of(leg), None);
                assert_eq!(self.hung_up.insert(leg, notice), None, "hung up twice");
                assert!(!self.music.contains(&leg), "music plays on");
                self.forget(leg);
            }
        }
    }

    fn check(&self, leg: LegId) {
        assert!(self.inside.contains_key(&leg), "{leg:?} is in no room");
    }

    fn forget(&mut self, leg: LegId) {
        self.inside.remove(&leg);
        self.muted.remove(&leg);
        self.music.remove(&leg);
        self.saying.remove(&leg);
    }
}
