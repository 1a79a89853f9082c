//! The range of RTP ports: two neighbours a leg, an even one for RTP and the next for RTCP (RFC 3550 §11), handed out in
//! turn. A pair that is given back rests, so that what its last peer still sends reaches nobody else's call.

use super::listen;
use super::rtp_socket::RtpSocket;
use crate::config::{Dscp, PortRange};
use crate::units::Time;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How long a pair rests after its call.
pub const REST: Duration = Duration::from_secs(30);

/// The pairs of a range. A pair is in use on one address at a time.
#[derive(Debug)]
pub struct Ports {
    range: PortRange,
    dscp: Dscp,
    next: u32,
    /// The RTP ports of the pairs that are in use or rest.
    taken: BTreeSet<u16>,
    /// Since when pairs rest, the first given back first.
    resting: VecDeque<(Time, u16)>,
}

impl Ports {
    /// All pairs within `range`; what they send is marked.
    pub fn new(range: PortRange, dscp: Dscp) -> Ports {
        Ports {
            range,
            dscp,
            next: 0,
            taken: BTreeSet::new(),
            resting: VecDeque::new(),
        }
    }

    /// Binds the next free pair on `host`; the RTP port with it. Fails when every pair is taken or rests.
    pub fn open(&mut self, now: Time, host: IpAddr) -> io::Result<(RtpSocket, u16)> {
        self.wake(now);
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..self.range.pairs() {
            let Some(port) = self.range.pair(self.next) else {
                break;
            };
            self.next = (self.next + 1) % self.range.pairs();
            if self.taken.contains(&port) {
                continue;
            }
            match bound(host, port, self.dscp) {
                Ok(socket) => {
                    self.taken.insert(port);
                    return Ok((socket, port));
                }
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

    /// The pair's sockets are closed: it rests.
    pub fn give_back(&mut self, now: Time, port: u16) {
        self.resting.push_back((now, port));
    }

    /// How many pairs rest.
    pub fn resting(&mut self, now: Time) -> usize {
        self.wake(now);
        self.resting.len()
    }

    fn wake(&mut self, now: Time) {
        while let Some(&(since, port)) = self
            .resting
            .front()
            .filter(|(since, _)| now.since(*since) >= REST)
        {
            debug_assert!(since <= now, "a rest that begins later");
            self.resting.pop_front();
            self.taken.remove(&port);
        }
    }
}

fn bound(host: IpAddr, port: u16, dscp: Dscp) -> io::Result<RtpSocket> {
    let rtp = listen::udp(SocketAddr::new(host, port), dscp)?;
    let rtcp = listen::udp(SocketAddr::new(host, port + 1), dscp)?;
    RtpSocket::new(rtp, rtcp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ports(range: &str) -> Ports {
        Ports::new(PortRange::parse(range).expect("a range"), Dscp::default())
    }

    #[test]
    fn pairs_are_handed_out_in_turn_and_a_full_range_says_so() {
        let mut ports = ports("15001-15007");
        let open: Vec<_> = (0..3)
            .map(|_| ports.open(Time::ZERO, HOST).expect("free"))
            .collect();
        let numbers: Vec<_> = open.iter().map(|(_, port)| *port).collect();
        assert_eq!(numbers, [15_002, 15_004, 15_006]);
        let full = ports.open(Time::ZERO, HOST).expect_err("all taken");
        assert_eq!(full.kind(), io::ErrorKind::AddrInUse);
        assert!(self::ports("15011-15012").open(Time::ZERO, HOST).is_err());
    }

    #[test]
    fn a_pair_that_was_given_back_rests_for_30_seconds() {
        let mut ports = ports("15022-15025");
        let at = |millis| Time::from_millis(millis);
        let (first, port) = ports.open(at(0), HOST).expect("free");
        let (_second, _) = ports.open(at(0), HOST).expect("free");
        drop(first);
        ports.give_back(at(1_000), port);
        assert_eq!(ports.resting(at(30_999)), 1);
        assert!(
            ports.open(at(30_999), HOST).is_err(),
            "its last peer may still send"
        );
        let (again, same) = ports.open(at(31_000), HOST).expect("rested");
        assert_eq!((same, ports.resting(at(31_000))), (port, 0));
        drop(again);
        ports.give_back(at(40_000), port);
        assert_eq!(
            ports.resting(at(70_000)),
            0,
            "whether or not a call came meanwhile"
        );
    }

    #[test]
    fn a_pair_opens_on_ipv6_as_well() {
        let mut ports = ports("15032-15033");
        let host = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);
        assert_eq!(ports.open(Time::ZERO, host).expect("free").1, 15_032);
    }

    #[test]
    fn voices_and_their_reports_are_marked_in_both_families() {
        let dscp = crate::config::Config::parse("").expect("valid").rtp.dscp;
        let mut ports = Ports::new(PortRange::parse("15042-15047").expect("a range"), dscp);
        for host in [HOST, IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)] {
            let (socket, _) = ports.open(Time::ZERO, host).expect("free");
            assert_eq!(socket.marks(), [0xb8; 2], "EF on {host}");
        }
    }
}
