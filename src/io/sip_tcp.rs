//! The SIP connections: a task accepts for each address at which we listen, a task carries each connection, and one
//! bounded channel brings all of it to the control loop. Which connections may stay is decided there, and what the bytes
//! mean; here they are only carried.

use super::{listen, sip_udp};
use anyhow::Context;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Events that wait for the control loop; a full channel makes the peers wait.
const EVENTS: usize = 256;
/// Bytes read at a time.
const READ_BYTES: usize = 8 * 1024;
/// Messages that wait to be written to one peer; one more closes the connection.
const WRITES: usize = 64;
/// How long a peer may let us wait before its connection is given up.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection of ours may take to stand.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How long a closed connection waits for the peer to close its side.
const LINGER: Duration = Duration::from_secs(1);
/// The pause after a failed accept: no descriptors are left, for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Tells a connection from an earlier one with the same peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId(u64);

/// What happens to connections.
pub enum Event {
    /// A peer opened one to our socket `local`: to be kept by [`SipTcp::keep`], or dropped.
    Accepted {
        stream: TcpStream,
        peer: SocketAddr,
        local: SocketAddr,
    },
    /// One that we opened stands.
    Connected {
        id: ConnectionId,
        peer: SocketAddr,
        local: SocketAddr,
    },
    Bytes {
        id: ConnectionId,
        peer: SocketAddr,
        bytes: Vec<u8>,
    },
    /// One is gone.
    Closed { id: ConnectionId, peer: SocketAddr },
    /// One of ours never stood: what was to be sent by it is lost.
    Failed { id: ConnectionId, peer: SocketAddr },
}

struct Connection {
    id: ConnectionId,
    writes: mpsc::Sender<Vec<u8>>,
}

/// All connections.
pub struct SipTcp {
    events: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
    open: HashMap<SocketAddr, Connection>,
    accepting: Vec<JoinHandle<()>>,
    ids: u64,
}

impl SipTcp {
    /// Listens on `addresses`.
    pub fn bind(addresses: &[SocketAddr]) -> anyhow::Result<SipTcp> {
        let (tell, events) = mpsc::channel(EVENTS);
        let mut accepting = Vec::new();
        for local in addresses {
            let listener = listen::tcp(*local).with_context(|| sip_udp::refused(*local, "TCP"))?;
            let listener = TcpListener::from_std(listener)?;
            accepting.push(tokio::spawn(accept(listener, *local, tell.clone())));
        }
        Ok(SipTcp {
            events,
            tell,
            open: HashMap::new(),
            accepting,
            ids: 0,
        })
    }

    /// The next thing that happens.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next thing that has happened already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Carries an accepted connection from here on.
    pub fn keep(&mut self, stream: TcpStream, peer: SocketAddr) {
        let (connection, written) = self.new_connection();
        tokio::spawn(carry(stream, connection.id, peer, written, self.tell.clone()));
        self.open.insert(peer, connection);
    }

    /// Whether an event is about the connection that stands, not about an earlier one.
    pub fn is_current(&self, id: ConnectionId, peer: SocketAddr) -> bool {
        self.open.get(&peer).is_some_and(|connection| connection.id == id)
    }

    /// Sends by the connection with `to`, or opens one from the address of `from`; `false` if the peer reads too slowly and
    /// the connection is closed for it.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) -> bool {
        if !self.open.contains_key(&to) {
            let (connection, written) = self.new_connection();
            tokio::spawn(connect(from, connection.id, to, written, self.tell.clone()));
            self.open.insert(to, connection);
        }
        let taken = self
            .open
            .get(&to)
            .is_some_and(|connection| connection.writes.try_send(bytes).is_ok());
        if !taken {
            self.close(to);
        }
        taken
    }

    /// Closes the connection with `peer`, once what was sent has gone out.
    pub fn close(&mut self, peer: SocketAddr) {
        self.open.remove(&peer);
    }

    fn new_connection(&mut self) -> (Connection, mpsc::Receiver<Vec<u8>>) {
        self.ids += 1;
        let (writes, written) = mpsc::channel(WRITES);
        let id = ConnectionId(self.ids);
        (Connection { id, writes }, written)
    }
}

impl Drop for SipTcp {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
    }
}

async fn accept(listener: TcpListener, local: SocketAddr, tell: mpsc::Sender<Event>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let accepted = Event::Accepted { stream, peer, local };
        if tell.send(accepted).await.is_err() {
            return;
        }
    }
}

async fn connect(
    local: SocketAddr,
    id: ConnectionId,
    peer: SocketAddr,
    written: mpsc::Receiver<Vec<u8>>,
    tell: mpsc::Sender<Event>,
) {
    let Ok(Ok(stream)) = timeout(CONNECT_PATIENCE, connected(local, peer)).await else {
        // The loop may have ended: nobody waits for the news.
        tell.send(Event::Failed { id, peer }).await.ok();
        return;
    };
    if tell.send(Event::Connected { id, peer, local }).await.is_ok() {
        carry(stream, id, peer, written, tell).await;
    }
}

async fn connected(local: SocketAddr, peer: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = match peer {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.bind(SocketAddr::new(local.ip(), 0))?;
    socket.connect(peer).await
}

/// Carries one connection until either side closes it.
async fn carry(
    stream: TcpStream,
    id: ConnectionId,
    peer: SocketAddr,
    mut written: mpsc::Receiver<Vec<u8>>,
    tell: mpsc::Sender<Event>,
) {
    // A message is written whole: waiting to fill a segment would only delay it.
    stream.set_nodelay(true).ok();
    let (mut reader, mut writer) = stream.into_split();
    let mut writing = pin!(async move {
        while let Some(bytes) = written.recv().await {
            if !matches!(
                timeout(WRITE_PATIENCE, writer.write_all(&bytes)).await,
                Ok(Ok(()))
            ) {
                break;
            }
        }
        timeout(WRITE_PATIENCE, writer.shutdown()).await.ok();
    });
    let mut buffer = vec![0; READ_BYTES];
    let reading = async {
        while let Ok(len @ 1..) = reader.read(&mut buffer).await {
            let bytes = buffer[..len].to_vec();
            if tell.send(Event::Bytes { id, peer, bytes }).await.is_err() {
                break;
            }
        }
    };
    let peer_closed = tokio::select! {
        () = &mut writing => false,
        () = reading => true,
    };
    // The loop may have ended: nobody waits for the news.
    tell.send(Event::Closed { id, peer }).await.ok();
    if peer_closed {
        // What is answered already still goes out; the peer may have closed its half alone.
        writing.await;
    } else {
        // Bytes left unread would make the kernel throw away what we said last.
        let rest = async { while let Ok(1..) = reader.read(&mut buffer).await {} };
        timeout(LINGER, rest).await.ok();
    }
}
