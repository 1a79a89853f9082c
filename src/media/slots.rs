//! The 20 slots of a frame: which rooms and which legs in reception run in which millisecond. A slot is filled before another
//! is begun, since each wakes the thread and finds caches that others have used; when all are, new ones go where the fewest
//! legs are, so that packets leave in even bursts.

use crate::units::SLOTS;

/// What runs in one slot. Indices into the engine's slabs; all room for them is allocated at the start.
#[derive(Debug)]
pub struct Slot {
    pub reception: Vec<u32>,
    pub rooms: Vec<u32>,
    load: usize,
}

/// All slots.
#[derive(Debug)]
pub struct Slots(Vec<Slot>);

/// A room's weight at least: that of as many legs, for those who are still to come.
const ROOM: usize = 8;
/// A slot is full enough with so many legs: what a wake-up costs is little beside them, and they leave within 0.3 ms.
const ENOUGH: usize = 64;
/// The order in which slots are begun: each where the frame has been free for longest.
const ORDER: [usize; SLOTS] = [
    0, 10, 5, 15, 2, 12, 7, 17, 1, 11, 6, 16, 3, 13, 8, 18, 4, 14, 9, 19,
];

impl Slots {
    /// Slots for at most `legs` legs and as many rooms.
    pub fn new(legs: usize) -> Slots {
        let slot = || Slot {
            reception: Vec::with_capacity(legs),
            rooms: Vec::with_capacity(legs),
            load: 0,
        };
        Slots((0..SLOTS).map(|_| slot()).collect())
    }

    /// The slot for a newcomer of this weight.
    fn find(&self, weight: usize) -> usize {
        let fits = |&slot: &usize| self.0[slot].load + weight <= ENOUGH;
        let begun = |slot: &usize| self.0[*slot].load > 0;
        let fullest = ORDER
            .into_iter()
            .filter(fits)
            .filter(begun)
            .max_by_key(|&slot| self.0[slot].load);
        let lightest = || ORDER.into_iter().min_by_key(|&slot| self.0[slot].load);
        fullest.or_else(lightest).unwrap_or(0)
    }

    /// How many slots after `slot` the next one comes in which anything runs; `most` if none does before.
    pub fn pause_after(&self, slot: usize, most: usize) -> usize {
        let is_busy = |after: &usize| self.0[(slot + after) % SLOTS].load > 0;
        (1..most).find(is_busy).unwrap_or(most)
    }

    /// What runs in `slot`.
    pub fn get(&self, slot: usize) -> &Slot {
        &self.0[slot]
    }

    /// Gives a leg in reception a slot.
    pub fn add_leg(&mut self, seat: u32) -> usize {
        let slot = self.find(1);
        self.0[slot].reception.push(seat);
        self.0[slot].load += 1;
        slot
    }

    /// A leg leaves reception.
    pub fn remove_leg(&mut self, slot: usize, seat: u32) {
        remove(&mut self.0[slot].reception, seat);
        self.0[slot].load -= 1;
    }

    /// Gives a room a slot.
    pub fn add_room(&mut self, room: u32) -> usize {
        let slot = self.find(ROOM);
        self.0[slot].rooms.push(room);
        self.0[slot].load += ROOM;
        slot
    }

    /// An empty room closes.
    pub fn remove_room(&mut self, slot: usize, room: u32) {
        remove(&mut self.0[slot].rooms, room);
        self.0[slot].load -= ROOM;
    }

    /// A leg joined a room of this slot, which has so many now.
    pub fn joined(&mut self, slot: usize, members: usize) {
        self.0[slot].load += usize::from(members > ROOM);
    }

    /// A leg left a room of this slot, which has so many now.
    pub fn left(&mut self, slot: usize, members: usize) {
        self.0[slot].load -= usize::from(members >= ROOM);
    }
}

/// Takes `index` out of a list whose order does not matter.
pub fn remove(list: &mut Vec<u32>, index: u32) {
    if let Some(place) = list.iter().position(|&other| other == index) {
        list.swap_remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(slots: &Slots) -> Vec<usize> {
        (0..SLOTS).filter(|&slot| slots.0[slot].load > 0).collect()
    }

    #[test]
    fn slots_are_filled_one_after_the_other_and_then_evenly() {
        let mut slots = Slots::new(4_000);
        let places: Vec<_> = (0..9).map(|room| slots.add_room(room)).collect();
        assert_eq!(places[6..], [0, 0, 10], "eight rooms of eight are enough for one");
        assert_eq!(slots.add_leg(0), 10);
        (9..500).for_each(|room| {
            slots.add_room(room);
        });
        let loads: Vec<_> = slots.0.iter().map(|slot| slot.load).collect();
        assert!(loads.iter().all(|load| (196..=204).contains(load)), "{loads:?}");
    }

    #[test]
    fn a_big_room_weighs_what_it_has_and_leaves_nothing_behind() {
        let mut slots = Slots::new(4_000);
        let big = slots.add_room(0);
        (1..=100).for_each(|members| slots.joined(big, members));
        assert_eq!(slots.0[big].load, 100);
        let other = slots.add_room(1);
        assert_ne!(other, big);
        (0..100).rev().for_each(|members| slots.left(big, members));
        slots.remove_room(big, 0);
        assert_eq!(used(&slots), [other]);
    }

    #[test]
    fn the_pause_ends_where_something_runs_or_when_it_is_long_enough() {
        let mut slots = Slots::new(10);
        assert_eq!(slots.pause_after(3, 5), 5);
        let place = slots.add_leg(0);
        assert_eq!(slots.pause_after((place + SLOTS - 3) % SLOTS, 5), 3);
        assert_eq!(slots.pause_after(place, 5), 5);
        slots.remove_leg(place, 0);
        assert_eq!(used(&slots), [0; 0]);
    }
}
