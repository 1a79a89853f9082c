//! `rundruf reload`: has the running bridge read its settings again, as a SIGHUP does, and says what came of it.

use super::out;
use super::settings::Place;
use crate::io::control_socket::{self, Reloaded, Reply, Request};

/// `rundruf reload`
#[derive(Debug, clap::Args)]
pub struct ReloadArgs {
    #[command(flatten)]
    place: Place,
}

/// Runs `rundruf reload`.
pub fn run(args: ReloadArgs) -> anyhow::Result<()> {
    let data = args.place.settings()?.config.store.data;
    match control_socket::ask(&data, &Request::Reload)? {
        Reply::Reloaded(reloaded) => out::print(&words(&reloaded)),
        Reply::Refused { why } => anyhow::bail!("the bridge keeps its settings: {why}"),
        _ => anyhow::bail!("the bridge gave an answer to something else: use the same version for both"),
    }
}

fn words(reloaded: &Reloaded) -> String {
    let mut lines = vec!["The bridge has read its settings again.".to_owned()];
    for (heading, keys) in [
        ("In effect now:", &reloaded.in_effect),
        (
            "After a restart (`rundruf drain --wait`):",
            &reloaded.needs_restart,
        ),
    ] {
        if !keys.is_empty() {
            lines.push(format!("{heading} {}", keys.join(", ")));
        }
    }
    if lines.len() == 1 {
        lines.push("Nothing has changed for it.".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_restart_is_told_apart() {
        let mut reloaded = Reloaded::default();
        assert!(words(&reloaded).contains("Nothing has changed"));
        reloaded.in_effect.push("sip.trunks".into());
        reloaded.needs_restart.push("calls.max".into());
        let text = words(&reloaded);
        assert!(
            text.contains("now: sip.trunks\n") && text.ends_with("calls.max"),
            "{text}"
        );
    }
}
