//! Finds out whether the others still hear what is left of a leg's echo, and how loud: by what the leg lets out, whatever treated it
//! before. Runs only on a leg whose echo is known.
//!
//! Two things must agree: a detector finds what was sent in what is let out, and what is let out while an echo is due is loud enough. The level is the least of some half seconds, so that a voice that speaks there now and then does not count.

use super::SPEECH;
use crate::media_api::EchoNews;
use crate::units::FRAME;

/// Frames with an echo due that make one measure of its level: half a second of speech.
const MEASURE: u32 = 25;
/// Measures of which the least counts, and so many of them at least; fewer when somebody asked for a search.
const MEASURES: usize = 6;
const MEASURES_SOUGHT: usize = 2;
/// What is left can be heard from here on: 35 dB below what was sent. Where somebody asked, from 45 dB on.
const HEARD: f32 = 3.2e-4;
const HEARD_SOUGHT: f32 = 3.2e-5;
/// It is gone once it is so much less than that: 5 dB.
const GONE: f32 = 0.316;
/// Frames with an echo due in which nothing was found, until what was found before counts no more: 2 s, and 10 s.
const FRESH: u32 = 100;
const STALE: u32 = 500;
/// How long a search lasts: 10 s.
const SEARCH: u32 = 500;
/// Nobody speaks, in either direction, for so many frames: a pause. Told at most every 5 s.
const PAUSE: u32 = 30;
const PAUSE_AGAIN: u32 = 250;
/// How fast the level of the noise may rise: 1 dB a second.
const NOISE_RISE: f32 = 1.004_6;
/// Frames of which it is known what was sent: more than the longest delay, and how long an echo rings on: 120 ms.
const KEPT: usize = 48;
const RINGS: usize = 6;

/// What is known of what is left.
#[derive(Clone, Debug)]
pub struct Finder {
    /// Mean power of what was sent, a ring.
    sent: [f32; KEPT],
    newest: usize,
    /// Whether an echo is due in the frame that is heard.
    is_due: bool,
    /// Sums of what was let out and of what it may be an echo of, and their frames.
    now: (f32, f32, u32),
    measures: [f32; MEASURES],
    measured: usize,
    noise: f32,
    since_found: u32,
    is_heard: bool,
    search: u32,
    quiet_for: u32,
    until_pause: u32,
    news: Option<EchoNews>,
}

impl Default for Finder {
    fn default() -> Finder {
        Finder {
            sent: [0.0; KEPT],
            newest: 0,
            is_due: false,
            now: (0.0, 0.0, 0),
            measures: [0.0; MEASURES],
            measured: 0,
            noise: 1.0,
            since_found: STALE,
            is_heard: false,
            search: 0,
            quiet_for: 0,
            until_pause: 0,
            news: None,
        }
    }
}

impl Finder {
    /// A frame of this mean power was sent.
    pub fn sent(&mut self, power: f32) {
        self.newest = (self.newest + 1) % KEPT;
        self.sent[self.newest] = power;
    }

    /// A frame of this mean power is let out on a leg whose echo comes after `delay` samples. Whether an echo is due in it.
    pub fn hear(&mut self, power: f32, delay: usize) -> bool {
        let source = self.source(delay);
        self.is_due = source > SPEECH;
        self.noise = (self.noise * NOISE_RISE).min(power).max(1.0);
        if self.is_due {
            self.since_found = self.since_found.saturating_add(1);
            let frames = delay / FRAME;
            self.measure(
                (power - self.noise).max(0.0),
                self.was_sent(frames.saturating_sub(1)),
            );
        }
        self.search = self.search.saturating_sub(1);
        self.until_pause = self.until_pause.saturating_sub(1);
        let quiet = power < SPEECH && self.sent[self.newest] < SPEECH;
        self.quiet_for = if quiet { self.quiet_for + 1 } else { 0 };
        self.judge();
        self.is_due
    }

    /// The loudest of what may come back in this frame.
    fn source(&self, delay: usize) -> f32 {
        let first = (delay / FRAME).saturating_sub(2);
        let last = (delay / FRAME + RINGS).min(KEPT - 1);
        (first..=last).map(|back| self.was_sent(back)).fold(0.0, f32::max)
    }

    /// What was sent so many frames before the last one, at most as many as are kept.
    fn was_sent(&self, back: usize) -> f32 {
        self.sent[(self.newest + KEPT - back.min(KEPT - 1)) % KEPT]
    }

    fn measure(&mut self, out: f32, source: f32) {
        let (outs, sources, frames) = self.now;
        self.now = (outs + out, sources + source, frames + 1);
        if self.now.2 == MEASURE {
            self.measures.rotate_right(1);
            self.measures[0] = self.now.0 / self.now.1.max(1.0);
            self.measured = (self.measured + 1).min(MEASURES);
            self.now = (0.0, 0.0, 0);
        }
    }

    /// What was sent was found in what is let out.
    pub fn found(&mut self) {
        self.since_found = 0;
    }

    /// By power, how much of what was sent is left at least; none before it was measured.
    pub fn level(&self) -> Option<f32> {
        let enough = match self.search {
            0 => MEASURES,
            _ => MEASURES_SOUGHT,
        };
        let measured = &self.measures[..self.measured];
        (self.measured >= enough).then(|| measured.iter().copied().fold(f32::MAX, f32::min))
    }

    /// Whether the others hear it.
    pub fn is_heard(&self) -> bool {
        self.is_heard
    }

    fn judge(&mut self) {
        let Some(level) = self.level() else { return };
        let mark = if self.search > 0 { HEARD_SOUGHT } else { HEARD };
        if !self.is_heard && self.since_found < FRESH && level > mark {
            self.is_heard = true;
            self.until_pause = 0;
            let loss_db = (-10.0 * level.log10()).round().clamp(0.0, 99.0) as u8;
            self.news = Some(EchoNews::Heard { loss_db });
        } else if self.is_heard && (self.since_found >= STALE || level < mark * GONE) {
            self.is_heard = false;
            self.news = Some(EchoNews::Gone);
        } else if self.is_heard && self.quiet_for >= PAUSE && self.until_pause == 0 && self.news.is_none() {
            self.until_pause = PAUSE_AGAIN;
            self.news = Some(EchoNews::Pause);
        }
    }

    /// Somebody hears an echo: what is measured from now on counts, and less of it is enough.
    pub fn seek(&mut self) {
        self.search = SEARCH;
        if !self.is_heard {
            (self.measured, self.now) = (0, (0.0, 0.0, 0));
        }
    }

    /// The echo is gone, or another one: nothing is known of what is left.
    pub fn forget(&mut self) {
        let news = self.is_heard.then_some(EchoNews::Gone);
        *self = Finder {
            sent: self.sent,
            newest: self.newest,
            search: self.search,
            news: news.or(self.news),
            ..Finder::default()
        };
    }

    /// What is to be told.
    pub fn take_news(&mut self) -> Option<EchoNews> {
        self.news.take()
    }
}
