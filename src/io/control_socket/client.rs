//! The commands' end: blocking, because a command does one thing.

use super::{ControlError, REPLY_BYTES_MAX, Reply, Request, TIMEOUT, socket_path};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A little longer than the bridge's own wait, so that its "not now" arrives.
const PATIENCE: Duration = TIMEOUT.saturating_add(Duration::from_secs(1));

/// Asks the bridge that runs on the data folder `data`.
pub fn ask(data: &Path, request: &Request) -> Result<Reply, ControlError> {
    let data_path = || data.to_owned();
    let mut stream = UnixStream::connect(socket_path(data)).map_err(|error| failed(data, error))?;
    let line = exchange(&mut stream, request).map_err(|error| failed(data, error))?;
    if line.is_empty() {
        return Err(ControlError::Silent { data: data_path() });
    }
    serde_json::from_slice(&line).map_err(|_| ControlError::Garbled { data: data_path() })
}

fn exchange(stream: &mut UnixStream, request: &Request) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut asked = serde_json::to_vec(request)?;
    asked.push(b'\n');
    match stream.write_all(&asked) {
        // Turned away before the request was read: the reply says why.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written?,
    }
    let mut line = Vec::new();
    BufReader::new(stream.take(REPLY_BYTES_MAX as u64)).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn failed(data: &Path, error: io::Error) -> ControlError {
    let data = data.to_owned();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => ControlError::NotRunning { data },
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::ConnectionReset => {
            ControlError::Silent { data }
        }
        _ => ControlError::Io {
            path: socket_path(&data),
            source: error,
        },
    }
}
