//! Owns the trunks, those at which we register and those that only have to answer, and does what their table says. Must never ask a registrar more often than
//! `trunk::pace` allows, nor send a password anywhere but hashed.

use super::{Event, TrunkNews, TrunkView, UserAgent};
use crate::sip::counters::Noted;
use crate::sip::message::Response;
use crate::sip::peer::{Listen, Peer, Way};
use crate::sip::timer::{Owner, Timer, TxId};
use crate::sip::transactions::Purpose;
use crate::sip::trunk::reply::{Granted, Verdict};
use crate::sip::trunk::seen::is_elsewhere;
use crate::sip::trunk::table::{self, Action, State};
use crate::sip::trunk::{Binding, Trouble, Trunk, TrunkConfig, TrunkId, pace};
use crate::units::Time;
use std::collections::BTreeMap;
use std::net::SocketAddr;

impl UserAgent {
    /// Registers at these trunks, and no more at others: at the start, after a drain that was taken back, or when settings
    /// have changed. A trunk whose settings are the same is left alone if it is well, and tried at once if it is not.
    pub fn register_at(&mut self, now: Time, trunks: Vec<(TrunkId, TrunkConfig)>) {
        let wanted: BTreeMap<TrunkId, TrunkConfig> = trunks.into_iter().collect();
        let changed = |(id, trunk): &(&TrunkId, &Trunk)| wanted.get(id) != Some(&trunk.config);
        let changed: Vec<TrunkId> = self.trunks.iter().filter(changed).map(|(id, _)| *id).collect();
        for id in changed {
            self.drop_trunk(now, id, wanted.get(&id));
        }
        for (id, config) in wanted {
            if !self.trunks.contains_key(&id) {
                let call_id = self.new_tag() + &self.new_tag();
                let trunk = Trunk::new(config, call_id, self.new_tag());
                self.trunks.insert(id, trunk);
            }
            if !self.is_away && !self.trunks.get(&id).is_some_and(Trunk::is_well) {
                self.drive_trunk(now, id, table::Event::Begin);
            }
        }
    }

    /// Forgets a trunk. Its registration is taken back, unless `newer` is for the same: then the two would race.
    fn drop_trunk(&mut self, now: Time, id: TrunkId, newer: Option<&TrunkConfig>) {
        let whose =
            |config: &TrunkConfig| (config.domain.clone(), config.user.clone(), config.number.clone());
        let old = self.trunks.get(&id).map(|trunk| whose(&trunk.config));
        if old != newer.map(whose) {
            self.take_back(now, id);
        }
        self.timers.stop_all(Owner::Trunk(id));
        self.trunks.remove(&id);
        self.served.forget(id);
    }

    /// Registers again everywhere: the drain was taken back.
    pub fn register_again(&mut self, now: Time) {
        self.is_away = false;
        let trunks = self.trunks.iter().map(|(id, trunk)| (*id, trunk.config.clone()));
        let trunks = trunks.collect();
        self.register_at(now, trunks);
    }

    /// Takes every registration back.
    pub fn deregister(&mut self, now: Time) {
        self.is_away = true;
        let ids: Vec<_> = self.trunks.keys().copied().collect();
        for id in ids {
            self.take_back(now, id);
        }
    }

    /// Whether a registrar has still to say that it has forgotten us.
    pub fn is_deregistering(&self) -> bool {
        self.trunks.values().any(|trunk| trunk.state == State::Leaving)
    }

    /// How each trunk is, by its name.
    pub fn trunks(&self) -> Vec<(String, TrunkView)> {
        let view = |(id, trunk): (&TrunkId, &Trunk)| {
            let calls = self
                .calls
                .values()
                .map(|call| call.dialog.origin().peer.addr.ip());
            let view = TrunkView {
                binding: trunk.binding,
                trouble: trunk.trouble,
                next: trunk.next,
                registers: trunk.registers(),
                calls: calls.filter(|ip| self.served.trunk_of(*ip) == Some(*id)).count(),
                is_shown: trunk.shows_where_it_is_seen(),
                waits_for: trunk.better().next(),
            };
            (trunk.config.name.clone(), view)
        };
        self.trunks.iter().map(view).collect()
    }

    /// An answer to a REGISTER came.
    pub(super) fn registrar_answered(&mut self, now: Time, id: TrunkId, tx: TxId, response: &Response) {
        let cnonce = self.new_tag();
        let asked = self.clients.get_mut(tx).map(|asked| asked.way.peer);
        let from = asked.and_then(|to| self.listens.towards(to));
        let Some(trunk) = self.trunks.get_mut(&id).filter(|trunk| trunk.asking == Some(tx)) else {
            return;
        };
        self.timers.stop(Owner::Trunk(id), Timer::Patience);
        if response.code < 200 {
            return;
        }
        trunk.asking = None;
        if let (Some(from), Some(to)) = (from, asked) {
            trunk.learn(from, to.transport, response);
        }
        match trunk.judge(response, cnonce) {
            Verdict::Granted(granted) => self.granted(now, id, &granted, asked),
            Verdict::Again => self.drive_trunk(now, id, table::Event::Again),
            // That there is nothing to take back is as good as having taken it back.
            Verdict::Refused(_) if trunk.state == State::Leaving => {
                self.drive_trunk(now, id, table::Event::Accepted);
            }
            Verdict::Refused(why) => self.round_goes_on(now, id, why),
        }
    }

    fn granted(&mut self, now: Time, id: TrunkId, granted: &Granted, asked: Option<Peer>) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        if let (State::Asking, Some(target)) = (trunk.state, trunk.target()) {
            let shown = self.listens.towards(target).map(|listen| listen.shown());
            let by = asked.unwrap_or(target).transport;
            let is_elsewhere = |seen: &SocketAddr| shown.is_some_and(|shown| is_elsewhere(*seen, shown, by));
            let moved = trunk.binding.is_some_and(|binding| binding.target != target);
            trunk.avoided.served(target);
            trunk.binding = Some(Binding {
                since: trunk.binding.map_or(now, |binding| binding.since),
                until: now + granted.time,
                target,
                seen_as: granted.seen_as.filter(is_elsewhere),
            });
            let name = trunk.config.name.clone();
            for ip in &granted.routes {
                self.served.learn(now, id, *ip);
            }
            if moved {
                self.counters.note(Noted::RegistrarMoved);
                let news = TrunkNews::Moved(target);
                self.tell(Event::Trunk { name, news });
            }
        }
        self.drive_trunk(now, id, table::Event::Accepted);
    }

    /// A REGISTER failed that is still waited for.
    pub(super) fn registrar_failed(&mut self, now: Time, id: TrunkId, tx: TxId, why: Trouble) {
        let waited_for = |trunk: &&mut Trunk| trunk.asking == Some(tx);
        let Some(trunk) = self.trunks.get_mut(&id).filter(waited_for) else {
            return;
        };
        trunk.asking = None;
        self.round_goes_on(now, id, why);
    }

    /// The next target is asked, or the round has failed. An account that is refused is refused by all of them.
    fn round_goes_on(&mut self, now: Time, id: TrunkId, why: Trouble) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        trunk.trouble = Some(why);
        if let Some(target) = trunk.target() {
            match why {
                Trouble::Silent | Trouble::Disconnected | Trouble::Tls(_) => {
                    trunk.avoided.silent(now, target);
                }
                Trouble::Status(_) => trunk.avoided.refused(now, target, trunk.retry_after),
                // These are the account's, not the host's.
                _ => {}
            }
        }
        let next = trunk.state == State::Asking && trunk.has_next_target() && !why.is_lasting();
        let event = if next {
            table::Event::Next
        } else {
            table::Event::Failed
        };
        self.drive_trunk(now, id, event);
    }

    /// The connection with `peer` is gone, or never stood.
    pub(super) fn registrar_disconnected(&mut self, now: Time, peer: SocketAddr, why: Trouble) {
        let is_it = |target: Option<Peer>| {
            target.is_some_and(|target| target.transport.is_reliable() && target.addr == peer)
        };
        let ids: Vec<_> = self.trunks.keys().copied().collect();
        for id in ids {
            let Some(trunk) = self.trunks.get_mut(&id) else {
                continue;
            };
            let is_bound = is_it(trunk.binding.map(|binding| binding.target));
            match trunk.asking {
                Some(tx) if is_it(trunk.last_target()) => {
                    self.abandon(tx);
                    self.registrar_failed(now, id, tx, why);
                }
                None if is_bound && trunk.state == State::Resting && trunk.trouble.is_none() => {
                    trunk.trouble = Some(why);
                    self.drive_trunk(now, id, table::Event::Lost);
                }
                Some(_) | None => {}
            }
        }
    }

    /// Whether a trunk's way leads by this connection.
    pub(super) fn is_registered_by(&self, peer: SocketAddr) -> bool {
        let mut bindings = self.trunks.values().filter_map(|trunk| trunk.binding);
        bindings.any(|Binding { target, .. }| target.transport.is_reliable() && target.addr == peer)
    }

    pub(super) fn trunk_due(&mut self, now: Time, id: TrunkId, timer: Timer) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        match timer {
            Timer::Register if trunk.state == State::Looking => self.unresolved(now, id, Trouble::Unresolved),
            Timer::Register => self.drive_trunk(now, id, table::Event::Due),
            Timer::Patience => {
                if let Some(tx) = trunk.asking {
                    self.registrar_failed(now, id, tx, Trouble::Silent);
                }
            }
            Timer::Expiry => {
                trunk.binding = None;
                let why = *trunk.trouble.get_or_insert(Trouble::Silent);
                self.tell_trunk(id, TrunkNews::Failed(why));
            }
            Timer::Knock => self.knock_due(now, id),
            Timer::Names => self.names_due(now, id),
            _ => self.ping_due(now, id),
        }
    }

    fn take_back(&mut self, now: Time, id: TrunkId) {
        let Some(trunk) = self.trunks.get(&id) else {
            return;
        };
        let is_known_there = trunk.binding.is_some() || trunk.state == State::Asking;
        let event = match is_known_there || trunk.state == State::Leaving {
            true => table::Event::Leave,
            false => table::Event::Forget,
        };
        self.drive_trunk(now, id, event);
    }

    /// Moves a trunk on by its table.
    pub(super) fn drive_trunk(&mut self, now: Time, id: TrunkId, event: table::Event) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        let Some((next, actions)) = table::step(trunk.state, event) else {
            return self.counters.note(Noted::OutOfTable);
        };
        trunk.state = next;
        for action in actions {
            self.do_trunk(now, id, *action);
        }
    }

    fn do_trunk(&mut self, now: Time, id: TrunkId, action: Action) {
        let draw = (self.random)();
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        let owner = Owner::Trunk(id);
        match action {
            Action::LookUp => self.look_up(now, id),
            Action::Ask => self.ask_registrar(now, id, false),
            Action::Turn => trunk.turn += 1,
            Action::Bind => self.bind(now, id, draw),
            Action::BackOff => {
                trunk.failures = trunk.failures.saturating_add(1);
                let why = trunk.trouble.unwrap_or(Trouble::Silent);
                let failures = if why.is_lasting() {
                    u32::MAX
                } else {
                    trunk.failures
                };
                let pause = pace::back_off(failures, draw).max(trunk.retry_after);
                trunk.next = Some(now + pause);
                self.timers.set(owner, Timer::Register, now + pause);
                self.start_signs(now, id);
                self.tell_trunk(id, TrunkNews::Failed(why));
            }
            Action::Hasten => {
                if let Some(at) = trunk.hasten(now) {
                    self.timers.set(owner, Timer::Register, at);
                }
            }
            Action::AskToLeave => {
                self.timers.stop_all(owner);
                self.ask_registrar(now, id, true);
            }
            Action::Forget => {
                (trunk.binding, trunk.next, trunk.trouble) = (None, None, None);
                trunk.failures = 0;
                self.timers.stop_all(owner);
                self.tell_trunk(id, TrunkNews::Left);
            }
        }
    }

    fn look_up(&mut self, now: Time, id: TrunkId) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        trunk.begin_round();
        trunk.next = None;
        // A name server that never answers is none.
        let patience = match trunk.remembered(now) {
            Some(_) => pace::LOOK_UP_AGAIN,
            None => pace::LOOK_UP,
        };
        self.timers.set(Owner::Trunk(id), Timer::Register, now + patience);
        match trunk.literal() {
            Some(target) => self.found(now, id, vec![target]),
            None => self.ask_names(now, id),
        }
    }

    fn ask_registrar(&mut self, now: Time, id: TrunkId, leaves: bool) {
        let (branch, owner) = (self.new_branch(), Owner::Trunk(id));
        self.timers.stop(owner, Timer::Register);
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        if leaves && !trunk.registers() {
            // It keeps nothing that could be taken back.
            if let Some(tx) = trunk.asking.take() {
                self.abandon(tx);
            }
            return self.drive_trunk(now, id, table::Event::Accepted);
        }
        let bound = trunk.binding.map(|binding| binding.target);
        let to = if leaves {
            bound.or(trunk.target())
        } else {
            trunk.target()
        };
        let Some((to, from)) = to.and_then(|to| Some((to, self.listens.towards(to)?))) else {
            return self.drive_trunk(now, id, table::Event::Failed);
        };
        let (purpose, bytes) = match trunk.registers() {
            true => (Purpose::Register(id), trunk.register(from, to, &branch, leaves)),
            false => (Purpose::Ask(id), trunk.options(from, to, &branch)),
        };
        trunk.asked = now;
        if !leaves && trunk.has_next_target() {
            self.timers.set(owner, Timer::Patience, now + pace::PATIENCE);
        }
        let tx = self.ask(now, purpose, branch, way(from, to), bytes);
        if let Some(trunk) = self.trunks.get_mut(&id) {
            trunk.asking = Some(tx);
        }
    }

    fn bind(&mut self, now: Time, id: TrunkId, draw: u64) {
        let owner = Owner::Trunk(id);
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        let Some(Binding { until, target, .. }) = trunk.binding else {
            return;
        };
        (trunk.failures, trunk.trouble) = (0, None);
        let refresh = now + trunk.refresh(until.since(now), draw);
        let news = match trunk.registers() {
            true => TrunkNews::Registered,
            false => TrunkNews::Answers,
        };
        trunk.next = Some(refresh);
        self.timers.set(owner, Timer::Register, refresh);
        self.timers.set(owner, Timer::Expiry, until);
        // What it was told of where we are is not true any more: soon it is told anew.
        if self
            .listens
            .towards(target)
            .is_some_and(|from| trunk.has_moved(from, target))
            && let Some(at) = trunk.hasten(now)
        {
            self.timers.set(owner, Timer::Register, at);
        }
        self.start_signs(now, id);
        self.start_knocks(now, id);
        self.tell_trunk(id, news);
    }

    /// Tells what is new; a refresh is not, nor the same trouble again.
    fn tell_trunk(&mut self, id: TrunkId, news: TrunkNews) {
        let Some(trunk) = self.trunks.get_mut(&id) else {
            return;
        };
        if trunk.told == Some(news) {
            return;
        }
        trunk.told = Some(news);
        let name = trunk.config.name.clone();
        self.tell(Event::Trunk { name, news });
    }
}

/// How a message to a registrar goes out: over TCP and TLS by the connection that stands, or by a new one.
pub(super) fn way(from: Listen, to: Peer) -> Way {
    let back = to.transport.is_reliable().then_some(to.addr);
    Way {
        local: from.socket,
        peer: to,
        back,
    }
}
