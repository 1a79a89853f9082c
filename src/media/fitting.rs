//! What a leg is fitted with when offer and answer have changed: built on the control side; what is needed no more goes back there.

use super::srtp::Srtp;
use super::wide::Wide;
use crate::media_api::{Codec, SrtpKeys};

/// All of it.
#[derive(Debug, Default)]
pub struct Fitting {
    /// The coders of a line of 16 kHz.
    pub coder: Option<Box<Wide>>,
    /// Newer keys.
    pub srtp: Option<Box<Srtp>>,
}

impl Fitting {
    /// For this codec, and these keys if there are newer ones; `None` if nothing is needed.
    pub fn new(codec: Codec, keys: Option<&SrtpKeys>) -> Option<Fitting> {
        let fitting = Fitting {
            coder: Wide::new(codec),
            srtp: keys.and_then(Srtp::boxed),
        };
        fitting.some()
    }

    /// `None` if it is nothing.
    pub fn some(self) -> Option<Fitting> {
        (self.coder.is_some() || self.srtp.is_some()).then_some(self)
    }
}
