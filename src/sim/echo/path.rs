//! Ways on which a telephone returns what it is sent: hybrids as in the models of ITU-T G.168, and loudspeakers in rooms.

use crate::sim::Chance;

/// What an echo comes back by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A two-wire line's hybrid: 8 ms, narrow.
    Hybrid,
    /// A loudspeaker in a room: the echo falls by 60 dB within twice as many milliseconds.
    Tail(u16),
}

impl Kind {
    /// The grid's.
    pub const ALL: [Kind; 4] = [Kind::Hybrid, Kind::Tail(32), Kind::Tail(64), Kind::Tail(128)];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Hybrid => "hybrid",
            Kind::Tail(0..48) => "room 32",
            Kind::Tail(48..96) => "room 64",
            Kind::Tail(_) => "room 128",
        }
    }

    /// The impulse response of one of them, by the seed, whose power is `loss_db` below one.
    pub fn response(self, loss_db: f32, seed: u64) -> Vec<f32> {
        let mut chance = Chance::seeded(seed ^ 0x6563_686f);
        let taps = match self {
            Kind::Hybrid => hybrid(&mut chance),
            Kind::Tail(ms) => NARROW.response(&mut chance, ms),
        };
        scaled(taps, loss_db)
    }

    /// The same at 16 kHz. There are no hybrids on such lines: a short room takes the place of one.
    pub fn response_wide(self, loss_db: f32, seed: u64) -> Vec<f32> {
        let mut chance = Chance::seeded(seed ^ 0x6563_686f);
        let ms = match self {
            Kind::Hybrid => 16,
            Kind::Tail(ms) => ms,
        };
        scaled(WIDE.response(&mut chance, ms), loss_db)
    }
}

fn scaled(mut taps: Vec<f32>, loss_db: f32) -> Vec<f32> {
    let power: f32 = taps.iter().map(|tap| tap * tap).sum();
    let scale = (10f32.powf(-loss_db / 10.0) / power).sqrt();
    taps.iter_mut().for_each(|tap| *tap *= scale);
    taps
}

/// A number between −1 and 1.
pub fn even(chance: &mut Chance) -> f32 {
    chance.below(20_001) as f32 / 10_000.0 - 1.0
}

/// Two or three reflections, each a short ringing in the middle of the band.
fn hybrid(chance: &mut Chance) -> Vec<f32> {
    let mut taps = vec![0.0; 72];
    for nth in 0..3 {
        let (at, size) = (
            2 + nth * 9 + chance.below(6) as usize,
            even(chance) * 0.6f32.powi(nth as i32),
        );
        let turn = std::f32::consts::TAU * (900.0 + chance.below(900) as f32) / 8_000.0;
        for (n, tap) in taps[at..].iter_mut().enumerate() {
            *tap += size * (turn * n as f32).cos() * (-(n as f32) / 9.0).exp();
        }
    }
    taps
}

/// A loudspeaker's room at one rate, and what the telephone lets through of it.
struct Room {
    /// Samples in a millisecond.
    per_ms: u16,
    /// The first reflection's size beside the direct sound's one.
    reflected: f32,
    /// How fast the mean follows that is taken away: the lower end of the band.
    low: f32,
}

/// 300 to 3,400 Hz.
const NARROW: Room = Room {
    per_ms: 8,
    reflected: 0.5,
    low: 0.2,
};

/// 250 Hz to 7 kHz, what is high softer by some decibels.
const WIDE: Room = Room {
    per_ms: 16,
    reflected: 0.35,
    low: 0.1,
};

impl Room {
    /// A direct sound after one to four milliseconds, then noise that falls by 60 dB within twice `ms`.
    fn response(&self, chance: &mut Chance, ms: u16) -> Vec<f32> {
        let count = usize::from(ms * self.per_ms);
        let direct = usize::from(self.per_ms) + chance.below(3 * u64::from(self.per_ms)) as usize;
        let fall = 6.9 / (2.0 * count as f32);
        let mut taps = vec![0.0; count];
        for (n, tap) in taps.iter_mut().enumerate().skip(direct) {
            *tap = self.reflected * even(chance) * (-(fall * (n - direct) as f32)).exp();
        }
        taps[direct] += 1.0;
        // What is low is taken away, what is high is made softer.
        let (mut low, mut before) = (0.0, 0.0);
        for tap in &mut taps {
            low += self.low * (*tap - low);
            let high = *tap - low;
            *tap = 0.7 * high + 0.3 * before;
            before = high;
        }
        taps
    }
}
