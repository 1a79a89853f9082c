//! The pure modules that read what the network brings, and what the fuzz targets promise about them.
//!
//! The modules are built here a second time, from their own files, instead of by way of the program: so neither its store nor
//! its web page nor its terminal has to be built for a fuzz target. That it works at all shows that they are pure.

extern crate self as rundruf;

#[path = "../../src/ids.rs"]
pub mod ids;
#[path = "../../src/media/mod.rs"]
pub mod media;
#[path = "../../src/media_api.rs"]
pub mod media_api;
#[path = "../../src/secret.rs"]
pub mod secret;
#[path = "../../src/sip/mod.rs"]
pub mod sip;
#[path = "../../src/units.rs"]
pub mod units;

pub mod bodies;
