//! Owns a telephone that returns what it hears, as a loudspeaker beside a microphone does: later, and through the room. Pure.

use super::ear::Ear;
use crate::units::{FRAME, SAMPLE_RATE};
use std::sync::Arc;
use std::time::Duration;

/// From hearing to sending at least: what is due must have come.
const LATE_LEAST: usize = 2 * FRAME;

/// What a caller sends back of what it hears.
#[derive(Clone, Debug, PartialEq)]
pub struct Returning {
    /// The impulse response of the way back.
    taps: Arc<[f32]>,
    /// Where in the record the next frame begins.
    at: usize,
}

impl Returning {
    /// Returns what `ear` hears from now on, `late` after it was heard (40 ms at least), through these taps.
    pub fn new(ear: &Ear, taps: Arc<[f32]>, late: Duration) -> Returning {
        let late = (late.as_secs_f64() * f64::from(SAMPLE_RATE)) as usize;
        Returning {
            taps,
            at: ear.position().saturating_sub(late.max(LATE_LEAST)),
        }
    }

    /// Returns by another way from now on, as late as before.
    pub fn change(&mut self, taps: Arc<[f32]>) {
        self.taps = taps;
    }

    /// The next frame that is returned. What has not come is silence.
    pub fn next_frame(&mut self, ear: &Ear) -> [i16; FRAME] {
        let before = self.taps.len().saturating_sub(1);
        let record = ear.since(0);
        let place = |nth: usize| (self.at + nth).checked_sub(before);
        let sample = |nth| place(nth).and_then(|at| record.get(at)).copied().unwrap_or(0);
        let heard: Vec<f32> = (0..before + FRAME).map(|nth| f32::from(sample(nth))).collect();
        let frame = std::array::from_fn(|nth| {
            let back = heard[nth..=nth + before].iter().rev();
            let sum: f32 = back.zip(self.taps.iter()).map(|(sample, tap)| sample * tap).sum();
            sum.round().clamp(-32_768.0, 32_767.0) as i16
        });
        self.at += FRAME;
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_api::Law;
    use audio_codec_algorithms::encode_alaw;

    #[test]
    fn what_is_heard_comes_back_late_and_filtered_and_silence_before_it_has_come() {
        let mut ear = Ear::default();
        let mut hear = |nth: u32, value: i16| {
            let mut payload = [encode_alaw(0); FRAME];
            payload[10] = encode_alaw(value);
            let at = crate::units::Time::from_millis(u64::from(nth) * 20);
            ear.hear(at, 7, nth * FRAME as u32, Law::A, &payload)
        };
        assert!(hear(0, 8_000) && hear(1, -8_000) && hear(2, 8_000));
        let mut taps = [0.0; 200];
        (taps[0], taps[199]) = (0.5, 0.25);
        let mut returning = Returning::new(&ear, taps.into(), Duration::from_millis(60));
        // A-law has no zero, silence is 8: hundreds are looked at.
        let large = |frame: [i16; FRAME]| -> Vec<(usize, i16)> {
            let hundreds = frame.map(|sample| sample / 100).into_iter().enumerate();
            hundreds.filter(|(_, hundreds)| *hundreds != 0).collect()
        };
        let [first, second, third, fourth] = std::array::from_fn(|_| large(returning.next_frame(&ear)));
        assert_eq!(first, [(10, 40)]);
        assert_eq!(second, [(10, -40), (49, 20)], "the second is what came late");
        assert_eq!(third, [(10, 40), (49, -20)]);
        assert_eq!(
            fourth,
            [(49, 20)],
            "only the late tap still has something to return"
        );
    }
}
