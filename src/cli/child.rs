//! A bridge for the demo or the bench: `serve` of this same program as a child process, and what an organiser does with it. It
//! is ended by its own process id, whatever happens to the story.

use crate::caller::options_answered;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{DirBuilder, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// SIP's own port, and how many after it are tried.
const SIP_PORT: u16 = 5060;
const SIP_PORTS_TRIED: u16 = 40;
/// How long the bridge may take to answer.
const START_MAX: Duration = Duration::from_secs(20);
/// How long it may take to end its calls and itself.
const STOP_MAX: Duration = Duration::from_secs(10);
/// The name of the demo's room.
const ROOM_NAME: &str = "Demo";

/// A booked room, as the organiser sees it.
pub(super) struct Room {
    pub(super) number: String,
    pub(super) pin: Option<String>,
    pub(super) invitation: String,
}

/// A running `serve`; it is ended when this is dropped.
pub(super) struct ChildBridge {
    child: Child,
    address: SocketAddr,
    data: PathBuf,
    log: PathBuf,
}

impl ChildBridge {
    /// Starts a bridge on loopback and waits until it answers OPTIONS.
    /// In the folder a `bridge.toml` of the command's own may lie; its log is called `log`.
    pub(super) fn start(data: &Path, log: &str) -> Result<ChildBridge> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.with_context(|| {
            format!(
                "cannot make the folder {}: name another with --data DIR",
                data.display()
            )
        })?;
        let data = data.canonicalize()?;
        let log = data.join(log);
        let address = free_address()?;
        let child = program()?
            .args(["serve", "--sip", &address.to_string()])
            .arg("--data")
            .arg(&data)
            // Away from any other bridge.toml: else the built-in settings are taken.
            .current_dir(&data)
            // Ctrl-C is for the demo, which then ends calls and bridge in order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        let mut bridge = ChildBridge {
            child,
            address,
            data,
            log,
        };
        bridge.wait_until_it_answers()?;
        Ok(bridge)
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it answers SIP.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data folder.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// The file with its log.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// The room of an earlier demo, or a new one.
    pub(super) fn room(&self) -> Result<Room> {
        let (invitation, room) = match self.booked() {
            Some(room) => (self.ask(&["room", "show", &room.0])?, room),
            None => {
                let invitation = self.ask(&["room", "book", ROOM_NAME])?;
                (
                    invitation,
                    self.booked()
                        .context("the room that was just booked is not there")?,
                )
            }
        };
        Ok(Room {
            number: room.0,
            pin: room.1,
            invitation,
        })
    }

    /// A new room for so many.
    pub(super) fn book(&self, seats: usize) -> Result<Room> {
        let booked = self.ask(&["room", "book", "--json", "--seats", &seats.to_string()])?;
        let (number, pin) = room_and_pin(&booked).context("the booking's JSON names no room")?;
        Ok(Room {
            number,
            pin,
            invitation: String::new(),
        })
    }

    /// Ends it by SIGTERM and waits for it; by SIGKILL if it will not.
    pub(super) fn stop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begin = Instant::now();
        while begin.elapsed() < STOP_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < START_MAX {
            if options_answered(LOCALHOST, self.address, Duration::from_millis(200))? {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the bridge ended at once ({status}). Its log:\n{}",
                    self.last_of_log()
                );
            }
        }
        bail!(
            "the bridge did not answer within {START_MAX:?}. Its log:\n{}",
            self.last_of_log()
        )
    }

    fn last_of_log(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn booked(&self) -> Option<(String, Option<String>)> {
        let rooms: Value = serde_json::from_str(&self.ask(&["room", "list", "--json"]).ok()?).ok()?;
        let ours = rooms.as_array()?.iter().find(|room| room["name"] == ROOM_NAME)?;
        room_and_pin(
            &self
                .ask(&["room", "show", ours["room"].as_str()?, "--json"])
                .ok()?,
        )
    }

    fn ask(&self, words: &[&str]) -> Result<String> {
        let command = || words[..words.len().min(2)].join(" ");
        let mut asked = program()?;
        asked
            .args(words)
            .arg("--data")
            .arg(&self.data)
            .current_dir(&self.data)
            .stdin(Stdio::null());
        let Output {
            status,
            stdout,
            stderr,
        } = asked.output()?;
        if !status.success() {
            bail!(
                "`rundruf {}` failed: {}",
                command(),
                String::from_utf8_lossy(&stderr).trim()
            );
        }
        Ok(String::from_utf8(stdout)?)
    }
}

impl Drop for ChildBridge {
    fn drop(&mut self) {
        self.stop();
    }
}

/// This program.
pub(super) fn program() -> Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

fn room_and_pin(json: &str) -> Option<(String, Option<String>)> {
    let room: Value = serde_json::from_str(json).ok()?;
    Some((
        room["room"].as_str()?.to_owned(),
        room["pin"].as_str().map(str::to_owned),
    ))
}

fn free_address() -> Result<SocketAddr> {
    (SIP_PORT..)
        .take(usize::from(SIP_PORTS_TRIED))
        .map(|port| SocketAddr::new(LOCALHOST, port))
        .find(|address| UdpSocket::bind(address).is_ok())
        .with_context(|| {
            format!("no UDP port from {SIP_PORT} on is free on this machine: end another SIP program")
        })
}
