//! The tick, run to completion: one engine a media thread. It owns its rooms, its legs and their sockets.
//!
//! A leg is in reception or in one room. `Add` puts it into reception, `Join` into a room, `Leave` (or the room's `Close`)
//! back; `Remove` from anywhere. A leg that moves to a slot that comes later in the same frame waits for its next frame.

mod short;
mod turn;

pub(super) use turn::{Tick, listen};

use super::batch::{Inbox, Outbox};
use super::counters::{Counter, Counters};
use super::echo::Pool;
use super::fitting::Fitting;
use super::leg::Leg;
use super::player::ClipBank;
use super::room::Room;
use super::rtcp::Wall;
use super::shed::Shed;
use super::slots::{self, Slots};
use super::wire::Wire;
use crate::ids::{LegId, RoomNumber};
use crate::media_api::{Command, Event, Finished, LegFigures, MediaSpec, Seat};
use crate::units::SLOTS;
use std::sync::Arc;

/// What an engine is asked.
pub type ToEngine<W> = Command<Box<Leg<W>>, Room, Fitting>;
/// What it is done with.
pub type FromEngine<W> = Finished<Box<Leg<W>>, Room, Fitting>;

/// The engine's three rings. Nothing here may block or allocate.
pub trait Mailbox<W> {
    /// Takes the next command; none while a finished leg or room could not be sent back.
    fn command(&mut self) -> Option<ToEngine<W>>;
    /// Tells an event; `false` if the ring is full.
    fn tell(&mut self, event: Event) -> bool;
    /// Publishes how a line does: about once a second for each leg.
    fn publish(&mut self, seat: Seat, figures: LegFigures);
    /// Sends a finished leg, room or fitting back. There is a place: [`Mailbox::command`] saw to it.
    fn give_back(&mut self, finished: FromEngine<W>);
}

/// Where a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Reception { slot: usize },
    Room(u32),
}

/// The slab of legs. Seats are given out by the control side. A leg itself lies elsewhere: it is large, and may change its thread.
#[derive(Debug)]
pub struct Seats<W>(Vec<Option<Seated<W>>>);

/// A leg, and where it is.
type Seated<W> = (Box<Leg<W>>, Place);

impl<W> Seats<W> {
    pub(super) fn get(&self, seat: u32) -> Option<&Leg<W>> {
        self.0.get(seat as usize)?.as_ref().map(|(leg, _)| leg.as_ref())
    }

    pub(super) fn get_mut(&mut self, seat: u32) -> Option<&mut Leg<W>> {
        self.0
            .get_mut(seat as usize)?
            .as_mut()
            .map(|(leg, _)| leg.as_mut())
    }

    /// The leg of this name in this seat, and where it is.
    fn named(&mut self, seat: Seat, name: LegId) -> Option<&mut Seated<W>> {
        self.0
            .get_mut(seat.0 as usize)?
            .as_mut()
            .filter(|(leg, _)| leg.id == name)
    }
}

impl<W: Wire> Seats<W> {
    /// Does what is asked of the leg of this name in this seat.
    fn act(&mut self, seat: Seat, name: LegId, act: impl FnOnce(&mut Leg<W>)) -> Option<()> {
        let (leg, _) = self.named(seat, name)?;
        leg.guard(act);
        Some(())
    }

    /// Two legs of 16 kHz change encoders.
    pub(super) fn change_encoders(&mut self, one: u32, other: u32) {
        if let Ok([Some((one, _)), Some((other, _))]) =
            self.0.get_disjoint_mut([one as usize, other as usize])
        {
            one.change_encoders(other);
        }
    }
}

/// One media thread's world.
#[derive(Debug)]
pub struct Engine<W> {
    legs: Seats<W>,
    rooms: Vec<Option<Room>>,
    free_rooms: Vec<u32>,
    /// Room numbers in order, each with its place in `rooms`.
    numbers: Vec<(RoomNumber, u32)>,
    slots: Slots,
    /// Legs that are here.
    count: usize,
    inbox: Inbox,
    outbox: Outbox,
    bank: Arc<ClipBank>,
    wall: Wall,
    shed: Shed,
    counters: Counters,
    /// Cancellers that nobody has.
    pool: Pool,
}

impl<W: Wire> Engine<W> {
    /// An engine for at most `seats` legs, and as many rooms. Everything is allocated here.
    pub fn new(seats: usize, bank: Arc<ClipBank>) -> Engine<W> {
        Engine {
            legs: Seats((0..seats).map(|_| None).collect()),
            rooms: (0..seats).map(|_| None).collect(),
            free_rooms: (0..seats as u32).rev().collect(),
            numbers: Vec::with_capacity(seats),
            slots: Slots::new(seats),
            count: 0,
            inbox: Inbox::new(seats),
            outbox: Outbox::new(seats),
            bank,
            wall: Wall::default(),
            shed: Shed::Nothing,
            counters: Counters::default(),
            pool: Pool::default(),
        }
    }

    /// Lends these cancellers to legs with echo.
    pub fn lend(&mut self, pool: Pool) {
        self.pool = pool;
    }

    /// Says what o'clock slot 0 is; only RTCP wants to know.
    pub fn begin(&mut self, wall: Wall) {
        self.wall = wall;
    }

    /// Leaves so much out from now on.
    pub fn leave_out(&mut self, shed: Shed) {
        self.shed = shed;
    }

    /// How many slots after number `at` the next one comes that must be run: at most `most`, to see what is asked.
    pub fn pause_after(&self, at: u64, most: usize) -> u64 {
        self.slots.pause_after((at % SLOTS as u64) as usize, most) as u64
    }

    /// How many legs are here.
    pub fn legs(&self) -> usize {
        self.count
    }

    /// Every odd case so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn apply<M: Mailbox<W>>(&mut self, frame: u64, command: ToEngine<W>, mailbox: &mut M) {
        let done = match command {
            Command::Add { seat, leg } => return self.add(seat, leg, mailbox),
            Command::Open { room } => return self.open(room, mailbox),
            Command::Close { number } => self.close(number, mailbox),
            Command::Join { seat, leg, number } => self.join(seat, leg, number),
            Command::Leave { seat, leg } => self.leave(seat, leg),
            Command::Remove { seat, leg } => self.remove(seat, leg, mailbox),
            Command::Take { seat, leg } => self.take(seat, leg).map(|leg| {
                mailbox.give_back(Finished::Taken { seat, leg });
            }),
            Command::Play {
                seat,
                leg,
                clips,
                token,
            } => self.legs.act(seat, leg, |leg| leg.play(clips, token)),
            Command::Stop { seat, leg } => self.legs.act(seat, leg, Leg::stop),
            Command::Mute { seat, leg, muted } => self.legs.act(seat, leg, |leg| leg.mute(muted)),
            Command::Music { seat, leg, clip } => self.legs.act(seat, leg, |leg| leg.set_music(clip)),
            Command::Tone { number, clip } => self.room(number).map(|room| room.play(clip)),
            Command::TreatEcho { number, treats } => self.room(number).map(|room| room.treats_echo = treats),
            Command::SeekEcho { number } => self.seek_echo(number),
            Command::Update {
                seat,
                leg,
                spec,
                fitting,
            } => self.update(frame, (seat, leg), spec, fitting, mailbox),
        };
        if done.is_none() {
            self.counters.count(Counter::Void);
        }
    }

    fn add<M: Mailbox<W>>(&mut self, seat: Seat, mut leg: Box<Leg<W>>, mailbox: &mut M) {
        match self.legs.0.get_mut(seat.0 as usize) {
            Some(place @ None) => {
                leg.begin(self.wall);
                self.count += 1;
                let slot = self.slots.add_leg(seat.0);
                *place = Some((leg, Place::Reception { slot }));
            }
            Some(Some(_)) | None => {
                self.counters.count(Counter::Void);
                mailbox.give_back(Finished::Leg { seat, leg });
            }
        }
    }

    fn open<M: Mailbox<W>>(&mut self, mut room: Room, mailbox: &mut M) {
        let Err(order) = self.find(room.number) else {
            self.counters.count(Counter::Void);
            return mailbox.give_back(Finished::Room { room });
        };
        let Some(index) = self.free_rooms.pop() else {
            self.counters.count(Counter::Void);
            return mailbox.give_back(Finished::Room { room });
        };
        room.slot = self.slots.add_room(index);
        self.numbers.insert(order, (room.number, index));
        self.rooms[index as usize] = Some(room);
    }

    fn close<M: Mailbox<W>>(&mut self, number: RoomNumber, mailbox: &mut M) -> Option<()> {
        let order = self.find(number).ok()?;
        let (_, index) = self.numbers.remove(order);
        let mut room = self.rooms[index as usize].take()?;
        self.free_rooms.push(index);
        self.slots.remove_room(room.slot, index);
        while let Some(seat) = room.members.pop() {
            self.slots.left(room.slot, room.members.len());
            self.return_to_reception(seat);
        }
        mailbox.give_back(Finished::Room { room });
        Some(())
    }

    fn join(&mut self, seat: Seat, leg: LegId, number: RoomNumber) -> Option<()> {
        self.legs.named(seat, leg)?;
        let order = self.find(number).ok()?;
        let index = self.numbers[order].1;
        if !self.rooms[index as usize].as_ref()?.has_place() {
            return None;
        }
        self.take_out(seat.0);
        let room = self.rooms[index as usize].as_mut()?;
        room.members.push(seat.0);
        self.slots.joined(room.slot, room.members.len());
        let (leg, place) = self.legs.named(seat, leg)?;
        leg.guard(Leg::hear_anew);
        *place = Place::Room(index);
        Some(())
    }

    fn leave(&mut self, seat: Seat, leg: LegId) -> Option<()> {
        let (_, place) = self.legs.named(seat, leg)?;
        if matches!(place, Place::Room(_)) {
            self.take_out(seat.0);
            self.return_to_reception(seat.0);
        }
        Some(())
    }

    fn remove<M: Mailbox<W>>(&mut self, seat: Seat, leg: LegId, mailbox: &mut M) -> Option<()> {
        let mut leg = self.take(seat, leg)?;
        leg.guard(|leg| leg.say_goodbye(&mut self.counters));
        leg.release_canceller(&mut self.pool);
        mailbox.give_back(Finished::Leg { seat, leg });
        Some(())
    }

    fn take(&mut self, seat: Seat, leg: LegId) -> Option<Box<Leg<W>>> {
        self.legs.named(seat, leg)?;
        self.take_out(seat.0);
        self.count -= 1;
        self.legs.0[seat.0 as usize].take().map(|(leg, _)| leg)
    }

    fn update<M: Mailbox<W>>(
        &mut self,
        frame: u64,
        (seat, name): (Seat, LegId),
        spec: MediaSpec,
        fitting: Option<Fitting>,
        mailbox: &mut M,
    ) -> Option<()> {
        let mut unneeded = fitting;
        let done = self.legs.act(seat, name, |leg| {
            let fitting = unneeded.take();
            unneeded = leg.update(frame, spec, fitting);
        });
        if let Some(fitting) = unneeded {
            mailbox.give_back(Finished::Fitting { fitting });
        }
        done
    }

    /// Takes a leg out of the list of its slot or room.
    fn take_out(&mut self, seat: u32) {
        match self.legs.0[seat as usize].as_ref().map(|(_, place)| *place) {
            Some(Place::Reception { slot }) => self.slots.remove_leg(slot, seat),
            Some(Place::Room(index)) => {
                if let Some(room) = &mut self.rooms[index as usize] {
                    room.leads.hand_over(seat, &room.members, &mut self.legs);
                    slots::remove(&mut room.members, seat);
                    self.slots.left(room.slot, room.members.len());
                }
            }
            None => {}
        }
    }

    fn return_to_reception(&mut self, seat: u32) {
        let slot = self.slots.add_leg(seat);
        if let Some((_, place)) = &mut self.legs.0[seat as usize] {
            *place = Place::Reception { slot };
        }
    }

    fn room(&mut self, number: RoomNumber) -> Option<&mut Room> {
        let order = self.find(number).ok()?;
        self.rooms[self.numbers[order].1 as usize].as_mut()
    }

    fn find(&self, number: RoomNumber) -> Result<usize, usize> {
        self.numbers.binary_search_by_key(&number, |&(known, _)| known)
    }
}

#[cfg(test)]
mod tests;
