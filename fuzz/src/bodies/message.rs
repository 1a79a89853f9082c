//! SIP messages, one by one as datagrams or as a stream in pieces, through the parser and a whole user agent.
//!
//! An input is readable. Its first four bytes steer: `U` datagrams or `T` a stream; what the application does with a call
//! (`0` accept, `1` busy, `2` full, `3` wait); how a stream is cut (`0` not at all); a line end. Then come messages, and
//! between them lines `%%` with a letter: `m` another message, `u` one by datagram and `t` one by stream from now on, `o` one by
//! another served host, `z` one by a stranger; `a` accept, `r` refuse, `h` hang up, `x` the connection breaks; `w` half a second,
//! `W` 33 seconds, `L` 200. In a message, `$TAG$` and `$BRANCH$` stand for our last To tag and the branch of our last BYE.

use super::world::{Policy, World, other};
use rundruf::sip::{Refusal, Transport};
use std::time::Duration;

/// Messages and other moves of one input at most.
const MOVES_MAX: usize = 24;
const MARK: &[u8] = b"%%";

/// Runs one input.
pub fn run(data: &[u8]) {
    let Some((steering, mut rest)) = data.split_first_chunk::<4>() else {
        return;
    };
    let transport = if steering[0] & 1 == 1 {
        Transport::Udp
    } else {
        Transport::Tcp
    };
    let policy = match steering[1] & 3 {
        0 => Policy::Accept,
        1 => Policy::Refuse(Refusal::Busy),
        2 => Policy::Refuse(Refusal::Full),
        _ => Policy::Later,
    };
    let piece = match steering[2].wrapping_sub(b'0') {
        0 => usize::MAX,
        cut => 1 + usize::from(cut) * 7,
    };
    let mut world = World::new(transport, policy);
    for moves in 0..MOVES_MAX {
        let end = rest.windows(MARK.len()).position(|window| window == MARK);
        let part = &rest[..end.unwrap_or(rest.len())];
        perform(&mut world, part, piece, moves == 0);
        let Some(end) = end else {
            break;
        };
        rest = &rest[end + MARK.len()..];
    }
    world.ends();
}

/// What stands between two marks: a letter and a line end (but for the first), then perhaps a message.
fn perform(world: &mut World, part: &[u8], piece: usize, first: bool) {
    let message = match part {
        _ if first => part,
        [_, b'\n', message @ ..] => message,
        _ => &[],
    };
    if !first {
        match part.first() {
            Some(b'a') => world.answers(None),
            Some(b'r') => world.answers(Some(Refusal::Unavailable)),
            Some(b'h') => world.hangs_up(),
            Some(b'w') => world.passes(Duration::from_millis(500)),
            Some(b'W') => world.passes(Duration::from_secs(33)),
            Some(b'L') => world.passes(Duration::from_secs(200)),
            Some(b'x') => world.breaks(),
            Some(b'u') => world.goes_on_by(Transport::Udp),
            Some(b't') => world.goes_on_by(Transport::Tcp),
            _ => {}
        }
    }
    if !message.is_empty() {
        let message = replaced(message, b"$TAG$", &world.tag);
        let message = replaced(&message, b"$BRANCH$", &world.branch);
        match part.first().filter(|_| !first) {
            Some(b'o') => world.hears_datagram(other(), &message),
            Some(b'z') => world.hears_stranger(&message),
            _ => world.hears(&message, piece),
        }
    }
}

fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text;
    // Its first byte is looked for first: a whole comparison is told to the fuzzer, and costs as much as the rest of a run.
    let is_here = |window: &[u8]| window[0] == what[0] && window == what;
    while let Some(at) = rest.windows(what.len()).position(is_here) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(with);
        rest = &rest[at + what.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}
