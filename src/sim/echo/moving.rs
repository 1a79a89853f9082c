//! A telephone whose delay moves on and on: what its loudspeaker plays goes by a clock of its own, or its jitter buffer leaps.

use super::case::FRAME;
use std::f32::consts::PI;
use std::sync::LazyLock;

/// Samples on each side of a place between two of them that are looked at.
const REACH: usize = 8;
/// Places between two samples.
const STEPS: usize = 256;

/// How the delay moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moving {
    /// It does not.
    #[default]
    Still,
    /// Its loudspeaker's clock is slower than its microphone's, in millionths; or faster.
    Drifting(i32),
    /// Every so many frames it is 20 ms more, twice; then 20 ms less, twice; and so on.
    Leaping(u32),
}

impl Moving {
    /// By how much what is played at a sample is later than at the beginning: whole samples, and a part of one.
    pub fn later(self, at: usize) -> (usize, f32) {
        match self {
            Moving::Still => (0, 0.0),
            Moving::Drifting(ppm) => {
                let exact = REACH as f64 + ROOM + at as f64 * f64::from(ppm) * 1e-6;
                (exact.floor() as usize, exact.fract() as f32)
            }
            Moving::Leaping(every) => {
                let leaps = at / FRAME / every.max(1) as usize;
                ([0, 1, 2, 1][leaps % 4] * FRAME, 0.0)
            }
        }
    }
}

/// Samples that a loudspeaker's clock may be ahead by: what is played has to have been sent.
const ROOM: f64 = 40.0;

/// A sinc of each place between two samples, under Hann's window.
static BETWEEN: LazyLock<Vec<[f32; 2 * REACH]>> = LazyLock::new(|| {
    let tap = |part: f32, n: usize| {
        let x = n as f32 - REACH as f32 + part;
        let window = (0.5 * PI * x / REACH as f32).cos().powi(2);
        if x.abs() < 1e-6 {
            1.0
        } else {
            window * (PI * x).sin() / (PI * x)
        }
    };
    let of = |step: usize| std::array::from_fn(|n| tap(step as f32 / STEPS as f32, n));
    (0..=STEPS).map(of).collect()
});

/// The sound `part` of a sample before the one that `read` tells at zero.
pub fn between(part: f32, read: impl Fn(isize) -> f32) -> f32 {
    if part == 0.0 {
        return read(0);
    }
    let taps = &BETWEEN[(part * STEPS as f32).round() as usize];
    let first = -(REACH as isize);
    taps.iter()
        .enumerate()
        .map(|(n, tap)| tap * read(first + n as isize))
        .sum()
}
