//! Placeholder.

use super::settings::Place;

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
    args.place.settings_with(|raw| {
        raw.sip.listen = args.sip.clone().unwrap_or(std::mem::take(&mut raw.sip.listen));
        raw.rtp.ports = args
            .rtp_ports
            .clone()
            .unwrap_or(std::mem::take(&mut raw.rtp.ports));
    })?;
    anyhow::bail!("serve is not built yet")
}
