//! Whole calls through the pure cores, the real tick included, in a time that only passes when it is told to.

mod by_tones;
mod dead_calls;
mod direct;
mod echo;
mod in_the_room;
mod one_way;
mod telephone;
mod tones;
mod whole_calls;
mod world;
