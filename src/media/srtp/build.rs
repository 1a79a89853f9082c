//! What is built on the control side, before it moves in.

use super::Srtp;
use crate::media_api::SrtpKeys;

impl Srtp {
    /// Ready to seal and open; `None` if a key is not as long as its suite wants.
    pub fn boxed(keys: &SrtpKeys) -> Option<Box<Srtp>> {
        Srtp::new(keys).map(Box::new)
    }
}
