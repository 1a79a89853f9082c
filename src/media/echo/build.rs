//! Builds what is large before it moves to a media thread: the cancellers of a pool, and the tables that all of them share.

use super::Echo;
use super::canceller::Canceller;
use super::pool::Pool;
use super::wide::Bands;
use super::{bank, fft, phases, twoband};

/// A pool of so many cancellers, with places for `places`.
pub fn pool(count: usize, places: usize) -> Pool {
    fft::prepare();
    bank::prepare();
    let mut free = Vec::with_capacity(places.max(count));
    free.extend((0..count).map(|_| Box::new(Canceller::new(1))));
    Pool::new(free)
}

/// What a leg needs to know its echo; `random` is for noise.
pub fn echo(random: u32) -> Box<Echo> {
    fft::prepare();
    phases::prepare();
    Box::new(Echo::new(random))
}

/// What a leg of 16 kHz needs beside that.
pub fn bands() -> Box<Bands> {
    fft::prepare();
    twoband::prepare();
    bank::prepare();
    Box::new(Bands::default())
}
