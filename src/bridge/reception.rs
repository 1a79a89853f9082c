//! The conductor's part while a call is in reception: what the caller keys, what the store knows, who is let in.

use super::call::{self, Call, Phase};
use super::{Bridge, Found, MediaRequest, Output, lines};
use crate::ids::{LegId, Role, RoomNumber};
use crate::ivr::{self, Lookup, Reception, Verdict};
use crate::room::Entry;
use crate::units::Time;

impl Bridge {
    /// The call was answered and acknowledged: the caller is received.
    pub(super) fn receive(&mut self, now: Time, leg: LegId) {
        self.with_call(now, leg, |bridge, call| {
            if matches!(call.phase, Phase::Opening) {
                let mut reception = Reception::new(now);
                reception.handle_patience(now, bridge.guessing.delay(now, call.looked_up, call.identity));
                if let Some((booking, _)) = &call.booking {
                    reception.handle_direct(now, booking.number, call::lookup(booking));
                }
                for key in call.take_early() {
                    reception.handle_key(now, key);
                }
                call.phase = Phase::Reception(Box::new(reception));
            }
        });
    }

    /// The store answered.
    pub fn handle_found(&mut self, now: Time, leg: LegId, found: Found) {
        self.tally.lookups_unavailable += u64::from(matches!(found, Found::Unavailable));
        self.with_call(now, leg, |bridge, call| {
            let Phase::Reception(reception) = &mut call.phase else {
                return;
            };
            let (lookup, booking) = match found {
                Found::Unknown => (Lookup::Unknown, None),
                Found::Unavailable => (Lookup::Unavailable, None),
                Found::Booked { booking, ends } => (call::lookup(&booking), Some((booking, ends))),
            };
            call.booking = booking;
            reception.handle_patience(now, bridge.guessing.delay(now, call.looked_up, call.identity));
            reception.handle_lookup(now, lookup);
        });
        self.hear_agent(now);
    }

    /// The store has looked whether the number that was dialled is a room's own. Who dials it need not key the room; who has
    /// keyed something already is asked like everybody else.
    pub fn handle_called(&mut self, now: Time, leg: LegId, found: Found) {
        let Found::Booked { booking, ends } = found else {
            return;
        };
        self.with_call(now, leg, |bridge, call| {
            let number = booking.number;
            match &mut call.phase {
                Phase::Opening => {}
                Phase::Reception(reception) if reception.is_quiet() => {
                    let delay = bridge.guessing.delay(now, Some(number), call.identity);
                    reception.handle_patience(now, delay);
                    reception.handle_direct(now, number, call::lookup(&booking));
                }
                Phase::Reception(_) | Phase::Room(_) | Phase::Leaving { .. } | Phase::Over => return,
            }
            bridge.tally.direct += 1;
            call.language = booking.language;
            call.looked_up = Some(number);
            call.booking = Some((booking, ends));
        });
        self.hear_agent(now);
    }

    /// Carries on what reception told.
    pub(super) fn hear_reception(&mut self, now: Time, leg: LegId, call: &mut Call, output: ivr::Output) {
        match output {
            ivr::Output::Say(line) => self.play(leg, call, lines::line(call.language, line)),
            ivr::Output::Hush => self.ask(MediaRequest::Stop { leg }),
            ivr::Output::LookUp(number) => {
                call.looked_up = Some(number);
                self.outputs.push_back(Output::LookUp { leg, number });
            }
            ivr::Output::Admit { room, role } => self.admit(now, leg, call, room, role),
            ivr::Output::Outdated => self.tally.pins_outdated += 1,
            ivr::Output::Failed { room } => self.fail(now, call, room),
            ivr::Output::HangUp(_) => {
                self.tally.add_reception(call);
                call.phase = Phase::Over;
            }
        }
    }

    /// A wrong try: the next wrong one of this caller, or at this room, is answered later. Whether the room exists makes no
    /// difference.
    fn fail(&mut self, now: Time, call: &mut Call, room: Option<RoomNumber>) {
        self.tally.tries_failed += 1;
        self.guessing.handle_failure(now, room, call.identity);
        let patience = self.guessing.delay(now, room, call.identity);
        if let Phase::Reception(reception) = &mut call.phase {
            reception.handle_patience(now, patience);
        }
    }

    /// Room and PIN are right: the rules of the room decide.
    fn admit(&mut self, now: Time, leg: LegId, call: &mut Call, number: RoomNumber, role: Role) {
        let Phase::Reception(reception) = &mut call.phase else {
            return;
        };
        let booked = call
            .booking
            .as_ref()
            .filter(|(booking, _)| booking.number == number);
        let entry = booked.map(|(booking, ends)| {
            let entry = self.rooms.enter(now, number, booking.seats, leg, role, *ends);
            (entry, booking.language, booking.echo)
        });
        let (entry, language, treats_echo) = entry.unwrap_or((Entry::Expired, call.language, true));
        let refused = match entry {
            Entry::First | Entry::Joined => None,
            Entry::Full => Some((&mut self.tally.rooms_full, Verdict::Full)),
            Entry::Locked => Some((&mut self.tally.rooms_locked, Verdict::Locked)),
            Entry::Expired => Some((&mut self.tally.rooms_expired, Verdict::Expired)),
        };
        if let Some((count, verdict)) = refused {
            *count += 1;
            return reception.handle_verdict(now, verdict);
        }
        reception.handle_verdict(now, Verdict::Welcome);
        self.guessing.handle_success(now, number, call.identity);
        self.tally.add_reception(call);
        call.language = language;
        call.phase = Phase::Room(number);
        self.ask(MediaRequest::Stop { leg });
        if entry == Entry::First {
            self.ask(MediaRequest::Open { number });
        }
        self.treat_echo(number, treats_echo);
        self.ask(MediaRequest::Join { leg, number });
    }
}
