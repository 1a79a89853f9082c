//! A star of bad lines between network namespaces: IP packets of the namespaces' TUN devices, carried between a bridge and
//! its callers by the lines of the simulated world (`rundruf::sim::Link`), in real time. It remembers what became of every
//! voice packet, so that what the bridge says of its lines can be held against the truth. It changes no packet.

use super::netns::{Namespace, socket_names};
use rundruf::sim::{Chance, Link, LinkPlan};
use rundruf::units::Time;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long it waits at most before it looks whether it shall end.
const NAP: Duration = Duration::from_millis(20);
/// How long it waits for a device that takes nothing at the moment.
const RETRY: Duration = Duration::from_millis(1);
const PACKET_MAX: usize = 2_048;
const IPV4_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const RTP_HEADER: usize = 12;
const UDP: u8 = 17;

/// The bridge's place in the star; the callers follow.
const BRIDGE: usize = 0;

/// Whose line, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// From 0.
    pub caller: usize,
    pub to_bridge: bool,
}

impl Way {
    /// From a caller's mouth.
    pub fn up(caller: usize) -> Way {
        Way {
            caller,
            to_bridge: true,
        }
    }

    /// To a caller's ear.
    pub fn down(caller: usize) -> Way {
        Way {
            caller,
            to_bridge: false,
        }
    }
}

/// What the line does to the voice: by a chance of its own, so that the `n`th voice packet meets the same fate in every run,
/// however much else goes beside it.
pub fn voice_link(plan: LinkPlan, seed: u64, way: Way) -> Link {
    link(plan, seed, way, 0)
}

fn link(plan: LinkPlan, seed: u64, way: Way, kind: u64) -> Link {
    let own = way.caller as u64 * 4 + u64::from(way.to_bridge) * 2 + kind;
    Link::new(plan, Chance::seeded(seed * 1_000 + own))
}

/// What became of one voice packet: when it came, and how often it was sent on.
#[derive(Clone, Copy, Debug)]
struct Fate {
    came: Instant,
    copies: u32,
}

/// What became of the voice packets of one way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Truth {
    pub came: u32,
    pub dropped: u32,
    pub doubled: u32,
}

impl Truth {
    /// Lost as RFC 3550 §6.4.1 counts: a packet that comes twice makes up for one that does not.
    pub fn loss_pct(self) -> f64 {
        (f64::from(self.dropped) - f64::from(self.doubled)) * 100.0 / f64::from(self.came.max(1))
    }
}

/// A running relay, and the namespaces at its ends.
pub struct Relay {
    pub bridge: Namespace,
    pub callers: Vec<Namespace>,
    ledger: Arc<Ledger>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

struct Ledger {
    fates: Mutex<Vec<[Vec<Fate>; 2]>>,
    ends: AtomicBool,
}

impl Relay {
    /// Makes a namespace for the bridge and one for each caller; each caller's line, both ways, is as `plan` says.
    pub fn start(callers: usize, plan: LinkPlan, seed: u64) -> Relay {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let ports = (0..=callers)
            .map(|host| Port::open(folder.path(), host))
            .collect();
        let ledger = Arc::new(Ledger {
            fates: Mutex::new(vec![[Vec::new(), Vec::new()]; callers]),
            ends: AtomicBool::new(false),
        });
        let both =
            |caller| [false, true].map(|to_bridge| Carrier::new(plan, seed, Way { caller, to_bridge }));
        let star = Star {
            ports,
            carriers: (0..callers).map(both).collect(),
            under_way: BinaryHeap::new(),
            carried: 0,
            begin: Instant::now(),
            ledger: Arc::clone(&ledger),
        };
        let thread = std::thread::spawn(move || star.run());
        let mut hosts = (0..=callers).map(|host| {
            let (relay, tun) = socket_names(folder.path(), host);
            Namespace::make(address(host), &relay, &tun)
        });
        Relay {
            bridge: hosts.next().expect("the bridge's own"),
            callers: hosts.collect(),
            ledger,
            thread: Some(thread),
            _folder: folder,
        }
    }

    /// What became of the voice packets that came between two moments; from the first one on, if none is given.
    pub fn truth(&self, way: Way, from: Option<Instant>, until: Instant) -> Truth {
        let fates = self.ledger.fates.lock().expect("no panic");
        let fates = &fates[way.caller][usize::from(way.to_bridge)];
        let mut truth = Truth::default();
        let is_meant = |fate: &&Fate| fate.came <= until && from.is_none_or(|from| fate.came > from);
        for fate in fates.iter().filter(is_meant) {
            truth.came += 1;
            truth.dropped += u32::from(fate.copies == 0);
            truth.doubled += u32::from(fate.copies == 2);
        }
        truth
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ledger.ends.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn address(host: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, u8::try_from(host + 1).expect("a small star"))
}

fn host_of(address: Ipv4Addr) -> Option<usize> {
    let [10, 77, 0, last] = address.octets() else {
        return None;
    };
    usize::from(last).checked_sub(1)
}

/// Where a namespace's packets come and go.
struct Port {
    socket: UnixDatagram,
    tun: PathBuf,
}

impl Port {
    fn open(folder: &Path, host: usize) -> Port {
        let (relay, tun) = socket_names(folder, host);
        let socket = UnixDatagram::bind(relay).expect("the folder is ours");
        socket.set_nonblocking(true).expect("a socket can do that");
        Port { socket, tun }
    }
}

/// One way of a line.
struct Carrier {
    voice: Link,
    other: Link,
}

impl Carrier {
    fn new(plan: LinkPlan, seed: u64, way: Way) -> Carrier {
        Carrier {
            voice: voice_link(plan, seed, way),
            other: link(plan, seed, way, 1),
        }
    }
}

/// Due, in which order, where to, what.
type UnderWay = Reverse<(Time, u64, usize, Vec<u8>)>;

struct Star {
    ports: Vec<Port>,
    carriers: Vec<[Carrier; 2]>,
    under_way: BinaryHeap<UnderWay>,
    carried: u64,
    begin: Instant,
    ledger: Arc<Ledger>,
}

impl Star {
    fn run(mut self) {
        let mut buffer = [0; PACKET_MAX];
        while !self.ledger.ends.load(Relaxed) {
            let wait = self.deliver();
            self.wait(wait);
            for host in 0..self.ports.len() {
                while let Ok(length) = self.ports[host].socket.recv(&mut buffer) {
                    self.take(host, &buffer[..length]);
                }
            }
        }
    }

    fn now(&self) -> Time {
        Time::ZERO + self.begin.elapsed()
    }

    /// Sends on what is due; how long nothing else is.
    fn deliver(&mut self) -> Duration {
        while let Some(Reverse((due, _, host, packet))) = self.under_way.peek() {
            let now = self.now();
            if *due > now {
                return due.since(now).min(NAP);
            }
            let port = &self.ports[*host];
            match port.socket.send_to(packet, &port.tun) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return RETRY,
                // A namespace that is not there yet, or not any more, hears nothing.
                _ => self.under_way.pop(),
            };
        }
        NAP
    }

    fn wait(&self, wait: Duration) {
        let port = |port| PollFd::from_borrowed_fd(port, PollFlags::IN);
        let mut sockets: Vec<_> = self
            .ports
            .iter()
            .map(|at| port(std::os::fd::AsFd::as_fd(&at.socket)))
            .collect();
        let wait = Timespec {
            tv_sec: 0,
            tv_nsec: wait.subsec_nanos().into(),
        };
        let _ = poll(&mut sockets, Some(&wait));
    }

    /// A packet came from a namespace; between callers there is no way.
    fn take(&mut self, from: usize, packet: &[u8]) {
        let Some(to) = destination(packet).filter(|to| *to < self.ports.len()) else {
            return;
        };
        let way = match (from, to) {
            (BRIDGE, to) if to > BRIDGE => Way::down(to - 1),
            (from, BRIDGE) if from > BRIDGE => Way::up(from - 1),
            _ => return,
        };
        let (now, voice) = (self.now(), is_voice(packet));
        let carrier = &mut self.carriers[way.caller][usize::from(way.to_bridge)];
        let link = if voice {
            &mut carrier.voice
        } else {
            &mut carrier.other
        };
        let arrivals = link.carry(now);
        for due in arrivals.into_iter().flatten() {
            self.carried += 1;
            self.under_way
                .push(Reverse((due, self.carried, to, packet.to_vec())));
        }
        if voice {
            let fate = Fate {
                came: Instant::now(),
                copies: arrivals.iter().flatten().count() as u32,
            };
            let mut fates = self.ledger.fates.lock().expect("no panic");
            fates[way.caller][usize::from(way.to_bridge)].push(fate);
        }
    }
}

/// Where an IPv4 packet goes, if that is in the star.
fn destination(packet: &[u8]) -> Option<usize> {
    let header = packet
        .first_chunk::<IPV4_HEADER>()
        .filter(|header| header[0] >> 4 == 4)?;
    host_of(Ipv4Addr::new(header[16], header[17], header[18], header[19]))
}

/// Whether it is RTP over UDP: of version 2, and none of RTCP's types (RFC 5761 §4).
fn is_voice(packet: &[u8]) -> bool {
    let header = usize::from(packet[0] & 15) * 4;
    let payload = packet.get(header + UDP_HEADER..).unwrap_or_default();
    packet[9] == UDP
        && payload.len() >= RTP_HEADER
        && payload[0] >> 6 == 2
        && !(192..=223).contains(&payload[1])
}
