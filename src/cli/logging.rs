//! The log: lines on standard error, by default what changed and what somebody should act on; `RUNDRUF_LOG` asks for
//! more ("debug", "rundruf::sip=trace").

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The variable with the log's filter.
pub const FILTER_VARIABLE: &str = "RUNDRUF_LOG";
const USUAL: &str = "info";

/// Starts the log. A second call changes nothing.
pub fn init() {
    let asked = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| USUAL.into());
    let (filter, wrong) = match EnvFilter::try_new(&asked) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(USUAL), Some(error)),
    };
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init()
        .is_ok();
    if let (true, Some(error)) = (started, wrong) {
        tracing::warn!("{FILTER_VARIABLE}={asked:?} is no filter ({error}): using {USUAL:?}; try \"debug\"");
    }
}
