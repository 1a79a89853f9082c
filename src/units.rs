//! Owns the project's measures: time as the control core sees it, and the frame of the media core.
//! Must never read a clock: `io/` turns the world's clocks into [`Time`], tests invent it.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Samples a second of the telephone band (G.711).
pub const SAMPLE_RATE: u32 = 8_000;
/// Samples in one frame of 20 ms at [`SAMPLE_RATE`].
pub const FRAME: usize = 160;
/// Samples in one frame of 20 ms at 16 kHz (G.722 and Opus here).
pub const WIDE: usize = 2 * FRAME;
/// Length of one frame in milliseconds: the only ptime that is offered and answered.
pub const FRAME_MS: u64 = 20;
/// Slots of 1 ms into which rooms are spread; one frame goes once around all of them.
pub const SLOTS: usize = FRAME_MS as usize;

const _: () = assert!(SAMPLE_RATE as u64 * FRAME_MS / 1_000 == FRAME as u64);

/// A point in monotonic time: nanoseconds since an origin that only the shell knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The origin.
    pub const ZERO: Time = Time(0);

    /// The point `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// The point `millis` milliseconds after the origin.
    pub const fn from_millis(millis: u64) -> Time {
        Time(millis * 1_000_000)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the origin.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, later: Duration) -> Time {
        Time(
            self.0
                .saturating_add(u64::try_from(later.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl Sub<Time> for Time {
    type Output = Duration;
    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}
