//! `rundruf serve`: the bridge itself.

use super::logging;
use super::settings::{Place, Settings};
use crate::config::{OneOrMany, RawConfig};
use crate::io::{large_pages, serve};
use std::sync::Arc;

/// The flags of `rundruf serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    place: Place,
    /// Where SIP over UDP and TCP arrives, instead of sip.listen; may be given several times
    #[arg(long, value_name = "ADDR:PORT")]
    sip: Vec<String>,
    /// UDP ports of the callers' voices, instead of rtp.ports
    #[arg(long, value_name = "A-B")]
    rtp_ports: Option<String>,
    /// Where figures (/metrics) and health (/health) are served, instead of http.listen
    #[arg(long, value_name = "ADDR:PORT")]
    http: Option<String>,
    /// How log lines are written ("text", "json"), instead of log.format
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// Runs the bridge.
pub fn run(args: ServeArgs) -> anyhow::Result<()> {
    let settings = args.settings()?;
    large_pages::begin_with_them(settings.config.calls.max);
    let log = logging::start(&settings.config.log)?;
    let reread = move || {
        let newer = args.settings()?.config;
        log.change_filter(&newer.log)?;
        Ok(newer)
    };
    serve::run(&settings.config, Arc::new(reread))
}

impl ServeArgs {
    /// The settings, with the flags over them: at the start and at every reload.
    fn settings(&self) -> anyhow::Result<Settings> {
        self.place.settings_with(|raw| self.put_over(raw))
    }

    fn put_over(&self, raw: &mut RawConfig) {
        if !self.sip.is_empty() {
            raw.sip.listen = OneOrMany::Many(self.sip.clone());
        }
        for (flag, value) in [
            (&self.rtp_ports, &mut raw.rtp.ports),
            (&self.http, &mut raw.http.listen),
            (&self.log_format, &mut raw.log.format),
        ] {
            if let Some(typed) = flag {
                value.clone_from(typed);
            }
        }
    }
}
