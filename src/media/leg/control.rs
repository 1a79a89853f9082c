//! A leg's RTCP on the tick: the peer's reports are read once a second, ours go out some seconds apart.
//!
//! Reports are taken from the host of the settled peer or of the address that was agreed, and from nobody else. Ours go to the
//! agreed address; if the voice comes from elsewhere, to where valid reports of that very stream come from, else nowhere.

use super::super::counters::{Counter, Counters};
use super::super::rtcp::{self, REPORT_MAX};
use super::super::srtp::OVERHEAD;
use super::super::wire::{DATAGRAM_MAX, Wire};
use super::Leg;
use crate::media_api::Fault;
use std::net::SocketAddr;
use std::time::Duration;

/// Every so many ticks the RTCP port is looked at: once a second. What lies there knows how long it has.
const LOOK_EVERY: u64 = 50;
/// Datagrams taken at a time.
const TAKEN_MAX: usize = 8;

impl<W: Wire> Leg<W> {
    /// Reads and sends reports, if it is time.
    pub(super) fn tend_control(&mut self, frame: u64, counters: &mut Counters) {
        if frame % LOOK_EVERY == self.id.0 % LOOK_EVERY {
            self.hear_control(frame, counters);
        }
        if self.session.is_due(frame) {
            self.report(frame, false, counters);
        }
    }

    fn hear_control(&mut self, frame: u64, counters: &mut Counters) {
        let mut buffer = [0; DATAGRAM_MAX];
        for _ in 0..TAKEN_MAX {
            let Some(datagram) = self.wire.receive_control(&mut buffer) else {
                return;
            };
            let bytes = &mut buffer[..datagram.len.min(DATAGRAM_MAX)];
            if let Some(len) = self.open_control(bytes, counters) {
                self.take_control(frame, datagram.from, datagram.age, &bytes[..len], counters);
            }
        }
    }

    fn take_control(
        &mut self,
        frame: u64,
        from: SocketAddr,
        age: Duration,
        bytes: &[u8],
        counters: &mut Counters,
    ) {
        let peer = self.latch_mut(frame).target().ip();
        let agreed = self.spec.control.map(|control| control.ip());
        if from.ip() != peer && Some(from.ip()) != agreed {
            return counters.count(Counter::ControlStranger);
        }
        let Some(heard) = rtcp::read(bytes, self.stream.ssrc()) else {
            return counters.count(Counter::ControlMalformed);
        };
        counters.count(Counter::ControlTaken);
        if heard.goodbye.is_some() {
            counters.count(Counter::Goodbye);
        }
        if heard.reporter.is_some() && heard.reporter == self.meter.source() {
            self.session.handle_source(from);
        }
        self.session.handle_report(frame, age, &heard);
        self.ways
            .handle_report(&heard, self.session.packets(), self.meter.received());
    }

    fn report(&mut self, frame: u64, goodbye: bool, counters: &mut Counters) {
        let Some(target) = self.control_target(frame) else {
            return;
        };
        let mut buffer = [0; REPORT_MAX + OVERHEAD];
        let (rtp, block) = (self.stream.timestamp(frame), self.meter.report());
        let Some(place) = buffer.first_chunk_mut::<REPORT_MAX>() else {
            return;
        };
        let len = self.session.write(frame, rtp, block, goodbye, place);
        let sent = self.seal_control(&mut buffer, len);
        let sent = sent.is_some_and(|len| self.wire.send_control(target, &buffer[..len]));
        counters.count(match sent {
            true => Counter::ControlSent,
            false => Counter::ControlUnsent,
        });
    }

    fn control_target(&mut self, frame: u64) -> Option<SocketAddr> {
        let latch = self.latch_mut(frame);
        let target = if latch.moved() {
            let peer = latch.target().ip();
            self.session.source().filter(|source| source.ip() == peer)
        } else {
            self.spec.control
        };
        target.filter(|target| target.port() != 0 && !target.ip().is_unspecified())
    }

    /// Tells the peer that the leg leaves (RFC 3550 §6.3.7), if it has been told anything before.
    pub fn say_goodbye(&mut self, counters: &mut Counters) {
        if let Some(frame) = self.last_frame
            && self.session.has_spoken()
        {
            self.report(frame, true, counters);
        }
    }

    /// Looks whether both still hear each other; what is new, if it is.
    pub fn judge_ways(&mut self, frame: u64, counters: &mut Counters) -> Option<Option<Fault>> {
        let news = self.ways.judge(frame, self.spec.receive, self.spec.send);
        match news {
            Some(Some(Fault::NothingComes)) => counters.count(Counter::NothingComes),
            Some(Some(Fault::FromElsewhere)) => counters.count(Counter::FromElsewhere),
            Some(Some(Fault::UnknownPayload)) => counters.count(Counter::UnknownPayload),
            Some(Some(Fault::NothingArrives)) => counters.count(Counter::NothingArrives),
            Some(None) | None => {}
        }
        news
    }
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
