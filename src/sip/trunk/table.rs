//! Owns the life of a registration (RFC 3261 §10.2, RFC 5626 §4.5). Must never write a message: it says what is to be done.
//!
//! | state   | Begin   | Found   | Missing | Accepted | Again   | Next   | Failed  | Due     | Lost    | Answers | Leave   | Forget |
//! |---------|---------|---------|---------|----------|---------|--------|---------|---------|---------|---------|---------|--------|
//! | Idle    | Looking | –       | –       | –        | –       | –      | –       | –       | –       | –       | –       | Idle   |
//! | Looking | Looking | Asking  | Resting | –        | –       | –      | –       | –       | Looking | Looking | Leaving | Idle   |
//! | Asking  | Asking  | –       | –       | Resting  | Asking  | Asking | Resting | –       | Asking  | Asking  | Leaving | –      |
//! | Resting | Looking | –       | –       | –        | –       | –      | –       | Looking | Resting | Resting | Leaving | Idle   |
//! | Leaving | Looking | Leaving | Leaving | Idle     | Leaving | –      | Idle    | –       | Leaving | Leaving | Leaving | –      |
//!
//! Resting waits for the refresh or for the next try: whether a binding stands is no state, for it outlives a refresh that
//! fails. Again: the same target is asked once more, with an answer to its challenge or for longer. Next: the next target
//! of this round. Lost: the registrar fell silent, or its connection is gone. Answers: it does again. Leave is Forget
//! where the registrar knows nothing of us.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    Looking,
    Asking,
    Resting,
    Leaving,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Begin,
    Found,
    Missing,
    Accepted,
    Again,
    Next,
    Failed,
    Due,
    Lost,
    Answers,
    Leave,
    Forget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask where the registrar is: a new round begins.
    LookUp,
    /// Send a REGISTER to the round's target.
    Ask,
    /// Go on to the round's next target.
    Turn,
    /// The binding stands: note it, wait for its refresh, keep the way open.
    Bind,
    /// Wait for the next try, the longer the more went wrong.
    BackOff,
    /// The next try is soon.
    Hasten,
    /// Send a REGISTER that takes the binding back.
    AskToLeave,
    /// Nothing is waited for any more.
    Forget,
}

/// The state after an event and what to do; `None` where the table refuses.
pub fn step(state: State, event: Event) -> Option<(State, &'static [Action])> {
    use Action::{Ask, AskToLeave, BackOff, Bind, Forget, Hasten, LookUp, Turn};
    use State::{Asking, Idle, Leaving, Looking, Resting};
    match (state, event) {
        (Idle | Resting | Leaving, Event::Begin) => Some((Looking, &[LookUp])),
        (Looking | Asking, Event::Begin) => Some((state, &[])),
        (Idle, Event::Forget) => Some((Idle, &[])),
        (Idle, _) => None,
        (Looking, Event::Found) => Some((Asking, &[Ask])),
        (Looking, Event::Missing) => Some((Resting, &[BackOff])),
        (Looking | Asking | Resting, Event::Leave) => Some((Leaving, &[AskToLeave])),
        (Looking | Resting, Event::Forget) => Some((Idle, &[Forget])),
        (Looking | Asking, Event::Lost | Event::Answers) => Some((state, &[])),
        (Looking, Event::Accepted | Event::Again | Event::Next | Event::Failed | Event::Due) => None,
        (Asking, Event::Accepted) => Some((Resting, &[Bind])),
        (Asking, Event::Again) => Some((Asking, &[Ask])),
        (Asking, Event::Next) => Some((Asking, &[Turn, Ask])),
        (Asking, Event::Failed) => Some((Resting, &[BackOff])),
        (Asking, Event::Found | Event::Missing | Event::Due | Event::Forget) => None,
        (Resting, Event::Due) => Some((Looking, &[LookUp])),
        (Resting, Event::Lost | Event::Answers) => Some((Resting, &[Hasten])),
        (Resting, Event::Found | Event::Missing) => None,
        (Resting, Event::Accepted | Event::Again | Event::Next | Event::Failed) => None,
        (Leaving, Event::Accepted | Event::Failed) => Some((Idle, &[Forget])),
        (Leaving, Event::Again) => Some((Leaving, &[AskToLeave])),
        (Leaving, Event::Found | Event::Missing) => Some((Leaving, &[])),
        (Leaving, Event::Lost | Event::Answers | Event::Leave) => Some((Leaving, &[])),
        (Leaving, Event::Next | Event::Due | Event::Forget) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [(&str, State); 5] = [
        ("Idle", State::Idle),
        ("Looking", State::Looking),
        ("Asking", State::Asking),
        ("Resting", State::Resting),
        ("Leaving", State::Leaving),
    ];
    const EVENTS: [(&str, Event); 12] = [
        ("Begin", Event::Begin),
        ("Found", Event::Found),
        ("Missing", Event::Missing),
        ("Accepted", Event::Accepted),
        ("Again", Event::Again),
        ("Next", Event::Next),
        ("Failed", Event::Failed),
        ("Due", Event::Due),
        ("Lost", Event::Lost),
        ("Answers", Event::Answers),
        ("Leave", Event::Leave),
        ("Forget", Event::Forget),
    ];

    /// The table above is what is tested.
    #[test]
    fn every_cell_of_the_table_is_what_the_machine_does() {
        let rows: Vec<Vec<&str>> = include_str!("table.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let heads: Vec<&str> = EVENTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(rows[0][1..], heads);
        assert_eq!(rows.len(), 2 + STATES.len());
        for (row, (name, state)) in rows[2..].iter().zip(STATES) {
            assert_eq!(row[0], name);
            for (cell, (_, event)) in row[1..].iter().zip(EVENTS) {
                let next = step(state, event).map_or("–".to_owned(), |(next, _)| format!("{next:?}"));
                assert_eq!(*cell, next, "{state:?} {event:?}");
            }
        }
    }
}
