//! Owns what strangers try, four times a second: to end a call of which they know every tag, to speak and to press keys in a
//! call whose port they know. Whatever comes of it is a fault.

use super::World;
use crate::sim::caller::spoken_by_a_stranger;
use crate::sim::message::{self, Wanted};
use crate::sip::Peer;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Nobody who is served.
const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), 5_060);

impl World {
    pub(super) fn intrude(&mut self) {
        let n = self.summary.steps as usize % self.callers.len();
        let bye = message::request(&mut self.callers[n], "BYE", 1_000, Wanted::Nothing);
        self.site.handle_message(self.now, Peer::udp(STRANGER), &bye);
        for caller in &self.callers {
            let port = caller.media.map(|media| media.port());
            if let Some(port) = port {
                for packet in spoken_by_a_stranger(self.summary.steps, caller.payload_type()) {
                    self.site.handle_rtp(STRANGER, port, packet);
                }
            }
        }
    }
}
