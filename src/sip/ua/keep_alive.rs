//! Owns the signs of life of the registrars: an OPTIONS now and then keeps the way open through firewalls and address
//! translation, and tells early that one has fallen silent, or is there again. Must never take the silence of one for
//! anything that has never answered.

use super::UserAgent;
use super::register::way;
use crate::sip::counters::Noted;
use crate::sip::message::Response;
use crate::sip::peer::Peer;
use crate::sip::timer::{Owner, Timer};
use crate::sip::trunk::table::{self, State};
use crate::sip::trunk::{Trouble, Trunk, TrunkId, pace};
use crate::units::Time;
use std::time::Duration;

/// So many unanswered in a row are silence.
const MISSED_MAX: u8 = 2;

impl Trunk {
    /// Whether it fell silent, so that any answer is a reason to try again.
    fn is_awaited(&self) -> bool {
        self.state == State::Resting && self.trouble.is_some_and(Trouble::is_silence)
    }
}

impl UserAgent {
    /// From now on, an OPTIONS goes out every now and then; every two seconds to who has fallen silent.
    pub(super) fn start_signs(&mut self, now: Time, id: TrunkId) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        (trunk.pings.branch, trunk.pings.missed) = (None, 0);
        self.wait_for_ping(now, id);
    }

    fn wait_for_ping(&mut self, now: Time, id: TrunkId) {
        let owner = Owner::Trunk(id);
        let Some(trunk) = self.trunks.get(&id) else {
            return;
        };
        let pause = match (trunk.is_awaited(), trunk.pings.missed) {
            (true, _) => Some(pace::SIGN_OF_LIFE),
            // Whether signs of life are answered there at all is good to know before they are needed.
            (false, _) if !trunk.pings.are_tried => trunk.config.keep_alive.map(|_| Duration::ZERO),
            (false, 0) => trunk.config.keep_alive,
            (false, _) => trunk.config.keep_alive.map(|_| pace::SIGN_OF_LIFE),
        };
        match pause {
            Some(pause) => self.timers.set(owner, Timer::Ping, now + pause),
            None => self.timers.stop(owner, Timer::Ping),
        }
    }

    pub(super) fn ping_due(&mut self, now: Time, id: TrunkId) {
        let Some(trunk) = self
            .trunks
            .get_mut(&id)
            .filter(|trunk| trunk.state == State::Resting)
        else {
            return;
        };
        if trunk.is_awaited() {
            let targets: Vec<Peer> = trunk.targets.iter().map(|target| target.peer).collect();
            self.ping(id, &targets);
            return self.wait_for_ping(now, id);
        }
        let Some(target) = trunk.binding.map(|binding| binding.target) else {
            return;
        };
        // A ping that waits for its answer is two seconds old, for then the timer is set so.
        if trunk.pings.branch.is_some() && trunk.pings.are_answered && trunk.pings.missed >= MISSED_MAX {
            trunk.avoided.silent(now, target);
            trunk.trouble = Some(Trouble::Silent);
            self.counters.note(Noted::RegistrarSilent);
            self.drive_trunk(now, id, table::Event::Lost);
            return self.wait_for_ping(now, id);
        }
        let again = trunk.pings.are_answered;
        trunk.pings.missed = if again {
            trunk.pings.missed.saturating_add(1)
        } else {
            0
        };
        self.ping(id, &[target]);
        self.wait_for_ping(now, id);
    }

    /// Asks all of them at once; whoever answers first has answered.
    fn ping(&mut self, id: TrunkId, targets: &[Peer]) {
        let branch = self.new_branch();
        for to in targets {
            let Some(from) = self.listens.towards(*to) else {
                continue;
            };
            let Some(trunk) = self.trunks.get_mut(&id) else {
                return;
            };
            trunk.pings.branch = Some(branch.clone());
            trunk.pings.are_tried = true;
            let bytes = trunk.options(from, *to, &branch);
            self.send(way(from, *to), bytes);
        }
    }

    /// Whether a response answers a ping of ours; whatever it says, somebody is there.
    pub(super) fn pinged(&mut self, now: Time, response: &Response) -> bool {
        let asked = |trunk: &Trunk| trunk.pings.branch.as_deref() == Some(response.branch.as_str());
        if self.knock_answered(now, response) {
            return true;
        }
        let Some(id) = self
            .trunks
            .iter()
            .find(|(_, trunk)| asked(trunk))
            .map(|(id, _)| *id)
        else {
            return false;
        };
        if let Some(trunk) = self.trunks.get_mut(&id) {
            trunk.pings.branch = None;
            trunk.pings.missed = 0;
            trunk.pings.are_answered = true;
        }
        self.registrar_is_there(now, id);
        true
    }

    /// A connection stands: with a registrar that was silent, that is an answer.
    pub(super) fn registrar_connected(&mut self, now: Time, peer: Peer) {
        let is_target = |trunk: &Trunk| trunk.targets.iter().any(|target| target.peer == peer);
        let ids: Vec<_> = self
            .trunks
            .iter()
            .filter(|(_, trunk)| is_target(trunk))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.registrar_is_there(now, id);
        }
    }

    fn registrar_is_there(&mut self, now: Time, id: TrunkId) {
        if self.trunks.get(&id).is_some_and(Trunk::is_awaited) {
            return self.drive_trunk(now, id, table::Event::Answers);
        }
        self.wait_for_ping(now, id);
    }
}
