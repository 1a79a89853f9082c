//! Owns the simulated world: one bridge, its callers and their lines, in a time that goes from one event to the next. Must
//! never depend on anything but its scenario and its source of chance.

mod desk;
mod happening;
mod strangers;
mod streams;
mod way;

use super::caller::{Caller, State, TRUNK};
use super::chance::Chance;
use super::ear::Ear;
use super::judge::Judge;
use super::link::Link;
use super::plan::{LASTS_MS, Scenario};
use super::site::Site;
use super::tones;
use crate::media_api::Codecs;
use crate::room::Policy;
use crate::sip::{Listen, UaConfig, UserAgent};
use crate::units::Time;
use happening::Happening;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use streams::Stream;

/// The bridge's SIP address.
const OWN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)), 5_060);
const SWEEP: Duration = Duration::from_millis(250);
/// Everything must have been given back so long after the evening.
const AFTERWARDS: Duration = Duration::from_secs(15 * 60);
const CALLS_MAX: usize = 32;
/// Quiet between two evenings of one bridge.
const BETWEEN: Duration = Duration::from_secs(10);

/// Three directions of a caller's lines: signalling both ways, voice there, voice back.
struct Lines {
    signalling: Link,
    there: Link,
    back: Link,
}

/// What did not hold, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: u64,
    pub at: Time,
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.at.as_millis();
        write!(
            f,
            "step {}, {}.{:03} s: {}",
            self.step,
            ms / 1_000,
            ms % 1_000,
            self.what
        )
    }
}

/// What a whole evening came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub steps: u64,
    pub millis: u64,
    pub messages: u64,
    pub frames_heard: u64,
    pub joined: u64,
    /// Those of them who spoke G.722.
    pub joined_wide: u64,
    /// Changes of a codec in the middle of a call.
    pub switched: u64,
    /// Of everything that the bridge sent, in order.
    pub digest: u64,
}

/// Reads what the bridge sends; why it cannot be read.
pub type Reader = Box<dyn FnMut(&[u8]) -> Result<(), String>>;
/// Takes the journal's lines.
pub type Journal = Box<dyn FnMut(Time, &str)>;

/// The world.
pub struct World {
    now: Time,
    /// When the evening began.
    begun: Time,
    scenario: Scenario,
    site: Site,
    callers: Vec<Caller>,
    lines: Vec<Lines>,
    streams: Vec<Stream>,
    ears: Vec<Ear>,
    queue: BTreeMap<(Time, u64), Happening>,
    queued: u64,
    woken: Vec<Option<Time>>,
    next_slot: Time,
    chance: Chance,
    judge: Judge,
    /// Whose message the bridge is looking at.
    current: Option<usize>,
    summary: Summary,
    pub reader: Option<Reader>,
    pub journal: Option<Journal>,
}

impl World {
    /// The world of a seed, with so many callers.
    pub fn seeded(seed: u64, callers: usize) -> World {
        World::new(Chance::seeded(seed), callers)
    }

    /// A world in which everything random is drawn from `chance`.
    pub fn new(mut chance: Chance, callers: usize) -> World {
        let scenario = Scenario::draw(&mut chance, callers);
        let mut random = chance.fork();
        let config = UaConfig {
            listens_tls: Vec::new(),
            srtp: Default::default(),
            listens: vec![Listen {
                socket: OWN,
                given: None,
            }],
            served: vec![ipnet::IpNet::from(TRUNK)],
            calls_max: CALLS_MAX,
            codecs: Codecs::default(),
            called: Default::default(),
        };
        let agent = UserAgent::new(config, Box::new(move || random.fork().bits()));
        let site = Site::new(OWN, agent, Policy::default(), CALLS_MAX, tones::clips());
        World::begin(chance, scenario, (Time::ZERO, site))
    }

    /// Another evening with the same bridge, once this one is over: other rooms, other callers.
    pub fn go_on(self, mut chance: Chance, callers: usize) -> World {
        let (begun, mut site) = (self.now + BETWEEN, self.site);
        let mut scenario = Scenario::draw(&mut chance, callers);
        scenario.put_off(begun.since(Time::ZERO));
        site.bridge.handle_drain(begun, None);
        site.settle(begun);
        World::begin(chance, scenario, (begun, site))
    }

    /// What time it is: since the bridge began, in all its evenings.
    pub fn now(&self) -> Time {
        self.now
    }

    fn begin(mut chance: Chance, scenario: Scenario, (begun, site): (Time, Site)) -> World {
        let mut aside = chance.aside().fork();
        let plans = scenario.callers.iter();
        let streams = plans.clone().map(|plan| Stream::new(plan.signalling, &mut aside));
        let streams = streams.collect();
        let lines = plans.map(|plan| Lines {
            signalling: Link::new(plan.signalling, chance.fork()),
            there: Link::new(plan.there, chance.fork()),
            back: Link::new(plan.back, chance.fork()),
        });
        let lines = lines.collect();
        let callers: Vec<_> = scenario.callers.iter().cloned().enumerate().collect();
        let mut world = World {
            now: begun,
            begun,
            site,
            callers: callers
                .into_iter()
                .map(|(n, plan)| Caller::new(n, plan))
                .collect(),
            lines,
            streams,
            ears: scenario.callers.iter().map(|_| Ear::default()).collect(),
            queue: BTreeMap::new(),
            queued: 0,
            woken: vec![None; scenario.callers.len()],
            next_slot: begun,
            chance: chance.fork(),
            judge: Judge::new(&scenario),
            current: None,
            summary: Summary::default(),
            scenario,
            reader: None,
            journal: None,
        };
        (0..world.callers.len()).for_each(|n| world.arm(n));
        world.put(begun + SWEEP, Happening::Sweep);
        for (at, change) in world.scenario.changes.clone() {
            world.put(at, Happening::Change(change));
        }
        world
    }

    /// What nobody may ever read: to be looked for in whatever is logged meanwhile.
    pub fn secrets(&self) -> Vec<String> {
        self.scenario.secrets()
    }

    /// Lives through the whole evening.
    pub fn run(&mut self) -> Result<Summary, Failure> {
        let evening = self.begun + Duration::from_millis(LASTS_MS);
        for n in 0..self.callers.len() {
            let plan = self.callers[n].plan.clone();
            self.note(|| {
                format!(
                    "caller {n}: room {}, {:?} keys, {:?}, {:?}, {:?}, {:?}{}{}",
                    plan.room,
                    plan.keys,
                    plan.info,
                    plan.sip,
                    plan.stream,
                    plan.there,
                    if plan.loud { ", loud" } else { "" },
                    if plan.wide.is_some() { ", G.722" } else { "" }
                )
            });
        }
        while self.now < evening {
            self.step()?;
        }
        for n in 0..self.callers.len() {
            self.callers[n].send_home(self.now);
            self.carry_acts(n);
        }
        while !self.is_over() {
            self.step()?;
            if self.now.since(evening) > AFTERWARDS {
                let held = format!("{:?}", self.site.bridge.status().held);
                self.judge
                    .blame(|| format!("not everything is given back: {held}"));
                return self.judged();
            }
        }
        self.finish()
    }

    fn finish(&mut self) -> Result<Summary, Failure> {
        self.judge.end(&self.callers);
        self.end_streams();
        let status = self.site.bridge.status();
        self.judge.readable(&format!("{status:?}"));
        if status.held.values().any(|held| *held > 0) || self.site.held() > 0 {
            let held = status.held;
            self.judge
                .blame(|| format!("not everything is given back: {held:?}"));
        }
        self.summary.millis = self.now.as_millis() - self.begun.as_millis();
        self.summary.frames_heard = self.judge.frames;
        self.summary.switched = self.judge.switched;
        self.judged()
    }

    fn is_over(&self) -> bool {
        let gone = |caller: &Caller| matches!(caller.state, State::Over | State::Vanished);
        self.callers
            .iter()
            .all(|caller| gone(caller) && caller.pending.is_empty())
            && self.site.bridge.is_idle()
            && self.site.bridge.poll_timeout().is_none()
            && self.site.held() == 0
    }

    /// Goes to the earliest event, and through it.
    pub fn step(&mut self) -> Result<Summary, Failure> {
        self.summary.steps += 1;
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let slot = self.site.is_ticking().then_some(self.next_slot);
        let timeout = self.site.bridge.poll_timeout();
        let Some(at) = [queued, slot, timeout].into_iter().flatten().min() else {
            return self.judged();
        };
        self.now = self.now.max(at);
        self.next_slot = self.next_slot.max(Time::from_millis(self.now.as_millis()));
        self.site.handle_timeout(self.now);
        if queued == Some(at)
            && let Some((_, happening)) = self.queue.pop_first()
        {
            self.happen(happening);
        } else if slot == Some(at) {
            self.next_slot = self.next_slot + Duration::from_millis(1);
            self.site.run_slot(self.now);
            self.carry_stream();
        }
        self.carry_deeds();
        self.judged()
    }

    fn judged(&mut self) -> Result<Summary, Failure> {
        match self.judge.take_fault() {
            None => Ok(self.summary),
            Some(what) => Err(Failure {
                step: self.summary.steps,
                at: self.now,
                what,
            }),
        }
    }

    fn put(&mut self, at: Time, happening: Happening) {
        self.queued += 1;
        self.queue.insert((at, self.queued), happening);
    }

    /// Has a caller woken when it wants to be.
    fn arm(&mut self, n: usize) {
        let wanted = self.callers[n].poll_timeout().map(|at| at.max(self.now));
        if let Some(at) = wanted.filter(|at| self.woken[n].is_none_or(|woken| *at < woken)) {
            self.woken[n] = Some(at);
            self.put(at, Happening::Wake(n));
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(journal) = &mut self.journal {
            journal(self.now, &line());
        }
    }
}
