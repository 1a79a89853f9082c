//! Owns all rooms with somebody in them: the one door to them. A room opens with its first member and closes with its
//! last, or with an end that its members hear.

use super::conference::{Conference, Desk};
use super::words::{Counts, Entry, Left, Notice, Output, Policy, Reason};
use crate::ids::{LegId, Role, RoomNumber};
use crate::media_api::EchoNews;
use crate::secret::Key;
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// All rooms with somebody in them.
#[derive(Debug, Default)]
pub struct Rooms {
    policy: Policy,
    open: BTreeMap<RoomNumber, Conference>,
    legs: BTreeMap<LegId, RoomNumber>,
    timers: BTreeSet<(Time, RoomNumber)>,
    desk: Desk,
}

impl Rooms {
    /// Nobody is anywhere yet.
    pub fn new(policy: Policy) -> Rooms {
        Rooms {
            policy,
            ..Rooms::default()
        }
    }

    /// The operator has chosen otherwise. Holds for rooms that open from now on.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// `leg` asks to enter a room that is booked for `seats` members until `expires`. The outputs that follow take it for
    /// granted that the media side has opened the room (if this is [`Entry::First`]) and joined the leg.
    pub fn enter(
        &mut self,
        now: Time,
        number: RoomNumber,
        seats: u32,
        leg: LegId,
        role: Role,
        expires: Option<Time>,
    ) -> Entry {
        self.handle_timeout(now);
        match self.legs.get(&leg) {
            Some(&room) if room == number => return Entry::Joined,
            Some(&elsewhere) => _ = self.leave(now, elsewhere, leg),
            None => {}
        }
        if expires.is_some_and(|at| at <= now) {
            return Entry::Expired;
        }
        let policy = self.policy;
        self.open
            .entry(number)
            .or_insert_with(|| Conference::new(number, policy));
        let entry = self.with(number, |room| {
            room.renew(seats, expires);
            room.enter(now, leg, role)
        });
        if let Some(Entry::First | Entry::Joined) = entry {
            self.legs.insert(leg, number);
        }
        entry.unwrap_or(Entry::Full)
    }

    /// `leg` leaves.
    pub fn leave(&mut self, now: Time, number: RoomNumber, leg: LegId) -> Left {
        self.handle_timeout(now);
        if self.legs.get(&leg) != Some(&number) {
            return Left::WasNotThere;
        }
        self.legs.remove(&leg);
        self.with(number, |room| room.leave(now, leg))
            .unwrap_or(Left::WasNotThere)
    }

    /// `leg` pressed a key.
    pub fn handle_key(&mut self, now: Time, leg: LegId, key: Key) {
        self.with_leg(now, leg, |room| room.handle_key(now, leg, key));
    }

    /// The last [`Output::Say`] for `leg` was heard to its end.
    pub fn handle_played(&mut self, now: Time, leg: LegId) {
        self.with_leg(now, leg, |room| room.handle_played(now, leg));
    }

    /// `leg` is muted, and speaks.
    pub fn handle_talking(&mut self, now: Time, leg: LegId) {
        self.with_leg(now, leg, |room| room.handle_talking(now, leg));
    }

    /// Something is new of `leg`'s echo, whose line the operator calls so.
    pub fn handle_echo(&mut self, now: Time, leg: LegId, line: u32, news: EchoNews) {
        self.with_leg(now, leg, |room| room.handle_echo(now, leg, line, news));
    }

    /// Nothing is heard of `leg`, who may hear us.
    pub fn handle_unheard(&mut self, now: Time, leg: LegId) {
        self.with_leg(now, leg, |room| room.say_later(now, leg, Notice::Unheard));
    }

    /// The room was cancelled: everybody hears so, then their calls end.
    pub fn handle_cancelled(&mut self, now: Time, number: RoomNumber) {
        self.handle_timeout(now);
        self.with(number, |room| room.end(Notice::Cancelled));
    }

    /// The bridge itself failed at the sound of this room: its members hear so, then their calls end. Who calls again gets a new one.
    pub fn handle_failed(&mut self, now: Time, number: RoomNumber) {
        self.handle_timeout(now);
        self.with(number, |room| room.end(Notice::Failed));
    }

    /// The booking was changed: other seats, another end. Nobody inside loses a seat.
    pub fn handle_booking_changed(
        &mut self,
        now: Time,
        number: RoomNumber,
        seats: u32,
        expires: Option<Time>,
    ) {
        self.with(number, |room| room.renew(seats, expires));
        self.handle_timeout(now);
    }

    /// Whatever is due now happens.
    pub fn handle_timeout(&mut self, now: Time) {
        while let Some(&(due, number)) = self.timers.first() {
            if due > now {
                return;
            }
            self.with(number, |room| room.handle_timeout(now));
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.desk.outputs.pop_front()
    }

    /// When to wake, and why.
    pub fn poll_timeout(&self) -> Option<(Time, Reason)> {
        let (_, number) = self.timers.first()?;
        self.open.get(number)?.scheduled
    }

    /// The room that `leg` is in.
    pub fn room_of(&self, leg: LegId) -> Option<RoomNumber> {
        self.legs.get(&leg).copied()
    }

    /// Rooms with somebody in them: number, how many, how many at most.
    pub fn census(&self) -> impl Iterator<Item = (RoomNumber, usize, u32)> {
        self.open.iter().map(|(&number, room)| {
            let (count, seats) = room.census();
            (number, count, seats)
        })
    }

    /// Whether anybody is in this room.
    pub fn is_open(&self, number: RoomNumber) -> bool {
        self.open.contains_key(&number)
    }

    /// How many are in rooms.
    pub fn members(&self) -> usize {
        self.legs.len()
    }

    /// Odd cases since the start.
    pub fn counts(&self) -> Counts {
        self.desk.counts
    }

    fn with_leg(&mut self, now: Time, leg: LegId, act: impl FnOnce(&mut Conference)) {
        // What was due before this came first, whichever the shell noticed first.
        self.handle_timeout(now);
        if let Some(&number) = self.legs.get(&leg) {
            self.with(number, act);
        }
    }

    /// Lends a room the desk, then sets its wake-up anew, or forgets the room if nobody is in it any more.
    fn with<T>(&mut self, number: RoomNumber, act: impl FnOnce(&mut Conference) -> T) -> Option<T> {
        let room = self.open.get_mut(&number)?;
        std::mem::swap(&mut room.desk, &mut self.desk);
        let result = act(room);
        room.settle();
        std::mem::swap(&mut room.desk, &mut self.desk);
        if let Some((at, _)) = room.scheduled.take() {
            self.timers.remove(&(at, number));
        }
        if room.census().0 == 0 {
            self.open.remove(&number);
            self.legs.retain(|_, room| *room != number);
            return Some(result);
        }
        room.scheduled = room.poll_timeout();
        if let Some((at, _)) = room.scheduled {
            self.timers.insert((at, number));
        }
        Some(result)
    }

    /// Whether `leg` should not be heard, by its own will or the leader's.
    #[cfg(test)]
    pub(super) fn is_muted(&self, leg: LegId) -> bool {
        let room = self.legs.get(&leg).and_then(|number| self.open.get(number));
        room.is_some_and(|room| room.is_muted(leg))
    }

    /// Whether nothing is held: for tests of leaks.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.legs.is_empty() && self.timers.is_empty()
    }
}
