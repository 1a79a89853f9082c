//! Owns the life of a received INVITE's transaction (RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1).
//! Must never know what a call is.
//!
//! | state      | Request    | Provisional | Success          | Failure            | Ack              | G            | H            | I      | L      |
//! |------------|------------|-------------|------------------|--------------------|------------------|--------------|--------------|--------|--------|
//! | Proceeding | repeat     | send        | Accepted: send,L | Completed: send,G,H| –                | –            | –            | –      | –      |
//! | Completed  | repeat     | –           | –                | –                  | Confirmed: I     | repeat, G    | Gone, no ACK | –      | –      |
//! | Confirmed  | absorb     | –           | –                | –                  | absorb           | –            | –            | Gone   | –      |
//! | Accepted   | repeat     | –           | –                | –                  | –                | –            | –            | –      | Gone   |
//! | Gone       | –          | –           | –                | –                  | –                | –            | –            | –      | –      |
//!
//! RFC 6026 lets an INVITE that comes again in Accepted fall silent, since the 200 is repeated by its own timer anyway;
//! repeating it at once costs one datagram and heals a lost 200 up to 4 s earlier. An ACK in Accepted belongs to the
//! call, which is why the table refuses it here.

use super::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The INVITE came again.
    Request,
    Provisional,
    Success,
    Failure,
    Ack,
    Due(Timer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the response that was given.
    Send,
    /// Send the last response again.
    Repeat,
    /// Start the timer with its first value.
    Start(Timer),
    /// Start G again, twice as late.
    BackOff,
    /// Stop retransmitting and waiting for the ACK.
    StopWaiting,
    /// Tell that the ACK never came.
    NoAck,
}

/// The state after an event and what to do; `None` where the table refuses.
pub fn step(state: State, event: Event) -> Option<(State, &'static [Action])> {
    use Action::{BackOff, NoAck, Repeat, Send, Start, StopWaiting};
    match (state, event) {
        (State::Proceeding, Event::Request) => Some((State::Proceeding, &[Repeat])),
        (State::Proceeding, Event::Provisional) => Some((State::Proceeding, &[Send])),
        (State::Proceeding, Event::Success) => Some((State::Accepted, &[Send, Start(Timer::L)])),
        (State::Proceeding, Event::Failure) => {
            Some((State::Completed, &[Send, Start(Timer::G), Start(Timer::H)]))
        }
        (State::Proceeding, Event::Ack | Event::Due(_)) => None,
        (State::Completed, Event::Request) => Some((State::Completed, &[Repeat])),
        (State::Completed, Event::Ack) => Some((State::Confirmed, &[StopWaiting, Start(Timer::I)])),
        (State::Completed, Event::Due(Timer::G)) => Some((State::Completed, &[Repeat, BackOff])),
        (State::Completed, Event::Due(Timer::H)) => Some((State::Gone, &[NoAck])),
        (State::Completed, Event::Provisional | Event::Success | Event::Failure | Event::Due(_)) => None,
        (State::Confirmed, Event::Request | Event::Ack) => Some((State::Confirmed, &[])),
        (State::Confirmed, Event::Due(Timer::I)) => Some((State::Gone, &[])),
        (State::Confirmed, Event::Provisional | Event::Success | Event::Failure | Event::Due(_)) => None,
        (State::Accepted, Event::Request) => Some((State::Accepted, &[Repeat])),
        (State::Accepted, Event::Due(Timer::L)) => Some((State::Gone, &[])),
        (
            State::Accepted,
            Event::Provisional | Event::Success | Event::Failure | Event::Ack | Event::Due(_),
        ) => None,
        (State::Gone, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Action::{BackOff, NoAck, Repeat, Send, Start, StopWaiting};
    use super::*;
    use State::{Accepted, Completed, Confirmed, Gone, Proceeding};

    const EVENTS: [Event; 15] = [
        Event::Request,
        Event::Provisional,
        Event::Success,
        Event::Failure,
        Event::Ack,
        Event::Due(Timer::E),
        Event::Due(Timer::F),
        Event::Due(Timer::G),
        Event::Due(Timer::H),
        Event::Due(Timer::I),
        Event::Due(Timer::J),
        Event::Due(Timer::K),
        Event::Due(Timer::L),
        Event::Due(Timer::Answer),
        Event::Due(Timer::Ack),
    ];

    #[test]
    fn the_table_row_by_row_and_nothing_else() {
        let rows: &[(State, Event, State, &[Action])] = &[
            (Proceeding, Event::Request, Proceeding, &[Repeat]),
            (Proceeding, Event::Provisional, Proceeding, &[Send]),
            (Proceeding, Event::Success, Accepted, &[Send, Start(Timer::L)]),
            (
                Proceeding,
                Event::Failure,
                Completed,
                &[Send, Start(Timer::G), Start(Timer::H)],
            ),
            (Completed, Event::Request, Completed, &[Repeat]),
            (Completed, Event::Ack, Confirmed, &[StopWaiting, Start(Timer::I)]),
            (Completed, Event::Due(Timer::G), Completed, &[Repeat, BackOff]),
            (Completed, Event::Due(Timer::H), Gone, &[NoAck]),
            (Confirmed, Event::Request, Confirmed, &[]),
            (Confirmed, Event::Ack, Confirmed, &[]),
            (Confirmed, Event::Due(Timer::I), Gone, &[]),
            (Accepted, Event::Request, Accepted, &[Repeat]),
            (Accepted, Event::Due(Timer::L), Gone, &[]),
        ];
        for state in [Proceeding, Completed, Confirmed, Accepted, Gone] {
            for event in EVENTS {
                let row = rows.iter().find(|row| (row.0, row.1) == (state, event));
                assert_eq!(
                    step(state, event),
                    row.map(|row| (row.2, row.3)),
                    "{state:?} {event:?}"
                );
            }
        }
    }
}
