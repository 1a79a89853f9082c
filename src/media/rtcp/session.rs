//! A leg's RTCP: when it reports, and what the peer's reports tell. Time is the frame number; what o'clock frame 0 was is given
//! once, and so only as exact as a frame: a leg that moves to another slot measures one round trip wrong by up to 19 ms.

use super::write::CNAME;
use super::{Block, Heard, REPORT_MAX, Report, Sender, middle, write};
use crate::media_api::FarFigures;
use crate::units::FRAME_MS;
use std::net::SocketAddr;
use std::time::Duration;

/// Seconds from 1900, where NTP begins, to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;
const FRAMES_A_SECOND: u64 = 1_000 / FRAME_MS;
/// Frames between two reports: 5 s (RFC 3550 §6.2), each time multiplied by 0.5 to 1.5; half of it before the first (§6.3.1).
const INTERVAL: u64 = 5 * FRAMES_A_SECOND;
/// Sender reports of ours that a peer may refer to.
const ASKED: usize = 4;
/// A longer round trip is none: 8 s, in 1/65,536 s.
const ROUND_TRIP_MAX: i32 = 8 << 16;
/// So much less than nothing a round trip may be, by frames that began late: 100 ms.
const ROUND_TRIP_MIN: i32 = -6_554;

/// What a media thread began with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wall {
    /// NTP time of frame 0: 32 bits of seconds since 1900, which wrap in 2036, and 32 of fraction.
    ntp: u64,
    /// Makes the legs' names unpredictable.
    random: u64,
}

impl Wall {
    /// Frame 0 was so long after the beginning of 1970 (UTC); `random` is used for nothing else.
    pub fn new(since_1970: Duration, random: u64) -> Wall {
        let seconds = (since_1970.as_secs() + NTP_TO_UNIX) << 32;
        Wall {
            ntp: seconds | fraction(since_1970),
            random,
        }
    }
}

fn fraction(time: Duration) -> u64 {
    (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000
}

/// One leg's session.
#[derive(Clone, Debug)]
pub struct Session {
    wall: Wall,
    ssrc: u32,
    random: u64,
    cname: [u8; CNAME],
    /// The frame of the next report; none before the first tick.
    due: Option<u64>,
    packets: u32,
    octets: u32,
    /// Packets at the last report.
    packets_told: u32,
    has_reported: bool,
    /// The middle of the NTP time of our last sender reports.
    asked: [Option<u32>; ASKED],
    /// The peer's last sender report: the middle of its NTP time, and when it came by our clock.
    sender_report: Option<(u32, u64)>,
    /// Where the reports of the source that we hear come from.
    source: Option<SocketAddr>,
    far: FarFigures,
}

impl Session {
    /// The session of the stream `ssrc`. Of `random` come its name and its intervals.
    pub fn new(ssrc: u32, random: u64) -> Session {
        Session {
            wall: Wall::default(),
            ssrc,
            random,
            cname: [b'0'; CNAME],
            due: None,
            packets: 0,
            octets: 0,
            packets_told: 0,
            has_reported: false,
            asked: [None; ASKED],
            sender_report: None,
            source: None,
            far: FarFigures::default(),
        }
    }

    /// The leg comes to a thread that began so. Its name is 96 random bits that end with the call (RFC 7022 §4.2).
    pub fn begin(&mut self, wall: Wall) {
        self.wall = wall;
        let bits = [
            mixed(self.random ^ wall.random),
            mixed(self.random.rotate_left(32).wrapping_add(wall.random)),
        ];
        let nibbles = bits
            .iter()
            .flat_map(|bits| (0..16).map(move |at| bits >> (60 - 4 * at) & 15));
        for (place, nibble) in self.cname.iter_mut().zip(nibbles) {
            *place = b"0123456789abcdef"[nibble as usize];
        }
        self.random = mixed(bits[1]);
    }

    /// Packets sent so far.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// A packet with so many bytes of payload was sent.
    pub fn handle_sent(&mut self, octets: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets as u32);
    }

    /// Whether a report is due in this tick; the next one then is so some seconds later.
    pub fn is_due(&mut self, frame: u64) -> bool {
        let is_first = self.due.is_none();
        let due = *self.due.get_or_insert(frame);
        if frame < due {
            return false;
        }
        let interval = self.draw_interval();
        self.due = Some(frame + if is_first { interval / 2 } else { interval });
        !is_first
    }

    fn draw_interval(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        INTERVAL / 2 + mixed(self.random) % (INTERVAL + 1)
    }

    /// Whether anything was sent that a goodbye may end (RFC 3550 §6.3.7).
    pub fn has_spoken(&self) -> bool {
        self.packets > 0 || self.has_reported
    }

    /// Writes the report of tick `frame`, whose RTP time is `rtp`; `block` is on what is received. Its length.
    pub fn write(
        &mut self,
        frame: u64,
        rtp: u32,
        block: Option<Block>,
        goodbye: bool,
        buffer: &mut [u8; REPORT_MAX],
    ) -> usize {
        let ntp = self.ntp(frame);
        let has_sent = self.packets != self.packets_told;
        self.packets_told = self.packets;
        self.has_reported = true;
        let sender = has_sent.then_some(Sender {
            ntp,
            rtp,
            packets: self.packets,
            octets: self.octets,
        });
        if has_sent {
            self.asked.rotate_right(1);
            self.asked[0] = Some(middle(ntp));
        }
        let report = Report {
            ssrc: self.ssrc,
            sender,
            block: block.map(|block| self.answered(ntp, block)),
            cname: &self.cname,
            goodbye,
        };
        write(&report, buffer)
    }

    /// The block, with what the peer needs to find its round trip.
    fn answered(&self, ntp: u64, block: Block) -> Block {
        let (last_report, came) = self.sender_report.unwrap_or((0, ntp));
        Block {
            last_report,
            since_last_report: middle(ntp.wrapping_sub(came)),
            ..block
        }
    }

    /// The peer reported. It came `age` before tick `frame`.
    pub fn handle_report(&mut self, frame: u64, age: Duration, heard: &Heard) {
        let came = self.ntp(frame).wrapping_sub(age.as_secs() << 32 | fraction(age));
        if let Some(sender) = heard.sender {
            self.sender_report = Some((sender.middle(), came));
        }
        self.far.goodbye |= heard.goodbye.is_some();
        let Some(block) = heard.about_us else { return };
        self.far.reports = self.far.reports.saturating_add(1);
        self.far.lost = block.lost.max(0).cast_unsigned();
        self.far.loss_256 = block.fraction_lost.into();
        self.far.jitter = block.jitter;
        self.far.round_trip = self.round_trip(came, &block).or(self.far.round_trip);
    }

    /// From our sender report to its answer, less the time that it lay with the peer (RFC 3550 §6.4.1), in 1/65,536 s.
    fn round_trip(&self, came: u64, block: &Block) -> Option<u32> {
        // Who answers what we have not asked relays somebody else's reports.
        let asked = self
            .asked
            .iter()
            .flatten()
            .find(|asked| **asked == block.last_report)?;
        let trip = middle(came)
            .wrapping_sub(*asked)
            .wrapping_sub(block.since_last_report)
            .cast_signed();
        let fits = (ROUND_TRIP_MIN..ROUND_TRIP_MAX).contains(&trip);
        fits.then_some(trip.max(0).cast_unsigned())
    }

    /// Reports of the source that we hear come from there.
    pub fn handle_source(&mut self, from: SocketAddr) {
        self.source = Some(from);
    }

    /// Where they come from.
    pub fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    /// The peer's side changed.
    pub fn forget_source(&mut self) {
        self.source = None;
    }

    /// What the peer told of how it hears us.
    pub fn far(&self) -> FarFigures {
        FarFigures {
            sent: self.packets,
            ..self.far
        }
    }

    fn ntp(&self, frame: u64) -> u64 {
        let (seconds, frames) = (frame / FRAMES_A_SECOND, frame % FRAMES_A_SECOND);
        self.wall
            .ntp
            .wrapping_add(seconds << 32)
            .wrapping_add((frames << 32) / FRAMES_A_SECOND)
    }
}

/// Bits of which each depends on each (the finaliser of SplitMix64).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
