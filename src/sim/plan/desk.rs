//! Owns what organiser and operator do during an evening: bookings that change, a drain that is taken back, settings that
//! are read again. Must never know who calls.

use super::Scenario;
use crate::ids::Language;
use crate::sim::chance::Chance;
use crate::units::Time;

/// One thing that somebody at the desk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The organiser cancels this room.
    Cancel(usize),
    /// This room gets so many seats.
    Seats(usize, u32),
    /// The members' PIN of this room becomes its next one.
    NewPin(usize),
    /// The booking of this room ends so many milliseconds later.
    Ends(usize, u64),
    /// The operator lets no new call in.
    Drain,
    /// … and lets them in again.
    TakeBack,
    /// The settings are read again.
    Reload(Language),
}

impl Scenario {
    pub(super) fn draw_changes(&mut self, chance: &mut Chance) {
        if chance.percent(30) {
            self.draw_booking(chance);
        }
        if chance.percent(15) {
            let from = chance.between(1_000, 12_000);
            let until = from + chance.between(500, 4_000);
            self.changes.push((Time::from_millis(from), Change::Drain));
            self.changes.push((Time::from_millis(until), Change::TakeBack));
        }
        if chance.percent(15) {
            let at = Time::from_millis(chance.between(1_000, 50_000));
            let language = chance.pick(&[Language::De, Language::En]);
            self.changes.push((at, Change::Reload(language)));
        }
        self.changes.sort_by_key(|(at, _)| *at);
    }

    fn draw_booking(&mut self, chance: &mut Chance) {
        let room = chance.below(self.rooms.len() as u64) as usize;
        let at = Time::from_millis(chance.between(2_000, 40_000));
        let guarded = self.rooms[room].pin.is_some();
        let change = match chance.below(4) {
            0 => Change::Cancel(room),
            1 => Change::Ends(room, chance.between(1_000, 15_000)),
            2 if guarded => {
                self.rooms[room].next_pin = Some(format!("5{}", chance.digits(5)));
                Change::NewPin(room)
            }
            _ => Change::Seats(room, chance.between(1, 12) as u32),
        };
        self.calm[room] = false;
        self.changes.push((at, change));
    }
}
