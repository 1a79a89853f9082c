//! Writes a leg's report: SR or RR, SDES with the CNAME, and BYE at the end (RFC 3550 §6.1).

use super::{Block, DESCRIPTION, GOODBYE, RECEIVER_REPORT, SENDER_REPORT, Sender};

/// Bytes of a CNAME: 96 bits as hexadecimal digits.
pub const CNAME: usize = 24;
/// Bytes of the longest report: SR with one block, SDES with the CNAME, BYE.
pub const REPORT_MAX: usize = 28 + 24 + DESCRIPTION_LENGTH + 8;
/// Header, source, one item and the end of the list, to a whole number of words.
const DESCRIPTION_LENGTH: usize = 4 + 4 + (2 + CNAME) + 2;
const _: () = assert!(DESCRIPTION_LENGTH.is_multiple_of(4));
/// The item of SDES that everybody must send.
const CNAME_ITEM: u8 = 1;

/// One report.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// Of its own stream, if it has sent since the report before: SR, else RR.
    pub sender: Option<Sender>,
    /// Of the stream that it receives, if it has received any.
    pub block: Option<Block>,
    /// Its name for the time of the call.
    pub cname: &'a [u8; CNAME],
    /// Whether it leaves.
    pub goodbye: bool,
}

/// Writes it; its length.
pub fn write(report: &Report, buffer: &mut [u8; REPORT_MAX]) -> usize {
    let mut writer = Writer { buffer, at: 0 };
    let blocks = u8::from(report.block.is_some());
    match &report.sender {
        Some(sender) => {
            writer.header(blocks, SENDER_REPORT, 6 + 6 * u16::from(blocks));
            writer.word(report.ssrc);
            writer.word((sender.ntp >> 32) as u32);
            writer.word(sender.ntp as u32);
            writer.word(sender.rtp);
            writer.word(sender.packets);
            writer.word(sender.octets);
        }
        None => {
            writer.header(blocks, RECEIVER_REPORT, 1 + 6 * u16::from(blocks));
            writer.word(report.ssrc);
        }
    }
    if let Some(block) = &report.block {
        writer.block(block);
    }
    writer.header(1, DESCRIPTION, (DESCRIPTION_LENGTH / 4 - 1) as u16);
    writer.word(report.ssrc);
    writer.bytes(&[CNAME_ITEM, CNAME as u8]);
    writer.bytes(report.cname);
    writer.bytes(&[0, 0]);
    if report.goodbye {
        writer.header(1, GOODBYE, 1);
        writer.word(report.ssrc);
    }
    writer.at
}

/// Bytes into a buffer that is long enough for every report.
struct Writer<'a> {
    buffer: &'a mut [u8; REPORT_MAX],
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.buffer[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    fn header(&mut self, count: u8, kind: u8, words: u16) {
        let [high, low] = words.to_be_bytes();
        self.bytes(&[0x80 | count, kind, high, low]);
    }

    fn block(&mut self, block: &Block) {
        const LOST_MAX: i32 = 0x7f_ffff;
        let lost = block.lost.clamp(-LOST_MAX - 1, LOST_MAX).cast_unsigned() & 0xff_ffff;
        self.word(block.ssrc);
        self.word(u32::from(block.fraction_lost) << 24 | lost);
        self.word(block.highest);
        self.word(block.jitter);
        self.word(block.last_report);
        self.word(block.since_last_report);
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use proptest::prelude::*;

    fn block() -> impl Strategy<Value = Block> {
        let lost = -0x80_0000..0x80_0000;
        (any::<(u32, u8, u32, u32, u32, u32)>(), lost).prop_map(|(words, lost)| {
            let (ssrc, fraction_lost, highest, jitter, last_report, since_last_report) = words;
            Block {
                ssrc,
                fraction_lost,
                lost,
                highest,
                jitter,
                last_report,
                since_last_report,
            }
        })
    }

    fn sender() -> impl Strategy<Value = Sender> {
        any::<(u64, u32, u32, u32)>().prop_map(|(ntp, rtp, packets, octets)| Sender {
            ntp,
            rtp,
            packets,
            octets,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was_meant(
            ssrc: u32,
            sender in proptest::option::of(sender()),
            block in proptest::option::of(block()),
            goodbye: bool,
        ) {
            let report = Report { ssrc, sender, block, cname: b"0123456789abcdef01234567", goodbye };
            let mut buffer = [0xff; REPORT_MAX];
            let len = write(&report, &mut buffer);
            let own = block.map_or(0, |block| block.ssrc);
            let heard = read(&buffer[..len], own).expect("our own reports are readable");
            prop_assert_eq!((heard.reporter, heard.sender, heard.about_us), (Some(ssrc), sender, block));
            prop_assert_eq!(heard.goodbye, goodbye.then_some(ssrc));
        }
    }

    #[test]
    fn a_report_to_the_byte() {
        let report = Report {
            ssrc: 7,
            sender: None,
            block: None,
            cname: b"0123456789abcdef01234567",
            goodbye: true,
        };
        let mut buffer = [0xff; REPORT_MAX];
        let len = write(&report, &mut buffer);
        let mut expected = vec![0x80, 201, 0, 1, 0, 0, 0, 7];
        expected.extend([0x81, 202, 0, 8, 0, 0, 0, 7, 1, 24]);
        expected.extend(b"0123456789abcdef01234567\0\0");
        expected.extend([0x81, 203, 0, 1, 0, 0, 0, 7]);
        assert_eq!(buffer[..len], expected[..]);
    }

    #[test]
    fn losses_beyond_24_bits_stay_at_the_edge() {
        for (lost, told) in [(i32::MAX, 0x7f_ffff), (i32::MIN, -0x80_0000)] {
            let block = Block {
                ssrc: 7,
                lost,
                ..Block::default()
            };
            let report = Report {
                ssrc: 8,
                sender: None,
                block: Some(block),
                cname: &[b'x'; CNAME],
                goodbye: false,
            };
            let mut buffer = [0; REPORT_MAX];
            let len = write(&report, &mut buffer);
            let heard = read(&buffer[..len], 7).expect("readable");
            assert_eq!(heard.about_us.map(|block| block.lost), Some(told));
        }
    }
}
