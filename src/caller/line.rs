//! Owns one caller's RTP: a packet every 20 ms at absolute times, keys before voice, and all that arrives goes to the ear.

use super::ear::Ear;
use super::keypad::{EventPacket, Keypad};
use super::offer::Answer;
use super::returning::Returning;
use super::voice::Voice;
use crate::media_api::Law;
use crate::units::{FRAME, FRAME_MS, Time};
use audio_codec_algorithms::{encode_alaw, encode_ulaw};
use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

const FRAME_TIME: Duration = Duration::from_millis(FRAME_MS);
/// Largest packet that is read; G.711 at 20 ms needs 172 bytes.
const PACKET_MAX: usize = 1_500;
/// How often an even port is looked for.
const PORT_TRIES: usize = 256;

/// What a sent frame was, where that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Sound, silence or a key that is held.
    Plain,
    /// The first packet that says that the last key was released.
    LastKeyReleased,
    /// A burst.
    Burst,
}

/// One RTP stream each way.
pub struct Line {
    socket: UdpSocket,
    spec: Option<Answer>,
    due: Time,
    phase: Duration,
    ssrc: u32,
    sequence: u16,
    position: u64,
    /// What is sent while no key is pressed.
    pub voice: Voice,
    /// What is sent back beside it of what is heard.
    pub returning: Option<Returning>,
    /// What is being keyed.
    pub keypad: Keypad,
    /// What is heard.
    pub ear: Ear,
    /// Packets that could not be sent.
    pub unsent: u64,
    /// Packets that were no G.711 in RTP.
    pub strange: u64,
}

impl Line {
    /// A line on an even port of `own`, whose packets leave `phase` after the others'.
    pub fn open(own: IpAddr, phase: Duration, token: u64) -> io::Result<Line> {
        Ok(Line {
            socket: even_port(own)?,
            spec: None,
            due: Time::ZERO,
            phase,
            ssrc: token as u32,
            sequence: (token >> 32) as u16,
            position: token >> 48,
            voice: Voice::Silent,
            returning: None,
            keypad: Keypad::default(),
            ear: Ear::default(),
            unsent: 0,
            strange: 0,
        })
    }

    /// The line's socket, to be waited for.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Where media is expected.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Starts sending as the answer says.
    pub fn start(&mut self, now: Time, spec: Answer) {
        if self.spec.is_none() {
            let frames = now.as_nanos() / FRAME_TIME.as_nanos() as u64 + 1;
            self.due = Time::from_millis(frames * FRAME_MS) + self.phase;
            self.spec = Some(spec);
        }
    }

    /// Stops sending.
    pub fn stop(&mut self) {
        self.spec = None;
    }

    /// When the next frame is to leave.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.spec.map(|_| self.due)
    }

    /// Sends the frame that is due, and says what it was.
    pub fn handle_timeout(&mut self, now: Time) -> Option<Sent> {
        let spec = self.spec.filter(|_| now >= self.due)?;
        self.due = self.due + FRAME_TIME;
        let timestamp = self.position as u32;
        let event = self.keypad.next_frame(timestamp);
        let is_burst = event.is_none() && self.voice == Voice::Burst;
        match (event, spec.event_payload_type) {
            (Some(event), Some(payload_type)) => self.send_event(spec.remote, payload_type, event),
            _ => self.send_audio(spec, timestamp),
        }
        self.position += FRAME as u64;
        Some(match event {
            Some(event) if event.released_last => Sent::LastKeyReleased,
            _ if is_burst => Sent::Burst,
            _ => Sent::Plain,
        })
    }

    /// Takes one packet out of the socket; `None` when it is empty.
    pub fn receive(&mut self, now: Time) -> Option<()> {
        let mut packet = [0; PACKET_MAX];
        let (length, _) = self.socket.recv_from(&mut packet).ok()?;
        let heard = RtpReader::new(&packet[..length]).ok().and_then(|rtp| {
            let law = match rtp.payload_type() {
                8 => Law::A,
                0 => Law::Mu,
                _ => return None,
            };
            self.ear
                .hear(now, rtp.ssrc(), rtp.timestamp(), law, rtp.payload());
            Some(())
        });
        self.strange += u64::from(heard.is_none());
        Some(())
    }

    fn send_audio(&mut self, spec: Answer, timestamp: u32) {
        let encode = match spec.law {
            Law::A => encode_alaw,
            Law::Mu => encode_ulaw,
        };
        let mut sound = self.voice.next_frame(self.position);
        if let Some(returning) = &mut self.returning {
            let back = returning.next_frame(&self.ear);
            for (sample, back) in sound.iter_mut().zip(back) {
                *sample = sample.saturating_add(back);
            }
        }
        let payload = sound.map(encode);
        self.send(spec.remote, spec.law.payload_type(), timestamp, false, &payload);
    }

    fn send_event(&mut self, remote: SocketAddr, payload_type: u8, event: EventPacket) {
        self.send(
            remote,
            payload_type,
            event.timestamp,
            event.marker,
            &event.payload,
        );
    }

    fn send(&mut self, remote: SocketAddr, payload_type: u8, timestamp: u32, marker: bool, payload: &[u8]) {
        let mut packet = [0; PACKET_MAX];
        let built = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .ssrc(self.ssrc)
            .sequence(Seq::from(self.sequence))
            .timestamp(timestamp)
            .marked(marker)
            .payload(payload)
            .build_into(&mut packet);
        self.sequence = self.sequence.wrapping_add(1);
        let sent = built.is_ok_and(|length| self.socket.send_to(&packet[..length], remote).is_ok());
        self.unsent += u64::from(!sent);
    }
}

/// A socket on an even port, which never blocks.
pub fn even_port(own: IpAddr) -> io::Result<UdpSocket> {
    for _ in 0..PORT_TRIES {
        let socket = UdpSocket::bind((own, 0))?;
        if socket.local_addr()?.port().is_multiple_of(2) {
            socket.set_nonblocking(true)?;
            return Ok(socket);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        "no even UDP port is free",
    ))
}
