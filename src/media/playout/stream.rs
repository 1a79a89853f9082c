//! Where a stream stands in its buffer, and how its clock counts. A position is a sample of the stream.

/// How many samples a step of the RTP clock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// One: G.711.
    One,
    /// Two: G.722.
    Two,
    /// A third: Opus at 16 kHz.
    Third,
}

/// The stream that is played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    /// The time stamp of some packet that came, and its position.
    pub(super) anchor: (u32, u32),
    pub(super) due: u32,
    /// What is behind this was played, or never will be.
    pub(super) played_to: u32,
    /// Packets came, none was played: the next tick begins with the newest.
    pub(super) fresh: bool,
    pub(super) late_in_a_row: u8,
    /// Samples whose ticks were left out, and whose packets may still come.
    pub(super) passed_over: u32,
    pub(super) noise: Option<Noise>,
}

/// Comfort noise (RFC 3389) from a position on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    pub(super) from: u32,
    pub(super) rms: f32,
}

impl Scale {
    /// Steps of the clock in samples; none if that is no whole number.
    fn samples(self, steps: i64) -> Option<i64> {
        match self {
            Scale::One => Some(steps),
            Scale::Two => Some(2 * steps),
            Scale::Third => (steps % 3 == 0).then_some(steps / 3),
        }
    }
}

impl Stream {
    /// The position of a time stamp.
    pub(super) fn position(&self, timestamp: u32, scale: Scale) -> Option<u32> {
        let (anchor, at) = self.anchor;
        let steps = distance(anchor, timestamp);
        scale
            .samples(steps)
            .map(|samples| at.wrapping_add(samples as u32))
    }
}

/// Samples from `from` to `to`, negative if that lies before.
pub(super) fn distance(from: u32, to: u32) -> i64 {
    i64::from(to.wrapping_sub(from) as i32)
}
