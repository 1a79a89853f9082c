//! Mix-minus: everybody hears the exact sum of all others. The sum is 32 bit and is limited once, at the end: to cut it
//! before a listener's own part is taken out would leave that listener a rest of himself.

use super::Frame;
use crate::units::FRAME;

/// The sum of a room, or of a room without one of its legs.
pub type Sum = [i32; FRAME];

/// Adds a talker.
pub fn add(sum: &mut Sum, talker: &Frame) {
    sum.iter_mut()
        .zip(talker)
        .for_each(|(total, &own)| *total += i32::from(own));
}

/// The sum without `own`.
pub fn minus(sum: &Sum, own: &Frame) -> Sum {
    std::array::from_fn(|i| sum[i] - i32::from(own[i]))
}

/// The largest sample.
pub fn peak(mix: &Sum) -> i32 {
    mix.iter().map(|value| value.abs()).max().unwrap_or(0)
}
