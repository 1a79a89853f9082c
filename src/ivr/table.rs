//! Owns which state follows which: one function over (state, event), without side effects. The table stands in the
//! module doc of [`crate::ivr`].

use super::words::Farewell;

/// Where a reception is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The call was confirmed; nothing is said yet.
    Quiet,
    /// A question is being said.
    Asking(Question),
    /// The question was said; nothing is keyed.
    Waiting(Question),
    /// Digits are there.
    Keying(Question),
    /// Digits were there and `*` cleared them.
    Cleared(Question),
    /// A try was wrong, and the answer waits.
    Withholding,
    /// The store was asked for the room.
    LookingUp,
    /// The room's rules were asked.
    Admitting,
    /// The last words are being said.
    Leaving(Farewell),
    /// In the room: reception is over.
    Welcomed,
    /// Hung up: reception is over.
    Gone,
}

/// What the digits are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The room number.
    Room,
    /// The room number again after a mismatch, or another PIN for the room keyed before.
    Retry,
    /// The PIN.
    Pin,
}

/// What happens, already judged: which key, entry, answer or timer it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The silence before the greeting is over.
    Opening,
    /// The same, for the number of a room with a PIN.
    OpeningPin,
    /// The same, for the number of a room without.
    OpeningOpen,
    /// A digit.
    Digit,
    /// The first digit of a PIN, for the number of a room.
    DigitPin,
    /// `*` or `#` with nothing keyed.
    Blank,
    /// `*` with digits keyed.
    Clear,
    /// The entry is over and can be a room number.
    Number,
    /// The entry is over, a room number was wanted, and this cannot be one.
    NoNumber,
    /// The entry is over and is a PIN of the room.
    Match,
    /// The entry is over and is no PIN of the room.
    Mismatch,
    /// The entry is over and is the PIN that the room had before; a try is left.
    Former,
    /// The same, and no try is left.
    LastFormer,
    /// The mismatch was withheld long enough; a try is left.
    Answer,
    /// The same, for the number of a room.
    AnswerPin,
    /// The mismatch was withheld long enough, and no try is left.
    LastAnswer,
    /// What was said was heard to its end, or must have been.
    Played,
    /// Nothing was keyed.
    Silence,
    /// Nothing was keyed, and the question was repeated often enough.
    LastSilence,
    /// Nothing followed the `*`.
    Idle,
    /// The room asks for no PIN.
    Open,
    /// The room asks for a PIN, or does not exist.
    Closed,
    /// The store or the rules do not answer.
    Unavailable,
    /// The rules let the caller in.
    Welcome,
    /// No seat is free.
    Full,
    /// The booking is over.
    Expired,
    /// A leader has locked the room.
    Locked,
    /// Nothing is heard of the caller, who may hear us.
    Unheard,
    /// Reception took too long.
    Overtime,
}

/// What is to be done on the way into the next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    Greet,
    Hush,
    AskAgain,
    Remind,
    LookUp,
    AskPin,
    Admit,
    Fail,
    TellMismatch,
    TellChange,
    TellUnheard,
    Goodbye,
    HangUp(Farewell),
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
pub(super) fn step(state: State, event: Event) -> Step {
    use {Act as A, Event as E, State as S, Step::*};
    let leave = |farewell| Go(S::Leaving(farewell), A::Goodbye);
    match state {
        S::Quiet => match event {
            E::Opening => Go(S::Asking(Question::Room), A::Greet),
            E::OpeningPin => Go(S::Asking(Question::Pin), A::Greet),
            E::OpeningOpen => Go(S::Admitting, A::Admit),
            E::Digit => Go(S::Keying(Question::Room), A::Nothing),
            E::DigitPin => Go(S::Keying(Question::Pin), A::Nothing),
            E::Blank => Stay,
            E::Overtime => leave(Farewell::Overtime),
            _ => Refused,
        },
        S::Asking(question) => match event {
            E::Digit => Go(S::Keying(question), A::Hush),
            E::Blank => Go(S::Asking(question), A::AskAgain),
            E::Played => Go(S::Waiting(question), A::Nothing),
            E::Unheard => Go(S::Asking(question), A::TellUnheard),
            E::Overtime => leave(Farewell::Overtime),
            _ => Refused,
        },
        S::Waiting(question) => match event {
            E::Digit => Go(S::Keying(question), A::Nothing),
            E::Blank => Go(S::Asking(question), A::AskAgain),
            E::Silence => Go(S::Asking(question), A::Remind),
            E::LastSilence => leave(Farewell::Silence),
            E::Unheard => Go(S::Asking(question), A::TellUnheard),
            E::Overtime => leave(Farewell::Overtime),
            _ => Refused,
        },
        S::Keying(question) => keying(question, event),
        S::Cleared(question) => match event {
            E::Digit => Go(S::Keying(question), A::Nothing),
            E::Blank | E::Idle => Go(S::Asking(question), A::AskAgain),
            E::Overtime => leave(Farewell::Overtime),
            _ => Refused,
        },
        S::Withholding => match event {
            E::Answer => Go(S::Asking(Question::Retry), A::TellMismatch),
            E::AnswerPin => Go(S::Asking(Question::Pin), A::TellMismatch),
            E::LastAnswer => leave(Farewell::TriesSpent),
            E::Overtime => leave(Farewell::Overtime),
            _ => Refused,
        },
        S::LookingUp => match event {
            E::Open => Go(S::Admitting, A::Admit),
            E::Closed => Go(S::Asking(Question::Pin), A::AskPin),
            E::Unavailable => leave(Farewell::Unavailable),
            E::Overtime => leave(Farewell::Overtime),
            _ => Refused,
        },
        S::Admitting => match event {
            E::Welcome => Go(S::Welcomed, A::Nothing),
            E::Full => leave(Farewell::Full),
            E::Expired => leave(Farewell::Expired),
            E::Locked => leave(Farewell::Locked),
            E::Unavailable => leave(Farewell::Unavailable),
            _ => Refused,
        },
        S::Leaving(farewell) => match event {
            E::Played => Go(S::Gone, A::HangUp(farewell)),
            _ => Refused,
        },
        S::Welcomed | S::Gone => Refused,
    }
}

/// The rows of [`State::Keying`]: what an entry may turn out to be depends on what was asked.
fn keying(question: Question, event: Event) -> Step {
    use {Act as A, Event as E, Question as Q, State as S, Step::*};
    match (question, event) {
        (_, E::Digit) => Go(S::Keying(question), A::Nothing),
        (_, E::Clear) => Go(S::Cleared(question), A::Nothing),
        (_, E::Overtime) => Go(S::Leaving(Farewell::Overtime), A::Goodbye),
        (Q::Room | Q::Retry, E::Number) => Go(S::LookingUp, A::LookUp),
        (Q::Room | Q::Retry, E::NoNumber) => Go(S::Asking(Q::Pin), A::AskPin),
        (Q::Retry | Q::Pin, E::Match) => Go(S::Admitting, A::Admit),
        (Q::Retry | Q::Pin, E::Mismatch) => Go(S::Withholding, A::Fail),
        (Q::Retry | Q::Pin, E::Former) => Go(S::Asking(Q::Pin), A::TellChange),
        (Q::Retry | Q::Pin, E::LastFormer) => Go(S::Leaving(Farewell::TriesSpent), A::Goodbye),
        (Q::Room | Q::Retry | Q::Pin, _) => Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::super::timers::total_applies;
    use super::*;

    const QUESTIONS: [Question; 3] = [Question::Room, Question::Retry, Question::Pin];
    const FAREWELLS: [Farewell; 7] = [
        Farewell::TriesSpent,
        Farewell::Silence,
        Farewell::Overtime,
        Farewell::Full,
        Farewell::Expired,
        Farewell::Locked,
        Farewell::Unavailable,
    ];
    const EVENTS: [Event; 29] = [
        Event::Opening,
        Event::OpeningPin,
        Event::OpeningOpen,
        Event::Digit,
        Event::DigitPin,
        Event::Blank,
        Event::Clear,
        Event::Number,
        Event::NoNumber,
        Event::Match,
        Event::Mismatch,
        Event::Former,
        Event::LastFormer,
        Event::Answer,
        Event::AnswerPin,
        Event::LastAnswer,
        Event::Played,
        Event::Silence,
        Event::LastSilence,
        Event::Idle,
        Event::Open,
        Event::Closed,
        Event::Unavailable,
        Event::Welcome,
        Event::Full,
        Event::Expired,
        Event::Locked,
        Event::Unheard,
        Event::Overtime,
    ];

    fn states() -> Vec<State> {
        let mut states = vec![
            State::Quiet,
            State::Withholding,
            State::LookingUp,
            State::Admitting,
            State::Welcomed,
            State::Gone,
        ];
        for q in QUESTIONS {
            states.extend([
                State::Asking(q),
                State::Waiting(q),
                State::Keying(q),
                State::Cleared(q),
            ]);
        }
        states.extend(FAREWELLS.map(State::Leaving));
        states
    }

    /// The rows of the module doc, `q` and `f` written out: state, event, and what `step` must say in `Debug`'s words.
    fn rows() -> Vec<(String, String, String)> {
        let mut rows = Vec::new();
        for line in include_str!("mod.rs").lines() {
            let Some(row) = line.strip_prefix("//! | ") else {
                continue;
            };
            if row.starts_with("state") {
                continue;
            }
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let said = match cells[2] {
                "stay" => "Stay".to_owned(),
                next => format!("Go({next}, {})", cells[3]),
            };
            let whole = [cells[0], cells[1], said.as_str()].join("|");
            let written_out: Vec<String> = if cells[0].contains("(q)") {
                let each = |q| whole.replace("(q)", &format!("({q:?})"));
                QUESTIONS.map(each).to_vec()
            } else if cells[0].contains("(f)") {
                let each = |f| whole.replace("(f)", &format!("({f:?})"));
                FAREWELLS.map(each).to_vec()
            } else {
                vec![whole]
            };
            rows.extend(written_out.iter().filter_map(|row| {
                let mut cells = row.split('|').map(str::to_owned);
                Some((cells.next()?, cells.next()?, cells.next()?))
            }));
        }
        rows
    }

    #[test]
    fn every_row_of_the_doc_holds_and_every_other_pair_is_refused() {
        let rows = rows();
        let mut walked = 0;
        for state in states() {
            for event in EVENTS {
                let told = format!("{:?}", step(state, event));
                let mut meant = rows
                    .iter()
                    .filter(|(from, on, _)| *from == format!("{state:?}") && *on == format!("{event:?}"));
                let (first, second) = (meant.next(), meant.next());
                assert_eq!(second, None, "two rows for {state:?}, {event:?}");
                walked += usize::from(first.is_some());
                let expected = first.map_or("Refused", |(_, _, said)| said);
                assert_eq!(told, expected, "{state:?}, {event:?}");
            }
        }
        assert_eq!(
            walked,
            rows.len(),
            "a row names a state or event that does not exist"
        );
    }

    #[test]
    fn the_ten_minutes_run_wherever_the_table_knows_an_end_to_them() {
        for state in states() {
            let ends = step(state, Event::Overtime) != Step::Refused;
            assert_eq!(ends, total_applies(state), "{state:?}");
        }
    }
}
