//! A room on the tick: who is in it, and one frame of what they say to each other.

use super::SILENCE;
use super::counters::Counter;
use super::engine::{Mailbox, Seats, Tick};
use super::failure::Failure;
use super::limiter::Limiter;
use super::mix::{Bands, Mix};
use super::player::Player;
use super::shared::{Leads, Shared};
use super::wire::Wire;
use crate::ids::{ClipId, RoomNumber};
use crate::media_api::{Event, PlayToken, Playlist};
use crate::units::WIDE;

/// A room. Built complete by the control side, so that joining allocates nothing.
#[derive(Debug)]
pub struct Room {
    /// The room's number.
    pub number: RoomNumber,
    pub(super) slot: usize,
    pub(super) members: Vec<u32>,
    limiter: Limiter,
    bands: Bands,
    pub(super) leads: Leads,
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
            leads: Leads::default(),
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
    fn speak<W: Wire, M: Mailbox<W>>(&mut self, mix: &Mix, legs: &mut Seats<W>, tick: &mut Tick<'_, M>) {
        let mut shared = Shared::default();
        for &member in &self.members {
            let Some(leg) = legs.get_mut(member).filter(|leg| leg.is_on_turn()) else {
                continue;
            };
            let at = (tick.frame, member);
            let alone = leg.contributes() || leg.is_playing();
            let coded = match leg.law() {
                Some(law) if !alone => Some((shared.narrow(law, mix, &self.limiter).as_slice(), None)),
                Some(_) => None,
                None if leg.shares(!alone) => {
                    let who = (member, leg.codec());
                    let coded = shared.wide(who, (mix, &self.limiter), &mut self.leads, legs);
                    coded.map(|(bytes, sound)| (bytes, Some(sound)))
                }
                None => {
                    self.leads.hand_over(member, &self.members, legs);
                    None
                }
            };
            let Some(leg) = legs.get_mut(member) else { continue };
            if let Some((coded, sound)) = coded {
                leg.say_coded(at, coded, tick.outbox);
                if let Some(sound) = sound {
                    leg.remember_sent_wide(sound);
                }
                continue;
            }
            let ended = match leg.is_wide() {
                false => {
                    let mut sound = SILENCE;
                    self.limiter.apply(&mix.for_narrow(leg), &mut sound);
                    leg.say(at, tick.bank, &mut sound, tick.outbox)
                }
                true => {
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
