//! Owns the rooms on disk: a SQLite database and the key file that seals its PINs, side by side in the data folder.
//! Must never hand out an unsealed PIN but inside a [`Booking`], nor keep who called whom: there is no table for it.
//!
//! `serve` and the commands open the same folder at the same time: SQLite in WAL mode arbitrates, so a running bridge
//! sees a booking at once. A booking that was reported is on disk (synchronous FULL): SIGKILL loses none.
//! Nothing here has a deadline of its own but the wait for another writer; the caller sets one.

mod book;
mod change;
mod draw;
mod error;
mod folder;
mod key_file;
mod pins;
mod row;
mod seal;
#[cfg(test)]
mod tests;

pub use book::NewBooking;
pub use change::Change;
pub use error::StoreError;
pub use folder::{DATABASE_FILE, KEY_FILE};
pub use pins::PinChoice;

use crate::ids::RoomNumber;
use crate::number::PhoneNumber;
use crate::room::Booking;
use row::{COLUMNS, Row};
use seal::Seal;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Most booked rooms: one number in a hundred, so that a number dialled at random almost never is a room.
pub const ROOMS_MAX: u32 = RoomNumber::COUNT / 100;
/// Most characters of a room's name.
pub const NAME_CHARS_MAX: usize = 60;
/// For how many days nobody gets the number of a cancelled room.
pub const RETIRED_DAYS: i64 = 90;
/// For how many days a caller who keys the PIN before the last change hears that it has changed.
pub const FORMER_PIN_DAYS: i64 = 90;

const CONNECTIONS_MAX: u32 = 4;
const BUSY_WAIT: Duration = Duration::from_secs(5);
const DAY_S: i64 = 86_400;
const IMMEDIATE: &str = "BEGIN IMMEDIATE";

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// The rooms of one data folder. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    seal: Arc<Seal>,
}

impl Store {
    /// Opens the rooms in `dir`; makes folder, database and key file where they are missing.
    pub async fn open(dir: &Path) -> Result<Store, StoreError> {
        folder::create(dir)?;
        let _turn = folder::take_turn(dir).await?;
        folder::create_database_file(dir)?;
        let pool = connect(dir).await?;
        MIGRATIONS
            .run(&pool)
            .await
            .map_err(|error| migration_error(dir, error))?;
        let sample = sealed_sample(&pool).await?;
        let key = key_file::load_or_create(dir, sample.is_some())?;
        let store = Store {
            pool,
            seal: Arc::new(Seal::new(&key)),
        };
        if let Some(row) = sample {
            row.booking(&store.seal, unix_now() / DAY_S)?;
        }
        Ok(store)
    }

    /// Opens the rooms in `dir` if there are any, so that a mistyped folder is not created.
    pub async fn open_existing(dir: &Path) -> Result<Store, StoreError> {
        if !dir.join(DATABASE_FILE).exists() {
            return Err(StoreError::NothingThere { dir: dir.to_owned() });
        }
        Store::open(dir).await
    }

    /// Books a room. It is on disk when this returns.
    pub async fn book(&self, new: &NewBooking) -> Result<Booking, StoreError> {
        book::book(&self.pool, &self.seal, new, unix_now(), &mut draw::below).await
    }

    /// Every room, the oldest first.
    pub async fn list(&self) -> Result<Vec<Booking>, StoreError> {
        let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM rooms ORDER BY created, number"));
        let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(&self.pool).await?;
        let today = unix_now() / DAY_S;
        rows.into_iter()
            .map(|row| row.booking(&self.seal, today))
            .collect()
    }

    /// The room `number`, if it is booked; an expired one is found too.
    pub async fn find(&self, number: RoomNumber) -> Result<Option<Booking>, StoreError> {
        self.find_at(number, unix_now()).await
    }

    /// The room whose own telephone number is one of these: of the first of them that is one.
    pub async fn find_called(&self, numbers: &[PhoneNumber]) -> Result<Option<Booking>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM rooms WHERE direct = $1");
        for number in numbers {
            let row: Option<Row> = sqlx::query_as(AssertSqlSafe(sql.clone()))
                .bind(number.international())
                .fetch_optional(&self.pool)
                .await?;
            if let Some(row) = row {
                return row.booking(&self.seal, unix_now() / DAY_S).map(Some);
            }
        }
        Ok(None)
    }

    /// Changes the room `number`, and says what it is now; `None` if there is no such room. Nobody who is inside is
    /// touched by it.
    pub async fn change(&self, number: RoomNumber, change: &Change) -> Result<Option<Booking>, StoreError> {
        let now = unix_now();
        change::change(&self.pool, &self.seal, number, change, now, &mut draw::below).await
    }

    /// Deletes the room `number` and retires its number; `false` if there is no such room.
    pub async fn cancel(&self, number: RoomNumber) -> Result<bool, StoreError> {
        self.cancel_at(number, unix_now()).await
    }

    /// Waits until all is written and closes the connections.
    pub async fn close(self) {
        self.pool.close().await;
    }

    async fn find_at(&self, number: RoomNumber, now: i64) -> Result<Option<Booking>, StoreError> {
        let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM rooms WHERE number = $1"));
        let row: Option<Row> = sqlx::query_as(sql)
            .bind(i64::from(number.get()))
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| row.booking(&self.seal, now / DAY_S)).transpose()
    }

    async fn cancel_at(&self, number: RoomNumber, now: i64) -> Result<bool, StoreError> {
        let number = i64::from(number.get());
        let mut transaction = self.pool.begin_with(IMMEDIATE).await?;
        let deleted = sqlx::query("DELETE FROM rooms WHERE number = $1")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("INSERT OR REPLACE INTO retired_numbers (number, cancelled_day) VALUES ($1, $2)")
            .bind(number)
            .bind(now / DAY_S)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Seconds since 1970.
pub fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

async fn connect(dir: &Path) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(dir.join(DATABASE_FILE))
        .busy_timeout(BUSY_WAIT)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // A deleted PIN is overwritten, not only forgotten.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(BUSY_WAIT);
    Ok(pool.connect_with(options).await?)
}

async fn sealed_sample(pool: &SqlitePool) -> Result<Option<Row>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM rooms WHERE pin IS NOT NULL OR former_pin IS NOT NULL LIMIT 1"
    ));
    Ok(sqlx::query_as(sql).fetch_optional(pool).await?)
}

fn migration_error(dir: &Path, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => StoreError::OtherVersion {
            path: dir.join(DATABASE_FILE),
        },
        other => StoreError::Migration(Box::new(other)),
    }
}
