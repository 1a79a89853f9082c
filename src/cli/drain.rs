//! `rundruf drain`: lets the running bridge end without ending anybody's call, so that it can be updated.

use super::out;
use super::settings::Place;
use crate::io::control_socket::{self, ControlError, DRAIN_MINUTES_MAX, Reply, Request};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often `--wait` looks whether the bridge has gone.
const LOOK_EVERY: Duration = Duration::from_millis(250);

const UNDO: &str = "`rundruf drain --stop` lets calls in again.";

/// `rundruf drain`
#[derive(Debug, clap::Args)]
pub struct DrainArgs {
    #[command(flatten)]
    place: Place,
    /// How long the calls that stand may last; then they are ended
    #[arg(long, value_name = "N", default_value_t = 120, conflicts_with = "stop",
          value_parser = clap::value_parser!(u32).range(0..=i64::from(DRAIN_MINUTES_MAX)))]
    minutes: u32,
    /// Return only when the bridge has gone (or takes calls again: exit code 1)
    #[arg(long, conflicts_with = "stop")]
    wait: bool,
    /// Take calls again
    #[arg(long)]
    stop: bool,
}

/// Runs `rundruf drain`.
pub fn run(args: DrainArgs) -> anyhow::Result<()> {
    let data = args.place.settings()?.config.store.data;
    if args.stop {
        return match control_socket::ask(&data, &Request::DrainStop)? {
            Reply::Done => out::print("The bridge takes calls again."),
            other => unexpected(other),
        };
    }
    let minutes = args.minutes;
    match control_socket::ask(&data, &Request::Drain { minutes })? {
        Reply::Draining { calls: 0 } => out::print("No calls stand: the bridge ends now.")?,
        Reply::Draining { calls: 1 } => out::print(&format!(
            "The bridge takes no new calls. One call may last {minutes} minutes; then the bridge ends, or earlier with the call.\n\
             {UNDO}"
        ))?,
        Reply::Draining { calls } => out::print(&format!(
            "The bridge takes no new calls. {calls} calls may last {minutes} minutes; it ends with the last one.\n\
             {UNDO}"
        ))?,
        other => return unexpected(other),
    }
    if args.wait { wait_for_end(&data) } else { Ok(()) }
}

fn unexpected(reply: Reply) -> anyhow::Result<()> {
    match reply {
        Reply::Refused { why } => anyhow::bail!("the bridge refused: {why}"),
        _ => anyhow::bail!("the bridge gave an answer to something else: use the same version for both"),
    }
}

fn wait_for_end(data: &Path) -> anyhow::Result<()> {
    loop {
        match control_socket::ask(data, &Request::Status) {
            Err(ControlError::NotRunning { .. }) => return Ok(()),
            Ok(Reply::Status(status)) if !status.draining => {
                anyhow::bail!("the bridge takes calls again: somebody has stopped the drain")
            }
            // Busy with its end.
            Ok(_) | Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}
