//! What one caller of a crowd heard, in figures. Pure.

use super::Burst;
use super::figures::Spread;
use super::sounds::Sounds;
use crate::units::{FRAME_MS, SAMPLE_RATE, Time};
use std::time::Duration;

/// A burst is heard so much later at most; what is loud later is none.
const DELAY_MAX: Duration = Duration::from_millis(900);
/// Every so many packets is looked at for tones: about once a second.
const LOOK_EVERY: u32 = 50;
/// From this part of a talker's tone on it is heard; from this on somebody who should not be.
const HEARD: f64 = 0.5;
const LEAKED: f64 = 0.15;

/// What was heard.
#[derive(Clone, Debug, Default)]
pub struct Ears {
    pub packets: u32,
    /// Looks for the talker, and in how many it was found.
    pub looks: u32,
    pub heard: u32,
    own: u32,
    foreign: u32,
    last: Option<Time>,
    /// The burst that was heard last.
    known: Option<Time>,
}

/// What all of them together measure.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// How far from 20 ms two packets came after each other.
    pub pacing: Spread,
    /// From a burst's first sample sent to its first sample heard.
    pub delay: Spread,
}

/// What the ears know of the room: its last burst, and how sounds sound.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub burst: Burst,
    pub sounds: &'a Sounds,
}

/// Who listens: in which room, and what it says itself.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    pub room: usize,
    pub talks: bool,
    pub bursts: bool,
}

impl Ears {
    /// A packet came at `now`, with this sound in A-law.
    pub fn hear(&mut self, now: Time, heard: &[u8], listener: Listener, known: Known<'_>, times: &mut Times) {
        let Known { burst, sounds } = known;
        self.packets += 1;
        if let Some(last) = self.last.replace(now) {
            let apart = now.since(last).as_nanos() as i64 - FRAME_MS as i64 * 1_000_000;
            times.pacing.add(apart.unsigned_abs());
        }
        let onset = sounds.onset(heard);
        if let (Some(onset), Some(sent)) = (onset, burst.sent)
            && !listener.bursts
            && self.known != Some(sent)
        {
            self.known = Some(sent);
            let at = now + Duration::from_secs(1) * onset as u32 / SAMPLE_RATE;
            if at.since(sent) < DELAY_MAX {
                times.delay.add(at.since(sent).as_nanos() as u64);
            }
        }
        if self.packets.is_multiple_of(LOOK_EVERY) && onset.is_none() {
            self.look(heard, listener, sounds);
        }
    }

    /// Whether the caller heard itself, and another room. One look is nobody's voice: where a frame was lost or the delay
    /// changed, a tone splashes over its neighbours.
    pub fn complaints(&self) -> (bool, bool) {
        let often = |looks: u32| looks > 1 + self.packets / LOOK_EVERY / 10;
        (often(self.own), often(self.foreign))
    }

    fn look(&mut self, heard: &[u8], listener: Listener, sounds: &Sounds) {
        let tone = sounds.share(heard, listener.room);
        if listener.talks {
            self.own += u32::from(tone > LEAKED);
        } else {
            self.looks += 1;
            self.heard += u32::from(tone > HEARD);
        }
        self.foreign += u32::from(sounds.share(heard, listener.room + 1) > LEAKED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens for 20 s to what `sound` makes of each packet's number.
    fn listen<'s>(listener: Listener, sounds: &'s Sounds, sound: impl Fn(u64) -> &'s [u8]) -> (Ears, Times) {
        let (mut ears, mut times) = (Ears::default(), Times::default());
        for nth in 0..1_000 {
            let known = Known {
                burst: Burst {
                    sent: (nth >= 500).then_some(Time::from_millis(10_000)),
                },
                sounds,
            };
            ears.hear(
                Time::from_millis(nth * 20),
                sound(nth),
                listener,
                known,
                &mut times,
            );
        }
        (ears, times)
    }

    #[test]
    fn a_caller_hears_its_talker_and_a_burst_once_and_nobody_it_should_not() {
        let sounds = Sounds::new();
        let listener = Listener {
            room: 3,
            talks: false,
            bursts: false,
        };
        let (ears, times) = listen(listener, &sounds, |nth| match nth {
            502 | 503 => sounds.burst(),
            _ => sounds.tone(3),
        });
        assert_eq!((ears.packets, ears.looks, ears.heard), (1_000, 20, 20));
        assert_eq!(ears.complaints(), (false, false));
        let delay = times.delay.quantile(1.0).unwrap_or_default();
        assert!(
            (40.0..42.5).contains(&delay),
            "sent at 10 s, heard 40 ms later: {delay}"
        );
        assert!(times.pacing.quantile(1.0).unwrap_or_default() < 0.01);
    }

    #[test]
    fn a_voice_that_should_not_be_there_is_a_complaint() {
        let sounds = Sounds::new();
        let listener = Listener {
            room: 3,
            talks: true,
            bursts: false,
        };
        let (ears, _) = listen(listener, &sounds, |_| sounds.tone(3));
        assert_eq!(ears.complaints(), (true, false), "itself");
        let (ears, _) = listen(listener, &sounds, |_| sounds.tone(4));
        assert_eq!(ears.complaints(), (false, true), "another room");
        let (ears, _) = listen(listener, &sounds, |nth| match nth {
            49 => sounds.tone(4),
            _ => sounds.noise(nth),
        });
        assert_eq!(ears.complaints(), (false, false), "once is a splash");
    }
}
