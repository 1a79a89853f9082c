//! Calls without any echo, in which a detector has to find none: strangers, members in one acoustic room, tones, music. Each is a
//! function of its seed; the recordings are the same few, at other places, levels and turns.

use super::case::{FRAME, a_law};
use super::path::even;
use crate::media::echo::{Echo, State, pool};
use crate::sim::Chance;
use std::f32::consts::TAU;

/// Frames of a call: a minute.
pub const FRAMES: usize = 3_000;
/// Samples of a turn: two seconds, in which one side speaks, the other one, both or nobody.
const TURN: isize = 16_000;
const TURNS: usize = FRAMES * FRAME / TURN as usize + 1;
/// Samples of what is made here: 20 s.
const MADE: usize = 160_000;

/// What is heard on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Two voices that have nothing to do with each other, both at once for a part of the time.
    Strangers,
    /// The far voice is also in the near one's room: heard there 60 ms before it is sent, to 15 ms after.
    SameRoom,
    /// Ringing, busy and dial tones against a voice or each other.
    Tones,
    /// Music against a voice, tones or other music.
    Music,
}

impl Company {
    /// All of them.
    pub const ALL: [Company; 4] = [
        Company::Strangers,
        Company::SameRoom,
        Company::Tones,
        Company::Music,
    ];
}

/// What calls are made of.
#[derive(Clone, Debug)]
pub struct Sounds {
    voices: Vec<Vec<i16>>,
    tones: Vec<Vec<i16>>,
    music: Vec<Vec<i16>>,
}

impl Sounds {
    /// Of two levelled voices or more, no two of which are of the same recording.
    pub fn new(voices: Vec<Vec<i16>>) -> Sounds {
        // Germany's: ringing, busy, dialling; and the American way of ringing, by two tones.
        let tones = [
            (425.0, 425.0, 8_000, 40_000),
            (425.0, 425.0, 3_840, 7_680),
            (425.0, 425.0, MADE, MADE),
            (440.0, 480.0, 16_000, 48_000),
        ];
        Sounds {
            voices,
            tones: tones.map(tone).into(),
            music: (0..4).map(music).collect(),
        }
    }

    fn pick(&self, of: &[Vec<i16>], chance: &mut Chance) -> (usize, usize) {
        let nth = chance.below(of.len() as u64) as usize;
        (nth, chance.below(of[nth].len() as u64) as usize)
    }
}

/// Two frequencies, on for so many samples of so many.
fn tone((low, high, on, of): (f32, f32, usize, usize)) -> Vec<i16> {
    let sample = |at: usize| {
        let turn = |hertz: f32| (TAU * hertz * at as f32 / 8_000.0).sin();
        match at % of < on {
            true => (1_100.0 * (turn(low) + turn(high))) as i16,
            false => 0,
        }
    };
    (0..MADE).map(sample).collect()
}

/// Broken chords over a bass, each piece in its own key and tempo: 20 s.
pub fn music(piece: u64) -> Vec<i16> {
    let mut chance = Chance::seeded(piece ^ 0x006d_7573_6963);
    let (root, note) = (
        110.0 + 20.0 * chance.below(6) as f32,
        1_000 + chance.below(1_500) as usize,
    );
    let mut sound = vec![0.0f32; MADE];
    for nth in 0..MADE / note {
        let chord = [0.0, 5.0, 7.0, 9.0][nth / 8 % 4];
        let step = [0.0, 4.0, 7.0, 12.0][chance.below(4) as usize];
        for (semitones, size) in [(chord, 900.0), (chord + step + 12.0, 1_300.0)] {
            let turn = TAU * root * 2f32.powf(semitones / 12.0) / 8_000.0;
            for (n, sample) in sound[nth * note..].iter_mut().take(4 * note).enumerate() {
                let (n, fall) = (n as f32, (-(n as f32) / 2_500.0).exp());
                let tone = (turn * n).sin() + 0.5 * (2.0 * turn * n).sin() + 0.3 * (3.0 * turn * n).sin();
                *sample += size * fall * tone;
            }
        }
    }
    sound
        .into_iter()
        .map(|s| s.clamp(-32_000.0, 32_000.0) as i16)
        .collect()
}

/// One side's sound from a place in it on, at a level.
#[derive(Clone, Copy, Debug)]
struct Side<'a> {
    sound: &'a [i16],
    from: usize,
    size: f32,
    /// Which bit of a turn says that it sounds.
    bit: u8,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Clean<'a> {
    far: Side<'a>,
    near: Side<'a>,
    /// How much later than it is sent the far voice is in the near one's room, in samples, and how loud.
    air: Vec<(isize, f32)>,
    turns: [u8; TURNS],
    noise: f32,
    chance: Chance,
    at_frame: usize,
}

impl<'a> Clean<'a> {
    /// The call of a seed.
    pub fn new(company: Company, sounds: &'a Sounds, seed: u64) -> Clean<'a> {
        let mut chance = Chance::seeded(seed ^ 0x0063_6c65_616e);
        let (all, own) = match company {
            Company::Strangers | Company::SameRoom => (&sounds.voices, &sounds.voices),
            Company::Tones => (&sounds.tones, chance.pick(&[&sounds.voices, &sounds.tones])),
            Company::Music => (
                &sounds.music,
                chance.pick(&[&sounds.voices, &sounds.tones, &sounds.music]),
            ),
        };
        let (one, from_one) = sounds.pick(all, &mut chance);
        let (mut other, from_other) = sounds.pick(own, &mut chance);
        if std::ptr::eq(all, own) && one == other {
            other = (other + 1) % own.len();
        }
        let mut level = |least_db: u64| 10f32.powf(-(chance.below(least_db + 1) as f32) / 20.0);
        let sizes = (level(12), level(18));
        let side = |sound, from, size, bit| Side {
            sound,
            from,
            size,
            bit,
        };
        let mut sides = [
            side(&all[one][..], from_one, sizes.0, 1),
            side(&own[other][..], from_other, sizes.1, 2),
        ];
        // Either may be the one that is sent.
        if chance.percent(50) {
            sides.swap(0, 1);
        }
        let air = match company {
            Company::SameRoom => by_air(&mut chance),
            _ => Vec::new(),
        };
        Clean {
            far: sides[0],
            near: sides[1],
            air,
            turns: std::array::from_fn(|_| chance.pick(&[0, 1, 1, 2, 2, 3, 3, 3])),
            noise: 10f32.powf((20.0 + chance.below(20) as f32) / 20.0),
            chance,
            at_frame: 0,
        }
    }

    /// What is heard in the next frame, and what is sent then.
    pub fn frame(&mut self) -> ([i16; FRAME], [i16; FRAME]) {
        let first = (self.at_frame * FRAME) as isize;
        let (mut heard, mut sent) = ([0; FRAME], [0; FRAME]);
        for at in 0..FRAME {
            let now = first + at as isize;
            let by_air: f32 = self
                .air
                .iter()
                .map(|&(late, size)| size * self.sample(&self.far, now - late))
                .sum();
            let sound = self.sample(&self.near, now) + by_air;
            let noise = self.noise * even(&mut self.chance);
            heard[at] = a_law((sound + noise).clamp(-32_768.0, 32_767.0) as i16);
            sent[at] = a_law(self.sample(&self.far, now) as i16);
        }
        self.at_frame += 1;
        (heard, sent)
    }

    fn sample(&self, side: &Side<'_>, at: isize) -> f32 {
        let turn = self.turns[(at.max(0) / TURN) as usize % TURNS];
        match turn & side.bit {
            0 => 0.0,
            _ => {
                let at = side.from as isize + at;
                side.size * f32::from(side.sound[at.rem_euclid(side.sound.len() as isize) as usize])
            }
        }
    }
}

/// A direct sound and some walls.
fn by_air(chance: &mut Chance) -> Vec<(isize, f32)> {
    let direct = chance.below(601) as isize - 480;
    let size = 10f32.powf(-(chance.below(21) as f32) / 20.0);
    let mut air = vec![(direct, size)];
    for nth in 1..8 {
        let later = chance.below(40 * nth) as isize;
        air.push((
            direct + later,
            size * 0.5 * even(chance) * 0.8f32.powi(nth as i32),
        ));
    }
    air
}

/// What a detector made of a call: whether it found anything, and how clearly anything stood out.
pub fn judge(mut call: Clean<'_>) -> (bool, f32) {
    let (mut none, mut leg) = (pool(0, 1), Echo::new(1));
    let mut highest = 0.0f32;
    for _ in 0..FRAMES {
        let (mut heard, sent) = call.frame();
        leg.hear(&mut heard, false);
        leg.sent(&sent);
        leg.judge(&mut none);
        highest = highest.max(leg.detector_score());
    }
    (leg.state() != State::Clear, highest)
}
