//! Owns the doing of what the table of our BYEs says. Must never open a transaction for anything but a BYE.

use super::UserAgent;
use super::leg;
use crate::ids::LegId;
use crate::sip::client_other::{Action, Event, State, step};
use crate::sip::counters::Noted;
use crate::sip::message::Response;
use crate::sip::peer::Way;
use crate::sip::timer::{Owner, T2, Timer, TxId, back_off};
use crate::units::Time;

impl UserAgent {
    /// Sends a BYE and waits for its answer.
    pub(super) fn send_bye(&mut self, now: Time, leg: LegId, branch: String, way: Way, bytes: Vec<u8>) {
        let id = self.next_tx();
        self.clients.open(id, branch, way, bytes.clone(), leg);
        for timer in [Timer::E, Timer::F] {
            self.timers
                .start(Owner::Client(id), timer, way.peer.transport, now);
        }
        self.send(way, bytes);
    }

    pub(super) fn response(&mut self, now: Time, response: &Response) {
        let Some(id) = self.clients.find(response) else {
            return self.counters.note(Noted::StrayResponse);
        };
        let provisional = response.code < 200;
        self.client_event(
            now,
            id,
            if provisional {
                Event::Provisional
            } else {
                Event::Final
            },
        );
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
        let (owner, leg) = (Owner::Client(id), transaction.leg);
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
            Action::Answered => self.bye_done(now, leg),
            Action::Unanswered => {
                self.counters.note(Noted::ByeUnanswered);
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.bye_went_unanswered();
                }
                self.bye_done(now, leg);
            }
        }
    }

    /// The call may be over already, if the peer's BYE crossed ours.
    fn bye_done(&mut self, now: Time, leg: LegId) {
        if self.calls.contains_key(&leg) {
            self.drive(now, leg, leg::Event::ByeDone);
        }
    }
}
