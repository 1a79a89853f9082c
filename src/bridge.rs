//! The conductor: the only file that knows signalling, reception, rooms and media commands at once. It decides nothing that
//! one of them can decide; it carries what one says to the other. Pure: no clock, no socket, no store.

mod call;
mod lines;
pub mod operate;
mod output;
mod report;
pub mod status;

pub use output::{Found, MediaRequest, Output};

use crate::ids::{Language, LegId, Role, RoomNumber};
use crate::ivr::{self, Lookup, Reception, Verdict};
use crate::media_api::{self, Playlist};
use crate::room::{self, Entry, Rooms};
use crate::secret::Key;
use crate::sip::{self, Admission, Peer, Refusal, UserAgent};
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
            // Nobody is asked whether they are still there before the question has a prompt.
            rooms: Rooms::new(room::Policy {
                alone_after: Duration::ZERO,
                ..room::Policy::default()
            }),
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

    /// One whole SIP message came from `peer` by our socket `local`: a datagram.
    pub fn handle_message(&mut self, now: Time, peer: Peer, local: SocketAddr, bytes: &[u8]) {
        self.agent.handle_message(now, peer, local, bytes);
        self.hear_agent(now);
    }

    /// A SIP connection stands, whoever opened it.
    pub fn handle_connected(&mut self, now: Time, peer: SocketAddr, local: SocketAddr) -> Admission {
        self.agent.handle_connected(now, peer, local)
    }

    /// Bytes came by a SIP connection.
    pub fn handle_stream(&mut self, now: Time, peer: SocketAddr, bytes: &[u8]) {
        self.agent.handle_stream(now, peer, bytes);
        self.hear_agent(now);
    }

    /// A SIP connection is gone.
    pub fn handle_closed(&mut self, now: Time, peer: SocketAddr) {
        self.agent.handle_closed(now, peer);
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
                Found::Booked { booking, expired } => (call::lookup(&booking), Some((booking, expired))),
            };
            call.booking = booking;
            reception.handle_lookup(now, lookup);
        });
        self.hear_agent(now);
    }

    /// The media thread told something.
    pub fn handle_media(&mut self, now: Time, event: media_api::Event) {
        match event {
            media_api::Event::Key { leg, key } => self.handle_key(now, leg, key),
            media_api::Event::Talking { .. } => {}
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

    fn handle_key(&mut self, now: Time, leg: LegId, key: Key) {
        self.with_call(now, leg, |_, call| {
            if let Phase::Reception(reception) = &mut call.phase {
                reception.handle_key(now, key);
            }
        });
    }

    /// The room was cancelled: its members hear so, then their calls end.
    pub fn handle_room_cancelled(&mut self, now: Time, number: RoomNumber) {
        self.rooms.handle_cancelled(now, number);
        self.hear_rooms(now);
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
            self.release(now, leg);
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
                sip::Output::Send { from, to, bytes } => {
                    self.outputs.push_back(Output::Send { from, to, bytes })
                }
                sip::Output::Close { peer } => self.outputs.push_back(Output::Close { peer }),
                sip::Output::Event(event) => self.handle_signalling(now, event),
            }
        }
        self.hear_rooms(now);
    }

    /// Carries on what the rooms told.
    fn hear_rooms(&mut self, now: Time) {
        while let Some(output) = self.rooms.poll_output() {
            match output {
                room::Output::Say { leg, notice } => self.with_call(now, leg, |bridge, call| {
                    if let Some(notice) = lines::of_room(notice) {
                        bridge.play(leg, call, lines::notice(call.language, notice));
                    }
                }),
                room::Output::HangUp { leg, notice } => self.with_call(now, leg, |bridge, call| {
                    call.phase = Phase::Leaving { until: now + LEAVING };
                    let notice = lines::of_room(notice).unwrap_or(Notice::Cancelled);
                    bridge.play(leg, call, lines::notice(call.language, notice));
                }),
                room::Output::Closed { room } => self.ask(MediaRequest::Close { number: room }),
                // The media side cannot do these yet.
                room::Output::Hush { .. }
                | room::Output::Tone { .. }
                | room::Output::Mute { .. }
                | room::Output::Music { .. } => {}
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
            sip::Event::Invited { leg, spec, host, .. } => {
                self.tally.calls += 1;
                self.calls.insert(leg, Call::new(spec, self.language));
                self.outputs.push_back(Output::OpenLeg { leg, spec, host });
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
            sip::Event::Key { leg, key } => self.handle_key(now, leg, key),
            sip::Event::Ended { leg, .. } => self.release(now, leg),
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
            self.release(now, leg);
        }
    }

    fn hear_reception(&mut self, now: Time, leg: LegId, call: &mut Call, output: ivr::Output) {
        match output {
            ivr::Output::Say(line) => self.play(leg, call, lines::line(call.language, line)),
            ivr::Output::Hush => self.ask(MediaRequest::Stop { leg }),
            ivr::Output::LookUp(number) => self.outputs.push_back(Output::LookUp { leg, number }),
            ivr::Output::Admit { room, role: _ } => self.admit(now, leg, call, room),
            ivr::Output::Outdated => self.tally.pins_outdated += 1,
            ivr::Output::Failed { room: _ } => self.tally.tries_failed += 1,
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
        let entry = self.rooms.enter(now, number, seats, leg, Role::Member, None);
        let refused = match entry {
            Entry::First | Entry::Joined => None,
            Entry::Full | Entry::Locked => Some((&mut self.tally.rooms_full, Verdict::Full)),
            Entry::Expired => Some((&mut self.tally.rooms_expired, Verdict::Expired)),
        };
        if let Some((count, verdict)) = refused {
            *count += 1;
            return reception.handle_verdict(now, verdict);
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
    }

    /// Gives back all that a call held, but for its dialog, which signalling brings to its end.
    fn release(&mut self, now: Time, leg: LegId) {
        let Some(call) = self.calls.remove(&leg) else {
            return;
        };
        if let Some(at) = call.timer {
            self.timers.remove(&(at, leg));
        }
        self.tally.add_reception(&call);
        self.ask(MediaRequest::Remove { leg });
        if let Phase::Room(number) = call.phase {
            self.rooms.leave(now, number, leg);
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
