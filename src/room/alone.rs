//! Owns the watch over somebody who is alone in a room: one function over (state, event), without side effects. The table
//! stands in the module doc of [`crate::room`].

/// Whether somebody is alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Two or more are there.
    Together,
    /// One is there.
    Alone,
    /// One is there, and was asked whether they still are.
    Asked,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Only one is there now.
    Lonely,
    /// Somebody came.
    Company,
    /// A key was pressed.
    Key,
    /// Long enough alone, or without an answer.
    Due,
}

/// What is to be done on the way into the next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Say that nobody else is here; the music begins.
    Tell,
    /// All that was said about being alone is over, and the music.
    Hush,
    /// Ask.
    Ask,
    /// The answer was given.
    Stays,
    /// No answer was given.
    Goodbye,
}

/// What an event does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing; a key goes on to where keys go.
    Stay,
    /// This state follows, its timer starts anew.
    Go(State, Act),
    /// The event has no business here.
    Refused,
}

/// The table.
pub(super) fn step(state: State, event: Event) -> Step {
    use {Act as A, Event as E, State as S, Step::*};
    match state {
        S::Together => match event {
            E::Lonely => Go(S::Alone, A::Tell),
            E::Company | E::Key => Stay,
            E::Due => Refused,
        },
        S::Alone => match event {
            E::Company => Go(S::Together, A::Hush),
            E::Key => Stay,
            E::Due => Go(S::Asked, A::Ask),
            E::Lonely => Refused,
        },
        S::Asked => match event {
            E::Company => Go(S::Together, A::Hush),
            E::Key => Go(S::Alone, A::Stays),
            E::Due => Go(S::Together, A::Goodbye),
            E::Lonely => Refused,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::doc;
    use super::*;

    #[test]
    fn every_row_of_the_doc_holds_and_every_other_pair_is_refused() {
        let rows = doc::rows("company", 4);
        let mut walked = 0;
        for state in [State::Together, State::Alone, State::Asked] {
            for event in [Event::Lonely, Event::Company, Event::Key, Event::Due] {
                let meant: Vec<_> = rows
                    .iter()
                    .filter(|row| row[0] == format!("{state:?}") && doc::names(&row[1], event))
                    .collect();
                assert!(meant.len() < 2, "two rows for {state:?}, {event:?}");
                walked += meant.len();
                let expected = meant
                    .first()
                    .map_or("Refused".to_owned(), |row| doc::said(&row[2], &row[3]));
                assert_eq!(
                    format!("{:?}", step(state, event)),
                    expected,
                    "{state:?}, {event:?}"
                );
            }
        }
        let written_out: usize = rows.iter().map(|row| doc::count(&row[1])).sum();
        assert_eq!(walked, written_out, "a row names something that does not exist");
    }
}
