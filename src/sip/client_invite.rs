//! Owns the life of an INVITE of ours, which is one within a dialog (RFC 3261 §17.1.1, RFC 6026 §7.2). Must never send one that
//! opens a dialog.
//!
//! | state      | Provisional         | Success                   | Failure                    | A                  | B                | C                | D    | M    |
//! |------------|---------------------|---------------------------|----------------------------|--------------------|------------------|------------------|------|------|
//! | Calling    | Proceeding: wait, C | Accepted: ack 200, tell,M | Completed: ack, tell, D    | repeat, A doubled  | Gone, unanswered | –                | –    | –    |
//! | Proceeding | absorb              | Accepted: ack 200, tell,M | Completed: ack, tell, D    | –                  | –                | Gone, unanswered | –    | –    |
//! | Accepted   | absorb              | ack 200 again             | absorb                     | –                  | –                | –                | –    | Gone |
//! | Completed  | absorb              | absorb                    | ack again                  | –                  | –                | –                | Gone | –    |
//! | Gone       | –                   | –                         | –                          | –                  | –                | –                | –    | –    |

use super::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Calling,
    Proceeding,
    Accepted,
    Completed,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Provisional,
    /// 2xx
    Success,
    /// 3xx to 6xx
    Failure,
    Due(Timer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request again.
    Repeat,
    /// Start A again, twice as late.
    Double,
    /// Somebody is at work on it: stop A and B, start C.
    Wait,
    /// Acknowledge a 2xx: an ACK of its own (§13.2.2.4).
    AckSuccess,
    /// Acknowledge a refusal, within the transaction (§17.1.1.3).
    AckFailure,
    /// Stop everything, start this one.
    Rest(Timer),
    /// Tell that the final answer came.
    Answered,
    /// Tell that none came.
    Unanswered,
}

/// The state after an event and what to do; `None` where the table refuses.
pub fn step(state: State, event: Event) -> Option<(State, &'static [Action])> {
    use Action::{AckFailure, AckSuccess, Answered, Double, Repeat, Rest, Unanswered, Wait};
    use State::{Accepted, Calling, Completed, Gone, Proceeding};
    match (state, event) {
        (Calling, Event::Provisional) => Some((Proceeding, &[Wait])),
        (Calling, Event::Due(Timer::A)) => Some((Calling, &[Repeat, Double])),
        (Calling, Event::Due(Timer::B)) => Some((Gone, &[Unanswered])),
        (Proceeding, Event::Due(Timer::C)) => Some((Gone, &[Unanswered])),
        (Calling | Proceeding, Event::Success) => Some((Accepted, &[AckSuccess, Rest(Timer::M), Answered])),
        (Calling | Proceeding, Event::Failure) => Some((Completed, &[AckFailure, Rest(Timer::D), Answered])),
        (Accepted, Event::Success) => Some((Accepted, &[AckSuccess])),
        (Accepted, Event::Due(Timer::M)) => Some((Gone, &[])),
        (Completed, Event::Failure) => Some((Completed, &[AckFailure])),
        (Completed, Event::Due(Timer::D)) => Some((Gone, &[])),
        (Proceeding | Accepted | Completed, Event::Provisional) => Some((state, &[])),
        (Accepted, Event::Failure) | (Completed, Event::Success) => Some((state, &[])),
        (Calling | Proceeding | Accepted | Completed, Event::Due(_)) => None,
        (Gone, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Action::{AckFailure, AckSuccess, Answered, Double, Repeat, Rest, Unanswered, Wait};
    use super::*;
    use State::{Accepted, Calling, Completed, Gone, Proceeding};

    const ACCEPTED: &[Action] = &[AckSuccess, Rest(Timer::M), Answered];
    const REFUSED: &[Action] = &[AckFailure, Rest(Timer::D), Answered];

    #[test]
    fn the_table_row_by_row_and_nothing_else() {
        let rows: &[(State, Event, State, &[Action])] = &[
            (Calling, Event::Provisional, Proceeding, &[Wait]),
            (Calling, Event::Success, Accepted, ACCEPTED),
            (Calling, Event::Failure, Completed, REFUSED),
            (Calling, Event::Due(Timer::A), Calling, &[Repeat, Double]),
            (Calling, Event::Due(Timer::B), Gone, &[Unanswered]),
            (Proceeding, Event::Provisional, Proceeding, &[]),
            (Proceeding, Event::Success, Accepted, ACCEPTED),
            (Proceeding, Event::Failure, Completed, REFUSED),
            (Proceeding, Event::Due(Timer::C), Gone, &[Unanswered]),
            (Accepted, Event::Provisional, Accepted, &[]),
            (Accepted, Event::Success, Accepted, &[AckSuccess]),
            (Accepted, Event::Failure, Accepted, &[]),
            (Accepted, Event::Due(Timer::M), Gone, &[]),
            (Completed, Event::Provisional, Completed, &[]),
            (Completed, Event::Success, Completed, &[]),
            (Completed, Event::Failure, Completed, &[AckFailure]),
            (Completed, Event::Due(Timer::D), Gone, &[]),
        ];
        let timers = [
            Timer::A,
            Timer::B,
            Timer::C,
            Timer::D,
            Timer::E,
            Timer::F,
            Timer::K,
            Timer::L,
            Timer::M,
        ];
        let answers = [Event::Provisional, Event::Success, Event::Failure];
        for event in timers.map(Event::Due).into_iter().chain(answers) {
            for state in [Calling, Proceeding, Accepted, Completed, Gone] {
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
