//! Owns G.722 at a caller's telephone: what it says is coded, what it hears is taken down to 8 kHz. Must never share more with the
//! bridge than the crate.

use super::tones;
use crate::units::{FRAME, WIDE};
use ezk_g722::libg722::{Bitrate, decoder, encoder};
use std::sync::OnceLock;

/// The payload type (RFC 3551 §6).
pub const PAYLOAD_TYPE: u8 = 9;

/// What is said goes through this, frame after frame.
pub struct Encoder(encoder::Encoder);

/// What is heard goes through this.
pub struct Decoder(decoder::Decoder);

impl Encoder {
    pub fn new() -> Encoder {
        Encoder(encoder::Encoder::new(Bitrate::Mode1_64000, false, false))
    }

    /// The next frame: a tone, or silence.
    pub fn say(&mut self, tone: Option<usize>) -> Vec<u8> {
        const SILENCE: &[i16; WIDE] = &[0; WIDE];
        let sound = tone.map_or(SILENCE, tones::wide);
        self.0.encode(sound)
    }
}

impl Decoder {
    pub fn new() -> Decoder {
        Decoder(decoder::Decoder::new(Bitrate::Mode1_64000, false, false))
    }

    /// The next frame; of two samples one is made.
    pub fn hear(&mut self, coded: &[u8]) -> [i16; FRAME] {
        let sound = self.0.decode(coded);
        let (pairs, _) = sound.as_chunks::<2>();
        let halved = |at: usize| pairs.get(at).map_or(0, |[one, other]| one.midpoint(*other));
        std::array::from_fn(halved)
    }
}

/// A frame in which a stranger speaks.
pub fn spoken_by_a_stranger() -> &'static [u8] {
    static CODED: OnceLock<Vec<u8>> = OnceLock::new();
    CODED.get_or_init(|| {
        let mut encoder = Encoder::new();
        encoder.say(Some(tones::STRANGER));
        encoder.say(Some(tones::STRANGER))
    })
}
