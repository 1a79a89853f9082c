//! Owns the doing of what the table of our own requests says. Must never open one that begins a
//! dialog.

use super::UserAgent;
use super::leg;
use crate::ids::LegId;
use crate::sip::client_other::{Action, Event, State, step};
use crate::sip::counters::Noted;
use crate::sip::message::Response;
use crate::sip::peer::Way;
use crate::sip::timer::{Owner, T2, Timer, TxId, back_off};
use crate::sip::transactions::Purpose;
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
        self.clients.open(id, branch, way, bytes.clone(), purpose);
        for timer in [Timer::E, Timer::F] {
            self.timers
                .start(Owner::Client(id), timer, way.peer.transport, now);
        }
        self.send(way, bytes);
        id
    }

    pub(super) fn response(&mut self, now: Time, response: &Response) {
        let Some(id) = self.clients.find(response) else {
            if !self.pinged(now, response) {
                self.counters.note(Noted::StrayResponse);
            }
            return;
        };
        let purpose = self.clients.get_mut(id).map(|transaction| transaction.purpose);
        let event = match response.code {
            ..200 => Event::Provisional,
            200.. => Event::Final,
        };
        self.client_event(now, id, event);
        match purpose {
            Some(Purpose::Register(trunk)) => self.registrar_answered(now, trunk, id, response),
            Some(purpose) => self.answered_within(now, purpose, response),
            None => {}
        }
    }

    pub(super) fn client_due(&mut self, now: Time, id: TxId, timer: Timer) {
        self.client_event(now, id, Event::Due(timer));
    }

    fn client_event(&mut self, now: Time, id: TxId, event: Event) {
        let Some(transaction) = self.clients.get_mut(id) else {
            return;
        };
        let Some((next, actions)) = step(transaction.state, event) else {
            return self.counters.note(Noted::OutOfTable);
        };
        transaction.state = next;
        for action in actions {
            self.client_action(now, id, *action);
        }
        if next == State::Gone {
            self.timers.stop_all(Owner::Client(id));
            self.clients.forget(id);
        }
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
                if let Purpose::EndCall(leg) = purpose {
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
                Purpose::Refresh(_) | Purpose::Probe(_) => self.unanswered_within(now, purpose),
                Purpose::Register(trunk) => self.registrar_failed(now, trunk, id, Trouble::Silent),
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
