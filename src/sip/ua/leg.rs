//! Owns the life of one call as the called side sees it (RFC 3261 §13.3, §14.2, §15). Must never write a message: it
//! says what is to be done.
//!
//! | state      | Accept   | Refuse | HangUp | Cancel | Ack               | AckUseless   | Reinvite   | Update | Info | Bye  | AckLate      | ByeDone |
//! |------------|----------|--------|--------|--------|-------------------|--------------|------------|--------|------|------|--------------|---------|
//! | Offered    | Answered | Over   | Over   | Over   | –                 | –            | –          | –      | –    | –    | –            | –       |
//! | Answered   | –        | –      | Doomed | late   | Confirmed         | Leaving: BYE | 491        | 200    | key  | Over | Leaving: BYE | –       |
//! | Confirmed  | –        | –      | Leaving| late   | stray             | –            | Reanswered | 200    | key  | Over | –            | –       |
//! | Reanswered | –        | –      | Leaving| late   | Confirmed, quietly| Leaving: BYE | 491        | 200    | key  | Over | Leaving: BYE | –       |
//! | Reoffered  | –        | –      | Leaving| late   | stray             | –            | 491        | 200    | key  | Over | –            | –       |
//! | Doomed     | –        | –      | stays  | late   | Leaving: BYE      | Leaving: BYE | 491        | 491    | none | Over | Leaving: BYE | –       |
//! | Leaving    | –        | –      | stays  | late   | stray             | –            | 481        | 481    | none | Over | –            | Over    |
//! | Over       | –        | –      | –      | –      | –                 | –            | –          | –      | –    | –    | –            | –       |
//!
//! Our own re-INVITE: Reoffer leads from Confirmed to Reoffered alone. From there its final answer leads back (Settled), or to
//! Leaving with a BYE if its description cannot be used (Unusable); in Leaving, neither changes anything.
//!
//! AckUseless: the ACK owed us the answer to our offer (§13.3.1, RFC 3264) and brought none that we can use.
//! Doomed: hung up before the ACK came; the callee must not send BYE until then (§15). A late CANCEL changes nothing
//! (§9.2). A BYE that meets ours ends the call at once; ours is still repeated until it is answered.

impl EndReason {
    /// The Reason of our BYE (RFC 3326): the causes of ITU-T Q.850, and of SIP where that has none.
    pub const fn reason(self) -> &'static str {
        match self {
            EndReason::HungUp | EndReason::HungUpUnanswered | EndReason::Refused => {
                "Q.850;cause=16;text=\"Normal call clearing\""
            }
            EndReason::PeerHungUp | EndReason::Cancelled => "Q.850;cause=31;text=\"Normal, unspecified\"",
            EndReason::AckMissing | EndReason::Expired | EndReason::PeerGone => {
                "Q.850;cause=102;text=\"Recovery on timer expiry\""
            }
            EndReason::AnswerMissing => "SIP;cause=488;text=\"Not Acceptable Here\"",
        }
    }
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The peer's BYE.
    PeerHungUp,
    /// The peer's CANCEL.
    Cancelled,
    /// The peer never acknowledged our 200.
    AckMissing,
    /// The peer acknowledged our offer without a usable answer.
    AnswerMissing,
    /// Nobody refreshed the session in time (RFC 4028 §10).
    Expired,
    /// The peer did not answer any more, or knew nothing of the call.
    PeerGone,
    /// The application hung up, and the peer knows.
    HungUp,
    /// The application hung up, and the peer never answered.
    HungUpUnanswered,
    /// The application refused.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Offered,
    Answered,
    Confirmed,
    Reanswered,
    /// Our own re-INVITE waits for its final answer.
    Reoffered,
    Doomed,
    Leaving,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Accept,
    Refuse,
    HangUp,
    Cancel,
    Ack,
    /// An ACK without the answer that it owed us.
    AckUseless,
    Reinvite,
    /// An UPDATE while no offer waits for its answer.
    Update,
    /// An INFO with a key.
    Info,
    Bye,
    /// 64·T1 went by without the ACK.
    AckLate,
    /// Our BYE was answered, or given up.
    ByeDone,
    /// It is time for a re-INVITE of ours.
    Reoffer,
    /// That was answered finally, whichever way.
    Settled,
    /// That was answered by 200 and a description that we cannot use.
    Unusable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the 200 and repeat it until its ACK comes.
    Answer,
    /// Send the final refusal that the application, or hanging up, means.
    Refuse,
    /// Send 487.
    Terminate,
    /// The ACK came, or is not needed any more.
    StopAnswer,
    TellConfirmed,
    /// Tell what the answer to our offer agreed on, if there was one.
    TellMedia,
    TellKey,
    /// Send a re-INVITE.
    Reinvite,
    /// Answer an UPDATE with 200.
    Renew,
    /// Send 491.
    Pending,
    /// Send 481.
    Unknown,
    /// Count an ACK that belongs to nothing.
    StrayAck,
    /// Remember why, unless a reason is already known.
    Blame(EndReason),
    SendBye,
    /// Tell the end, once.
    End,
}

/// The state after an event and what to do; `None` where the table refuses.
pub fn step(state: State, event: Event) -> Option<(State, &'static [Action])> {
    use Action::{
        Answer, Blame, End, Pending, Refuse, Reinvite, Renew, SendBye, StopAnswer, StrayAck, TellConfirmed,
        TellKey, TellMedia, Terminate, Unknown,
    };
    use EndReason::{AckMissing, AnswerMissing, Cancelled, HungUp, PeerHungUp, Refused};
    use State::{Answered, Confirmed, Doomed, Leaving, Offered, Over, Reanswered, Reoffered};
    match (state, event) {
        (Offered, Event::Accept) => Some((Answered, &[Answer])),
        (Offered, Event::Refuse) => Some((Over, &[Refuse, Blame(Refused), End])),
        (Offered, Event::HangUp) => Some((Over, &[Refuse, Blame(HungUp), End])),
        (Offered, Event::Cancel) => Some((Over, &[Terminate, Blame(Cancelled), End])),
        (Offered, Event::Ack | Event::AckUseless | Event::AckLate | Event::Bye | Event::ByeDone) => None,
        (Offered, Event::Reinvite | Event::Update | Event::Info) => None,
        (Answered, Event::HangUp) => Some((Doomed, &[Blame(HungUp)])),
        (Confirmed | Reanswered | Reoffered, Event::HangUp) => {
            Some((Leaving, &[StopAnswer, Blame(HungUp), SendBye]))
        }
        (Doomed | Leaving, Event::HangUp) => Some((state, &[])),
        (Answered, Event::Ack) => Some((Confirmed, &[StopAnswer, TellMedia, TellConfirmed])),
        (Reanswered, Event::Ack) => Some((Confirmed, &[StopAnswer, TellMedia])),
        (Doomed, Event::Ack | Event::AckUseless) => Some((Leaving, &[StopAnswer, SendBye])),
        (Answered | Reanswered, Event::AckUseless) => {
            Some((Leaving, &[StopAnswer, Blame(AnswerMissing), SendBye]))
        }
        (Confirmed | Reoffered | Leaving, Event::AckUseless) => None,
        (Confirmed | Reoffered | Leaving, Event::Ack) => Some((state, &[StrayAck])),
        (Confirmed, Event::Reinvite) => Some((Reanswered, &[Answer])),
        (Answered | Reanswered | Reoffered | Doomed, Event::Reinvite) => Some((state, &[Pending])),
        (Leaving, Event::Reinvite | Event::Update) => Some((state, &[Unknown])),
        (Answered | Confirmed | Reanswered | Reoffered, Event::Update) => Some((state, &[Renew])),
        (Doomed, Event::Update) => Some((state, &[Pending])),
        (Answered | Confirmed | Reanswered | Reoffered, Event::Info) => Some((state, &[TellKey])),
        (Doomed | Leaving, Event::Info) => Some((state, &[])),
        (Answered | Reanswered | Doomed, Event::AckLate) => {
            Some((Leaving, &[StopAnswer, Blame(AckMissing), SendBye]))
        }
        (Leaving, Event::ByeDone) => Some((Over, &[End])),
        (Confirmed, Event::Reoffer) => Some((Reoffered, &[Reinvite])),
        (Reoffered, Event::Settled) => Some((Confirmed, &[TellMedia])),
        (Reoffered, Event::Unusable) => Some((Leaving, &[Blame(AnswerMissing), SendBye])),
        (Leaving, Event::Settled | Event::Unusable) => Some((state, &[])),
        (Offered | Answered | Confirmed | Reanswered | Doomed, Event::Settled | Event::Unusable) => None,
        (Offered | Answered | Reanswered | Reoffered | Doomed | Leaving, Event::Reoffer) => None,
        (Answered | Confirmed | Reanswered | Reoffered | Doomed | Leaving, Event::Bye) => {
            Some((Over, &[StopAnswer, Blame(PeerHungUp), End]))
        }
        (Answered | Confirmed | Reanswered | Reoffered | Doomed | Leaving, Event::Cancel) => {
            Some((state, &[]))
        }
        (Answered | Confirmed | Reanswered | Reoffered | Doomed | Leaving, Event::Accept | Event::Refuse) => {
            None
        }
        (Confirmed | Reoffered | Leaving, Event::AckLate) => None,
        (Answered | Confirmed | Reanswered | Reoffered | Doomed, Event::ByeDone) => None,
        (Over, _) => None,
    }
}

#[cfg(test)]
#[path = "../tests/leg_table.rs"]
mod tests;
