//! A room as it was booked: permanent until its organiser changes or cancels it, or until it expires.

use crate::ids::{Language, RoomNumber};
use crate::number::PhoneNumber;
use crate::secret::Pin;

/// A booked room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// What callers key.
    pub number: RoomNumber,
    /// A telephone number of its own: who dials it keys no room number.
    pub direct: Option<PhoneNumber>,
    /// The organiser's own label; never spoken.
    pub name: Option<String>,
    /// The members' PIN, if the room has one.
    pub pin: Option<Pin>,
    /// The leader PIN, if the room has one; then it has a members' PIN too.
    pub leader_pin: Option<Pin>,
    /// The members' PIN before the last change, as long as a caller who keys it is to hear of the change.
    pub former_pin: Option<Pin>,
    /// How many may be in it at once.
    pub seats: u32,
    /// In which language its members are spoken to.
    pub language: Language,
    /// Whether echoes are taken out in it.
    pub echo: bool,
    /// When it was booked, in seconds since 1970 (UTC).
    pub created: i64,
    /// From when on nobody may enter, in seconds since 1970 (UTC).
    pub expires: Option<i64>,
}
