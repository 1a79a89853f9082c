//! Owns what is on its way in the world, and what comes of it when it arrives.

use super::{SWEEP, World};
use crate::ids::{LegId, RoomNumber};
use crate::media_api::Law;
use crate::sim::caller::State;
use crate::sim::g722;
use crate::sim::plan::Change;
use crate::sip::Peer;
use std::net::SocketAddr;

/// Something on its way.
pub(super) enum Happening {
    Wake(usize),
    /// A SIP message of this caller reaches the bridge.
    Sip(usize, Vec<u8>),
    /// A connection of this caller's, from there, reaches the bridge.
    Connects(usize, SocketAddr),
    /// Bytes reach the bridge by it.
    Bytes(usize, SocketAddr, Vec<u8>),
    /// A SIP message reaches this caller.
    SipTo(usize, Vec<u8>),
    Rtp {
        n: usize,
        from: SocketAddr,
        port: u16,
        packet: Vec<u8>,
        press: Option<usize>,
    },
    RtpTo(usize, Vec<u8>),
    Found(LegId, RoomNumber),
    Change(Change),
    Sweep,
}

impl World {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake(n) => self.wake(n),
            Happening::Sip(n, bytes) => {
                self.current = Some(n);
                let peer = Peer::udp(self.callers[n].sip());
                if bytes.starts_with(b"ACK ") {
                    self.judge.acknowledged(self.now, n);
                }
                self.site.handle_message(self.now, peer, &bytes);
                self.carry_deeds();
                self.current = None;
            }
            Happening::Connects(n, from) => self.connection_arrives(n, from),
            Happening::Bytes(n, from, bytes) => self.bytes_arrive(n, from, &bytes),
            Happening::SipTo(n, bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.note(|| format!("caller {n} gets {}", text.lines().next().unwrap_or_default()));
                self.callers[n].handle_sip(self.now, &text);
                self.carry_acts(n);
            }
            Happening::Rtp {
                n,
                from,
                port,
                packet,
                press,
            } => self.rtp_arrives(n, from, port, packet, press),
            Happening::RtpTo(n, packet) => self.voice_arrives(n, &packet),
            Happening::Found(leg, number) => self.store_answers(leg, number),
            Happening::Change(change) => self.change(change),
            Happening::Sweep => {
                self.judge.sweep(self.now, &self.scenario, &self.callers);
                self.intrude();
                self.tend_streams();
                self.put(self.now + SWEEP, Happening::Sweep);
            }
        }
    }

    fn wake(&mut self, n: usize) {
        // Else it was woken earlier.
        if self.woken[n] == Some(self.now) {
            self.woken[n] = None;
            self.callers[n].handle_timeout(self.now);
            self.carry_acts(n);
        }
    }

    fn rtp_arrives(&mut self, n: usize, from: SocketAddr, port: u16, packet: Vec<u8>, press: Option<usize>) {
        let leg = self.site.handle_rtp(from, port, packet);
        if leg.is_some_and(|leg| self.judge.caller_of(leg) == Some(n))
            && let Some(press) = press
        {
            let key = self.callers[n].keypad.pressed[press];
            self.judge.press_arrived(self.now, n, press, key);
        }
    }

    fn voice_arrives(&mut self, n: usize, packet: &[u8]) {
        if self.callers[n].state != State::Up {
            return;
        }
        if let [_, kind, a, b, _, _, _, _, _, _, _, _, coded @ ..] = packet {
            let sequence = u16::from_be_bytes([*a, *b]);
            let law = match kind & 0x7f {
                g722::PAYLOAD_TYPE => {
                    for tones in self.ears[n].hear_wide(self.now, sequence, coded) {
                        self.judge.heard(self.now, n, tones);
                    }
                    return;
                }
                0 => Law::Mu,
                _ => Law::A,
            };
            let tones = self.ears[n].hear(law, sequence, coded);
            self.judge.heard(self.now, n, tones);
            self.callers[n].handle_frame(self.now, law, coded);
        }
    }
}
