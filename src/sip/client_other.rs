//! Owns the life of a request of ours, which is no INVITE (RFC 3261 §17.1.2). Must never send anything that
//! opens a dialog.
//!
//! | state      | Provisional | Final             | E                  | F                | K    |
//! |------------|-------------|-------------------|--------------------|------------------|------|
//! | Trying     | Proceeding  | Completed: tell,K | repeat, E doubled  | Gone, unanswered | –    |
//! | Proceeding | absorb      | Completed: tell,K | repeat, E at T2    | Gone, unanswered | –    |
//! | Completed  | absorb      | absorb            | –                  | –                | Gone |
//! | Gone       | –           | –                 | –                  | –                | –    |

use super::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Trying,
    Proceeding,
    Completed,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Provisional,
    Final,
    Due(Timer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request again.
    Repeat,
    /// Start E again, twice as late.
    BackOff,
    /// Start E again at T2.
    Slow,
    /// Stop E and F, start K.
    Rest,
    /// Tell that an answer came.
    Answered,
    /// Tell that none came.
    Unanswered,
}

/// The state after an event and what to do; `None` where the table refuses.
pub fn step(state: State, event: Event) -> Option<(State, &'static [Action])> {
    use Action::{Answered, BackOff, Repeat, Rest, Slow, Unanswered};
    match (state, event) {
        (State::Trying, Event::Provisional) => Some((State::Proceeding, &[])),
        (State::Trying, Event::Due(Timer::E)) => Some((State::Trying, &[Repeat, BackOff])),
        (State::Proceeding, Event::Provisional) => Some((State::Proceeding, &[])),
        (State::Proceeding, Event::Due(Timer::E)) => Some((State::Proceeding, &[Repeat, Slow])),
        (State::Trying | State::Proceeding, Event::Final) => Some((State::Completed, &[Rest, Answered])),
        (State::Trying | State::Proceeding, Event::Due(Timer::F)) => Some((State::Gone, &[Unanswered])),
        (State::Trying | State::Proceeding, Event::Due(_)) => None,
        (State::Completed, Event::Provisional | Event::Final) => Some((State::Completed, &[])),
        (State::Completed, Event::Due(Timer::K)) => Some((State::Gone, &[])),
        (State::Completed, Event::Due(_)) => None,
        (State::Gone, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Action::{Answered, BackOff, Repeat, Rest, Slow, Unanswered};
    use super::*;
    use State::{Completed, Gone, Proceeding, Trying};

    #[test]
    fn the_table_row_by_row_and_nothing_else() {
        let rows: &[(State, Event, State, &[Action])] = &[
            (Trying, Event::Provisional, Proceeding, &[]),
            (Trying, Event::Final, Completed, &[Rest, Answered]),
            (Trying, Event::Due(Timer::E), Trying, &[Repeat, BackOff]),
            (Trying, Event::Due(Timer::F), Gone, &[Unanswered]),
            (Proceeding, Event::Provisional, Proceeding, &[]),
            (Proceeding, Event::Final, Completed, &[Rest, Answered]),
            (Proceeding, Event::Due(Timer::E), Proceeding, &[Repeat, Slow]),
            (Proceeding, Event::Due(Timer::F), Gone, &[Unanswered]),
            (Completed, Event::Provisional, Completed, &[]),
            (Completed, Event::Final, Completed, &[]),
            (Completed, Event::Due(Timer::K), Gone, &[]),
        ];
        let timers = [
            Timer::E,
            Timer::F,
            Timer::G,
            Timer::H,
            Timer::I,
            Timer::J,
            Timer::K,
            Timer::L,
        ];
        let events = timers
            .map(Event::Due)
            .into_iter()
            .chain([Event::Provisional, Event::Final]);
        for event in events {
            for state in [Trying, Proceeding, Completed, Gone] {
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
