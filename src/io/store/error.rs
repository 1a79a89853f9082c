//! What can go wrong with the store, each with its remedy.

use super::{KEY_FILE, NAME_CHARS_MAX, ROOMS_MAX};
use crate::config::SEATS_MAX;
use crate::ids::RoomNumber;
use std::io;
use std::path::PathBuf;

/// Why the store refused or failed. The text is for the operator, remedy included; it holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder is not usable.
    #[error(
        "the data folder {dir:?} cannot be used ({source}): make it writable for this user, or name another with --data DIR"
    )]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder has no database.
    #[error(
        "there are no rooms in the data folder {dir:?}: name the bridge's folder with --data DIR, or book a first room with `rundruf room book`"
    )]
    NothingThere {
        /// The folder.
        dir: PathBuf,
    },
    /// Another room has this telephone number.
    #[error(
        "another room has this telephone number already: `rundruf room list --json` shows which; give this one another"
    )]
    DirectTaken,
    /// Another process kept the database.
    #[error(
        "the database is kept busy by another process: try again; if it stays so, look for a hanging `rundruf`"
    )]
    Busy,
    /// The disk is full.
    #[error("the disk of the data folder is full: free some space; nothing was changed")]
    DiskFull,
    /// The database may not be written.
    #[error(
        "the database may only be read: run the command as the user of the bridge, or make the data folder writable"
    )]
    ReadOnly,
    /// SQLite failed otherwise.
    #[error(
        "the database failed ({0}): look at the data folder's disk and rights; a damaged database is restored from a backup"
    )]
    Database(#[source] sqlx::Error),
    /// The database has another shape than this program's.
    #[error(
        "the database {path:?} was written by another version of Rundruf: use that version or a newer one"
    )]
    OtherVersion {
        /// The database.
        path: PathBuf,
    },
    /// The database could not be brought to this program's shape.
    #[error(
        "the database could not be prepared ({0}): restore it from a backup, or move it away to start empty"
    )]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// The key file cannot be read or written.
    #[error(
        "the key file {path:?} cannot be used ({source}): make it readable for the user of the bridge, and nobody else"
    )]
    Key {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key file is gone, but PINs are sealed with it.
    #[error(
        "the key file {path:?} is missing, and the PINs cannot be read without it: restore it from the backup"
    )]
    KeyMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Others than the owner may read the key.
    #[error(
        "the key file {path:?} has mode {mode:04o}, but only its owner may read it: `chmod 600 {path:?}`; if others could read it, give the rooms new PINs"
    )]
    KeyMode {
        /// The key file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The key file is not a key.
    #[error("the key file {path:?} is damaged (a key has 32 bytes): restore it from the backup")]
    KeyLength {
        /// The key file.
        path: PathBuf,
    },
    /// A PIN was sealed by another key, or for another room.
    #[error(
        "the PIN of room {room} does not open with the key file {KEY_FILE}: restore database and key file from the same backup, or cancel the room and book it anew"
    )]
    WrongKey {
        /// The room.
        room: RoomNumber,
    },
    /// A row holds what no version of the program writes.
    #[error("the database is damaged (room {room}, {column}): restore it from a backup")]
    Damaged {
        /// The number as stored.
        room: i64,
        /// The column.
        column: &'static str,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random numbers: start it again; without them no PIN is safe")]
    NoRandomness,
    /// No more rooms can be booked.
    #[error("all {ROOMS_MAX} rooms are booked: cancel some with `rundruf room cancel NUMBER`")]
    Full,
    /// The room's name is too long or has control characters.
    #[error("the name of a room is one line of at most {NAME_CHARS_MAX} characters: choose a shorter one")]
    Name,
    /// The number of seats is out of range.
    #[error("{seats} seats are not possible: choose 1 to {SEATS_MAX}")]
    Seats {
        /// As asked for.
        seats: u32,
    },
    /// The chosen PIN is among the first that a guesser tries.
    #[error(
        "this PIN is easily guessed (one digit repeated, or counting up or down): choose another, or leave out --pin and let one be drawn"
    )]
    WeakPin,
    /// Two PINs of a room could not be told apart while they are keyed.
    #[error(
        "this PIN is another PIN of the room (the members', the leader's, or the one before the last change), or begins like it: choose another, or write \"auto\" and let one be drawn"
    )]
    PinsAlike,
    /// A leader PIN in a room whose members key none.
    #[error(
        "a leader PIN needs a members' PIN too, because a room without PIN lets everybody in at once: give it one (leave out `--pin none`, or `rundruf room new-pin NUMBER`), or do without the leader PIN"
    )]
    LeaderWithoutPin,
}

/// SQLite's primary result codes (sqlite.org/rescode.html); the extended code carries more in its upper bits.
const SQLITE_BUSY: i64 = 5;
const SQLITE_LOCKED: i64 = 6;
const SQLITE_READONLY: i64 = 8;
const SQLITE_FULL: i64 = 13;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let code = error
            .as_database_error()
            .and_then(|e| e.code())
            .and_then(|code| code.parse::<i64>().ok());
        match (&error, code.map(|code| code & 0xff)) {
            (sqlx::Error::PoolTimedOut, _) | (_, Some(SQLITE_BUSY | SQLITE_LOCKED)) => StoreError::Busy,
            (_, Some(SQLITE_READONLY)) => StoreError::ReadOnly,
            (_, Some(SQLITE_FULL)) => StoreError::DiskFull,
            _ => StoreError::Database(error),
        }
    }
}
