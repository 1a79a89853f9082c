//! The same as a [`Tracer`](super::Tracer), for a leg of 16 kHz: what became of the echo alone, and of the near voice alone.

use super::Echo;
use super::canceller::Traced;
use super::high::{self, BANDS};
use super::trace::{Part, WatchWide};
use super::twoband::{Back, Split};
use super::wide::Bands;
use crate::units::{FRAME, WIDE};

/// One part of what is heard.
#[derive(Clone, Debug)]
struct PartWide {
    split: Split,
    back: Back,
    low: Part,
    /// The last frame, and its low band.
    past: ([f32; WIDE], [f32; FRAME]),
    was_late: bool,
}

/// How a frame was treated.
#[derive(Clone, Debug)]
struct Treated {
    low: Traced,
    fade: (f32, f32),
    high: [[f32; BANDS]; 2],
}

/// Follows the echo and the near voice through an [`Echo`] of a leg of 16 kHz.
#[derive(Clone, Debug, Default)]
pub struct TracerWide {
    echo: PartWide,
    near: PartWide,
    treated: Option<Treated>,
}

/// What became of the parts of a frame.
#[derive(Clone, Debug)]
pub struct PartsWide {
    /// The echo's low band before and behind the filter alone; it is not late.
    pub low: [f32; FRAME],
    pub linear: [f32; FRAME],
    /// Echo at the end.
    pub echo: [f32; WIDE],
    /// The near voice at the end, and its low band as it came.
    pub near: [f32; WIDE],
    pub near_low: [f32; FRAME],
    /// Whether a canceller was at work, so that echo and near voice are 12.9 ms late.
    pub late: bool,
}

impl Default for PartWide {
    fn default() -> PartWide {
        PartWide {
            split: Split::default(),
            back: Back::default(),
            low: Part::default(),
            past: ([0.0; WIDE], [0.0; FRAME]),
            was_late: false,
        }
    }
}

impl WatchWide for TracerWide {
    fn passed(&mut self) {
        self.treated = None;
    }
    fn cancelled(&mut self, traced: &Traced, fade: (f32, f32), high: &[[f32; BANDS]; 2]) {
        self.treated = Some(Treated {
            low: traced.clone(),
            fade,
            high: *high,
        });
    }
}

impl TracerWide {
    /// Has `echo` hear a frame that is the sum of both parts (and of noise), and tells what became of them.
    pub fn hear(
        &mut self,
        (leg, bands): (&mut Echo, &mut Bands),
        heard: &mut [i16; WIDE],
        lost: bool,
        parts: (&[f32; WIDE], &[f32; WIDE]),
    ) -> PartsWide {
        leg.hear_wide_traced(bands, heard, lost, self);
        let treated = self.treated.take();
        let predicted = treated.as_ref().map_or([0.0; FRAME], |treated| treated.low.echo);
        let (echo, low) = self.echo.go(parts.0, &predicted, treated.as_ref());
        let (near, near_low) = self.near.go(parts.1, &[0.0; FRAME], treated.as_ref());
        PartsWide {
            low,
            linear: std::array::from_fn(|at| low[at] - predicted[at]),
            echo,
            near,
            near_low,
            late: treated.is_some(),
        }
    }
}

impl PartWide {
    /// What became of a frame of it, and its low band.
    fn go(
        &mut self,
        sound: &[f32; WIDE],
        predicted: &[f32; FRAME],
        treated: Option<&Treated>,
    ) -> ([f32; WIDE], [f32; FRAME]) {
        let [low, _] = self.split.take(sound);
        let was_late = std::mem::replace(&mut self.was_late, treated.is_some());
        let past = std::mem::replace(&mut self.past, (*sound, low));
        let Some(treated) = treated else {
            self.low.pass(&low);
            return (*sound, low);
        };
        if !was_late {
            self.back.begin(&past.0, &past.1);
        }
        let rest = std::array::from_fn(|at| low[at] - predicted[at]);
        let out = self.low.go(&rest, &low, &treated.low, treated.fade);
        let out = self.back.take(sound, &low, &out, |blocks| {
            for (block, gains) in blocks.iter_mut().zip(&treated.high) {
                high::turn_down(block, gains);
            }
        });
        (out, low)
    }
}
