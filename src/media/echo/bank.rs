//! Sound in blocks of 10 ms, to spectra and back: windows of 20 ms, the root of Hann's both ways, overlapping by half. What comes out is
//! 10 ms late.

use super::fft::{self, Short};
use crate::units::FRAME;
use std::sync::LazyLock;

/// Samples of a block.
pub const BLOCK: usize = 80;

static WINDOW: LazyLock<[f32; 2 * BLOCK]> = LazyLock::new(|| {
    std::array::from_fn(|at| ((at as f32 + 0.5) * std::f32::consts::PI / (2 * BLOCK) as f32).sin())
});

/// Computes the window, so that no tick has to.
pub fn prepare() {
    LazyLock::force(&WINDOW);
}

/// The way to spectra: keeps the block before.
#[derive(Clone, Debug)]
pub struct Analysis([f32; BLOCK]);

/// The way back: keeps the half that the next block is laid over.
#[derive(Clone, Debug)]
pub struct Synthesis([f32; BLOCK]);

impl Default for Analysis {
    fn default() -> Analysis {
        Analysis([0.0; BLOCK])
    }
}

impl Default for Synthesis {
    fn default() -> Synthesis {
        Synthesis([0.0; BLOCK])
    }
}

impl Analysis {
    /// The spectra of both blocks of a frame, each together with the block before it.
    #[inline(always)]
    pub fn take(&mut self, frame: &[f32; FRAME]) -> [Short; 2] {
        let (mut first, mut second) = ([0.0; FRAME], *frame);
        first[..BLOCK].copy_from_slice(&self.0);
        first[BLOCK..].copy_from_slice(&frame[..BLOCK]);
        self.0.copy_from_slice(&frame[BLOCK..]);
        let window = &*WINDOW;
        for at in 0..FRAME {
            first[at] *= window[at];
            second[at] *= window[at];
        }
        fft::short(&first, &second)
    }
}

impl Synthesis {
    /// The sound of both spectra of a frame, a block late.
    #[inline(always)]
    pub fn give(&mut self, [first, second]: &[Short; 2]) -> [f32; FRAME] {
        let [mut first, mut second] = fft::sounds_of_short(first, second);
        let window = &*WINDOW;
        for at in 0..FRAME {
            first[at] *= window[at];
            second[at] *= window[at];
        }
        let mut frame = [0.0; FRAME];
        for at in 0..BLOCK {
            frame[at] = self.0[at] + first[at];
            frame[BLOCK + at] = first[BLOCK + at] + second[at];
            self.0[at] = second[BLOCK + at];
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_comes_back_a_block_later() {
        let (mut analysis, mut synthesis) = (Analysis::default(), Synthesis::default());
        let sample = |at: usize| (at as f32 * 0.37).sin() * 1_000.0;
        for n in 0..5 {
            let frame = std::array::from_fn(|at| sample(n * FRAME + at));
            let came = synthesis.give(&analysis.take(&frame));
            for (at, came) in came.iter().enumerate().filter(|_| n > 0) {
                assert!((came - sample(n * FRAME + at - BLOCK)).abs() < 0.1);
            }
        }
    }
}
