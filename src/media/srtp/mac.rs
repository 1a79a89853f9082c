//! HMAC-SHA1 (RFC 2104, RFC 3711 §4.2.1), whose key is worked in once: each packet begins with copies of the two states. By hand,
//! because it is this little, and the crate for it would have the store's crates built anew with other features.

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// What the hash takes at a time.
const BLOCK: usize = 64;
/// Bytes of a whole tag.
const WHOLE: usize = 20;

/// A key at work. Its states are what an attacker would want: they stay in here.
#[derive(Clone)]
pub struct Mac {
    inner: Sha1,
    outer: Sha1,
}

impl Mac {
    /// Works a key in; `None` if it is longer than a block.
    pub fn new(key: &[u8]) -> Option<Mac> {
        let mut block = [0; BLOCK];
        block.get_mut(..key.len())?.copy_from_slice(key);
        let state = |pad: u8| {
            let mut padded = block.map(|byte| byte ^ pad);
            let state = Sha1::new_with_prefix(padded);
            padded.zeroize();
            state
        };
        let (inner, outer) = (state(0x36), state(0x5c));
        block.zeroize();
        Some(Mac { inner, outer })
    }

    /// The tag of two parts, one behind the other.
    pub fn tag(&self, parts: &[&[u8]; 2]) -> [u8; WHOLE] {
        let mut inner = self.inner.clone();
        parts.iter().for_each(|part| inner.update(part));
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        outer.finalize().into()
    }

    /// Whether this is the beginning of their tag; it takes the same time whatever it is.
    pub fn is_tag(&self, parts: &[&[u8]; 2], tag: &[u8]) -> Option<()> {
        let whole = self.tag(parts);
        let same: bool = whole.get(..tag.len())?.ct_eq(tag).into();
        (same && !tag.is_empty()).then_some(())
    }
}
