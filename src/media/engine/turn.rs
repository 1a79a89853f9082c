//! What runs in a slot: all that has come is taken, each room and each leg in reception has its turn, all that was said is sent.

use super::{Engine, Mailbox, Seats};
use crate::media::batch::{Inbox, Outbox};
use crate::media::counters::{Counter, Counters};
use crate::media::echo::Pool;
use crate::media::failure::Failure;
use crate::media::leg::Leg;
use crate::media::player::ClipBank;
use crate::media::room::Room;
use crate::media::shed::Shed;
use crate::media::wire::Wire;
use crate::media_api::{Event, KeyForm, Seat};
use crate::units::{FRAME, SLOTS, WIDE};

/// Commands applied a slot at most; the rest waits in its ring.
const COMMANDS_A_SLOT: usize = 32;
/// A line's figures are published every so many ticks: once a second, not all lines in the same tick.
const PUBLISH_EVERY: u64 = 50;

impl<W: Wire> Engine<W> {
    /// Runs slot number `at`: millisecond `at % 20` of frame `at / 20`.
    pub fn run_slot<M: Mailbox<W>>(&mut self, at: u64, mailbox: &mut M) {
        let (frame, slot) = (at / SLOTS as u64, (at % SLOTS as u64) as usize);
        for _ in 0..COMMANDS_A_SLOT {
            let Some(command) = mailbox.command() else { break };
            self.apply(frame, command, mailbox);
        }
        self.receive(frame, slot, mailbox);
        let slot = self.slots.get(slot);
        let mut tick = Tick {
            frame,
            inbox: &self.inbox,
            outbox: &mut self.outbox,
            bank: &self.bank,
            shed: self.shed,
            counters: &mut self.counters,
            pool: &mut self.pool,
            mailbox,
        };
        for &room in &slot.rooms {
            if let Some(room) = &mut self.rooms[room as usize] {
                run_room(room, &mut self.legs, &mut tick);
            }
        }
        for &seat in &slot.reception {
            if let Some(leg) = self.legs.get_mut(seat).filter(|leg| leg.is_on_turn()) {
                let failure = Failure::guard(|| attend(leg, seat, &mut tick));
                leg.failure = failure;
            }
        }
        for (seat, packet) in self.outbox.packets() {
            if let Some(leg) = self.legs.get_mut(seat).filter(|leg| !leg.failure.is_any()) {
                leg.failure = Failure::guard(|| leg.send(frame, packet, &mut self.counters));
            }
        }
        self.outbox.clear();
    }

    /// Takes what has come for all legs of the slot whose tick is still to come.
    fn receive<M: Mailbox<W>>(&mut self, frame: u64, slot: usize, mailbox: &mut M) {
        self.inbox.clear();
        let slot = self.slots.get(slot);
        let rooms = slot.rooms.iter();
        let rooms = rooms.filter_map(|&room| self.rooms[room as usize].as_ref());
        let members = rooms.flat_map(|room| &room.members);
        let all = members.chain(&slot.reception);
        all.clone()
            .filter_map(|&seat| self.legs.get(seat))
            .for_each(Leg::warm_wire);
        for &seat in all {
            let Some(leg) = self.legs.get_mut(seat) else {
                continue;
            };
            if leg.begin_tick(frame) {
                leg.warm();
                leg.failure = Failure::guard(|| leg.receive(frame, &mut self.inbox));
            }
            if leg.failure.is_any() {
                leg.tell_failure(|event| mailbox.tell(event));
            }
        }
    }
}

/// What everybody needs in a tick.
pub(in super::super) struct Tick<'a, M> {
    pub frame: u64,
    pub inbox: &'a Inbox,
    pub outbox: &'a mut Outbox,
    pub bank: &'a ClipBank,
    pub shed: Shed,
    pub counters: &'a mut Counters,
    pub pool: &'a mut Pool,
    pub mailbox: &'a mut M,
}

impl<M> Tick<'_, M> {
    /// Tells an event, or counts that it was lost.
    pub fn tell<W>(&mut self, event: Event)
    where
        M: Mailbox<W>,
    {
        if !self.mailbox.tell(event) {
            self.counters.count(Counter::EventLost);
        }
    }
}

/// One tick of a room. If the bridge fails at it, the room runs no more, and the control side sees its callers off.
fn run_room<W: Wire, M: Mailbox<W>>(room: &mut Room, legs: &mut Seats<W>, tick: &mut Tick<'_, M>) {
    if !room.failure.is_any() {
        room.failure = Failure::guard(|| room.run(legs, tick));
    }
    if room.failure.is_any() {
        let number = room.number;
        room.failure
            .tell(|| tick.mailbox.tell(Event::RoomFailed { number }));
    }
}

/// One tick of a leg in reception: its keys are heard, its clips or silence are said.
fn attend<W: Wire, M: Mailbox<W>>(leg: &mut Leg<W>, seat: u32, tick: &mut Tick<'_, M>) {
    leg.treat_echo(true, tick.pool);
    listen(leg, seat, tick.shed.in_reception(), tick);
    let at = (tick.frame, seat);
    let ended = match leg.is_wide() {
        true => leg.say_wide(at, tick.bank, &mut [0; WIDE], tick.outbox),
        false => leg.say(at, tick.bank, &mut [0; FRAME], tick.outbox),
    };
    if let Some(token) = ended {
        tick.tell(Event::Played { leg: leg.id, token });
    }
}

/// Listens to a leg, and tells what is to be told of it.
pub(in super::super) fn listen<W: Wire, M: Mailbox<W>>(
    leg: &mut Leg<W>,
    seat: u32,
    shed: Shed,
    tick: &mut Tick<'_, M>,
) {
    leg.leave_out(shed);
    leg.judge_echo(tick.frame, tick.pool, tick.counters);
    let (id, frame) = (leg.id, tick.frame);
    if let Some(news) = leg.take_echo_news(tick.counters) {
        let line = Seat(seat).line();
        tick.tell(Event::Echo { leg: id, line, news });
    }
    let key = |key, form| Event::Key { leg: id, key, form };
    for event in leg.listen(frame, tick.inbox, tick.counters).iter().flatten() {
        tick.tell(key(event, KeyForm::Event));
    }
    if let Some(tone) = leg.take_tone_key() {
        tick.counters.count(Counter::ToneKey);
        tick.tell(key(tone, KeyForm::Tone));
    }
    if frame % PUBLISH_EVERY == u64::from(seat) % PUBLISH_EVERY {
        if let Some(fault) = leg.judge_ways(frame, tick.counters) {
            tick.tell(Event::OneWay { leg: leg.id, fault });
        }
        tick.mailbox.publish(Seat(seat), leg.figures());
    }
    if leg.talks_while_muted(frame) {
        tick.tell(Event::Talking { leg: leg.id });
    }
}
