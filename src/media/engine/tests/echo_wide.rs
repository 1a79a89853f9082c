//! Telephones on lines of 16 kHz return what they hear: through the real tick and the real coders, with the wire's packets.

use super::echo::{Humming, Talker, call, hum, is_taken_away_unheard, sharpest};
use super::wide::OPUS;
use super::*;
use crate::media::echo;
use crate::media::{Fitting, Wide};
use crate::media_api::{EchoFigures, EchoNews, EchoState};
use crate::units::WIDE;

type Wideband = [i16; WIDE];
const SILENT: Wideband = [0; WIDE];
const A_LAW: Codec = Codec::G711(Law::A);

/// A telephone, which returns what it hears 60 ms later if it is told how much weaker.
struct Phone {
    line: Line,
    codec: Codec,
    mouth: Option<Box<Wide>>,
    ear: Option<Box<Wide>>,
    said: u32,
    heard: Wideband,
    returned: VecDeque<Wideband>,
    weaker: Option<i16>,
}

impl Phone {
    fn new(world: &mut World, n: u32, codec: Codec, weaker: Option<i16>) -> Phone {
        Phone {
            line: call(world, n, None, codec),
            codec,
            mouth: Wide::new(codec),
            ear: Wide::new(codec),
            said: 0,
            heard: SILENT,
            returned: std::iter::repeat_n(SILENT, 3).collect(),
            weaker,
        }
    }

    fn speak(&mut self, codec: Codec) {
        (self.codec, self.mouth, self.ear) = (codec, Wide::new(codec), Wide::new(codec));
    }

    fn say(&mut self, own: &Wideband) {
        let back = self.returned.pop_front().expect("never empty");
        let weaker = self.weaker.unwrap_or(i16::MAX);
        let sound = std::array::from_fn(|at| own[at] + back[at] / weaker);
        let payload = match &mut self.mouth {
            Some(mouth) => {
                let mut payload = [0; 320];
                let len = mouth.encode(&sound, &mut payload);
                payload[..len].to_vec()
            }
            None => {
                let mut coded = [0; FRAME];
                law::encode(Law::A, &std::array::from_fn(|at| sound[2 * at]), &mut coded);
                coded.to_vec()
            }
        };
        let time = self.said.wrapping_mul(self.codec.clock() / 50);
        let packet = rtp(self.codec.payload_type(), self.said, time, &payload);
        self.line.0.borrow_mut().to_bridge.push_back((caller(), packet));
        self.said += 1;
    }

    fn listen(&mut self, counters: &mut Counters) {
        for packet in std::mem::take(&mut self.line.0.borrow_mut().to_caller) {
            match &mut self.ear {
                Some(ear) => {
                    let time = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
                    ear.put(u64::from(self.said), (9, time), &packet[12..], counters);
                    ear.pull(u64::from(self.said), counters);
                    self.heard = ear.heard;
                }
                None => {
                    let mut frame = [0; FRAME];
                    law::decode(Law::A, &packet[12..], &mut frame);
                    self.heard = std::array::from_fn(|at| frame[at / 2]);
                }
            }
        }
        self.returned.push_back(self.heard);
    }
}

/// Seat 0 talks, seat 1 listens, the others return.
struct Meeting {
    world: World,
    phones: Vec<Phone>,
    talker: Talker,
    is_talking: bool,
    /// What the owner of the first of those says.
    owner: Option<Box<dyn FnMut() -> Wideband>>,
    powers: [f64; 2],
    listened: Vec<i16>,
}

impl Meeting {
    fn of(cancellers: usize, telephones: &[(Codec, i16)]) -> Meeting {
        let mut world = World::new();
        world.engine.lend(echo::pool(cancellers, 16));
        world.ask(Command::Open {
            room: Room::new(number(0), 8),
        });
        let others = telephones.iter().map(|&(codec, weaker)| (codec, Some(weaker)));
        let all = [(Codec::G722, None), (Codec::G722, None)]
            .into_iter()
            .chain(others);
        let phones: Vec<Phone> = all
            .zip(0..)
            .map(|((codec, weaker), n)| Phone::new(&mut world, n, codec, weaker))
            .collect();
        (0..phones.len() as u32).for_each(|n| world.join(n, 0));
        Meeting {
            world,
            phones,
            talker: Talker::new(7),
            is_talking: true,
            owner: None,
            powers: [0.0; 2],
            listened: Vec::new(),
        }
    }

    fn run(&mut self, frames: usize) {
        let mut counters = Counters::default();
        self.powers = [0.0; 2];
        self.listened.clear();
        for _ in 0..frames {
            let mut said = SILENT;
            if self.is_talking {
                // Said twice as fast it has a voice's low and high sounds.
                said[..FRAME].copy_from_slice(&self.talker.frame());
                said[FRAME..].copy_from_slice(&self.talker.frame());
            }
            let own = self.owner.as_mut().map_or(SILENT, |owner| owner());
            let voices = [said, SILENT, own];
            for (nth, phone) in self.phones.iter_mut().enumerate() {
                phone.say(voices.get(nth).unwrap_or(&SILENT));
            }
            self.world.run_ms(20);
            self.phones
                .iter_mut()
                .for_each(|phone| phone.listen(&mut counters));
            let [talked, beside] = &mut self.powers;
            *talked += power(&said);
            *beside += power(&self.phones[0].heard);
            self.listened.extend(self.phones[1].heard);
        }
    }

    /// How far below the talker's voice its echo is, in dB.
    fn loss_db(&self) -> f64 {
        let [talked, beside] = self.powers;
        10.0 * ((talked + 1.0) / (beside + 1.0)).log10()
    }

    fn figures(&self, seat: usize) -> Option<EchoFigures> {
        let leg = self.world.engine.legs.0[seat].as_ref();
        leg.expect("it is there").0.figures().echo
    }

    fn counts<const N: usize>(&self, cases: [Counter; N]) -> [u64; N] {
        cases.map(|case| self.world.engine.counters().get(case))
    }
}

impl Humming for Meeting {
    fn world(&mut self) -> &mut World {
        &mut self.world
    }
    fn bend(&mut self, frames: usize) -> i32 {
        self.run(frames);
        sharpest(&self.listened)
    }
}

fn power(sound: &[i16]) -> f64 {
    sound.iter().map(|&sample| f64::from(sample).powi(2)).sum()
}

#[test]
fn the_echo_of_telephones_of_16_khz_is_taken_out_and_nothing_else() {
    for codec in [Codec::G722, OPUS] {
        let mut meeting = Meeting::of(4, &[(codec, 4)]);
        meeting.run(20);
        assert!(
            meeting.loss_db() < 25.0,
            "{codec:?}, first: {}",
            meeting.loss_db()
        );
        meeting.run(280);
        meeting.run(150);
        assert!(meeting.loss_db() > 38.0, "{codec:?}: {} dB", meeting.loss_db());
        assert_eq!(
            meeting.counts([Counter::EchoCancelled, Counter::EchoWaits, Counter::EchoRefuted]),
            [1, 0, 0]
        );
        assert_eq!((meeting.figures(0), meeting.figures(1)), (None, None));
        let echo = meeting.figures(2).expect("it was found");
        assert_eq!(echo.state, EchoState::Cancelled);
        assert!((60..130).contains(&echo.delay_ms), "{codec:?}: {echo:?}");
        // What a codec makes of the wave is lost to the filter, so it learns a little less than 12 dB.
        assert!(
            (8..20).contains(&echo.loss_db.expect("learnt")),
            "{codec:?}: {echo:?}"
        );
    }
}

#[test]
fn three_telephones_of_three_codecs_are_all_taken_out_of_one_room() {
    let mut meeting = Meeting::of(4, &[(Codec::G722, 4), (OPUS, 6), (A_LAW, 5)]);
    meeting.run(350);
    meeting.run(150);
    assert!(meeting.loss_db() > 35.0, "{} dB", meeting.loss_db());
    let states = (2..5).map(|seat| meeting.figures(seat).map(|echo| echo.state));
    assert!(states.eq([Some(EchoState::Cancelled); 3]));
    // The talker goes on: nothing of the echo is taken for noise.
    meeting.run(300);
    meeting.run(150);
    assert!(meeting.loss_db() > 35.0, "it stays so: {} dB", meeting.loss_db());
}

#[test]
fn an_echo_of_16_khz_that_nobody_takes_out_is_told_and_then_every_pause() {
    for codec in [Codec::G722, OPUS] {
        let mut meeting = Meeting::of(0, &[(codec, 8)]);
        meeting.run(500);
        meeting.is_talking = false;
        meeting.run(300);
        let news: Vec<EchoNews> = meeting
            .world
            .rings
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Echo { line: 3, news, .. } => Some(*news),
                Event::Echo { .. } => panic!("{event:?}: nobody else has an echo"),
                _ => None,
            })
            .collect();
        assert!(
            matches!(
                news[..],
                [EchoNews::Heard { loss_db: 14..=22 }, EchoNews::Pause, ..]
            ),
            "{codec:?}: {news:?}"
        );
        assert_eq!(meeting.counts([Counter::EchoHeard, Counter::EchoWaits]), [1, 1]);
    }
}

#[test]
fn a_line_that_changes_its_codec_gives_its_canceller_back_and_is_found_anew() {
    let mut meeting = Meeting::of(1, &[(Codec::G722, 4)]);
    meeting.run(300);
    for codec in [A_LAW, OPUS] {
        assert_eq!(
            meeting.figures(2).map(|echo| echo.state),
            Some(EchoState::Cancelled)
        );
        assert_eq!(meeting.world.engine.pool.free(), 0);
        meeting.world.ask(Command::Update {
            seat: Seat(2),
            leg: LegId(2),
            spec: spec(codec),
            fitting: Fitting::new(codec, None),
        });
        meeting.phones[2].speak(codec);
        meeting.run(2);
        assert_eq!((meeting.figures(2), meeting.world.engine.pool.free()), (None, 1));
        meeting.run(300);
        meeting.run(100);
        assert!(meeting.loss_db() > 35.0, "{codec:?}: {} dB", meeting.loss_db());
    }
}

#[test]
fn a_canceller_of_16_khz_comes_and_is_taken_away_without_a_click_in_its_owners_voice() {
    let mut meeting = Meeting::of(1, &[(Codec::G722, 4)]);
    meeting.run(300);
    assert_eq!(meeting.world.engine.pool.free(), 0);
    meeting.is_talking = false;
    meeting.owner = Some(Box::new(hum()));
    is_taken_away_unheard(&mut meeting);
}
