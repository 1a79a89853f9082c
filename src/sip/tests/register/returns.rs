//! A registrar that is started again: it breaks everything off, is away for a while, and is back. Whenever that is, whoever was
//! registered there is so again within five seconds.

use super::*;
use crate::sip::{Admission, TlsFault};

/// Longer than this and RFC 5626's pauses are the shorter ones.
const AWAY_MAX_MS: u64 = 25_000;
const RETURN_MAX: Duration = Duration::from_secs(5);

/// How it breaks off while it is not there.
#[derive(Clone, Copy, Debug)]
enum Away {
    Refuses,
    /// It lets the connection stand, and closes it.
    Closes,
    /// It breaks the TLS handshake off.
    BreaksOff,
}

impl World {
    /// Whatever was sent, as one that is away receives it.
    fn meets_nobody(&mut self, by: Transport, how: Away) {
        while let Some((_, peer, _)) = self.sent.pop_front() {
            assert_eq!(peer.transport, by);
            match how {
                Away::Refuses => self.ua.handle_closed(self.now, peer.addr),
                Away::Closes => {
                    let admission = self.ua.handle_connected(self.now, peer, local());
                    assert_eq!(admission, Admission::Welcome);
                    self.ua.handle_closed(self.now, peer.addr);
                }
                Away::BreaksOff => self.ua.handle_unproven(self.now, peer.addr, TlsFault::Refused),
            }
            self.drain();
        }
    }

    /// Whatever was sent, as one that is there receives it; whether it was a REGISTER.
    fn meets_the_registrar(&mut self) -> bool {
        let mut registered = false;
        while let Some((_, peer, text)) = self.sent.pop_front() {
            // Where a connection stands already, this is none.
            let _ = self.ua.handle_connected(self.now, peer, local());
            let said = match text.starts_with("REGISTER") {
                true => kept(&text, 600),
                false => answer(&text, "200 OK", ""),
            };
            registered |= text.starts_with("REGISTER");
            self.ua.handle_stream(self.now, peer.addr, said.as_bytes());
            self.drain();
        }
        registered
    }

    /// Up to the next message of ours, but not beyond `until`.
    fn passes_until(&mut self, until: crate::units::Time) {
        while self.sent.is_empty() && self.now < until {
            let next = self.ua.poll_timeout().map_or(until, |(at, _)| at);
            self.now = next.min(until);
            self.ua.handle_timeout(self.now);
            self.drain();
            if !self.resolving.is_empty() {
                self.finds(&[(first(), 0)]);
            }
        }
    }
}

/// How long after its return a registrar that was away for so long has us again.
fn registered_again(by: Transport, how: Away, away: Duration) -> Duration {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(by);
    config.keep_alive = Some(5 * SECOND);
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    assert!(world.meets_the_registrar());
    world.passes(7 * SECOND);
    assert!(!world.meets_the_registrar(), "there is nothing to refresh yet");
    // It is ended.
    world.ua.handle_closed(world.now, first());
    world.drain();
    let returns = world.now + away;
    while world.now < returns {
        world.meets_nobody(by, how);
        world.passes_until(returns);
    }
    loop {
        if world.meets_the_registrar() {
            return world.now.since(returns);
        }
        world.passes_until(returns + 60 * SECOND);
        assert!(!world.sent.is_empty(), "nothing was sent for a minute");
    }
}

#[test]
fn whenever_a_registrar_is_back_it_is_registered_at_within_five_seconds() {
    let ways = [
        (Transport::Tcp, Away::Refuses),
        (Transport::Tls, Away::Refuses),
        (Transport::Tls, Away::BreaksOff),
    ];
    for (by, how) in ways {
        for away_ms in (50..AWAY_MAX_MS).step_by(50) {
            let pause = registered_again(by, how, Duration::from_millis(away_ms));
            assert!(pause <= RETURN_MAX, "{by:?} {how:?} {away_ms} ms: {pause:?}");
        }
    }
    // It may seem to be there while it ends.
    for away_ms in (50..3_000).step_by(50) {
        let pause = registered_again(Transport::Tcp, Away::Closes, Duration::from_millis(away_ms));
        assert!(pause <= RETURN_MAX, "{away_ms} ms: {pause:?}");
    }
}
