//! The range of RTP ports: two neighbours a leg, an even one for RTP and the next for RTCP (RFC 3550 §11), handed out in
//! turn, so that a port rests as long as possible before it is used again.

use super::rtp_socket::RtpSocket;
use crate::config::PortRange;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// The pairs of a range.
#[derive(Debug)]
pub struct Ports {
    host: IpAddr,
    range: PortRange,
    next: u32,
}

impl Ports {
    /// All pairs within `range`, on `host`.
    pub fn new(host: IpAddr, range: PortRange) -> Ports {
        Ports { host, range, next: 0 }
    }

    /// Binds the next free pair; the RTP port with it. Fails when every pair is taken.
    pub fn open(&mut self) -> io::Result<(RtpSocket, u16)> {
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..self.range.pairs() {
            let Some(port) = self.range.pair(self.next) else {
                break;
            };
            self.next = (self.next + 1) % self.range.pairs();
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
        let mut ports = Ports::new(host, PortRange::parse("45001-45007").expect("a range"));
        let open: Vec<_> = (0..3).map(|_| ports.open().expect("free")).collect();
        assert_eq!(
            open.iter().map(|(_, port)| *port).collect::<Vec<_>>(),
            [45_002, 45_004, 45_006]
        );
        assert_eq!(
            ports.open().expect_err("all taken").kind(),
            io::ErrorKind::AddrInUse
        );
        drop(open);
        assert_eq!(ports.open().expect("free again").1, 45_002);
        let no_pair = PortRange::parse("45011-45012").expect("a range");
        assert!(Ports::new(host, no_pair).open().is_err());
    }
}
