//! The rooms with somebody in them. A room opens with its first member and closes with its last.

use crate::ids::{LegId, RoomNumber};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of somebody who asks to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Entered, and is alone: the room has opened.
    First,
    /// Entered, and others are there.
    Joined,
    /// All seats are taken.
    Full,
}

/// What somebody leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Others.
    Others,
    /// Nobody: the room has closed.
    Nobody,
    /// Was not there.
    WasNotThere,
}

#[derive(Debug)]
struct Open {
    seats: u32,
    members: BTreeSet<LegId>,
}

/// All rooms with somebody in them.
#[derive(Debug, Default)]
pub struct Rooms {
    open: BTreeMap<RoomNumber, Open>,
}

impl Rooms {
    /// `leg` asks to enter a room booked for `seats` members.
    pub fn enter(&mut self, number: RoomNumber, seats: u32, leg: LegId) -> Entry {
        let room = self.open.entry(number).or_insert_with(|| Open {
            seats,
            members: BTreeSet::new(),
        });
        // A booking may have been widened since the room opened; it is never narrower than those who are in it.
        room.seats = seats;
        if room.members.contains(&leg) {
            return Entry::Joined;
        }
        if room.members.len() as u64 >= u64::from(seats) {
            if room.members.is_empty() {
                self.open.remove(&number);
            }
            return Entry::Full;
        }
        room.members.insert(leg);
        if room.members.len() == 1 {
            Entry::First
        } else {
            Entry::Joined
        }
    }

    /// `leg` leaves.
    pub fn leave(&mut self, number: RoomNumber, leg: LegId) -> Left {
        let Some(room) = self.open.get_mut(&number) else {
            return Left::WasNotThere;
        };
        if !room.members.remove(&leg) {
            return Left::WasNotThere;
        }
        if room.members.is_empty() {
            self.open.remove(&number);
            return Left::Nobody;
        }
        Left::Others
    }

    /// The room was cancelled: everybody who was in it, in the order of their calls. The room has closed.
    pub fn cancel(&mut self, number: RoomNumber) -> Vec<LegId> {
        self.open
            .remove(&number)
            .map(|room| room.members.into_iter().collect())
            .unwrap_or_default()
    }

    /// Rooms with somebody in them: number, how many, how many at most.
    pub fn census(&self) -> impl Iterator<Item = (RoomNumber, usize, u32)> {
        self.open
            .iter()
            .map(|(&number, room)| (number, room.members.len(), room.seats))
    }

    /// How many are in rooms.
    pub fn members(&self) -> usize {
        self.open.values().map(|room| room.members.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_opens_with_the_first_fills_and_closes_with_the_last() {
        let mut rooms = Rooms::default();
        let number = RoomNumber::nth(5).expect("in range");
        assert_eq!(rooms.enter(number, 2, LegId(1)), Entry::First);
        assert_eq!(rooms.enter(number, 2, LegId(2)), Entry::Joined);
        assert_eq!(rooms.enter(number, 2, LegId(3)), Entry::Full);
        assert_eq!(rooms.census().collect::<Vec<_>>(), [(number, 2, 2)]);
        assert_eq!(rooms.leave(number, LegId(3)), Left::WasNotThere);
        assert_eq!(rooms.leave(number, LegId(1)), Left::Others);
        assert_eq!(rooms.enter(number, 2, LegId(3)), Entry::Joined);
        assert_eq!(rooms.leave(number, LegId(3)), Left::Others);
        assert_eq!(rooms.leave(number, LegId(2)), Left::Nobody);
        assert_eq!(rooms.leave(number, LegId(2)), Left::WasNotThere);
        assert_eq!(rooms.members(), 0);
    }

    #[test]
    fn a_cancelled_room_names_everybody_once() {
        let mut rooms = Rooms::default();
        let (one, other) = (
            RoomNumber::nth(1).expect("in range"),
            RoomNumber::nth(2).expect("in range"),
        );
        for leg in 0..3 {
            rooms.enter(one, 8, LegId(leg));
        }
        rooms.enter(other, 8, LegId(9));
        assert_eq!(rooms.cancel(one), [LegId(0), LegId(1), LegId(2)]);
        assert_eq!(rooms.cancel(one), []);
        assert_eq!(rooms.members(), 1);
    }
}
