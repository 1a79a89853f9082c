//! Owns the life of a received request's transaction, INVITE and ACK excepted (RFC 3261 §17.2.2).
//! Must never know what the request wants.
//!
//! | state     | Request | Final              | J    |
//! |-----------|---------|--------------------|------|
//! | Trying    | absorb  | Completed: send, J | –    |
//! | Completed | repeat  | absorb             | Gone |
//! | Gone      | –       | –                  | –    |
//!
//! Proceeding is missing because we answer every such request at once, without a provisional response.

use super::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Trying,
    Completed,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The request came again.
    Request,
    Final,
    Due(Timer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the response that was given.
    Send,
    /// Send the last response again.
    Repeat,
    /// Start the timer.
    Start(Timer),
}

/// The state after an event and what to do; `None` where the table refuses.
pub fn step(state: State, event: Event) -> Option<(State, &'static [Action])> {
    match (state, event) {
        (State::Trying, Event::Request) => Some((State::Trying, &[])),
        (State::Trying, Event::Final) => Some((State::Completed, &[Action::Send, Action::Start(Timer::J)])),
        (State::Trying, Event::Due(_)) => None,
        (State::Completed, Event::Request) => Some((State::Completed, &[Action::Repeat])),
        (State::Completed, Event::Final) => Some((State::Completed, &[])),
        (State::Completed, Event::Due(Timer::J)) => Some((State::Gone, &[])),
        (State::Completed, Event::Due(_)) => None,
        (State::Gone, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Completed, Gone, Trying};

    #[test]
    fn the_table_row_by_row_and_nothing_else() {
        let rows: &[(State, Event, State, &[Action])] = &[
            (Trying, Event::Request, Trying, &[]),
            (
                Trying,
                Event::Final,
                Completed,
                &[Action::Send, Action::Start(Timer::J)],
            ),
            (Completed, Event::Request, Completed, &[Action::Repeat]),
            (Completed, Event::Final, Completed, &[]),
            (Completed, Event::Due(Timer::J), Gone, &[]),
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
            .chain([Event::Request, Event::Final]);
        for event in events {
            for state in [Trying, Completed, Gone] {
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
