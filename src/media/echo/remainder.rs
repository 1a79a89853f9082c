//! How much echo a filter leaves at most, bin by bin. Guessed in four ways, of which the largest counts: what the filter's uncertainty
//! explains; a share of what was predicted, in the same bin; a share of what was predicted anywhere near; and a share of what a
//! loudspeaker that distorts makes of what was sent ([`super::bent`]). The shares follow the least that was left while an echo was there, for
//! a voice of the near end only adds to it.

use super::fft::{LONG_PLACES, SHORT, SHORT_PLACES, Short, sum};
use super::suppressor::SMOOTH;

/// How much more echo than guessed is expected.
const OVER: f32 = 5.0;
/// The same for what the uncertainty explains, and how much more yet of what a loudspeaker bends.
const OVER_EXPECTED: f32 = 5.0;
const OVER_BENT: f32 = 3.0;
/// After the path was doubted, what the uncertainty explains counts so many times more at first, and how that is less from block to block:
/// half in 3.5 s. A filter that has heard few sounds since is wrong by more than it knows.
const UNSETTLED: f32 = 1.0;
const SETTLING: f32 = 0.998;
/// The share of an echo that is missed, from which on the path is another.
const ANOTHER: f32 = 0.2;
/// What A-law’s steps leave of an echo, by power: a ten-thousandth.
const STEPS: f32 = 1e-4;
/// What the coders of 16 kHz leave is more: G.722 adds 32 dB below a voice on each way. And what a filter does not know of an echo that
/// is no wave is missed by more.
const STEPS_WIDE: f32 = 3e-3;
const OVER_EXPECTED_WIDE: f32 = 7.0;
/// How an echo rings on in a guess, from block to block: −2 dB.
const RING: f32 = 0.63;
/// How what was predicted and never came dies away, from block to block: −0.7 dB. It has no tail either.
const WAKE: f32 = 0.85;
/// How much a share may rise, a block, while an echo is heard and nobody speaks here: 1.5 dB a second.
const SHARE_RISE: f32 = 0.003_5;
/// How fast it follows what is less.
const SHARE_FALL: f32 = 0.12;
/// The share at the beginning, and the least one: of what is bent most lies where the echo is, and says nothing.
const SHARE_FIRST: f32 = 1.0;
const SHARE_LEAST: f32 = 1e-4;
const SHARE_LEAST_BENT: f32 = 1e-6;
/// Power in a bin from which an echo is worth learning from.
const WORTH: f32 = 160.0 * 30.0;
/// The share of what was predicted anywhere near, at the beginning.
const WIDE_FIRST: f32 = 0.3;

/// What is due in a block.
#[derive(Clone, Debug)]
pub struct Due {
    /// The echo as it was predicted.
    pub echo: Short,
    /// What a loudspeaker may make of it beside that.
    pub bent: Short,
}

/// What is left of one leg's echo.
#[derive(Clone, Debug)]
pub struct Remainder {
    own: Share,
    bent: Share,
    wide: f32,
    /// How lately the path was another: 1 to 0.
    unsettled: f32,
    /// What was predicted and does not fit what came.
    wake: [f32; SHORT_PLACES],
    /// What the coders leave of an echo, by power; and how many times what the uncertainty explains is expected.
    steps: f32,
    over_expected: f32,
}

/// How much of something is left, in each bin.
#[derive(Clone, Debug)]
struct Share {
    share: [f32; SHORT_PLACES],
    /// Its power: the mean, and as it rings on.
    smooth: [f32; SHORT_PLACES],
    ring: [f32; SHORT_PLACES],
    power: [f32; SHORT_PLACES],
}

impl Default for Remainder {
    fn default() -> Remainder {
        Remainder {
            own: Share::new(),
            bent: Share::new(),
            wide: WIDE_FIRST,
            unsettled: 0.0,
            wake: [0.0; SHORT_PLACES],
            steps: STEPS,
            over_expected: OVER_EXPECTED,
        }
    }
}

impl Remainder {
    /// From now on the line is one of 16 kHz.
    pub fn widen(&mut self) {
        (self.steps, self.over_expected) = (STEPS_WIDE, OVER_EXPECTED_WIDE);
    }

    /// So much of what is predicted is left at least, by power.
    #[inline(always)]
    pub fn doubt(&mut self, share: f32) {
        if share > ANOTHER {
            self.unsettled = 1.0;
        }
        let share = share.min(SHARE_FIRST);
        for own in &mut self.own.share {
            *own = own.max(share);
        }
        self.wide = self.wide.max(share);
    }

    /// How lately the path was another, from 0 to 1, as far as nobody speaks here.
    #[inline(always)]
    pub fn unsettled(&self, presence: f32) -> f32 {
        self.unsettled * (1.0 - presence)
    }

    /// A block in which this is due.
    #[inline(always)]
    pub fn handle(&mut self, due: &Due) {
        self.own.handle(&due.echo);
        self.bent.handle(&due.bent);
    }

    /// Learns the shares: so much was left lately, in the mean. While somebody speaks here (`presence`, from 0 to 1) it is not all echo.
    #[inline(always)]
    pub fn learn(&mut self, left: &[f32; SHORT_PLACES], presence: f32) {
        let rise = 1.0 + SHARE_RISE * (1.0 - presence);
        self.own.learn(left, SHARE_LEAST, rise);
        self.bent.learn(left, SHARE_LEAST_BENT, rise);
        let (left, echo) = (sum(left), sum(&self.own.smooth));
        if echo > WORTH * 20.0 {
            self.wide = followed(self.wide, left / echo, rise).min(SHARE_FIRST);
        }
    }

    /// How much echo is left in each bin, where somebody speaks here as much as `presence` says. If it `is_wake`, any of what was predicted
    /// may be, for it never came.
    #[inline(always)]
    pub fn guess(
        &mut self,
        expected: &[f32; LONG_PLACES],
        presence: f32,
        is_wake: bool,
    ) -> [f32; SHORT_PLACES] {
        let mut guess = [0.0; SHORT_PLACES];
        let spread = spread(&self.own.ring);
        // What the coder's steps leave of an echo lies over the whole band.
        let steps = self.steps * sum(&self.own.ring) / SHORT_PLACES as f32;
        let mut explained = [0.0; SHORT_PLACES];
        for (to, from) in explained.iter_mut().zip(expected.iter().step_by(2)) {
            *to = *from;
        }
        self.unsettled *= SETTLING;
        let over_expected = self.over_expected * (1.0 + UNSETTLED * self.unsettled(presence));
        for at in 0..SHORT_PLACES {
            let own = self.own.share[at] * self.own.ring[at];
            let wide = 0.5 * self.wide * spread[at];
            let bent = OVER_BENT * self.bent.share[at] * self.bent.ring[at];
            guess[at] = OVER * (own.max(wide).max(bent) + steps) + 0.5 * over_expected * explained[at];
        }
        let share = if is_wake { 1.0 } else { 0.0 };
        for ((guess, wake), ring) in guess.iter_mut().zip(&mut self.wake).zip(&self.own.ring) {
            *wake = (WAKE * *wake).max(share * ring);
            *guess = guess.max(OVER * *wake);
        }
        guess
    }
}

impl Share {
    fn new() -> Share {
        Share {
            share: [SHARE_FIRST; SHORT_PLACES],
            smooth: [0.0; SHORT_PLACES],
            ring: [0.0; SHORT_PLACES],
            power: [0.0; SHORT_PLACES],
        }
    }

    #[inline(always)]
    fn handle(&mut self, due: &Short) {
        self.power = due.power();
        for (ring, &power) in self.ring.iter_mut().zip(&self.power) {
            *ring = (*ring * RING).max(power);
        }
    }

    #[inline(always)]
    fn learn(&mut self, left: &[f32; SHORT_PLACES], least: f32, rise: f32) {
        for (smooth, power) in self.smooth.iter_mut().zip(&self.power) {
            *smooth += SMOOTH * (power - *smooth);
        }
        for ((share, &due), left) in self.share.iter_mut().zip(&self.smooth).zip(left) {
            let learnt = followed(*share, left / (due + 1.0), rise).clamp(least, SHARE_FIRST);
            *share = if due > WORTH { learnt } else { *share };
        }
    }
}

/// A share after a block in which so much was left, where it may rise so many times.
#[inline(always)]
fn followed(share: f32, ratio: f32, rise: f32) -> f32 {
    let less = share + SHARE_FALL * (ratio - share);
    if ratio < share { less } else { share * rise }
}

/// What lies near each bin, 200 Hz to each side and an octave below.
#[inline(always)]
fn spread(power: &[f32; SHORT_PLACES]) -> [f32; SHORT_PLACES] {
    let (mut three, mut nine) = ([0.0; SHORT_PLACES], [0.0; SHORT_PLACES]);
    for at in 1..SHORT - 1 {
        three[at] = power[at - 1] + power[at] + power[at + 1];
    }
    for at in 4..SHORT - 4 {
        nine[at] = (three[at - 3] + three[at] + three[at + 3]) / 9.0;
    }
    for at in 0..SHORT / 2 {
        nine[2 * at] += 0.5 * power[at];
        nine[2 * at + 1] += 0.5 * power[at];
    }
    nine
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is guessed after three seconds in which ten times what was due was left, beside what was guessed before.
    fn rise(presence: f32) -> f32 {
        let mut due = Due {
            echo: Short::ZERO,
            bent: Short::ZERO,
        };
        (due.echo.re, due.bent.re) = ([300.0; SHORT_PLACES], [300.0; SHORT_PLACES]);
        let mut remainder = Remainder::default();
        let mut after = |blocks: usize, left: f32, presence: f32| {
            let mut guess = [0.0; SHORT_PLACES];
            for _ in 0..blocks {
                remainder.handle(&due);
                remainder.learn(&[left; SHORT_PLACES], presence);
                guess = remainder.guess(&[0.0; LONG_PLACES], presence, false);
            }
            guess[SHORT_PLACES / 2]
        };
        let before = after(200, 100.0, 0.0);
        after(300, 900_000.0, presence) / before
    }

    #[test]
    fn a_share_rises_only_while_nobody_speaks() {
        assert!(rise(0.0) > 2.5, "{}", rise(0.0));
        assert!((rise(1.0) - 1.0).abs() < 0.01, "{}", rise(1.0));
    }
}
