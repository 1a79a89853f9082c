//! The data folder: rights, key and database.

use super::finding::Finding;
use crate::io::store::{DATABASE_FILE, KEY_FILE, Store};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) fn findings(data: &Path) -> Vec<Finding> {
    match fs::metadata(data) {
        Ok(found) if found.is_dir() => {
            vec![folder(data, found.permissions().mode() & 0o777), rooms(data)]
        }
        Ok(_) => vec![Finding::missing(
            "data",
            format!("{data:?} is no folder: name another with --data DIR"),
        )],
        Err(_) => vec![absent(data)],
    }
}

fn folder(data: &Path, mode: u32) -> Finding {
    if let Err(error) = tempfile_in(data) {
        let text = format!("{data:?} cannot be written ({error}): run this as the user of the bridge");
        return Finding::missing("data", text);
    }
    if mode & 0o077 != 0 {
        let text = format!("{data:?} has mode {mode:03o}, others may look into it: `chmod 700 {data:?}`");
        return Finding::warning("data", text);
    }
    Finding::good("data", format!("{data:?}, its owner's only"))
}

/// Writes and removes an empty file.
fn tempfile_in(data: &Path) -> std::io::Result<()> {
    let path = data.join(format!("check-{}.tmp", std::process::id()));
    fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(path)
}

/// Opened only when database and key are there: a check makes neither.
fn rooms(data: &Path) -> Finding {
    if !data.join(DATABASE_FILE).exists() {
        return Finding::good("rooms", "none yet: book one with `rundruf room book NAME`");
    }
    if !data.join(KEY_FILE).exists() {
        let text = format!(
            "the key file {KEY_FILE} is missing: PINs that were sealed with it need it back from the backup"
        );
        return Finding::warning("rooms", text);
    }
    match count(data) {
        Ok(count) => Finding::good("rooms", format!("{count} booked")),
        Err(error) => Finding::missing("rooms", format!("{error:#}")),
    }
}

fn count(data: &Path) -> anyhow::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = Store::open_existing(data).await?;
        let rooms = store.list().await;
        store.close().await;
        Ok(rooms?.len())
    })
}

fn absent(data: &Path) -> Finding {
    let above = data
        .ancestors()
        .skip(1)
        .find(|path| path.as_os_str().is_empty() || path.exists());
    match above {
        Some(path) if path.is_file() => Finding::missing(
            "data",
            format!("{path:?} is no folder: name another with --data DIR"),
        ),
        _ => Finding::good(
            "data",
            format!("{data:?} is not there yet: `serve` or the first booking makes it"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn verdicts(data: &Path) -> Vec<Verdict> {
        findings(data).iter().map(Finding::verdict).collect()
    }

    #[test]
    fn a_check_creates_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let data = dir.path().join("data");
        assert_eq!(verdicts(&data), [Verdict::Good]);
        assert!(!data.exists());
        fs::create_dir(&data).expect("made");
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).expect("own folder");
        assert_eq!(verdicts(&data), [Verdict::Good, Verdict::Good]);
        assert_eq!(fs::read_dir(&data).expect("readable").count(), 0);
    }

    #[test]
    fn a_folder_open_to_others_and_a_lost_key_are_told() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("own folder");
        fs::write(dir.path().join(DATABASE_FILE), "").expect("written");
        assert_eq!(verdicts(dir.path()), [Verdict::Warning, Verdict::Warning]);
        fs::write(dir.path().join(KEY_FILE), "short").expect("written");
        fs::set_permissions(dir.path().join(KEY_FILE), fs::Permissions::from_mode(0o600)).expect("own file");
        assert_eq!(verdicts(dir.path())[1], Verdict::Missing);
        assert_eq!(verdicts(&dir.path().join(KEY_FILE)), [Verdict::Missing]);
        assert_eq!(
            verdicts(&dir.path().join(KEY_FILE).join("below")),
            [Verdict::Missing]
        );
    }
}
