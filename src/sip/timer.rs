//! Owns every deadline of the SIP layer and their order. Two that are due at the same instant always go off in the same
//! order (owner, then timer), so that a run can be repeated. Must never read a clock.

use super::peer::Transport;
use super::trunk::TrunkId;
use crate::ids::LegId;
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// RFC 3261 §17.1.1.1: the estimated round trip.
pub const T1: Duration = Duration::from_millis(500);
/// RFC 3261 §17.1.2.2: the longest pause between retransmissions.
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261 §17.1.2.2: how long a message may stay in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64·T1: how long an answer, or an ACK, is waited for.
pub const PATIENCE: Duration = Duration::from_millis(64 * T1.as_millis() as u64);

/// The pause after one of `pause`: twice as long, at most T2.
pub fn back_off(pause: Duration) -> Duration {
    (pause * 2).min(T2)
}

/// What a deadline is for: the letters of RFC 3261 §16 and §17 and of RFC 6026, and the two of RFC 3261 §13.3.1.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Retransmit an INVITE of ours.
    A,
    /// Give an INVITE of ours up to which nothing came.
    B,
    /// Give an INVITE of ours up to which nothing final came.
    C,
    /// Stop acknowledging the refusal of an INVITE of ours.
    D,
    /// Retransmit a request of ours.
    E,
    /// Give a request of ours up.
    F,
    /// Retransmit a refusal of an INVITE.
    G,
    /// Stop waiting for the ACK of a refusal.
    H,
    /// Forget a refused INVITE whose ACK came.
    I,
    /// Forget an answered request other than INVITE.
    J,
    /// Forget a request of ours, which was answered.
    K,
    /// Forget an accepted INVITE.
    L,
    /// Stop acknowledging the 200 to an INVITE of ours.
    M,
    /// Retransmit our 200 to an INVITE.
    Answer,
    /// Stop waiting for the ACK of our 200.
    Ack,
    /// Look whether a connection is still needed.
    Idle,
    /// Stop waiting for the rest of a message.
    Half,
    /// Register, again or at last.
    Register,
    /// A registration, or a session, is over.
    Expiry,
    /// Refresh a session.
    Refresh,
    /// Ask a registrar for a sign of life.
    Ping,
    /// Ask a better host than the present one whether it is there.
    Knock,
    /// Ask name servers again, whose answer is old.
    Names,
    /// Stop waiting for a registrar while another one has not been asked, or for a peer that may be gone.
    Patience,
}

/// How long a final answer to an INVITE of ours may take once somebody is at work on it (RFC 3261 §16.6: more than 3 min).
pub const WORK: Duration = Duration::from_secs(181);
/// How long a connection stays open when nothing comes.
pub const IDLE: Duration = Duration::from_secs(180);
/// How long the rest of a message may take.
pub const HALF: Duration = Duration::from_secs(30);

impl Timer {
    /// How long after its start the timer goes off for the first time; `None` where it is not started, because the
    /// transport repeats by itself. The 200 is repeated over every transport: the next hop may be another (§13.3.1.4).
    pub const fn first(self, transport: Transport) -> Option<Duration> {
        match (self, transport) {
            (Timer::A | Timer::E | Timer::G, Transport::Tcp | Transport::Tls) => None,
            (Timer::D | Timer::I | Timer::J | Timer::K, Transport::Tcp | Transport::Tls) => {
                Some(Duration::ZERO)
            }
            (Timer::A | Timer::E | Timer::G | Timer::Answer, _) => Some(T1),
            (Timer::B | Timer::D | Timer::M, _) => Some(PATIENCE),
            (Timer::C, _) => Some(WORK),
            (Timer::I | Timer::K, Transport::Udp) => Some(T4),
            (Timer::F | Timer::H | Timer::J | Timer::L | Timer::Ack, _) => Some(PATIENCE),
            (Timer::Idle, _) => Some(IDLE),
            (Timer::Half, _) => Some(HALF),
            // These are set to what was agreed, or drawn.
            (Timer::Register | Timer::Expiry | Timer::Refresh | Timer::Patience, _) => None,
            (Timer::Ping | Timer::Knock | Timer::Names, _) => None,
        }
    }
}

/// A transaction's name; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TxId(pub u64);

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    Server(TxId),
    Client(TxId),
    Leg(LegId),
    /// A standing call, whatever it is just waiting for.
    Session(LegId),
    /// By the address of its other end.
    Connection(SocketAddr),
    Trunk(TrunkId),
}

/// All deadlines; an owner has each timer at most once.
#[derive(Debug, Default)]
pub struct Timers {
    due: BTreeSet<(Time, Owner, Timer)>,
    at: BTreeMap<(Owner, Timer), Time>,
}

impl Timers {
    /// Starts (or moves) a timer.
    pub fn set(&mut self, owner: Owner, timer: Timer, at: Time) {
        self.stop(owner, timer);
        self.at.insert((owner, timer), at);
        self.due.insert((at, owner, timer));
    }

    /// Starts a timer with its first value; not at all where `transport` makes it needless.
    pub fn start(&mut self, owner: Owner, timer: Timer, transport: Transport, now: Time) {
        if let Some(first) = timer.first(transport) {
            self.set(owner, timer, now + first);
        }
    }

    /// Stops a timer, if it runs.
    pub fn stop(&mut self, owner: Owner, timer: Timer) {
        if let Some(at) = self.at.remove(&(owner, timer)) {
            self.due.remove(&(at, owner, timer));
        }
    }

    /// Stops everything that `owner` waits for.
    pub fn stop_all(&mut self, owner: Owner) {
        let running: Vec<Timer> = self
            .at
            .range((owner, Timer::A)..=(owner, Timer::Patience))
            .map(|((_, timer), _)| *timer)
            .collect();
        for timer in running {
            self.stop(owner, timer);
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<(Time, Timer)> {
        self.due.first().map(|(at, _, timer)| (*at, *timer))
    }

    /// Takes the earliest deadline that is due.
    pub fn pop(&mut self, now: Time) -> Option<(Owner, Timer)> {
        let (at, owner, timer) = *self.due.first()?;
        (at <= now).then(|| {
            self.stop(owner, timer);
            (owner, timer)
        })
    }

    /// How many timers run.
    pub fn len(&self) -> usize {
        self.at.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3261 §17, table 4, with L of RFC 6026 and the two of §13.3.1.4.
    #[test]
    fn every_timer_has_its_first_value_over_udp_and_tcp() {
        let (zero, never) = (Some(Duration::ZERO), None);
        for (timer, udp, tcp) in [
            (Timer::A, Some(T1), never),
            (Timer::B, Some(PATIENCE), Some(PATIENCE)),
            (Timer::C, Some(WORK), Some(WORK)),
            (Timer::D, Some(PATIENCE), zero),
            (Timer::E, Some(T1), never),
            (Timer::F, Some(PATIENCE), Some(PATIENCE)),
            (Timer::G, Some(T1), never),
            (Timer::H, Some(PATIENCE), Some(PATIENCE)),
            (Timer::I, Some(T4), zero),
            (Timer::J, Some(PATIENCE), zero),
            (Timer::K, Some(T4), zero),
            (Timer::L, Some(PATIENCE), Some(PATIENCE)),
            (Timer::M, Some(PATIENCE), Some(PATIENCE)),
            (Timer::Answer, Some(T1), Some(T1)),
            (Timer::Ack, Some(PATIENCE), Some(PATIENCE)),
        ] {
            assert_eq!(
                (timer.first(Transport::Udp), timer.first(Transport::Tcp)),
                (udp, tcp),
                "{timer:?}"
            );
        }
        assert_eq!(PATIENCE, Duration::from_secs(32));
        let pauses: Vec<_> = std::iter::successors(Some(T1), |pause| Some(back_off(*pause)))
            .take(5)
            .collect();
        assert_eq!(
            pauses,
            [500, 1_000, 2_000, 4_000, 4_000].map(Duration::from_millis)
        );
    }

    #[test]
    fn deadlines_of_one_instant_always_go_off_in_the_same_order() {
        let (one, two) = (Owner::Server(TxId(1)), Owner::Server(TxId(2)));
        let leg = Owner::Leg(LegId(0));
        let at = Time::from_millis(500);
        let starts = [
            (leg, Timer::Ack),
            (two, Timer::G),
            (one, Timer::H),
            (one, Timer::G),
        ];
        let order = |starts: &mut dyn Iterator<Item = &(Owner, Timer)>| {
            let mut timers = Timers::default();
            for (owner, timer) in starts {
                timers.set(*owner, *timer, at);
            }
            std::iter::from_fn(|| timers.pop(at)).collect::<Vec<_>>()
        };
        assert_eq!(order(&mut starts.iter()), order(&mut starts.iter().rev()));
    }

    #[test]
    fn a_timer_set_again_goes_off_once_and_a_stopped_one_never() {
        let (owner, other) = (Owner::Leg(LegId(7)), Owner::Leg(LegId(8)));
        let mut timers = Timers::default();
        timers.set(owner, Timer::Answer, Time::from_millis(1));
        timers.set(owner, Timer::Answer, Time::from_millis(3));
        timers.set(owner, Timer::Ack, Time::from_millis(2));
        timers.set(other, Timer::Ack, Time::from_millis(2));
        assert_eq!(timers.next(), Some((Time::from_millis(2), Timer::Ack)));
        assert_eq!(timers.pop(Time::from_millis(1)), None);
        timers.stop_all(owner);
        assert_eq!(timers.pop(Time::from_millis(9)), Some((other, Timer::Ack)));
        assert_eq!(timers.pop(Time::from_millis(9)), None);
        assert_eq!(timers.len(), 0);
    }
}
