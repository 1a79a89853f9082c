//! The pure modules, and what the fuzz targets promise about them.
//!
//! The modules are built here a second time, from their own files, instead of by way of the program: so neither its store nor
//! its web page nor its terminal has to be built for a fuzz target. That it works at all shows that they are pure.

extern crate self as rundruf;

#[path = "../../src"]
mod program {
    pub mod bridge;
    pub mod codec;
    pub mod ids;
    pub mod ivr;
    pub mod media;
    pub mod media_api;
    pub mod number;
    pub mod room;
    pub mod secret;
    pub mod sim;
    pub mod sip;
    pub mod speech;
    pub mod units;
}
pub use program::*;

pub mod bodies;
