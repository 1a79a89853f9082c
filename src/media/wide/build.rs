//! Builds what a line of 16 kHz needs, on the control side: the only place here that allocates. Must never be called by the tick.

use super::super::echo;
use super::super::playout::{Playout, Scale};
use super::super::resample::{self, Down, Up};
use super::{Encoder, Shelf, Wide, g722, opus};
use crate::media_api::Codec;
use crate::units::WIDE;

impl Wide {
    /// The coders for a codec; none for one of the telephone band, which needs none.
    pub fn new(codec: Codec) -> Option<Box<Wide>> {
        resample::prepare();
        let (shelf, scale, encoder) = match codec {
            Codec::G711(_) => return None,
            Codec::G722 => (
                Shelf::G722(Box::new(g722::G722::new())),
                Scale::Two,
                Encoder::G722(Box::new(g722::Encoder::new())),
            ),
            Codec::Opus(spec) => (
                Shelf::Opus(Box::new(opus::Opus::new())),
                Scale::Third,
                Encoder::Opus(opus::Encoder::new(spec)),
            ),
        };
        Some(Box::new(Wide {
            codec,
            playout: Playout::new(shelf, scale),
            encoder,
            heard: [0; WIDE],
            up: Up::default(),
            down: Down::default(),
            bands: echo::bands(),
            listened: 0,
        }))
    }
}
