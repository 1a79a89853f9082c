//! The canceller of one leg: filter and suppressor together, around a delay that it is told, and a detector that looks for what they
//! leave. Complete when it is built: it allocates nothing later. What comes out is 10 ms late, so it is faded in and out.

use super::super::{Frame, SILENCE};
use super::bank::{Analysis, BLOCK, Synthesis};
use super::bent::Bent;
use super::coherence::Coherence;
use super::detector::Detector;
use super::far::Far;
use super::filter::{Filter, PARTITIONS, Predicted};
use super::gaps::Gaps;
use super::remainder::Due;
use super::suppressor::Suppressor;
use crate::units::FRAME;

/// The filter begins this long before the delay that was found: the finder knows it to a frame only.
const BEFORE: usize = 200;
/// Where in the filter an echo's delay may be found, for the filter to stay where it is.
const COVERED_FROM: usize = 40;
const COVERED_TO: usize = 4 * FRAME;
/// An echo that came back louder than this (+3 dB) is none: somebody in the same room is heard.
const LOUDER: f32 = 2.0;
/// How many times the part of an echo that is missed the filter and the suppressor reckon with.
const FILTER_DOUBTS: f32 = 4.0;
const SUPPRESSOR_DOUBTS: f32 = 2.0;
/// The power gain of an echo that is expected when nothing is known of it: −6 dB.
pub const GAIN_FIRST: f32 = 0.25;

/// What a canceller may take: an eighth of what was allowed is spare.
const _: () = assert!(size_of::<Canceller>() <= 70 * 1024);

/// A canceller.
#[derive(Clone, Debug)]
pub struct Canceller {
    filter: Filter,
    rest: Analysis,
    echo: Analysis,
    bent: Bent,
    suppressor: Suppressor,
    coherence: Coherence,
    gaps: Gaps,
    /// Whether the last frame has sound in it that the prediction does not fit.
    was_blind: bool,
    out: Synthesis,
    /// Where the filter begins, in samples.
    start: usize,
    gain: f32,
    /// How much of what comes out is cancelled: 0 to 1.
    fade: f32,
    wanted: f32,
    /// The last block of what was heard: what fades is as late as what is cancelled.
    before: [f32; BLOCK],
    fresh: bool,
    /// Looks for what was sent in what the leg lets out, of which these are the last two frames.
    watcher: Detector,
    let_out: [Frame; 2],
}

/// A frame that is to be run as this processor runs it fastest.
struct Run<'a> {
    canceller: &'a mut Canceller,
    far: &'a Far,
    heard: &'a mut Frame,
    lost: bool,
}

impl pulp::WithSimd for Run<'_> {
    type Output = Traced;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Traced {
        self.canceller.run_here(self.far, self.heard, self.lost)
    }
}

/// What a frame went through; for benches and tests.
#[derive(Clone, Debug)]
pub struct Traced {
    /// What the filter predicted.
    pub echo: [f32; FRAME],
    /// The suppressor's gains of both blocks.
    pub gains: [[f32; super::fft::SHORT_PLACES]; 2],
    /// How far its gate stood open, and how much somebody who speaks was trusted to, in both blocks.
    pub openness: [(f32, f32); 2],
}

impl Canceller {
    /// A canceller, with randomness for its noise.
    pub fn new(random: u32) -> Canceller {
        Canceller {
            filter: Filter::new(GAIN_FIRST),
            rest: Analysis::default(),
            echo: Analysis::default(),
            bent: Bent::default(),
            suppressor: Suppressor::new(random),
            coherence: Coherence::default(),
            gaps: Gaps::default(),
            was_blind: false,
            out: Synthesis::default(),
            start: FRAME,
            gain: GAIN_FIRST,
            fade: 0.0,
            wanted: 0.0,
            before: [0.0; BLOCK],
            fresh: true,
            watcher: Detector::default(),
            let_out: [SILENCE; 2],
        }
    }

    /// Begins to cancel an echo after `samples`, of this power gain at most.
    pub fn begin(&mut self, far: &Far, samples: usize, gain: f32, random: u32) {
        *self = Canceller::new(random);
        self.gain = gain.clamp(0.01, 1.0);
        self.filter.forget(self.gain);
        self.start = samples.saturating_sub(BEFORE).max(FRAME);
        self.wanted = 1.0;
        self.reread(far);
    }

    /// The line is one of 16 kHz, of which this is the low band.
    pub fn widen(&mut self) {
        self.suppressor.widen();
    }

    /// So was heard before it began: what fades in is late, and begins with that.
    pub fn remember(&mut self, heard: &Frame) {
        for (to, &from) in self.before.iter_mut().zip(&heard[FRAME - BLOCK..]) {
            *to = f32::from(from);
        }
    }

    /// The echo comes after `samples` now.
    pub fn follow(&mut self, far: &Far, samples: usize) {
        let start = samples.saturating_sub(BEFORE).max(FRAME);
        let frames = (start as isize - self.start as isize).div_euclid(FRAME as isize);
        if frames == 0 {
            return;
        }
        // A path that drifted is still known, as far as a filter can begin so early; of one that leapt nothing is.
        match self.start.checked_add_signed(frames * FRAME as isize) {
            Some(shifted) if shifted >= FRAME && frames.unsigned_abs() == 1 => {
                self.start = shifted;
                self.filter.shift(frames, self.gain);
            }
            _ => {
                self.start = start;
                self.filter.forget(self.gain);
            }
        }
        self.reread(far);
    }

    /// Reads anew what was sent, up to the newest frame: the next one that is heard needs no more.
    fn reread(&mut self, far: &Far) {
        self.filter.reread(far, self.start - FRAME);
        self.fresh = false;
    }

    /// A frame was sent and none is heard: what is heard is nobody's business, or nothing.
    pub fn skip(&mut self, far: &Far) {
        if self.fresh {
            self.filter.push(far, self.start - FRAME);
        }
        self.fresh = true;
        self.before = [0.0; BLOCK];
    }

    /// Whether an echo after `samples` lies well within what the filter covers.
    pub fn covers(&self, samples: usize) -> bool {
        // No echo comes earlier than a filter can begin.
        let from = if self.start == FRAME {
            0
        } else {
            self.start + COVERED_FROM
        };
        (from..self.start + COVERED_TO).contains(&samples)
    }

    /// The playout buffer keeps back so many samples more than before, or less: the echo is later by as much.
    pub fn moved(&mut self, far: &Far, samples: isize) {
        self.start = (self.start as isize + samples).max(FRAME as isize) as usize;
        self.reread(far);
        self.watcher.moved(samples);
    }

    /// This frame is let out of the leg.
    pub fn let_out(&mut self, frame: &Frame) {
        self.let_out = [self.let_out[1], *frame];
    }

    /// Whether what was sent is found in what is let out, each in the last two frames.
    #[inline(always)]
    pub fn is_left(&mut self, sent: &[Frame; 2]) -> bool {
        self.watcher.handle(sent, &self.let_out).is_some()
    }

    /// Fades in or out, within a frame.
    pub fn want(&mut self, wanted: bool) {
        self.wanted = f32::from(u8::from(wanted));
    }

    /// How much of what comes out is cancelled at the end of the last frame, and at the end of the next.
    pub fn fade(&self) -> (f32, f32) {
        (self.fade, self.wanted)
    }

    /// Whether nothing of it is heard.
    pub fn is_out(&self) -> bool {
        self.fade == 0.0 && self.wanted == 0.0
    }

    /// Takes the echo out of a frame that was heard; of one that was made up for a loss nothing is learnt.
    pub fn run(&mut self, far: &Far, heard: &mut Frame, lost: bool) -> Traced {
        pulp::Arch::new().dispatch(Run {
            canceller: self,
            far,
            heard,
            lost,
        })
    }

    #[inline(always)]
    fn run_here(&mut self, far: &Far, heard: &mut Frame, lost: bool) -> Traced {
        if self.fresh {
            self.filter.push(far, self.start - FRAME);
        }
        self.fresh = true;
        let sound: [f32; FRAME] = std::array::from_fn(|at| f32::from(heard[at]));
        let (predicted, due, is_blind) = self.predict(&sound, lost);
        let mut rest = self.rest.take(&predicted.rest);
        let echoes = self.echo.take(&due);
        let bents = self.bent.take(far, self.start, &self.filter);
        let due = [0, 1].map(|half| Due {
            echo: echoes[half],
            bent: bents[half],
        });
        let mut traced = Traced {
            echo: predicted.echo,
            gains: [*self.suppressor.gains(); 2],
            openness: [self.suppressor.openness(); 2],
        };
        for half in 0..2 {
            // The first block reaches back into the frame before.
            let is_blind = is_blind || (half == 0 && self.was_blind);
            if !is_blind {
                self.coherence.take(&rest[half], &due[half].echo);
            }
            self.suppressor
                .judge(&rest[half], &due[half], self.filter.expected(), is_blind);
            traced.gains[half] = *self.suppressor.gains();
            traced.openness[half] = self.suppressor.openness();
            self.suppressor.shape(&mut rest[half]);
        }
        self.was_blind = is_blind;
        let clean = self.out.give(&rest);
        if !is_blind {
            self.doubt();
        }
        self.lay(&sound, &clean, heard);
        traced
    }

    /// Takes the predicted echo out, and learns from what is left. Also the echo that is due, and whether it does not fit what is heard.
    #[inline(always)]
    fn predict(&mut self, sound: &[f32; FRAME], lost: bool) -> (Predicted, [f32; FRAME], bool) {
        let mut predicted = self.filter.predict(sound);
        let due = predicted.echo;
        if lost {
            // What was made up has no echo in it that could be predicted.
            (predicted.rest, predicted.echo) = (*sound, [0.0; FRAME]);
            return (predicted, due, true);
        }
        let is_gap = self.gaps.look(sound, &mut predicted, self.coherence.is_right());
        if !is_gap {
            self.filter.learn(&predicted, self.suppressor.presence());
        }
        (predicted, due, is_gap)
    }

    /// Reckons with another path where what is left hangs together with what was predicted.
    #[inline(always)]
    fn doubt(&mut self) {
        let Some(missed) = self.coherence.missed(self.filter.expected()) else {
            return;
        };
        self.suppressor.doubt(SUPPRESSOR_DOUBTS * missed);
        self.filter
            .doubt((FILTER_DOUBTS * missed * self.gains_sum()).min(self.gain));
        self.filter.doubt_bins(self.coherence.by_bin());
    }

    /// Lays what is cancelled and what was heard over each other.
    #[inline(always)]
    fn lay(&mut self, sound: &[f32; FRAME], clean: &[f32; FRAME], heard: &mut Frame) {
        let step = (self.wanted - self.fade) / FRAME as f32;
        for at in 0..FRAME {
            let part = self.fade + step * (at + 1) as f32;
            let bare = if at < BLOCK {
                self.before[at]
            } else {
                sound[at - BLOCK]
            };
            let value = part * clean[at] + (1.0 - part) * bare;
            heard[at] = value.round_ties_even().clamp(-32_768.0, 32_767.0) as i16;
        }
        self.before.copy_from_slice(&sound[FRAME - BLOCK..]);
        self.fade = self.wanted;
    }

    /// The power gain of the echo path as it was learnt.
    pub fn gains_sum(&self) -> f32 {
        self.filter.gains().iter().sum()
    }

    /// Whether what was learnt cannot be an echo: it comes back louder than it was sent.
    pub fn is_absurd(&self) -> bool {
        self.gains_sum() > LOUDER
    }

    /// Where the filter begins, in samples, and the power gain that each of its partitions may have.
    pub fn reach(&self) -> (usize, [f32; PARTITIONS]) {
        (self.start, self.filter.reach())
    }

    /// Leaves the noise away that fills up, or puts it in again.
    pub fn set_comfort(&mut self, comfort: bool) {
        self.suppressor.set_comfort(comfort);
    }
}
