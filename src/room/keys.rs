//! Owns what a key does in a room: one function over (role, state, event), without side effects. The table stands in the
//! module doc of [`crate::room`].

use crate::ids::Role;
use crate::secret::Key;
use std::time::Duration;

/// How long a begun command waits for its next key.
pub(super) const NEXT_KEY: Duration = Duration::from_secs(4);
/// How long a leader has to confirm, once the question was heard.
pub(super) const CONFIRM: Duration = Duration::from_secs(10);
/// Longer than that question takes to be said.
pub(super) const QUESTION: Duration = Duration::from_secs(15);

/// What somebody has begun to key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    #[default]
    Idle,
    /// `*`
    Star,
    /// `*#`
    Hash,
    /// `*##`, and was asked whether to end the call for everybody.
    Confirming,
    /// Was told which line causes an echo, and may mute it.
    Naming,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Star,
    Hash,
    Zero,
    One,
    Two,
    Three,
    Five,
    Six,
    /// Any other digit.
    Other,
    /// The next key did not come.
    Silence,
    /// The question whether to end, or to mute a line, was heard to its end.
    Heard,
    /// A leader who asked is to hear which line causes an echo.
    EchoFound,
}

impl Event {
    /// The event of a key; `None` for the letters, which no telephone at home has.
    pub fn of(key: Key) -> Option<Event> {
        if key == Key::STAR {
            return Some(Event::Star);
        }
        if key == Key::HASH {
            return Some(Event::Hash);
        }
        key.digit().map(|digit| match digit {
            0 => Event::Zero,
            1 => Event::One,
            2 => Event::Two,
            3 => Event::Three,
            5 => Event::Five,
            6 => Event::Six,
            _ => Event::Other,
        })
    }
}

/// What is to be done on the way into the next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    Help,
    Count,
    SeekEcho,
    NameLine,
    MuteLine,
    MuteMe,
    Lock,
    MuteOthers,
    AskEnd,
    End,
    NotDone,
    LeadersOnly,
    Unknown,
}

/// What an event does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing, and its timer runs on.
    Stay,
    /// This state follows, its timer starts anew.
    Go(State, Act),
    /// The event has no business here.
    Refused,
}

/// The table.
pub(super) fn step(role: Role, state: State, event: Event) -> Step {
    use {Act as A, Event as E, State as S, Step::*};
    match state {
        S::Idle => match (role, event) {
            (_, E::Star) => Go(S::Star, A::Nothing),
            (Role::Leader, E::EchoFound) => Go(S::Naming, A::NameLine),
            (_, E::Silence | E::Heard | E::EchoFound) => Refused,
            (_, E::Hash | E::Zero | E::One | E::Two | E::Three | E::Five | E::Six | E::Other) => Stay,
        },
        S::Star => match event {
            E::Star => Go(S::Star, A::Nothing),
            E::Hash => Go(S::Hash, A::Nothing),
            E::One | E::Silence => Go(S::Idle, A::Help),
            E::Two => Go(S::Idle, A::Count),
            E::Three => Go(S::Idle, A::SeekEcho),
            E::Six => Go(S::Idle, A::MuteMe),
            E::Zero => Go(S::Idle, for_leaders(role, A::MuteOthers)),
            E::Five => Go(S::Idle, for_leaders(role, A::Lock)),
            E::Other => Go(S::Idle, A::Unknown),
            E::Heard | E::EchoFound => Refused,
        },
        S::Hash => match (role, event) {
            (_, E::Star) => Go(S::Star, A::Nothing),
            (Role::Leader, E::Hash) => Go(S::Confirming, A::AskEnd),
            (Role::Member, E::Hash) => Go(S::Idle, A::LeadersOnly),
            (_, E::Heard | E::EchoFound) => Refused,
            (_, _) => Go(S::Idle, A::Unknown),
        },
        S::Confirming => match (role, event) {
            (Role::Member, _) | (Role::Leader, E::EchoFound) => Refused,
            (Role::Leader, E::One) => Go(S::Idle, A::End),
            (Role::Leader, E::Heard) => Go(S::Confirming, A::Nothing),
            (Role::Leader, _) => Go(S::Idle, A::NotDone),
        },
        S::Naming => match (role, event) {
            (Role::Member, _) | (Role::Leader, E::EchoFound) => Refused,
            (Role::Leader, E::One) => Go(S::Idle, A::MuteLine),
            (Role::Leader, E::Star) => Go(S::Star, A::Nothing),
            (Role::Leader, E::Heard) => Go(S::Naming, A::Nothing),
            (Role::Leader, _) => Go(S::Idle, A::Nothing),
        },
    }
}

fn for_leaders(role: Role, act: Act) -> Act {
    match role {
        Role::Leader => act,
        Role::Member => Act::LeadersOnly,
    }
}

/// How long a state waits after `act` led to it; `None` where it waits for nothing.
pub(super) fn patience(state: State, act: Act) -> Option<Duration> {
    match (state, act) {
        (State::Idle, _) => None,
        (State::Star | State::Hash, _) => Some(NEXT_KEY),
        (State::Confirming, Act::AskEnd) | (State::Naming, Act::NameLine) => Some(QUESTION + CONFIRM),
        (State::Confirming | State::Naming, _) => Some(CONFIRM),
    }
}

#[cfg(test)]
mod tests {
    use super::super::doc;
    use super::*;

    const STATES: [State; 5] = [
        State::Idle,
        State::Star,
        State::Hash,
        State::Confirming,
        State::Naming,
    ];
    const EVENTS: [Event; 12] = [
        Event::Star,
        Event::Hash,
        Event::Zero,
        Event::One,
        Event::Two,
        Event::Three,
        Event::Five,
        Event::Six,
        Event::Other,
        Event::Silence,
        Event::Heard,
        Event::EchoFound,
    ];

    #[test]
    fn every_row_of_the_doc_holds_and_every_other_pair_is_refused() {
        let rows = doc::rows("who", 5);
        let mut walked = 0;
        for role in [Role::Member, Role::Leader] {
            for state in STATES {
                for event in EVENTS {
                    let meant: Vec<_> = rows
                        .iter()
                        .filter(|row| doc::names(&row[0], role) && row[1] == format!("{state:?}"))
                        .filter(|row| doc::names(&row[2], event))
                        .collect();
                    assert!(meant.len() < 2, "two rows for {role:?}, {state:?}, {event:?}");
                    walked += meant.len();
                    let expected = meant
                        .first()
                        .map_or("Refused".to_owned(), |row| doc::said(&row[3], &row[4]));
                    let told = format!("{:?}", step(role, state, event));
                    assert_eq!(told, expected, "{role:?}, {state:?}, {event:?}");
                }
            }
        }
        let written_out: usize = rows
            .iter()
            .map(|row| doc::count(&row[0]) * doc::count(&row[2]))
            .sum();
        assert_eq!(walked, written_out, "a row names something that does not exist");
    }

    #[test]
    fn a_state_waits_exactly_where_silence_is_an_event() {
        for state in STATES {
            let known = step(Role::Leader, state, Event::Silence) != Step::Refused;
            assert_eq!(patience(state, Act::Nothing).is_some(), known, "{state:?}");
        }
    }
}
