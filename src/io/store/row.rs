//! A room as the database keeps it, read back with care: what no version of the program wrote is refused, not guessed.

use super::seal::{Kind, Seal};
use super::{FORMER_PIN_DAYS, StoreError};
use crate::ids::{Language, RoomNumber};
use crate::number::PhoneNumber;
use crate::room::Booking;

/// The columns that a [`Row`] is read from.
pub(super) const COLUMNS: &str = "number, direct, name, pin, leader_pin, former_pin, pin_changed_day, seats, language, created, \
                                  expires, echo";

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    number: i64,
    direct: Option<String>,
    name: Option<String>,
    pin: Option<Vec<u8>>,
    leader_pin: Option<Vec<u8>>,
    former_pin: Option<Vec<u8>>,
    pub(super) pin_changed_day: Option<i64>,
    seats: i64,
    language: String,
    created: i64,
    expires: Option<i64>,
    echo: i64,
}

impl Row {
    /// The booking, its PINs unsealed. A former PIN is there as long as `today` (days since 1970) is near its change.
    pub(super) fn booking(self, seal: &Seal, today: i64) -> Result<Booking, StoreError> {
        let damaged = |column| StoreError::Damaged {
            room: self.number,
            column,
        };
        let number = RoomNumber::parse(&self.number.to_string()).ok_or_else(|| damaged("number"))?;
        let seats = u32::try_from(self.seats).map_err(|_| damaged("seats"))?;
        let language = Language::from_code(&self.language).ok_or_else(|| damaged("language"))?;
        let echo = match self.echo {
            0 => false,
            1 => true,
            _ => return Err(damaged("echo")),
        };
        let direct = self
            .direct
            .as_deref()
            .map(|written| PhoneNumber::parse(written).ok_or_else(|| damaged("direct")));
        let open = |kind, sealed: &Option<Vec<u8>>| seal.open(number, kind, sealed.as_deref());
        let recent = self
            .pin_changed_day
            .is_some_and(|day| day.saturating_add(FORMER_PIN_DAYS) >= today);
        Ok(Booking {
            number,
            direct: direct.transpose()?,
            pin: open(Kind::Member, &self.pin)?,
            leader_pin: open(Kind::Leader, &self.leader_pin)?,
            former_pin: open(Kind::Former, &self.former_pin)?.filter(|_| recent),
            name: self.name,
            seats,
            language,
            echo,
            created: self.created,
            expires: self.expires,
        })
    }
}
