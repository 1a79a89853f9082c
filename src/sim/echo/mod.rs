//! Simulated telephones that return what they hear, and what a leg's canceller makes of it: the bench of echo cases. Pure: a case is a
//! function of its voices and its seed.
//!
//! Noise is left out of the figures of depth: echo, near voice and noise are known apart, the filter and the suppressor treat the sum
//! linearly from block to block, so the echo alone is sent through the gains that the sum had ([`Tracer`](crate::media::echo::Tracer)). A-law's rounding of
//! the sum counts as echo.

mod bound;
mod case;
mod clean;
mod line_wide;
mod moving;
mod path;
mod run;
mod uneven;
mod wide;

pub use bound::bound_wide;
pub use case::{Case, Change, Line, Schedule, Voices, levelled};
pub use clean::{Clean, Company, Sounds, judge, music};
pub use line_wide::{LineWide, OPUS, SentWide, widened};
pub use moving::Moving;
pub use path::Kind;
pub use run::{Figures, Heard, run};
pub use uneven::Jitter;
pub use wide::{FiguresWide, run_wide};

#[cfg(test)]
mod tests;
