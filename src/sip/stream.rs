//! Owns how a byte stream becomes messages (RFC 3261 §18.3, RFC 5626 §3.5.1), and which connections may be open at all.
//! Several messages in one read, one in many, line ends between them. Must never keep more of a peer's bytes than one
//! message may have, nor guess where a message ends.

use super::fault::Fault;
use super::guard::{self, STREAM_BYTES_MAX};
use super::peer::{Peer, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The most connections at a time.
pub const CONNECTIONS_MAX: usize = 256;
/// The most connections with one address.
pub const CONNECTIONS_HOST_MAX: usize = 32;

const _: () = assert!(CONNECTIONS_HOST_MAX < CONNECTIONS_MAX);

/// What a peer sends, over and over, to keep its connection open; the answer is half of it.
const PING: &[u8] = b"\r\n\r\n";
pub const PONG: &[u8] = b"\r\n";

/// Something whole in a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Message(Vec<u8>),
    /// A keep-alive that wants an answer.
    Ping,
    /// Where this message ends cannot be told: nothing behind it can be read.
    Broken(Vec<u8>, Fault),
}

/// The bytes of one connection that are not a message yet.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// So many bytes hold no end of a head.
    scanned: usize,
    /// How long the message at the front is, once its head is whole.
    length: Option<usize>,
    broken: bool,
}

impl Framer {
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether a message has begun and is not whole.
    pub fn is_half(&self) -> bool {
        self.buffer.iter().any(|byte| !b"\r\n".contains(byte))
    }

    /// The next whole thing. To be called until there is none, before more is pushed.
    pub fn next(&mut self) -> Option<Piece> {
        if self.broken {
            return None;
        }
        if self.length.is_none() {
            if self.skip_line_ends() {
                return Some(Piece::Ping);
            }
            let Some(head) = self.head() else {
                let too_long = self.buffer.len() > STREAM_BYTES_MAX;
                return too_long.then(|| self.give_up(Fault::DatagramTooLong));
            };
            match body_length(&self.buffer[..head]) {
                Ok(body) if head.saturating_add(body) <= STREAM_BYTES_MAX => self.length = Some(head + body),
                Ok(_) => return Some(self.give_up(Fault::DatagramTooLong)),
                Err(fault) => return Some(self.give_up(fault)),
            }
        }
        let length = self.length.filter(|length| *length <= self.buffer.len())?;
        self.length = None;
        self.scanned = 0;
        Some(Piece::Message(self.buffer.drain(..length).collect()))
    }

    /// Drops the line ends at the front; stops behind a ping.
    fn skip_line_ends(&mut self) -> bool {
        loop {
            if self.buffer.starts_with(PING) {
                self.drop_front(PING.len());
                return true;
            }
            match self.buffer.as_slice() {
                // What follows may make it a ping.
                waiting if PING.starts_with(waiting) => return false,
                [b'\r' | b'\n', ..] => self.drop_front(1),
                _ => return false,
            }
        }
    }

    fn drop_front(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
        self.scanned = 0;
    }

    /// Where the head ends, empty line included.
    fn head(&mut self) -> Option<usize> {
        let from = self.scanned;
        self.scanned = self.buffer.len().saturating_sub(2);
        let rest = &self.buffer[from..];
        let ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        ends.map(|(at, _)| from + at + 1)
            .find_map(|next| match &self.buffer[next..] {
                [b'\n', ..] => Some(next + 1),
                [b'\r', b'\n', ..] => Some(next + 2),
                _ => None,
            })
    }

    fn give_up(&mut self, fault: Fault) -> Piece {
        self.broken = true;
        self.length = None;
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.truncate(STREAM_BYTES_MAX);
        Piece::Broken(bytes, fault)
    }
}

/// What the head says of the body's length.
fn body_length(head: &[u8]) -> Result<usize, Fault> {
    let framed = guard::frame(Transport::Tcp, head).ok_or(Fault::LengthMissing)?;
    let mut lengths = framed
        .fields
        .iter()
        .filter(|field| guard::is_content_length(&field.name))
        .map(|field| guard::content_length(&field.value).ok_or(Fault::ContentLength));
    let first = lengths.next().ok_or(Fault::LengthMissing)??;
    match lengths.all(|other| other == Ok(first)) {
        true => Ok(first),
        false => Err(Fault::ContentLength),
    }
}

/// One open connection.
#[derive(Debug)]
pub struct Connection {
    pub transport: Transport,
    /// The socket of ours that it was opened to, or by.
    pub local: SocketAddr,
    pub framer: Framer,
    /// Whether the rest of a message is waited for.
    pub half: bool,
}

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// As many as allowed in all.
    All,
    /// As many as allowed with this address.
    Host,
}

/// Every open connection, by the address of its other end.
#[derive(Debug, Default)]
pub struct Connections(BTreeMap<SocketAddr, Connection>);

impl Connections {
    /// Takes a connection. One address and port is one connection, whichever socket of ours it leads to.
    pub fn open(&mut self, peer: Peer, local: SocketAddr) -> Result<(), Crowded> {
        let Peer {
            transport,
            addr: peer,
        } = peer;
        let with_host = self.0.keys().filter(|other| other.ip() == peer.ip()).count();
        if with_host >= CONNECTIONS_HOST_MAX || self.0.contains_key(&peer) {
            return Err(Crowded::Host);
        }
        if self.0.len() >= CONNECTIONS_MAX {
            return Err(Crowded::All);
        }
        let connection = Connection {
            transport,
            local,
            framer: Framer::default(),
            half: false,
        };
        self.0.insert(peer, connection);
        Ok(())
    }

    pub fn get_mut(&mut self, peer: SocketAddr) -> Option<&mut Connection> {
        self.0.get_mut(&peer)
    }

    /// One over TCP is none over TLS.
    pub fn is_open(&self, peer: Peer) -> bool {
        let connection = self.0.get(&peer.addr);
        connection.is_some_and(|connection| connection.transport == peer.transport)
    }

    /// Forgets a connection; whether it was known.
    pub fn close(&mut self, peer: SocketAddr) -> bool {
        self.0.remove(&peer).is_some()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
#[path = "tests/stream.rs"]
mod tests;
