//! Looks whether the system lets packets be marked for the routers on their way.

use super::finding::Finding;
use crate::config::{Config, Dscp};
use crate::io::marking;
use std::io;
use std::net::IpAddr;

/// SIP and voices, on every address at which calls arrive.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let mut hosts: Vec<IpAddr> = config.sip.listen.iter().map(|listen| listen.ip()).collect();
    hosts.sort();
    hosts.dedup();
    let tried = |dscp: Dscp| {
        let mut each = hosts.iter().map(|host| marking::is_possible(*host, dscp));
        each.find(Result::is_err).unwrap_or(Ok(()))
    };
    vec![
        judged("SIP", "sip.dscp", config.sip.dscp, &tried(config.sip.dscp)),
        judged("voices", "rtp.dscp", config.rtp.dscp, &tried(config.rtp.dscp)),
    ]
}

fn judged(what: &str, key: &str, dscp: Dscp, tried: &io::Result<()>) -> Finding {
    match tried {
        _ if !dscp.is_marked() => Finding::good("marks", format!("{what}: none, as {key} says")),
        Ok(()) => Finding::good(
            "marks",
            format!("{what}: {dscp}, for the routers that look at it"),
        ),
        Err(error) => Finding::warning(
            "marks",
            format!(
                "{what}: the system does not let us mark packets {dscp} ({error}): on a busy line they wait like all others. Is \
                 there a sandbox or container that forbids setsockopt? {key} = \"CS0\" goes without"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn what_the_system_refuses_is_said_and_what_nobody_wants_is_not() {
        let config = Config::parse("sip.dscp = 'CS0'").expect("valid");
        let found = findings(&config);
        assert!(found.iter().all(|finding| finding.verdict() == Verdict::Good));
        let refused = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
        let dscp = config.rtp.dscp;
        let finding = judged("voices", "rtp.dscp", dscp, &refused());
        assert_eq!(finding.verdict(), Verdict::Warning);
        let unmarked = judged("SIP", "sip.dscp", config.sip.dscp, &refused());
        assert_eq!(unmarked.verdict(), Verdict::Good);
    }
}
