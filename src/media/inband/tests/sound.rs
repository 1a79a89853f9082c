//! Makes the sound of keys: levels in dBm0, frequencies off their place, pauses, dial tone and noise beneath.

use crate::media::law::{self, Coded};
use crate::media::{Frame, SILENCE};
use crate::media_api::Law;
use crate::units::FRAME;
use std::f64::consts::TAU;

/// Amplitude of 0 dBm0: full scale is +3.14 dBm0 (ITU-T G.711).
const ZERO_DBM0: f64 = 22_826.0;

pub fn amplitude(dbm0: f64) -> f64 {
    ZERO_DBM0 * 10f64.powf(dbm0 / 20.0)
}

/// Repeatable randomness (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn key(&mut self) -> char {
        char::from(b"1234567890*#"[self.next() as usize % 12])
    }
}

/// One press of a key.
#[derive(Clone, Copy)]
pub struct Press {
    pub face: char,
    /// Level of the low and of the high tone in dBm0.
    pub levels: [f64; 2],
    /// By what part of itself each frequency is too high, and how many Hz more.
    pub off: [(f64, f64); 2],
    pub ms: f64,
}

impl Press {
    /// As a telephone sends it: −9 dBm0 and 2 dB more for the high tone, 70 ms.
    pub fn nominal(face: char) -> Press {
        Press {
            face,
            levels: [-9.0, -7.0],
            off: [(0.0, 0.0); 2],
            ms: 70.0,
        }
    }

    /// So far from the nominal frequency, where ±1 is the outermost that is accepted: 1.5 % and 2 Hz.
    pub fn accepted(part: f64) -> (f64, f64) {
        (0.015 * part, 2.0 * part)
    }

    fn frequencies(&self) -> [f64; 2] {
        let place = "123A456B789C*0#D".find(self.face).expect("a key");
        let nominal = [
            [697.0, 770.0, 852.0, 941.0][place / 4],
            [1_209.0, 1_336.0, 1_477.0, 1_633.0][place % 4],
        ];
        std::array::from_fn(|group| nominal[group] * (1.0 + self.off[group].0) + self.off[group].1)
    }
}

/// Sound that grows.
pub struct Sound {
    samples: Vec<f64>,
    random: Random,
    /// What of a sample's 125 µs has been used by times that are no whole number of samples.
    carried: f64,
}

impl Sound {
    pub fn new(seed: u64) -> Sound {
        Sound {
            samples: Vec::new(),
            random: Random(seed),
            carried: 0.0,
        }
    }

    fn count(&mut self, ms: f64) -> usize {
        let exact = ms * 8.0 + self.carried;
        self.carried = exact.fract();
        exact as usize
    }

    pub fn pause(&mut self, ms: f64) -> &mut Sound {
        let count = self.count(ms);
        self.samples.extend(std::iter::repeat_n(0.0, count));
        self
    }

    /// A key, each tone beginning anywhere in its wave. Never shorter than asked for.
    pub fn press(&mut self, press: Press) -> &mut Sound {
        let count = self.count(press.ms) + 1;
        let phases = [0; 2].map(|_| self.random.between(0.0, TAU));
        let (frequencies, levels) = (press.frequencies(), press.levels.map(amplitude));
        self.samples.extend((0..count).map(|at| {
            let wave = |group: usize| {
                levels[group] * (TAU * frequencies[group] * at as f64 / 8_000.0 + phases[group]).sin()
            };
            wave(0) + wave(1)
        }));
        self
    }

    /// One tone.
    pub fn tone(&mut self, hertz: f64, dbm0: f64, ms: f64) -> &mut Sound {
        let count = self.count(ms);
        let wave = |at: usize| amplitude(dbm0) * (TAU * hertz * at as f64 / 8_000.0).sin();
        self.samples.extend((0..count).map(wave));
        self
    }

    /// Lays a tone under all that there is.
    pub fn over(&mut self, hertz: f64, dbm0: f64) -> &mut Sound {
        let phase = self.random.between(0.0, TAU);
        for (at, sample) in self.samples.iter_mut().enumerate() {
            *sample += amplitude(dbm0) * (TAU * hertz * at as f64 / 8_000.0 + phase).sin();
        }
        self
    }

    /// Lays white noise of this level (as power of a sine) under all that there is.
    pub fn noise(&mut self, dbm0: f64) -> &mut Sound {
        let spread = amplitude(dbm0) * 1.5f64.sqrt();
        for sample in &mut self.samples {
            *sample += self.random.between(-spread, spread);
        }
        self
    }

    /// In frames, coded and decoded; the last one filled up with silence, and one more.
    pub fn frames(&self, law: Law) -> Vec<Frame> {
        let mut frames: Vec<Frame> = self
            .samples
            .chunks(FRAME)
            .map(|chunk| {
                let mut frame = SILENCE;
                for (to, from) in frame.iter_mut().zip(chunk) {
                    *to = from.round().clamp(-32_768.0, 32_767.0) as i16;
                }
                frame
            })
            .collect();
        frames.push(SILENCE);
        for frame in &mut frames {
            let mut coded: Coded = [0; FRAME];
            law::encode(law, frame, &mut coded);
            law::decode(law, &coded, frame);
        }
        frames
    }
}
