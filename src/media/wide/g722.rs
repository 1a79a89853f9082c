//! G.722 at 64 kbit/s (ITU-T G.722, mode 1) by cells. The coder is `ezk-g722`'s port of SpanDSP's; it allocates what it returns.

use super::ahead::Ahead;
use super::{CELL, Wideband};
use crate::media::cells::{CELL_BYTES, PLACES, Piece, Store, place};
use ezk_g722::libg722::{Bitrate, decoder, encoder};
use std::fmt;

/// What a peer's voice is kept in until it is played.
pub struct G722 {
    coded: [[u8; CELL_BYTES]; PLACES],
    decoder: decoder::Decoder,
    ahead: Ahead,
}

/// What the bridge says is encoded by this.
pub struct Encoder(encoder::Encoder);

impl G722 {
    /// Keeps nothing yet.
    pub fn new() -> G722 {
        G722 {
            coded: [[0; CELL_BYTES]; PLACES],
            decoder: decoder::Decoder::new(Bitrate::Mode1_64000, false, false),
            ahead: Ahead::new(),
        }
    }
}

impl fmt::Debug for G722 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("G722").finish_non_exhaustive()
    }
}

impl Store<CELL> for G722 {
    type Kind = ();

    fn cells(&self, payload: &[u8]) -> Option<usize> {
        let (cells, rest) = payload.as_chunks::<CELL_BYTES>();
        rest.is_empty().then_some(cells.len())
    }

    fn keep(&mut self, at: u32, piece: Piece<'_, ()>) {
        if let Some(coded) = piece.payload.as_chunks::<CELL_BYTES>().0.get(piece.nth) {
            self.coded[place::<CELL>(at)] = *coded;
        }
    }

    fn read(&mut self, at: u32, linear: &mut [i16]) {
        if !self.ahead.covers(at) {
            self.ahead.begin(at - at % CELL as u32);
        }
        while !self.ahead.reaches(at.wrapping_add(linear.len() as u32)) {
            let coded = &self.coded[place::<CELL>(self.ahead.to())];
            let mut cell = [0; CELL];
            let decoded = self.decoder.decode(coded);
            cell.iter_mut().zip(decoded).for_each(|(to, from)| *to = from);
            self.ahead.push(&cell);
        }
        self.ahead.read(at, linear);
    }

    fn cut(&mut self) {
        self.ahead.clear();
    }
}

impl Encoder {
    /// An encoder that has said nothing.
    pub fn new() -> Encoder {
        Encoder(encoder::Encoder::new(Bitrate::Mode1_64000, false, false))
    }

    /// Encodes a frame; how many bytes it takes.
    pub fn encode(&mut self, sound: &Wideband, payload: &mut [u8]) -> usize {
        let coded = self.0.encode(sound);
        payload.iter_mut().zip(&coded).for_each(|(to, &from)| *to = from);
        coded.len().min(payload.len())
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}
