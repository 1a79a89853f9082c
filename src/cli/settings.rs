//! Where a command finds its settings: the command line over `bridge.toml` over the built-in values. Reads the file;
//! [`crate::config`] judges it.

use crate::config::{Config, RawConfig};
use anyhow::Context;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The file that is read when no other is named.
pub const USUAL_FILE: &str = "bridge.toml";
/// A settings file is a page of text, not a disk.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Which bridge is meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// Settings file [default: bridge.toml in this folder if there is one, else built-in values]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Data folder with rooms and key, instead of store.data
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

/// Settings, and where they came from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is meant.
    pub config: Config,
    /// The file; `None` for the built-in values.
    pub file: Option<PathBuf>,
}

impl Place {
    /// The settings.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        self.settings_with(|_| {})
    }

    /// The settings after `change`, which puts a command's own flags over the file's values.
    pub fn settings_with(&self, change: impl FnOnce(&mut RawConfig)) -> anyhow::Result<Settings> {
        let (mut raw, file) = self.read()?;
        change(&mut raw);
        let mut config = Config::from_raw(&raw).with_context(|| wrong_in(file.as_deref()))?;
        if let Some(data) = &self.data {
            config.store.data = data.clone();
        }
        Ok(Settings { config, file })
    }

    fn read(&self) -> anyhow::Result<(RawConfig, Option<PathBuf>)> {
        let (path, named) = match &self.config {
            Some(path) => (path.clone(), true),
            None => (PathBuf::from(USUAL_FILE), false),
        };
        let text = match text_of(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !named => {
                return Ok((RawConfig::default(), None));
            }
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("the settings file {path:?} cannot be read: name another with --config FILE")
                });
            }
        };
        let raw = RawConfig::parse(&text).with_context(|| wrong_in(Some(&path)))?;
        Ok((raw, Some(path)))
    }
}

fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn wrong_in(file: Option<&Path>) -> String {
    match file {
        Some(path) => format!("the settings in {} are wrong", path.display()),
        None => "the settings on the command line are wrong".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> (Place, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("own.toml");
        std::fs::write(&path, text).expect("written");
        (
            Place {
                config: Some(path),
                data: None,
            },
            dir,
        )
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let (mut place, _dir) = place("store.data = 'here'\ncalls.max = 7\nrtp.ports = '9-1'\n");
        place.data = Some("there".into());
        let settings = place
            .settings_with(|raw| raw.rtp.ports = "30000-30100".into())
            .expect("mended");
        assert_eq!(settings.config.store.data, Path::new("there"));
        assert_eq!(settings.config.calls.max, 7);
        assert_eq!(settings.config.rtp.ports.first(), 30_000);
        assert_eq!(settings.file, place.config);
    }

    #[test]
    fn a_wrong_file_is_named_with_its_faults() {
        let (place, _dir) = place("rtp.ports = '9-1'\n");
        let text = format!("{:#}", place.settings().expect_err("wrong"));
        assert!(text.contains("own.toml are wrong: rtp.ports = \"9-1\""), "{text}");
    }

    #[test]
    fn a_missing_named_file_is_an_error() {
        let (mut place, dir) = place("");
        place.config = Some(dir.path().join("none.toml"));
        let text = format!("{:#}", place.settings().expect_err("missing"));
        assert!(text.contains("none.toml") && text.contains("--config"), "{text}");
    }
}
