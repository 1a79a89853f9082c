//! What the legs of a room say together in one frame, at both rates. Lines of 8 kHz hear each other through their own sum, to the
//! bit; the two sums are joined by one filter each way, whatever the number of legs, and only if there is a line of 16 kHz.

use super::Frame;
use super::leg::Leg;
use super::mixer::{self, Sum, WideSum};
use super::resample::{Down, Up};
use super::wire::Wire;
use crate::units::{FRAME, WIDE};

/// One frame's sums.
pub struct Mix {
    /// Of the lines of 8 kHz; once joined, of everybody.
    pub narrow: Sum,
    /// Of the lines of 16 kHz; once joined, of everybody.
    pub wide: WideSum,
    /// The talkers' peaks together: no mix is louder.
    loudness: i32,
    /// Whether there is a line of 16 kHz.
    is_wide: bool,
}

/// What joins a room's sums.
#[derive(Clone, Debug, Default)]
pub struct Bands {
    up: Up,
    down: Down,
    in_use: bool,
}

impl Mix {
    /// Nobody says anything.
    pub fn new() -> Mix {
        Mix {
            narrow: [0; FRAME],
            wide: [0; WIDE],
            loudness: 0,
            is_wide: false,
        }
    }

    /// Adds what a leg says.
    pub fn take<W: Wire>(&mut self, leg: &Leg<W>) {
        self.is_wide |= leg.is_wide();
        if !leg.contributes() {
            return;
        }
        self.loudness += i32::from(leg.peak());
        match leg.heard_wide() {
            Some(heard) => mixer::add(&mut self.wide, heard),
            None => mixer::add(&mut self.narrow, leg.heard()),
        }
    }

    /// Adds what everybody is to hear.
    pub fn take_tone(&mut self, tone: &Frame) {
        mixer::add(&mut self.narrow, tone);
        self.loudness += i32::from(i16::MAX);
    }

    /// Gives each sum the other one.
    pub fn join(&mut self, bands: &mut Bands) {
        if !self.is_wide {
            if bands.in_use {
                *bands = Bands::default();
            }
            return;
        }
        bands.in_use = true;
        let narrow = self.narrow;
        bands.down.add(&self.wide, &mut self.narrow);
        bands.up.add(&narrow, &mut self.wide);
    }

    /// What a leg of 8 kHz hears: everybody else.
    pub fn for_narrow<W: Wire>(&self, leg: &Leg<W>) -> Sum {
        match leg.contributes() {
            true => mixer::minus(&self.narrow, leg.heard()),
            false => self.narrow,
        }
    }

    /// What a leg of 16 kHz hears: everybody else.
    pub fn for_wide<W: Wire>(&self, leg: &Leg<W>) -> WideSum {
        match leg.heard_wide().filter(|_| leg.contributes()) {
            Some(heard) => mixer::minus(&self.wide, heard),
            None => self.wide,
        }
    }

    /// The largest sample of all mixes; not looked for when the talkers together cannot be too loud.
    pub fn peak<'a, W: Wire + 'a>(&self, members: impl Iterator<Item = &'a Leg<W>>) -> i32 {
        if self.loudness <= i32::from(i16::MAX) / 2 {
            return self.loudness;
        }
        let without = |leg: &Leg<W>| match leg.is_wide() {
            true => mixer::peak(&self.for_wide(leg)),
            false => mixer::peak(&self.for_narrow(leg)),
        };
        let own = members.filter(|leg| leg.contributes()).map(without);
        let all = mixer::peak(&self.narrow).max(mixer::peak(&self.wide));
        own.max().unwrap_or(0).max(all)
    }
}
