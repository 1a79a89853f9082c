//! A telephone in a room returns what it hears: through the real tick, with the wire's packets.

use super::*;
use crate::media::echo::{self, Ducking};
use crate::media_api::{EchoFigures, EchoNews};

/// What a talker says: something like a voice, vowels and pauses, by a generator of its own.
pub(super) struct Talker {
    state: u32,
    at: usize,
    sounds: [f32; 3],
}

impl Talker {
    pub fn new(seed: u32) -> Talker {
        Talker {
            state: seed,
            at: 0,
            sounds: [0.0; 3],
        }
    }

    fn random(&mut self) -> f32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.state >> 8) as f32 / (1 << 24) as f32
    }

    /// Pulses of a voice through three resonances that move on every 80 ms, with a pause of 160 ms every 960 ms.
    pub fn frame(&mut self) -> Frame {
        std::array::from_fn(|_| {
            if self.at.is_multiple_of(640) {
                self.sounds = [300.0, 900.0, 2_000.0].map(|from| from + from * self.random());
            }
            self.at += 1;
            let is_pause = self.at % 7_680 < 1_280;
            let pitch = (self.at % 71) as f32 / 8_000.0;
            let voice: f32 = self
                .sounds
                .iter()
                .map(|hertz| (-250.0 * pitch).exp() * (std::f32::consts::TAU * hertz * pitch).sin())
                .sum();
            let noise = self.random() - 0.5;
            if is_pause {
                0
            } else {
                (5_000.0 * voice + 1_200.0 * noise) as i16
            }
        })
    }
}

/// A telephone that returns what it hears: so many frames later, by so many times weaker. Its owner may speak.
pub(super) struct Telephone {
    pub weaker: i16,
    returned: VecDeque<Frame>,
    pub owner: Option<Box<dyn FnMut() -> Frame>>,
}

/// A room in which one talks, one listens, and the others have telephones that return what they hear.
pub(super) struct Meeting {
    pub world: World,
    lines: Vec<Line>,
    talker: Talker,
    pub is_talking: bool,
    pub telephones: Vec<Telephone>,
    /// Mean power that the talker heard, of the last run: of the others, the echo of its own voice.
    beside: f64,
    /// And that it said.
    talked: f64,
    /// All that the listener heard in the last run.
    pub listened: Vec<i16>,
}

impl Meeting {
    /// One telephone, which returns a quarter 60 ms later.
    fn new(cancellers: usize) -> Meeting {
        Meeting::of(cancellers, &[(3, 4)], None)
    }

    pub fn of(cancellers: usize, telephones: &[(usize, i16)], ducking: Option<Ducking>) -> Meeting {
        let mut world = World::new();
        world.engine.lend(echo::pool(cancellers, 16));
        world.ask(Command::Open {
            room: Room::new(number(0), 8),
        });
        let count = 2 + telephones.len() as u32;
        let lines = (0..count)
            .map(|n| call(&mut world, n, ducking, Codec::G711(Law::A)))
            .collect();
        (0..count).for_each(|n| world.join(n, 0));
        let telephone = |&(frames, weaker): &(usize, i16)| Telephone {
            weaker,
            returned: std::iter::repeat_n(SILENT, frames).collect(),
            owner: None,
        };
        Meeting {
            world,
            lines,
            talker: Talker::new(7),
            is_talking: true,
            telephones: telephones.iter().map(telephone).collect(),
            beside: 0.0,
            talked: 0.0,
            listened: Vec::new(),
        }
    }

    /// All say a frame; what the talker says.
    fn say(&mut self) -> Frame {
        let said = if self.is_talking {
            self.talker.frame()
        } else {
            SILENT
        };
        self.lines[0].say_frame(&said);
        self.lines[1].say_frame(&SILENT);
        for (telephone, line) in self.telephones.iter_mut().zip(&self.lines[2..]) {
            let mut back = telephone.returned.pop_front().expect("never empty");
            if let Some(owner) = &mut telephone.owner {
                back.iter_mut().zip(owner()).for_each(|(sum, own)| *sum += own);
            }
            line.say_frame(&back);
        }
        said
    }

    /// The machine stands still for so many ticks: nobody hears anything in them, and all speak on.
    fn stand_still(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.say();
            for telephone in &mut self.telephones {
                telephone.returned.push_back(SILENT);
            }
        }
        self.world.slot += 20 * ticks;
    }

    pub fn run(&mut self, frames: usize) {
        (self.beside, self.talked) = (0.0, 0.0);
        self.listened.clear();
        for _ in 0..frames {
            let said = self.say();
            self.world.run_ms(20);
            for (telephone, line) in self.telephones.iter_mut().zip(&self.lines[2..]) {
                let weaker = telephone.weaker;
                telephone
                    .returned
                    .push_back(line.heard_frame().map(|sample| sample / weaker));
            }
            // The talker hears what the others say: the echo of its own voice and nothing else.
            self.beside += power(&self.lines[0].heard_frame());
            self.talked += power(&said);
            self.listened.extend(self.lines[1].heard_frame());
        }
    }

    /// How far below the talker's voice its echo is, in dB.
    pub fn loss_db(&self) -> f64 {
        10.0 * ((self.talked + 1.0) / (self.beside + 1.0)).log10()
    }

    pub fn figures(&self, seat: u32) -> Option<EchoFigures> {
        let leg = self.world.engine.legs.0[seat as usize].as_ref();
        leg.expect("it is there").0.figures().echo
    }

    pub fn counts<const N: usize>(&self, cases: [Counter; N]) -> [u64; N] {
        cases.map(|case| self.world.engine.counters().get(case))
    }

    /// What was told of echoes since it was asked last.
    pub fn news(&mut self) -> Vec<(u64, u32, EchoNews)> {
        let news = |event| match event {
            Event::Echo { leg, line, news } => Some((leg.0, line, news)),
            _ => None,
        };
        self.world.rings.events.drain(..).filter_map(news).collect()
    }
}

impl Line {
    /// The last frame heard; silence if there was none.
    fn heard_frame(&self) -> Frame {
        let packets = std::mem::take(&mut self.0.borrow_mut().to_caller);
        let mut frame: Frame = [0; FRAME];
        if let Some(coded) = packets.last() {
            law::decode(Law::A, &coded[12..], &mut frame);
        }
        frame
    }
}

const SILENT: Frame = [0; FRAME];

fn power(frame: &Frame) -> f64 {
    frame.iter().map(|&sample| f64::from(sample).powi(2)).sum()
}

pub(super) fn call(world: &mut World, n: u32, ducking: Option<Ducking>, codec: Codec) -> Line {
    let line = Line::default();
    let seed = LegSeed {
        id: LegId(u64::from(n)),
        spec: spec(codec),
        random: u64::from(n),
    };
    let mut echo = echo::echo(n);
    echo.duck_when(ducking);
    world.ask(Command::Add {
        seat: Seat(n),
        leg: Box::new(Leg::new(seed, line.clone()).with_echo(echo)),
    });
    line
}

#[test]
fn the_echo_of_a_telephone_in_the_room_is_taken_out_and_nothing_else() {
    let mut meeting = Meeting::new(4);
    meeting.run(20);
    assert!(
        meeting.loss_db() < 25.0,
        "it is heard first: {}",
        meeting.loss_db()
    );
    meeting.run(200);
    meeting.run(100);
    assert!(meeting.loss_db() > 40.0, "{} dB", meeting.loss_db());
    assert_eq!(
        meeting.counts([Counter::EchoCancelled, Counter::EchoWaits, Counter::EchoRefuted]),
        [1, 0, 0]
    );
    assert_eq!((meeting.figures(0), meeting.figures(1)), (None, None));
    let echo = meeting.figures(2).expect("it was found");
    assert!((60..120).contains(&echo.delay_ms), "{echo:?}");
    assert!((9..15).contains(&echo.loss_db.expect("learnt")), "{echo:?}");
}

#[test]
fn after_ticks_that_were_left_out_the_echo_of_what_was_said_before_them_is_still_taken_out() {
    let mut meeting = Meeting::of(4, &[(15, 2)], None);
    meeting.run(400);
    for ticks in [2, 1, 3, 5] {
        meeting.stand_still(ticks);
        // As far as it comes back of what was said before.
        meeting.run(13);
        assert!(meeting.loss_db() > 35.0, "{ticks}: {} dB", meeting.loss_db());
        meeting.run(80);
        assert!(meeting.loss_db() > 40.0, "{ticks}: {} dB", meeting.loss_db());
    }
    assert_eq!(meeting.counts([Counter::EchoFollowed]), [0]);
}

#[test]
fn a_canceller_is_given_back_with_the_leg_and_by_a_thread_that_is_short_of_time() {
    let mut meeting = Meeting::new(1);
    meeting.run(220);
    meeting.run(50);
    assert!(meeting.loss_db() > 35.0, "{} dB", meeting.loss_db());
    meeting.world.engine.lend_cancellers(false);
    meeting.world.engine.take_back_cancellers();
    meeting.run(10);
    meeting.run(50);
    assert!(
        meeting.loss_db() < 25.0,
        "it is let through: {}",
        meeting.loss_db()
    );
    assert_eq!(meeting.world.engine.counters().get(Counter::EchoShed), 1);
    meeting.world.engine.lend_cancellers(true);
    meeting.run(200);
    meeting.run(50);
    assert!(meeting.loss_db() > 35.0, "{} dB", meeting.loss_db());
    assert_eq!(meeting.world.engine.pool.free(), 0);
    meeting.world.ask(Command::Remove {
        seat: Seat(2),
        leg: LegId(2),
    });
    meeting.world.run_ms(20);
    assert_eq!(meeting.world.engine.pool.free(), 1);
}

/// The largest step of the slope from sample to sample: a click is one, a voice has small ones.
pub(super) fn sharpest(sound: &[i16]) -> i32 {
    let slope = |pair: &[i16]| i32::from(pair[1]) - i32::from(pair[0]);
    let slopes: Vec<i32> = sound.windows(2).map(slope).collect();
    slopes
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .max()
        .unwrap_or(0)
}

/// A room in which one hums alone and another one listens.
pub(super) trait Humming {
    fn world(&mut self) -> &mut World;
    /// Goes on for so many frames, and tells the sharpest bend of what the listener heard.
    fn bend(&mut self, frames: usize) -> i32;
}

/// A tone at a sampling rate of 50 × `N`. No multiple of the ten milliseconds by which a canceller is late: a leap would break it.
pub(super) fn hum<const N: usize>() -> impl FnMut() -> [i16; N] {
    let mut at = 0;
    move || {
        at += N;
        std::array::from_fn(|nth| {
            (5_000.0 * ((at + nth) as f32 * std::f32::consts::TAU * 0.0431).sin()) as i16
        })
    }
}

/// The canceller of the one who hums is taken back, and nobody hears when.
pub(super) fn is_taken_away_unheard(meeting: &mut impl Humming) {
    meeting.bend(100);
    let before = meeting.bend(100);
    meeting.world().engine.lend_cancellers(false);
    meeting.world().engine.take_back_cancellers();
    let taken = meeting.bend(10);
    assert_eq!(meeting.world().engine.pool.free(), 1);
    let after = meeting.bend(20);
    assert!(
        taken <= 2 * before.max(after) && taken < 1_500,
        "{before} with it, {taken} when it went, {after} without"
    );
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
