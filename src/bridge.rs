//! The conductor: the only file that knows signalling, reception, rooms and media commands at once. It decides nothing that
//! one of them can decide; it carries what one says to the other. Pure: no clock, no socket, no store.

mod call;
mod e_model;
mod keys;
mod lines;
mod meeting;
pub mod operate;
mod output;
pub mod quality;
mod reception;
mod report;
pub mod status;

pub use output::{Found, MediaRequest, Output};

use crate::ids::{Language, LegId, RoomNumber};
use crate::media_api::{self, Fault, KeyForm, MediaSpec, Playlist, SrtpKeys};
use crate::room::{Guessing, GuessingPolicy, Policy, Rooms};
use crate::secret::Key;
use crate::sip::{self, Admission, Peer, Refusal, TlsFault, TrunkId, UserAgent};
use crate::units::Time;
use call::{Call, Phase};
use keys::Way;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// A last sentence is cut off after this.
const LEAVING: Duration = Duration::from_secs(20);

/// All calls, from INVITE to the end.
pub struct Bridge {
    agent: UserAgent,
    rooms: Rooms,
    /// Open rooms in which echoes are let through.
    echoing: BTreeSet<RoomNumber>,
    guessing: Guessing,
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
    pub fn new(agent: UserAgent, language: Language, policy: Policy) -> Bridge {
        Bridge {
            agent,
            rooms: Rooms::new(policy),
            echoing: BTreeSet::new(),
            guessing: Guessing::new(GuessingPolicy::default()),
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
        let rooms = self.rooms.poll_timeout().map(|(at, _)| at);
        own.into_iter()
            .chain(agent)
            .chain(rooms)
            .chain(self.draining)
            .min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        self.agent.handle_timeout(now);
        self.rooms.handle_timeout(now);
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
    pub fn handle_connected(&mut self, now: Time, peer: Peer, local: SocketAddr) -> Admission {
        let admission = self.agent.handle_connected(now, peer, local);
        self.hear_agent(now);
        admission
    }

    /// Bytes came by a SIP connection.
    pub fn handle_stream(&mut self, now: Time, peer: SocketAddr, bytes: &[u8]) {
        self.agent.handle_stream(now, peer, bytes);
        self.hear_agent(now);
    }

    /// A SIP connection is gone, or never stood.
    pub fn handle_closed(&mut self, now: Time, peer: SocketAddr) {
        self.agent.handle_closed(now, peer);
        self.hear_agent(now);
    }

    /// A SIP connection is gone because one of the two could not prove over TLS who it is.
    pub fn handle_unproven(&mut self, now: Time, peer: SocketAddr, why: TlsFault) {
        self.agent.handle_unproven(now, peer, why);
        self.hear_agent(now);
    }

    /// The keys of a call's media, once, whenever they are other ones: before [`Output::OpenLeg`] or [`MediaRequest::Update`] is done.
    pub fn take_keys(&mut self, leg: LegId) -> Option<SrtpKeys> {
        self.agent.take_keys(leg)
    }

    /// What a TLS server at `addr` has to prove, and the trunk that it belongs to.
    pub fn expected_name(&self, addr: SocketAddr) -> (Option<TrunkId>, String) {
        self.agent.expected_name(addr)
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

    /// The media thread told something.
    pub fn handle_media(&mut self, now: Time, event: media_api::Event) {
        match event {
            media_api::Event::Key { leg, key, form } => {
                let way = match form {
                    KeyForm::Event => Way::Event,
                    KeyForm::Tone => Way::Tone,
                };
                self.handle_key(now, leg, way, key);
            }
            media_api::Event::Talking { leg } => self.rooms.handle_talking(now, leg),
            media_api::Event::Echo { leg, line, news } => self.rooms.handle_echo(now, leg, line, news),
            media_api::Event::OneWay { leg, fault } => self.handle_one_way(now, leg, fault),
            media_api::Event::RoomFailed { number } => self.rooms.handle_failed(now, number),
            media_api::Event::LegFailed { leg } => {
                self.tally.legs_failed += 1;
                self.agent.hang_up(now, leg);
                self.release(now, leg);
            }
            media_api::Event::Played { leg, token } => {
                self.with_call(now, leg, |bridge, call| match &mut call.phase {
                    // The end of something that was replaced meanwhile.
                    _ if token != call.playing => {}
                    Phase::Reception(reception) => reception.handle_played(now),
                    Phase::Room(_) => bridge.rooms.handle_played(now, leg),
                    Phase::Leaving { .. } => call.phase = Phase::Over,
                    Phase::Opening | Phase::Over => {}
                });
            }
        }
        self.hear_agent(now);
    }

    /// One of the two does not hear the other, or both do again. Who may hear us is told that we do not hear.
    fn handle_one_way(&mut self, now: Time, leg: LegId, fault: Option<Fault>) {
        if !fault.is_some_and(Fault::is_caller_unheard) {
            return;
        }
        self.with_call(now, leg, |bridge, call| match &mut call.phase {
            Phase::Reception(reception) => reception.handle_unheard(now),
            Phase::Room(_) => bridge.rooms.handle_unheard(now, leg),
            Phase::Opening | Phase::Leaving { .. } | Phase::Over => {}
        });
    }

    /// A key was pressed, and came in this way; a press that has come in another way too is one press.
    fn handle_key(&mut self, now: Time, leg: LegId, way: Way, key: Key) {
        self.with_call(now, leg, |bridge, call| {
            if !call.keys.is_new(now, way, key) {
                bridge.tally.keys_doubled += 1;
                bridge.tally.tones_ignored += u64::from(way == Way::Tone);
                return;
            }
            match &mut call.phase {
                Phase::Reception(reception) => reception.handle_key(now, key),
                Phase::Room(_) => bridge.rooms.handle_key(now, leg, key),
                Phase::Opening => call.keep_early(key),
                Phase::Leaving { .. } | Phase::Over => {}
            }
        });
    }

    /// So many packets have come from a leg since it was opened, its telephone's reports counted too. If that has been the
    /// same for half a minute, its peer is asked whether it is there: who holds the call, or says nothing, is.
    pub fn handle_heard(&mut self, now: Time, leg: LegId, packets: u64) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        if call.is_silent(now, packets) {
            self.agent.probe(now, leg);
            self.hear_agent(now);
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
        self.agent.deregister(now);
        self.hear_agent(now);
    }

    /// Whether nothing is alive any more: no call, no dialog that waits for its BYE to be answered, no registrar that has
    /// still to forget us.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.agent.census().dialogs == 0 && !self.agent.is_deregistering()
    }

    /// Carries on what signalling told.
    fn hear_agent(&mut self, now: Time) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                sip::Output::Send { from, to, bytes } => {
                    self.outputs.push_back(Output::Send { from, to, bytes })
                }
                sip::Output::Close { peer } => self.outputs.push_back(Output::Close { peer }),
                sip::Output::Resolve { trunk, place } => {
                    self.outputs.push_back(Output::Resolve { trunk, place })
                }
                sip::Output::Event(event) => self.handle_signalling(now, event),
            }
        }
        self.hear_rooms(now);
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
            sip::Event::Invited {
                leg,
                spec,
                host,
                identity,
                numbers,
                ..
            } => {
                self.tally.calls += 1;
                self.calls
                    .insert(leg, Call::new(now, spec, identity, self.language));
                self.outputs.push_back(Output::OpenLeg { leg, spec, host });
                if !numbers.is_empty() {
                    self.outputs.push_back(Output::LookUpCalled { leg, numbers });
                }
            }
            sip::Event::Confirmed { leg } => self.receive(now, leg),
            sip::Event::Reinvited { leg, spec } => {
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.spec = spec;
                    self.ask(MediaRequest::Update { leg, spec });
                }
            }
            sip::Event::Key { leg, key } => self.handle_key(now, leg, Way::Info, key),
            sip::Event::Lost { leg } | sip::Event::Ended { leg, .. } => self.release(now, leg),
            sip::Event::Trunk { name, news } => self.outputs.push_back(Output::Trunk { name, news }),
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

    /// Where a call is, since when it stands, and how its voice travels.
    pub fn whereabouts(&self, leg: LegId) -> Option<(Option<RoomNumber>, Time, MediaSpec)> {
        self.calls
            .get(&leg)
            .map(|call| (self.rooms.room_of(leg), call.since, call.spec))
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
