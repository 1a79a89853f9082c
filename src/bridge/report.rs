//! Counts, and puts together what the operator sees.

use super::Bridge;
use super::call::{Call, Phase};
use super::status::{RoomStatus, Status};
use std::collections::BTreeMap;

/// The conductor's own counters.
#[derive(Debug, Default)]
pub struct Tally {
    pub calls: u64,
    pub direct: u64,
    pub drained: u64,
    pub legs_not_opened: u64,
    pub legs_failed: u64,
    pub lookups_unavailable: u64,
    pub rooms_full: u64,
    pub rooms_locked: u64,
    pub keys_doubled: u64,
    pub tones_ignored: u64,
    pub rooms_expired: u64,
    pub tries_failed: u64,
    pub pins_outdated: u64,
    reception: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Adds up the odd cases of a call that leaves reception.
    pub fn add_reception(&mut self, call: &Call) {
        if let Phase::Reception(reception) = &call.phase {
            for (name, count) in reception.counts().named() {
                *self.reception.entry(name).or_default() += count;
            }
        }
    }
}

impl Bridge {
    /// What the operator sees of signalling, reception and rooms. The shell adds the rest.
    pub fn status(&self) -> Status {
        let in_rooms = self.rooms.members();
        let census = self.agent.census();
        let room = |(number, count, seats): (crate::ids::RoomNumber, usize, u32)| RoomStatus {
            room: number.to_string(),
            count,
            seats,
            lets_echo: self.echoing.contains(&number),
        };
        let held = [
            ("calls", self.calls.len()),
            ("dialogs", census.dialogs),
            (
                "transactions",
                census.server_transactions + census.client_transactions,
            ),
            ("connections", census.connections),
            ("timers", census.timers + self.timers.len()),
        ];
        Status {
            draining: self.is_draining(),
            in_reception: self.calls.len() - in_rooms,
            in_rooms,
            rooms: self.rooms.census().map(room).collect(),
            refused: self.refused(),
            counters: self.counters(),
            held: held.map(|(name, count)| (name.to_owned(), count)).into(),
            ..Status::default()
        }
    }

    fn refused(&self) -> BTreeMap<String, u64> {
        let own = [
            ("draining", self.tally.drained),
            ("no_leg", self.tally.legs_not_opened),
            ("room_full", self.tally.rooms_full),
            ("room_locked", self.tally.rooms_locked),
            ("room_expired", self.tally.rooms_expired),
            ("wrong_room_or_pin", self.tally.tries_failed),
            ("store_unavailable", self.tally.lookups_unavailable),
        ];
        named(own.into_iter().chain(self.agent.counters().refused_pairs()))
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        let own = [
            ("calls", self.tally.calls),
            ("legs_failed", self.tally.legs_failed),
            ("called_directly", self.tally.direct),
            ("keys_doubled", self.tally.keys_doubled),
            ("tones_ignored", self.tally.tones_ignored),
            ("pins_outdated", self.tally.pins_outdated),
        ];
        let rooms = self.rooms.counts().named();
        let reception = self.tally.reception.iter().map(|(&name, &count)| (name, count));
        named(
            own.into_iter()
                .chain(reception)
                .chain(rooms)
                .chain(self.guessing.named())
                .chain(self.agent.counters().noted_pairs()),
        )
    }
}

fn named(counts: impl Iterator<Item = (&'static str, u64)>) -> BTreeMap<String, u64> {
    counts.map(|(name, count)| (name.to_owned(), count)).collect()
}
