//! The line that shows, while callers come and speak, what an operator would see: counts, never people.

use crate::bridge::status::Status;
use crate::cli::child::program;
use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const REDRAW: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Shown {
    stage: String,
    ended: bool,
}

/// The line, redrawn each half second by a thread of its own until this is dropped.
pub(super) struct Display {
    shown: Arc<Mutex<Shown>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Starts showing the bridge that serves `data`.
    pub(super) fn start(data: &Path) -> Display {
        let shown = Arc::new(Mutex::new(Shown::default()));
        let (seen, data) = (Arc::clone(&shown), data.to_owned());
        let thread = std::thread::spawn(move || draw_until_ended(&seen, &data));
        Display {
            shown,
            thread: Some(thread),
        }
    }

    /// Says what is going on.
    pub(super) fn stage(&self, text: impl Into<String>) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).stage = text.into();
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A display that failed has nothing more to show.
            let _ = thread.join();
            println!();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.end();
    }
}

fn draw_until_ended(shown: &Mutex<Shown>, data: &PathBuf) {
    let mut last = String::new();
    loop {
        let stage = {
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.ended {
                return;
            }
            shown.stage.clone()
        };
        let line = line(status(data).as_ref(), &stage);
        if line != last {
            draw(&line);
            last = line;
        }
        std::thread::park_timeout(REDRAW);
    }
}

/// On a terminal the line is drawn over; in a file each change is a line.
fn draw(line: &str) {
    let mut out = stdout().lock();
    let _ = match out.is_terminal() {
        true => write!(out, "\r\x1b[K{line}"),
        false => writeln!(out, "{line}"),
    };
    let _ = out.flush();
}

fn line(status: Option<&Status>, stage: &str) -> String {
    let counts = match status {
        Some(status) => format!(
            "{:>2} in reception, {:>2} in rooms",
            status.in_reception, status.in_rooms
        ),
        None => "(no status)".to_owned(),
    };
    format!("{counts} | {stage}")
}

fn status(data: &PathBuf) -> Option<Status> {
    let mut asked = program().ok()?;
    asked
        .args(["status", "--json", "--data"])
        .arg(data)
        .current_dir(data);
    let output = asked.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_counts_and_stage_and_bears_a_silent_bridge() {
        let status = Status {
            in_reception: 3,
            in_rooms: 5,
            ..Status::default()
        };
        assert_eq!(
            line(Some(&status), "caller 2 speaks"),
            " 3 in reception,  5 in rooms | caller 2 speaks"
        );
        assert_eq!(line(None, "dialling"), "(no status) | dialling");
    }
}
