//! Owns our own re-INVITE (RFC 3261 §14.1), by which a session goes on whose peer takes no UPDATE (RFC 4028 §7.4): how it is
//! sent, acknowledged, and what its answer means. It offers what stands already. Must never open a dialog, nor end a call
//! whose peer only refuses.

use super::UserAgent;
use super::leg;
use super::long::over_tcp;
use crate::ids::LegId;
use crate::media_api::MediaSpec;
use crate::sip::client_invite::{Action, Event, State, step};
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::Wording;
use crate::sip::message::Response;
use crate::sip::offer::Unusable;
use crate::sip::response::ALLOW;
use crate::sip::timer::{Owner, PATIENCE, Timer, TxId};
use crate::sip::transactions::{Acks, ClientLife, Purpose};
use crate::units::Time;

/// A re-INVITE of ours that has no final answer.
pub(super) struct Reinviting {
    id: TxId,
    cseq: u32,
    /// The header fields that prove it, if the peer wanted that.
    proof: Vec<(&'static str, String)>,
}

impl UserAgent {
    /// Sends the re-INVITE.
    pub(super) fn reinvite_peer(&mut self, now: Time, leg: LegId) {
        let (branch, branch_of_ack) = (self.new_branch(), self.new_branch());
        let Some(mut fields) = self.refresh_fields(leg) else {
            return;
        };
        fields.push(("Allow", ALLOW.to_owned()));
        let proof = self.proof_within(leg, "INVITE");
        fields.extend_from_slice(&proof);
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let Some(sdp) = call.answerer.repeat() else {
            return;
        };
        let shown = self.listens.shown(call.dialog.origin().local);
        let wording = Wording {
            method: "INVITE",
            shown,
            branch: &branch,
            fields: &fields,
            sdp: &sdp,
        };
        let (way, bytes) = call.dialog.request(&wording, &self.served);
        let cseq = call.dialog.last_cseq();
        let ack = |branch| {
            let wording = Wording::ack(shown, branch, &proof);
            call.dialog.ack(cseq, &wording, &self.served)
        };
        let acks = Acks {
            success: ack(&branch_of_ack),
            failure: ack(&branch).1,
        };
        let id = self.ask(now, Purpose::Reinvite(leg), branch, way, bytes);
        if let Some(transaction) = self.clients.get_mut(id) {
            transaction.acks = Some(Box::new(acks));
        }
        if let Some(call) = self.calls.get_mut(&leg) {
            call.reinviting = Some(Reinviting { id, cseq, proof });
        }
        self.counters.note(Noted::ReinviteSent);
    }

    /// A 2xx may move the peer, and its ACK goes there (§12.2.1.2, §13.2.2.4).
    pub(super) fn acknowledge_where(&mut self, leg: LegId, id: TxId, response: &Response) {
        let branch = self.new_branch();
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let is_it = |reinviting: &&Reinviting| reinviting.id == id;
        let Some(Reinviting { cseq, proof, .. }) = call.reinviting.as_ref().filter(is_it) else {
            return;
        };
        call.dialog.moved_target(response.contact.clone());
        let shown = self.listens.shown(call.dialog.origin().local);
        let wording = Wording::ack(shown, &branch, proof);
        let success = call.dialog.ack(*cseq, &wording, &self.served);
        let transaction = self.clients.get_mut(id);
        if let Some(acks) = transaction.and_then(|transaction| transaction.acks.as_mut()) {
            acks.success = success;
        }
    }

    /// Moves the transaction on by its table; whether its final answer came just now.
    pub(super) fn invite_client_event(&mut self, now: Time, id: TxId, state: State, event: Event) -> bool {
        let Some((next, actions)) = step(state, event) else {
            self.counters.note(Noted::OutOfTable);
            return false;
        };
        if let Some(transaction) = self.clients.get_mut(id) {
            transaction.life = ClientLife::Invite(next);
        }
        for action in actions {
            self.invite_client_action(now, id, *action);
        }
        if next == State::Gone {
            self.abandon(id);
        }
        actions.contains(&Action::Answered)
    }

    fn invite_client_action(&mut self, now: Time, id: TxId, action: Action) {
        let Some(transaction) = self.clients.get_mut(id) else {
            return;
        };
        let (owner, way) = (Owner::Client(id), transaction.way);
        match action {
            Action::Repeat => {
                let bytes = transaction.request.clone();
                self.send_again(way, bytes);
            }
            Action::Double => {
                transaction.pause *= 2;
                self.timers.set(owner, Timer::A, now + transaction.pause);
            }
            Action::Wait => {
                self.timers.stop_all(owner);
                self.timers.start(owner, Timer::C, way.peer.transport, now);
            }
            Action::AckSuccess => {
                let ack = transaction.acks.as_ref().map(|acks| acks.success.clone());
                if let Some((way, bytes)) = ack {
                    self.send(way, bytes);
                }
            }
            Action::AckFailure => {
                let is_long = transaction.datagram.is_some();
                let ack = transaction.acks.as_ref().map(|acks| match is_long {
                    true => over_tcp(&acks.failure),
                    false => acks.failure.clone(),
                });
                if let Some(bytes) = ack {
                    self.send(way, bytes);
                }
            }
            Action::Rest(timer) => {
                self.timers.stop_all(owner);
                self.timers.start(owner, timer, way.peer.transport, now);
            }
            // Whoever moved the transaction on hands the answer on.
            Action::Answered => {}
            Action::Unanswered => {
                let purpose = transaction.purpose;
                self.unanswered_within(now, purpose);
            }
        }
    }

    /// The final answer to our re-INVITE came: what it agrees on is told as after one of the peer's. Whether the session goes on
    /// by it is the caller's business.
    pub(super) fn reinvite_answered(&mut self, now: Time, leg: LegId, response: &Response) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        call.reinviting = None;
        let Some(media) = call.media.filter(|_| response.code < 300) else {
            return self.drive(now, leg, leg::Event::Settled);
        };
        match call.answerer.read_answer(&response.body, media.ip().into()) {
            Ok(agreed) => {
                let also = call.behind;
                call.agreed = Some(MediaSpec { also, ..agreed });
                self.drive(now, leg, leg::Event::Settled);
            }
            // Against RFC 3264, but clear enough: it stays as it was.
            Err(Unusable::Missing) => {
                self.counters.note(Noted::AnswerLeftOut);
                self.drive(now, leg, leg::Event::Settled);
            }
            Err(_) => {
                self.counters.refuse(Refused::AnswerUnusable);
                self.drive(now, leg, leg::Event::Unusable);
            }
        }
    }

    /// The call is over while its re-INVITE waits: the answer is still acknowledged, but not waited for without end.
    pub(super) fn leave_reinvite(&mut self, now: Time, leg: LegId) {
        let reinviting = self.calls.get_mut(&leg).and_then(|call| call.reinviting.take());
        let Some(Reinviting { id, .. }) = reinviting else {
            return;
        };
        match self.clients.get_mut(id).map(|transaction| transaction.life) {
            // Whether it came or not, nobody needs it any more.
            Some(ClientLife::Invite(State::Calling)) => self.timers.stop(Owner::Client(id), Timer::A),
            Some(ClientLife::Invite(State::Proceeding)) => {
                self.timers.set(Owner::Client(id), Timer::C, now + PATIENCE);
            }
            _ => {}
        }
    }
}
