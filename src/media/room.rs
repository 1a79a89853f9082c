//! A room on the tick: who is in it, and one frame of what they say to each other.

use super::counters::{Counter, Counters};
use super::engine::{Mailbox, Seats};
use super::law::{self, Coded};
use super::leg::Leg;
use super::limiter::Limiter;
use super::mixer::{self, Sum};
use super::player::{ClipBank, Player};
use super::wire::Wire;
use super::{Frame, SILENCE};
use crate::ids::{ClipId, RoomNumber};
use crate::media_api::{Event, Law, PlayToken, Playlist};
use crate::units::FRAME;

/// A room. Built complete by the control side, so that joining allocates nothing.
#[derive(Debug)]
pub struct Room {
    /// The room's number.
    pub number: RoomNumber,
    pub(super) slot: usize,
    pub(super) members: Vec<u32>,
    limiter: Limiter,
    tones: Player,
}

impl Room {
    /// A room for at most `seats` legs.
    pub fn new(number: RoomNumber, seats: usize) -> Room {
        Room {
            number,
            slot: 0,
            members: Vec::with_capacity(seats),
            limiter: Limiter::new(),
            tones: Player::default(),
        }
    }

    /// Plays a clip to everybody.
    pub(super) fn play(&mut self, clip: ClipId) {
        self.tones.play(Playlist::new([clip]), PlayToken(0));
    }

    /// Whether another leg finds a place.
    pub(super) fn has_place(&self) -> bool {
        self.members.len() < self.members.capacity()
    }

    /// Runs one tick: everybody is listened to, then everybody is spoken to.
    pub(super) fn run<W: Wire, M: Mailbox<W>>(
        &mut self,
        frame: u64,
        legs: &mut Seats<W>,
        bank: &ClipBank,
        mailbox: &mut M,
        counters: &mut Counters,
    ) {
        let mut sum: Sum = [0; FRAME];
        let mut loudness = 0;
        for &member in &self.members {
            let Some(leg) = legs.get_mut(member) else { continue };
            if !leg.begin_tick(frame) {
                continue;
            }
            super::engine::listen(leg, member, frame, mailbox, counters);
            if leg.contributes() {
                mixer::add(&mut sum, leg.heard());
                loudness += i32::from(leg.peak());
            }
        }
        if self.tones.is_playing() {
            let mut tone = SILENCE;
            // Nobody waits for its end.
            let _ = self.tones.next(bank, &mut tone);
            mixer::add(&mut sum, &tone);
            loudness += i32::from(i16::MAX);
        }
        self.limiter.prepare(self.peak(loudness, &sum, legs));
        if self.limiter.is_at_work() {
            counters.count(Counter::Limited);
        }
        let mut shared = Shared::default();
        for &member in &self.members {
            let Some(leg) = legs.get_mut(member) else { continue };
            if !leg.is_on_turn() {
                continue;
            }
            if leg.contributes() || leg.is_playing() {
                self.speak_alone(frame, &sum, leg, bank, mailbox, counters);
            } else {
                leg.say_coded(frame, shared.coded(leg.law(), &sum, &self.limiter), counters);
            }
        }
    }

    /// The largest sample of all mixes; not looked for when the talkers together cannot be too loud.
    fn peak<W: Wire>(&self, loudness: i32, sum: &Sum, legs: &Seats<W>) -> i32 {
        if loudness <= i32::from(i16::MAX) / 2 {
            return loudness;
        }
        let without = |leg: &Leg<W>| mixer::peak(&mixer::minus(sum, leg.heard()));
        let talkers = self
            .members
            .iter()
            .filter_map(|&member| legs.get(member))
            .filter(|leg| leg.contributes());
        talkers.map(without).max().unwrap_or(0).max(mixer::peak(sum))
    }

    fn speak_alone<W: Wire, M: Mailbox<W>>(
        &self,
        frame: u64,
        sum: &Sum,
        leg: &mut Leg<W>,
        bank: &ClipBank,
        mailbox: &mut M,
        counters: &mut Counters,
    ) {
        let mut sound = SILENCE;
        if leg.contributes() {
            self.limiter.apply(&mixer::minus(sum, leg.heard()), &mut sound);
        } else {
            self.limiter.apply(sum, &mut sound);
        }
        if leg.is_playing()
            && let Some(token) = leg.play_over(bank, &mut sound)
        {
            super::engine::tell(mailbox, Event::Played { leg: leg.id, token }, counters);
        }
        leg.say(frame, &sound, counters);
    }
}

/// The mix that all silent listeners hear, encoded once a law. G.711 has no memory: the bytes can be copied.
#[derive(Default)]
struct Shared {
    a: Option<Coded>,
    mu: Option<Coded>,
}

impl Shared {
    fn coded(&mut self, law: Law, sum: &Sum, limiter: &Limiter) -> &Coded {
        let place = match law {
            Law::A => &mut self.a,
            Law::Mu => &mut self.mu,
        };
        place.get_or_insert_with(|| {
            let mut sound: Frame = SILENCE;
            let mut coded = [0; FRAME];
            limiter.apply(sum, &mut sound);
            law::encode(law, &sound, &mut coded);
            coded
        })
    }
}
