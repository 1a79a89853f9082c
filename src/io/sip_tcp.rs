//! The SIP connections, over TCP and over TLS: a task accepts for each address at which we listen, a task carries each connection, and one
//! bounded channel brings all of it to the control loop. Which connections may stay is decided there, and what the bytes
//! mean; here they are only carried.

use super::tls::{self, Client, Tls};
use super::{listen, marking, sip_udp};
use crate::config::Dscp;
use crate::sip::{Peer, TlsFault, Transport, TrunkId};
use anyhow::Context;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};

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
/// How long a peer may take to prove who it is.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);
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
        peer: Peer,
        local: SocketAddr,
    },
    /// One that we opened stands.
    Connected {
        id: ConnectionId,
        peer: Peer,
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
    /// One is gone because one of the two could not prove who it is: what was to be sent by it is lost.
    Unproven {
        id: ConnectionId,
        peer: SocketAddr,
        why: TlsFault,
    },
}

struct Connection {
    id: ConnectionId,
    transport: Transport,
    writes: mpsc::Sender<Vec<u8>>,
}

/// All connections.
pub struct SipTcp {
    events: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
    open: HashMap<SocketAddr, Connection>,
    accepting: Vec<JoinHandle<()>>,
    tls: Tls,
    dscp: Dscp,
    ids: u64,
}

impl SipTcp {
    /// Listens on `plain` for TCP, and on `secure` for TLS; what is sent is marked.
    pub fn bind(plain: &[SocketAddr], secure: &[SocketAddr], tls: Tls, dscp: Dscp) -> anyhow::Result<SipTcp> {
        let (tell, events) = mpsc::channel(EVENTS);
        let mut accepting = Vec::new();
        let plain = plain.iter().map(|local| (*local, Transport::Tcp));
        let secure = secure.iter().map(|local| (*local, Transport::Tls));
        for (local, transport) in plain.chain(secure) {
            let listener =
                listen::tcp(local, dscp).with_context(|| sip_udp::refused(local, transport.name()))?;
            let listener = TcpListener::from_std(listener)?;
            accepting.push(tokio::spawn(accept(listener, (local, transport), tell.clone())));
        }
        Ok(SipTcp {
            events,
            tell,
            open: HashMap::new(),
            accepting,
            tls,
            dscp,
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

    /// Proves and believes otherwise from now on; connections that stand go on.
    pub fn set_tls(&mut self, tls: Tls) {
        self.tls = tls;
    }

    /// How a connection is opened over TLS to who belongs to this trunk, or to none, and must have this name.
    pub fn client(&self, who: (Option<TrunkId>, String)) -> Option<Client> {
        self.tls.client(who)
    }

    /// Carries an accepted connection from here on; over TLS, the peer is given time for its handshake.
    pub fn keep(&mut self, stream: TcpStream, peer: Peer) {
        // A message is written whole: waiting to fill a segment would only delay it.
        stream.set_nodelay(true).ok();
        marking::mark(&stream, peer.addr.is_ipv6(), self.dscp).ok();
        let (connection, written) = self.new_connection(peer.transport);
        let line = Line {
            id: connection.id,
            peer: peer.addr,
            tell: self.tell.clone(),
        };
        match (peer.transport, self.tls.server()) {
            (Transport::Tls, Some(server)) => {
                tokio::spawn(line.prove(stream, TlsAcceptor::from(server), written));
            }
            (Transport::Tls, None) => {}
            (Transport::Tcp | Transport::Udp, _) => {
                tokio::spawn(line.carry(stream, written));
            }
        }
        self.open.insert(peer.addr, connection);
    }

    /// Whether an event is about the connection that stands, not about an earlier one.
    pub fn is_current(&self, id: ConnectionId, peer: SocketAddr) -> bool {
        self.open.get(&peer).is_some_and(|connection| connection.id == id)
    }

    /// What carries the connection with `peer` that there is, or is being opened.
    pub fn transport(&self, peer: SocketAddr) -> Option<Transport> {
        self.open.get(&peer).map(|connection| connection.transport)
    }

    /// Opens a connection with `to` from the address of `from`, over TLS as `client` says.
    pub fn open(&mut self, from: SocketAddr, to: SocketAddr, client: Option<Client>) {
        let transport = match client {
            Some(_) => Transport::Tls,
            None => Transport::Tcp,
        };
        let (connection, written) = self.new_connection(transport);
        let line = Line {
            id: connection.id,
            peer: to,
            tell: self.tell.clone(),
        };
        tokio::spawn(line.connect((from, self.dscp), client, written));
        self.open.insert(to, connection);
    }

    /// Sends by the connection with `to`; `false` if there is none, or the peer reads too slowly and the connection is closed
    /// for it.
    pub fn send(&mut self, to: SocketAddr, bytes: Vec<u8>) -> bool {
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

    fn new_connection(&mut self, transport: Transport) -> (Connection, mpsc::Receiver<Vec<u8>>) {
        self.ids += 1;
        let (writes, written) = mpsc::channel(WRITES);
        let id = ConnectionId(self.ids);
        let connection = Connection {
            id,
            transport,
            writes,
        };
        (connection, written)
    }
}

impl Drop for SipTcp {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
    }
}

async fn accept(
    listener: TcpListener,
    (local, transport): (SocketAddr, Transport),
    tell: mpsc::Sender<Event>,
) {
    loop {
        let Ok((stream, addr)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let peer = Peer { transport, addr };
        let accepted = Event::Accepted { stream, peer, local };
        if tell.send(accepted).await.is_err() {
            return;
        }
    }
}

async fn connected(local: SocketAddr, peer: SocketAddr, dscp: Dscp) -> std::io::Result<TcpStream> {
    let socket = match peer {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // From its first packet on.
    marking::mark(&socket, peer.is_ipv6(), dscp).ok();
    socket.bind(SocketAddr::new(local.ip(), 0))?;
    socket.connect(peer).await
}

/// Why a handshake did not come to its end in time.
fn handshaken<S>(done: Result<std::io::Result<S>, tokio::time::error::Elapsed>) -> Result<S, TlsFault> {
    done.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
        .map_err(|error| tls::fault(&error))
}

/// What a connection's task knows. The loop may have ended whenever it tells something: then nobody waits for the news.
struct Line {
    id: ConnectionId,
    peer: SocketAddr,
    tell: mpsc::Sender<Event>,
}

impl Line {
    /// Lets a peer that called over TLS see who we are, and carries what it says then.
    async fn prove(self, stream: TcpStream, acceptor: TlsAcceptor, written: mpsc::Receiver<Vec<u8>>) {
        match handshaken(timeout(HANDSHAKE_PATIENCE, acceptor.accept(stream)).await) {
            Ok(stream) => self.carry(stream, written).await,
            Err(why) => self.unproven(why).await,
        }
    }

    /// Opens a connection, and carries it.
    async fn connect(
        self,
        (local, dscp): (SocketAddr, Dscp),
        client: Option<Client>,
        written: mpsc::Receiver<Vec<u8>>,
    ) {
        let Line { id, peer: addr, .. } = self;
        let Ok(Ok(stream)) = timeout(CONNECT_PATIENCE, connected(local, addr, dscp)).await else {
            self.tell.send(Event::Failed { id, peer: addr }).await.ok();
            return;
        };
        stream.set_nodelay(true).ok();
        let Some(Client { config, name }) = client else {
            let peer = Peer::tcp(addr);
            if self.tell.send(Event::Connected { id, peer, local }).await.is_ok() {
                self.carry(stream, written).await;
            }
            return;
        };
        let connector = TlsConnector::from(config);
        match handshaken(timeout(HANDSHAKE_PATIENCE, connector.connect(name, stream)).await) {
            Err(why) => self.unproven(why).await,
            Ok(stream) => {
                let peer = Peer::tls(addr);
                if self.tell.send(Event::Connected { id, peer, local }).await.is_ok() {
                    self.carry(stream, written).await;
                }
            }
        }
    }

    async fn unproven(self, why: TlsFault) {
        let Line { id, peer, tell } = self;
        tell.send(Event::Unproven { id, peer, why }).await.ok();
    }

    /// Carries a connection until either side closes it.
    async fn carry<S: AsyncRead + AsyncWrite>(self, stream: S, mut written: mpsc::Receiver<Vec<u8>>) {
        let Line { id, peer, tell } = self;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut writing = pin!(async move {
            while let Some(bytes) = written.recv().await {
                if !matches!(
                    timeout(WRITE_PATIENCE, written_whole(&mut writer, &bytes)).await,
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
}

/// Over TLS, what was written may still lie in a buffer of its own.
async fn written_whole(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}

#[cfg(test)]
mod tests;
