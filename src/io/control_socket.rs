//! Owns the line between a running `serve` and the commands: `DATA/control.sock`, mode 0600, one JSON line each way.
//! Must never carry a PIN or a caller's number, nor make the bridge wait: requests go through a bounded queue to the
//! control loop, and what does not fit is refused.

mod client;
mod server;
#[cfg(test)]
mod tests;

pub use client::ask;
pub use server::{Ask, ControlSocket};

use crate::bridge::status::Status;
use crate::config::CALLS_MAX;
use crate::ids::RoomNumber;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest request, line end included.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// Longest reply, line end included: every call has a line, and may be alone in a room of its own.
pub const REPLY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long either side waits for the other.
pub const TIMEOUT: Duration = Duration::from_secs(2);
/// Most commands that are connected at once.
pub const CONNECTIONS_MAX: usize = 16;

const ROOM_STATUS_BYTES: usize = 128;
const LINE_STATUS_BYTES: usize = 256;
const _: () = assert!(
    CALLS_MAX as usize * (ROOM_STATUS_BYTES + LINE_STATUS_BYTES) + REQUEST_BYTES_MAX <= REPLY_BYTES_MAX
);

const SOCKET_FILE: &str = "control.sock";
const OWNER_FILE: &str = "serve.lock";

/// What a command asks the running bridge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// How are you?
    Status,
    /// This room was changed in the store: those who are in it stay, to its new end.
    RoomChanged {
        /// The room.
        #[serde(with = "room_text")]
        room: RoomNumber,
    },
    /// This room was cancelled in the store: say so to those who are in it, and end their calls.
    RoomCancelled {
        /// The room.
        #[serde(with = "room_text")]
        room: RoomNumber,
    },
    /// Take no new calls; end when the last call has ended.
    Drain {
        /// The calls that stand may last so long.
        minutes: u32,
    },
    /// Take calls again.
    DrainStop,
    /// Read the settings again.
    Reload,
}

/// Longest drain that may be asked for: a week.
pub const DRAIN_MINUTES_MAX: u32 = 7 * 24 * 60;

/// What the running bridge replies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Box<Status>),
    /// To [`Request::Drain`]: no new calls are taken, and so many stand.
    Draining {
        /// Calls that stand.
        calls: usize,
    },
    /// To [`Request::Reload`].
    Reloaded(Reloaded),
    /// It was done.
    Done,
    /// It was not done.
    Refused {
        /// Why, in words for the operator.
        why: String,
    },
}

/// What a reload did, by the keys that differ from before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Taken over by the running bridge.
    pub in_effect: Vec<String>,
    /// Taken over when the bridge is started again.
    pub needs_restart: Vec<String>,
}

/// Why the line does not work. The text is for the operator, remedy included.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("no bridge is running on {data:?} (start it with `rundruf serve --data {}`)", .data.display())]
    NotRunning {
        /// The data folder.
        data: PathBuf,
    },
    /// Another bridge has this data folder.
    #[error(
        "a bridge is already running on {data:?}: stop it first, or give this one a folder of its own with --data DIR"
    )]
    AlreadyRunning {
        /// The data folder.
        data: PathBuf,
    },
    /// The bridge did not answer in time.
    #[error("the bridge on {data:?} does not answer: look at its log, and restart it if it hangs")]
    Silent {
        /// The data folder.
        data: PathBuf,
    },
    /// What came is no reply of ours.
    #[error(
        "the bridge on {data:?} gave a reply that this program does not understand: use the same version for both"
    )]
    Garbled {
        /// The data folder.
        data: PathBuf,
    },
    /// The system refused.
    #[error(
        "the control socket {path:?} cannot be used ({source}): run this as the user of the bridge; the path must be shorter than 100 characters"
    )]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn socket_path(data: &Path) -> PathBuf {
    data.join(SOCKET_FILE)
}

mod room_text {
    use crate::ids::RoomNumber;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(room: &RoomNumber, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(room)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RoomNumber, D::Error> {
        let text = String::deserialize(from)?;
        RoomNumber::parse(&text).ok_or_else(|| D::Error::custom("no room number"))
    }
}
