//! What the filter leaves of an echo is turned down, bin by bin, and filled up with noise like that of the line.

use super::fft::{LONG_PLACES, SHORT, SHORT_PLACES, Short, sum};
use super::remainder::{Due, Remainder};

/// The least gain: −45 dB.
const GAIN_LEAST: f32 = 0.005_6;
/// How much louder than the line’s noise a voice must be, by power.
const NOISE_OVER: f32 = 2.0;
/// How much of the loudest bin says nothing of a voice while the path was another lately: a sound that the filter has not heard since is
/// missed in a bin or two, a voice is heard in many.
const ALONE: f32 = 0.8;
/// How much of the last block's verdict is kept.
const KEPT: f32 = 0.7;
/// How fast the gate opens and closes, a block, and presence rises and falls.
const OPENING: f32 = 0.7;
const CLOSING: f32 = 0.4;
/// How much slower it closes when somebody speaks here, and how far it stays open.
const CLOSING_SPOKEN: f32 = 0.2;
const HELD_OPEN: f32 = 0.92;
const PRESENCE_RISE: f32 = 0.12;
const PRESENCE_FALL: f32 = 0.02;
/// Beside who speaks, what was predicted and never came is not turned down: whoever is heard with a faint voice would be, too.
const SPOKEN: f32 = 0.3;
/// How fast a mean of powers follows, a block.
pub const SMOOTH: f32 = 0.3;
/// How fast the noise's level may rise, a block: 4 dB a second; and follows what is less.
const NOISE_RISE: f32 = 1.01;
const NOISE_FALL: f32 = 0.1;

/// Random numbers that are drawn at once.
const LANES: usize = 8;

/// The suppressor of one leg.
#[derive(Clone, Debug)]
pub struct Suppressor {
    remainder: Remainder,
    rest_smooth: [f32; SHORT_PLACES],
    noise: [f32; SHORT_PLACES],
    gains: [f32; SHORT_PLACES],
    /// A posteriori: near power over echo power of the last block.
    verdict: [f32; SHORT_PLACES],
    gate: f32,
    /// How much of the last half second somebody spoke here.
    presence: f32,
    random: [u32; LANES],
    comfort: bool,
}

impl Suppressor {
    /// A suppressor, with randomness for its noise.
    pub fn new(random: u32) -> Suppressor {
        Suppressor {
            remainder: Remainder::default(),
            rest_smooth: [0.0; SHORT_PLACES],
            noise: [160.0; SHORT_PLACES],
            gains: [1.0; SHORT_PLACES],
            verdict: [0.0; SHORT_PLACES],
            gate: 0.0,
            presence: 0.0,
            random: std::array::from_fn(|lane| random.wrapping_add(lane as u32).wrapping_mul(0x9e37_79b9)),
            comfort: true,
        }
    }

    /// From now on the line is one of 16 kHz.
    pub fn widen(&mut self) {
        self.remainder.widen();
    }

    /// Leaves the noise away, or puts it in again.
    pub fn set_comfort(&mut self, comfort: bool) {
        self.comfort = comfort;
    }

    /// So much of what is predicted is left at least, by power.
    #[inline(always)]
    pub fn doubt(&mut self, share: f32) {
        self.remainder.doubt(share);
    }

    /// How much of the last half second somebody spoke here, from 0 to 1.
    pub fn presence(&self) -> f32 {
        self.presence
    }

    /// The gains of the last block.
    pub fn gains(&self) -> &[f32; SHORT_PLACES] {
        &self.gains
    }

    /// How far the gate stands open, and how much somebody who speaks here is trusted to: 0 to 1 each.
    pub fn openness(&self) -> (f32, f32) {
        let trusted = (2.5 * self.presence - 0.7).clamp(0.0, 1.0);
        let gate = (self.gate * 4.0 - 0.6).clamp(0.0, 1.0);
        (gate.max(HELD_OPEN * trusted), trusted)
    }

    /// Judges a block: what was left, what was due of the echo, and what the filter's uncertainty explains of what was left. If it `is_blind`,
    /// not what was predicted came, so any of it may be what is left.
    #[inline(always)]
    pub fn judge(&mut self, rest: &Short, due: &Due, expected: &[f32; LONG_PLACES], is_blind: bool) {
        let rest = rest.power();
        self.remainder.handle(due);
        if !is_blind {
            self.learn(&rest);
        }
        let is_wake = is_blind && self.presence < SPOKEN;
        let guess = self.remainder.guess(expected, self.presence, is_wake);
        self.weigh(&rest, &guess);
    }

    /// Turns a block down as it was judged last, and fills it up with noise.
    #[inline(always)]
    pub fn shape(&mut self, spectrum: &mut Short) {
        for at in 0..SHORT_PLACES {
            spectrum.re[at] *= self.gains[at];
            spectrum.im[at] *= self.gains[at];
        }
        if self.comfort {
            self.add_noise(spectrum);
        }
    }

    /// Learns what is left of an echo, and the noise.
    #[inline(always)]
    fn learn(&mut self, rest: &[f32; SHORT_PLACES]) {
        for (smooth, rest) in self.rest_smooth.iter_mut().zip(rest) {
            *smooth += SMOOTH * (rest - *smooth);
        }
        self.remainder.learn(&self.rest_smooth, self.presence);
        for at in 0..SHORT_PLACES {
            let (left, noise) = (self.rest_smooth[at], self.noise[at]);
            let less = noise + NOISE_FALL * (left - noise);
            let more = (noise * NOISE_RISE).max(1.0);
            self.noise[at] = if left < noise { less } else { more };
        }
    }

    /// How much of each bin is let through.
    #[inline(always)]
    fn weigh(&mut self, rest: &[f32; SHORT_PLACES], guess: &[f32; SHORT_PLACES]) {
        let (mut above, mut below) = ([0.0; 64], [0.0; 64]);
        for at in 0..64 {
            let (rest, guess, noise) = (rest[at + 6], guess[at + 6], self.noise[at + 6]);
            above[at] = (rest - guess - NOISE_OVER * noise).max(0.0);
            below[at] = guess.min(rest);
        }
        let loudest = above.iter().fold(0.0f32, |most, &power| most.max(power));
        let near = sum(&above) - ALONE * self.remainder.unsettled(self.presence) * loudest;
        let echo = sum(&below) + 1.0;
        let mut quiet = [0.0; 64];
        quiet.copy_from_slice(&self.noise[6..70]);
        // Little beside the echo anywhere: nobody speaks here. The line's own noise is nobody.
        let spoken = near / (near + echo + NOISE_OVER * sum(&quiet));
        let spoken = (spoken * 4.0 - 0.6).clamp(0.0, 1.0);
        let open = match echo < sum(&quiet) {
            true => 1.0,
            false => (near / (near + echo)).clamp(0.0, 1.0),
        };
        let closing = CLOSING - CLOSING_SPOKEN * self.presence;
        self.gate += if open > self.gate { OPENING } else { closing } * (open - self.gate);
        let gate = (self.gate * 4.0 - 0.6).clamp(0.0, 1.0);
        let follow = if spoken > self.presence {
            PRESENCE_RISE
        } else {
            PRESENCE_FALL
        };
        self.presence += follow * (spoken - self.presence);
        // Who has spoken for a while is disturbed more by being cut than by a rest of echo beneath the voice.
        let trusted = (3.3 * self.presence - 0.7).clamp(0.0, 1.0);
        let gate = gate.max(HELD_OPEN * trusted);
        let relaxed = 1.0 - gate * trusted;
        for at in 0..SHORT_PLACES {
            let over = (rest[at] / (relaxed * guess[at] + 1e-3) - 1.0).max(0.0);
            let before = self.verdict[at];
            let verdict = (1.0 - KEPT) * over + KEPT * before;
            let gain = verdict / (1.0 + verdict) * gate;
            let gain = gain.max(GAIN_LEAST);
            self.gains[at] = gain;
            self.verdict[at] = gain * gain * over.min(1_000.0);
        }
    }

    /// Fills up what was taken of the noise.
    #[inline(always)]
    fn add_noise(&mut self, spectrum: &mut Short) {
        let (first, last) = (spectrum.re[0], spectrum.re[SHORT - 1]);
        for from in (0..SHORT_PLACES).step_by(LANES) {
            for lane in 0..LANES {
                let (at, random) = (from + lane, &mut self.random[lane]);
                *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (re, im) = ((*random >> 8 & 0xff) as i32, (*random >> 20 & 0xff) as i32);
                let gain = self.gains[at];
                // Two even numbers of ±1 have a power of two thirds together.
                let size = (1.5 * self.noise[at] * (1.0 - gain * gain)).sqrt() / 128.0;
                spectrum.re[at] += size * (re as f32 - 127.5);
                spectrum.im[at] += size * (im as f32 - 127.5);
            }
        }
        (spectrum.re[0], spectrum.re[SHORT - 1]) = (first, last);
    }
}
