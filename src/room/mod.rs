//! Owns the conference rules: what a room is, who may enter it, who is in it. Pure: reads no clock, knows neither SIP
//! nor the reception's dialogue nor audio.

mod booking;
mod rooms;

pub use booking::Booking;
pub use rooms::{Entry, Left, Rooms};
