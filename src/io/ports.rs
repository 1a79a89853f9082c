//! The range of RTP ports: two neighbours a leg, an even one for RTP and the next for RTCP (RFC 3550 §11), handed out in
//! turn, so that a port rests as long as possible before it is used again.

use super::rtp_socket::RtpSocket;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

/// The pairs of a range.
#[derive(Debug)]
pub struct Ports {
    host: IpAddr,
    first: u16,
    pairs: u16,
    next: u16,
}

impl Ports {
    /// All pairs within `range`, on `host`.
    pub fn new(host: IpAddr, range: RangeInclusive<u16>) -> Ports {
        let first = range.start().next_multiple_of(2);
        let pairs = (u32::from(*range.end()) + 1).saturating_sub(u32::from(first)) / 2;
        Ports { host, first, pairs: pairs as u16, next: 0 }
    }

    /// Binds the next free pair; the RTP port with it. Fails when every pair is taken.
    pub fn open(&mut self) -> io::Result<(RtpSocket, u16)> {
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..self.pairs {
            let port = self.first + 2 * self.next;
            self.next = (self.next + 1) % self.pairs;
            match self.bind(port) {
                Ok(socket) => return Ok((socket, port)),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                // No descriptors left, for example: the next pair would fare no better.
                Err(error) => {
                    refused = error;
                    break;
                }
            }
        }
        Err(refused)
    }

    fn bind(&self, port: u16) -> io::Result<RtpSocket> {
        let rtp = UdpSocket::bind(SocketAddr::new(self.host, port))?;
        let rtcp = UdpSocket::bind(SocketAddr::new(self.host, port + 1))?;
        RtpSocket::new(rtp, rtcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_handed_out_in_turn_and_a_full_range_says_so() {
        let host = IpAddr::from([127, 0, 0, 1]);
        let mut ports = Ports::new(host, 45_001..=45_007);
        let open: Vec<_> = (0..3).map(|_| ports.open().expect("free")).collect();
        assert_eq!(open.iter().map(|(_, port)| *port).collect::<Vec<_>>(), [45_002, 45_004, 45_006]);
        assert_eq!(ports.open().expect_err("all taken").kind(), io::ErrorKind::AddrInUse);
        drop(open);
        assert_eq!(ports.open().expect("free again").1, 45_002);
        assert!(Ports::new(host, 45_011..=45_011).open().is_err());
    }
}
