//! What a crowd says, coded once for all: frames that can be repeated without a seam, for their tones fit into 20 ms. Pure.

use crate::units::{FRAME, SAMPLE_RATE};
use audio_codec_algorithms::{decode_alaw, encode_alaw};
use std::f64::consts::TAU;

/// Tones of the rooms: multiples of 50 Hz, away from the burst's; rooms share them in turn.
pub const TONES: usize = 40;
const LOWEST_HZ: f64 = 1_150.0;
const STEP_HZ: f64 = 50.0;
/// −30 dB of full scale.
const TONE: f64 = 1_036.0;
/// −68 dB: the noise of a quiet room.
const NOISE: f64 = 13.0;
/// −10 dB at 1 kHz.
const BURST: f64 = 10_362.0;
const BURST_HZ: f64 = 1_000.0;
/// From here on a sample is a burst's: twice what tone and noises reach together.
const LOUD: i16 = 4_000;

/// A frame as it is sent.
pub type Coded = [u8; FRAME];

/// Everything that can be said.
#[derive(Debug)]
pub struct Sounds {
    tones: Vec<Coded>,
    noises: Vec<Coded>,
    burst: Coded,
    is_loud: [bool; 256],
    linear: [f32; 256],
}

fn coded(sample: impl Fn(f64) -> f64) -> Coded {
    std::array::from_fn(|at| encode_alaw(sample(at as f64) as i16))
}

fn sine(hz: f64, amplitude: f64, phase: f64) -> Coded {
    coded(|at| amplitude * (TAU * (hz * at / f64::from(SAMPLE_RATE)) + phase).sin())
}

/// The tone of a room.
fn hertz(room: usize) -> f64 {
    LOWEST_HZ + STEP_HZ * (room % TONES) as f64
}

impl Sounds {
    /// Codes them all.
    pub fn new() -> Sounds {
        let mut random = 1u32;
        let mut noise = |_: f64| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(random >> 8) / f64::from(1 << 23) - 1.0) * NOISE * 3f64.sqrt()
        };
        let noises = (0..64).map(|_| std::array::from_fn(|at| encode_alaw(noise(at as f64) as i16)));
        let noises = noises.collect();
        Sounds {
            tones: (0..TONES).map(|room| sine(hertz(room), TONE, 0.0)).collect(),
            noises,
            burst: sine(BURST_HZ, BURST, TAU / 4.0),
            is_loud: std::array::from_fn(|code| decode_alaw(code as u8).unsigned_abs() > LOUD.unsigned_abs()),
            linear: std::array::from_fn(|code| f32::from(decode_alaw(code as u8))),
        }
    }

    /// The talker's frame in this room.
    pub fn tone(&self, room: usize) -> &Coded {
        &self.tones[room % TONES]
    }

    /// A frame of somebody who listens.
    pub fn noise(&self, nth: u64) -> &Coded {
        &self.noises[nth as usize % self.noises.len()]
    }

    /// The burst: loud from its first sample.
    pub fn burst(&self) -> &Coded {
        &self.burst
    }

    /// Where a burst begins in a frame that was heard, in samples.
    pub fn onset(&self, heard: &[u8]) -> Option<usize> {
        heard.iter().position(|&code| self.is_loud[usize::from(code)])
    }

    /// The tone of this room in what was heard, as a part of what the talker sends.
    pub fn share(&self, heard: &[u8], room: usize) -> f64 {
        let step = TAU * hertz(room) / f64::from(SAMPLE_RATE);
        let (re, im) = heard
            .iter()
            .enumerate()
            .fold((0.0, 0.0), |(re, im), (at, &code)| {
                let (sin, cos) = (step * at as f64).sin_cos();
                let sample = f64::from(self.linear[usize::from(code)]);
                (re + sample * cos, im + sample * sin)
            });
        let amplitude = 2.0 * f64::hypot(re, im) / heard.len().max(1) as f64;
        amplitude / TONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_is_known_by_its_tone_and_no_tone_is_a_burst() {
        let sounds = Sounds::new();
        for room in 0..TONES {
            let heard = sounds.tone(room);
            assert!((0.9..1.1).contains(&sounds.share(heard, room)));
            assert!(sounds.share(heard, room + 1) < 0.02);
            assert_eq!(sounds.onset(heard), None);
        }
        assert_eq!(sounds.onset(sounds.burst()), Some(0));
        assert!(
            (0..64)
                .all(|nth| sounds.onset(sounds.noise(nth)).is_none()
                    && sounds.share(sounds.noise(nth), 3) < 0.1)
        );
    }
}
