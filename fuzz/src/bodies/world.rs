//! A user agent, a peer that says what the input tells it to say, and an application that answers as the input has it.
//! Insists on what must hold whatever comes.

use super::calls_for::{StreamHeard, called_for};
use super::written::{self, Written};
use rundruf::ids::LegId;
use rundruf::sip::probe::{self, Asked, Seen};
use rundruf::sip::{
    Admission, Census, Event, Listen, Noted, Output, Peer, Refusal, Transport, UaConfig, UserAgent,
};
use rundruf::units::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const CALLS_MAX: usize = 4;
/// So long a request that was answered is surely remembered (T4, less a little).
const REMEMBERED: Duration = Duration::from_millis(4_900);
/// What the application does with a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Accept,
    Refuse(Refusal),
    /// Nothing until it is told to.
    Later,
}

/// What one input of the user agent brought about.
#[derive(Default)]
struct Tally {
    responses: usize,
    finals: usize,
    byes: usize,
    bytes: usize,
    /// The last response's.
    status: u16,
}

pub struct World {
    ua: UserAgent,
    now: Time,
    transport: Transport,
    policy: Policy,
    /// Calls told of, and whether the application has answered.
    legs: BTreeMap<LegId, bool>,
    ended: BTreeSet<LegId>,
    /// All that was heard is read by rsip.
    plain: bool,
    /// The longest message that was heard.
    longest: usize,
    /// Each distinct message of ours, and its status.
    sent: BTreeMap<Vec<u8>, Option<u16>>,
    /// Distinct final responses.
    finals: usize,
    /// Distinct final responses that what was heard calls for.
    called_for: usize,
    /// When each datagram came for the first time; a stream has been used, by which transactions are forgotten at once.
    heard: BTreeMap<(SocketAddr, Vec<u8>), Time>,
    streamed: bool,
    /// What came by the open connection.
    stream: StreamHeard,
    connected: bool,
    /// Our To tag in the last 200 to an INVITE, and the branch of our last BYE.
    pub tag: Vec<u8>,
    pub branch: Vec<u8>,
}

pub fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5_070))
}

/// Another one that is served.
pub fn other() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 5_060))
}

fn stranger() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 5_060))
}

fn ours() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 100], 5_060))
}

fn is_served(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.octets().starts_with(&[192, 0, 2]))
}

fn user_agent() -> UserAgent {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let draw = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        random
    };
    let config = UaConfig {
        listens_tls: Vec::new(),
        srtp: Default::default(),
        listens: vec![Listen {
            socket: ours(),
            given: None,
        }],
        served: vec!["192.0.2.0/24".parse().expect("a network")],
        calls_max: CALLS_MAX,
        codecs: rundruf::media_api::Codecs::default(),
        called: Default::default(),
    };
    UserAgent::new(config, Box::new(draw))
}

impl World {
    pub fn new(transport: Transport, policy: Policy) -> World {
        World {
            ua: user_agent(),
            now: Time::from_millis(1_000),
            transport,
            policy,
            legs: BTreeMap::new(),
            ended: BTreeSet::new(),
            plain: true,
            longest: 0,
            sent: BTreeMap::new(),
            finals: 0,
            called_for: 0,
            heard: BTreeMap::new(),
            streamed: false,
            stream: StreamHeard::default(),
            connected: false,
            tag: b"none".to_vec(),
            branch: b"z9hG4bKnone".to_vec(),
        }
    }

    /// The peer goes on by datagrams, or by a stream.
    pub fn goes_on_by(&mut self, transport: Transport) {
        self.transport = transport;
    }

    /// The peer says these bytes: as a datagram, or by its connection in pieces of `piece` bytes.
    pub fn hears(&mut self, bytes: &[u8], piece: usize) {
        match self.transport {
            Transport::Udp => self.hears_datagram(peer(), bytes),
            Transport::Tcp | Transport::Tls => self.hears_stream(bytes, piece),
        }
    }

    /// Somebody who is not served says these bytes: nothing may come of them.
    pub fn hears_stranger(&mut self, bytes: &[u8]) {
        let before = self.ua.census();
        self.ua
            .handle_message(self.now, Peer::udp(stranger()), ours(), bytes);
        let admission = self.ua.handle_connected(self.now, Peer::tcp(stranger()), ours());
        assert_eq!(admission, Admission::Refused);
        assert!(self.ua.poll_output().is_none(), "a word to a stranger");
        assert_eq!(self.ua.census(), before);
    }

    fn judge_census(&self) {
        let census = self.ua.census();
        assert!(census.calls <= CALLS_MAX && census.dialogs <= census.calls);
        assert!(census.connections <= 1 && census.client_transactions <= self.legs.len());
        let owners = census.server_transactions + census.client_transactions + census.calls;
        assert!(census.timers <= 2 * (owners + census.connections));
    }

    /// `from` sends a datagram.
    pub fn hears_datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.plain = self.plain && written::is_plain(bytes);
        let seen = probe::message(Transport::Udp, bytes);
        self.called_for += called_for(seen);
        // The same bytes from somebody else are another's request.
        let first = self.heard.get(&(from, bytes.to_vec())).copied();
        let again = !self.streamed && first.is_some_and(|first| self.now.since(first) < REMEMBERED);
        let (finals, repeated) = (self.finals, self.repeated());
        self.ua.handle_message(self.now, Peer::udp(from), ours(), bytes);
        let tally = self.drain();
        let sent = tally.responses + tally.byes;
        match seen {
            Seen::KeepAlive | Seen::Unreadable | Seen::Response(_) | Seen::Faulty { ack: true, .. } => {
                assert_eq!(sent, 0, "answered what has no answer");
            }
            Seen::Faulty { status, ack: false } => assert_eq!((sent, tally.status), (1, status)),
            Seen::Request(Asked::Ack) => assert!(tally.responses == 0 && tally.byes <= 1),
            Seen::Request(Asked::Cancel) => {
                assert!((1..=2).contains(&tally.finals) && tally.responses == tally.finals)
            }
            Seen::Request(Asked::Other) => assert_eq!((tally.responses, tally.finals), (1, 1)),
            Seen::Request(Asked::Invite) => {
                assert!(tally.finals <= 1 && tally.responses <= 2 && tally.byes == 0);
            }
        }
        // What repeats an earlier request gets that one's answer, however long that was.
        self.longest = self.longest.max(bytes.len());
        assert!(tally.bytes <= 4 * self.longest + 6_000, "much is said for little");
        assert!(
            !again || self.finals == finals,
            "another answer to the same request"
        );
        // What itself repeats another is known by that one's time, which may be nearly over.
        if !again && self.repeated() == repeated {
            self.heard.insert((from, bytes.to_vec()), self.now);
        }
        self.judge_census();
    }

    /// How often something came again and was answered from memory.
    fn repeated(&self) -> u64 {
        self.ua.counters().noted(Noted::Repeated)
    }

    fn hears_stream(&mut self, bytes: &[u8], piece: usize) {
        self.plain = self.plain && written::is_plain(bytes);
        for piece in bytes.chunks(piece.max(1)) {
            if !self.connected {
                let admission = self.ua.handle_connected(self.now, Peer::tcp(peer()), ours());
                assert_eq!(admission, Admission::Welcome);
                self.connected = true;
                self.streamed = true;
            }
            self.stream.push(piece);
            self.ua.handle_stream(self.now, peer(), piece);
            self.drain();
            self.judge_census();
        }
    }

    /// The connection is over: no more was answered than was asked.
    fn judge_stream(&mut self) {
        self.called_for += std::mem::take(&mut self.stream).judged();
        assert!(self.finals <= self.called_for, "answered more than was asked");
        self.connected = false;
    }

    fn drain(&mut self) -> Tally {
        let mut tally = Tally::default();
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Event(event) => self.told(event),
                Output::Resolve { .. } => unreachable!("it registers nowhere"),
                Output::Close { peer: closed } => {
                    assert!(self.connected && closed == peer());
                    self.judge_stream();
                }
                Output::Send { from, to, bytes } => {
                    assert!(
                        from == ours() && is_served(to.addr.ip()),
                        "a word to a third party"
                    );
                    if bytes != b"\r\n" {
                        self.sent(bytes, &mut tally);
                    }
                }
            }
        }
        tally
    }

    fn sent(&mut self, bytes: Vec<u8>, tally: &mut Tally) {
        tally.bytes += bytes.len();
        let known = self.sent.get(&bytes).copied();
        let Some(status) = known.unwrap_or_else(|| self.wrote(bytes)) else {
            tally.byes += 1;
            return;
        };
        tally.responses += 1;
        tally.finals += usize::from(status >= 200);
        tally.status = status;
    }

    /// A message that was not sent before; its status if it is a response.
    fn wrote(&mut self, bytes: Vec<u8>) -> Option<u16> {
        let written = Written::new(bytes.clone(), self.plain);
        let status = written.status();
        self.sent.insert(bytes, status);
        self.finals += usize::from(status.is_some_and(|status| status >= 200));
        let invite = written.field("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"));
        if status.is_none() {
            let branch = written.field("Via").and_then(|via| via.split("branch=").nth(1));
            self.branch = branch.expect("a branch").into();
        } else if status == Some(200) && invite {
            let to = written.field("To").unwrap_or_default();
            self.tag = to.rsplit("tag=").next().unwrap_or_default().into();
        }
        status
    }

    fn told(&mut self, event: Event) {
        match event {
            Event::Invited { leg, .. } => {
                assert!(self.legs.insert(leg, false).is_none(), "a leg's name came twice");
                match self.policy {
                    Policy::Accept => self.answer(leg, None),
                    Policy::Refuse(why) => self.answer(leg, Some(why)),
                    Policy::Later => {}
                }
            }
            Event::Trunk { .. } => unreachable!("it registers nowhere"),
            Event::Ended { leg, .. } => {
                assert!(
                    self.legs.contains_key(&leg) && self.ended.insert(leg),
                    "ended twice"
                );
            }
            Event::Confirmed { leg }
            | Event::Lost { leg }
            | Event::Reinvited { leg, .. }
            | Event::Key { leg, .. } => {
                assert!(self.legs.contains_key(&leg) && !self.ended.contains(&leg));
            }
        }
    }

    fn answer(&mut self, leg: LegId, refusal: Option<Refusal>) {
        self.legs.insert(leg, true);
        match refusal {
            None => self
                .ua
                .accept(self.now, leg, SocketAddr::new(ours().ip(), 20_000)),
            Some(why) => self.ua.refuse(self.now, leg, why),
        }
    }

    /// The application answers what it has put off.
    pub fn answers(&mut self, refusal: Option<Refusal>) {
        let waiting: Vec<_> = self
            .legs
            .iter()
            .filter(|(leg, done)| !**done && !self.ended.contains(leg))
            .map(|(leg, _)| *leg)
            .collect();
        waiting.into_iter().for_each(|leg| self.answer(leg, refusal));
        self.drain();
    }

    /// The application hangs up on everybody.
    pub fn hangs_up(&mut self) {
        for leg in self
            .legs
            .keys()
            .copied()
            .filter(|leg| !self.ended.contains(leg))
            .collect::<Vec<_>>()
        {
            self.ua.hang_up(self.now, leg);
        }
        self.drain();
    }

    /// Time passes, from deadline to deadline.
    pub fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while let Some((at, _)) = self.ua.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at >= self.now, "a deadline in the past");
            self.now = at;
            self.ua.handle_timeout(at);
            self.drain();
            steps += 1;
            assert!(steps < 10_000, "time does not pass");
        }
        self.now = end;
    }

    /// The connection breaks.
    pub fn breaks(&mut self) {
        if self.connected {
            self.ua.handle_closed(self.now, peer());
            self.judge_stream();
        }
    }

    /// Everybody hangs up; in the end nothing may be left.
    pub fn ends(mut self) {
        self.hangs_up();
        self.passes(Duration::from_secs(70));
        self.breaks();
        self.passes(Duration::from_secs(70));
        assert!(self.finals <= self.called_for, "answered more than was asked");
        assert!(self.legs.keys().eq(self.ended.iter()), "each call ends once");
        assert_eq!(self.ua.census(), Census::default(), "something was left alive");
        assert_eq!(self.ua.poll_timeout(), None);
        assert_eq!(
            self.ua.counters().noted(Noted::OutOfTable),
            0,
            "a table was asked what it refuses"
        );
    }
}
