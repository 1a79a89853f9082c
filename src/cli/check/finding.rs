//! What `check` found, one line each.

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
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>) -> Report {
        let good = findings.iter().all(|finding| finding.verdict != Verdict::Missing);
        Report { good, findings }
    }

    /// Whether nothing is missing.
    pub(super) fn is_good(&self) -> bool {
        self.good
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
