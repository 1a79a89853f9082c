//! G.711 (ITU-T G.711) by whole frames. Decoding is by the tables of `audio-codec-algorithms`. Encoding is our own: that crate
//! looks for each sample's segment by itself, and was half of a tick; here a float's exponent is the segment and the first four
//! bits of its mantissa are the step, which the compiler does for several samples at once.

use super::Frame;
use crate::media_api::Law;
use crate::units::FRAME;
use audio_codec_algorithms::{decode_alaw, decode_ulaw};

/// One frame as it travels: one byte a sample.
pub type Coded = [u8; FRAME];

/// Decodes as many samples as there are of both.
pub fn decode(law: Law, coded: &[u8], linear: &mut [i16]) {
    match law {
        Law::A => linear
            .iter_mut()
            .zip(coded)
            .for_each(|(sample, &code)| *sample = decode_alaw(code)),
        Law::Mu => linear
            .iter_mut()
            .zip(coded)
            .for_each(|(sample, &code)| *sample = decode_ulaw(code)),
    }
}

/// Encodes a frame.
pub fn encode(law: Law, linear: &Frame, coded: &mut Coded) {
    match law {
        Law::A => coded
            .iter_mut()
            .zip(linear)
            .for_each(|(code, &sample)| *code = encode_a(sample)),
        Law::Mu => coded
            .iter_mut()
            .zip(linear)
            .for_each(|(code, &sample)| *code = encode_mu(sample)),
    }
}

/// Segment and step of a whole number below 2²⁴: its binary exponent, where `zeroth` stands for segment 0, and the four bits
/// below its leading one.
fn logarithm(value: i32, zeroth: i32) -> i32 {
    ((value as f32).to_bits() >> 19) as i32 - ((127 + zeroth) << 4)
}

/// The sign as all bits of a number, and the magnitude: of −1 it is 0, as in the recommendation's tables.
fn apart(sample: i16) -> (i32, i32) {
    let sign = i32::from(sample) >> 31;
    (sign, i32::from(sample) ^ sign)
}

/// A-law (table 1a): 12 bits of magnitude; below 32 the steps are even. Every second bit is turned over.
fn encode_a(sample: i16) -> u8 {
    let (sign, magnitude) = apart(sample);
    let magnitude = magnitude >> 3;
    let code = if magnitude < 32 {
        magnitude >> 1
    } else {
        logarithm(magnitude, 4)
    };
    (code | (sign & 0x80)) as u8 ^ 0xd5
}

/// µ-law (table 2a): 13 bits of magnitude and a bias of 33, so that all segments are alike. All bits are turned over.
fn encode_mu(sample: i16) -> u8 {
    let (sign, magnitude) = apart(sample);
    let code = logarithm((magnitude >> 2) + 33, 5).min(0x7f);
    !((code | (sign & 0x80)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio_codec_algorithms::{encode_alaw, encode_ulaw};

    #[test]
    fn every_sample_is_encoded_as_the_recommendation_says() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(encode_a(sample), encode_alaw(sample), "A-law of {sample}");
            assert_eq!(encode_mu(sample), encode_ulaw(sample), "µ-law of {sample}");
        }
    }

    #[test]
    fn what_was_decoded_encodes_to_the_same_sound() {
        for law in [Law::A, Law::Mu] {
            let mut linear = [0; FRAME];
            let mut again = [0; FRAME];
            for first in (0..=255u8).step_by(FRAME / 2) {
                let coded: Coded = std::array::from_fn(|i| first.wrapping_add(i as u8));
                let mut recoded = [0; FRAME];
                decode(law, &coded, &mut linear);
                encode(law, &linear, &mut recoded);
                decode(law, &recoded, &mut again);
                assert_eq!(linear, again, "{law:?}");
                let same = coded.iter().zip(&recoded).filter(|(a, b)| a != b).count();
                assert!(same <= 1, "only µ-law's second zero may change, {same} codes did");
            }
        }
    }
}
