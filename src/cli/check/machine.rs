//! What the process itself needs.

use super::finding::Finding;
use crate::config::Config;
use crate::ids::Language;
use crate::io::recordings::Recordings;
use crate::io::serve::CONNECTIONS_MAX;
use crate::speech::{Prompt, Sound};
use rustix::process::{Resource, getrlimit};
use std::path::Path;

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

/// Every sentence is part of the program, and one that lacks fails its build; own recordings may be wrong.
pub(super) fn prompts(config: &Config) -> Finding {
    let languages = Language::ALL.map(Language::code).join(", ");
    let sounds = Sound::all().count();
    let built_in = format!(
        "{} sentences and words in {languages}, and {sounds} sounds, are built in",
        Prompt::all().count()
    );
    match &config.prompts.folder {
        None => Finding::good("prompts", built_in),
        Some(folder) => own(&built_in, folder, &Recordings::read(folder)),
    }
}

fn own(built_in: &str, folder: &Path, found: &Recordings) -> Finding {
    let folder = folder.display();
    if !found.refused.is_empty() {
        return Finding::missing("prompts", found.refused.join("\n"));
    }
    let replaced = match found.replaced.as_slice() {
        [] => format!("{built_in}; {folder} replaces none"),
        names => format!(
            "{built_in}; {folder} replaces {}: {}",
            names.len(),
            names.join(", ")
        ),
    };
    if found.unknown.is_empty() {
        return Finding::good("prompts", replaced);
    }
    let unknown: Vec<_> = found
        .unknown
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    Finding::warning(
        "prompts",
        format!(
            "{replaced}\nno recording has these names, rename or remove: {} (for example de/{}.wav)",
            unknown.join(", "),
            Prompt::Greeting.name()
        ),
    )
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
    fn own_recordings_are_listed_and_strange_ones_named() {
        let folder = Path::new("own");
        let verdict = |found: &Recordings| own("All", folder, found).verdict();
        let mut found = Recordings::default();
        assert_eq!(verdict(&found), Verdict::Good);
        found.replaced.push("de/greeting".to_owned());
        assert_eq!(verdict(&found), Verdict::Good);
        found.unknown.push("de/greting.wav".into());
        assert_eq!(verdict(&found), Verdict::Warning);
        found.refused.push("de/alone.wav: has 2 channels".to_owned());
        assert_eq!(verdict(&found), Verdict::Missing);
    }

    #[test]
    fn a_slow_clock_is_told() {
        assert_eq!(judged_clock(Some("hpet")).verdict(), Verdict::Warning);
        assert_eq!(judged_clock(Some("tsc")).verdict(), Verdict::Good);
        assert_eq!(judged_clock(None).verdict(), Verdict::Good);
    }

    #[test]
    fn too_few_descriptors_are_told() {
        assert_eq!(judged(Some(919), 200).verdict(), Verdict::Missing);
        assert_eq!(judged(Some(920), 200).verdict(), Verdict::Good);
        assert_eq!(judged(None, 4_000).verdict(), Verdict::Good);
    }
}
