//! What the process itself needs.

use super::finding::Finding;
use crate::config::Config;
use crate::ids::Language;
use rustix::process::{Resource, getrlimit};

/// RTP, RTCP, and one to spare for the moment in which a leg replaces another.
const PER_CALL: u64 = 3;
/// Database, sockets, logs.
const BESIDE: u64 = 64;

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

/// The kernel's clocks that are read without a detour through slow hardware.
const QUICK_CLOCKS: [&str; 5] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "xen",
    "arch_sys_counter",
];
const CLOCK_FILE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// The media thread reads the clock thousands of times a second.
pub(super) fn clock() -> Finding {
    judged_clock(std::fs::read_to_string(CLOCK_FILE).ok().as_deref().map(str::trim))
}

fn judged_clock(clock: Option<&str>) -> Finding {
    match clock {
        Some(clock) if QUICK_CLOCKS.contains(&clock) => {
            Finding::good("clock", format!("{clock}, which is quick to read"))
        }
        Some(clock) => Finding::warning(
            "clock",
            format!(
                "{clock} may be slow to read: watch the media thread's load, or boot with clocksource=tsc"
            ),
        ),
        None => Finding::good("clock", "the system does not say which one it uses"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_slow_clock_is_told() {
        assert_eq!(judged_clock(Some("hpet")).verdict(), Verdict::Warning);
        assert_eq!(judged_clock(Some("tsc")).verdict(), Verdict::Good);
        assert_eq!(judged_clock(None).verdict(), Verdict::Good);
    }

    #[test]
    fn too_few_descriptors_are_told() {
        assert_eq!(judged(Some(663), 200).verdict(), Verdict::Missing);
        assert_eq!(judged(Some(664), 200).verdict(), Verdict::Good);
        assert_eq!(judged(None, 4_000).verdict(), Verdict::Good);
    }
}
