//! Owns what a caller sends when it presses no key: silence, its tone, a sentence, a burst. Pure.

use super::tones::Tone;
use crate::units::{FRAME, SAMPLE_RATE};
use std::f64::consts::TAU;
use std::sync::Arc;

/// Frequency and level of a burst: loud, at full level from its first sample, one frame long.
const BURST: Tone = Tone {
    hz: 1_000.0,
    dbfs: -10.0,
};
/// From which sample value on a burst is heard (−25 dB): no telephone noise comes near.
pub const BURST_HEARD: i16 = 1_843;

/// What a caller sends.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Voice {
    /// Nothing audible.
    #[default]
    Silent,
    /// A steady tone.
    Tone(Tone),
    /// A recording, then silence; `spoken` samples of it were sent.
    Sentence { samples: Arc<[i16]>, spoken: usize },
    /// One loud frame, then silence.
    Burst,
}

impl Voice {
    /// A recording from its begin.
    pub fn sentence(samples: Arc<[i16]>) -> Voice {
        Voice::Sentence { samples, spoken: 0 }
    }

    /// The frame that begins at sample `position` of the line, and the voice goes on.
    pub fn next_frame(&mut self, position: u64) -> [i16; FRAME] {
        let mut frame = [0; FRAME];
        match self {
            Voice::Silent => {}
            Voice::Tone(tone) => fill(&mut frame, *tone, position, 0.0),
            Voice::Burst => {
                fill(&mut frame, BURST, 0, TAU / 4.0);
                *self = Voice::Silent;
            }
            Voice::Sentence { samples, spoken } => {
                let rest = &samples[(*spoken).min(samples.len())..];
                let length = rest.len().min(FRAME);
                frame[..length].copy_from_slice(&rest[..length]);
                *spoken += FRAME;
                if length < FRAME {
                    *self = Voice::Silent;
                }
            }
        }
        frame
    }
}

fn fill(frame: &mut [i16; FRAME], tone: Tone, position: u64, phase: f64) {
    let amplitude = 32_768.0 * 10f64.powf(tone.dbfs / 20.0);
    let step = TAU * tone.hz / f64::from(SAMPLE_RATE);
    for (sample, place) in frame.iter_mut().zip(position..) {
        *sample = (amplitude * (step * place as f64 + phase).sin()).round() as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::measure::level_dbfs;

    #[test]
    fn a_tone_runs_through_frame_edges_without_a_click() {
        let tone = Tone {
            hz: 1140.57,
            dbfs: -26.0,
        };
        let mut voice = Voice::Tone(tone);
        let sent: Vec<i16> = (0..100)
            .flat_map(|n| voice.next_frame(n * FRAME as u64))
            .collect();
        assert!((level_dbfs(&sent, tone.hz) + 26.0).abs() < 0.05);
        assert!(level_dbfs(&sent, 1190.57) < -90.0);
    }

    #[test]
    fn a_burst_is_loud_from_its_first_sample_and_one_frame_long() {
        let mut voice = Voice::Burst;
        assert!(voice.next_frame(0)[0] > BURST_HEARD);
        assert_eq!(voice.next_frame(FRAME as u64), [0; FRAME]);
    }

    #[test]
    fn a_sentence_is_sent_once_and_whole() {
        let mut voice = Voice::sentence((0..200).collect());
        assert_eq!(voice.next_frame(0)[159], 159);
        let second = voice.next_frame(FRAME as u64);
        assert_eq!((second[39], second[40]), (199, 0));
        assert_eq!(voice, Voice::Silent);
    }
}
