//! Sends the parts of a sound the way that the whole of it went: what became of the echo alone, or of the near voice alone, is heard
//! so without the noise that is filled in. For benches and tests.

use super::Echo;
use super::bank::{Analysis, BLOCK, Synthesis};
use super::canceller::Traced;
use super::high::BANDS;
use crate::media::Frame;
use crate::units::FRAME;

/// Watches what a frame goes through.
pub(super) trait Watch {
    /// It passed as it was.
    fn passed(&mut self);
    /// It was cancelled, so much of it to the end of the frame: from, to.
    fn cancelled(&mut self, traced: &Traced, fade: (f32, f32));
}

impl Watch for () {
    fn passed(&mut self) {}
    fn cancelled(&mut self, _: &Traced, _: (f32, f32)) {}
}

/// Watches what a frame of 16 kHz goes through.
pub(super) trait WatchWide {
    /// It passed as it was.
    fn passed(&mut self);
    /// It was cancelled, with these gains of both blocks of the high band.
    fn cancelled(&mut self, traced: &Traced, fade: (f32, f32), high: &[[f32; BANDS]; 2]);
}

impl WatchWide for () {
    fn passed(&mut self) {}
    fn cancelled(&mut self, _: &Traced, _: (f32, f32), _: &[[f32; BANDS]; 2]) {}
}

/// One part of what is heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    analysis: Analysis,
    synthesis: Synthesis,
    before: Vec<f32>,
}

/// Follows the echo and the near voice through an [`Echo`].
#[derive(Clone, Debug, Default)]
pub struct Tracer {
    echo: Part,
    near: Part,
    traced: Option<(Traced, (f32, f32))>,
}

/// What became of the parts of a frame.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Echo behind the filter alone; it is not late.
    pub linear: [f32; FRAME],
    /// Echo at the end.
    pub echo: [f32; FRAME],
    /// The near voice at the end.
    pub near: [f32; FRAME],
    /// Whether a canceller was at work, so that echo and near voice are 10 ms late.
    pub late: bool,
}

impl Watch for Tracer {
    fn passed(&mut self) {
        self.traced = None;
    }
    fn cancelled(&mut self, traced: &Traced, fade: (f32, f32)) {
        self.traced = Some((traced.clone(), fade));
    }
}

impl Tracer {
    /// Has `echo` hear a frame that is the sum of both parts (and of noise), and tells what became of them.
    pub fn hear(
        &mut self,
        leg: &mut Echo,
        heard: &mut Frame,
        lost: bool,
        parts: (&[f32; FRAME], &[f32; FRAME]),
    ) -> Parts {
        leg.hear_traced(heard, lost, self);
        let mut linear = *parts.0;
        let Some((traced, fade)) = self.traced.take() else {
            self.echo.pass(parts.0);
            self.near.pass(parts.1);
            return Parts {
                linear,
                echo: *parts.0,
                near: *parts.1,
                late: false,
            };
        };
        for (linear, echo) in linear.iter_mut().zip(&traced.echo) {
            *linear -= echo;
        }
        Parts {
            echo: self.echo.go(&linear, parts.0, &traced, fade),
            near: self.near.go(parts.1, parts.1, &traced, fade),
            linear,
            late: true,
        }
    }

    /// Nothing is heard in this tick.
    pub fn skip(&mut self, leg: &mut Echo) -> Parts {
        leg.skip();
        self.echo.pass(&[0.0; FRAME]);
        self.near.pass(&[0.0; FRAME]);
        Parts {
            linear: [0.0; FRAME],
            echo: [0.0; FRAME],
            near: [0.0; FRAME],
            late: false,
        }
    }
}

impl Part {
    pub(super) fn pass(&mut self, sound: &[f32; FRAME]) {
        self.before = sound[FRAME - BLOCK..].to_vec();
    }

    pub(super) fn go(
        &mut self,
        rest: &[f32; FRAME],
        bare: &[f32; FRAME],
        traced: &Traced,
        (from, to): (f32, f32),
    ) -> [f32; FRAME] {
        self.before.resize(BLOCK, 0.0);
        let mut spectra = self.analysis.take(rest);
        for (spectrum, gains) in spectra.iter_mut().zip(&traced.gains) {
            for (at, gain) in gains.iter().enumerate() {
                spectrum.re[at] *= gain;
                spectrum.im[at] *= gain;
            }
        }
        let mut out = self.synthesis.give(&spectra);
        let late: Vec<f32> = self.before.iter().chain(bare).copied().collect();
        for (at, sample) in out.iter_mut().enumerate() {
            let part = from + (to - from) * (at + 1) as f32 / FRAME as f32;
            *sample = part * *sample + (1.0 - part) * late[at];
        }
        self.pass(bare);
        out
    }
}
