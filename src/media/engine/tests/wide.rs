//! Rooms with lines of 8 and of 16 kHz: who hears what of whom.

use super::*;
use crate::media::Wide;
use crate::media_api::OpusSpec;
use crate::units::WIDE;

pub(super) const OPUS: Codec = Codec::Opus(OpusSpec {
    payload_type: 111,
    fec: false,
    bitrate: 24_000,
});
const A_LAW: Codec = Codec::G711(Law::A);

/// A telephone that speaks one codec: what it says, and all that it has heard.
pub(super) struct Phone {
    line: Line,
    codec: Codec,
    mouth: Option<Box<Wide>>,
    ear: Option<Box<Wide>>,
    said: usize,
    pub(super) heard: Vec<i16>,
    pub(super) packets: Vec<Vec<u8>>,
}

impl Phone {
    fn new(line: Line, codec: Codec) -> Phone {
        Phone {
            line,
            codec,
            mouth: Wide::new(codec),
            ear: Wide::new(codec),
            said: 0,
            heard: Vec::new(),
            packets: Vec::new(),
        }
    }

    fn rate(&self) -> usize {
        if self.codec.is_wide() { 16_000 } else { 8_000 }
    }

    /// Says 20 ms of these tones.
    pub(super) fn say(&mut self, tones: &[f32]) {
        let rate = self.rate();
        let sample = |at: usize| {
            let second = (self.said * rate / 50 + at) as f32 / rate as f32;
            let wave: f32 = tones
                .iter()
                .map(|hertz| (std::f32::consts::TAU * hertz * second).sin())
                .sum();
            (4_000.0 * wave) as i16
        };
        let payload = match &mut self.mouth {
            Some(mouth) => {
                let mut payload = [0; 320];
                let len = mouth.encode(&std::array::from_fn(sample), &mut payload);
                payload[..len].to_vec()
            }
            None => {
                let mut coded = [0; FRAME];
                law::encode(Law::A, &std::array::from_fn(sample), &mut coded);
                coded.to_vec()
            }
        };
        let steps = self.codec.clock() / 50;
        let said = self.said as u32;
        let packet = rtp(self.codec.payload_type(), said, said * steps, &payload);
        self.line.0.borrow_mut().to_bridge.push_back((caller(), packet));
        self.said += 1;
    }

    /// Hears what has come.
    fn listen(&mut self, counters: &mut Counters) {
        for packet in std::mem::take(&mut self.line.0.borrow_mut().to_caller) {
            let tick = self.packets.len() as u64;
            match &mut self.ear {
                Some(ear) => {
                    let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
                    ear.put(tick, (9, timestamp), &packet[12..], counters);
                    ear.pull(tick, counters);
                    self.heard.extend(ear.heard);
                }
                None => {
                    let mut frame = [0; FRAME];
                    law::decode(Law::A, &packet[12..], &mut frame);
                    self.heard.extend(frame);
                }
            }
            self.packets.push(packet);
        }
    }

    /// The amplitude of a tone in the last half second.
    pub(super) fn level(&self, hertz: f32) -> f32 {
        let rate = self.rate();
        let sound = &self.heard[self.heard.len() - rate / 2..];
        let angle = |at: usize| std::f32::consts::TAU * hertz * at as f32 / rate as f32;
        let part = |part: fn(f32) -> f32| -> f32 {
            sound
                .iter()
                .enumerate()
                .map(|(at, &sample)| f32::from(sample) * part(angle(at)))
                .sum()
        };
        part(f32::cos).hypot(part(f32::sin)) / sound.len() as f32 * 2.0
    }
}

/// A room of telephones with these codecs.
pub(super) fn meeting(codecs: &[Codec]) -> (World, Vec<Phone>) {
    let mut world = World::new();
    let phones = codecs
        .iter()
        .zip(0..)
        .map(|(&codec, n)| Phone::new(world.call_in(n, spec(codec)), codec));
    let phones: Vec<Phone> = phones.collect();
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..phones.len() as u32).for_each(|n| world.join(n, 0));
    (world, phones)
}

/// A second in which each says these tones; whoever has none says nothing at all.
pub(super) fn pass(world: &mut World, phones: &mut [Phone], tones: &[&[f32]]) {
    let mut counters = Counters::default();
    for _ in 0..50 {
        for (phone, tones) in phones.iter_mut().zip(tones) {
            if !tones.is_empty() {
                phone.say(tones);
            }
        }
        world.run_ms(20);
        phones.iter_mut().for_each(|phone| phone.listen(&mut counters));
    }
}

#[test]
fn everybody_hears_of_the_others_what_both_lines_carry_and_nobody_himself() {
    let (mut world, mut phones) = meeting(&[A_LAW, A_LAW, Codec::G722, OPUS]);
    let tones: [&[f32]; 4] = [&[700.0], &[1_100.0], &[1_500.0, 5_000.0], &[1_900.0, 6_000.0]];
    pass(&mut world, &mut phones, &tones);
    pass(&mut world, &mut phones, &tones);
    for (listener, ear) in phones.iter().enumerate() {
        for (talker, tones) in tones.iter().enumerate() {
            for &hertz in *tones {
                let carried = hertz < 4_000.0 || ear.codec.is_wide();
                let hears = talker != listener && carried;
                // Above the telephone band a narrow line would hear the image.
                let level = ear.level(if hertz > 4_000.0 && !carried {
                    8_000.0 - hertz
                } else {
                    hertz
                });
                let good = if hears {
                    (2_400.0..5_000.0).contains(&level)
                } else {
                    level < 120.0
                };
                assert!(good, "{listener} hears {talker} at {hertz} Hz with {level}");
            }
        }
    }
}

#[test]
fn narrow_lines_hear_each_other_to_the_bit_while_wide_ones_come_and_go() {
    let (mut world, mut phones) = meeting(&[A_LAW, A_LAW, Codec::G722, OPUS]);
    for n in [2, 3] {
        world.ask(Command::Leave {
            seat: Seat(n),
            leg: LegId(n.into()),
        });
    }
    let mut said: Vec<Vec<u8>> = Vec::new();
    let tones: [&[f32]; 4] = [&[700.0, 300.0], &[], &[], &[]];
    for step in 0..4 {
        let from = phones[0].line.0.borrow().to_bridge.len();
        assert_eq!(from, 0, "all was taken");
        match step {
            1 => world.join(2, 0),
            2 => world.join(3, 0),
            3 => (2..4).for_each(|n| {
                world.ask(Command::Leave {
                    seat: Seat(n),
                    leg: LegId(n.into()),
                })
            }),
            _ => {}
        }
        for _ in 0..50 {
            phones[0].say(tones[0]);
            said.extend(
                phones[0]
                    .line
                    .0
                    .borrow()
                    .to_bridge
                    .iter()
                    .map(|(_, packet)| packet[12..].to_vec()),
            );
            world.run_ms(20);
            phones
                .iter_mut()
                .for_each(|phone| phone.listen(&mut Counters::default()));
        }
        let wide = phones[2].level(700.0);
        assert_eq!(wide > 2_400.0, step == 1 || step == 2, "step {step}: {wide}");
    }
    let heard: Vec<_> = phones[1]
        .packets
        .iter()
        .map(|packet| packet[12..].to_vec())
        .collect();
    assert_eq!(heard.len(), 200);
    assert_eq!(heard[2..], said[2..], "to the bit, in its tick");
}

#[test]
fn a_line_may_change_its_codec_and_what_is_needed_no_more_comes_back() {
    let (mut world, mut phones) = meeting(&[A_LAW, A_LAW]);
    pass(&mut world, &mut phones, &[&[], &[500.0]]);
    let update = |world: &mut World, codec: Codec| {
        let fitting = Fitting::new(codec, None);
        world.ask(Command::Update {
            seat: Seat(0),
            leg: LegId(0),
            spec: spec(codec),
            fitting,
        });
    };
    let mut back = 0;
    let mut last = phones[0].packets.last().cloned().expect("packets came");
    for (codec, returned) in [(Codec::G722, 0), (OPUS, 1), (OPUS, 1), (A_LAW, 1), (A_LAW, 0)] {
        update(&mut world, codec);
        let line = phones[0].line.clone();
        phones[0] = Phone::new(line, codec);
        pass(&mut world, &mut phones, &[&[900.0], &[500.0]]);
        pass(&mut world, &mut phones, &[&[900.0], &[500.0]]);
        back += returned;
        assert_eq!(world.rings.finished.len(), back, "{codec:?}");
        let (own, others) = (phones[0].level(900.0), phones[0].level(500.0));
        assert!(own < 100.0 && others > 2_400.0, "{codec:?} hears {others}");
        assert!(phones[1].level(900.0) > 2_400.0, "{codec:?} is heard");
        for packet in &phones[0].packets {
            let number = |packet: &[u8], at: usize, len: usize| {
                packet[at..at + len]
                    .iter()
                    .fold(0u32, |number, &byte| number << 8 | u32::from(byte))
            };
            assert_eq!(packet[1] & 0x7f, codec.payload_type());
            assert_eq!(
                number(packet, 2, 2) as u16,
                (number(&last, 2, 2) as u16).wrapping_add(1)
            );
            let advanced = number(packet, 4, 4).wrapping_sub(number(&last, 4, 4));
            assert!([160, 960].contains(&advanced), "{advanced}");
            last.clone_from(packet);
        }
    }
    assert!(
        world
            .rings
            .finished
            .iter()
            .all(|finished| matches!(finished, Finished::Fitting { .. }))
    );
    world.ask(Command::Update {
        seat: Seat(9),
        leg: LegId(9),
        spec: spec(OPUS),
        fitting: Fitting::new(OPUS, None),
    });
    world.run_ms(20);
    assert_eq!(world.rings.finished.len(), back + 1, "of a leg that is gone, too");
}

#[test]
fn a_clip_is_heard_on_a_wide_line_alone_and_over_the_room() {
    let mut world = World::new();
    let clip: Vec<i16> = (0..8_000)
        .map(|at| (4_000.0 * (std::f32::consts::TAU * 600.0 * at as f32 / 8_000.0).sin()) as i16)
        .collect();
    world.engine = Engine::new(16, Arc::new(ClipBank::new(vec![clip.into()])));
    let mut phones: Vec<Phone> = (0..2)
        .map(|n| Phone::new(world.call_in(n, spec(Codec::G722)), Codec::G722))
        .collect();
    let play = Command::Play {
        seat: Seat(0),
        leg: LegId(0),
        clips: Playlist::new([ClipId(0)]),
        token: PlayToken(3),
    };
    world.ask(play);
    pass(&mut world, &mut phones, &[&[], &[]]);
    assert!(phones[0].level(600.0) > 3_600.0 && phones[1].level(600.0) < 50.0);
    assert!(matches!(
        world.rings.events[..],
        [Event::Played {
            token: PlayToken(3),
            ..
        }]
    ));
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    world.ask(Command::Music {
        seat: Seat(0),
        leg: LegId(0),
        clip: Some(ClipId(0)),
    });
    pass(&mut world, &mut phones, &[&[], &[1_000.0]]);
    assert!(phones[0].level(600.0) > 3_600.0 && phones[0].level(1_000.0) > 3_000.0);
    assert_eq!(phones[0].heard.len() % WIDE, 0);
}

#[test]
fn keys_are_heard_as_tones_on_a_wide_line_and_kept_from_the_others() {
    let (mut world, mut phones) = meeting(&[Codec::G722, A_LAW]);
    pass(&mut world, &mut phones, &[&[300.0], &[]]);
    world.rings.events.clear();
    let mut counters = Counters::default();
    let (mut heard, mut loudest) = (Vec::new(), 0);
    for frame in 0..30 {
        let key: &[f32] = if frame % 10 < 5 { &[770.0, 1_336.0] } else { &[] };
        phones[0].say(key);
        world.run_ms(20);
        let before = phones[1].heard.len();
        phones[1].listen(&mut counters);
        // The frames before it is told are heard by the others.
        if frame % 10 >= 3 {
            loudest = loudest.max(
                phones[1].heard[before..]
                    .iter()
                    .map(|sample| sample.unsigned_abs())
                    .max()
                    .unwrap_or(0),
            );
        }
    }
    for event in &world.rings.events {
        if let Event::Key { key, form, .. } = event {
            assert_eq!(*form, crate::media_api::KeyForm::Tone);
            heard.push(*key);
        }
    }
    assert_eq!(heard, [Key::from_char('5').expect("a key"); 3]);
    assert!(loudest < 200, "{loudest}");
}
