//! Owns the doing of what the table of our own requests says; what is different with an INVITE stands in `reinvite`. Must never
//! open one that begins a dialog.

use super::UserAgent;
use super::leg;
use crate::ids::LegId;
use crate::sip::client_invite;
use crate::sip::client_other::{Action, Event, State, step};
use crate::sip::counters::Noted;
use crate::sip::message::Response;
use crate::sip::peer::{Transport, Way};
use crate::sip::timer::{Owner, T2, Timer, TxId, back_off};
use crate::sip::transactions::{ClientLife, Purpose};
use crate::sip::trunk::Trouble;
use crate::units::Time;

impl UserAgent {
    /// Sends a request and waits for its answer.
    pub(super) fn ask(
        &mut self,
        now: Time,
        purpose: Purpose,
        branch: String,
        way: Way,
        bytes: Vec<u8>,
    ) -> TxId {
        let id = self.next_tx();
        let (way, bytes, datagram) = match self.by_connection(now, way, &bytes) {
            Some((connection, long)) => {
                self.counters.note(Noted::LongRequest);
                (connection, long, Some((way, bytes)))
            }
            None => (way, bytes, None),
        };
        self.clients.open(id, branch, way, bytes.clone(), purpose);
        if let Some(transaction) = self.clients.get_mut(id) {
            transaction.datagram = datagram;
        }
        self.start_waiting(now, id, purpose, way.peer.transport);
        self.send(way, bytes);
        id
    }

    pub(super) fn start_waiting(&mut self, now: Time, id: TxId, purpose: Purpose, transport: Transport) {
        let first = match purpose {
            Purpose::Reinvite(_) => [Timer::A, Timer::B],
            _ => [Timer::E, Timer::F],
        };
        for timer in first {
            self.timers.start(Owner::Client(id), timer, transport, now);
        }
    }

    pub(super) fn response(&mut self, now: Time, response: &Response) {
        let Some(id) = self.clients.find(response) else {
            if !self.pinged(now, response) {
                self.counters.note(Noted::StrayResponse);
            }
            return;
        };
        let Some((purpose, life)) = self
            .clients
            .get_mut(id)
            .map(|transaction| (transaction.purpose, transaction.life))
        else {
            return;
        };
        let is_challenged = self.takes_up(id, purpose, response);
        let is_final = match life {
            ClientLife::Other(state) => {
                let event = match response.code {
                    ..200 => Event::Provisional,
                    200.. => Event::Final,
                };
                self.client_event(now, id, state, event)
            }
            ClientLife::Invite(state) => {
                let event = match response.code {
                    ..200 => client_invite::Event::Provisional,
                    200..300 => client_invite::Event::Success,
                    300.. => client_invite::Event::Failure,
                };
                if let (Purpose::Reinvite(leg), client_invite::Event::Success) = (purpose, event) {
                    self.acknowledge_where(leg, id, response);
                }
                self.invite_client_event(now, id, state, event)
            }
        };
        match purpose {
            Purpose::Register(trunk) | Purpose::Ask(trunk) => {
                self.registrar_answered(now, trunk, id, response);
            }
            purpose if is_final && is_challenged => self.ask_again(now, purpose, response),
            purpose if is_final => {
                self.is_proved(purpose);
                self.answered_within(now, purpose, response);
            }
            _ => {}
        }
    }

    pub(super) fn client_due(&mut self, now: Time, id: TxId, timer: Timer) {
        match self.clients.get_mut(id).map(|transaction| transaction.life) {
            Some(ClientLife::Other(state)) => {
                self.client_event(now, id, state, Event::Due(timer));
            }
            Some(ClientLife::Invite(state)) => {
                self.invite_client_event(now, id, state, client_invite::Event::Due(timer));
            }
            None => {}
        }
    }

    /// Moves a transaction on by its table; whether its final answer came just now.
    fn client_event(&mut self, now: Time, id: TxId, state: State, event: Event) -> bool {
        let Some((next, actions)) = step(state, event) else {
            self.counters.note(Noted::OutOfTable);
            return false;
        };
        if let Some(transaction) = self.clients.get_mut(id) {
            transaction.life = ClientLife::Other(next);
        }
        for action in actions {
            self.client_action(now, id, *action);
        }
        if next == State::Gone {
            self.abandon(id);
        }
        actions.contains(&Action::Answered)
    }

    fn client_action(&mut self, now: Time, id: TxId, action: Action) {
        let Some(transaction) = self.clients.get_mut(id) else {
            return;
        };
        let (owner, purpose) = (Owner::Client(id), transaction.purpose);
        match action {
            Action::Repeat => {
                let (way, bytes) = (transaction.way, transaction.request.clone());
                self.send_again(way, bytes);
            }
            Action::BackOff => {
                transaction.pause = back_off(transaction.pause);
                self.timers.set(owner, Timer::E, now + transaction.pause);
            }
            Action::Slow => self.timers.set(owner, Timer::E, now + T2),
            Action::Rest => {
                let transport = transaction.way.peer.transport;
                self.timers.stop_all(owner);
                self.timers.start(owner, Timer::K, transport, now);
            }
            Action::Answered => {
                let is_challenged = transaction.is_challenged;
                if let (Purpose::EndCall(leg), false) = (purpose, is_challenged) {
                    self.bye_done(now, leg);
                }
            }
            Action::Unanswered => match purpose {
                Purpose::EndCall(leg) => {
                    self.counters.note(Noted::ByeUnanswered);
                    if let Some(call) = self.calls.get_mut(&leg) {
                        call.bye_went_unanswered();
                    }
                    self.bye_done(now, leg);
                }
                Purpose::Refresh(_) | Purpose::Reinvite(_) | Purpose::Probe(_) => {
                    self.unanswered_within(now, purpose);
                }
                Purpose::Register(trunk) | Purpose::Ask(trunk) => {
                    self.registrar_failed(now, trunk, id, Trouble::Silent);
                }
            },
        }
    }

    /// Gives a request up whose connection is gone: it is not sent again.
    pub(super) fn abandon(&mut self, id: TxId) {
        self.timers.stop_all(Owner::Client(id));
        self.clients.forget(id);
    }

    /// The call may be over already, if the peer's BYE crossed ours.
    fn bye_done(&mut self, now: Time, leg: LegId) {
        if self.calls.contains_key(&leg) {
            self.drive(now, leg, leg::Event::ByeDone);
        }
    }
}
