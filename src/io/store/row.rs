//! A room as the database keeps it, read back with care: what no version of the program wrote is refused, not guessed.

use super::StoreError;
use super::seal::Seal;
use crate::ids::{Language, RoomNumber};
use crate::room::Booking;

/// The columns that a [`Row`] is read from.
pub(super) const COLUMNS: &str = "number, name, pin, seats, language, created, expires";

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    number: i64,
    name: Option<String>,
    pin: Option<Vec<u8>>,
    seats: i64,
    language: String,
    created: i64,
    expires: Option<i64>,
}

impl Row {
    /// The booking, its PIN unsealed.
    pub(super) fn booking(self, seal: &Seal) -> Result<Booking, StoreError> {
        let damaged = |column| StoreError::Damaged {
            room: self.number,
            column,
        };
        let number = RoomNumber::parse(&self.number.to_string()).ok_or_else(|| damaged("number"))?;
        let seats = u32::try_from(self.seats).map_err(|_| damaged("seats"))?;
        let language = Language::from_code(&self.language).ok_or_else(|| damaged("language"))?;
        let pin = self
            .pin
            .as_deref()
            .map(|sealed| seal.open(number, sealed))
            .transpose()?;
        let Row {
            name,
            created,
            expires,
            ..
        } = self;
        Ok(Booking {
            number,
            name,
            pin,
            seats,
            language,
            created,
            expires,
        })
    }
}
