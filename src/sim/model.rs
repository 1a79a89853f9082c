//! Owns the reference: who may, and who must, hear whom. It is far simpler than the bridge: it knows who was let into which
//! room, and counts the keys that reached it. What a loudspeaker telephone returns may be heard, and need not. Must never ask
//! the bridge what it thinks.

use super::tones::CALLERS_MAX;
use crate::ids::RoomNumber;
use crate::units::Time;
use std::time::Duration;

/// What was audible may be heard for so long after it ended: the line, the buffers, three concealed frames.
const ECHOES: Duration = Duration::from_millis(900);
/// Where a loudspeaker returns it, it goes round once or twice more.
const RETURNS: Duration = Duration::from_millis(1_800);
/// After a change it takes so long until somebody must be heard.
const SETTLES: Duration = Duration::from_millis(2_500);
/// A begun command waits so long for its next key.
const NEXT_KEY: Duration = Duration::from_secs(4);

/// What the reference knows of one caller.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub room: Option<RoomNumber>,
    pub leads: bool,
    /// Returns what it hears.
    pub loud: bool,
    pub muted: bool,
    star: Option<Time>,
    /// Since when it is in its room as it is.
    since: Time,
}

/// The reference.
#[derive(Debug)]
pub struct Model {
    pub callers: Vec<Known>,
    /// Rooms in which the leaders alone are heard.
    quiet: Vec<RoomNumber>,
    /// By listener: whose own voice it hears.
    direct: Vec<u32>,
    /// By listener: whom it may hear, loudspeakers counted.
    allowed: Vec<u32>,
    /// By listener and talker: until when an echo of what was allowed may be heard.
    fading: Vec<[Time; CALLERS_MAX]>,
}

impl Model {
    /// Callers by whether they lead, and whether they are loud.
    pub fn new(callers: impl Iterator<Item = (bool, bool)>) -> Model {
        let callers: Vec<_> = callers
            .map(|(leads, loud)| Known {
                leads,
                loud,
                ..Known::default()
            })
            .collect();
        Model {
            quiet: Vec::new(),
            direct: vec![0; callers.len()],
            allowed: vec![0; callers.len()],
            fading: vec![[Time::ZERO; CALLERS_MAX]; callers.len()],
            callers,
        }
    }

    /// A caller was let in, or is in no room any more.
    pub fn moved(&mut self, now: Time, n: usize, room: Option<RoomNumber>) {
        let left = std::mem::replace(&mut self.callers[n].room, room);
        self.callers[n].since = now;
        self.callers[n].star = None;
        self.callers[n].muted = false;
        // Nobody is left who could give the others their voices back.
        self.quiet.retain(|quiet| {
            self.callers
                .iter()
                .any(|other| other.leads && other.room == Some(*quiet))
        });
        if left.is_some() {
            self.touch(now, left);
        }
        self.renew(now);
    }

    /// A key of somebody in a room reached the bridge.
    pub fn key(&mut self, now: Time, n: usize, key: char) {
        let Some(room) = self.callers[n].room else { return };
        let begun = self.callers[n].star.take();
        let command = begun.is_some_and(|at| now.since(at) < NEXT_KEY);
        match key {
            '*' => self.callers[n].star = Some(now),
            '6' if command && !self.is_silenced(n) => {
                self.callers[n].muted ^= true;
                self.callers[n].since = now;
            }
            '0' if command && self.callers[n].leads => {
                if self.quiet.contains(&room) {
                    self.quiet.retain(|quiet| *quiet != room);
                } else {
                    self.quiet.push(room);
                }
                self.touch(now, Some(room));
            }
            _ => {}
        }
        self.renew(now);
    }

    /// Whether a listener may hear this one now. Where a loudspeaker returns what it hears, at any phase and level, anybody of
    /// the room may sound again, and what still sounds at the loudspeaker comes back even to who did not hear it so far.
    pub fn may_hear(&self, now: Time, listener: usize, talker: usize) -> bool {
        let (to, from) = (&self.callers[listener], &self.callers[talker]);
        let together = to.room.is_some() && to.room == from.room;
        let fades = |there: usize| self.fading[there][talker] >= now;
        let returns = |loud: usize| self.is_loud_in(loud, to.room) && (together || fades(loud));
        self.allowed[listener] & 1 << talker != 0 || fades(listener) || (0..self.callers.len()).any(returns)
    }

    /// Whom a listener may hear, one bit each, echoes not counted.
    #[cfg(test)]
    fn allowed(&self, listener: usize) -> u32 {
        self.allowed[listener]
    }

    /// Whether a listener must hear this one, if the lines are good and both do nothing else.
    pub fn must_hear(&self, now: Time, listener: usize, talker: usize) -> bool {
        let settled = |n: usize| now.since(self.callers[n].since) > SETTLES;
        // What a loudspeaker returns may cancel out what it returns.
        let room = self.callers[listener].room;
        let returned = (0..self.callers.len())
            .any(|loud| ![listener, talker].contains(&loud) && self.is_loud_in(loud, room));
        self.direct[listener] & 1 << talker != 0 && settled(listener) && settled(talker) && !returned
    }

    fn is_silenced(&self, n: usize) -> bool {
        let caller = &self.callers[n];
        !caller.leads && caller.room.is_some_and(|room| self.quiet.contains(&room))
    }

    fn touch(&mut self, now: Time, room: Option<RoomNumber>) {
        let there = self.callers.iter_mut().filter(|caller| caller.room == room);
        there.for_each(|caller| caller.since = now);
    }

    fn renew(&mut self, now: Time) {
        let all = 0..self.callers.len();
        self.direct = all.clone().map(|listener| self.bits(listener)).collect();
        for listener in all {
            let (before, returned) = (self.allowed[listener], self.returned(listener));
            let after = self.direct[listener] | returned;
            self.allowed[listener] = after;
            let fades = if self.is_loud(listener) { RETURNS } else { ECHOES };
            for (talker, until) in self.fading[listener].iter_mut().enumerate() {
                if before & !after & 1 << talker != 0 {
                    *until = now + fades;
                }
            }
        }
    }

    fn bits(&self, listener: usize) -> u32 {
        (0..self.callers.len())
            .filter(|&talker| talker != listener && self.hears(listener, talker))
            .fold(0, |bits, talker| bits | 1 << talker)
    }

    /// What the loudspeakers that a listener hears hear themselves, and what those hear that they hear.
    fn returned(&self, listener: usize) -> u32 {
        let loud = |heard: u32| {
            let loud = (0..self.callers.len()).filter(|&n| heard & 1 << n != 0 && self.callers[n].loud);
            loud.fold(0, |bits, n| bits | self.direct[n])
        };
        let once = loud(self.direct[listener]);
        once | loud(once)
    }

    fn is_loud_in(&self, n: usize, room: Option<RoomNumber>) -> bool {
        let caller = &self.callers[n];
        caller.loud && room.is_some() && caller.room == room
    }

    /// Whether anybody in a listener's room is loud.
    fn is_loud(&self, listener: usize) -> bool {
        let room = self.callers[listener].room;
        (0..self.callers.len()).any(|n| self.is_loud_in(n, room))
    }

    fn hears(&self, listener: usize, talker: usize) -> bool {
        let (to, from) = (&self.callers[listener], &self.callers[talker]);
        to.room.is_some() && to.room == from.room && !from.muted && !self.is_silenced(talker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_muting_and_leaders_decide_who_is_heard() {
        let room = RoomNumber::nth(1);
        let mut model = Model::new([true, false, false].map(|leads| (leads, false)).into_iter());
        let at = Time::from_millis;
        (0..3).for_each(|n| model.moved(at(0), n, room));
        assert_eq!((model.allowed(0), model.allowed(1)), (0b110, 0b101));
        model.key(at(10), 1, '6');
        assert_eq!(model.allowed(0), 0b110, "bare digits do nothing");
        model.key(at(20), 1, '*');
        model.key(at(30), 1, '6');
        assert_eq!(model.allowed(0), 0b100);
        assert!(model.may_hear(at(900), 0, 1) && !model.may_hear(at(1_000), 0, 1));
        model.key(at(40), 0, '*');
        model.key(at(50), 0, '0');
        assert_eq!((model.allowed(0), model.allowed(1)), (0, 0b001));
        model.moved(at(60), 0, None);
        assert_eq!(model.allowed(1), 0b100, "the last leader has gone");
        assert!(!model.must_hear(at(70), 1, 2) && model.must_hear(at(3_000), 1, 2));
    }
    #[test]
    fn a_loudspeaker_may_return_what_it_hears_and_no_more() {
        let mut model = Model::new([false, true, false].map(|loud| (false, loud)).into_iter());
        let at = Time::from_millis;
        model.moved(at(0), 0, RoomNumber::nth(1));
        model.moved(at(0), 1, RoomNumber::nth(1));
        model.moved(at(0), 2, RoomNumber::nth(2));
        assert_eq!(model.allowed(0), 0b011, "its own voice comes back");
        assert_eq!((model.allowed(1), model.allowed(2)), (0b001, 0));
        assert!(model.must_hear(at(3_000), 0, 1) && !model.must_hear(at(3_000), 0, 0));
        model.key(at(3_500), 0, '*');
        model.key(at(3_600), 0, '6');
        model.moved(at(3_700), 2, RoomNumber::nth(1));
        assert!(model.may_hear(at(4_000), 2, 0), "it still goes round");
        assert!(
            !model.must_hear(at(9_000), 0, 2),
            "what comes back may cancel it out"
        );
        model.moved(at(9_000), 1, None);
        assert!(!model.may_hear(at(19_000), 2, 0) && model.must_hear(at(19_000), 0, 2));
    }
}
