//! Measures a leg's line: loss and jitter as RFC 3550 counts them (§6.4.1, A.3, A.8), and what was concealed.

use super::rtcp::Block;
use super::rtp::Received;
use crate::media_api::LegFigures;

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
    /// Samples.
    concealed: u32,
    /// Of the last report.
    fraction_lost: u8,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    received: u32,
    expected: u32,
    first: u16,
    highest: u16,
    /// Received and expected at the last report.
    told: (u32, u32),
    /// Arrival less time stamp of the last audio packet, in steps of the RTP clock.
    transit: Option<u32>,
}

impl Stream {
    fn lost(&self) -> u32 {
        self.expected.saturating_sub(self.received)
    }
}

impl LineMeter {
    /// A packet came at `now` of its RTP clock. Events repeat their time stamp, so jitter looks at audio alone.
    pub fn packet(&mut self, now: u32, packet: &Received, audio: bool) {
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
                    first: packet.sequence,
                    highest,
                    told: (0, 0),
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
            let transit = now.wrapping_sub(packet.timestamp);
            let moved = stream.transit.map_or(0, |before| {
                transit.wrapping_sub(before).cast_signed().unsigned_abs()
            });
            self.jitter_16 = self.jitter_16 - (self.jitter_16 + 8) / 16 + moved.min(48_000);
            stream.transit = Some(transit);
        }
        self.stream = Some(stream);
    }

    /// So many samples were made up.
    pub fn concealed(&mut self, samples: u32) {
        self.concealed = self.concealed.wrapping_add(samples);
    }

    /// What a report says of the stream (RFC 3550 §6.4.1, A.3); none if nothing came since the report before. The peer's own
    /// reports are not known here.
    pub fn report(&mut self) -> Option<Block> {
        let jitter = self.jitter_16 / 16;
        let stream = self.stream.as_mut()?;
        let (received, expected) = (
            stream.received.wrapping_sub(stream.told.0),
            stream.expected.wrapping_sub(stream.told.1),
        );
        if received == 0 {
            return None;
        }
        stream.told = (stream.received, stream.expected);
        let lost = u64::from(expected.saturating_sub(received));
        self.fraction_lost = (lost * 256 / u64::from(expected.max(1))).min(255) as u8;
        Some(Block {
            ssrc: stream.ssrc,
            fraction_lost: self.fraction_lost,
            lost: stream.expected.wrapping_sub(stream.received).cast_signed(),
            // The first cycle is that of the first packet.
            highest: u32::from(stream.first)
                .wrapping_add(stream.expected)
                .wrapping_sub(1),
            jitter,
            last_report: 0,
            since_last_report: 0,
        })
    }

    /// Packets that came.
    pub fn received(&self) -> u32 {
        self.received
    }

    /// Whose stream it is.
    pub fn source(&self) -> Option<u32> {
        self.stream.map(|stream| stream.ssrc)
    }

    /// All of it, with what lies in the playout buffer.
    pub fn figures(&self, buffered: u32) -> LegFigures {
        LegFigures {
            received: self.received,
            lost: self.lost_before + self.stream.map_or(0, |stream| stream.lost()),
            jitter: self.jitter_16 / 16,
            buffered,
            concealed: self.concealed,
            loss_256: self.fraction_lost.into(),
            ..LegFigures::default()
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
            meter.packet(frame as u32 * 160, &packet, true);
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
    fn a_report_tells_what_was_lost_since_the_one_before_and_knows_the_cycles() {
        let mut meter = LineMeter::default();
        let take = |meter: &mut LineMeter, sequences: &mut dyn Iterator<Item = u16>| {
            for sequence in sequences {
                let packet = Received {
                    payload_type: 8,
                    marker: false,
                    sequence,
                    timestamp: 0,
                    ssrc: 7,
                    payload: &[],
                };
                meter.packet(0, &packet, false);
            }
        };
        assert_eq!(meter.report(), None, "nothing came");
        take(
            &mut meter,
            &mut (65_400..=65_499).filter(|sequence| sequence % 4 != 2),
        );
        let first = meter.report().expect("packets came");
        assert_eq!((first.ssrc, first.fraction_lost, first.lost), (7, 64, 25));
        assert_eq!(first.highest, 65_499);
        assert_eq!(meter.report(), None, "nothing came since");
        take(&mut meter, &mut (0..100).map(|n| 65_500u16.wrapping_add(n)));
        let second = meter.report().expect("packets came");
        assert_eq!(
            (second.fraction_lost, second.lost),
            (0, 25),
            "nothing is lost now"
        );
        assert_eq!(second.highest, 65_599, "one cycle and 63");
        take(&mut meter, &mut [63; 30].into_iter());
        assert_eq!(
            meter.report().map(|block| block.lost),
            Some(-5),
            "more came than were due"
        );
    }

    #[test]
    fn packets_that_come_in_pairs_have_jitter() {
        let packets: Vec<_> = (0..400u64).map(|n| (n / 2 * 2, 7, n as u16)).collect();
        let jitter = measured(&packets).jitter;
        assert!((100..180).contains(&jitter), "{jitter} samples of 160");
    }
}
