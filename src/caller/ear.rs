//! Owns what one caller heard and when it came: samples in the order of their RTP time. Pure; kept in memory only, and no
//! longer than the run.

use super::voice::BURST_HEARD;
use crate::media_api::Law;
use crate::units::{SAMPLE_RATE, Time};
use audio_codec_algorithms::{decode_alaw, decode_ulaw};
use std::ops::Range;
use std::time::Duration;

/// What is kept at most: half an hour.
const SAMPLES_MAX: usize = SAMPLE_RATE as usize * 60 * 30;
/// A longer gap in RTP time is a new stream rather than loss.
const GAP_SAMPLES_MAX: u32 = SAMPLE_RATE;

struct Arrival {
    at: Time,
    samples: Range<usize>,
}

/// One caller's hearing.
#[derive(Default)]
pub struct Ear {
    heard: Vec<i16>,
    arrivals: Vec<Arrival>,
    stream: Option<(u32, u32)>,
    closed: bool,
    /// Samples that never came and are silence in the record.
    pub lost_samples: u64,
    /// Packets that came after later ones and were left out.
    pub late_packets: u64,
}

impl Ear {
    /// Takes one packet of sound; `false` if it was left out.
    pub fn hear(&mut self, now: Time, ssrc: u32, timestamp: u32, law: Law, payload: &[u8]) -> bool {
        if self.closed || self.heard.len() + payload.len() > SAMPLES_MAX {
            return false;
        }
        let gap = match self.stream {
            Some((known, due)) if known == ssrc => timestamp.wrapping_sub(due),
            _ => 0,
        };
        if gap > u32::MAX / 2 {
            self.late_packets += 1;
            return false;
        }
        if gap <= GAP_SAMPLES_MAX {
            self.lost_samples += u64::from(gap);
            self.heard.resize(self.heard.len() + gap as usize, 0);
        }
        self.stream = Some((ssrc, timestamp.wrapping_add(payload.len() as u32)));
        let begin = self.heard.len();
        let decode = match law {
            Law::A => decode_alaw,
            Law::Mu => decode_ulaw,
        };
        self.heard.extend(payload.iter().map(|&byte| decode(byte)));
        self.arrivals.push(Arrival {
            at: now,
            samples: begin..self.heard.len(),
        });
        true
    }

    /// Hears no more; what was heard stays.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// A place in the record: everything after it is still to come.
    pub fn position(&self) -> usize {
        self.heard.len()
    }

    /// What was heard from `position` on.
    pub fn since(&self, position: usize) -> &[i16] {
        &self.heard[position.min(self.heard.len())..]
    }

    /// What was heard last, at most `samples` of it.
    pub fn latest(&self, samples: usize) -> &[i16] {
        self.since(self.heard.len().saturating_sub(samples))
    }

    /// Packets heard so far.
    pub fn packets(&self) -> usize {
        self.arrivals.len()
    }

    /// When the first loud sample arrived of all that came within `within` after `sent`. A burst that begins inside a
    /// packet is heard that much later than the packet.
    pub fn burst_after(&self, sent: Time, within: Duration) -> Option<Time> {
        let first = self.arrivals.partition_point(|arrival| arrival.at < sent);
        self.arrivals[first..]
            .iter()
            .take_while(|arrival| arrival.at <= sent + within)
            .find_map(|arrival| {
                let samples = &self.heard[arrival.samples.clone()];
                let loud = samples.iter().position(|&s| s.saturating_abs() > BURST_HEARD)?;
                Some(arrival.at + Duration::from_secs(1) * loud as u32 / SAMPLE_RATE)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio_codec_algorithms::encode_alaw;

    fn packet(value: i16) -> [u8; 160] {
        [encode_alaw(value); 160]
    }

    #[test]
    fn lost_packets_are_silence_and_late_ones_are_left_out() {
        let mut ear = Ear::default();
        let first = u32::MAX - 100;
        assert!(ear.hear(Time::ZERO, 7, first, Law::A, &packet(8_000)));
        assert!(ear.hear(Time::ZERO, 7, first.wrapping_add(480), Law::A, &packet(8_000)));
        assert!(!ear.hear(Time::ZERO, 7, first.wrapping_add(160), Law::A, &packet(8_000)));
        assert_eq!(
            (ear.position(), ear.lost_samples, ear.late_packets),
            (640, 320, 1)
        );
        assert!(ear.since(160)[..320].iter().all(|&s| s == 0));
        assert!(
            ear.hear(Time::ZERO, 8, 5, Law::Mu, &[0xff; 160]),
            "another source begins anew"
        );
        assert_eq!(ear.position(), 800);
    }

    #[test]
    fn a_burst_inside_a_packet_counts_from_its_first_loud_sample() {
        let mut ear = Ear::default();
        let mut half = packet(0);
        half[80..].fill(encode_alaw(10_000));
        ear.hear(Time::from_millis(100), 7, 0, Law::A, &packet(10_000));
        ear.hear(Time::from_millis(120), 7, 160, Law::A, &packet(0));
        ear.hear(Time::from_millis(140), 7, 320, Law::A, &half);
        let heard = ear.burst_after(Time::from_millis(110), Duration::from_millis(200));
        assert_eq!(heard, Some(Time::from_millis(150)));
        assert_eq!(
            ear.burst_after(Time::from_millis(110), Duration::from_millis(25)),
            None
        );
    }

    #[test]
    fn a_closed_ear_keeps_what_it_heard_and_no_more() {
        let mut ear = Ear::default();
        ear.hear(Time::ZERO, 7, 0, Law::A, &packet(1));
        ear.close();
        assert!(!ear.hear(Time::ZERO, 7, 160, Law::A, &packet(1)));
        assert_eq!((ear.position(), ear.packets()), (160, 1));
    }
}
