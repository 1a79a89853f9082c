//! The key that seals the PINs: 32 random bytes in a file of their own (mode 0600) beside the database, so that a copy
//! of the database alone tells no PIN. Made once, whole or not at all; never overwritten.

use super::folder::{self, KEY_FILE};
use super::{StoreError, draw};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) const KEY_BYTES: usize = 32;
const OWNER_ONLY: u32 = 0o600;
const UNFINISHED_FILE: &str = "rundruf.key.new";

/// The key in `dir`; a new one if there is none and nothing was sealed yet. The caller holds the folder's turn.
pub(super) fn load_or_create(dir: &Path, sealed: bool) -> Result<[u8; KEY_BYTES], StoreError> {
    let path = dir.join(KEY_FILE);
    match (File::open(&path), sealed) {
        (Ok(file), _) => load(&path, file),
        (Err(error), true) if error.kind() == ErrorKind::NotFound => Err(StoreError::KeyMissing { path }),
        (Err(error), false) if error.kind() == ErrorKind::NotFound => create(dir, &path),
        (Err(source), _) => Err(StoreError::Key { path, source }),
    }
}

fn load(path: &Path, file: File) -> Result<[u8; KEY_BYTES], StoreError> {
    let failed = |source| StoreError::Key {
        path: path.to_owned(),
        source,
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & !OWNER_ONLY != 0 {
        return Err(StoreError::KeyMode {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Vec::new();
    file.take(KEY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    bytes.try_into().map_err(|_| StoreError::KeyLength {
        path: path.to_owned(),
    })
}

fn create(dir: &Path, path: &Path) -> Result<[u8; KEY_BYTES], StoreError> {
    let mut key = [0; KEY_BYTES];
    draw::fill(&mut key)?;
    write_new(dir, path, &key).map_err(|source| StoreError::Key {
        path: path.to_owned(),
        source,
    })?;
    Ok(key)
}

/// Written under another name and then linked: whoever reads it, or kills us meanwhile, never sees half a key.
fn write_new(dir: &Path, path: &Path, key: &[u8; KEY_BYTES]) -> io::Result<()> {
    let unfinished = dir.join(UNFINISHED_FILE);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = folder::private_file(&unfinished)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::hard_link(&unfinished, path)?;
    fs::remove_file(&unfinished)?;
    File::open(dir)?.sync_all()
}
