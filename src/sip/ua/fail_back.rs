//! Owns the way back: who is registered at another host than the domain prefers (RFC 3263 §4.3, RFC 2782) asks the better
//! ones now and then whether they are there, and goes back to one that is. Must never end the present registration for it.

use super::UserAgent;
use super::register::way;
use crate::sip::message::Response;
use crate::sip::peer::Peer;
use crate::sip::timer::{Owner, Timer};
use crate::sip::trunk::table::{self, State};
use crate::sip::trunk::{TrunkId, pace};
use crate::units::Time;

/// What a host answers that is there and does not serve.
const OUT_OF_SERVICE: std::ops::Range<u16> = 500..600;

impl UserAgent {
    /// A registration stands: better hosts than its own, if there are any, are asked from now on.
    pub(super) fn start_knocks(&mut self, now: Time, id: TrunkId) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        trunk.pings.knocks.clear();
        if trunk.better().next().is_none() {
            trunk.away = None;
        } else if trunk.away.is_none() {
            trunk.away = Some(now);
            trunk.is_in_no_haste();
        }
        self.wait_for_knock(now, id);
    }

    fn wait_for_knock(&mut self, now: Time, id: TrunkId) {
        let (owner, away) = (
            Owner::Trunk(id),
            self.trunks.get(&id).and_then(|trunk| trunk.away),
        );
        match away {
            Some(since) => {
                let pause = pace::knock(now.since(since));
                self.timers.set(owner, Timer::Knock, now + pause);
            }
            None => self.timers.stop(owner, Timer::Knock),
        }
    }

    /// Asks every better host that has not said itself how long it is away.
    pub(super) fn knock_due(&mut self, now: Time, id: TrunkId) {
        self.wait_for_knock(now, id);
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        trunk.pings.knocks.clear();
        if trunk.state != State::Resting {
            return;
        }
        let is_asked = |peer: &Peer| !trunk.avoided.has_refused(now, *peer);
        let better: Vec<Peer> = trunk.better().filter(is_asked).collect();
        for to in better {
            self.knock(id, to);
        }
    }

    fn knock(&mut self, id: TrunkId, to: Peer) {
        let branch = self.new_branch();
        let Some(from) = self.listens.towards(to) else {
            return;
        };
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        let bytes = trunk.options(from, to, &branch);
        trunk.pings.knocks.push((branch, to));
        self.send(way(from, to), bytes);
    }

    /// Whether a response comes from a better host that was asked; if that serves, a registration there is tried soon.
    pub(super) fn knock_answered(&mut self, now: Time, response: &Response) -> bool {
        let asked = self.trunks.iter().find_map(|(id, trunk)| {
            let mut knocks = trunk.pings.knocks.iter();
            let knock = knocks.find(|(branch, _)| *branch == response.branch);
            knock.map(|(_, peer)| (*id, *peer))
        });
        let Some((id, peer)) = asked else {
            return false;
        };
        if response.code >= 200
            && !OUT_OF_SERVICE.contains(&response.code)
            && let Some(trunk) = self.trunks.get_mut(&id)
        {
            trunk.avoided.answered(peer);
            if trunk.state == State::Resting {
                self.drive_trunk(now, id, table::Event::Answers);
            }
        }
        true
    }
}
