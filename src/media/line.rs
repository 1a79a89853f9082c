//! Measures a leg's line: loss and jitter as RFC 3550 counts them (§6.4.1, A.3, A.8), and what was concealed.

use super::rtp::Received;
use crate::media_api::LegFigures;
use crate::units::FRAME;

/// A sequence number this far from the last one belongs to another stream (RFC 3550 A.1, MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3_000;

/// One leg's meter.
#[derive(Clone, Debug, Default)]
pub struct LineMeter {
    stream: Option<Stream>,
    received: u32,
    /// Lost in streams that came before this one.
    lost_before: u32,
    /// Jitter times 16, as RFC 3550 A.8 keeps it.
    jitter_16: u32,
    concealed: u32,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    received: u32,
    expected: u32,
    highest: u16,
    /// Arrival less time stamp of the last audio packet, in samples.
    transit: Option<u32>,
}

impl Stream {
    fn lost(&self) -> u32 {
        self.expected.saturating_sub(self.received)
    }
}

impl LineMeter {
    /// A packet came in tick `frame`. Events repeat their time stamp, so jitter looks at audio alone.
    pub fn packet(&mut self, frame: u64, packet: &Received, audio: bool) {
        self.received += 1;
        let mut stream = match self.stream {
            Some(stream) if stream.ssrc == packet.ssrc && is_near(stream.highest, packet.sequence) => stream,
            before => {
                self.lost_before += before.map_or(0, |stream| stream.lost());
                let highest = packet.sequence.wrapping_sub(1);
                Stream {
                    ssrc: packet.ssrc,
                    received: 0,
                    expected: 0,
                    highest,
                    transit: None,
                }
            }
        };
        stream.received += 1;
        let ahead = packet.sequence.wrapping_sub(stream.highest);
        if ahead < DROPOUT_MAX {
            stream.expected += u32::from(ahead);
            stream.highest = packet.sequence;
        }
        if audio {
            let transit = (frame as u32)
                .wrapping_mul(FRAME as u32)
                .wrapping_sub(packet.timestamp);
            let moved = stream.transit.map_or(0, |before| {
                transit.wrapping_sub(before).cast_signed().unsigned_abs()
            });
            self.jitter_16 = self.jitter_16 - (self.jitter_16 + 8) / 16 + moved.min(8_000);
            stream.transit = Some(transit);
        }
        self.stream = Some(stream);
    }

    /// A frame was concealed.
    pub fn concealed(&mut self) {
        self.concealed += 1;
    }

    /// All of it, with what lies in the playout buffer.
    pub fn figures(&self, buffered: u32) -> LegFigures {
        LegFigures {
            received: self.received,
            lost: self.lost_before + self.stream.map_or(0, |stream| stream.lost()),
            jitter: self.jitter_16 / 16,
            buffered,
            concealed: self.concealed,
        }
    }
}

fn is_near(highest: u16, sequence: u16) -> bool {
    sequence.wrapping_sub(highest) < DROPOUT_MAX || highest.wrapping_sub(sequence) < DROPOUT_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(packets: &[(u64, u32, u16)]) -> LegFigures {
        let mut meter = LineMeter::default();
        for &(frame, ssrc, sequence) in packets {
            let timestamp = u32::from(sequence).wrapping_mul(160);
            let packet = Received {
                payload_type: 8,
                marker: false,
                sequence,
                timestamp,
                ssrc,
                payload: &[],
            };
            meter.packet(frame, &packet, true);
        }
        meter.figures(0)
    }

    #[test]
    fn a_clean_line_over_the_wrap_has_no_loss_and_no_jitter() {
        let packets: Vec<_> = (0..1_000u64).map(|n| (n, 7, (65_000 + n) as u16)).collect();
        let figures = measured(&packets[..500]);
        assert_eq!((figures.received, figures.lost, figures.jitter), (500, 0, 0));
        assert_eq!(measured(&packets).lost, 0);
    }

    #[test]
    fn lost_reordered_and_doubled_packets_count_as_they_should() {
        let lost = measured(&[(0, 7, 1), (1, 7, 2), (4, 7, 5), (5, 7, 6)]);
        assert_eq!((lost.received, lost.lost), (4, 2));
        let reordered = measured(&[(0, 7, 1), (1, 7, 3), (1, 7, 2), (2, 7, 4)]);
        assert_eq!(reordered.lost, 0);
        let doubled = measured(&[(0, 7, 1), (0, 7, 1), (1, 7, 2)]);
        assert_eq!(doubled.lost, 0);
    }

    #[test]
    fn another_stream_keeps_what_was_lost_and_loses_nothing_itself() {
        let figures = measured(&[(0, 7, 1), (1, 7, 4), (2, 9, 50_000), (3, 9, 50_001), (4, 9, 100)]);
        assert_eq!((figures.received, figures.lost), (5, 2));
    }

    #[test]
    fn packets_that_come_in_pairs_have_jitter() {
        let packets: Vec<_> = (0..400u64).map(|n| (n / 2 * 2, 7, n as u16)).collect();
        let jitter = measured(&packets).jitter;
        assert!((100..180).contains(&jitter), "{jitter} samples of 160");
    }
}
