//! How often a leg's socket is asked in a tick. Asking once more, only to be told that nothing waits, is a twentieth of a full tick's
//! time. So a line that brought exactly its next packet in each tick of the last second is asked for one packet; if that is
//! anything else than the next one, for all that waits, at once, in the same tick. What the caller sent beside it then waits for a
//! tick, or for two where one packet was left over; in every eighth tick everything is asked for, so nothing is left over for long.

/// Ticks of exactly one packet after which a line is steady: a second.
const STEADY: u8 = 50;
/// In one tick of so many all that waits is asked for.
const ALL_EVERY: u64 = 8;

/// What came lately.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Ticks in a row in which exactly the next packet came.
    steady: u8,
    last: Header,
    /// From each time stamp to the next.
    step: u32,
}

/// What tells a packet of a stream from the next one (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, Default)]
struct Header {
    /// Marker and payload type.
    kind: u8,
    sequence: u16,
    timestamp: u32,
}

impl Pace {
    /// Whether one packet is enough in this tick. `turn` spreads lines over the ticks in which they are asked for everything.
    pub fn is_enough(&self, frame: u64, turn: u64) -> bool {
        self.steady >= STEADY && !(frame + turn).is_multiple_of(ALL_EVERY)
    }

    /// This came in a tick; whether it was exactly what was to be expected.
    pub fn handle_tick<'a>(&mut self, packets: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let mut packets = packets.into_iter();
        let (first, more) = (packets.next().and_then(read), packets.last());
        let is_next = more.is_none() && first.is_some_and(|first| self.is_next(first));
        self.steady = if is_next { STEADY.min(self.steady + 1) } else { 0 };
        if let Some(last) = more.map_or(first, read) {
            self.step = last.timestamp.wrapping_sub(self.last.timestamp);
            self.last = last;
        }
        is_next
    }

    fn is_next(&self, header: Header) -> bool {
        header.kind == self.last.kind
            && header.sequence == self.last.sequence.wrapping_add(1)
            && header.timestamp == self.last.timestamp.wrapping_add(self.step)
    }
}

fn read(packet: &[u8]) -> Option<Header> {
    let &[_, kind, s0, s1, t0, t1, t2, t3, ..] = packet else {
        return None;
    };
    Some(Header {
        kind,
        sequence: u16::from_be_bytes([s0, s1]),
        timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(kind: u8, number: u32) -> [u8; 12] {
        let mut packet = [0x80, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&number.wrapping_mul(160).to_be_bytes());
        packet
    }

    /// A line that brought its packets one by one, the next of which has this number.
    fn steady(numbers: std::ops::Range<u32>) -> Pace {
        let mut pace = Pace::default();
        for number in numbers {
            assert!(!pace.is_enough(1, 0), "after {number}");
            pace.handle_tick([&packet(8, number)[..]]);
        }
        pace
    }

    #[test]
    fn a_line_that_brings_a_packet_a_tick_is_asked_for_one_after_a_second() {
        // The first says nothing, the second how far it is from one to the next.
        let mut pace = steady(65_500..65_552);
        assert!(pace.is_enough(1, 0));
        assert!(pace.handle_tick([&packet(8, 65_552)[..]]));
        let asked = (0..80).filter(|&frame| pace.is_enough(frame, 3)).count();
        assert_eq!(asked, 70, "in each eighth tick for everything");
    }

    #[test]
    fn anything_but_the_next_packet_is_no_steady_line() {
        let next = packet(8, 52);
        let event = packet(101, 52);
        let marked = packet(0x88, 52);
        let lost = packet(8, 53);
        let cases: [&[&[u8]]; 7] = [
            &[],
            &[&event],
            &[&marked],
            &[&lost],
            &[&next[..7]],
            &[&next, &lost],
            &[&event, &next],
        ];
        for (nth, case) in cases.into_iter().enumerate() {
            let mut pace = steady(0..52);
            assert!(!pace.handle_tick(case.iter().copied()), "{nth}");
            assert!(!pace.is_enough(1, 0), "{nth}");
        }
    }
}
