//! G.711 (ITU-T G.711) by whole frames. The tables are `audio-codec-algorithms`'.

use super::Frame;
use crate::media_api::Law;
use crate::units::FRAME;
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

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
            .for_each(|(code, &sample)| *code = encode_alaw(sample)),
        Law::Mu => coded
            .iter_mut()
            .zip(linear)
            .for_each(|(code, &sample)| *code = encode_ulaw(sample)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
