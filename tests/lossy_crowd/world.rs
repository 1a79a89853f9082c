//! The user agent, the crowd, and the lines between: time goes from one event to the next.

use super::caller::{Caller, Manner};
use super::line::{Queue, arrivals};
use super::message::{header, status};
use super::registrar::{self, Registrars};
use rundruf::ids::LegId;
use rundruf::secret::Password;
use rundruf::sim::Chance;
use rundruf::sip::{
    Event, Listen, Login, Output, Peer, Place, Refusal, Target, Transport, TrunkConfig, TrunkId, UaConfig,
    UserAgent, Whereabouts,
};
use rundruf::units::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// Nobody waits longer than this for anything.
const GONE: Duration = Duration::from_secs(600);

enum Happening {
    ToBridge(SocketAddr, Vec<u8>),
    FromBridge(SocketAddr, String),
    /// A telephone is taken up.
    Dials(usize),
    /// A telephone waits for something.
    Due(usize),
    /// What the application decides of a call.
    Decides(LegId),
    HangsUp(LegId),
}

/// What the application was told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    pub invited: u64,
    pub confirmed: u64,
    pub lost: u64,
    pub ended: u64,
}

pub struct World {
    pub agent: UserAgent,
    pub registrars: Registrars,
    pub told: Told,
    now: Time,
    chance: Chance,
    queue: Queue<Happening>,
    callers: BTreeMap<usize, Caller>,
    places: BTreeMap<SocketAddr, usize>,
    named: usize,
    alive: BTreeSet<LegId>,
}

fn local() -> SocketAddr {
    ([192, 0, 2, 250], 5_060).into()
}

impl World {
    pub fn new(seed: u64, calls_max: usize) -> World {
        let mut chance = Chance::seeded(seed);
        let mut drawn = chance.fork();
        let config = UaConfig {
            listens_tls: Vec::new(),
            srtp: Default::default(),
            listens: vec![Listen {
                socket: local(),
                given: None,
            }],
            served: vec!["192.0.2.0/24".parse().expect("a network")],
            calls_max,
            codecs: rundruf::media_api::Codecs::default(),
            called: Default::default(),
        };
        World {
            agent: UserAgent::new(config, Box::new(move || drawn.bits())),
            registrars: Registrars::default(),
            told: Told::default(),
            now: Time::ZERO,
            chance,
            queue: Queue::default(),
            callers: BTreeMap::new(),
            places: BTreeMap::new(),
            named: 0,
            alive: BTreeSet::new(),
        }
    }

    pub fn lived(&self) -> Duration {
        self.now.since(Time::ZERO)
    }

    /// So many telephones dial within the next minutes.
    pub fn calls_come(&mut self, count: usize) {
        for _ in 0..count {
            self.named += 1;
            let at = self.now + Duration::from_millis(self.chance.below(count as u64 * 300));
            self.queue.put(at, Happening::Dials(self.named));
        }
    }

    pub fn registers(&mut self, count: usize) {
        let trunk = |nth: u16| {
            let config = TrunkConfig {
                name: format!("trunk {nth}"),
                domain: "pbx.example".into(),
                place: Place {
                    host: format!("pbx{nth}.example"),
                    port: None,
                    transport: Some(Transport::Udp),
                },
                proxy: None,
                user: format!("u{nth}"),
                number: format!("u{nth}"),
                display: String::new(),
                login: Some(Login {
                    user: "u".into(),
                    password: Password::new("p"),
                }),
                expires: Duration::from_secs(600),
                keep_alive: Some(Duration::from_secs(60)),
                number_block: false,
                srtp: Default::default(),
                mediasec: false,
            };
            (TrunkId(nth), config)
        };
        let trunks = (0..count as u16).map(trunk).collect();
        self.agent.register_at(self.now, trunks);
        self.drain();
    }

    pub fn registered(&self) -> usize {
        let trunks = self.agent.trunks().into_iter();
        trunks.filter(|(_, view)| view.binding.is_some()).count()
    }

    pub fn leaves(&mut self) {
        self.agent.deregister(self.now);
        self.drain();
    }

    pub fn runs(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
    }

    pub fn runs_until_everybody_is_gone(&mut self) {
        let mut last = self.now;
        while self.step(last + GONE) {
            if self.queue.len() > 0 {
                last = self.now;
            }
        }
        assert_eq!(self.queue.len(), 0, "somebody waits for ever");
    }

    pub fn judges(&mut self) {
        assert_eq!(self.alive.len(), 0, "calls of which no end was told");
        let undone = self.callers.values().filter(|caller| !caller.is_done()).count();
        // Who waits to be hung up on, and whose BYE it was that got lost eleven times.
        let stays = |caller: &&Caller| {
            matches!(
                caller.manner,
                Manner::Stays | Manner::IsRefreshed | Manner::IsReinvited
            )
        };
        let waits = self.callers.values().filter(stays).count();
        assert!(undone <= waits, "{undone} of {waits}");
        self.callers.clear();
        self.places.clear();
    }

    /// The next thing that happens before `end`.
    fn step(&mut self, end: Time) -> bool {
        let agent = self.agent.poll_timeout().map(|(at, _)| at);
        let Some(at) = [self.queue.next(), agent].into_iter().flatten().min() else {
            return false;
        };
        if at > end {
            return false;
        }
        assert!(at >= self.now, "a deadline in the past");
        self.now = at;
        if agent == Some(at) {
            self.agent.handle_timeout(at);
        } else if let Some(happening) = self.queue.pop() {
            self.happens(happening);
        }
        self.drain();
        true
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::ToBridge(from, bytes) => {
                self.agent
                    .handle_message(self.now, Peer::udp(from), local(), &bytes);
            }
            Happening::FromBridge(to, text) => self.arrives(to, &text),
            Happening::Dials(name) => {
                let caller = Caller::new(name, self.now, &mut self.chance);
                self.places.insert(caller.address, name);
                self.callers.insert(name, caller);
                self.caller_sends(name);
            }
            Happening::Due(name) => {
                let now = self.now;
                let is_due = |caller: &&mut Caller| caller.woken == Some(now);
                if let Some(caller) = self.callers.get_mut(&name).filter(is_due) {
                    caller.woken = None;
                    caller.handle_timeout(now);
                    self.caller_sends(name);
                }
            }
            Happening::Decides(leg) => match self.chance.below(12) {
                0 => self.agent.refuse(self.now, leg, Refusal::Busy),
                1 => self.agent.refuse(self.now, leg, Refusal::Full),
                2 => self.agent.hang_up(self.now, leg),
                _ => self
                    .agent
                    .accept(self.now, leg, ([192, 0, 2, 250], 20_000).into()),
            },
            Happening::HangsUp(leg) => self.agent.hang_up(self.now, leg),
        }
    }

    fn arrives(&mut self, to: SocketAddr, text: &str) {
        if let Some(name) = self.places.get(&to).copied() {
            if let Some(caller) = self.callers.get_mut(&name) {
                assert_eq!(
                    header(text, "Call-ID"),
                    format!("c{name}"),
                    "for another telephone"
                );
                caller.hears(self.now, text, &mut self.chance);
                self.caller_sends(name);
            }
        } else if status(text).is_none()
            && let Some(answer) = self.registrars.hears(self.now, text, &mut self.chance)
        {
            self.travels(|world, at| {
                world
                    .queue
                    .put(at, Happening::ToBridge(to, answer.clone().into_bytes()))
            });
        }
    }

    fn caller_sends(&mut self, name: usize) {
        let Some(caller) = self.callers.get_mut(&name) else {
            return;
        };
        let (from, out) = (caller.address, std::mem::take(&mut caller.out));
        if let Some(at) = caller.poll_timeout()
            && caller.woken.is_none_or(|woken| at < woken)
        {
            caller.woken = Some(at);
            self.queue.put(at, Happening::Due(name));
        }
        for text in out {
            self.travels(|world, at| {
                world
                    .queue
                    .put(at, Happening::ToBridge(from, text.clone().into_bytes()))
            });
        }
    }

    fn travels(&mut self, mut put: impl FnMut(&mut World, Time)) {
        let arrivals = arrivals(self.now, &mut self.chance);
        arrivals.into_iter().flatten().for_each(|at| put(self, at));
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send { to, bytes, .. } => {
                    let text = String::from_utf8(bytes).expect("the bridge writes UTF-8");
                    self.travels(|world, at| {
                        world.queue.put(at, Happening::FromBridge(to.addr, text.clone()))
                    });
                }
                Output::Resolve { trunk, place } => {
                    let target = |(priority, addr)| Target {
                        peer: Peer::udp(addr),
                        priority,
                    };
                    let answer = Whereabouts {
                        targets: (0..).zip(registrar::hosts(trunk.0)).map(target).collect(),
                        ttl: Duration::from_secs(300),
                        is_guess: false,
                    };
                    self.agent.handle_resolved(self.now, trunk, &place, &answer);
                }
                Output::Event(event) => self.is_told(event),
                Output::Close { .. } => unreachable!("there are no connections"),
            }
        }
    }

    fn is_told(&mut self, event: Event) {
        match event {
            Event::Invited { leg, .. } => {
                self.told.invited += 1;
                assert!(self.alive.insert(leg), "a name that was given before");
                let at = self.now + Duration::from_millis(self.chance.below(700));
                self.queue.put(at, Happening::Decides(leg));
            }
            Event::Confirmed { leg } => {
                self.told.confirmed += 1;
                let at = self.now + Duration::from_millis(self.chance.between(1, 200_000));
                self.queue.put(at, Happening::HangsUp(leg));
            }
            Event::Lost { leg } => {
                self.told.lost += 1;
                assert!(self.alive.contains(&leg));
            }
            Event::Ended { leg, .. } => {
                self.told.ended += 1;
                assert!(self.alive.remove(&leg), "its end was told twice");
            }
            Event::Reinvited { leg, .. } | Event::Key { leg, .. } => assert!(self.alive.contains(&leg)),
            Event::Trunk { .. } => {}
        }
    }
}
