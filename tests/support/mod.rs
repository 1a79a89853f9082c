//! What the stories share: a world in which whole calls run through the pure cores with invented time.

pub mod telephone;
pub mod tones;
pub mod world;
