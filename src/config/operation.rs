//! The settings of running the program: precedence, figures for machines, the log.

use super::raw::{RawHttp, RawLog, RawMedia};
use super::{ConfigError, error, within};
use crate::codec::{CodecName, Codecs};
use std::net::SocketAddr;

/// Most media threads.
const THREADS_MAX: usize = 64;
/// Most cancellers of a thread: 33 KiB each.
const CANCELLERS_MAX: u32 = 2_000;
/// A weaker echo than this is borne, dB; and the longest that one has to be, seconds.
const DUCK_DB_MAX: u32 = 40;
const DUCK_SECONDS_MAX: u32 = 3_600;
/// Most characters of a log filter.
const FILTER_CHARS_MAX: usize = 1_000;

/// `[media]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// Which codecs are spoken, the preferred one first.
    pub codecs: Codecs,
    /// How the media threads are scheduled.
    pub scheduling: Scheduling,
    /// How many there are.
    pub threads: usize,
    /// Load of a thread from which on calls are refused, in percent of its time.
    pub refuse_load_pct: u32,
    /// Load of a thread from which on something is left out, in percent of its time.
    pub shed_load_pct: u32,
    /// Whether echo is looked for.
    pub echo: bool,
    /// Cancellers of each thread.
    pub echo_cancellers: u32,
    /// When an echoing line is turned down while others speak; none is never.
    pub echo_ducking: Option<EchoDucking>,
}

/// When an echoing line is turned down while others speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoDucking {
    /// What is left of the echo lies at most so far below what was sent, in dB,
    pub loss_db: u32,
    /// for so many seconds in which others spoke.
    pub seconds: u32,
}

/// How a media thread is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduling {
    /// Before every ordinary program (SCHED_FIFO), where the system permits it.
    Realtime,
    /// Like every ordinary program.
    Ordinary,
}

/// `[http]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where `/metrics` and `/health` are answered, if anywhere.
    pub listen: Option<SocketAddr>,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// How lines are written.
    pub format: LogFormat,
    /// Which lines are written; whoever starts the log judges it.
    pub filter: String,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

impl MediaConfig {
    pub(super) fn from_raw(raw: &RawMedia) -> Result<MediaConfig, ConfigError> {
        let scheduling = match raw.realtime {
            true => Scheduling::Realtime,
            false => Scheduling::Ordinary,
        };
        Ok(MediaConfig {
            codecs: codecs(&raw.codecs)?,
            scheduling,
            threads: threads(raw.threads)?,
            refuse_load_pct: within("media.refuse_load_pct", raw.refuse_load_pct, 100)?,
            shed_load_pct: within("media.shed_load_pct", raw.shed_load_pct, 100)?,
            echo: raw.echo,
            echo_cancellers: cancellers(raw.echo_cancellers)?,
            echo_ducking: ducking(raw)?,
        })
    }
}

/// As many as typed; of 0, one a processor, less one for everything that is not voice.
fn threads(typed: i64) -> Result<usize, ConfigError> {
    match usize::try_from(typed) {
        Ok(0) => {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            Ok(processors.saturating_sub(1).clamp(1, THREADS_MAX))
        }
        Ok(threads) if threads <= THREADS_MAX => Ok(threads),
        _ => {
            let remedy = format!("take a number from 1 to {THREADS_MAX}, or 0 for one a processor less one");
            Err(ConfigError::new("media.threads", &typed.to_string(), &remedy))
        }
    }
}

/// As many as typed, or none.
fn cancellers(typed: i64) -> Result<u32, ConfigError> {
    let fits = u32::try_from(typed).ok().filter(|&count| count <= CANCELLERS_MAX);
    fits.ok_or_else(|| {
        let remedy = format!("take a number from 0 (echo is found, and let through) to {CANCELLERS_MAX}");
        ConfigError::new("media.echo_cancellers", &typed.to_string(), &remedy)
    })
}

/// As typed, or never.
fn ducking(raw: &RawMedia) -> Result<Option<EchoDucking>, ConfigError> {
    let seconds = within("media.echo_duck_seconds", raw.echo_duck_seconds, DUCK_SECONDS_MAX)?;
    let loss_db = u32::try_from(raw.echo_duck_db)
        .ok()
        .filter(|&db| db <= DUCK_DB_MAX);
    let loss_db = loss_db.ok_or_else(|| {
        let remedy = format!("take a number from 1 to {DUCK_DB_MAX}, or 0 for never");
        ConfigError::new("media.echo_duck_db", &raw.echo_duck_db.to_string(), &remedy)
    })?;
    Ok((loss_db > 0).then_some(EchoDucking { loss_db, seconds }))
}

/// The codecs of these names, in any case.
fn codecs(typed: &[String]) -> Result<Codecs, ConfigError> {
    let all = CodecName::ALL.map(CodecName::encoding).join(", ");
    let remedy = format!("write each of these at most once, the preferred one first: {all}");
    let error = |value: &str| ConfigError::new("media.codecs", error::shortened(value), &remedy);
    let named = |text: &String| {
        let is_it = |name: &CodecName| name.encoding().eq_ignore_ascii_case(text.trim());
        let found = CodecName::ALL.into_iter().find(is_it);
        found.ok_or_else(|| error(text))
    };
    let names = typed.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    Codecs::new(&names).ok_or_else(|| error(&typed.join(", ")))
}

impl HttpConfig {
    pub(super) fn from_raw(raw: &RawHttp) -> Result<HttpConfig, ConfigError> {
        let typed = raw.listen.trim();
        if typed.is_empty() {
            return Ok(HttpConfig { listen: None });
        }
        let fits = |address: &SocketAddr| address.port() != 0 && !address.ip().is_multicast();
        let remedy = "write an IP address and a port, for example \"127.0.0.1:9464\", or leave it empty";
        match typed.parse().ok().filter(fits) {
            Some(address) => Ok(HttpConfig {
                listen: Some(address),
            }),
            None => Err(ConfigError::new("http.listen", &raw.listen, remedy)),
        }
    }
}

impl LogFormat {
    /// Its name in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

impl LogConfig {
    pub(super) fn from_raw(raw: &RawLog) -> Result<LogConfig, Vec<ConfigError>> {
        let formats = [LogFormat::Text, LogFormat::Json];
        let format = formats
            .into_iter()
            .find(|format| format.name() == raw.format.trim())
            .ok_or_else(|| {
                ConfigError::new("log.format", &raw.format, "the formats are \"text\" and \"json\"")
            });
        let filter = raw.filter.trim();
        let long = filter.chars().count() > FILTER_CHARS_MAX;
        let filter = match filter.is_empty() || long {
            true => {
                let remedy =
                    "write \"info\" for what changed, \"warn\" for what somebody should act on, or \"debug\"";
                Err(ConfigError::new("log.filter", error::shortened(filter), remedy))
            }
            false => Ok(filter.to_owned()),
        };
        match (format, filter) {
            (Ok(format), Ok(filter)) => Ok(LogConfig { format, filter }),
            (format, filter) => Err(format.err().into_iter().chain(filter.err()).collect()),
        }
    }
}
