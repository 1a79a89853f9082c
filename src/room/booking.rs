//! A room as it was booked: permanent until its organiser changes or cancels it, or until it expires.

use crate::ids::{Language, RoomNumber};
use crate::secret::Pin;

/// Most members a room can be booked for.
pub const SEATS_MAX: u32 = 2_000;
/// Members a room is booked for unless the organiser says otherwise.
pub const SEATS_DEFAULT: u32 = 20;
/// Most characters of a room's name.
pub const NAME_CHARS_MAX: usize = 60;

/// A booked room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// What callers key.
    pub number: RoomNumber,
    /// The organiser's own label; never spoken.
    pub name: Option<String>,
    /// The members' PIN, if the room has one.
    pub pin: Option<Pin>,
    /// How many may be in it at once.
    pub seats: u32,
    /// In which language its members are spoken to.
    pub language: Language,
    /// When it was booked, in seconds since 1970 (UTC).
    pub created: i64,
    /// From when on nobody may enter, in seconds since 1970 (UTC).
    pub expires: Option<i64>,
}
