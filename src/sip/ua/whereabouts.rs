//! Owns where the trunks are (RFC 3263): what name servers answer, how long that counts, and what is done when they know
//! nothing. Whose addresses they name is served. Must never take an answer for a place that is no longer asked for.

use super::{Output, UserAgent};
use crate::sip::counters::Noted;
use crate::sip::timer::{Owner, Timer};
use crate::sip::trunk::table::{self, State};
use crate::sip::trunk::{Place, TARGETS_MAX, Target, Trouble, Trunk, TrunkId, Whereabouts, pace};
use crate::units::Time;

impl UserAgent {
    /// Name servers have answered where a trunk is that [`Output::Resolve`] asked for at this place.
    pub fn handle_resolved(&mut self, now: Time, id: TrunkId, place: &Place, answer: &Whereabouts) {
        let is_asked_for = |trunk: &Trunk| trunk.config.place == *place;
        let trunk = self.trunks.get(&id).filter(|trunk| is_asked_for(trunk));
        let Some((state, remembers)) = trunk.map(|trunk| (trunk.state, trunk.remembered(now).is_some()))
        else {
            return;
        };
        let is_reached = |target: &Target| self.listens.towards(target.peer).is_some();
        let fit = answer.targets.iter().copied().filter(is_reached);
        let fit: Vec<Target> = fit.take(TARGETS_MAX).collect();
        for target in &fit {
            self.served.learn(now, id, target.peer.addr.ip());
        }
        if !answer.targets.is_empty() && matches!(state, State::Looking | State::Asking | State::Resting) {
            let old = now + pace::names(answer.ttl);
            self.timers.set(Owner::Trunk(id), Timer::Names, old);
        }
        let is_known_better = answer.is_guess && remembers;
        match (state, answer.targets.is_empty(), fit.is_empty()) {
            (State::Looking, _, false) if !is_known_better => self.found(now, id, fit),
            (State::Looking, false, false) => self.unresolved(now, id, Trouble::Unresolved),
            (State::Looking, true, _) => self.unresolved(now, id, Trouble::Unresolved),
            (State::Looking, false, true) => self.unresolved(now, id, Trouble::Family),
            // It was asked for nothing but to know who is served.
            (State::Idle | State::Asking | State::Resting | State::Leaving, _, _) => {}
        }
    }

    pub(super) fn ask_names(&mut self, now: Time, id: TrunkId) {
        let Some(place) = self.trunks.get(&id).map(|trunk| trunk.config.place.clone()) else {
            return;
        };
        self.timers
            .set(Owner::Trunk(id), Timer::Names, now + pace::NAMES_AGAIN);
        self.outputs.push_back(Output::Resolve { trunk: id, place });
    }

    /// What was answered is old: who may call us is asked again.
    pub(super) fn names_due(&mut self, now: Time, id: TrunkId) {
        let state = self.trunks.get(&id).map(|trunk| trunk.state);
        if matches!(state, Some(State::Asking | State::Resting)) {
            self.ask_names(now, id);
        }
    }

    /// A round begins at these targets.
    pub(super) fn found(&mut self, now: Time, id: TrunkId, targets: Vec<Target>) {
        if let Some(trunk) = self.trunks.get_mut(&id) {
            for target in &targets {
                self.served.learn(now, id, target.peer.addr.ip());
            }
            trunk.found = now;
            trunk.aim(now, targets);
            self.drive_trunk(now, id, table::Event::Found);
        }
    }

    /// No address is known now. Those that were known before may still be right: name servers fail more often than hosts move.
    pub(super) fn unresolved(&mut self, now: Time, id: TrunkId, why: Trouble) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        match trunk.remembered(now) {
            Some(targets) => {
                self.counters.note(Noted::NamesRemembered);
                trunk.aim(now, targets);
                self.drive_trunk(now, id, table::Event::Found);
            }
            None => {
                trunk.trouble = Some(why);
                self.drive_trunk(now, id, table::Event::Missing);
            }
        }
    }
}
