//! One limiter a room: it looks at the loudest of all mixes that leave the room, falls at once and rises slowly. While
//! nothing is too loud it does nothing at all, to the bit.

/// Peak that is left alone: full scale, so that one talker alone is never touched however loud the telephone is.
const CEILING: i32 = i16::MAX as i32;
/// How much a gain rises in a frame: back from −12 dB in 0.6 s.
const RISE: f32 = 0.025;
/// The part of a frame over which a gain changes: 4 ms, so that nothing clicks.
const RAMP_PART: usize = 5;

/// A room's limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    before: f32,
    now: f32,
}

impl Limiter {
    /// A limiter that does nothing yet.
    pub fn new() -> Limiter {
        Limiter {
            before: 1.0,
            now: 1.0,
        }
    }

    /// Sets the gain of the coming frame from the largest sample of all its mixes.
    pub fn prepare(&mut self, peak: i32) {
        let needed = if peak > CEILING {
            CEILING as f32 / peak as f32
        } else {
            1.0
        };
        self.before = self.now;
        self.now = needed.min(self.now + RISE).min(1.0);
    }

    /// Whether this frame's gain is not one.
    pub fn is_at_work(&self) -> bool {
        self.now < 1.0 || self.before < 1.0
    }

    /// Brings a mix of 20 ms to 16 bit. What is still too loud while the gain falls is cut.
    pub fn apply<const N: usize>(&self, mix: &[i32; N], out: &mut [i16; N]) {
        if !self.is_at_work() {
            out.iter_mut()
                .zip(mix)
                .for_each(|(sample, &value)| *sample = clamp(value));
            return;
        }
        let ramp = N / RAMP_PART;
        let step = (self.now - self.before) / ramp as f32;
        for (i, (sample, &value)) in out.iter_mut().zip(mix).enumerate() {
            let gain = if i < ramp {
                self.before + step * (i + 1) as f32
            } else {
                self.now
            };
            *sample = clamp((value as f32 * gain) as i32);
        }
    }
}

fn clamp(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::mixer::Sum;
    use crate::units::FRAME;

    #[test]
    fn what_is_not_too_loud_passes_to_the_bit() {
        let mut limiter = Limiter::new();
        let mix: Sum = std::array::from_fn(|i| i as i32 * 180 - 14_000);
        limiter.prepare(CEILING);
        let mut out = [0; FRAME];
        limiter.apply(&mix, &mut out);
        assert!(out.iter().zip(&mix).all(|(&a, &b)| i32::from(a) == b));
    }

    #[test]
    fn a_shout_falls_at_once_and_comes_back_slowly_without_a_jump() {
        let mut limiter = Limiter::new();
        let mut last = None;
        for peak in [60_000, 60_000, 1_000, 1_000, 1_000] {
            limiter.prepare(peak);
            let mut out = [0; FRAME];
            limiter.apply(&[1_000; FRAME], &mut out);
            for &sample in &out {
                let step = last.map_or(0, |before: i16| (sample - before).abs());
                assert!(step <= 20, "the gain jumped by {step} of 1000");
                last = Some(sample);
            }
        }
        assert!((615..625).contains(&last.expect("frames were made")));
        (0..60).for_each(|_| limiter.prepare(1_000));
        assert!(!limiter.is_at_work());
    }
}
