//! The SIP sockets for datagrams, one for each address at which we listen.

use super::{listen, overflow};
use crate::config::Dscp;
use anyhow::Context;
use rustix::net::sockopt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;
use tokio::net::UdpSocket;

/// What the kernel may keep of SIP until it is read: a thousand INVITEs in one burst.
const BUFFER: usize = 4 << 20;

/// All of them.
pub struct SipUdp(Vec<(SocketAddr, UdpSocket)>);

impl SipUdp {
    /// Binds `addresses`; what they send is marked.
    pub fn bind(addresses: &[SocketAddr], dscp: Dscp) -> anyhow::Result<SipUdp> {
        let sockets = addresses
            .iter()
            .map(|address| Ok((*address, bound(*address, dscp)?)));
        Ok(SipUdp(sockets.collect::<anyhow::Result<_>>()?))
    }

    /// Done when something can be read.
    pub async fn readable(&self) {
        poll_fn(|context| {
            let mut ready = false;
            for (_, socket) in &self.0 {
                // Each is asked, so that each wakes us.
                ready |= socket.poll_recv_ready(context).is_ready();
            }
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The next datagram of the `index`-th socket: its length, where it came from, and the socket's address.
    pub fn receive(&self, index: usize, buffer: &mut [u8]) -> Option<(usize, SocketAddr, SocketAddr)> {
        let (local, socket) = self.0.get(index)?;
        // An error is WouldBlock, or the ICMP answer to something we sent: both end this round.
        let (len, from) = socket.try_recv_from(buffer).ok()?;
        Some((len, from, *local))
    }

    /// How many sockets there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many datagrams the kernel threw away because a buffer was full.
    pub fn overflowed(&self) -> u64 {
        let sockets: Vec<SocketAddr> = self.0.iter().map(|(local, _)| *local).collect();
        overflow::of(&sockets)
    }

    /// Sends from the socket that is bound to `from`; whether that worked.
    pub fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        let own = self.0.iter().find(|(local, _)| *local == from);
        own.is_some_and(|(_, socket)| socket.try_send_to(bytes, to).is_ok())
    }
}

fn bound(address: SocketAddr, dscp: Dscp) -> anyhow::Result<UdpSocket> {
    let socket = listen::udp(address, dscp).with_context(|| refused(address, "UDP"))?;
    // Beyond the kernel's own limit (net.core.rmem_max) only for root; less than asked for is fine.
    if sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER).is_err() {
        sockopt::set_socket_recv_buffer_size(&socket, BUFFER).ok();
    }
    Ok(UdpSocket::from_std(socket)?)
}

/// Why the program does not start.
pub fn refused(address: SocketAddr, transport: &str) -> String {
    format!(
        "SIP cannot listen on {address} over {transport}: is another telephone program running? \
         Choose another sip.listen or --sip"
    )
}
