//! Who may come in: so many connections at a time, each until its time is over, however slowly it speaks.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Most connections at a time; the next one waits in the kernel's queue.
const GUESTS_MAX: usize = 8;
/// How long a connection may last.
const STAY: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The listener with its seats.
pub struct Door {
    listener: TcpListener,
    seats: Arc<Semaphore>,
}

impl Door {
    pub fn new(listener: TcpListener) -> Door {
        Door {
            listener,
            seats: Arc::new(Semaphore::new(GUESTS_MAX)),
        }
    }
}

impl axum::serve::Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        loop {
            let seat = Arc::clone(&self.seats).acquire_owned().await;
            let seat = seat.expect("the seats are never closed");
            match self.listener.accept().await {
                Ok((stream, from)) => return (Guest::new(stream, seat), from),
                Err(error) => {
                    tracing::warn!(%error, "the page for figures does not accept a connection; are descriptors short?");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection. Once its time is over it neither reads nor writes.
pub struct Guest {
    stream: TcpStream,
    leave: Pin<Box<Sleep>>,
    _seat: OwnedSemaphorePermit,
}

impl Guest {
    fn new(stream: TcpStream, seat: OwnedSemaphorePermit) -> Guest {
        Guest {
            stream,
            leave: Box::pin(tokio::time::sleep(STAY)),
            _seat: seat,
        }
    }

    fn stays(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.leave.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stays(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stays(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::serve::Listener;
    use tokio::io::AsyncReadExt;

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_shown_out_and_the_next_one_comes_in() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let mut door = Door::new(listener);
        let address = door.local_addr().expect("bound");
        let mut outside = Vec::new();
        let mut inside = Vec::new();
        for _ in 0..GUESTS_MAX {
            outside.push(TcpStream::connect(address).await.expect("a connection"));
            inside.push(door.accept().await.0);
        }
        assert_eq!(door.seats.available_permits(), 0);
        let silent = inside[0].read_u8().await.expect_err("nothing was said");
        assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
        drop(inside.remove(0));
        assert_eq!(door.seats.available_permits(), 1);
    }
}
