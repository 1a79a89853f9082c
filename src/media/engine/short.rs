//! What a thread that is short of time does without: cancellers. The quietest echo goes first, for it is missed least; it
//! fades out within a frame. While time is short none is lent. And a room whose echo is looked for.

use super::{Counter, Engine, Leg, Wire};
use crate::ids::RoomNumber;

/// Cancellers that are taken back at once at most.
const AT_ONCE: usize = 32;

impl<W: Wire> Engine<W> {
    /// Lends cancellers to legs with echo, or none for a while.
    pub fn lend_cancellers(&mut self, lending: bool) {
        self.pool.set_lending(lending);
    }

    /// Looks more closely at what is left of the echoes in this room.
    pub(super) fn seek_echo(&mut self, number: RoomNumber) -> Option<()> {
        let order = self.find(number).ok()?;
        let room = self.rooms[self.numbers[order].1 as usize].as_ref()?;
        for &seat in &room.members {
            if let Some(leg) = self.legs.get_mut(seat) {
                leg.guard(Leg::seek_echo);
            }
        }
        Some(())
    }

    /// Takes a quarter of the cancellers back that are at work.
    pub fn take_back_cancellers(&mut self) {
        let at_work = self.cancelled().count();
        let wanted = at_work.div_ceil(4).min(AT_ONCE);
        for _ in 0..wanted {
            let quietest = self.cancelled().min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((seat, _)) = quietest else { break };
            if let Some(leg) = self.legs.get_mut(seat) {
                leg.yield_canceller();
                self.counters.count(Counter::EchoShed);
            }
        }
    }

    /// Seats whose echo is cancelled, and its power gain.
    fn cancelled(&self) -> impl Iterator<Item = (u32, f32)> {
        let seats = 0..self.legs.0.len() as u32;
        seats.filter_map(|seat| Some((seat, self.legs.get(seat)?.cancelled_gain()?)))
    }
}
