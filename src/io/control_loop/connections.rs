//! What the loop does around SIP connections: what happened to them is told to the conductor, what it says goes out by them, over
//! TLS to nobody but who can prove who it is.

use super::{ControlLoop, DATAGRAMS};
use crate::io::sip_tcp;
use crate::sip::{Admission, Peer, Transport};
use std::net::SocketAddr;

impl ControlLoop {
    pub(super) fn read_connections(&mut self, first: sip_tcp::Event) {
        self.hear_connection(first);
        for _ in 1..DATAGRAMS {
            let Some(event) = self.tcp.try_next() else {
                return;
            };
            self.hear_connection(event);
        }
    }

    fn hear_connection(&mut self, event: sip_tcp::Event) {
        let now = self.now();
        match event {
            sip_tcp::Event::Accepted { stream, peer, local } => {
                if self.bridge.handle_connected(now, peer, local) == Admission::Welcome {
                    self.tcp.keep(stream, peer);
                }
            }
            sip_tcp::Event::Connected { id, peer, local } => {
                let refused = self.tcp.is_current(id, peer.addr)
                    && self.bridge.handle_connected(now, peer, local) == Admission::Refused;
                if refused {
                    self.tcp.close(peer.addr);
                }
            }
            sip_tcp::Event::Bytes { id, peer, bytes } => {
                if self.tcp.is_current(id, peer) {
                    self.bridge.handle_stream(now, peer, &bytes);
                }
            }
            sip_tcp::Event::Closed { id, peer } => {
                if self.tcp.is_current(id, peer) {
                    self.tcp.close(peer);
                    self.bridge.handle_closed(now, peer);
                }
            }
            sip_tcp::Event::Failed { id, peer } => {
                self.sip_unsent += 1;
                if self.tcp.is_current(id, peer) {
                    self.tcp.close(peer);
                    self.bridge.handle_closed(now, peer);
                }
            }
            sip_tcp::Event::Unproven { id, peer, why } => {
                tracing::debug!(?why, "a connection over TLS failed");
                if self.tcp.is_current(id, peer) {
                    self.tcp.close(peer);
                    self.bridge.handle_unproven(now, peer, why);
                }
            }
        }
        self.do_outputs();
    }

    /// Sends by the connection that there is, or by a new one.
    pub(super) fn send_by_connection(&mut self, from: SocketAddr, to: Peer, bytes: Vec<u8>) -> bool {
        match (self.tcp.transport(to.addr), to.transport) {
            (Some(open), wanted) if open == wanted => {}
            (None, Transport::Tls) => match self.tcp.client(self.bridge.expected_name(to.addr)) {
                Some(client) => self.tcp.open(from, to.addr, Some(client)),
                None => return false,
            },
            (None, Transport::Tcp | Transport::Udp) => self.tcp.open(from, to.addr, None),
            // Never in clear what was to go over TLS.
            (Some(_), _) => return false,
        }
        self.tcp.send(to.addr, bytes)
    }
}
