//! Owns the states of a caller's call and the one table of its transitions. Pure.
//!
//! | state      | Provisional            | Answered               | Refused             | HangUp                 | Bye  | Confirmed | GaveUp |
//! |------------|------------------------|------------------------|---------------------|------------------------|------|-----------|--------|
//! | Calling    | Proceeding             | Up, Ack                | Over, AckRefusal    | Leaving                | –    | –         | Over   |
//! | Proceeding | Proceeding             | Up, Ack                | Over, AckRefusal    | Cancelling, SendCancel | –    | –         | Over   |
//! | Leaving    | Cancelling, SendCancel | Closing, AckThenBye    | Over, AckRefusal    | –                      | –    | –         | Over   |
//! | Cancelling | Cancelling             | Closing, AckThenBye    | Over, AckRefusal    | –                      | –    | –         | Over   |
//! | Up         | –                      | Up, Ack                | –                   | Closing, SendBye       | Over | –         | –      |
//! | Closing    | –                      | Closing, Ack           | –                   | –                      | Over | Over      | Over   |
//! | Over       | –                      | Over, Ack              | Over, AckRefusal    | –                      | –    | –         | –      |
//!
//! Leaving waits for a provisional response, before which no CANCEL may be sent (RFC 3261 §9.1). A final response that
//! comes again is acknowledged again.

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE is out.
    Calling,
    /// The bridge has it.
    Proceeding,
    /// Hung up before the bridge said anything.
    Leaving,
    /// The CANCEL is out.
    Cancelling,
    /// Connected.
    Up,
    /// The BYE is out.
    Closing,
    /// Nothing more will happen.
    Over,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// 1xx to the INVITE.
    Provisional,
    /// 2xx to the INVITE.
    Answered,
    /// 3xx to 6xx to the INVITE.
    Refused,
    /// The caller puts the receiver down.
    HangUp,
    /// The bridge's BYE.
    Bye,
    /// A final response to the BYE.
    Confirmed,
    /// Nothing came for 64·T1.
    GaveUp,
}

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// ACK of a 2xx.
    Ack,
    /// ACK of a refusal (same transaction).
    AckRefusal,
    /// BYE.
    SendBye,
    /// CANCEL.
    SendCancel,
    /// ACK, then BYE.
    AckThenBye,
}

/// One row and column of the table; `None` where the table has a dash.
pub fn step(state: State, event: Event) -> Option<(State, Act)> {
    use Event::{Answered, Bye, Confirmed, GaveUp, HangUp, Provisional, Refused};
    match (state, event) {
        (State::Calling | State::Proceeding, Provisional) => Some((State::Proceeding, Act::Nothing)),
        (State::Leaving, Provisional) => Some((State::Cancelling, Act::SendCancel)),
        (State::Cancelling, Provisional) => Some((State::Cancelling, Act::Nothing)),
        (State::Up | State::Closing | State::Over, Provisional) => None,

        (State::Calling | State::Proceeding | State::Up, Answered) => Some((State::Up, Act::Ack)),
        (State::Leaving | State::Cancelling, Answered) => Some((State::Closing, Act::AckThenBye)),
        (State::Closing, Answered) => Some((State::Closing, Act::Ack)),
        (State::Over, Answered) => Some((State::Over, Act::Ack)),

        (State::Calling | State::Proceeding | State::Leaving | State::Cancelling | State::Over, Refused) => {
            Some((State::Over, Act::AckRefusal))
        }
        (State::Up | State::Closing, Refused) => None,

        (State::Calling, HangUp) => Some((State::Leaving, Act::Nothing)),
        (State::Proceeding, HangUp) => Some((State::Cancelling, Act::SendCancel)),
        (State::Up, HangUp) => Some((State::Closing, Act::SendBye)),
        (State::Leaving | State::Cancelling | State::Closing | State::Over, HangUp) => None,

        (State::Up | State::Closing, Bye) => Some((State::Over, Act::Nothing)),
        (State::Calling | State::Proceeding | State::Leaving | State::Cancelling | State::Over, Bye) => None,

        (State::Closing, Confirmed) => Some((State::Over, Act::Nothing)),
        (
            State::Calling | State::Proceeding | State::Leaving | State::Cancelling | State::Up | State::Over,
            Confirmed,
        ) => None,

        (
            State::Calling | State::Proceeding | State::Leaving | State::Cancelling | State::Closing,
            GaveUp,
        ) => Some((State::Over, Act::Nothing)),
        (State::Up | State::Over, GaveUp) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the module doc shows it, word for word.
    fn table() -> Vec<Vec<String>> {
        include_str!("call.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! |"))
            .filter(|line| !line.starts_with("---"))
            .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
            .collect()
    }

    #[test]
    fn every_cell_of_the_table_holds_refused_pairs_included() {
        use Event::{Answered, Bye, Confirmed, GaveUp, HangUp, Provisional, Refused};
        let states = [
            State::Calling,
            State::Proceeding,
            State::Leaving,
            State::Cancelling,
            State::Up,
            State::Closing,
            State::Over,
        ];
        let events = [Provisional, Answered, Refused, HangUp, Bye, Confirmed, GaveUp];
        let table = table();
        assert_eq!(table.len(), states.len() + 1);
        for (state, row) in states.into_iter().zip(&table[1..]) {
            assert_eq!(row[0], format!("{state:?}"));
            for (column, event) in (1..).zip(events) {
                assert_eq!(table[0][column], format!("{event:?}"));
                let shown = match step(state, event) {
                    None => "–".to_owned(),
                    Some((next, Act::Nothing)) => format!("{next:?}"),
                    Some((next, act)) => format!("{next:?}, {act:?}"),
                };
                assert_eq!(shown, row[column], "{state:?} and {event:?}");
            }
        }
    }
}
