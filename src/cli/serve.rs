//! `rundruf serve`: the bridge itself.

use super::settings::Place;
use crate::config::OneOrMany;
use crate::io::serve;

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
}

/// Runs the bridge.
pub fn run(args: ServeArgs) -> anyhow::Result<()> {
    let settings = args.place.settings_with(|raw| {
        if !args.sip.is_empty() {
            raw.sip.listen = OneOrMany::Many(args.sip);
        }
        if let Some(ports) = args.rtp_ports {
            raw.rtp.ports = ports;
        }
    })?;
    serve::run(&settings.config)
}
