//! The 20 slots of a frame: which rooms and which legs in reception run in which millisecond. New ones go where the
//! fewest legs are, so that packets leave in small even bursts.

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

/// A room's weight while nobody is in it yet.
const ROOM: usize = 1;

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

    /// The slot with the fewest legs.
    fn lightest(&self) -> usize {
        (0..SLOTS).min_by_key(|&slot| self.0[slot].load).unwrap_or(0)
    }

    /// What runs in `slot`.
    pub fn get(&self, slot: usize) -> &Slot {
        &self.0[slot]
    }

    /// Gives a leg in reception a slot.
    pub fn add_leg(&mut self, seat: u32) -> usize {
        let slot = self.lightest();
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
        let slot = self.lightest();
        self.0[slot].rooms.push(room);
        self.0[slot].load += ROOM;
        slot
    }

    /// An empty room closes.
    pub fn remove_room(&mut self, slot: usize, room: u32) {
        remove(&mut self.0[slot].rooms, room);
        self.0[slot].load -= ROOM;
    }

    /// A leg joined a room of this slot.
    pub fn joined(&mut self, slot: usize) {
        self.0[slot].load += 1;
    }

    /// A leg left a room of this slot.
    pub fn left(&mut self, slot: usize) {
        self.0[slot].load -= 1;
    }
}

/// Takes `index` out of a list whose order does not matter.
pub fn remove(list: &mut Vec<u32>, index: u32) {
    if let Some(place) = list.iter().position(|&other| other == index) {
        list.swap_remove(place);
    }
}
