//! What the media core knows of a socket.

use std::net::SocketAddr;
use std::time::Duration;

/// Bytes of the largest datagram that is looked at; a longer one is cut there and then fails to parse.
pub const DATAGRAM_MAX: usize = 1_500;

/// One datagram that was waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Bytes received.
    pub len: usize,
    /// Its source.
    pub from: SocketAddr,
}

/// One datagram that was waiting at the RTCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlDatagram {
    /// Bytes received.
    pub len: usize,
    /// Its source.
    pub from: SocketAddr,
    /// How long it has been waiting.
    pub age: Duration,
}

/// A leg's own way to its peer: one RTP port, and the RTCP port beside it. Never blocks.
pub trait Wire {
    /// Takes the next waiting datagram, if there is one.
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram>;
    /// Sends a packet; `false` if the system refused it.
    fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool;
    /// Media comes from and goes to this peer alone from now on.
    fn settle(&mut self, peer: SocketAddr);
    /// The peer may have moved: listen to everybody again.
    fn unsettle(&mut self);
    /// Takes the next datagram that waits at the RTCP port, if there is one.
    fn receive_control(&mut self, buffer: &mut [u8]) -> Option<ControlDatagram>;
    /// Sends a packet from the RTCP port; `false` if the system refused it.
    fn send_control(&mut self, to: SocketAddr, packet: &[u8]) -> bool;
}
