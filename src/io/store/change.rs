//! Changing a room that is booked: one transaction, so that two organisers do not undo one another's change.

use super::book::{checked_name, checked_seats, forget, taken};
use super::draw::Below;
use super::pins::{PinChoice, Pins};
use super::row::{COLUMNS, Row};
use super::seal::{Kind, Seal};
use super::{DAY_S, IMMEDIATE, StoreError};
use crate::ids::{Language, RoomNumber};
use crate::number::PhoneNumber;
use crate::room::Booking;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

/// What an organiser wants changed; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Another telephone number of its own; `Some(None)` for none.
    pub direct: Option<Option<PhoneNumber>>,
    /// Another label; an empty one is none.
    pub name: Option<String>,
    /// The members' PIN. The one before becomes the former PIN.
    pub pin: Option<PinChoice>,
    /// The leader PIN.
    pub leader_pin: Option<PinChoice>,
    /// 1 to [`crate::config::SEATS_MAX`].
    pub seats: Option<u32>,
    /// In which language the members are spoken to.
    pub language: Option<Language>,
    /// Whether echoes are taken out in it.
    pub echo: Option<bool>,
    /// From when on nobody may enter, in seconds since 1970 (UTC); `Some(None)` for never.
    pub expires: Option<Option<i64>>,
}

pub(super) async fn change(
    pool: &SqlitePool,
    seal: &Seal,
    number: RoomNumber,
    change: &Change,
    now: i64,
    below: &mut Below<'_>,
) -> Result<Option<Booking>, StoreError> {
    let today = now / DAY_S;
    let mut transaction = pool.begin_with(IMMEDIATE).await?;
    forget(&mut transaction, now).await?;
    let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM rooms WHERE number = $1"));
    let row: Option<Row> = sqlx::query_as(sql)
        .bind(i64::from(number.get()))
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let changed_day = row.pin_changed_day;
    let old = row.booking(seal, today)?;
    let new = changed(&old, change, below)?;
    let changed_day = if change.pin.is_some() {
        Some(today)
    } else {
        changed_day
    };
    write(&mut transaction, seal, &new, changed_day).await?;
    transaction.commit().await?;
    Ok(Some(new))
}

fn changed(old: &Booking, change: &Change, below: &mut Below<'_>) -> Result<Booking, StoreError> {
    let name = match &change.name {
        Some(name) => checked_name(Some(name))?,
        None => old.name.clone(),
    };
    let pins = Pins::of(old).changed(change.pin.as_ref(), change.leader_pin.as_ref(), below)?;
    Ok(Booking {
        number: old.number,
        direct: change.direct.clone().unwrap_or_else(|| old.direct.clone()),
        name,
        pin: pins.member,
        leader_pin: pins.leader,
        former_pin: pins.former,
        seats: checked_seats(change.seats.unwrap_or(old.seats))?,
        language: change.language.unwrap_or(old.language),
        echo: change.echo.unwrap_or(old.echo),
        created: old.created,
        expires: change.expires.unwrap_or(old.expires),
    })
}

async fn write(
    connection: &mut SqliteConnection,
    seal: &Seal,
    booking: &Booking,
    changed_day: Option<i64>,
) -> Result<(), StoreError> {
    let close = |kind, pin: &Option<_>| seal.close(booking.number, kind, pin.as_ref());
    sqlx::query(
        "UPDATE rooms SET name = $2, pin = $3, leader_pin = $4, former_pin = $5, pin_changed_day = $6, seats = $7, \
         language = $8, expires = $9, direct = $10, echo = $11 WHERE number = $1",
    )
    .bind(i64::from(booking.number.get()))
    .bind(&booking.name)
    .bind(close(Kind::Member, &booking.pin)?)
    .bind(close(Kind::Leader, &booking.leader_pin)?)
    .bind(close(Kind::Former, &booking.former_pin)?)
    .bind(changed_day)
    .bind(i64::from(booking.seats))
    .bind(booking.language.code())
    .bind(booking.expires)
    .bind(booking.direct.as_ref().map(PhoneNumber::international))
    .bind(i64::from(booking.echo))
    .execute(connection)
    .await
    .map_err(taken)?;
    Ok(())
}
