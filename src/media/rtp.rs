//! RTP packets (RFC 3550 §5.1): what of a received one matters here, and a leg's own outgoing stream.

use super::wide::PAYLOAD_MAX;
use crate::units::FRAME;
use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};

/// Bytes of an outgoing packet's header, which has no extensions.
pub const HEADER: usize = 12;
/// Bytes of the largest outgoing packet.
pub const PACKET: usize = HEADER + PAYLOAD_MAX;
/// Steps that the clock of 8 kHz makes in a frame.
const STEPS: u32 = FRAME as u32;

/// A received packet.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Payload type.
    pub payload_type: u8,
    /// The first of a talk spurt, or of an event.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Time stamp in samples.
    pub timestamp: u32,
    /// Who sent it.
    pub ssrc: u32,
    /// What it carries, padding removed.
    pub payload: &'a [u8],
}

/// Reads a packet; `None` unless it is RTP version 2 and whole.
pub fn read(packet: &[u8]) -> Option<Received<'_>> {
    let reader = RtpReader::new(packet).ok()?;
    Some(Received {
        payload_type: reader.payload_type(),
        marker: reader.mark(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
        payload: reader.payload(),
    })
}

/// Whether a datagram is RTCP that came by the RTP port: its packet type stands where RTP has the marker and one of the
/// payload types 64 to 95, which nobody uses for that reason (RFC 5761 §4).
pub fn is_control(packet: &[u8]) -> bool {
    matches!(packet, [0x80..=0xbf, 192..=223, ..])
}

/// An outgoing stream: its sequence grows by one a packet, its time stamp follows the tick.
#[derive(Clone, Debug)]
pub struct Stream {
    ssrc: u32,
    sequence: u16,
    timestamp_base: u32,
    /// Steps of the RTP clock in a frame.
    steps: u32,
    begun: bool,
}

impl Stream {
    /// A stream from random beginnings (RFC 3550 §5.1).
    pub fn new(ssrc: u32, sequence: u16, timestamp_base: u32) -> Stream {
        Stream {
            ssrc,
            sequence,
            timestamp_base,
            steps: STEPS,
            begun: false,
        }
    }

    /// If nothing was sent yet, the sequence begins in the lower half of its numbers.
    pub fn begin_low(&mut self) {
        if !self.begun {
            self.sequence &= 0x7fff;
        }
    }

    /// Who sends it.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The time stamp of tick `frame`.
    pub fn timestamp(&self, frame: u64) -> u32 {
        // Truncation is the point: RTP time wraps at 2³².
        self.timestamp_base
            .wrapping_add((frame as u32).wrapping_mul(self.steps))
    }

    /// From tick `frame` on the clock makes so many steps a frame; it goes on from where it stands.
    pub fn set_steps(&mut self, frame: u64, steps: u32) {
        let now = self.timestamp(frame);
        self.steps = steps;
        self.timestamp_base = now.wrapping_sub((frame as u32).wrapping_mul(steps));
    }

    /// Writes the packet of tick `frame`; the first one carries the marker bit. Returns its length.
    pub fn write(&mut self, frame: u64, payload_type: u8, coded: &[u8], packet: &mut [u8; PACKET]) -> usize {
        let timestamp = self.timestamp(frame);
        let written = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .marked(!self.begun)
            .sequence(Seq::from(self.sequence))
            .timestamp(timestamp)
            .ssrc(self.ssrc)
            .payload(coded)
            .build_into(packet);
        self.begun = true;
        self.sequence = self.sequence.wrapping_add(1);
        written.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_and_time_advance_together_and_wrap() {
        let mut stream = Stream::new(7, u16::MAX, u32::MAX - 159);
        let mut packet = [0; PACKET];
        let mut seen = Vec::new();
        for frame in 0..3 {
            let len = stream.write(frame, 8, &[0xd5; FRAME], &mut packet);
            assert_eq!(len, 12 + FRAME);
            let got = read(&packet[..len]).expect("own packets are readable");
            assert_eq!((got.payload_type, got.ssrc, got.payload.len()), (8, 7, FRAME));
            let sequence = u16::from_be_bytes([packet[2], packet[3]]);
            seen.push((sequence, got.timestamp, got.marker));
        }
        assert_eq!(
            seen,
            [(u16::MAX, u32::MAX - 159, true), (0, 0, false), (1, 160, false)]
        );
    }

    #[test]
    fn another_clock_goes_on_from_where_the_first_one_stood() {
        let mut stream = Stream::new(7, 0, 1_000);
        stream.set_steps(0, 160);
        assert_eq!(stream.timestamp(10), 2_600);
        stream.set_steps(10, 960);
        assert_eq!((stream.timestamp(10), stream.timestamp(11)), (2_600, 3_560));
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_its_packet_type() {
        for kind in 0..=255 {
            assert_eq!(
                is_control(&[0x81, kind, 0, 0]),
                (192..224).contains(&kind),
                "{kind}"
            );
            assert!(!is_control(&[0x01, kind, 0, 0]), "version 0");
        }
        assert!(!is_control(&[0x80]));
    }

    #[test]
    fn what_is_not_rtp_is_refused() {
        for bad in [
            &[][..],
            &[0x80; 11],
            &[0x40; 40],
            b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        ] {
            assert!(read(bad).is_none());
        }
        let lying_padding = [0xa0, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 200];
        assert!(read(&lying_padding).is_none_or(|got| got.payload.len() <= 4));
    }
}
