//! Owns how packets are marked for the routers on their way (DSCP, RFC 2474): what is typed, and the byte of the IP header that
//! it means. Must never set a socket.

use super::ConfigError;
use std::fmt;

/// Six bits of the IP header; 0: packets like all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dscp(u8);

/// The names that RFC 2474, RFC 3246 and RFC 5865 give.
const NAMED: [(&str, u8); 10] = [
    ("CS0", 0),
    ("CS1", 8),
    ("CS2", 16),
    ("CS3", 24),
    ("CS4", 32),
    ("CS5", 40),
    ("CS6", 48),
    ("CS7", 56),
    ("EF", 46),
    ("VA", 44),
];

impl Dscp {
    /// The value of the header's byte, whose lower two bits are others' (RFC 3168 §5).
    pub const fn byte(self) -> u8 {
        self.0 << 2
    }

    /// Whether anything is marked at all.
    pub const fn is_marked(self) -> bool {
        self.0 != 0
    }

    /// What stands at `key`: a name, or a number.
    pub(super) fn parse(key: &'static str, typed: &str) -> Result<Dscp, ConfigError> {
        let text = typed.trim().to_ascii_uppercase();
        let named = NAMED
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value);
        let number = || text.parse().ok().filter(|value: &u8| *value < 64);
        let found = named.or_else(|| assured(&text)).or_else(number);
        found.map(Dscp).ok_or_else(|| {
            let remedy = "write a name of DiffServ (\"EF\", \"CS3\", \"AF31\" …) or a number from 0 to 63; \"CS0\" marks nothing";
            ConfigError::new(key, typed, remedy)
        })
    }
}

/// RFC 2597: AF11 to AF43.
fn assured(text: &str) -> Option<u8> {
    let [class @ b'1'..=b'4', drop @ b'1'..=b'3'] = text.strip_prefix("AF")?.as_bytes() else {
        return None;
    };
    Some(8 * (class - b'0') + 2 * (drop - b'0'))
}

impl fmt::Display for Dscp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMED.iter().find(|(_, value)| *value == self.0);
        let (class, drop) = (self.0 / 8, self.0 % 8);
        match (named, class, drop) {
            (Some((name, _)), _, _) => f.write_str(name),
            (None, 1..=4, 2 | 4 | 6) => write!(f, "AF{class}{}", drop / 2),
            (None, _, _) => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_mean_the_byte_that_the_rfcs_give() {
        for (typed, byte, shown) in [
            ("EF", 0xb8, "EF"),
            ("cs3", 0x60, "CS3"),
            ("AF31", 0x68, "AF31"),
            ("af43", 0x98, "AF43"),
            ("46", 0xb8, "EF"),
            ("63", 0xfc, "63"),
            (" 0 ", 0, "CS0"),
        ] {
            let found = Dscp::parse("rtp.dscp", typed).expect(typed);
            assert_eq!(
                (found.byte(), found.to_string()),
                (byte, shown.to_owned()),
                "{typed}"
            );
        }
        for wrong in ["", "AF44", "AF5", "CS8", "64", "-1", "voice"] {
            let told = Dscp::parse("rtp.dscp", wrong).expect_err(wrong).to_string();
            assert!(told.contains("rtp.dscp") && told.contains("EF"), "{told}");
        }
    }
}
