//! Notices a call that is heard one way only, and why. Time is the frame number. Must never take silence for a fault: who
//! holds the call, or suppresses silence, sends nothing either.
//!
//! The peer is not heard if it may send and nothing valid has come for 9 s (looked at once a second, so within 10 s), and
//!
//! | what else is known | fault |
//! |---|---|
//! | packets of unknown payload types come from its host | UnknownPayload |
//! | a whole voice comes from one address that is refused | FromElsewhere |
//! | its sender reports count packets that did not come | NothingComes |
//! | nothing was ever heard of it, and it does not report that it sends nothing | NothingComes |
//! | none of these: it was heard before, or says itself that it is silent | none: silence |
//!
//! The peer does not hear us if its reports (RFC 3550 §6.4) show for 3 s of packets that nothing of ours arrives: they have no
//! blocks at all, or the highest sequence number does not follow. Who sends no reports, or reports on other streams only,
//! tells nothing.

use super::rtcp::{Heard, Sender};
use crate::media_api::Fault;
use std::net::SocketAddr;

/// Frames without anything valid: 9 s.
const SILENT: u64 = 450;
/// Packets that are no accident: half a second of them.
const MANY: u32 = 25;
/// Packets of one refused address that are a voice, and no stranger's try: half of [`SILENT`].
const VOICE: u32 = 225;
/// Packets that the peer has sent and that are not only late: 2 s.
const MISSING: u32 = 100;
/// Packets of ours that may be under way, or lost in a row, when the peer reports: 2 s.
const BEHIND: u32 = 100;
/// Packets of ours after the last that was surely heard: 3 s.
const UNHEARD: u32 = 150;

/// One leg's judge.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// Since when something should come: the first tick, the last agreement, the last valid packet.
    since: Option<u64>,
    was_heard: bool,
    /// Since then.
    stranger: Option<(SocketAddr, u32)>,
    unknown: u32,
    /// The peer's reports count packets that did not come.
    is_missed: bool,
    /// The peer's last report said that it sends nothing.
    says_silent: bool,
    /// The peer's count of its packets, and ours of what came, at its last sender report.
    counted: Option<(u32, u32)>,
    away: Away,
    told: Option<Fault>,
}

/// What the peer's reports show of our stream.
#[derive(Clone, Debug, Default)]
struct Away {
    /// Packets sent when a report proved last that they arrive.
    proved: u32,
    /// Packets sent, and the highest sequence number that had arrived, at the last report.
    last: Option<(u32, u32)>,
    is_unheard: bool,
}

impl Ways {
    /// A valid packet of the peer's came.
    pub fn handle_packet(&mut self, frame: u64) {
        self.was_heard = true;
        self.begin(frame);
    }

    /// A packet came from an address that is not the peer's.
    pub fn handle_stranger(&mut self, from: SocketAddr) {
        let so_far = self.stranger.filter(|(who, _)| *who == from);
        self.stranger = Some((from, so_far.map_or(1, |(_, packets)| packets.saturating_add(1))));
    }

    /// A packet of an unknown payload type came from the peer's host.
    pub fn handle_unknown(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
    }

    /// Offer and answer agreed anew; `elsewhere` if the peer's address changed.
    pub fn handle_update(&mut self, frame: u64, elsewhere: bool, sent: u32) {
        self.begin(frame);
        self.was_heard &= !elsewhere;
        self.counted = None;
        self.away = Away {
            proved: sent,
            ..Away::default()
        };
    }

    /// The peer reported, when we had sent `sent` packets and received `received`.
    pub fn handle_report(&mut self, heard: &Heard, sent: u32, received: u32) {
        if heard.reporter.is_none() {
            return;
        }
        self.count(heard.sender, received);
        self.away.handle_report(heard, sent);
    }

    fn count(&mut self, sender: Option<Sender>, received: u32) {
        let Some(sender) = sender else {
            self.says_silent = true;
            return;
        };
        if let Some((packets, came)) = self.counted {
            let more = sender.packets.wrapping_sub(packets);
            let missing = more.wrapping_sub(received.wrapping_sub(came)).cast_signed();
            self.is_missed |= missing >= MISSING.cast_signed();
            self.says_silent = more == 0;
        }
        self.counted = Some((sender.packets, received));
    }

    fn begin(&mut self, frame: u64) {
        self.since = Some(frame);
        self.stranger = None;
        self.unknown = 0;
        self.is_missed = false;
        self.says_silent = false;
    }

    /// Looks once more; what is new, if it is. `receives` and `sends` as offer and answer agreed.
    pub fn judge(&mut self, frame: u64, receives: bool, sends: bool) -> Option<Option<Fault>> {
        let since = *self.since.get_or_insert(frame);
        let is_silent = receives && frame.saturating_sub(since) >= SILENT;
        let fault = is_silent
            .then(|| self.cause())
            .flatten()
            .or((sends && self.away.is_unheard).then_some(Fault::NothingArrives));
        let is_new = fault != self.told;
        self.told = fault;
        is_new.then_some(fault)
    }

    /// What is the matter with a peer of whom nothing valid comes.
    fn cause(&self) -> Option<Fault> {
        if self.unknown >= MANY {
            Some(Fault::UnknownPayload)
        } else if self.stranger.is_some_and(|(_, packets)| packets >= VOICE) {
            Some(Fault::FromElsewhere)
        } else if self.is_missed || !(self.was_heard || self.says_silent) {
            Some(Fault::NothingComes)
        } else {
            None
        }
    }

    /// What was found last.
    pub fn fault(&self) -> Option<Fault> {
        self.told
    }
}

impl Away {
    fn handle_report(&mut self, heard: &Heard, sent: u32) {
        let Some(block) = &heard.about_us else {
            // On others' streams only: reports that somebody passed on.
            if heard.blocks == 0 {
                self.judge(sent);
            }
            return;
        };
        let Some((sent_before, highest_before)) = self.last.replace((sent, block.highest)) else {
            self.proved = sent;
            return self.judge(sent);
        };
        let more = sent.wrapping_sub(sent_before);
        let arrived = block.highest.wrapping_sub(highest_before);
        if arrived.cast_signed() < 0 {
            // The peer counts anew: the next report tells.
            return;
        }
        if more < arrived.saturating_add(BEHIND) && (arrived > 0 || more == 0) {
            self.proved = sent;
        }
        self.judge(sent);
    }

    fn judge(&mut self, sent: u32) {
        self.is_unheard = sent.wrapping_sub(self.proved) >= UNHEARD;
    }
}

#[cfg(test)]
mod tests;
