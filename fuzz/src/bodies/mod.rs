//! What each target does with its bytes, and what it then insists on. The same code runs under libFuzzer
//! (`fuzz_targets/`) and as an ordinary test over the kept inputs (`tests/fuzz_corpus.rs`), so it knows neither.

pub mod event;
pub mod info;
pub mod message;
pub mod registrar;
pub mod rtcp;
pub mod rtp;
pub mod scenario;
pub mod sdp;

mod calls_for;
mod reader;
mod telephone;
mod world;
mod written;

/// A target: its name, which is also that of its folders, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: &[Target] = &[
    ("message", message::run),
    ("registrar", registrar::run),
    ("sdp", sdp::run),
    ("info", info::run),
    ("rtp", rtp::run),
    ("event", event::run),
    ("rtcp", rtcp::run),
    ("scenario", scenario::run),
];
