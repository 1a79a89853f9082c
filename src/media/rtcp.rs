//! RTCP (RFC 3550 §6): what of a received report matters to a leg, and the reports that a leg sends. One peer, one source
//! each way, so at most one block a report. Reads and writes on the tick: no allocation, everything in fixed places.
//!
//! What a peer says of itself (SDES: often a name or an address) is walked over and never looked at.

mod read;
mod session;
mod write;

pub use read::{Heard, read};
pub use session::{Session, Wall};
pub use write::{REPORT_MAX, Report, write};

/// Packet types (RFC 3550 §12.1).
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

/// What one side says of the stream that it receives (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The stream's source.
    pub ssrc: u32,
    /// Packets lost since the report before, in 256ths of those that were expected.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative if more came than were expected. 24 bits on the wire.
    pub lost: i32,
    /// The highest sequence number that came, its cycles counted above it.
    pub highest: u32,
    /// Interarrival jitter in samples of the stream's clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report that came; 0 if none did.
    pub last_report: u32,
    /// How long ago it came, in 1/65,536 s.
    pub since_last_report: u32,
}

/// What a sender says of its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// When it said so: NTP time, 32 bits of seconds since 1900, 32 bits of fraction.
    pub ntp: u64,
    /// The same moment in its RTP clock.
    pub rtp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Bytes of payload sent so far.
    pub octets: u32,
}

impl Sender {
    /// The part of the NTP time that a report refers to.
    pub fn middle(&self) -> u32 {
        middle(self.ntp)
    }
}

/// The middle 32 bits of an NTP time: 1/65,536 s, wraps after 18 hours.
fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}
