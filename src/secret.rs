//! Owns what must never be printed: PINs, keyed digits, callers' numbers, a trunk's password, the keys of voices. `Debug` and
//! `Display` show stars; the plain text is reached only by [`Pin::reveal`], [`Digits::reveal`], [`Caller::reveal`],
//! [`Password::reveal`] and [`MasterKey::reveal`], which a test counts.

use std::fmt;
use zeroize::Zeroize;

/// Fewest digits of a PIN.
pub const PIN_DIGITS_MIN: usize = 4;
/// Digits of a PIN unless the organiser chooses another length.
pub const PIN_DIGITS: usize = 6;
/// Most digits of a PIN.
pub const PIN_DIGITS_MAX: usize = 10;

const STARS: &str = "***";

macro_rules! starred {
    ($($secret:ident),*) => {$(
        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(STARS)
            }
        }
        impl fmt::Display for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(STARS)
            }
        }
    )*};
}
starred!(Pin, Digits, Caller, Key, Password, MasterKey);

/// A room's PIN: 4 to 10 digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// The PIN written as `digits`; `None` unless it is 4 to 10 ASCII digits.
    pub fn parse(digits: &str) -> Option<Pin> {
        let length_fits = (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&digits.len());
        (length_fits && digits.bytes().all(|b| b.is_ascii_digit())).then(|| Pin(digits.to_owned()))
    }

    /// A PIN of [`PIN_DIGITS`] digits from a uniformly distributed number below 10⁶.
    pub fn from_number(number: u32) -> Pin {
        Pin(format!("{:06}", number % 1_000_000))
    }

    /// Whether `digits` are this PIN. Every digit is looked at, whatever the first ones were.
    pub fn matches(&self, digits: &Digits) -> bool {
        let (own, theirs) = (self.0.as_bytes(), digits.0.as_bytes());
        own.len() == theirs.len() && own.iter().zip(theirs).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }

    /// The digits in clear: only for the store's seal and for the organiser who booked.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// One key of a telephone's keypad (RFC 4733 §3.2, events 0–15). A key press is a digit of a PIN: it prints as stars.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(u8);

impl Key {
    /// The star key.
    pub const STAR: Key = Key(b'*');
    /// The pound, hash or "Raute" key.
    pub const HASH: Key = Key(b'#');

    /// The key of an RFC 4733 event; `None` above 15.
    pub fn from_event(event: u8) -> Option<Key> {
        b"0123456789*#ABCD".get(usize::from(event)).copied().map(Key)
    }

    /// The key written as `face`.
    pub fn from_char(face: char) -> Option<Key> {
        u8::try_from(face)
            .ok()
            .filter(|b| b"0123456789*#ABCD".contains(b))
            .map(Key)
    }

    /// The key's RFC 4733 event.
    pub fn event(self) -> u8 {
        match self.0 {
            b'*' => 10,
            b'#' => 11,
            letter @ b'A'..=b'D' => letter - b'A' + 12,
            digit => digit - b'0',
        }
    }

    /// The key's digit, if it is one.
    pub fn digit(self) -> Option<u8> {
        self.0.is_ascii_digit().then(|| self.0 - b'0')
    }
}

/// Most digits kept of one entry; what is keyed beyond it makes the entry wrong without being kept.
pub const DIGITS_MAX: usize = 16;

/// Digits as a caller keyed them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Digits(String);

impl Digits {
    /// Adds a digit; `false` if the entry is full.
    pub fn push(&mut self, digit: u8) -> bool {
        let fits = self.0.len() < DIGITS_MAX;
        if fits {
            self.0.push(char::from(b'0' + digit % 10));
        }
        fits
    }

    /// Number of digits.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was keyed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all digits.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The digits in clear: only to be read as a room number.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Who calls, as the network says it (From or P-Asserted-Identity). Never leaves the SIP layer.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(String);

impl Caller {
    /// Whether nothing is said of the caller.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The caller known by `identity`.
    pub fn new(identity: impl Into<String>) -> Caller {
        Caller(identity.into())
    }

    /// The identity in clear: only to write a SIP header of the same dialog.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// With what the bridge logs in at a trunk.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password written as `text`.
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    /// The password in clear: only to be hashed into the answer to a challenge.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Most bytes of a master key with its salt: a key of AES-256 and a salt of 112 bits.
pub const MASTER_BYTES_MAX: usize = 46;

/// A master key of SRTP and, behind it, its salt (RFC 4568 §6.1). Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    bytes: [u8; MASTER_BYTES_MAX],
    len: usize,
}

impl MasterKey {
    /// The key and salt `bytes`; `None` if there are more than [`MASTER_BYTES_MAX`].
    pub fn new(bytes: &[u8]) -> Option<MasterKey> {
        let mut key = MasterKey {
            bytes: [0; MASTER_BYTES_MAX],
            len: bytes.len(),
        };
        key.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(key)
    }

    /// A key and salt of `len` bytes (at most [`MASTER_BYTES_MAX`]) out of random bits.
    pub fn drawn(len: usize, draw: &mut dyn FnMut() -> u64) -> MasterKey {
        let mut key = MasterKey {
            bytes: [0; MASTER_BYTES_MAX],
            len: len.min(MASTER_BYTES_MAX),
        };
        for part in key.bytes[..key.len].chunks_mut(8) {
            part.copy_from_slice(&draw().to_be_bytes()[..part.len()]);
        }
        key
    }

    /// Key and salt in clear: only to be told to the other side of a call, and to make session keys of.
    pub fn reveal(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_as_stars() {
        let pin = Pin::parse("493817").expect("six digits");
        let mut digits = Digits::default();
        digits.push(4);
        let caller = Caller::new("+4930123456");
        let password = Password::new("Geheim1");
        let master = MasterKey::new(b"thirty bytes of a key and salt").expect("it fits");
        for shown in [
            format!("{master} {master:?}"),
            format!("{password} {password:?}"),
            format!("{pin} {pin:?}"),
            format!("{digits} {digits:?}"),
            format!("{caller} {caller:?}"),
        ] {
            assert_eq!(shown, "*** ***");
        }
        assert_eq!(format!("{:?}", Key::from_char('4')), "Some(***)");
    }

    #[test]
    fn a_pin_matches_only_all_its_digits() {
        let pin = Pin::parse("012345").expect("six digits");
        let mut digits = Digits::default();
        for digit in 0..6 {
            assert!(!pin.matches(&digits));
            digits.push(digit);
        }
        assert!(pin.matches(&digits));
        digits.push(6);
        assert!(!pin.matches(&digits));
    }

    #[test]
    fn keys_and_events_are_the_same_thing() {
        for event in 0..16 {
            assert_eq!(Key::from_event(event).map(Key::event), Some(event));
        }
        assert_eq!(Key::from_event(16), None);
        assert_eq!(Key::from_char('#'), Some(Key::HASH));
        assert_eq!(Key::from_char('x'), None);
    }
}
