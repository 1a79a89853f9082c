//! The data folder: who may look into it, and whose turn it is to set it up.

use super::StoreError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// The database's name in the data folder.
pub const DATABASE_FILE: &str = "rundruf.db";
/// The key file's name in the data folder.
pub const KEY_FILE: &str = "rundruf.key";
const TURN_FILE: &str = "rundruf.lock";

const TURN_TRIES: u32 = 500;
const TURN_PAUSE: Duration = Duration::from_millis(20);

/// Makes the folder, open to its owner only, unless it is there.
pub(super) fn create(dir: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|source| StoreError::Folder {
        dir: dir.to_owned(),
        source,
    })
}

/// Makes the empty database file, so that SQLite does not make it readable to everybody.
pub(super) fn create_database_file(dir: &Path) -> Result<(), StoreError> {
    match private_file(&dir.join(DATABASE_FILE)) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(StoreError::Folder {
            dir: dir.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// A new file at `path` that only its owner may read and write; fails if something is there.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Waits until no other process sets up the folder. The turn ends when the file is dropped, or its process dies:
/// migrations and the first key must not be made twice.
pub(super) async fn take_turn(dir: &Path) -> Result<File, StoreError> {
    let failed = |source| StoreError::Folder {
        dir: dir.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join(TURN_FILE))
        .map_err(failed)?;
    for _ in 0..TURN_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TURN_PAUSE).await,
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    Err(StoreError::Busy)
}
