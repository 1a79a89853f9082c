//! `rundruf serve`: the bridge itself.

use super::settings::Place;
use crate::io::serve;

/// The flags of `rundruf serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    place: Place,
    /// Where SIP over UDP arrives, instead of sip.listen
    #[arg(long, value_name = "ADDR:PORT")]
    sip: Option<String>,
    /// UDP ports of the callers' voices, instead of rtp.ports
    #[arg(long, value_name = "A-B")]
    rtp_ports: Option<String>,
}

/// Runs the bridge.
pub fn run(args: ServeArgs) -> anyhow::Result<()> {
    let settings = args.place.settings_with(|raw| {
        if let Some(listen) = args.sip {
            raw.sip.listen = listen;
        }
        if let Some(ports) = args.rtp_ports {
            raw.rtp.ports = ports;
        }
    })?;
    serve::run(&settings.config)
}
