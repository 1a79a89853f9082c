//! The log: lines on standard error, by default what changed and what somebody should act on; `[log]` and `RUNDRUF_LOG`
//! ask for more ("debug", "rundruf::sip=trace"), the variable before the settings.

use crate::config::{LogConfig, LogFormat};
use crate::io::MEDIA_THREAD;
use anyhow::Context;
use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// The variable with the log's filter.
pub const FILTER_VARIABLE: &str = "RUNDRUF_LOG";

type PanicHook = Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync>;

/// A log that was started.
#[derive(Clone)]
pub struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
}

/// Starts the log of a command that does one thing. A second call changes nothing.
pub fn init() {
    let usual = crate::config::Config::default().log;
    // The built-in settings have a good filter.
    start(&usual).ok();
}

/// Starts the log as the settings want it. A second call changes nothing.
pub fn start(config: &LogConfig) -> anyhow::Result<Log> {
    let (filter, wrong) = filter(config)?;
    let (filter, handle) = reload::Layer::new(filter);
    let lines = lines(config.format);
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()
        .is_ok();
    if started {
        std::panic::set_hook(hook(std::panic::take_hook()));
    }
    if let (true, Some(wrong)) = (started, wrong) {
        tracing::warn!("{wrong}");
    }
    Ok(Log { filter: handle })
}

/// What a panic says. On a media thread, where others' calls go on, that is a line of the log and no more: a backtrace takes a
/// third of a second, in which nobody hears anybody.
fn hook(usual: PanicHook) -> PanicHook {
    Box::new(move |panic| {
        let thread = std::thread::current();
        let is_media = |name: &str| name.starts_with(MEDIA_THREAD);
        if !thread.name().is_some_and(is_media) {
            return usual(panic);
        }
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("panic at {place}: {}", panic.payload_as_str().unwrap_or("?"));
    })
}

impl Log {
    /// Logs by the settings' filter from now on.
    pub fn change_filter(&self, config: &LogConfig) -> anyhow::Result<()> {
        let (filter, _) = filter(config)?;
        Ok(self.filter.reload(filter)?)
    }
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}

/// The filter, and what is to be said about a variable that holds none.
fn filter(config: &LogConfig) -> anyhow::Result<(EnvFilter, Option<String>)> {
    let settings = EnvFilter::try_new(&config.filter).with_context(|| {
        let asked = &config.filter;
        format!("log.filter = {asked:?} is no filter: try \"info\" or \"debug\"")
    })?;
    let Ok(asked) = std::env::var(FILTER_VARIABLE) else {
        return Ok((settings, None));
    };
    match EnvFilter::try_new(&asked) {
        Ok(filter) => Ok((filter, None)),
        Err(error) => {
            let usual = &config.filter;
            let wrong =
                format!("{FILTER_VARIABLE}={asked:?} is no filter ({error}): using {usual:?}; try \"debug\"");
            Ok((settings, Some(wrong)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_told_with_its_key() {
        let config = LogConfig {
            format: LogFormat::Text,
            filter: "rundruf=loud".into(),
        };
        let error = format!("{:#}", filter(&config).map(|_| ()).expect_err("wrong"));
        assert!(error.contains("log.filter = \"rundruf=loud\""), "{error}");
    }
}
