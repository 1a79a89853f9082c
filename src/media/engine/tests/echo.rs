//! A telephone in a room returns what it hears: through the real tick, with the wire's packets.

use super::*;
use crate::media::echo;

/// What a talker says: something like a voice, vowels and pauses, by a generator of its own.
struct Talker {
    state: u32,
    at: usize,
    sounds: [f32; 3],
}

impl Talker {
    fn new(seed: u32) -> Talker {
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
    fn frame(&mut self) -> Frame {
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

/// A room of three: one talks, one listens, one listens and returns what it hears 60 ms later, at a quarter of its size.
struct Meeting {
    world: World,
    lines: Vec<Line>,
    talker: Talker,
    returned: VecDeque<Frame>,
    /// Mean power that the listener heard beside the talker, of the last second.
    beside: f64,
    /// And of the talker.
    talked: f64,
}

impl Meeting {
    fn new(cancellers: usize) -> Meeting {
        let mut world = World::new();
        world.engine.lend(echo::pool(cancellers, 16));
        world.ask(Command::Open {
            room: Room::new(number(0), 8),
        });
        let lines = (0..3).map(|n| call(&mut world, n)).collect();
        (0..3).for_each(|n| world.join(n, 0));
        Meeting {
            world,
            lines,
            talker: Talker::new(7),
            returned: VecDeque::from([SILENT; 3]),
            beside: 0.0,
            talked: 0.0,
        }
    }

    fn run(&mut self, frames: usize) {
        (self.beside, self.talked) = (0.0, 0.0);
        for _ in 0..frames {
            let said = self.talker.frame();
            self.lines[0].say_frame(&said);
            let back = self.returned.pop_front().expect("never empty");
            self.lines[2].say_frame(&back);
            self.world.run_ms(20);
            self.returned
                .push_back(self.lines[2].heard_frame().map(|sample| sample / 4));
            // The talker hears what the others say: the echo of its own voice and nothing else.
            self.beside += power(&self.lines[0].heard_frame());
            self.talked += power(&said);
            self.lines[1].heard_frame();
        }
    }

    /// How far below the talker's voice its echo is, in dB.
    fn loss_db(&self) -> f64 {
        10.0 * ((self.talked + 1.0) / (self.beside + 1.0)).log10()
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

fn call(world: &mut World, n: u32) -> Line {
    let line = Line::default();
    let seed = LegSeed {
        id: LegId(u64::from(n)),
        spec: spec(Codec::G711(Law::A)),
        random: u64::from(n),
    };
    world.ask(Command::Add {
        seat: Seat(n),
        leg: Box::new(Leg::new(seed, line.clone()).with_echo(echo::echo(n))),
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
    let counters = meeting.world.engine.counters();
    assert_eq!(
        [Counter::EchoCancelled, Counter::EchoWaits, Counter::EchoRefuted].map(|case| counters.get(case)),
        [1, 0, 0]
    );
    let figures = |seat: u32| {
        meeting
            .world
            .engine
            .legs
            .get(seat)
            .expect("it is there")
            .figures()
            .echo
    };
    assert_eq!((figures(0), figures(1)), (None, None));
    let echo = figures(2).expect("it was found");
    assert!((60..120).contains(&echo.delay_ms), "{echo:?}");
    assert!((9..15).contains(&echo.loss_db.expect("learnt")), "{echo:?}");
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
