//! The torture tests of RFC 4475 and RFC 5118: one test a message, named by its section and the RFC's own name for it. Each
//! message is written here after the RFC's description, keeping what is tortuous in it, and comes from a served address;
//! what is asserted is what we send. Where the RFC leaves a choice, the test says which one is ours and why.

mod application;
mod invalid;
mod ipv6;
mod valid;

use super::{OFFER, World, header, peer, status};
use crate::sip::{Counters, Event, Noted, Refused};

/// A message line by line, as it goes over the wire.
fn wire(lines: &[&str], body: &str) -> String {
    let head = lines.join("\r\n");
    format!("{head}\r\n\r\n{body}")
}

/// `Content-Length` and `Content-Type` of [`OFFER`].
fn sdp_fields() -> String {
    format!("Content-Type: application/sdp\r\nContent-Length: {}", OFFER.len())
}

/// A world that has heard one message. The peer's own words are echoed, and rsip cannot read all of them.
fn heard(message: impl AsRef<[u8]>) -> World {
    let mut world = World::new();
    world.checks_grammar = false;
    world.hears_from(peer(), message.as_ref());
    world
}

/// The one answer to a message, which left no call behind.
fn answer(message: impl AsRef<[u8]>) -> String {
    let mut world = heard(message);
    let answer = world.sent();
    world.is_quiet();
    answer
}

/// The message is answered by this status line alone, and counted as that.
fn refused(message: impl AsRef<[u8]>, line: &str, why: Refused) -> String {
    let mut world = heard(message);
    let answer = world.sent();
    assert_eq!(answer.lines().next(), Some(format!("SIP/2.0 {line}").as_str()));
    world.is_quiet();
    assert_eq!(world.ua.counters().refused(why), 1);
    answer
}

/// The message is nobody's: no word is said, nothing is kept.
fn dropped(message: impl AsRef<[u8]>) -> Counters {
    heard(message).ends()
}

/// The message becomes a call: who is called in it.
fn rings(message: impl AsRef<[u8]>) -> String {
    let mut world = heard(message);
    assert_eq!(status(&world.sent()), 100);
    let told = world.told();
    let Event::Invited { leg, called, .. } = told else {
        panic!("{told:?}");
    };
    world.accepts(leg);
    let ok = world.sent();
    assert_eq!(status(&ok), 200);
    assert!(ok.contains("m=audio 20000 RTP/AVP "), "{ok}");
    world.is_quiet();
    called
}

/// A response counts as one that belongs to nothing.
fn stray(message: impl AsRef<[u8]>) {
    assert_eq!(dropped(message).noted(Noted::StrayResponse), 1);
}

/// A response that cannot be read.
fn unreadable(message: impl AsRef<[u8]>) {
    assert_eq!(dropped(message).refused(Refused::Unreadable), 1);
}

/// The Vias of an answer, without what we add to the topmost.
fn vias(answer: &str) -> Vec<&str> {
    let value = |line: &'_ str| {
        line.strip_prefix("Via: ")
            .map(str::len)
            .map(|len| line.len() - len)
    };
    answer
        .lines()
        .filter_map(|line| value(line).map(|at| &line[at..]))
        .collect()
}
