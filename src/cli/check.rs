//! `rundruf check`: goes through settings and machine in the order in which a call needs them, and says of each what is
//! good or missing. Changes nothing; a running bridge is not disturbed.

mod files;
mod finding;
mod machine;
mod marking;
mod network;
mod realtime;
mod tls;

use super::out;
use super::settings::{Place, Settings};
use crate::bridge::status::Status;
use crate::config::Config;
use crate::io::control_socket::{self, ControlError, Reply, Request};
use finding::{Finding, Report};
use std::path::Path;
use std::process::ExitCode;

/// `rundruf check`
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    place: Place,
    /// Print JSON for programs instead of text for people
    #[arg(long)]
    json: bool,
}

/// Whether a bridge runs on the data folder, and so holds the ports that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bridge {
    Running,
    Stopped,
}

/// Runs `rundruf check`; exit code 1 if something is missing.
pub fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let report = match args.place.settings() {
        Ok(settings) => Report::new(settings.config.entries(), findings(&settings)),
        Err(error) => Report::new(vec![], vec![Finding::missing("settings", format!("{error:#}"))]),
    };
    if args.json {
        out::print_json(&report)?;
    } else {
        out::print(&report.to_string())?;
    }
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn findings(settings: &Settings) -> Vec<Finding> {
    let config = &settings.config;
    let running = running(&config.store.data);
    let bridge = match running {
        None => Bridge::Stopped,
        Some(_) => Bridge::Running,
    };
    let mut all = vec![settings_file(settings)];
    all.extend(files::findings(&config.store.data));
    all.extend(network::sip_ports(config, bridge));
    all.extend(tls::findings(config, bridge));
    all.extend([
        network::rtp_ports(config, bridge),
        network::trunks(config),
        number(config),
        machine::descriptors(config),
        machine::prompts(config),
        machine::clock(),
    ]);
    all.extend(network::neighbours(config));
    all.extend(marking::findings(config));
    all.extend(network::registrations(config, running.flatten().as_ref()));
    all.extend(network::http(config, bridge));
    all.extend(realtime::findings(config.media.scheduling));
    all
}

/// The running bridge, if there is one, and what it says of itself, if it does.
fn running(data: &Path) -> Option<Option<Status>> {
    match control_socket::ask(data, &Request::Status) {
        Err(ControlError::NotRunning { .. } | ControlError::Io { .. }) => None,
        Ok(Reply::Status(status)) => Some(Some(*status)),
        Ok(_) | Err(_) => Some(None),
    }
}

fn settings_file(settings: &Settings) -> Finding {
    Finding::good(
        "settings",
        match &settings.file {
            Some(path) => format!("{} is valid", path.display()),
            None => "built-in values: there is no bridge.toml here, and --config names none".to_owned(),
        },
    )
}

fn number(config: &Config) -> Finding {
    match &config.sip.number {
        Some(number) => Finding::good("number", format!("invitations print {number}")),
        None => Finding::warning(
            "number",
            "invitations print no telephone number: enter it as sip.number",
        ),
    }
}
