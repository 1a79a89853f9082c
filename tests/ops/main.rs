//! The operator's stories, with the real program: running it, looking at it, changing it, ending it.

mod bench;
mod drain;
mod help;
mod running;
mod support;
