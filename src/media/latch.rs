//! Symmetric RTP (RFC 4961): from whom a leg takes media, and where it sends. Time is the tick number.
//!
//! | state \ event | from the negotiated address | from the settled peer | from another address | silence |
//! |---|---|---|---|---|
//! | Waiting | settle | – | drop; a known host after 1 s settles | – |
//! | Settled | drop | take | drop | after 2 s: Searching |
//! | Searching | settle | settle | drop; the same host after 1 s settles | – |
//!
//! Known are the host of the negotiated address and, behind address translation, the one from which signalling says that the peer
//! comes: nobody else can become the peer, even if nothing else comes. Another negotiated address begins Waiting anew; then the
//! host of the former peer is known too.
//!
//! Nothing is ever sent to an address that did not send valid media, but for the negotiated one.

use std::net::{IpAddr, SocketAddr};

/// Frames in which the negotiated address alone may begin: 1 s.
const NEGOTIATED_ALONE: u64 = 50;
/// Frames without a valid packet after which the peer may have moved: 2 s.
const GIVEN_UP: u64 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing valid has come yet.
    Waiting { since: u64 },
    /// One peer, and nobody else.
    Settled { peer: SocketAddr, heard: u64 },
    /// The peer fell silent; the same host may come back by another port.
    Searching { peer: SocketAddr, since: u64 },
}

/// What to do with a valid packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the peer's.
    Take,
    /// It is the peer's, and settles who the peer is.
    Settle(SocketAddr),
    /// It is somebody else's.
    Drop,
}

/// One leg's latch.
#[derive(Clone, Debug)]
pub struct Latch {
    negotiated: SocketAddr,
    /// Where the peer is, as signalling has it.
    also: Option<IpAddr>,
    /// The host that was the peer's before the negotiated address changed.
    former: Option<IpAddr>,
    state: State,
}

impl Latch {
    /// A latch for the address that offer and answer agreed on, and the host that signalling names, opened at tick `frame`.
    pub fn new(negotiated: SocketAddr, also: Option<IpAddr>, frame: u64) -> Latch {
        Latch {
            negotiated,
            also,
            former: None,
            state: State::Waiting { since: frame },
        }
    }

    /// Where to send.
    pub fn target(&self) -> SocketAddr {
        match self.state {
            State::Waiting { .. } => self.negotiated,
            State::Settled { peer, .. } | State::Searching { peer, .. } => peer,
        }
    }

    /// Whether the settled peer is not the negotiated one.
    pub fn moved(&self) -> bool {
        self.target() != self.negotiated
    }

    /// A valid packet came.
    pub fn handle_packet(&mut self, frame: u64, from: SocketAddr) -> Verdict {
        let welcome = match self.state {
            State::Settled { peer, .. } if from == peer => {
                self.state = State::Settled { peer, heard: frame };
                return Verdict::Take;
            }
            State::Settled { .. } => false,
            State::Waiting { since } => {
                let known = [Some(self.negotiated.ip()), self.also, self.former];
                let waited = frame >= since + NEGOTIATED_ALONE;
                from == self.negotiated || (waited && known.contains(&Some(from.ip())))
            }
            State::Searching { peer, since } => {
                let same_host = from.ip() == peer.ip() || from.ip() == self.negotiated.ip();
                from == self.negotiated || from == peer || (same_host && frame >= since + NEGOTIATED_ALONE)
            }
        };
        if !welcome {
            return Verdict::Drop;
        }
        self.state = State::Settled {
            peer: from,
            heard: frame,
        };
        Verdict::Settle(from)
    }

    /// A tick passed; `true` if the leg must listen to everybody again.
    pub fn handle_tick(&mut self, frame: u64) -> bool {
        match self.state {
            State::Settled { peer, heard } if frame >= heard + GIVEN_UP => {
                self.state = State::Searching { peer, since: frame };
                true
            }
            State::Settled { .. } | State::Waiting { .. } | State::Searching { .. } => false,
        }
    }

    /// A re-INVITE named `negotiated`, and signalling this host; `true` if the leg must listen to everybody again.
    pub fn handle_update(&mut self, frame: u64, negotiated: SocketAddr, also: Option<IpAddr>) -> bool {
        self.also = also;
        if negotiated == self.negotiated {
            return false;
        }
        let former = match self.state {
            State::Waiting { .. } => self.former,
            State::Settled { peer, .. } | State::Searching { peer, .. } => Some(peer.ip()),
        };
        *self = Latch {
            former,
            ..Latch::new(negotiated, also, frame)
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, host], port))
    }

    #[test]
    fn the_table_row_by_row() {
        use State::{Searching, Settled, Waiting};
        use Verdict::{Drop, Settle, Take};
        let (own, moved, other, behind) = (at(1, 4000), at(1, 5000), at(9, 4000), at(8, 5000));
        let settled = Settled { peer: own, heard: 0 };
        let latched = Settled {
            peer: other,
            heard: 0,
        };
        let searching = Searching {
            peer: own,
            since: 100,
        };
        let rows = [
            (Waiting { since: 0 }, 0, own, Settle(own)),
            (Waiting { since: 0 }, 49, other, Drop),
            (Waiting { since: 0 }, 49, behind, Drop),
            (Waiting { since: 0 }, 50, behind, Settle(behind)),
            (Waiting { since: 0 }, 49, moved, Drop),
            (Waiting { since: 0 }, 50, moved, Settle(moved)),
            (Waiting { since: 0 }, 9_999, other, Drop),
            (settled, 99, own, Take),
            (settled, 99, moved, Drop),
            (settled, 99, other, Drop),
            (latched, 10, own, Drop),
            (latched, 10, other, Take),
            (searching, 101, own, Settle(own)),
            (searching, 149, moved, Drop),
            (searching, 150, moved, Settle(moved)),
            (searching, 9_999, other, Drop),
        ];
        for (state, frame, from, verdict) in rows {
            let mut latch = Latch {
                negotiated: own,
                also: Some(behind.ip()),
                former: None,
                state,
            };
            assert_eq!(
                latch.handle_packet(frame, from),
                verdict,
                "{state:?} {frame} {from}"
            );
            let expected = match verdict {
                Drop => state,
                Take | Settle(_) => Settled {
                    peer: from,
                    heard: frame,
                },
            };
            assert_eq!(latch.state, expected);
        }
    }

    #[test]
    fn two_seconds_of_silence_open_the_search_once() {
        let mut latch = Latch::new(at(1, 4000), None, 0);
        assert!(!latch.handle_tick(1_000), "nothing was settled yet");
        latch.handle_packet(1_000, at(1, 4000));
        assert!(!latch.handle_tick(1_099));
        assert!(latch.handle_tick(1_100));
        assert!(!latch.handle_tick(1_101));
        assert_eq!(latch.target(), at(1, 4000));
    }

    #[test]
    fn a_new_negotiated_address_begins_anew_and_the_same_one_changes_nothing() {
        let also = Some(at(2, 0).ip());
        let mut latch = Latch::new(at(1, 4000), also, 0);
        latch.handle_packet(60, at(2, 6000));
        assert!(latch.moved());
        assert!(!latch.handle_update(70, at(1, 4000), also));
        assert_eq!(latch.target(), at(2, 6000));
        assert!(latch.handle_update(70, at(1, 4002), also));
        assert_eq!(latch.target(), at(1, 4002));
        assert_eq!(latch.handle_packet(71, at(2, 6000)), Verdict::Drop);
    }

    #[test]
    fn a_held_or_moving_call_waits_for_its_own_hosts_alone() {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 4000));
        let mut latch = Latch::new(at(1, 4000), Some(at(2, 0).ip()), 0);
        latch.handle_packet(60, at(2, 6000));
        assert!(latch.handle_update(100, nowhere, None));
        assert_eq!(latch.handle_packet(119, at(2, 6000)), Verdict::Drop);
        assert!(latch.handle_update(120, at(1, 4002), None));
        assert_eq!(latch.handle_packet(169, at(2, 6000)), Verdict::Drop);
        assert_eq!(latch.handle_packet(9_000, at(9, 4002)), Verdict::Drop);
        for welcome in [at(1, 4002), at(1, 5000), at(2, 6002)] {
            let mut latch = latch.clone();
            assert_eq!(latch.handle_packet(170, welcome), Verdict::Settle(welcome));
        }
    }
}
