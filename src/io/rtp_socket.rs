//! A leg's two UDP sockets: RTP, and RTCP beside it.

use crate::media::{Datagram, Wire};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};

/// Errors of earlier sends that are read away before a receive gives up.
const ERRORS_MAX: usize = 4;
/// RTCP packets thrown away at a time.
const CONTROL_MAX: usize = 8;

/// The real [`Wire`].
#[derive(Debug)]
pub struct RtpSocket {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    settled: bool,
}

impl RtpSocket {
    /// Takes two bound sockets; they never block from here on.
    pub fn new(rtp: UdpSocket, rtcp: UdpSocket) -> std::io::Result<RtpSocket> {
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        Ok(RtpSocket {
            rtp,
            rtcp,
            settled: false,
        })
    }
}

impl Wire for RtpSocket {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        for _ in 0..ERRORS_MAX {
            match self.rtp.recv_from(buffer) {
                Ok((len, from)) => return Some(Datagram { len, from }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                // An ICMP answer to an earlier packet (the peer's port is closed for the moment) is told here.
                Err(_) => {}
            }
        }
        None
    }

    fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        let sent = if self.settled {
            self.rtp.send(packet)
        } else {
            self.rtp.send_to(packet, to)
        };
        sent.is_ok()
    }

    fn settle(&mut self, peer: SocketAddr) {
        // What was queued before from elsewhere still carries its own source; the latch drops it.
        self.settled = self.rtp.connect(peer).is_ok();
    }

    fn unsettle(&mut self) {
        if self.settled {
            self.settled = rustix::net::connect_unspec(&self.rtp).is_err();
        }
    }

    fn drain_control(&mut self) {
        let mut buffer = [0; 64];
        for _ in 0..CONTROL_MAX {
            if self.rtcp.recv_from(&mut buffer).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports")
    }

    /// Bound to a port that was asked for by number, as the bridge's are: a port that the system chose is lost when a
    /// socket is disconnected.
    fn bound_by_number() -> UdpSocket {
        let free = |port| UdpSocket::bind(("127.0.0.1", port)).ok();
        (16_100..16_200)
            .find_map(free)
            .expect("one of a hundred ports is free")
    }

    #[test]
    fn a_settled_socket_hears_its_peer_alone_and_an_unsettled_one_everybody_again() {
        let (rtp, peer, stranger) = (bound_by_number(), bound(), bound());
        let to = rtp.local_addr().expect("bound");
        let mut wire = RtpSocket::new(rtp, bound()).expect("sockets can be made non-blocking");
        let mut buffer = [0; 100];
        stranger.send_to(b"before", to).expect("loopback");
        wire.settle(peer.local_addr().expect("bound"));
        stranger.send_to(b"during", to).ok();
        peer.send_to(b"peer", to).expect("loopback");
        let mut heard = Vec::new();
        while let Some(datagram) = wire.receive(&mut buffer) {
            heard.push((buffer[..datagram.len].to_vec(), datagram.from));
        }
        let from = |socket: &UdpSocket| socket.local_addr().expect("bound");
        assert_eq!(
            heard,
            [
                (b"before".to_vec(), from(&stranger)),
                (b"peer".to_vec(), from(&peer))
            ]
        );
        assert!(wire.send(from(&peer), b"back"));
        wire.unsettle();
        stranger.send_to(b"after", to).expect("loopback");
        let datagram = wire.receive(&mut buffer).expect("everybody is heard again");
        assert_eq!(datagram.from, from(&stranger));
    }
}
