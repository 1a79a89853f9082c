//! The bridge's end: a tokio task that passes requests on to the control loop and carries its replies back.

use super::{
    CONNECTIONS_MAX, ControlError, OWNER_FILE, REPLY_BYTES_MAX, REQUEST_BYTES_MAX, Reply, Request, TIMEOUT,
    socket_path,
};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// A request on its way to the control loop, and where its reply goes. Dropping `reply` refuses it.
#[derive(Debug)]
pub struct Ask {
    /// What is asked.
    pub request: Request,
    /// Takes the reply, once.
    pub reply: oneshot::Sender<Reply>,
}

/// The bound socket: this process is the one bridge of the data folder until it is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Locked. The kernel unlocks it when the process dies, however it dies: who gets the lock may replace the socket.
    _owner: File,
}

/// How long the end of the bridge waits for commands that are being answered.
const FAREWELL: Duration = Duration::from_millis(500);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl ControlSocket {
    /// Becomes the bridge of the data folder `data`, which exists. Needs a tokio runtime.
    pub fn bind(data: &Path) -> Result<ControlSocket, ControlError> {
        let path = socket_path(data);
        let failed = |source| ControlError::Io {
            path: path.clone(),
            source,
        };
        let owner = owner_file(data).map_err(failed)?;
        match owner.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ControlError::AlreadyRunning {
                    data: data.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let listener = bind_private(&path).map_err(failed)?;
        Ok(ControlSocket {
            listener,
            path,
            _owner: owner,
        })
    }

    /// Serves until the control loop hangs up, or the task is aborted; then the socket is removed. Commands that are
    /// being answered still hear the answer.
    pub async fn serve(self, asks: mpsc::Sender<Ask>) {
        let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        self.attend_all(&asks, &seats).await;
        let _ = timeout(FAREWELL, seats.acquire_many(CONNECTIONS_MAX as u32)).await;
    }

    async fn attend_all(&self, asks: &mpsc::Sender<Ask>, seats: &Arc<Semaphore>) {
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = asks.closed() => return,
            };
            let (stream, _) = match stream {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "the control socket does not accept a command; are descriptors short?");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            match Arc::clone(seats).try_acquire_owned() {
                Ok(seat) => {
                    let asks = asks.clone();
                    tokio::spawn(async move {
                        attend(stream, &asks).await;
                        drop(seat);
                    });
                }
                Err(_) => turn_away(&stream),
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // Still ours: the lock is dropped after this.
        let _ = fs::remove_file(&self.path);
    }
}

fn owner_file(data: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(data.join(OWNER_FILE))
}

/// Bound under another name, closed to others, then moved over what a dead process left: at no moment can another user
/// connect, nor is there a moment without a socket.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let unfinished = path.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&unfinished)?;
    fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
    fs::rename(&unfinished, path)?;
    Ok(listener)
}

fn refused(why: &str) -> Reply {
    Reply::Refused { why: why.to_owned() }
}

fn line(reply: &Reply) -> Vec<u8> {
    let text = serde_json::to_vec(reply).expect("a reply is plain texts and numbers");
    let mut line = if text.len() < REPLY_BYTES_MAX {
        text
    } else {
        serde_json::to_vec(&refused("the reply is too long")).expect("a text")
    };
    line.push(b'\n');
    line
}

/// One command: its request, its reply. Whoever is slow or hangs up only loses its own connection.
async fn attend(mut stream: UnixStream, asks: &mpsc::Sender<Ask>) {
    let reply = match timeout(TIMEOUT, request(&mut stream)).await {
        Ok(Ok(request)) => pass_on(request, asks).await,
        Ok(Err(why)) => refused(why),
        Err(_) => refused("the request did not come in time"),
    };
    let line = line(&reply);
    let _ = timeout(TIMEOUT, stream.write_all(&line)).await;
}

async fn request(stream: &mut UnixStream) -> Result<Request, &'static str> {
    let mut line = Vec::new();
    let mut bounded = BufReader::new(stream.take(REQUEST_BYTES_MAX as u64));
    bounded
        .read_until(b'\n', &mut line)
        .await
        .map_err(|_| "the request broke off")?;
    if line.last() != Some(&b'\n') {
        return Err("the request is too long or broke off");
    }
    serde_json::from_slice(&line)
        .map_err(|_| "this bridge does not know the request; use the same version for both")
}

async fn pass_on(request: Request, asks: &mpsc::Sender<Ask>) -> Reply {
    let (reply, answered) = oneshot::channel();
    if asks.try_send(Ask { request, reply }).is_err() {
        return refused("the bridge has too many requests; try again");
    }
    match timeout(TIMEOUT, answered).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) => refused("the bridge is stopping"),
        Err(_) => refused("the bridge did not reply in time; try again"),
    }
}

/// A fresh socket has room for this one line: nobody waits.
fn turn_away(stream: &UnixStream) {
    let _ = stream.try_write(&line(&refused("too many commands ask at once; try again")));
}
