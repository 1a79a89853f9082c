//! What `check` found, one line each.

use crate::config::{Entry, TakesEffect};
use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Good,
    /// The bridge runs, but not as somebody might expect.
    Warning,
    /// The bridge would not run, or not for all.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    subject: &'static str,
    verdict: Verdict,
    text: String,
}

impl Finding {
    pub(super) fn good(subject: &'static str, text: impl Into<String>) -> Finding {
        Finding {
            subject,
            verdict: Verdict::Good,
            text: text.into(),
        }
    }

    pub(super) fn warning(subject: &'static str, text: impl Into<String>) -> Finding {
        Finding {
            subject,
            verdict: Verdict::Warning,
            text: text.into(),
        }
    }

    pub(super) fn missing(subject: &'static str, text: impl Into<String>) -> Finding {
        Finding {
            subject,
            verdict: Verdict::Missing,
            text: text.into(),
        }
    }

    #[cfg(test)]
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    good: bool,
    settings: Vec<Entry>,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(settings: Vec<Entry>, findings: Vec<Finding>) -> Report {
        let good = findings.iter().all(|finding| finding.verdict != Verdict::Missing);
        Report {
            good,
            settings,
            findings,
        }
    }

    /// Whether nothing is missing.
    pub(super) fn is_good(&self) -> bool {
        self.good
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.settings {
            writeln!(
                f,
                "{} = {}\n    {}{}",
                entry.key,
                shown(&entry.value),
                entry.effect,
                changed(entry)
            )?;
        }
        if !self.settings.is_empty() {
            writeln!(f)?;
        }
        for Finding {
            subject,
            verdict,
            text,
        } in &self.findings
        {
            let mark = match verdict {
                Verdict::Good => "good",
                Verdict::Warning => "WARNING",
                Verdict::Missing => "MISSING",
            };
            let text = text.replace('\n', "\n                     ");
            writeln!(f, "{mark:<9}{subject:<12}{text}")?;
        }
        f.write_str(if self.good {
            "The bridge can run."
        } else {
            "The bridge cannot run like this."
        })
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(empty)" } else { value }
}

/// When a change takes effect, where that is not at once.
fn changed(entry: &Entry) -> &'static str {
    match entry.takes_effect {
        TakesEffect::NextCommand => "",
        TakesEffect::Reload => " (a change needs `rundruf reload`)",
        TakesEffect::Restart => " (a change needs a restart)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_setting_is_told_with_value_and_effect() {
        let report = Report::new(Config::default().entries(), vec![Finding::good("data", "there")]);
        let text = report.to_string();
        for wanted in [
            "calls.max = 200\n    200 calls at the same time",
            "sip.number = (empty)\n    invitations print no telephone number\n",
            "(a change needs `rundruf reload`)",
            "good     data        there",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }
}
