//! The conductor: the only file that knows signalling, reception, rooms and media commands at once. It decides nothing that
//! one of them can decide; it carries what one says to the other. Pure: no clock, no socket, no store.

mod call;
mod lines;
pub mod operate;
mod output;
mod report;
pub mod status;

pub use output::{Found, MediaRequest, Output};

use crate::ids::{Language, LegId, RoomNumber};
use crate::ivr::{self, Lookup, Reception, Verdict};
use crate::media_api::{self, Playlist};
use crate::room::{Entry, Left, Rooms};
use crate::sip::{self, Refusal, UserAgent};
use crate::units::Time;
use call::{Call, Phase};
use lines::Notice;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// A last sentence is cut off after this.
const LEAVING: Duration = Duration::from_secs(20);

/// All calls, from INVITE to the end.
pub struct Bridge {
    agent: UserAgent,
    rooms: Rooms,
    calls: BTreeMap<LegId, Call>,
    timers: BTreeSet<(Time, LegId)>,
    language: Language,
    outputs: VecDeque<Output>,
    tally: report::Tally,
    stopping: bool,
    /// No new calls; those that stand may last until then.
    draining: Option<Time>,
}

impl Bridge {
    /// A bridge without calls, which greets in `language`.
    pub fn new(agent: UserAgent, language: Language) -> Bridge {
        Bridge {
            agent,
            rooms: Rooms::default(),
            calls: BTreeMap::new(),
            timers: BTreeSet::new(),
            language,
            outputs: VecDeque::new(),
            tally: report::Tally::default(),
            stopping: false,
            draining: None,
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Bridge::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        let own = self.timers.first().map(|&(at, _)| at);
        let agent = self.agent.poll_timeout().map(|(at, _)| at);
        own.into_iter().chain(agent).chain(self.draining).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        self.agent.handle_timeout(now);
        while let Some(&(at, leg)) = self.timers.first().filter(|&&(at, _)| at <= now) {
            self.timers.remove(&(at, leg));
            self.with_call(now, leg, |_, call| match &mut call.phase {
                Phase::Reception(reception) => reception.handle_timeout(now),
                Phase::Leaving { until } if *until <= now => call.phase = Phase::Over,
                Phase::Leaving { .. } | Phase::Opening | Phase::Room(_) | Phase::Over => {}
            });
        }
        self.end_drain(now);
        self.hear_agent(now);
    }

    /// A SIP datagram came.
    pub fn handle_datagram(&mut self, now: Time, from: SocketAddr, bytes: &[u8]) {
        self.agent.handle_datagram(now, from, bytes);
        self.hear_agent(now);
    }

    /// The leg is open and listens at `media`; `None` if it could not be opened.
    pub fn handle_opened(&mut self, now: Time, leg: LegId, media: Option<SocketAddr>) {
        match media {
            Some(media) => self.agent.accept(now, leg, media),
            None => {
                self.tally.legs_not_opened += 1;
                self.agent.refuse(now, leg, Refusal::Full);
            }
        }
        self.hear_agent(now);
    }

    /// The store answered.
    pub fn handle_found(&mut self, now: Time, leg: LegId, found: Found) {
        self.tally.lookups_unavailable += u64::from(matches!(found, Found::Unavailable));
        self.with_call(now, leg, |_, call| {
            let Phase::Reception(reception) = &mut call.phase else {
                return;
            };
            let (lookup, booking) = match found {
                Found::Unknown => (Lookup::Unknown, None),
                Found::Unavailable => (Lookup::Unavailable, None),
                Found::Booked { booking, expired } => (
                    booking.pin.clone().map_or(Lookup::Open, Lookup::Guarded),
                    Some((booking, expired)),
                ),
            };
            call.booking = booking;
            reception.handle_lookup(now, lookup);
        });
        self.hear_agent(now);
    }

    /// The media thread told something.
    pub fn handle_media(&mut self, now: Time, event: media_api::Event) {
        match event {
            media_api::Event::Key { leg, key } => self.with_call(now, leg, |_, call| {
                if let Phase::Reception(reception) = &mut call.phase {
                    reception.handle_key(now, key);
                }
            }),
            media_api::Event::Played { leg, token } => {
                self.with_call(now, leg, |_, call| match &mut call.phase {
                    // The end of something that was replaced meanwhile.
                    _ if token != call.playing => {}
                    Phase::Reception(reception) => reception.handle_played(now),
                    Phase::Leaving { .. } => call.phase = Phase::Over,
                    Phase::Opening | Phase::Room(_) | Phase::Over => {}
                });
            }
        }
        self.hear_agent(now);
    }

    /// The room was cancelled: its members hear so, then their calls end.
    pub fn handle_room_cancelled(&mut self, now: Time, number: RoomNumber) {
        let members = self.rooms.cancel(number);
        if !members.is_empty() {
            self.ask(MediaRequest::Close { number });
        }
        for leg in members {
            self.with_call(now, leg, |bridge, call| {
                call.phase = Phase::Leaving { until: now + LEAVING };
                bridge.play(leg, call, lines::notice(call.language, Notice::Cancelled));
            });
        }
        for call in self.calls.values_mut() {
            // Who still keys the PIN of this room is told that its time is over.
            if let Some((booking, expired)) = &mut call.booking {
                *expired |= booking.number == number;
            }
        }
    }

    /// The program ends: every call ends by BYE, and no new one is taken.
    pub fn handle_shutdown(&mut self, now: Time) {
        self.stopping = true;
        self.draining = None;
        let legs: Vec<_> = self.calls.keys().copied().collect();
        for leg in legs {
            self.agent.hang_up(now, leg);
            self.release(leg);
        }
        self.hear_agent(now);
    }

    /// Whether nothing is alive any more: no call, no dialog that waits for its BYE to be answered.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.agent.census().dialogs == 0
    }

    /// Carries on what signalling told.
    fn hear_agent(&mut self, now: Time) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                sip::Output::Send { to, bytes } => self.outputs.push_back(Output::Send { to, bytes }),
                sip::Output::Event(event) => self.handle_signalling(now, event),
            }
        }
    }

    fn handle_signalling(&mut self, now: Time, event: sip::Event) {
        match event {
            sip::Event::Invited { leg, .. } if self.stopping => {
                self.agent.refuse(now, leg, Refusal::Unavailable)
            }
            sip::Event::Invited { leg, .. } if self.draining.is_some() => {
                self.tally.drained += 1;
                self.agent.refuse(now, leg, Refusal::Full);
            }
            sip::Event::Invited { leg, spec, .. } => {
                self.tally.calls += 1;
                self.calls.insert(leg, Call::new(spec, self.language));
                self.outputs.push_back(Output::OpenLeg { leg, spec });
            }
            sip::Event::Confirmed { leg } => self.with_call(now, leg, |_, call| {
                if matches!(call.phase, Phase::Opening) {
                    call.phase = Phase::Reception(Box::new(Reception::new(now)));
                }
            }),
            sip::Event::Reinvited { leg, spec } => {
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.spec = spec;
                    self.ask(MediaRequest::Update { leg, spec });
                }
            }
            sip::Event::Ended { leg, .. } => self.release(leg),
        }
    }

    /// Does something with a call, then carries on what its reception says. Afterwards the call is over, or its timer is
    /// set anew.
    fn with_call(&mut self, now: Time, leg: LegId, act: impl FnOnce(&mut Bridge, &mut Call)) {
        let Some(mut call) = self.calls.remove(&leg) else {
            return;
        };
        act(self, &mut call);
        while let Phase::Reception(reception) = &mut call.phase {
            let Some(output) = reception.poll_output() else {
                break;
            };
            self.hear_reception(now, leg, &mut call, output);
        }
        let over = matches!(call.phase, Phase::Over);
        self.set_timer(leg, &mut call);
        self.calls.insert(leg, call);
        if over {
            self.agent.hang_up(now, leg);
            self.release(leg);
        }
    }

    fn hear_reception(&mut self, now: Time, leg: LegId, call: &mut Call, output: ivr::Output) {
        match output {
            ivr::Output::Say(line) => self.play(leg, call, lines::line(call.language, line)),
            ivr::Output::Hush => self.ask(MediaRequest::Stop { leg }),
            ivr::Output::LookUp(number) => self.outputs.push_back(Output::LookUp { leg, number }),
            ivr::Output::Admit(number) => self.admit(now, leg, call, number),
            ivr::Output::Failed => self.tally.tries_failed += 1,
            ivr::Output::HangUp(_) => {
                self.tally.add_reception(call);
                call.phase = Phase::Over;
            }
        }
    }

    /// Room and PIN are right: the rules of the room decide.
    fn admit(&mut self, now: Time, leg: LegId, call: &mut Call, number: RoomNumber) {
        let Phase::Reception(reception) = &mut call.phase else {
            return;
        };
        let booked = call
            .booking
            .as_ref()
            .filter(|(booking, _)| booking.number == number);
        let Some((booking, false)) = booked else {
            self.tally.rooms_expired += 1;
            return reception.handle_verdict(now, Verdict::Expired);
        };
        let (seats, language) = (booking.seats, booking.language);
        let entry = self.rooms.enter(number, seats, leg);
        if entry == Entry::Full {
            self.tally.rooms_full += 1;
            return reception.handle_verdict(now, Verdict::Full);
        }
        reception.handle_verdict(now, Verdict::Welcome);
        self.tally.add_reception(call);
        call.language = language;
        call.phase = Phase::Room(number);
        self.ask(MediaRequest::Stop { leg });
        if entry == Entry::First {
            self.ask(MediaRequest::Open { number, seats });
        }
        self.ask(MediaRequest::Join { leg, number });
        if entry == Entry::First {
            self.play(leg, call, lines::notice(language, Notice::Alone));
        }
    }

    /// Gives back all that a call held, but for its dialog, which signalling brings to its end.
    fn release(&mut self, leg: LegId) {
        let Some(call) = self.calls.remove(&leg) else {
            return;
        };
        if let Some(at) = call.timer {
            self.timers.remove(&(at, leg));
        }
        self.tally.add_reception(&call);
        self.ask(MediaRequest::Remove { leg });
        if let Phase::Room(number) = call.phase
            && self.rooms.leave(number, leg) == Left::Nobody
        {
            self.ask(MediaRequest::Close { number });
        }
    }

    fn set_timer(&mut self, leg: LegId, call: &mut Call) {
        if let Some(at) = call.timer.take() {
            self.timers.remove(&(at, leg));
        }
        call.timer = call.deadline();
        if let Some(at) = call.timer {
            self.timers.insert((at, leg));
        }
    }

    fn play(&mut self, leg: LegId, call: &mut Call, clips: Playlist) {
        let token = call.next_token();
        self.ask(MediaRequest::Play { leg, clips, token });
    }

    fn ask(&mut self, request: MediaRequest) {
        self.outputs.push_back(Output::Media(request));
    }
}
