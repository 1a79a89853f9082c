//! Owns what is done when a peer wants a proof of us within a call (RFC 3261 §22.2, §22.3), as telephone systems do at which we are
//! logged in like a telephone: the same request goes out once more, with its answer, and those that follow have one from the start.
//! Must never prove anything to who is no trunk of ours.

use super::UserAgent;
use super::call::Call;
use crate::ids::LegId;
use crate::sip::counters::Noted;
use crate::sip::message::Response;
use crate::sip::proof::{Kind, Verdict};
use crate::sip::timer::TxId;
use crate::sip::transactions::Purpose;
use crate::sip::trunk::Trunk;
use crate::units::Time;

impl UserAgent {
    /// The header fields that prove a request within a call; none as long as nobody asks for them.
    pub(super) fn proof_within(&mut self, leg: LegId, method: &str) -> Vec<(&'static str, String)> {
        let peer = self.calls.get(&leg).map(|call| call.dialog.origin().peer.addr);
        let login = peer.and_then(|peer| self.trunk_at(peer)?.config.login.clone());
        match (login, self.calls.get_mut(&leg)) {
            (Some(login), Some(Call { proof, dialog, .. })) => {
                proof.fields(Some(&login), method, dialog.request_uri())
            }
            _ => Vec::new(),
        }
    }

    /// Takes up the challenge that an answer brings; `false` if it brings none, or none that is worth another try.
    pub(super) fn takes_up(&mut self, id: TxId, purpose: Purpose, response: &Response) -> bool {
        let peer = |call: &Call| call.dialog.origin().peer.addr;
        let call = purpose.leg().and_then(|leg| self.calls.get(&leg));
        let trunk = call.and_then(|call| self.trunk_at(peer(call)));
        let Some(kind) = Kind::of(response.code).filter(|_| trunk.is_some_and(Trunk::registers)) else {
            return false;
        };
        let cnonce = self.new_tag();
        let call = purpose.leg().and_then(|leg| self.calls.get_mut(&leg));
        let transaction = self.clients.get_mut(id);
        let transaction = transaction.filter(|transaction| !transaction.is_challenged);
        let (Some(call), Some(transaction)) = (call, transaction) else {
            return false;
        };
        transaction.is_challenged = call.proof.challenged(kind, response, cnonce) == Verdict::Answered;
        transaction.is_challenged
    }

    /// Asks once more what was challenged.
    pub(super) fn ask_again(&mut self, now: Time, purpose: Purpose, response: &Response) {
        self.counters.note(Noted::ProvedWithin);
        match purpose {
            Purpose::EndCall(leg) => self.say_bye(now, leg),
            Purpose::Probe(leg) => {
                self.probed(leg);
                self.probe(now, leg);
            }
            Purpose::Refresh(leg) | Purpose::Reinvite(leg) => {
                if matches!(purpose, Purpose::Reinvite(_)) {
                    self.reinvite_answered(now, leg, response);
                }
                if self.calls.get(&leg).is_some_and(Call::is_standing) {
                    self.refresh(now, leg);
                }
            }
            Purpose::Register(_) | Purpose::Ask(_) => {}
        }
    }

    /// A request within a call was not challenged: the next one may be.
    pub(super) fn is_proved(&mut self, purpose: Purpose) {
        if let Some(call) = purpose.leg().and_then(|leg| self.calls.get_mut(&leg)) {
            call.proof.begin();
        }
    }
}
