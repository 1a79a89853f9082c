//! One caller's voice through a room of eight, all with the same codec, to one of the seven others. For `script/pesq`.
//!
//!     through_room IN.wav OUT.wav pcma|g722|opus LOSS_PERCENT SEED
//!
//! IN and OUT are 16 bit, mono, of 8 kHz for pcma and of 16 otherwise. Packets of the talker are lost at random, none of the
//! first ten.

use anyhow::{Context as _, Result, bail, ensure};
use audio_codec_algorithms::{decode_alaw, encode_alaw};
use rundruf::ids::{LegId, RoomNumber};
use rundruf::media::{
    ClipBank, ControlDatagram, Counters, Datagram, Engine, FromEngine, Leg, LegSeed, Mailbox, Room, ToEngine,
    Wide, Wire,
};
use rundruf::media_api::{Codec, Command, Event, Law, LegFigures, MediaSpec, OpusSpec, Seat};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

const LEGS: u32 = 8;
const TALKER: usize = 0;
const LISTENER: usize = 1;

/// A leg's line.
#[derive(Clone, Default)]
struct Line(Rc<RefCell<Ends>>);

/// What waits for the bridge, and what it sent.
#[derive(Default)]
struct Ends {
    to_bridge: Option<Vec<u8>>,
    to_caller: Option<Vec<u8>>,
}

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        let packet = self.0.borrow_mut().to_bridge.take()?;
        buffer[..packet.len()].copy_from_slice(&packet);
        Some(Datagram {
            len: packet.len(),
            from: peer(),
        })
    }
    fn send(&mut self, _: SocketAddr, packet: &[u8]) -> bool {
        self.0.borrow_mut().to_caller = Some(packet.to_vec());
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {}
    fn receive_control(&mut self, _: &mut [u8]) -> Option<ControlDatagram> {
        None
    }
    fn send_control(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        true
    }
}

fn peer() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4_000))
}

#[derive(Default)]
struct Rings(VecDeque<ToEngine<Line>>);

impl Mailbox<Line> for Rings {
    fn command(&mut self) -> Option<ToEngine<Line>> {
        self.0.pop_front()
    }
    fn tell(&mut self, _: Event) -> bool {
        true
    }
    fn publish(&mut self, _: Seat, _: LegFigures) {}
    fn give_back(&mut self, _: FromEngine<Line>) {}
}

/// A telephone: its coders, and how far it is.
struct Phone {
    codec: Codec,
    mouth: Option<Box<Wide>>,
    ear: Option<Box<Wide>>,
}

impl Phone {
    fn new(codec: Codec) -> Phone {
        Phone {
            codec,
            mouth: Wide::new(codec),
            ear: Wide::new(codec),
        }
    }

    fn say(&mut self, n: u32, sound: &[i16]) -> Vec<u8> {
        let mut packet = vec![0x80, self.codec.payload_type()];
        packet.extend((n as u16).to_be_bytes());
        packet.extend((n * self.codec.clock() / 50).to_be_bytes());
        packet.extend(7u32.to_be_bytes());
        match (&mut self.mouth, sound.first_chunk()) {
            (Some(mouth), Some(sound)) => {
                let mut payload = [0; 320];
                let len = mouth.encode(sound, &mut payload);
                packet.extend(&payload[..len]);
            }
            _ => packet.extend(sound.iter().map(|&sample| encode_alaw(sample))),
        }
        packet
    }

    fn hear(&mut self, n: u64, packet: &[u8]) -> Vec<i16> {
        let Some(ear) = &mut self.ear else {
            return packet[12..].iter().map(|&code| decode_alaw(code)).collect();
        };
        let mut counters = Counters::default();
        let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        ear.put(n, (9, timestamp), &packet[12..], &mut counters);
        ear.pull(n, &mut counters);
        ear.heard.to_vec()
    }
}

fn room(codec: Codec) -> Result<(Engine<Line>, Rings, Vec<Line>)> {
    let number = RoomNumber::nth(1).context("there are rooms")?;
    let (mut rings, mut lines) = (Rings::default(), Vec::new());
    let room = Room::new(number, LEGS as usize);
    rings.0.push_back(Command::Open { room });
    for n in 0..LEGS {
        let spec = MediaSpec {
            remote: peer(),
            also: None,
            control: None,
            codec,
            events: None,
            send: true,
            receive: true,
            srtp: None,
        };
        let (seat, id, line) = (Seat(n), LegId(n.into()), Line::default());
        let random = n.into();
        let leg = Leg::new(LegSeed { id, spec, random }, line.clone());
        rings.0.push_back(Command::Add {
            seat,
            leg: Box::new(leg),
        });
        rings.0.push_back(Command::Join {
            seat,
            leg: id,
            number,
        });
        lines.push(line);
    }
    Ok((
        Engine::new(LEGS as usize, Arc::new(ClipBank::default())),
        rings,
        lines,
    ))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, codec, loss, seed] = arguments.as_slice() else {
        bail!("usage: through_room IN.wav OUT.wav pcma|g722|opus LOSS_PERCENT SEED");
    };
    let codec = match codec.as_str() {
        "pcma" => Codec::G711(Law::A),
        "g722" => Codec::G722,
        "opus" => Codec::Opus(OpusSpec {
            payload_type: 111,
            fec: true,
            bitrate: 24_000,
        }),
        other => bail!("{other} is no codec here"),
    };
    let mut reader = hound::WavReader::open(from).with_context(|| format!("cannot read {from}"))?;
    let spec = reader.spec();
    let rate = if codec.is_wide() { 16_000 } else { 8_000 };
    ensure!(
        spec.channels == 1 && spec.sample_rate == rate && spec.bits_per_sample == 16,
        "{from} is not {rate} Hz, 16 bit, mono"
    );
    let sound = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let (loss, mut state) = (loss.parse::<f64>()? / 100.0, seed.parse::<u64>()? | 1);
    let mut chance = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let (mut engine, mut rings, lines) = room(codec)?;
    let (mut talker, mut listener) = (Phone::new(codec), Phone::new(codec));
    let mut writer = hound::WavWriter::create(to, spec).with_context(|| format!("cannot write {to}"))?;
    for (n, frame) in sound.chunks_exact(rate as usize / 50).enumerate() {
        let packet = talker.say(n as u32, frame);
        let lost = chance() < loss && n >= 10;
        lines[TALKER].0.borrow_mut().to_bridge = (!lost).then_some(packet);
        for slot in 0..20 {
            engine.run_slot(n as u64 * 20 + slot, &mut rings);
        }
        let sent = lines[LISTENER].0.borrow_mut().to_caller.take();
        let heard = sent.map_or(vec![0; frame.len()], |packet| listener.hear(n as u64, &packet));
        for sample in heard {
            writer.write_sample(sample)?;
        }
    }
    writer.finalize()?;
    Ok(())
}
