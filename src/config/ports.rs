//! A range of UDP ports for RTP (RFC 3550 §11: an even port for RTP, the next one for RTCP).

use super::ConfigError;
use std::fmt;

/// Ports from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// Ports below belong to the system's services.
const UNPRIVILEGED: u16 = 1_024;

impl PortRange {
    /// The range written as "first-last".
    pub fn parse(typed: &str) -> Result<PortRange, ConfigError> {
        let error = |remedy| ConfigError::new("rtp.ports", typed, remedy);
        let shape = "write the first and the last port, for example \"20000-39999\"";
        let (first, last) = typed.split_once('-').ok_or_else(|| error(shape))?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| error(shape));
        let (first, last) = (port(first)?, port(last)?);
        if first >= last {
            return Err(error(
                "the first port must be below the last, for example \"20000-39999\"",
            ));
        }
        if first < UNPRIVILEGED {
            return Err(error(
                "ports below 1024 belong to the system: start higher, for example \"20000-39999\"",
            ));
        }
        Ok(PortRange { first, last })
    }

    /// The first port.
    pub const fn first(self) -> u16 {
        self.first
    }

    /// The last port.
    pub const fn last(self) -> u16 {
        self.last
    }

    /// Whether `port` lies in the range.
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }

    /// How many calls have room: whole pairs of an even port and the next.
    pub const fn pairs(self) -> u32 {
        let first_even = self.first as u32 + self.first as u32 % 2;
        (self.last as u32 + 1).saturating_sub(first_even) / 2
    }

    /// The even port of the `index`-th pair.
    pub fn pair(self, index: u32) -> Option<u16> {
        let first_even = u32::from(self.first) + u32::from(self.first) % 2;
        let port = (index < self.pairs()).then(|| first_even + index * 2)?;
        u16::try_from(port).ok()
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}
