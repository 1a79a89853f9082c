//! A leg whose media is sealed (SRTP): what comes is opened before anybody asks whose it is, so that nobody without the keys can
//! become the leg's peer; what goes out is sealed last of all.

use super::super::counters::{Counter, Counters};
use super::super::rtp::{self, PACKET};
use super::super::srtp::{OVERHEAD, Refused, Srtp};
use super::super::wire::{DATAGRAM_MAX, Wire};
use super::Leg;
use crate::media_api::MediaSpec;
use crate::secret::Key;
use std::net::SocketAddr;

impl<W: Wire> Leg<W> {
    /// The leg with these keys, if there are some.
    pub fn with_srtp(mut self, srtp: Option<Box<Srtp>>) -> Leg<W> {
        if srtp.is_some() {
            // The other end counts the wraps itself: one right at the beginning may be missed (RFC 3711 §3.3.1).
            self.stream.begin_low();
        }
        self.srtp = srtp;
        self.spec = self.guarded(self.spec);
        self
    }

    /// Opens a packet, and takes what is in it.
    #[inline(never)]
    pub(super) fn take_sealed(
        &mut self,
        frame: u64,
        from: SocketAddr,
        sealed: &[u8],
        counters: &mut Counters,
    ) -> Option<Key> {
        if rtp::is_control(sealed) {
            counters.count(Counter::Control);
            return None;
        }
        let mut room = [0; DATAGRAM_MAX];
        match self.srtp.as_mut()?.open(sealed, &mut room) {
            Ok(packet) => self.take(frame, from, packet, counters),
            Err(why) => {
                counters.count(refused(why));
                None
            }
        }
    }

    /// Seals a packet and sends it; `false` if the system refused it.
    #[inline(never)]
    pub(super) fn send_sealed(&mut self, target: SocketAddr, packet: &[u8]) -> bool {
        let mut room = [0; PACKET + OVERHEAD];
        let sealed = self.srtp.as_mut().and_then(|srtp| srtp.seal(packet, &mut room));
        sealed.is_some_and(|sealed| self.wire.send(target, sealed))
    }

    /// Opens a report where it lies; `None` if it is refused.
    pub(super) fn open_control(&mut self, packet: &mut [u8], counters: &mut Counters) -> Option<usize> {
        let Some(srtp) = &mut self.srtp else {
            return Some(packet.len());
        };
        let opened = srtp.open_control(packet);
        opened.map_err(|why| counters.count(refused(why))).ok()
    }

    /// Seals a report of `len` bytes where it lies.
    pub(super) fn seal_control(&mut self, packet: &mut [u8], len: usize) -> Option<usize> {
        match &mut self.srtp {
            None => Some(len),
            Some(srtp) => srtp.seal_control(packet, len),
        }
    }

    /// Goes on with newer keys, or without any, as was agreed; what is needed no more.
    pub(super) fn reseal(&mut self, spec: MediaSpec, newer: Option<Box<Srtp>>) -> Option<Box<Srtp>> {
        let now = self.srtp.as_ref().map(|srtp| srtp.spec());
        let unneeded = match newer {
            _ if spec.srtp == now => newer,
            Some(mut newer) => {
                let unneeded = self.srtp.take().and_then(|before| newer.follow(before));
                self.srtp = Some(newer);
                unneeded
            }
            None => self.srtp.take(),
        };
        self.spec = self.guarded(spec);
        unneeded
    }

    /// Nothing goes out in clear because its keys did not come.
    fn guarded(&self, spec: MediaSpec) -> MediaSpec {
        let has_keys = self.srtp.as_ref().map(|srtp| srtp.spec()) == spec.srtp;
        match has_keys {
            true => spec,
            false => MediaSpec {
                send: false,
                receive: false,
                control: None,
                ..spec
            },
        }
    }
}

fn refused(why: Refused) -> Counter {
    match why {
        Refused::Unauthentic => Counter::SrtpUnauthentic,
        Refused::Replayed => Counter::SrtpReplayed,
    }
}
