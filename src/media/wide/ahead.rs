//! Sound that was decoded before it is due: coders with a memory must be fed in order and once, while the playout buffer looks ahead
//! and begins anywhere. Positions are samples of the stream.

use crate::units::WIDE;

/// Samples kept: the longest packet (120 ms) behind two frames that were looked at. A power of two, since positions wrap.
const KEPT: usize = 4_096;

const _: () = assert!(KEPT.is_power_of_two() && KEPT >= (6 + 2) * WIDE);

/// The decoded samples from one position to another.
#[derive(Debug)]
pub struct Ahead {
    kept: [i16; KEPT],
    from: u32,
    to: u32,
    begun: bool,
}

impl Ahead {
    /// Nothing was decoded.
    pub fn new() -> Ahead {
        Ahead {
            kept: [0; KEPT],
            from: 0,
            to: 0,
            begun: false,
        }
    }

    /// What is decoded next begins at `at`.
    pub fn begin(&mut self, at: u32) {
        (self.from, self.to, self.begun) = (at, at, true);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.begun = false;
    }

    /// Where what is decoded next belongs.
    pub fn to(&self) -> u32 {
        self.to
    }

    /// Whether decoding goes on from here to reach `at`.
    pub fn covers(&self, at: u32) -> bool {
        self.begun && at.wrapping_sub(self.from) <= self.to.wrapping_sub(self.from)
    }

    /// Takes what was decoded next. Of more than can be kept, the oldest is forgotten.
    pub fn push(&mut self, sound: &[i16]) {
        for &sample in sound {
            self.kept[self.to as usize % KEPT] = sample;
            self.to = self.to.wrapping_add(1);
        }
        let most = KEPT as u32;
        if self.to.wrapping_sub(self.from) > most {
            self.from = self.to.wrapping_sub(most);
        }
    }

    /// Whether all samples before `end` were decoded.
    pub fn reaches(&self, end: u32) -> bool {
        end.wrapping_sub(self.to).cast_signed() <= 0
    }

    /// Reads from `at` on what was decoded; the rest of `linear` stays as it is.
    pub fn read(&self, at: u32, linear: &mut [i16]) {
        let there = self.to.wrapping_sub(at) as usize;
        for (n, sample) in linear.iter_mut().enumerate().take(there) {
            *sample = self.kept[at.wrapping_add(n as u32) as usize % KEPT];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decoded_is_read_from_anywhere_until_it_is_forgotten() {
        let mut ahead = Ahead::new();
        assert!(!ahead.covers(0));
        ahead.begin(1_000);
        assert!(ahead.covers(1_000) && !ahead.covers(1_001) && !ahead.covers(999));
        let sound: Vec<i16> = (0..8_000).collect();
        ahead.push(&sound[..960]);
        let mut linear = [0; 100];
        ahead.read(1_500, &mut linear);
        assert_eq!(linear[..], sound[500..600]);
        ahead.push(&sound[960..8_000]);
        assert!(!ahead.covers(1_000) && ahead.covers(8_999) && ahead.to() == 9_000);
        ahead.read(8_950, &mut linear);
        assert_eq!(
            (linear[..50].to_vec(), linear[50]),
            (sound[7_950..].to_vec(), 550)
        );
    }
}
