//! RTCP, well made or not, in the middle of a good stream, by the RTP port (RFC 5761) or by its own: the stream must play on as
//! if nothing had come, each datagram gets the verdict of a second reader, and our own reports are well made, some seconds
//! apart, and go to the peer alone.
//!
//! The first byte says law and order; then each byte is either a tick or the head of one control packet.

use super::reader::Reader;
use super::telephone::{Telephone, peer, peer_control, rtp, spec, stranger};
use audio_codec_algorithms::{decode_alaw, decode_ulaw};
use rundruf::media::Counter;
use rundruf::media_api::Law;
use std::collections::VecDeque;
use std::time::Duration;

/// Control packets that come within one tick at most: the leg reads 32 datagrams a tick, audio included.
const CONTROL_MAX: usize = 30;
/// Ticks of one input at most.
const TICKS_MAX: u32 = 300;
/// Datagrams that a leg takes from its RTCP port at a time.
const TAKEN_MAX: usize = 8;
/// Every so many frames it looks there: in those whose number leaves 1, as the leg's does.
const LOOK_EVERY: u64 = 50;
/// Frames between two reports at least.
const APART: u64 = 125;
/// A round trip is shorter: 8 s in 1/65,536 s.
const ROUND_TRIP_MAX: u32 = 8 << 16;

struct Run {
    telephone: Telephone,
    law: Law,
    audio_first: bool,
    ticks: u32,
    control: Vec<(bool, Vec<u8>)>,
    control_sent: u64,
    /// What waits at the RTCP port.
    waiting: VecDeque<Verdict>,
    /// What was taken from there, by verdict.
    verdicts: [u64; 3],
    goodbyes: u64,
    reports: u64,
    reported: Option<u64>,
}

/// What becomes of a datagram at the RTCP port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Taken { goodbye: bool },
    Malformed,
    Stranger,
}

/// Runs one input.
pub fn run(data: &[u8]) {
    let mut reader = Reader(data);
    let Some(order) = reader.byte() else {
        return;
    };
    let law = if order & 1 == 0 { Law::A } else { Law::Mu };
    let mut run = Run {
        telephone: Telephone::new(spec(law)),
        law,
        audio_first: order & 2 == 0,
        ticks: 0,
        control: Vec::new(),
        control_sent: 0,
        waiting: VecDeque::new(),
        verdicts: [0; 3],
        goodbyes: 0,
        reports: 0,
        reported: None,
    };
    (0..3).for_each(|_| run.tick());
    while let Some(head) = reader.byte()
        && run.ticks < TICKS_MAX
    {
        if head & 0x80 == 0 || run.control.len() == CONTROL_MAX {
            run.tick();
        }
        if head & 0x90 == 0x90 {
            run.report(head, &mut reader);
        } else if head & 0x80 != 0 {
            run.control.push((head & 0x40 != 0, control(head, &mut reader)));
        }
    }
    (0..3).for_each(|_| run.tick());
    run.ends();
}

/// A packet of version 2 and a type from 192 to 223, the rest as the input has it.
fn control(head: u8, reader: &mut Reader) -> Vec<u8> {
    let [kind, length] = reader.bytes().unwrap_or_default();
    let count = reader.byte().unwrap_or_default();
    // Mostly SR, RR, SDES, BYE, APP, RTPFB, PSFB and XR.
    let kind = if head & 0x20 == 0 {
        200 + kind % 8
    } else {
        192 + kind % 32
    };
    let mut packet = vec![0x80 | count & 0x3f, kind];
    packet.extend_from_slice(reader.some(usize::from(length)));
    packet
}

/// Reads a datagram once more, packet by packet; `None` if any of it is damaged.
fn second_reading(datagram: &[u8]) -> Option<Verdict> {
    let (mut at, mut packets, mut goodbye) = (0, 0, false);
    while at < datagram.len() || packets == 0 {
        let header = datagram.get(at..at + 4)?;
        let end = at + 4 * (1 + usize::from(header[2]) * 256 + usize::from(header[3]));
        let (count, padded) = (usize::from(header[0] & 31), header[0] & 32 != 0);
        if header[0] >> 6 != 2 || !(192..224).contains(&header[1]) || end > datagram.len() {
            return None;
        }
        let mut length = end - at - 4;
        if padded {
            let padding = usize::from(datagram[end - 1]);
            let fits = length > 0 && padding > 0 && padding <= length && padding.is_multiple_of(4);
            if !fits || end != datagram.len() {
                return None;
            }
            length -= padding;
        }
        let needed = match header[1] {
            200 => 24 + 24 * count,
            201 => 4 + 24 * count,
            202 => 8 * count,
            203 => 4 * count,
            _ => 0,
        };
        goodbye |= header[1] == 203 && count > 0;
        packets += 1;
        if length < needed || packets > 16 {
            return None;
        }
        at = end;
    }
    Some(Verdict::Taken { goodbye })
}

impl Run {
    /// Something comes to the RTCP port.
    fn report(&mut self, head: u8, reader: &mut Reader) {
        let mut packet = control(head & 0x7f | 0x80, reader);
        if head & 0x08 != 0 {
            // Whole bytes of the input, without a header that fits.
            packet.drain(..2);
        }
        let age = Duration::from_millis(u64::from(head & 7) * 200);
        let strange = head & 0x40 != 0;
        self.waiting.push_back(match second_reading(&packet) {
            _ if strange => Verdict::Stranger,
            Some(verdict) => verdict,
            None => Verdict::Malformed,
        });
        let from = if strange { stranger() } else { peer_control() };
        self.telephone.report_arrives(from, packet, age);
    }

    /// What the leg takes from its RTCP port in this tick, and what it sends.
    fn judge_reports(&mut self) {
        let frame = self.telephone.frame;
        let taken = if frame % LOOK_EVERY == 1 { TAKEN_MAX } else { 0 };
        for verdict in self.waiting.drain(..taken.min(self.waiting.len())) {
            let place = match verdict {
                Verdict::Taken { goodbye } => {
                    self.goodbyes += u64::from(goodbye);
                    0
                }
                Verdict::Malformed => 1,
                Verdict::Stranger => 2,
            };
            self.verdicts[place] += 1;
        }
        for (to, report) in self.telephone.reports() {
            assert_eq!(to, peer_control(), "a report to somebody else");
            assert!(
                second_reading(&report).is_some() && report[1] == 200,
                "a sender's report"
            );
            let since = self.reported.map_or(APART, |before| frame - before);
            assert!(since >= APART, "reports come thick and fast");
            self.reported = Some(frame);
            self.reports += 1;
        }
    }

    fn tick(&mut self) {
        let number = self.ticks;
        self.ticks += 1;
        let coded: [u8; 160] = std::array::from_fn(|at| noise(number * 160 + at as u32));
        let sequence = (number as u16).wrapping_add(65_500);
        let timestamp = number.wrapping_mul(160).wrapping_add(u32::MAX - 2_000);
        let audio = rtp(self.law.payload_type(), sequence, timestamp, 7, &coded);
        if self.audio_first {
            self.telephone.arrives(peer(), audio.clone());
        }
        for (strange, packet) in std::mem::take(&mut self.control) {
            self.control_sent += 1;
            let from = if strange { stranger() } else { peer() };
            self.telephone.arrives(from, packet);
        }
        if !self.audio_first {
            self.telephone.arrives(peer(), audio);
        }
        let keys = self.telephone.tick();
        self.judge_reports();
        assert!(keys.iter().all(Option::is_none), "RTCP pressed a key");
        let decode = match self.law {
            Law::A => decode_alaw,
            Law::Mu => decode_ulaw,
        };
        assert_eq!(*self.telephone.heard(), coded.map(decode), "the voice changed");
    }

    fn ends(self) {
        let figures = self.telephone.figures();
        assert_eq!(figures.received, self.ticks, "RTCP counts as voice");
        assert_eq!((figures.lost, figures.concealed, figures.jitter), (0, 0, 0));
        assert_eq!(figures.buffered, 0);
        assert_eq!(figures.far.goodbye, self.goodbyes > 0);
        assert!(figures.far.round_trip.is_none_or(|trip| trip < ROUND_TRIP_MAX));
        assert!(u64::from(figures.far.reports) <= self.verdicts[0]);
        assert_eq!(self.telephone.settled(), 1, "RTCP moved the latch");
        let counters = &self.telephone.counters;
        for counter in Counter::ALL {
            let expected = match counter {
                Counter::Played => u64::from(self.ticks),
                Counter::Control => self.control_sent,
                Counter::ControlTaken => self.verdicts[0],
                Counter::ControlMalformed => self.verdicts[1],
                Counter::ControlStranger => self.verdicts[2],
                Counter::Goodbye => self.goodbyes,
                Counter::ControlSent => self.reports,
                _ => 0,
            };
            assert_eq!(counters.get(*counter), expected, "{}", counter.name());
        }
    }
}

/// A byte that looks like any other.
fn noise(place: u32) -> u8 {
    (place.wrapping_mul(0x9e37_79b1) >> 24) as u8
}
