//! Owns the desk: the store and what it answers, and what organiser and operator change while calls stand.

use super::World;
use crate::bridge::Found;
use crate::bridge::operate::Minded;
use crate::ids::{Language, LegId, RoomNumber};
use crate::room::Booking;
use crate::secret::Pin;
use crate::sim::caller::TRUNK;
use crate::sim::plan::{Change, RoomPlan, StoreMood};
use std::time::Duration;

/// A drain that is never taken back would end the evening so much later.
const DRAINS: Duration = Duration::from_secs(600);

impl World {
    pub(super) fn store_answers(&mut self, leg: LegId, number: RoomNumber) {
        let booked = |room: &&RoomPlan| room.number == number && !room.cancelled;
        let room = self.scenario.rooms.iter().find(booked);
        let found = match room {
            _ if self.scenario.mood(self.now) == StoreMood::Fails => Found::Unavailable,
            None => Found::Unknown,
            Some(room) => Found::Booked {
                booking: booking(room),
                ends: room.ends,
            },
        };
        self.judge.found(leg, room);
        self.site.bridge.handle_found(self.now, leg, found);
        self.site.settle(self.now);
    }

    pub(super) fn change(&mut self, change: Change) {
        self.note(|| format!("at the desk: {change:?}"));
        let now = self.now;
        match change {
            Change::Cancel(room) => {
                let room = &mut self.scenario.rooms[room];
                (room.cancelled, room.ends) = (true, Some(now));
                self.site.bridge.handle_room_cancelled(now, room.number);
            }
            Change::Seats(room, seats) => {
                self.scenario.rooms[room].seats = seats;
                self.tell_of(room);
            }
            Change::NewPin(room) => {
                let plan = &mut self.scenario.rooms[room];
                std::mem::swap(&mut plan.pin, &mut plan.next_pin);
                self.tell_of(room);
            }
            Change::Ends(room, after_ms) => {
                self.scenario.rooms[room].ends = Some(now + Duration::from_millis(after_ms));
                self.tell_of(room);
            }
            Change::Drain => _ = self.site.bridge.handle_drain(now, Some(now + DRAINS)),
            Change::TakeBack => _ = self.site.bridge.handle_drain(now, None),
            Change::Reload(language) => self.site.bridge.handle_reload(Minded {
                served: vec![ipnet::IpNet::from(TRUNK)],
                language,
            }),
        }
        self.site.settle(now);
    }

    /// The organiser's command tells the running bridge.
    fn tell_of(&mut self, room: usize) {
        let plan = &self.scenario.rooms[room];
        let (number, seats, ends) = (plan.number, plan.seats, plan.ends);
        self.site
            .bridge
            .handle_room_changed(self.now, number, seats, ends);
    }
}

fn booking(room: &RoomPlan) -> Booking {
    let pin = |digits: &Option<String>| digits.as_deref().and_then(Pin::parse);
    Booking {
        number: room.number,
        direct: None,
        name: None,
        pin: pin(&room.pin),
        leader_pin: pin(&room.leader_pin),
        former_pin: None,
        seats: room.seats,
        language: Language::De,
        echo: true,
        created: 0,
        expires: None,
    }
}
