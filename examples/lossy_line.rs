//! One caller's voice over a lossy line, through the real leg: G.711, lost packets, playout, concealment. For `script/pesq`.
//!
//!     lossy_line IN.wav OUT.wav LOSS_PERCENT BURST SEED conceal|silence
//!
//! IN and OUT are 8 kHz, 16 bit, mono, and sample by sample in step. Packets of 20 ms are lost at random, in bursts of BURST
//! on average (1: each for itself), but none of the first ten. `silence` puts silence in the gaps instead, for comparison.

use anyhow::{Context as _, Result, ensure};
use audio_codec_algorithms::encode_alaw;
use rundruf::ids::LegId;
use rundruf::media::{Counters, Datagram, Frame, Inbox, Leg, LegSeed, Wire};
use rundruf::media_api::{Codec, Law, MediaSpec};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

const FRAME: usize = 160;

/// What waits for the bridge in this tick.
#[derive(Clone, Default)]
struct Line(Rc<RefCell<Option<Vec<u8>>>>);

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        let packet = self.0.borrow_mut().take()?;
        buffer[..packet.len()].copy_from_slice(&packet);
        Some(Datagram {
            len: packet.len(),
            from: peer(),
        })
    }
    fn send(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {}
    fn receive_control(&mut self, _: &mut [u8]) -> Option<rundruf::media::ControlDatagram> {
        None
    }
    fn send_control(&mut self, _: std::net::SocketAddr, _: &[u8]) -> bool {
        true
    }
}

fn peer() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4_000))
}

fn packet(n: u32, sound: &Frame) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend((n as u16).to_be_bytes());
    packet.extend((n * FRAME as u32).to_be_bytes());
    packet.extend(7u32.to_be_bytes());
    packet.extend(sound.iter().map(|&sample| encode_alaw(sample)));
    packet
}

/// Which packets are lost: two states, as Gilbert's channel has them.
struct Losses {
    state: u64,
    lost: bool,
    begins: f64,
    ends: f64,
}

impl Losses {
    fn new(percent: f64, burst: f64, seed: u64) -> Losses {
        let share = percent / 100.0;
        Losses {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            lost: false,
            // Alone: each packet is lost with the same chance, whatever befell the one before.
            begins: if burst > 1.0 {
                share / (burst * (1.0 - share))
            } else {
                share
            },
            ends: if burst > 1.0 { 1.0 / burst } else { 1.0 - share },
        }
    }

    fn next(&mut self) -> bool {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let chance = (self.state >> 11) as f64 / (1u64 << 53) as f64;
        self.lost = if self.lost {
            chance >= self.ends
        } else {
            chance < self.begins
        };
        self.lost
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, loss, burst, seed, gaps] = arguments.as_slice() else {
        anyhow::bail!("usage: lossy_line IN.wav OUT.wav LOSS_PERCENT BURST SEED conceal|silence");
    };
    ensure!(
        ["conceal", "silence"].contains(&gaps.as_str()),
        "gaps: conceal or silence"
    );
    let mut reader = hound::WavReader::open(from).with_context(|| format!("cannot read {from}"))?;
    let spec = reader.spec();
    ensure!(
        spec.channels == 1 && spec.sample_rate == 8_000 && spec.bits_per_sample == 16,
        "{from} is not 8 kHz, 16 bit, mono"
    );
    let sound = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let mut losses = Losses::new(loss.parse()?, burst.parse()?, seed.parse()?);
    let media = MediaSpec {
        control: None,
        remote: peer(),
        also: None,
        codec: Codec::G711(Law::A),
        events: None,
        send: true,
        receive: true,
        srtp: None,
    };
    let leg = LegSeed {
        id: LegId(1),
        spec: media,
        random: 1,
    };
    let line = Line::default();
    let mut leg = Leg::new(leg, line.clone());
    let (mut counters, mut inbox) = (Counters::default(), Inbox::new(1));
    let mut writer = hound::WavWriter::create(to, spec).with_context(|| format!("cannot write {to}"))?;
    for (n, frame) in sound.as_chunks::<FRAME>().0.iter().enumerate() {
        let lost = losses.next() && n >= 10;
        *line.0.borrow_mut() = (!lost).then(|| packet(n as u32, frame));
        inbox.clear();
        leg.receive(n as u64, &mut inbox);
        leg.listen(n as u64, &inbox, &mut counters);
        for &sample in leg.heard() {
            writer.write_sample(if lost && gaps == "silence" { 0 } else { sample })?;
        }
    }
    writer.finalize()?;
    Ok(())
}
