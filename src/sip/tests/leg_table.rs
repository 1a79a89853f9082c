//! The table of a call, walked row by row.

use super::Action::{
    Answer, Blame, End, Pending, Refuse, Reinvite, Renew, SendBye, StopAnswer, StrayAck, TellConfirmed,
    TellKey, TellMedia, Terminate, Unknown,
};
use super::EndReason::{AckMissing, AnswerMissing, Cancelled, HungUp, PeerHungUp, Refused};
use super::State::{Answered, Confirmed, Doomed, Leaving, Offered, Over, Reanswered, Reoffered};
use super::{Action, Event, State, step};

const ENDED_BY_PEER: &[Action] = &[StopAnswer, Blame(PeerHungUp), End];
const ENDED_UNHEARD: &[Action] = &[StopAnswer, Blame(AckMissing), SendBye];
const ENDED_UNANSWERED: &[Action] = &[StopAnswer, Blame(AnswerMissing), SendBye];

type Row = (State, Event, State, &'static [Action]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (Offered,    Event::Accept,   Answered,   &[Answer]),
    (Offered,    Event::Refuse,   Over,       &[Refuse, Blame(Refused), End]),
    (Offered,    Event::HangUp,   Over,       &[Refuse, Blame(HungUp), End]),
    (Offered,    Event::Cancel,   Over,       &[Terminate, Blame(Cancelled), End]),
    (Answered,   Event::HangUp,   Doomed,     &[Blame(HungUp)]),
    (Answered,   Event::Cancel,   Answered,   &[]),
    (Answered,   Event::Ack,      Confirmed,  &[StopAnswer, TellMedia, TellConfirmed]),
    (Answered,   Event::AckUseless, Leaving,  ENDED_UNANSWERED),
    (Answered,   Event::Update,   Answered,   &[Renew]),
    (Answered,   Event::Info,     Answered,   &[TellKey]),
    (Answered,   Event::Reinvite, Answered,   &[Pending]),
    (Answered,   Event::Bye,      Over,       ENDED_BY_PEER),
    (Answered,   Event::AckLate,  Leaving,    ENDED_UNHEARD),
    (Confirmed,  Event::HangUp,   Leaving,    &[StopAnswer, Blame(HungUp), SendBye]),
    (Confirmed,  Event::Cancel,   Confirmed,  &[]),
    (Confirmed,  Event::Ack,      Confirmed,  &[StrayAck]),
    (Confirmed,  Event::Reinvite, Reanswered, &[Answer]),
    (Confirmed,  Event::Update,   Confirmed,  &[Renew]),
    (Confirmed,  Event::Info,     Confirmed,  &[TellKey]),
    (Confirmed,  Event::Bye,      Over,       ENDED_BY_PEER),
    (Reanswered, Event::HangUp,   Leaving,    &[StopAnswer, Blame(HungUp), SendBye]),
    (Reanswered, Event::Cancel,   Reanswered, &[]),
    (Reanswered, Event::Ack,      Confirmed,  &[StopAnswer, TellMedia]),
    (Reanswered, Event::AckUseless, Leaving,  ENDED_UNANSWERED),
    (Reanswered, Event::Update,   Reanswered, &[Renew]),
    (Reanswered, Event::Info,     Reanswered, &[TellKey]),
    (Reanswered, Event::Reinvite, Reanswered, &[Pending]),
    (Reanswered, Event::Bye,      Over,       ENDED_BY_PEER),
    (Reanswered, Event::AckLate,  Leaving,    ENDED_UNHEARD),
    (Confirmed,  Event::Reoffer,  Reoffered,  &[Reinvite]),
    (Reoffered,  Event::HangUp,   Leaving,    &[StopAnswer, Blame(HungUp), SendBye]),
    (Reoffered,  Event::Cancel,   Reoffered,  &[]),
    (Reoffered,  Event::Ack,      Reoffered,  &[StrayAck]),
    (Reoffered,  Event::Update,   Reoffered,  &[Renew]),
    (Reoffered,  Event::Info,     Reoffered,  &[TellKey]),
    (Reoffered,  Event::Reinvite, Reoffered,  &[Pending]),
    (Reoffered,  Event::Bye,      Over,       ENDED_BY_PEER),
    (Reoffered,  Event::Settled,  Confirmed,  &[TellMedia]),
    (Reoffered,  Event::Unusable, Leaving,    &[Blame(AnswerMissing), SendBye]),
    (Doomed,     Event::HangUp,   Doomed,     &[]),
    (Doomed,     Event::Cancel,   Doomed,     &[]),
    (Doomed,     Event::Ack,      Leaving,    &[StopAnswer, SendBye]),
    (Doomed,     Event::AckUseless, Leaving,  &[StopAnswer, SendBye]),
    (Doomed,     Event::Update,   Doomed,     &[Pending]),
    (Doomed,     Event::Info,     Doomed,     &[]),
    (Doomed,     Event::Reinvite, Doomed,     &[Pending]),
    (Doomed,     Event::Bye,      Over,       ENDED_BY_PEER),
    (Doomed,     Event::AckLate,  Leaving,    ENDED_UNHEARD),
    (Leaving,    Event::HangUp,   Leaving,    &[]),
    (Leaving,    Event::Cancel,   Leaving,    &[]),
    (Leaving,    Event::Ack,      Leaving,    &[StrayAck]),
    (Leaving,    Event::Update,   Leaving,    &[Unknown]),
    (Leaving,    Event::Info,     Leaving,    &[]),
    (Leaving,    Event::Reinvite, Leaving,    &[Unknown]),
    (Leaving,    Event::Bye,      Over,       ENDED_BY_PEER),
    (Leaving,    Event::ByeDone,  Over,       &[End]),
    (Leaving,    Event::Settled,  Leaving,    &[]),
    (Leaving,    Event::Unusable, Leaving,    &[]),
];

const EVENTS: [Event; 15] = [
    Event::Accept,
    Event::Refuse,
    Event::HangUp,
    Event::Cancel,
    Event::Ack,
    Event::AckUseless,
    Event::Update,
    Event::Info,
    Event::Reinvite,
    Event::Bye,
    Event::AckLate,
    Event::ByeDone,
    Event::Reoffer,
    Event::Settled,
    Event::Unusable,
];

#[test]
fn the_table_row_by_row_and_nothing_else() {
    for state in [
        Offered, Answered, Confirmed, Reanswered, Reoffered, Doomed, Leaving, Over,
    ] {
        for event in EVENTS {
            let row = ROWS.iter().find(|row| (row.0, row.1) == (state, event));
            assert_eq!(
                step(state, event),
                row.map(|row| (row.2, row.3)),
                "{state:?} {event:?}"
            );
        }
    }
}

#[test]
fn every_way_out_tells_the_end_exactly_once() {
    for (state, event, next, actions) in ROWS {
        let ends = actions.iter().filter(|action| **action == End).count();
        assert_eq!(ends, usize::from(*next == Over), "{state:?} {event:?}");
    }
}
