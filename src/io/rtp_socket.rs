//! A leg's two UDP sockets: RTP, and RTCP beside it. Voice goes by system calls without the C library, which makes each of its
//! own a point at which a thread may be cancelled: nearly a tenth of a tick with real sockets.

use crate::media::{ControlDatagram, Datagram, Wire};
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, RecvMsg, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use rustix::net::{RecvFlags, SendFlags, recv, recvfrom, send, sendto};
use rustix::time::{ClockId, clock_gettime};
use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Errors of earlier sends that are read away before a receive gives up.
const ERRORS_MAX: usize = 4;
/// A datagram is not older: it is looked for once a second, eight at a time.
const AGE_MAX: Duration = Duration::from_secs(60);

/// The real [`Wire`].
#[derive(Debug)]
pub struct RtpSocket {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    /// Room for the kernel's time stamp of a datagram.
    stamp: Vec<u8>,
    settled: Option<Settled>,
}

/// The socket is connected.
#[derive(Clone, Copy, Debug)]
struct Settled {
    peer: SocketAddr,
    /// How often it was found empty since then, up to [`ALONE`].
    empty: u8,
}

/// What had come from elsewhere before is read, and what the kernel was about to let in is, too: it need not say any more whose a
/// datagram is.
const ALONE: u8 = 2;

impl RtpSocket {
    /// Takes two bound sockets; they never block from here on.
    pub fn new(rtp: UdpSocket, rtcp: UdpSocket) -> std::io::Result<RtpSocket> {
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        setsockopt(&rtcp, sockopt::ReceiveTimestampns, &true)?;
        Ok(RtpSocket {
            rtp,
            rtcp,
            stamp: nix::cmsg_space!(nix::sys::time::TimeSpec),
            settled: None,
        })
    }
}

#[cfg(test)]
impl RtpSocket {
    /// How both are marked: the whole byte of each.
    pub fn marks(&self) -> [u32; 2] {
        let is_ipv6 = self.rtp.local_addr().is_ok_and(|own| own.is_ipv6());
        [&self.rtp, &self.rtcp].map(|socket| super::marking::marked(socket, is_ipv6).expect("read"))
    }
}

impl RtpSocket {
    /// A datagram's length, and its source, if that is an address at all.
    fn receive_one(&self, buffer: &mut [u8]) -> rustix::io::Result<(usize, Option<SocketAddr>)> {
        if let Some(Settled { peer, empty: ALONE }) = self.settled {
            return Ok((recv(&self.rtp, buffer, RecvFlags::DONTWAIT)?.1, Some(peer)));
        }
        let (_, len, from) = recvfrom(&self.rtp, buffer, RecvFlags::DONTWAIT)?;
        Ok((len, from.and_then(|from| SocketAddr::try_from(from).ok())))
    }
}

impl Wire for RtpSocket {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        for _ in 0..ERRORS_MAX {
            match self.receive_one(buffer) {
                Ok((len, from)) => return from.map(|from| Datagram { len, from }),
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    if let Some(settled) = &mut self.settled {
                        settled.empty = ALONE.min(settled.empty + 1);
                    }
                    return None;
                }
                // An ICMP answer to an earlier packet (the peer's port is closed for the moment) is told here.
                Err(_) => {}
            }
        }
        None
    }

    fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let sent = if self.settled.is_some() {
            send(&self.rtp, packet, flags)
        } else {
            sendto(&self.rtp, packet, flags, &to)
        };
        sent.is_ok()
    }

    fn settle(&mut self, peer: SocketAddr) {
        // What was queued before from elsewhere still carries its own source; the latch drops it.
        let connected = self.rtp.connect(peer).is_ok();
        self.settled = connected.then_some(Settled { peer, empty: 0 });
    }

    fn unsettle(&mut self) {
        if self.settled.is_some() && rustix::net::connect_unspec(&self.rtp).is_ok() {
            self.settled = None;
        }
    }

    fn receive_control(&mut self, buffer: &mut [u8]) -> Option<ControlDatagram> {
        for _ in 0..ERRORS_MAX {
            let fd = self.rtcp.as_raw_fd();
            let mut parts = [IoSliceMut::new(buffer)];
            match recvmsg::<SockaddrStorage>(fd, &mut parts, Some(&mut self.stamp), MsgFlags::MSG_DONTWAIT) {
                Ok(message) => {
                    let from = source(&message)?;
                    let (len, age) = (message.bytes, age(&message));
                    return Some(ControlDatagram { len, from, age });
                }
                Err(Errno::EAGAIN) => return None,
                // As above.
                Err(_) => {}
            }
        }
        None
    }

    fn send_control(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        self.rtcp.send_to(packet, to).is_ok()
    }
}

fn source(message: &RecvMsg<SockaddrStorage>) -> Option<SocketAddr> {
    let address = message.address?;
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
}

/// How long ago the kernel took the datagram in. Both times are of the wall's clock, which may have been set meanwhile.
fn age(message: &RecvMsg<SockaddrStorage>) -> Duration {
    let stamp = message.cmsgs().ok().and_then(|mut parts| {
        parts.find_map(|part| match part {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        })
    });
    let time = clock_gettime(ClockId::Realtime);
    let now = Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32);
    stamp.map_or(Duration::ZERO, |stamp| now.saturating_sub(stamp).min(AGE_MAX))
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

    #[test]
    fn a_report_knows_its_source_and_how_long_it_has_been_waiting() {
        let (control, peer) = (bound(), bound());
        let to = control.local_addr().expect("bound");
        let mut wire = RtpSocket::new(bound(), control).expect("sockets can be made non-blocking");
        let mut buffer = [0; 100];
        assert_eq!(wire.receive_control(&mut buffer), None);
        let begun = std::time::Instant::now();
        peer.send_to(b"report", to).expect("loopback");
        let datagram = wire.receive_control(&mut buffer).expect("it came");
        let whole = begun.elapsed();
        assert_eq!(buffer[..datagram.len], *b"report");
        let from = peer.local_addr().expect("bound");
        assert_eq!(datagram.from, from);
        assert!(
            datagram.age > Duration::ZERO && datagram.age <= whole,
            "{datagram:?} of {whole:?}"
        );
        assert!(wire.send_control(from, b"answer"));
        let (len, back) = peer.recv_from(&mut buffer).expect("loopback");
        assert_eq!((&buffer[..len], back), (&b"answer"[..], to));
    }
}
