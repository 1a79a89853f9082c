//! What the process itself needs.

use super::finding::Finding;
use crate::config::Config;
use crate::ids::Language;
use crate::io::serve::CONNECTIONS_MAX;
use rustix::process::{Resource, getrlimit};

/// RTP, RTCP, and one to spare for the moment in which a leg replaces another.
const PER_CALL: u64 = 3;
/// Database, sockets, logs, and every SIP connection.
const BESIDE: u64 = 64 + CONNECTIONS_MAX as u64;

pub(super) fn descriptors(config: &Config) -> Finding {
    judged(getrlimit(Resource::Nofile).current, config.calls.max)
}

fn judged(limit: Option<u64>, calls: u32) -> Finding {
    let needed = u64::from(calls) * PER_CALL + BESIDE;
    match limit {
        Some(limit) if limit < needed => Finding::missing(
            "descriptors",
            format!(
                "{limit} open files are allowed, {calls} calls need {needed}: `ulimit -n {needed}`, \
                 LimitNOFILE={needed} in the service, or a lower calls.max"
            ),
        ),
        Some(limit) => Finding::good(
            "descriptors",
            format!("{limit} open files are allowed, {needed} are needed"),
        ),
        None => Finding::good("descriptors", "open files are not limited"),
    }
}

/// Every sentence is part of the program, and one that lacks fails its build.
pub(super) fn prompts() -> Finding {
    let languages = Language::ALL.map(Language::code).join(", ");
    Finding::good("prompts", format!("built in: {languages}"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn too_few_descriptors_are_told() {
        assert_eq!(judged(Some(919), 200).verdict(), Verdict::Missing);
        assert_eq!(judged(Some(920), 200).verdict(), Verdict::Good);
        assert_eq!(judged(None, 4_000).verdict(), Verdict::Good);
    }
}
