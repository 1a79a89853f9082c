//! A room on the tick: who is in it, and one frame of what they say to each other.

use super::counters::Counter;
use super::engine::{Mailbox, Seats, Tick};
use super::failure::Failure;
use super::law::{self, Coded};
use super::limiter::Limiter;
use super::mix::{Bands, Mix};
use super::mixer::Sum;
use super::player::Player;
use super::wire::Wire;
use super::{Frame, SILENCE};
use crate::ids::{ClipId, RoomNumber};
use crate::media_api::{Event, Law, PlayToken, Playlist};
use crate::units::{FRAME, WIDE};

/// A room. Built complete by the control side, so that joining allocates nothing.
#[derive(Debug)]
pub struct Room {
    /// The room's number.
    pub number: RoomNumber,
    pub(super) slot: usize,
    pub(super) members: Vec<u32>,
    limiter: Limiter,
    bands: Bands,
    tones: Player,
    /// Whether its legs' echoes are taken out.
    pub(super) treats_echo: bool,
    pub(super) failure: Failure,
}

impl Room {
    /// A room for at most `seats` legs.
    pub fn new(number: RoomNumber, seats: usize) -> Room {
        Room {
            number,
            slot: 0,
            members: Vec::with_capacity(seats),
            limiter: Limiter::new(),
            bands: Bands::default(),
            tones: Player::default(),
            treats_echo: true,
            failure: Failure::None,
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
    pub(super) fn run<W: Wire, M: Mailbox<W>>(&mut self, legs: &mut Seats<W>, tick: &mut Tick<'_, M>) {
        let mut mix = Mix::new();
        for &member in &self.members {
            if let Some(leg) = legs.get_mut(member).filter(|leg| leg.is_on_turn()) {
                leg.treat_echo(self.treats_echo, tick.pool);
                super::engine::listen(leg, member, tick.shed, tick);
                mix.take(leg);
            }
        }
        if self.tones.is_playing() {
            let mut tone = SILENCE;
            // Nobody waits for its end.
            let _ = self.tones.next(tick.bank, &mut tone);
            mix.take_tone(&tone);
        }
        mix.join(&mut self.bands);
        let members = self.members.iter().filter_map(|&member| legs.get(member));
        self.limiter.prepare(mix.peak(members));
        if self.limiter.is_at_work() {
            tick.counters.count(Counter::Limited);
        }
        self.speak(&mix, legs, tick);
    }

    /// Everybody is spoken to.
    fn speak<W: Wire, M: Mailbox<W>>(&self, mix: &Mix, legs: &mut Seats<W>, tick: &mut Tick<'_, M>) {
        let mut shared = Shared::default();
        for &member in &self.members {
            let Some(leg) = legs.get_mut(member).filter(|leg| leg.is_on_turn()) else {
                continue;
            };
            let at = (tick.frame, member);
            let alone = leg.contributes() || leg.is_playing();
            let ended = match leg.law() {
                Some(law) if !alone => {
                    let coded = shared.coded(law, &mix.narrow, &self.limiter);
                    leg.say_coded(at, coded, tick.outbox);
                    None
                }
                Some(_) => {
                    let mut sound = SILENCE;
                    self.limiter.apply(&mix.for_narrow(leg), &mut sound);
                    leg.say(at, tick.bank, &mut sound, tick.outbox)
                }
                None => {
                    let mut sound = [0; WIDE];
                    self.limiter.apply(&mix.for_wide(leg), &mut sound);
                    leg.say_wide(at, tick.bank, &mut sound, tick.outbox)
                }
            };
            if let Some(token) = ended {
                tick.tell(Event::Played { leg: leg.id, token });
            }
        }
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
