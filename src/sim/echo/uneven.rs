//! A line on which packets come unevenly: what the telephone sends goes through the bridge's own playout buffer. What it is made of is
//! followed through it by how far the buffer advances, for a period left out or put in is a sum that does the same to each part.

use super::case::{FRAME, Sent};
use crate::media::{Counters, SILENCE};
use crate::media::{G711, Narrow, Pulled, Scale, stretch};
use crate::media_api::Law;
use crate::sim::Chance;
use audio_codec_algorithms::encode_alaw;

/// Length of a frame in milliseconds.
const FRAME_MS: u64 = 20;

/// How late packets from the telephone are. If they are at all, they go through the bridge's playout buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    #[default]
    None,
    /// By up to so many milliseconds, evenly.
    Even(u32),
    /// In so many ticks of a hundred none comes, and all that wait come with the next one that does.
    Waiting(u64),
}

/// What the buffer played in a tick.
#[derive(Clone, Debug)]
pub struct Came {
    pub sent: Sent,
    /// Whether anything is heard at all.
    pub is_heard: bool,
    /// How far the buffer is behind, in samples; only how it changes means anything.
    pub depth: Option<i64>,
}

impl Came {
    /// A frame that came without a buffer.
    pub fn at_once(sent: Sent) -> Came {
        Came {
            sent,
            is_heard: true,
            depth: None,
        }
    }
}

/// One part of all that was sent, and of the frame that was played last.
#[derive(Clone, Debug)]
struct Part {
    all: Vec<f32>,
    played: [i16; FRAME],
}

/// A line and its playout buffer.
#[derive(Debug)]
pub struct Uneven {
    jitter: Jitter,
    buffer: Narrow,
    counters: Counters,
    /// Packets on their way: the tick in which each arrives, and its number.
    under_way: Vec<(usize, usize)>,
    sounds: Vec<[u8; FRAME]>,
    near: Part,
    noise: Part,
    source: Vec<f32>,
    /// The buffer's position of the first sample that was sent.
    zero: Option<i64>,
    chance: Chance,
}

impl Part {
    fn new() -> Part {
        Part {
            all: Vec::new(),
            played: SILENCE,
        }
    }

    /// What the buffer made of it: `taken` samples from a place on became a frame.
    fn play(&mut self, from: i64, taken: usize) -> [f32; FRAME] {
        let read = |at: i64| usize::try_from(at).ok().and_then(|at| self.all.get(at)).copied();
        let coming: Vec<i16> = (from..from + (FRAME + taken) as i64)
            .map(|at| read(at).unwrap_or(0.0).round() as i16)
            .collect();
        let mut frame = SILENCE;
        match (taken.checked_sub(FRAME), coming.first_chunk::<FRAME>()) {
            (Some(0), Some(whole)) => frame = *whole,
            (Some(left_out), _) => stretch::shorter(&coming, left_out, &mut frame),
            (None, Some(whole)) => stretch::longer(&self.played, whole, FRAME - taken, &mut frame),
            (None, None) => {}
        }
        self.played = frame;
        frame.map(f32::from)
    }
}

impl Uneven {
    /// A line with such jitter.
    pub fn new(jitter: Jitter, seed: u64) -> Uneven {
        Uneven {
            jitter,
            buffer: Narrow::new(G711::new(), Scale::One),
            counters: Counters::default(),
            under_way: Vec::new(),
            sounds: Vec::new(),
            near: Part::new(),
            noise: Part::new(),
            source: Vec::new(),
            zero: None,
            chance: Chance::seeded(seed ^ 0x756e_6576_656e),
        }
    }

    /// The telephone sends a frame in a tick; what is played in it.
    pub fn pass(&mut self, tick: usize, sent: &Sent) -> Came {
        self.near.all.extend(sent.near);
        self.source.extend(sent.source);
        for at in 0..FRAME {
            let noise = f32::from(sent.sound[at]) - sent.near[at] - sent.echo[at];
            self.noise.all.push(noise);
        }
        let arrives = tick + self.late();
        self.under_way.push((arrives, self.sounds.len()));
        self.sounds.push(sent.sound.map(encode_alaw));
        let arrived: Vec<usize> = self
            .under_way
            .extract_if(.., |(at, _)| *at <= tick)
            .map(|(_, nth)| nth)
            .collect();
        for nth in arrived {
            let place = (1, (nth * FRAME) as u32);
            let sound = &self.sounds[nth];
            self.buffer
                .put(tick as u64, place, Law::A, sound, &mut self.counters);
            let due = |depth| (tick * FRAME) as i64 - depth;
            let first = self.buffer.depth(tick as u64).map(due);
            self.zero = self.zero.or(first.map(|due| due - (nth * FRAME) as i64));
        }
        self.pull(tick)
    }

    /// For how many ticks the packet that is sent now is under way.
    fn late(&mut self) -> usize {
        match self.jitter {
            Jitter::None => 0,
            Jitter::Even(ms) => {
                let late = self.chance.below(1_000 * u64::from(ms) + 1);
                late.div_ceil(1_000 * FRAME_MS) as usize
            }
            Jitter::Waiting(pct) => {
                let comes = self.chance.below(100) >= pct;
                if !comes {
                    self.under_way.iter_mut().for_each(|(at, _)| *at += 1);
                }
                usize::from(!comes)
            }
        }
    }

    fn pull(&mut self, tick: usize) -> Came {
        let before = self.buffer.depth(tick as u64);
        let mut sound = SILENCE;
        let pulled = self.buffer.pull(tick as u64, &mut sound, &mut self.counters);
        let depth = self.buffer.depth(tick as u64);
        let mut sent = Sent {
            sound,
            echo: sound.map(f32::from),
            near: [0.0; FRAME],
            source: [0.0; FRAME],
            lost: pulled == Pulled::Concealed,
        };
        if let (Some(before), Some(after), Some(zero)) = (before, depth, self.zero) {
            let from = (tick * FRAME) as i64 - before - zero;
            let taken = usize::try_from(before - after).unwrap_or(FRAME);
            for at in 0..FRAME {
                let place = usize::try_from(from + at as i64).ok();
                sent.source[at] = place.and_then(|at| self.source.get(at)).copied().unwrap_or(0.0);
            }
            // Of what is made up the parts are taken as if it had come: what it is beside them counts as echo.
            let (near, noise) = match taken {
                0..=320 => (self.near.play(from, taken), self.noise.play(from, taken)),
                _ => ([0.0; FRAME], [0.0; FRAME]),
            };
            sent.near = near;
            for at in 0..FRAME {
                sent.echo[at] -= near[at] + noise[at];
            }
        }
        Came {
            sent,
            is_heard: pulled != Pulled::Nothing,
            depth,
        }
    }
}
