//! Sound in blocks of 10 ms, to spectra and back: windows of 20 ms, the root of Hann's both ways, overlapping by half. What comes out is
//! 10 ms late.

use super::fft::{self, Short};
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
    /// The spectrum of a block and the one before.
    #[inline(always)]
    pub fn take(&mut self, block: &[f32; BLOCK]) -> Short {
        let mut sound = [0.0; 2 * BLOCK];
        sound[..BLOCK].copy_from_slice(&self.0);
        sound[BLOCK..].copy_from_slice(block);
        for (sample, window) in sound.iter_mut().zip(&*WINDOW) {
            *sample *= window;
        }
        self.0 = *block;
        fft::short(&mut sound)
    }
}

impl Synthesis {
    /// The sound of a spectrum: the block before the one that was taken last.
    #[inline(always)]
    pub fn give(&mut self, spectrum: &Short) -> [f32; BLOCK] {
        let mut sound = fft::sound_of_short(spectrum);
        for (sample, window) in sound.iter_mut().zip(&*WINDOW) {
            *sample *= window;
        }
        let mut block = [0.0; BLOCK];
        for at in 0..BLOCK {
            block[at] = self.0[at] + sound[at];
            self.0[at] = sound[BLOCK + at];
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_comes_back_a_block_later() {
        let (mut analysis, mut synthesis) = (Analysis::default(), Synthesis::default());
        let block = |n: usize| std::array::from_fn(|at| ((n * BLOCK + at) as f32 * 0.37).sin() * 1_000.0);
        for n in 0..10 {
            let came = synthesis.give(&analysis.take(&block(n)));
            if n >= 2 {
                assert!(came.iter().zip(&block(n - 1)).all(|(a, b)| (a - b).abs() < 0.1));
            }
        }
    }
}
