//! `rundruf status --watch`: the status, live. One thread asks the bridge once a second, this one draws and hears the keys,
//! so that a bridge that is slow to answer does not make the keyboard wait. The bridge may go away and come back.

mod view;

use crate::bridge::status::Status;
use crate::io::control_socket::{self, Reply, Request};
use anyhow::Context;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};
use view::Scene;

const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long a key or an answer may wait for the next picture.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Shows the bridge of the data folder until somebody presses q or Ctrl-C.
pub fn run(data: PathBuf) -> anyhow::Result<()> {
    anyhow::ensure!(
        std::io::stdout().is_terminal() && std::io::stdin().is_terminal(),
        "--watch needs a terminal: leave it out, or use --json for programs"
    );
    let (tell, told) = mpsc::sync_channel(1);
    // Ends with the program.
    thread::spawn(move || ask_for_ever(&data, &tell));
    let mut terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    let watched = watch(&mut terminal, &told);
    ratatui::restore();
    watched
}

fn ask_for_ever(data: &Path, tell: &SyncSender<Result<Status, String>>) {
    loop {
        let asked = Instant::now();
        let answer = match control_socket::ask(data, &Request::Status) {
            Ok(Reply::Status(status)) => Ok(*status),
            Ok(Reply::Refused { why }) => Err(why),
            Ok(_) => Err("the bridge gave no status: use the same version for both".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if tell.send(answer).is_err() {
            return;
        }
        thread::sleep(ASK_EVERY.saturating_sub(asked.elapsed()));
    }
}

fn watch(terminal: &mut DefaultTerminal, told: &Receiver<Result<Status, String>>) -> anyhow::Result<()> {
    let mut scene = Scene::default();
    let mut heard = Instant::now();
    loop {
        for answer in told.try_iter() {
            if answer.is_ok() {
                heard = Instant::now();
            }
            scene.hear(answer);
        }
        scene.age(heard.elapsed());
        terminal.draw(|frame| view::draw(frame, &scene))?;
        if event::poll(LOOK_EVERY)? && is_end(&event::read()?) {
            return Ok(());
        }
    }
}

fn is_end(event: &Event) -> bool {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press,
        ..
    }) = event
    else {
        return false;
    };
    match code {
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => true,
        KeyCode::Char('c') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_q_escape_and_control_c_end_it() {
        let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
        assert!(is_end(&key(KeyCode::Char('q'), KeyModifiers::NONE)));
        assert!(is_end(&key(KeyCode::Esc, KeyModifiers::NONE)));
        assert!(is_end(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(!is_end(&key(KeyCode::Char('c'), KeyModifiers::NONE)));
        assert!(!is_end(&Event::Resize(80, 24)));
    }
}
