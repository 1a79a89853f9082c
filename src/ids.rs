//! Owns the names by which the modules speak of the same thing. Depends on nothing.

use std::fmt;

/// One caller's line, from its INVITE to the end of its BYE: the SIP call, its reception and its media share this name.
/// Never reused while the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

impl LegId {
    /// Its turn at what legs do now and then, so that not all do it in the same tick. A call takes two names, so every second one is a leg's.
    pub fn turn(self) -> u64 {
        self.0 / 2
    }
}

/// A caller's identity as a keyed hash; means nothing outside this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerTag(pub u64);

/// How a caller came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// With the members' PIN.
    Member,
    /// With the leader PIN.
    Leader,
}

/// One recorded sentence, word or number: an index into the clips that the shell loaded at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClipId(pub u16);

/// A language in which members are spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// German.
    #[default]
    De,
    /// English.
    En,
}

impl Language {
    /// Every language, in the order in which it is listed.
    pub const ALL: [Language; 2] = [Language::De, Language::En];

    /// The ISO 639-1 code, by which it is stored, configured and filed.
    pub const fn code(self) -> &'static str {
        match self {
            Language::De => "de",
            Language::En => "en",
        }
    }

    /// The language of an ISO 639-1 code.
    pub fn from_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }
}

/// A room's public number: seven digits without a leading zero, the last a check digit (Damm's algorithm:
/// every single wrong digit and every swap of neighbours is noticed).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomNumber(u32);

/// Digits of a room number, check digit included.
pub const ROOM_DIGITS: usize = 7;

/// H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004), the table of order 10.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(digits: impl Iterator<Item = u8>) -> u8 {
    digits.fold(0, |interim, digit| DAMM[usize::from(interim)][usize::from(digit)])
}

impl RoomNumber {
    /// How many room numbers there are: six free digits, the first not zero.
    pub const COUNT: u32 = 900_000;

    /// The `index`-th room number; `None` from [`RoomNumber::COUNT`] on.
    pub fn nth(index: u32) -> Option<RoomNumber> {
        if index >= RoomNumber::COUNT {
            return None;
        }
        let stem = 100_000 + index;
        let digit = |place: u32| (stem / 10u32.pow(place) % 10) as u8;
        let check = damm((0..6).rev().map(digit));
        Some(RoomNumber(stem * 10 + u32::from(check)))
    }

    /// The number keyed as `digits`; `None` unless it has seven of them, no leading zero and the right check digit.
    pub fn parse(digits: &str) -> Option<RoomNumber> {
        let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
        if digits.len() != ROOM_DIGITS || !all_digits || digits.starts_with('0') {
            return None;
        }
        (damm(digits.bytes().map(|b| b - b'0')) == 0).then(|| digits.parse().ok().map(RoomNumber))?
    }

    /// The number as stored.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for RoomNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for RoomNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keyed digits: `Display` shows them to organiser and operator, a debug line to nobody.
        f.write_str("RoomNumber(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_single_wrong_digit_and_every_swap_of_neighbours_is_noticed() {
        for index in (0..RoomNumber::COUNT).step_by(7_919) {
            let good = RoomNumber::nth(index).expect("in range").to_string();
            assert!(RoomNumber::parse(&good).is_some());
            for at in 0..ROOM_DIGITS {
                for digit in b'0'..=b'9' {
                    let mut bad = good.clone().into_bytes();
                    bad[at] = digit;
                    let bad = String::from_utf8(bad).expect("ascii");
                    assert_eq!(RoomNumber::parse(&bad).is_some(), bad == good);
                }
                let mut swapped = good.clone().into_bytes();
                swapped.swap(at, (at + 1).min(ROOM_DIGITS - 1));
                let swapped = String::from_utf8(swapped).expect("ascii");
                assert_eq!(RoomNumber::parse(&swapped).is_some(), swapped == good);
            }
        }
    }

    #[test]
    fn numbers_with_the_wrong_shape_are_refused() {
        for bad in [
            "",
            "123456",
            "12345678",
            "0123456",
            "12345a7",
            "+123456",
            "１２３４５６７",
        ] {
            assert_eq!(RoomNumber::parse(bad), None, "{bad}");
        }
        assert_eq!(RoomNumber::nth(RoomNumber::COUNT), None);
    }
}
