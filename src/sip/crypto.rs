//! Owns how a session description tells the keys of a voice (SDES, RFC 4568): how `a=crypto` is read and written, and which keys
//! a call has, from answer to answer. Must never print a key, nor take a line that asks for what is not done here.

use super::offer::Unusable;
use crate::media_api::{SrtpKeys, SrtpPolicy, SrtpSpec, Suite};
use crate::secret::{MASTER_BYTES_MAX, MasterKey};
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, encoded_len};
use sdp_types::Media;
use zeroize::Zeroize;

/// Room for key and salt, and for what an overlong one has too much.
const DECODED_MAX: usize = 72;
/// As we write it, and with or without its padding as others do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// What our own offers have, the preferred one first.
const OFFERED: [Suite; 2] = [Suite::AesGcm128, Suite::AesCm80];
/// The smallest replay window that a peer may ask for, and the largest that we have.
const WINDOWS: std::ops::RangeInclusive<u32> = 64..=128;

/// One `a=crypto` line that we can keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    pub tag: u32,
    pub suite: Suite,
    pub key: MasterKey,
}

/// The first line of a stream that we can keep to: its sender prefers it.
pub fn pick(media: &Media) -> Option<Crypto> {
    let mut lines = media
        .attributes
        .iter()
        .filter(|line| line.attribute.eq_ignore_ascii_case("crypto"));
    lines.find_map(|line| Crypto::read(line.value.as_deref()?))
}

impl Crypto {
    /// Reads `tag suite inline:key|lifetime session-parameters` (RFC 4568 §9.1).
    pub fn read(value: &str) -> Option<Crypto> {
        let mut words = value.split_ascii_whitespace();
        let (tag, suite, keys) = (words.next()?, words.next()?, words.next()?);
        let is_tag = (1..=9).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_digit());
        let tag = is_tag.then(|| tag.parse().ok())??;
        let suite = Suite::ALL
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(suite))?;
        let fits = words.all(may_be_ignored);
        let key = inline(keys, suite)?;
        fits.then_some(Crypto { tag, suite, key })
    }

    /// The same, as we write it.
    pub fn write(&self) -> String {
        let mut text = [0; 64];
        let bytes = self.key.reveal();
        debug_assert!(encoded_len(MASTER_BYTES_MAX, true).is_some_and(|len| len <= text.len()));
        let len = BASE64.encode_slice(bytes, &mut text).unwrap_or(0);
        let key = std::str::from_utf8(&text[..len]).unwrap_or_default();
        let line = format!("{} {} inline:{key}", self.tag, self.suite.name());
        text.zeroize();
        line
    }
}

/// Of the session parameters (§6.3) a window of the size that we have anyway, and what its sender calls optional. Voices or reports
/// that are not sealed, other keys for repairs, and a key that changes by itself are not what we do.
fn may_be_ignored(parameter: &str) -> bool {
    let window = parameter.strip_prefix("WSH=");
    parameter.starts_with('-')
        || window.is_some_and(|size| size.parse().is_ok_and(|size: u32| WINDOWS.contains(&size)))
}

/// One key. Who sends several, or a name for each (MKI), would put that name into every packet: not taken.
fn inline(keys: &str, suite: Suite) -> Option<MasterKey> {
    let (method, rest) = keys.split_once(':')?;
    let mut parts = rest.split('|');
    let text = parts.next()?;
    // How long a key lasts (§6.1) is longer than any call.
    let is_lifetime = |part: &str| {
        let digits = part.strip_prefix("2^").unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !method.eq_ignore_ascii_case("inline") || rest.contains(';') || !parts.all(is_lifetime) {
        return None;
    }
    let mut bytes = [0; DECODED_MAX];
    let len = BASE64.decode_slice(text, &mut bytes).ok();
    let len = len.filter(|len| *len == suite.key_bytes() + suite.salt_bytes());
    let key = len.and_then(|len| MasterKey::new(&bytes[..len]));
    bytes.zeroize();
    key
}

/// The keys of one call.
#[derive(Default)]
pub struct Keyring {
    policy: SrtpPolicy,
    now: Option<Agreed>,
    /// Our own lines that wait for an answer.
    offered: Vec<Crypto>,
    /// How many keys there were.
    count: u32,
    is_fresh: bool,
}

#[derive(Clone)]
struct Agreed {
    tag: u32,
    keys: SrtpKeys,
}

impl Keyring {
    pub fn new(policy: SrtpPolicy) -> Keyring {
        Keyring {
            policy,
            ..Keyring::default()
        }
    }

    pub fn policy(&self) -> SrtpPolicy {
        self.policy
    }

    /// The peer offers this. As long as it offers the same key, ours stays too; to another one we answer with another one, so that
    /// both directions count from the beginning.
    pub fn answer(&mut self, offered: Option<&Crypto>, draw: &mut dyn FnMut() -> u64) -> Option<SrtpSpec> {
        let Some(theirs) = offered else {
            self.now = None;
            return None;
        };
        match &mut self.now {
            Some(now) if now.keys.spec.suite == theirs.suite && now.keys.receive == theirs.key => {
                now.tag = theirs.tag;
            }
            _ => {
                let send = drawn(theirs.suite, draw);
                self.agree(theirs, send);
            }
        }
        self.spec()
    }

    /// The line of our answer.
    pub fn own(&self) -> Option<Crypto> {
        self.now.as_ref().map(|Agreed { tag, keys }| Crypto {
            tag: *tag,
            suite: keys.spec.suite,
            key: keys.send.clone(),
        })
    }

    /// The lines of our own offer: the key that we have, or one for each suite while nothing is agreed.
    pub fn offer(&mut self, is_first: bool, draw: &mut dyn FnMut() -> u64) -> &[Crypto] {
        self.offered = match (self.own(), self.policy) {
            (Some(own), _) => vec![own],
            (None, SrtpPolicy::Never) => Vec::new(),
            (None, SrtpPolicy::Optional) if !is_first => Vec::new(),
            (None, _) => {
                let line = |(tag, suite)| Crypto {
                    tag,
                    suite,
                    key: drawn(suite, draw),
                };
                (1..).zip(OFFERED).map(line).collect()
            }
        };
        &self.offered
    }

    /// The line of ours that stands is offered again, as it is.
    pub fn repeat(&mut self) {
        self.offered = self.own().into_iter().collect();
    }

    /// The peer answered our offer with this.
    pub fn answered(&mut self, theirs: Option<&Crypto>) -> Result<Option<SrtpSpec>, Unusable> {
        let Some(theirs) = theirs else {
            if self.policy == SrtpPolicy::Required {
                return Err(Unusable::Insecure);
            }
            self.now = None;
            return Ok(None);
        };
        let is_it = |own: &&Crypto| own.tag == theirs.tag && own.suite == theirs.suite;
        let own = self
            .offered
            .iter()
            .find(is_it)
            .ok_or(Unusable::Suite)?
            .key
            .clone();
        self.agree(theirs, own);
        Ok(self.spec())
    }

    /// Notes what is agreed. A direction that keeps its key goes on counting.
    fn agree(&mut self, theirs: &Crypto, send: MasterKey) {
        let same_suite = self
            .now
            .take()
            .map(|now| now.keys)
            .filter(|keys| keys.spec.suite == theirs.suite);
        let kept_send = same_suite.as_ref().filter(|keys| keys.send == send);
        let kept_receive = same_suite.as_ref().filter(|keys| keys.receive == theirs.key);
        let next = self.count + 1;
        let spec = SrtpSpec {
            suite: theirs.suite,
            send: kept_send.map_or(next, |keys| keys.spec.send),
            receive: kept_receive.map_or(next, |keys| keys.spec.receive),
        };
        if spec.send == next || spec.receive == next {
            self.count = next;
            self.is_fresh = true;
        }
        self.now = Some(Agreed {
            tag: theirs.tag,
            keys: SrtpKeys {
                spec,
                send,
                receive: theirs.key.clone(),
            },
        });
    }

    fn spec(&self) -> Option<SrtpSpec> {
        self.now.as_ref().map(|now| now.keys.spec)
    }

    /// The keys, if they are other ones than when they were taken last.
    pub fn take_fresh(&mut self) -> Option<SrtpKeys> {
        let is_fresh = std::mem::take(&mut self.is_fresh);
        let now = self.now.as_ref().filter(|_| is_fresh);
        now.map(|now| now.keys.clone())
    }
}

fn drawn(suite: Suite, draw: &mut dyn FnMut() -> u64) -> MasterKey {
    MasterKey::drawn(suite.key_bytes() + suite.salt_bytes(), draw)
}

#[cfg(test)]
#[path = "tests/crypto.rs"]
mod tests;
