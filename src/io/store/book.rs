//! Booking a room: one transaction in which number and PIN are drawn.

use super::draw::{self, Below};
use super::seal::Seal;
use super::{DAY_S, IMMEDIATE, NAME_CHARS_MAX, RETIRED_DAYS, ROOMS_MAX, StoreError};
use crate::config::SEATS_MAX;
use crate::ids::{Language, RoomNumber};
use crate::room::Booking;
use crate::secret::Pin;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

/// What an organiser asks for.
#[derive(Clone, Debug)]
pub struct NewBooking {
    /// A label of at most [`NAME_CHARS_MAX`] characters; an empty one is none.
    pub name: Option<String>,
    /// Which PIN.
    pub pin: PinChoice,
    /// 1 to [`SEATS_MAX`].
    pub seats: u32,
    /// In which language the members are spoken to.
    pub language: Language,
    /// From when on nobody may enter, in seconds since 1970 (UTC).
    pub expires: Option<i64>,
}

/// How a new room comes to its PIN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PinChoice {
    /// Drawn by lot, six digits.
    #[default]
    Drawn,
    /// No PIN: the room number opens the room.
    Without,
    /// The organiser's own.
    Chosen(Pin),
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
    if !(1..=SEATS_MAX).contains(&new.seats) {
        return Err(StoreError::Seats { seats: new.seats });
    }
    let pin = pin(&new.pin, below)?;
    let mut transaction = pool.begin_with(IMMEDIATE).await?;
    make_room(&mut transaction, now).await?;
    for _ in 0..TRIES_MAX {
        let number = RoomNumber::nth(below(RoomNumber::COUNT)?).expect("drawn below the count");
        let (pin, name) = (pin.clone(), name.clone());
        let NewBooking {
            seats,
            language,
            expires,
            ..
        } = *new;
        let booking = Booking {
            number,
            name,
            pin,
            seats,
            language,
            created: now,
            expires,
        };
        if insert(&mut transaction, seal, &booking).await? {
            transaction.commit().await?;
            return Ok(booking);
        }
    }
    Err(StoreError::Full)
}

fn checked_name(name: Option<&str>) -> Result<Option<String>, StoreError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    match name {
        Some(name) if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) => {
            Err(StoreError::Name)
        }
        name => Ok(name.map(str::to_owned)),
    }
}

fn pin(choice: &PinChoice, below: &mut Below<'_>) -> Result<Option<Pin>, StoreError> {
    match choice {
        PinChoice::Drawn => draw::pin(below).map(Some),
        PinChoice::Without => Ok(None),
        PinChoice::Chosen(pin) if draw::is_weak(pin) => Err(StoreError::WeakPin),
        PinChoice::Chosen(pin) => Ok(Some(pin.clone())),
    }
}

/// Forgets numbers that were retired long enough, and refuses when all rooms are taken.
async fn make_room(connection: &mut SqliteConnection, now: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM retired_numbers WHERE cancelled_day + $1 < $2")
        .bind(RETIRED_DAYS)
        .bind(now / DAY_S)
        .execute(&mut *connection)
        .await?;
    let rooms: i64 = sqlx::query_scalar("SELECT count(*) FROM rooms")
        .fetch_one(connection)
        .await?;
    if rooms >= i64::from(ROOMS_MAX) {
        Err(StoreError::Full)
    } else {
        Ok(())
    }
}

/// `false` if the number is taken or retired.
async fn insert(
    connection: &mut SqliteConnection,
    seal: &Seal,
    booking: &Booking,
) -> Result<bool, StoreError> {
    let sealed = booking
        .pin
        .as_ref()
        .map(|pin| seal.close(booking.number, pin))
        .transpose()?;
    let inserted = sqlx::query(
        "INSERT INTO rooms (number, name, pin, seats, language, created, expires) \
         SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT 1 FROM retired_numbers WHERE number = $1) \
         ON CONFLICT (number) DO NOTHING",
    )
    .bind(i64::from(booking.number.get()))
    .bind(&booking.name)
    .bind(sealed)
    .bind(i64::from(booking.seats))
    .bind(booking.language.code())
    .bind(booking.created)
    .bind(booking.expires)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
