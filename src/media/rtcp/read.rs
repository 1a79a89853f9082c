//! Reads a datagram of one or more RTCP packets: the checks of RFC 3550 A.2, but for the rule that a report comes first, of which
//! RFC 5506 has made an exception.

use super::{Block, DESCRIPTION, GOODBYE, RECEIVER_REPORT, SENDER_REPORT, Sender};

/// Packets in a datagram at most; telephones send two or three.
const PACKETS_MAX: usize = 16;
const HEADER: usize = 4;
const SENDER_INFO: usize = 20;
const BLOCK: usize = 24;
const SSRC: usize = 4;

/// What a datagram said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Who reports; none if no report was in it.
    pub reporter: Option<u32>,
    /// What the reporter says of its own stream: it has sent since the report before.
    pub sender: Option<Sender>,
    /// How many streams it reports on.
    pub blocks: usize,
    /// The one on ours.
    pub about_us: Option<Block>,
    /// Who says goodbye.
    pub goodbye: Option<u32>,
}

/// Reads a datagram from a peer to whom we send as `own`; `None` if it is damaged anywhere.
pub fn read(datagram: &[u8], own: u32) -> Option<Heard> {
    let mut heard = Heard::default();
    let mut rest = datagram;
    for _ in 0..PACKETS_MAX {
        let (packet, after) = split(rest)?;
        packet.read(own, &mut heard)?;
        if after.is_empty() {
            return Some(heard);
        }
        rest = after;
    }
    None
}

/// One packet without its header.
struct Packet<'a> {
    kind: u8,
    count: usize,
    body: &'a [u8],
}

/// The first packet, and what follows it. Only the last one may be padded.
fn split(bytes: &[u8]) -> Option<(Packet<'_>, &[u8])> {
    let &[first, kind, high, low, ..] = bytes else {
        return None;
    };
    let length = HEADER + 4 * usize::from(u16::from_be_bytes([high, low]));
    let (packet, rest) = bytes.split_at_checked(length)?;
    let padded = first & 0x20 != 0;
    if first >> 6 != 2 || !(192..=223).contains(&kind) || (padded && !rest.is_empty()) {
        return None;
    }
    let mut body = &packet[HEADER..];
    if padded {
        let padding = usize::from(*body.last()?);
        if padding == 0 || !padding.is_multiple_of(4) {
            return None;
        }
        body = &body[..body.len().checked_sub(padding)?];
    }
    let count = usize::from(first & 0x1f);
    Some((Packet { kind, count, body }, rest))
}

impl Packet<'_> {
    fn read(&self, own: u32, heard: &mut Heard) -> Option<()> {
        match self.kind {
            SENDER_REPORT => {
                let info = self.body.get(SSRC..SSRC + SENDER_INFO)?;
                heard.sender = heard.sender.or(Some(sender(info)?));
                self.read_report(SSRC + SENDER_INFO, own, heard)
            }
            RECEIVER_REPORT => self.read_report(SSRC, own, heard),
            GOODBYE => {
                let leaving = self.body.get(..SSRC * self.count)?;
                heard.goodbye = heard.goodbye.or_else(|| word(leaving, 0));
                Some(())
            }
            // Each chunk has a source and at least the end of its items.
            DESCRIPTION => (self.body.len() >= 2 * SSRC * self.count).then_some(()),
            // An application's, feedback, extended reports, and whatever will be invented.
            _ => Some(()),
        }
    }

    fn read_report(&self, blocks_at: usize, own: u32, heard: &mut Heard) -> Option<()> {
        let reporter = word(self.body, 0)?;
        heard.reporter = heard.reporter.or(Some(reporter));
        let blocks = self.body.get(blocks_at..blocks_at + BLOCK * self.count)?;
        heard.blocks += self.count;
        for bytes in blocks.as_chunks::<BLOCK>().0 {
            let block = block(bytes)?;
            if block.ssrc == own {
                heard.about_us = Some(block);
            }
        }
        Some(())
    }
}

fn sender(info: &[u8]) -> Option<Sender> {
    Some(Sender {
        ntp: u64::from(word(info, 0)?) << 32 | u64::from(word(info, 4)?),
        rtp: word(info, 8)?,
        packets: word(info, 12)?,
        octets: word(info, 16)?,
    })
}

fn block(bytes: &[u8; BLOCK]) -> Option<Block> {
    let losses = word(bytes, 4)?;
    Some(Block {
        ssrc: word(bytes, 0)?,
        fraction_lost: (losses >> 24) as u8,
        // The sign stands in the 24th bit.
        lost: (losses << 8).cast_signed() >> 8,
        highest: word(bytes, 8)?,
        jitter: word(bytes, 12)?,
        last_report: word(bytes, 16)?,
        since_last_report: word(bytes, 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let &[a, b, c, d] = bytes.get(at..at + 4)? else {
        return None;
    };
    Some(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 0x1122_3344;

    fn packet(first: u8, kind: u8, words: &[u32]) -> Vec<u8> {
        let mut bytes = vec![first, kind];
        bytes.extend((words.len() as u16).to_be_bytes());
        words.iter().for_each(|word| bytes.extend(word.to_be_bytes()));
        bytes
    }

    /// A receiver report of source 9 on our stream: a quarter lost, 3 in all.
    fn on_us() -> Vec<u8> {
        packet(
            0x81,
            201,
            &[9, OWN, 0x4000_0003, 0x0001_0005, 77, 0xaabb_ccdd, 65_536],
        )
    }

    #[test]
    fn a_compound_of_all_kinds_is_read() {
        let mut datagram = packet(
            0x82,
            200,
            &[
                9,
                0xe000_0001,
                0x8000_0000,
                160,
                50,
                8_000, // its own stream
                5,
                0,
                0,
                0,
                0,
                0, // on somebody else's
                OWN,
                0x40ff_ffff,
                0x0001_0005,
                77,
                0xaabb_ccdd,
                65_536, // on ours
            ],
        );
        datagram.extend(packet(0x81, 202, &[9, 0x0102_6162, 0]));
        datagram.extend(packet(0x80, 204, &[9, 0x6e61_6d65]));
        datagram.extend(packet(0x81, 203, &[9]));
        let heard = read(&datagram, OWN).expect("well made");
        assert_eq!(
            (heard.reporter, heard.blocks, heard.goodbye),
            (Some(9), 2, Some(9))
        );
        let sender = heard.sender.expect("a sender report");
        assert_eq!(
            (sender.ntp, sender.middle()),
            (0xe000_0001_8000_0000, 0x0001_8000)
        );
        assert_eq!((sender.rtp, sender.packets, sender.octets), (160, 50, 8_000));
        let block = heard.about_us.expect("a block on us");
        assert_eq!(
            (block.fraction_lost, block.lost, block.highest),
            (0x40, -1, 0x1_0005)
        );
        assert_eq!(
            (block.jitter, block.last_report, block.since_last_report),
            (77, 0xaabb_ccdd, 65_536)
        );
    }

    #[test]
    fn a_lone_goodbye_of_reduced_size_is_read_and_padding_too() {
        assert_eq!(
            read(&packet(0x81, 203, &[9]), OWN).and_then(|heard| heard.goodbye),
            Some(9)
        );
        let nobody = read(&packet(0x80, 203, &[]), OWN).expect("a goodbye of nobody is legal");
        assert_eq!(nobody, Heard::default());
        let padded = packet(0xa0, 201, &[9, 4]);
        assert_eq!(read(&padded, OWN).and_then(|heard| heard.reporter), Some(9));
    }

    #[test]
    fn what_is_damaged_is_refused_whole() {
        let good = on_us();
        assert!(read(&good, OWN).is_some_and(|heard| heard.about_us.is_some()));
        let with = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            bad
        };
        let mut tail = good.clone();
        tail.extend([0x80, 201]);
        let mut padded_first = packet(0xa0, 201, &[9, 4]);
        padded_first.extend(&good);
        let too_many = packet(0x80, 204, &[9]).repeat(PACKETS_MAX + 1);
        let bad = [
            ("nothing", Vec::new()),
            ("three bytes", good[..3].to_vec()),
            ("cut", good[..good.len() - 1].to_vec()),
            ("version 1", with(0, 0x41)),
            ("no RTCP", with(1, 191)),
            ("longer than it is", with(3, 9)),
            ("two blocks, one there", with(0, 0x82)),
            ("half a packet follows", tail),
            ("padding before the end", padded_first),
            ("padding of nothing", packet(0xa0, 201, &[9, 0])),
            ("padding longer than all", packet(0xa0, 201, &[9, 12])),
            ("padding of three", packet(0xa0, 201, &[9, 3])),
            ("padding in an empty packet", packet(0xa0, 201, &[])),
            ("a report of nobody", packet(0x80, 201, &[])),
            ("a sender without its figures", packet(0x80, 200, &[9, 1, 2])),
            ("a goodbye of two, one there", packet(0x82, 203, &[9])),
            ("too many packets", too_many),
        ];
        for (what, bytes) in bad {
            assert_eq!(read(&bytes, OWN), None, "{what}");
        }
    }
}
