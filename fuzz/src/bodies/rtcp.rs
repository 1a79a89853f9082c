//! RTCP, well made or not, that comes by the RTP port (RFC 5761) in the middle of a good stream: the stream must play on as if
//! nothing had come.
//!
//! The first byte says law and order; then each byte is either a tick or the head of one control packet.

use super::reader::Reader;
use super::telephone::{Telephone, peer, rtp, spec, stranger};
use audio_codec_algorithms::{decode_alaw, decode_ulaw};
use rundruf::media::Counter;
use rundruf::media_api::Law;

/// Control packets that come within one tick at most: the leg reads 32 datagrams a tick, audio included.
const CONTROL_MAX: usize = 30;
/// Ticks of one input at most.
const TICKS_MAX: u32 = 300;

struct Run {
    telephone: Telephone,
    law: Law,
    audio_first: bool,
    ticks: u32,
    control: Vec<(bool, Vec<u8>)>,
    control_sent: u64,
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
    };
    (0..3).for_each(|_| run.tick());
    while let Some(head) = reader.byte()
        && run.ticks < TICKS_MAX
    {
        if head & 0x80 == 0 || run.control.len() == CONTROL_MAX {
            run.tick();
        }
        if head & 0x80 != 0 {
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

impl Run {
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
        assert_eq!(self.telephone.settled(), 1, "RTCP moved the latch");
        let counters = &self.telephone.counters;
        for counter in Counter::ALL {
            let expected = match counter {
                Counter::Played => u64::from(self.ticks),
                Counter::Control => self.control_sent,
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
