//! Whether the media thread may take precedence over other programs, and how far the system lets it go.

use super::finding::Finding;
use crate::config::Scheduling;
use crate::io::precedence::{self, PRIORITY};

const RUNTIME_FILE: &str = "/proc/sys/kernel/sched_rt_runtime_us";
const PERIOD_FILE: &str = "/proc/sys/kernel/sched_rt_period_us";

pub(super) fn findings(scheduling: Scheduling) -> Vec<Finding> {
    match scheduling {
        Scheduling::Ordinary => vec![Finding::good(
            "precedence",
            "not asked for: media.realtime = false",
        )],
        Scheduling::Realtime => vec![
            precedence(precedence::is_possible()),
            throttle(number(RUNTIME_FILE), number(PERIOD_FILE)),
        ],
    }
}

fn number(path: &str) -> Option<i64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn precedence(possible: Result<(), String>) -> Finding {
    match possible {
        Ok(()) => Finding::good("precedence", format!("voices come first (SCHED_FIFO {PRIORITY})")),
        Err(why) => Finding::warning(
            "precedence",
            format!(
                "voices wait their turn like other programs ({why}), and may stutter on a busy machine: \
                 LimitRTPRIO={PRIORITY} in the service, \"rundruf - rtprio {PRIORITY}\" in /etc/security/limits.d, \
                 or `setcap cap_sys_nice+ep` on the program; this check speaks for the user who runs it"
            ),
        ),
    }
}

/// The kernel keeps a share of the time for ordinary programs, so that a thread that runs wild does not hang the machine.
fn throttle(runtime: Option<i64>, period: Option<i64>) -> Finding {
    match (runtime, period) {
        (Some(0), _) => Finding::warning(
            "throttle",
            format!("{RUNTIME_FILE} is 0: threads with precedence get no time at all; set 950000"),
        ),
        (Some(runtime), _) if runtime < 0 => Finding::good(
            "throttle",
            "off: the media thread may take a whole processor, and ordinary programs on it would wait",
        ),
        (Some(runtime), Some(period)) if period > 0 => {
            let percent = runtime * 100 / period;
            let text = format!("threads with precedence get {percent} % of a processor at most");
            match percent >= 90 {
                true => Finding::good("throttle", format!("{text}: keep the load below")),
                false => Finding::warning("throttle", format!("{text}: set {RUNTIME_FILE} to 950000")),
            }
        }
        _ => Finding::good("throttle", "the system does not say how it limits precedence"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn precedence_that_is_refused_is_a_warning_with_its_remedies() {
        assert_eq!(precedence(Ok(())).verdict(), Verdict::Good);
        assert_eq!(
            precedence(Err("not permitted".into())).verdict(),
            Verdict::Warning
        );
        assert_eq!(findings(Scheduling::Ordinary).len(), 1);
    }

    #[test]
    fn a_throttle_that_starves_the_media_thread_is_told() {
        for (runtime, expected) in [
            (Some(950_000), Verdict::Good),
            (Some(-1), Verdict::Good),
            (None, Verdict::Good),
            (Some(500_000), Verdict::Warning),
            (Some(0), Verdict::Warning),
        ] {
            assert_eq!(
                throttle(runtime, Some(1_000_000)).verdict(),
                expected,
                "{runtime:?}"
            );
        }
    }
}
