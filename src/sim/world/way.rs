//! Owns the ways between the bridge and its callers: what one does reaches the other over its line, or the store, later or
//! never; the judge sees all of it pass.

use super::{Happening, World};
use crate::bridge::{Found, MediaRequest};
use crate::ids::{LegId, RoomNumber};
use crate::media_api::Event;
use crate::sim::caller::{Act, Caller};
use crate::sim::message::PONG;
use crate::sim::plan::StoreMood;
use crate::sim::site::Deed;
use crate::sip::{Peer, Transport};
use std::time::Duration;

impl World {
    /// What a caller does goes its way.
    pub(super) fn carry_acts(&mut self, n: usize) {
        let mut said = Vec::new();
        while let Some(act) = self.callers[n].poll_act() {
            match act {
                Act::Sip(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let first = text.split(" SIP").next().unwrap_or_default().to_owned();
                    let first = first.split(" sip:").next().unwrap_or_default().to_owned();
                    self.note(|| format!("caller {n} sends {first}"));
                    match self.callers[n].plan.stream {
                        Some(_) => said.extend(bytes),
                        None => self.carry_datagram(n, &bytes),
                    }
                }
                Act::Rtp { to, packet, press } => {
                    let from = self.callers[n].rtp();
                    let port = to.port();
                    for at in self.lines[n].there.carry(self.now).into_iter().flatten() {
                        let packet = packet.clone();
                        let happening = Happening::Rtp {
                            n,
                            from,
                            port,
                            packet,
                            press,
                        };
                        self.put(at, happening);
                    }
                }
            }
        }
        if !said.is_empty() {
            self.carry_bytes(n, &said);
        }
        self.arm(n);
    }

    fn carry_datagram(&mut self, n: usize, bytes: &[u8]) {
        for at in self.lines[n].signalling.carry(self.now).into_iter().flatten() {
            self.put(at, Happening::Sip(n, bytes.to_vec()));
        }
    }

    /// What the bridge did goes its way.
    pub(super) fn carry_deeds(&mut self) {
        while let Some(deed) = self.site.poll_deed() {
            match deed {
                Deed::Sent { to, bytes } => self.carry_message(to, bytes),
                Deed::Closed { peer } => self.closed_by_bridge(peer),
                Deed::Opened { leg } => {
                    if let Some(n) = self.current {
                        self.judge.opened(self.now, n, leg);
                    }
                }
                Deed::Asked(request) => {
                    self.judge.readable(&format!("{request:?}"));
                    if let MediaRequest::Join { leg, .. } = request {
                        self.summary.joined += 1;
                        self.summary.joined_wide += u64::from(self.judge.is_wide(leg));
                    }
                    self.note(|| format!("the bridge asks {request:?}"));
                    self.judge.asked(self.now, &self.scenario.rooms, request);
                }
                Deed::LooksUp { leg, number } => self.look_up(leg, number),
                // No room of an evening has a number of its own; the answer is taken all the same.
                Deed::LooksUpCalled { leg, .. } => {
                    self.site.bridge.handle_called(self.now, leg, Found::Unknown);
                    self.site.settle(self.now);
                }
                Deed::Heard(event) => {
                    self.judge.readable(&format!("{event:?}"));
                    if let Event::Key { leg, key, .. } = event {
                        let face = b"0123456789*#".get(usize::from(key.event())).copied();
                        self.judge
                            .key_told(self.now, leg, char::from(face.unwrap_or(b'?')));
                    }
                }
            }
        }
    }

    fn carry_message(&mut self, to: Peer, bytes: Vec<u8>) {
        let is_there = |caller: &Caller| caller.sip() == to.addr && caller.plan.stream.is_none();
        let n = match to.transport {
            Transport::Udp => self.callers.iter().position(is_there),
            Transport::Tcp | Transport::Tls => self.by_stream(to.addr),
        };
        let Some(n) = n else {
            return self.judge.blame(|| format!("a message went to {to:?}"));
        };
        if bytes != PONG {
            self.judge_message(n, &bytes);
        }
        let arrivals = match to.transport {
            Transport::Udp => self.lines[n].signalling.carry(self.now),
            Transport::Tcp | Transport::Tls => [self.reaches_by_stream(n, &bytes), None],
        };
        for at in arrivals.into_iter().flatten() {
            self.put(at, Happening::SipTo(n, bytes.clone()));
        }
    }

    fn judge_message(&mut self, n: usize, bytes: &[u8]) {
        self.summary.messages += 1;
        for byte in bytes {
            self.summary.digest = (self.summary.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(Err(why)) = self.reader.as_mut().map(|reader| reader(bytes)) {
            self.judge
                .blame(|| format!("what caller {n} was sent cannot be read: {why}"));
        }
        let text = String::from_utf8_lossy(bytes);
        self.judge.sent(self.now, &self.callers[n], &text);
    }

    pub(super) fn carry_stream(&mut self) {
        let mut sent = Vec::new();
        self.site.take_sent(|leg, packet| sent.push((leg, packet)));
        for (leg, packet) in sent {
            let Some(n) = self.judge.caller_of(leg) else {
                continue;
            };
            self.judge.streamed(self.now, n, &packet);
            for at in self.lines[n].back.carry(self.now).into_iter().flatten() {
                self.put(at, Happening::RtpTo(n, packet.clone()));
            }
        }
    }

    fn look_up(&mut self, leg: LegId, number: RoomNumber) {
        if self.scenario.mood(self.now) != StoreMood::NeverAnswers {
            let at = self.now + Duration::from_millis(self.chance.below(500));
            self.put(at, Happening::Found(leg, number));
        }
    }
}
