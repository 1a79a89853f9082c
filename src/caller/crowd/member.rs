//! One caller of a crowd: its call, its socket, its keys, its ears.

use super::ears::{Ears, Known, Listener, Times};
use super::monotonic;
use super::sounds::Sounds;
use crate::caller::call::State;
use crate::caller::keypad::{Keypad, Pace};
use crate::caller::line::even_port;
use crate::caller::message::Message;
use crate::caller::offer::offer;
use crate::caller::uac::Uac;
use crate::media_api::Law;
use crate::units::{FRAME, Time};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use rustix::time::{ClockId, clock_gettime};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

const HEADER: usize = 12;
/// Largest packet that is read.
const PACKET_MAX: usize = 1_500;
/// Payload type of A-law.
const A_LAW: u8 = 8;

/// What a caller does.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub room: usize,
    pub talks: bool,
    pub bursts: bool,
}

/// One caller.
pub struct Member {
    part: Part,
    uac: Uac,
    socket: UdpSocket,
    stamp: Vec<u8>,
    keypad: Keypad,
    ssrc: u32,
    frames: u64,
    dialled: Option<Time>,
    answered: Option<Time>,
    ears: Ears,
}

impl Member {
    pub fn new(
        part: Part,
        (own_sip, bridge): (SocketAddr, SocketAddr),
        own: IpAddr,
        token: u64,
    ) -> io::Result<Member> {
        let socket = even_port(own)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        Ok(Member {
            part,
            uac: Uac::new(own_sip, bridge, token),
            socket,
            stamp: nix::cmsg_space!(nix::sys::time::TimeSpec),
            keypad: Keypad::default(),
            ssrc: token as u32,
            frames: 0,
            dialled: None,
            answered: None,
            ears: Ears::default(),
        })
    }

    pub fn room(&self) -> usize {
        self.part.room
    }

    pub fn sends_bursts(&self) -> bool {
        self.part.bursts
    }

    pub fn call_id(&self) -> String {
        self.uac.call_id()
    }

    pub fn state(&self) -> Option<State> {
        self.uac.state()
    }

    pub fn press(&mut self, keys: &str, pace: Pace) {
        self.keypad.press(keys, pace);
    }

    pub fn has_keyed(&self) -> bool {
        self.keypad.is_idle()
    }

    pub fn ears(&self) -> &Ears {
        &self.ears
    }

    pub fn answer_time(&self) -> Option<Duration> {
        Some(self.answered?.since(self.dialled?))
    }

    /// What is heard from now on counts.
    pub fn begin(&mut self) {
        self.ears = Ears::default();
    }

    pub fn dial(&mut self, now: Time) {
        if let Ok(media) = self.socket.local_addr() {
            self.dialled.get_or_insert(now);
            self.uac.handle_dial(now, &offer(media, Law::A, self.ssrc));
        }
    }

    pub fn hang_up(&mut self, now: Time) {
        self.uac.handle_hang_up(now);
    }

    pub fn handle_message(&mut self, now: Time, message: &Message) {
        self.uac.handle_message(now, message);
        if self.uac.state() == Some(State::Up) {
            self.answered.get_or_insert(now);
        }
    }

    pub fn handle_timeout(&mut self, now: Time) {
        self.uac.handle_timeout(now);
    }

    pub fn poll_output(&mut self) -> Option<String> {
        self.uac.poll_output()
    }

    /// Sends this frame's packet; whether that was sound and not a key.
    pub fn send_frame(&mut self, with_burst: bool, sounds: &Sounds) -> bool {
        let Some(answer) = self.uac.answer().filter(|_| self.state() == Some(State::Up)) else {
            return false;
        };
        self.frames += 1;
        let timestamp = (self.frames * FRAME as u64) as u32;
        let key = self.keypad.next_frame(timestamp);
        let mut packet = [0; HEADER + FRAME];
        let length = match (key, answer.event_payload_type) {
            (Some(event), Some(payload_type)) => {
                self.head(&mut packet, payload_type, event.timestamp, event.marker);
                packet[HEADER..HEADER + 4].copy_from_slice(&event.payload);
                HEADER + 4
            }
            _ => {
                self.head(&mut packet, A_LAW, timestamp, false);
                let sound = match self.part {
                    Part { bursts: true, .. } if with_burst => sounds.burst(),
                    Part {
                        talks: true, room, ..
                    } => sounds.tone(room),
                    Part { .. } => sounds.noise(self.frames + u64::from(self.ssrc)),
                };
                packet[HEADER..].copy_from_slice(sound);
                packet.len()
            }
        };
        let sent = self.socket.send_to(&packet[..length], answer.remote).is_ok();
        sent && key.is_none()
    }

    fn head(&self, packet: &mut [u8], payload_type: u8, timestamp: u32, marker: bool) {
        packet[..2].copy_from_slice(&[0x80, payload_type | u8::from(marker) << 7]);
        packet[2..4].copy_from_slice(&(self.frames as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }

    /// Reads what has come; when it did, the kernel says.
    pub fn drain(&mut self, origin: u64, known: Known<'_>, times: &mut Times) {
        let Part {
            room,
            talks,
            bursts: sends,
        } = self.part;
        let listener = Listener {
            room,
            talks,
            bursts: sends,
        };
        let mut packet = [0; PACKET_MAX];
        loop {
            let mut parts = [IoSliceMut::new(&mut packet)];
            let fd = self.socket.as_raw_fd();
            let read = recvmsg::<SockaddrIn>(fd, &mut parts, Some(&mut self.stamp), MsgFlags::MSG_DONTWAIT);
            let Ok(message) = read else { return };
            let stamp = message.cmsgs().ok().and_then(|mut all| {
                all.find_map(|part| match part {
                    ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
                    _ => None,
                })
            });
            let length = message.bytes;
            let now = Duration::from_nanos(monotonic() - origin).saturating_sub(age(stamp));
            if length == HEADER + FRAME && packet[1] & 0x7f == A_LAW {
                let sound = &packet[HEADER..HEADER + FRAME];
                self.ears.hear(Time::ZERO + now, sound, listener, known, times);
            }
        }
    }
}

/// How long ago that was, by the wall's clock.
fn age(stamp: Option<Duration>) -> Duration {
    let time = clock_gettime(ClockId::Realtime);
    let wall = Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32);
    stamp.map_or(Duration::ZERO, |stamp| wall.saturating_sub(stamp))
}
