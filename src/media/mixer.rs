//! Mix-minus: everybody hears the exact sum of all others. The sum is 32 bit and is limited once, at the end: to cut it
//! before a listener's own part is taken out would leave that listener a rest of himself.

use crate::units::{FRAME, WIDE};

/// The sum of a room, or of a room without one of its legs.
pub type Sum = [i32; FRAME];
/// The same at 16 kHz.
pub type WideSum = [i32; WIDE];

/// Adds a talker.
pub fn add<const N: usize>(sum: &mut [i32; N], talker: &[i16; N]) {
    sum.iter_mut()
        .zip(talker)
        .for_each(|(total, &own)| *total += i32::from(own));
}

/// The sum without `own`.
pub fn minus<const N: usize>(sum: &[i32; N], own: &[i16; N]) -> [i32; N] {
    std::array::from_fn(|i| sum[i] - i32::from(own[i]))
}

/// The largest sample.
pub fn peak<const N: usize>(mix: &[i32; N]) -> i32 {
    mix.iter().map(|value| value.abs()).max().unwrap_or(0)
}
