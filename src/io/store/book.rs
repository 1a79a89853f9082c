//! Booking a room: one transaction in which number and PIN are drawn.

use super::draw::Below;
use super::pins::{PinChoice, Pins};
use super::seal::{Kind, Seal};
use super::{DAY_S, FORMER_PIN_DAYS, IMMEDIATE, NAME_CHARS_MAX, RETIRED_DAYS, ROOMS_MAX, StoreError};
use crate::config::SEATS_MAX;
use crate::ids::{Language, RoomNumber};
use crate::number::PhoneNumber;
use crate::room::Booking;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

/// What an organiser asks for.
#[derive(Clone, Debug)]
pub struct NewBooking {
    /// A telephone number of the room's own, which no other room may have.
    pub direct: Option<PhoneNumber>,
    /// A label of at most [`NAME_CHARS_MAX`] characters; an empty one is none.
    pub name: Option<String>,
    /// The members' PIN.
    pub pin: PinChoice,
    /// The leader PIN.
    pub leader_pin: PinChoice,
    /// 1 to [`SEATS_MAX`].
    pub seats: u32,
    /// In which language the members are spoken to.
    pub language: Language,
    /// Whether echoes are taken out in it.
    pub echo: bool,
    /// From when on nobody may enter, in seconds since 1970 (UTC).
    pub expires: Option<i64>,
}

/// With at most one number in a hundred booked, and as many retired, a hundred clashes in a row do not happen.
const TRIES_MAX: u32 = 100;

pub(super) async fn book(
    pool: &SqlitePool,
    seal: &Seal,
    new: &NewBooking,
    now: i64,
    below: &mut Below<'_>,
) -> Result<Booking, StoreError> {
    let name = checked_name(new.name.as_deref())?;
    let seats = checked_seats(new.seats)?;
    let pins = Pins::default().changed(Some(&new.pin), Some(&new.leader_pin), below)?;
    let mut transaction = pool.begin_with(IMMEDIATE).await?;
    forget(&mut transaction, now).await?;
    refuse_if_full(&mut transaction).await?;
    for _ in 0..TRIES_MAX {
        let number = RoomNumber::nth(below(RoomNumber::COUNT)?).expect("drawn below the count");
        let Pins {
            member,
            leader,
            former,
        } = pins.clone();
        let booking = Booking {
            number,
            direct: new.direct.clone(),
            name: name.clone(),
            pin: member,
            leader_pin: leader,
            former_pin: former,
            seats,
            language: new.language,
            echo: new.echo,
            created: now,
            expires: new.expires,
        };
        if insert(&mut transaction, seal, &booking).await? {
            transaction.commit().await?;
            return Ok(booking);
        }
    }
    Err(StoreError::Full)
}

pub(super) fn checked_name(name: Option<&str>) -> Result<Option<String>, StoreError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    match name {
        Some(name) if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) => {
            Err(StoreError::Name)
        }
        name => Ok(name.map(str::to_owned)),
    }
}

pub(super) fn checked_seats(seats: u32) -> Result<u32, StoreError> {
    let possible = (1..=SEATS_MAX).contains(&seats);
    possible.then_some(seats).ok_or(StoreError::Seats { seats })
}

/// Forgets numbers that were retired long enough, and PINs that were changed long enough ago.
pub(super) async fn forget(connection: &mut SqliteConnection, now: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM retired_numbers WHERE cancelled_day + $1 < $2")
        .bind(RETIRED_DAYS)
        .bind(now / DAY_S)
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE rooms SET former_pin = NULL, pin_changed_day = NULL WHERE pin_changed_day + $1 < $2")
        .bind(FORMER_PIN_DAYS)
        .bind(now / DAY_S)
        .execute(connection)
        .await?;
    Ok(())
}

/// Refuses when all rooms are taken.
async fn refuse_if_full(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let rooms: i64 = sqlx::query_scalar("SELECT count(*) FROM rooms")
        .fetch_one(connection)
        .await?;
    if rooms >= i64::from(ROOMS_MAX) {
        Err(StoreError::Full)
    } else {
        Ok(())
    }
}

/// A number of its own that another room has is told as such.
pub(super) fn taken(error: sqlx::Error) -> StoreError {
    let is_taken = error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation());
    if is_taken {
        StoreError::DirectTaken
    } else {
        error.into()
    }
}

/// `false` if the number is taken or retired.
async fn insert(
    connection: &mut SqliteConnection,
    seal: &Seal,
    booking: &Booking,
) -> Result<bool, StoreError> {
    let close = |kind, pin: &Option<_>| seal.close(booking.number, kind, pin.as_ref());
    let inserted = sqlx::query(
        "INSERT INTO rooms (number, name, pin, leader_pin, seats, language, created, expires, direct, echo) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE NOT EXISTS (SELECT 1 FROM retired_numbers WHERE number = $1) \
         ON CONFLICT (number) DO NOTHING",
    )
    .bind(i64::from(booking.number.get()))
    .bind(&booking.name)
    .bind(close(Kind::Member, &booking.pin)?)
    .bind(close(Kind::Leader, &booking.leader_pin)?)
    .bind(i64::from(booking.seats))
    .bind(booking.language.code())
    .bind(booking.created)
    .bind(booking.expires)
    .bind(booking.direct.as_ref().map(PhoneNumber::international))
    .bind(i64::from(booking.echo))
    .execute(connection)
    .await
    .map_err(taken)?;
    Ok(inserted.rows_affected() == 1)
}
