//! Owns the doing of what the two server tables say: send, repeat, wait, forget. Must never decide anything itself.

use super::UserAgent;
use crate::sip::counters::Noted;
use crate::sip::message::{Echo, Request};
use crate::sip::peer::Origin;
use crate::sip::response::{self, Reply};
use crate::sip::timer::{Owner, Timer, TxId, back_off};
use crate::sip::transactions::{Key, Life};
use crate::sip::{server_invite, server_other};
use crate::units::Time;

impl UserAgent {
    /// Opens the transaction of a request that came from `origin`; `tag` is ours in its responses.
    pub(super) fn open(&mut self, origin: Origin, request: &Request, tag: &str) -> TxId {
        let id = self.next_tx();
        let way = response::destination(origin, &request.echo.via);
        self.servers.open(id, request, way, tag.to_owned());
        id
    }

    /// Gives a transaction its next response; returns the bytes as they were written.
    pub(super) fn respond(
        &mut self,
        now: Time,
        id: TxId,
        origin: Origin,
        echo: &Echo,
        reply: &Reply,
    ) -> Vec<u8> {
        let Some(transaction) = self.servers.get_mut(id) else {
            return Vec::new();
        };
        let provisional = reply.status.0 < 200;
        let tag = (!provisional).then_some(transaction.tag.as_str());
        let bytes = response::write(echo, origin.peer.addr, tag, reply);
        match transaction.life {
            Life::Other(_) => self.other_event(now, id, server_other::Event::Final, &bytes),
            Life::Invite(_) => {
                let event = match reply.status.0 {
                    ..200 => server_invite::Event::Provisional,
                    200..300 => server_invite::Event::Success,
                    300.. => server_invite::Event::Failure,
                };
                self.invite_event(now, id, event, &bytes);
            }
        }
        bytes
    }

    /// The request of a transaction came again.
    pub(super) fn repeated(&mut self, now: Time, id: TxId) {
        match self.servers.get_mut(id).map(|transaction| transaction.life) {
            Some(Life::Invite(_)) => self.invite_event(now, id, server_invite::Event::Request, &[]),
            Some(Life::Other(_)) => self.other_event(now, id, server_other::Event::Request, &[]),
            None => {}
        }
    }

    /// Whether `ack` acknowledges a refusal, and so ends here.
    pub(super) fn acknowledges_refusal(&mut self, now: Time, ack: &Request) -> bool {
        let found = self.servers.find(&Key::of(ack));
        let life = found
            .and_then(|id| self.servers.get_mut(id))
            .map(|transaction| transaction.life);
        match (found, life) {
            (
                Some(id),
                Some(Life::Invite(server_invite::State::Completed | server_invite::State::Confirmed)),
            ) => {
                self.invite_event(now, id, server_invite::Event::Ack, &[]);
                true
            }
            _ => false,
        }
    }

    pub(super) fn server_due(&mut self, now: Time, id: TxId, timer: Timer) {
        match self.servers.get_mut(id).map(|transaction| transaction.life) {
            Some(Life::Invite(_)) => self.invite_event(now, id, server_invite::Event::Due(timer), &[]),
            Some(Life::Other(_)) => self.other_event(now, id, server_other::Event::Due(timer), &[]),
            None => {}
        }
    }

    fn invite_event(&mut self, now: Time, id: TxId, event: server_invite::Event, given: &[u8]) {
        let Some(transaction) = self.servers.get_mut(id) else {
            return;
        };
        let Life::Invite(state) = transaction.life else {
            return;
        };
        let Some((next, actions)) = server_invite::step(state, event) else {
            return self.counters.note(Noted::OutOfTable);
        };
        transaction.life = Life::Invite(next);
        for action in actions {
            self.invite_action(now, id, *action, given);
        }
        if next == server_invite::State::Gone {
            self.forget_server(id);
        }
    }

    fn invite_action(&mut self, now: Time, id: TxId, action: server_invite::Action, given: &[u8]) {
        use server_invite::Action;
        let owner = Owner::Server(id);
        match action {
            Action::Send => self.send_response(id, given),
            Action::Repeat => self.repeat_response(id),
            Action::Start(timer) => self.start(now, id, timer),
            Action::BackOff => {
                if let Some(transaction) = self.servers.get_mut(id) {
                    transaction.pause = back_off(transaction.pause);
                    self.timers.set(owner, Timer::G, now + transaction.pause);
                }
            }
            Action::StopWaiting => self.timers.stop_all(owner),
            Action::NoAck => self.counters.note(Noted::RefusalUnacknowledged),
        }
    }

    fn other_event(&mut self, now: Time, id: TxId, event: server_other::Event, given: &[u8]) {
        let Some(transaction) = self.servers.get_mut(id) else {
            return;
        };
        let Life::Other(state) = transaction.life else {
            return;
        };
        let Some((next, actions)) = server_other::step(state, event) else {
            return self.counters.note(Noted::OutOfTable);
        };
        transaction.life = Life::Other(next);
        for action in actions {
            match action {
                server_other::Action::Send => self.send_response(id, given),
                server_other::Action::Repeat => self.repeat_response(id),
                server_other::Action::Start(timer) => self.start(now, id, *timer),
            }
        }
        if next == server_other::State::Gone {
            self.forget_server(id);
        }
    }

    fn start(&mut self, now: Time, id: TxId, timer: Timer) {
        if let Some(transaction) = self.servers.get_mut(id) {
            let transport = transaction.way.peer.transport;
            self.timers.start(Owner::Server(id), timer, transport, now);
        }
    }

    fn send_response(&mut self, id: TxId, bytes: &[u8]) {
        if let Some(transaction) = self.servers.get_mut(id) {
            transaction.last = bytes.to_vec();
            let way = transaction.way;
            self.send(way, bytes.to_vec());
        }
    }

    fn repeat_response(&mut self, id: TxId) {
        let last = self
            .servers
            .get_mut(id)
            .map(|transaction| (transaction.way, transaction.last.clone()));
        if let Some((way, bytes)) = last.filter(|(_, bytes)| !bytes.is_empty()) {
            self.send_again(way, bytes);
        }
    }

    fn forget_server(&mut self, id: TxId) {
        self.timers.stop_all(Owner::Server(id));
        self.servers.forget(id);
    }
}
