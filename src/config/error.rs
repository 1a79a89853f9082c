//! What is wrong with a configuration: key, value and remedy, all faults at once.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    key: &'static str,
    value: String,
    remedy: String,
}

impl ConfigError {
    /// The text `value` of `key` is wrong.
    pub fn new(key: &'static str, value: &str, remedy: &str) -> ConfigError {
        ConfigError::bare(key, format_args!("{value:?}"), remedy)
    }

    /// The number or other bare word `value` of `key` is wrong.
    pub fn bare(key: &'static str, value: impl fmt::Display, remedy: &str) -> ConfigError {
        ConfigError {
            key,
            value: value.to_string(),
            remedy: remedy.to_owned(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigError { key, value, remedy } = self;
        match key.is_empty() {
            true => write!(f, "{}\n{remedy}", value.trim_end()),
            false => write!(f, "{key} = {value}: {remedy}"),
        }
    }
}

/// As much of an overlong value as fits into a message.
pub(super) fn shortened(value: &str) -> &str {
    let end = value.char_indices().nth(60).map_or(value.len(), |(at, _)| at);
    &value[..end]
}

/// Every fault that was found, one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// The text is no TOML, or has an unknown key or a value of the wrong kind: `report` shows the place.
    pub(super) fn unreadable(report: &str) -> ConfigErrors {
        let remedy = "the shipped bridge.toml shows every key with its kind of value";
        ConfigErrors(vec![ConfigError::bare("", report, remedy)])
    }

    /// The faults, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, key: &'static str, value: &str, remedy: &str) {
        self.0.push(ConfigError::new(key, value, remedy));
    }

    /// The value, or none and its fault is noted.
    pub(super) fn keep<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        self.keep_all(result.map_err(|error| vec![error]))
    }

    /// The value, or none and its faults are noted.
    pub(super) fn keep_all<T>(&mut self, result: Result<T, Vec<ConfigError>>) -> Option<T> {
        result.map_err(|errors| self.0.extend(errors)).ok()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
