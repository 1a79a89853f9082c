//! A leg of 16 kHz: what a leg of 8 kHz has works on its low band, and the high band is turned down by what is known there. Detector,
//! canceller and finder are the same ones. As long as nothing is cancelled, what is heard passes to the bit, and no later.
//!
//! What is looked for is what was given to the leg's encoder. What the codecs make of it on the way is part of what no filter can predict.

use super::bank::Analysis;
use super::high::{High, Low};
use super::twoband::{Back, Split};
use super::{Echo, Look, Pool, ease, far, trace};
use crate::media::{Frame, SILENCE};
use crate::units::WIDE;

/// What a leg of 16 kHz needs beside its [`Echo`].
#[derive(Clone, Debug)]
pub struct Bands {
    split: Split,
    back: Back,
    high: High,
    of_sent: Split,
    analysis: Analysis,
    /// The last frame as it was heard.
    past: [i16; WIDE],
    /// The low band of the last frame as it is let out.
    low: Frame,
    /// Whether that is of this tick.
    is_fresh: bool,
    /// Whether anything was sent in the last frame.
    has_sent: bool,
}

/// What a line of 16 kHz may take beside a detector.
const _: () = assert!(size_of::<Bands>() <= 8 * 1024);

impl Default for Bands {
    fn default() -> Bands {
        Bands {
            split: Split::default(),
            back: Back::default(),
            high: High::default(),
            of_sent: Split::default(),
            analysis: Analysis::default(),
            past: [0; WIDE],
            low: SILENCE,
            is_fresh: false,
            has_sent: false,
        }
    }
}

impl Bands {
    /// The telephone band of what was let out in this tick, once; none if nobody looked for an echo in it.
    pub fn take_low(&mut self) -> Option<&Frame> {
        std::mem::take(&mut self.is_fresh).then_some(&self.low)
    }

    /// Leaves the noise away that fills up, or puts it in again.
    pub fn set_comfort(&mut self, comfort: bool) {
        self.high.set_comfort(comfort);
    }

    #[inline(always)]
    fn hear(&mut self, heard: &[i16; WIDE]) -> Frame {
        let [low, _] = self.split.take(&floats(heard));
        low.map(rounded)
    }

    /// What was sent becomes its low band; the levels of the high one are kept.
    #[inline(always)]
    fn send(&mut self, sent: &[i16; WIDE]) -> Frame {
        let is_silent = sent.iter().all(|&sample| sample == 0);
        if is_silent && !self.has_sent {
            self.high.sent_nothing();
            return SILENCE;
        }
        // It rings on for a frame.
        self.has_sent = !is_silent;
        let [low, high] = self.of_sent.take(&floats(sent));
        self.high.sent(&self.analysis.take(&high));
        low.map(rounded)
    }
}

impl Echo {
    /// The leg speaks at 16 kHz now, or at 8. What was known is true no more.
    pub fn speak(&mut self, is_wide: bool, pool: &mut Pool) {
        if self.is_wide != is_wide {
            self.is_wide = is_wide;
            self.release(pool);
            self.restart();
        }
    }

    /// Hears a frame of 16 kHz, and takes the echo out of it. `lost`: some of it was made up.
    pub fn hear_wide(&mut self, bands: &mut Bands, heard: &mut [i16; WIDE], lost: bool) {
        self.hear_wide_traced(bands, heard, lost, &mut ());
    }

    pub(super) fn hear_wide_traced(
        &mut self,
        bands: &mut Bands,
        heard: &mut [i16; WIDE],
        lost: bool,
        tracer: &mut impl trace::WatchWide,
    ) {
        let now = *heard;
        let arch = pulp::Arch::new();
        let low = arch.dispatch(Take {
            bands,
            sound: heard,
            was: Was::Heard,
        });
        self.heard = [self.heard[1], low];
        let was_late = std::mem::replace(&mut self.is_late, self.canceller.is_some());
        bands.low = low;
        match &mut self.canceller {
            None => {
                tracer.passed();
                if was_late {
                    let late = self.late();
                    let late = arch.dispatch(Lay {
                        bands,
                        now: &now,
                        low: (&low, &late),
                        of_low: None,
                    });
                    ease(&late, &now, heard);
                }
            }
            Some(canceller) => {
                if !was_late {
                    bands.high.forget(self.random);
                    let past = floats(&bands.past);
                    bands.back.begin(&past, &self.heard[0].map(f32::from));
                }
                let fade = canceller.fade();
                let reach = canceller.reach();
                let traced = canceller.run(&self.far, &mut bands.low, lost);
                let of_low = Low {
                    reach,
                    traced: &traced,
                    fade,
                    lost,
                };
                let out = bands.low;
                let late = arch.dispatch(Lay {
                    bands,
                    now: &now,
                    low: (&low, &out),
                    of_low: Some(&of_low),
                });
                tracer.cancelled(&traced, fade, bands.high.gains());
                *heard = late;
                if !was_late {
                    ease(&now, &late, heard);
                }
            }
        }
        bands.past = now;
        bands.is_fresh = true;
        self.let_out_wide(&bands.low, heard);
    }

    /// Looks at what is let out of the low band, and turns both down if that is all that helps.
    fn let_out_wide(&mut self, low: &Frame, heard: &mut [i16; WIDE]) {
        if let Some(is_due) = self.look_at_rest(low) {
            self.duck.apply(is_due, heard);
        }
    }

    /// Nothing of this tick is heard: the caller is on hold, or keys.
    pub fn skip_wide(&mut self, bands: &mut Bands) {
        (bands.split, bands.past, bands.is_fresh) = (Split::default(), [0; WIDE], false);
        self.skip();
    }

    /// So many ticks were left out, of a line of 16 kHz.
    pub fn pass_over_wide(&mut self, bands: &mut Bands, frames: u64) {
        for _ in 0..frames.min(far::FRAMES as u64) {
            self.skip_wide(bands);
            self.sent_wide(bands, &[0; WIDE]);
        }
    }

    /// A frame of 16 kHz was sent, after one was heard.
    pub fn sent_wide(&mut self, bands: &mut Bands, sent: &[i16; WIDE]) {
        let arch = pulp::Arch::new();
        let low = arch.dispatch(Take {
            bands,
            sound: sent,
            was: Was::Sent,
        });
        self.sent = [self.sent[1], low];
        self.found = arch.dispatch(Look(self));
    }
}

/// What is done with a frame, as this processor does it fastest.
struct Take<'a> {
    bands: &'a mut Bands,
    sound: &'a [i16; WIDE],
    was: Was,
}

#[derive(Clone, Copy)]
enum Was {
    Heard,
    Sent,
}

impl pulp::WithSimd for Take<'_> {
    type Output = Frame;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Frame {
        match self.was {
            Was::Heard => self.bands.hear(self.sound),
            Was::Sent => self.bands.send(self.sound),
        }
    }
}

/// Lays both bands of a frame together, 12.9 ms late.
struct Lay<'a> {
    bands: &'a mut Bands,
    now: &'a [i16; WIDE],
    /// The low band as it was heard, and as it is to be let out.
    low: (&'a Frame, &'a Frame),
    of_low: Option<&'a Low<'a>>,
}

impl pulp::WithSimd for Lay<'_> {
    type Output = [i16; WIDE];

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> [i16; WIDE] {
        let Bands { back, high, .. } = self.bands;
        let (low, out) = (self.low.0.map(f32::from), self.low.1.map(f32::from));
        let sound = back.take(&floats(self.now), &low, &out, |blocks| {
            if let Some(of_low) = self.of_low {
                high.shape(blocks, of_low);
            }
        });
        sound.map(rounded)
    }
}

#[inline(always)]
fn floats(sound: &[i16; WIDE]) -> [f32; WIDE] {
    sound.map(f32::from)
}

#[inline(always)]
fn rounded(sample: f32) -> i16 {
    sample.round_ties_even().clamp(-32_768.0, 32_767.0) as i16
}
