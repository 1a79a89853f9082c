//! Owns the stories of whole calls, told over bytes with invented time. Whatever is sent must also be readable by an
//! independent parser, and nothing may be left alive at the end of a story.

mod calls;
mod cancel;
mod dialogs;
mod families;
mod framing;
mod hostile;
mod identity;
mod info;
mod late_offer;
mod oddities;
mod overload;
mod refresh;
mod refusals;
mod register;
mod reinvite;
mod routing;
mod session;
mod silence;
mod tcp;
mod tls;
mod torture;
mod update;

use super::{
    Census, Counters, Event, Listen, Noted, Output, Peer, Place, Reason, Refusal, TrunkId, UaConfig,
    UserAgent,
};
use crate::ids::LegId;
use crate::media_api::SrtpPolicy;
use crate::units::Time;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

pub fn peer() -> SocketAddr {
    "192.0.2.1:5070".parse().expect("address")
}

pub fn our_rtp() -> SocketAddr {
    "192.0.2.100:20000".parse().expect("address")
}

/// Our socket.
pub fn local() -> SocketAddr {
    "192.0.2.100:5060".parse().expect("address")
}

/// A request of the peer's, written line by line.
#[derive(Clone)]
pub struct Asked {
    pub method: &'static str,
    pub uri: &'static str,
    pub via: String,
    pub to_tag: String,
    pub call: &'static str,
    pub cseq: u32,
    pub more: &'static str,
    pub body: String,
}

impl Asked {
    pub fn new(method: &'static str, cseq: u32, branch: &str) -> Asked {
        Asked {
            method,
            uri: "sip:4930555@192.0.2.100",
            via: format!("SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK{branch}"),
            to_tag: String::new(),
            call: "call-1",
            cseq,
            more: "",
            body: String::new(),
        }
    }

    pub fn invite() -> Asked {
        Asked {
            body: OFFER.to_owned(),
            ..Asked::new("INVITE", 1, "i1")
        }
    }

    /// In the dialog that `ok` opened.
    pub fn within(self, ok: &str) -> Asked {
        let to_tag = format!(";tag={}", tag(ok));
        Asked { to_tag, ..self }
    }

    pub fn with(self, more: &'static str) -> Asked {
        Asked { more, ..self }
    }

    pub fn text(&self) -> String {
        let Asked {
            method,
            uri,
            via,
            to_tag,
            call,
            cseq,
            more,
            body,
        } = self;
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: \"Erna\" <sip:+4930123456@192.0.2.1>;tag=peer\r\n\
             To: <sip:4930555@192.0.2.100>{to_tag}\r\nCall-ID: {call}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:+4930123456@192.0.2.1:5070>\r\n{kind}{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// The value of a header field.
pub fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let head = message.split("\r\n\r\n").next().unwrap_or_default();
    let found = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in\n{message}"))
}

/// The answer to a request of ours within a call: its first line, more fields, and perhaps a description.
pub fn answer_within(request: &str, line: &str, more: &str, sdp: &str) -> String {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(request, name)));
    let kind = match sdp {
        "" => "",
        _ => "Content-Type: application/sdp\r\n",
    };
    let (copied, len) = (copied.concat(), sdp.len());
    format!("SIP/2.0 {line}\r\n{copied}{more}{kind}Content-Length: {len}\r\n\r\n{sdp}")
}

/// Our To tag in a response.
pub fn tag(response: &str) -> &str {
    header(response, "To").split(";tag=").nth(1).expect("a tag")
}

pub fn status(response: &str) -> u16 {
    response
        .strip_prefix("SIP/2.0 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .expect("a response")
}

/// A user agent, its clock, and what came out of it.
pub struct World {
    pub ua: UserAgent,
    pub now: Time,
    /// Off where the peer's own damage is echoed.
    pub checks_grammar: bool,
    sent: VecDeque<(SocketAddr, Peer, String)>,
    pub closed: Vec<SocketAddr>,
    events: VecDeque<Event>,
    pub resolving: VecDeque<(TrunkId, Place)>,
}

impl World {
    pub fn new() -> World {
        World::with_calls_max(10)
    }

    pub fn with_calls_max(calls_max: usize) -> World {
        World::with(&[("192.0.2.100:5060", "192.0.2.100:5060")], calls_max)
    }

    /// With sockets, each as it is bound and as it is shown.
    pub fn with(listens: &[(&str, &str)], calls_max: usize) -> World {
        World::with_policy(listens, calls_max, SrtpPolicy::Optional)
    }

    /// With a way of its own with encrypted voices.
    pub fn with_srtp(policy: SrtpPolicy) -> World {
        World::with_policy(&[("192.0.2.100:5060", "192.0.2.100:5060")], 10, policy)
    }

    fn with_policy(listens: &[(&str, &str)], calls_max: usize, srtp: SrtpPolicy) -> World {
        let address = |text: &str| text.parse().expect("address");
        let listen = |(socket, shown): &(&str, &str)| Listen {
            socket: address(socket),
            given: (socket != shown).then(|| address(shown).ip()),
        };
        let config = UaConfig {
            listens_tls: Vec::new(),
            srtp,
            listens: listens.iter().map(listen).collect(),
            served: ["192.0.2.0/24", "2001:db8::/32"]
                .map(|network| network.parse().expect("network"))
                .to_vec(),
            calls_max,
            codecs: crate::media_api::Codecs::default(),
            called: Default::default(),
        };
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let draw = move || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            random
        };
        World {
            ua: UserAgent::new(config, Box::new(draw)),
            now: Time::ZERO,
            checks_grammar: true,
            sent: VecDeque::new(),
            closed: Vec::new(),
            events: VecDeque::new(),
            resolving: VecDeque::new(),
        }
    }

    pub fn hears(&mut self, asked: &Asked) {
        self.hears_from(peer(), asked.text().as_bytes());
    }

    pub fn hears_from(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.hears_by(Peer::udp(from), local(), bytes);
    }

    pub fn hears_by(&mut self, peer: Peer, local: SocketAddr, bytes: &[u8]) {
        self.ua.handle_message(self.now, peer, local, bytes);
        self.drain();
    }

    pub fn accepts(&mut self, leg: LegId) {
        self.ua.accept(self.now, leg, our_rtp());
        self.drain();
    }

    pub fn refuses(&mut self, leg: LegId, why: Refusal) {
        self.ua.refuse(self.now, leg, why);
        self.drain();
    }

    pub fn hangs_up(&mut self, leg: LegId) {
        self.ua.hang_up(self.now, leg);
        self.drain();
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Event(event) => self.events.push_back(event),
                Output::Close { peer } => self.closed.push(peer),
                Output::Resolve { trunk, place } => self.resolving.push_back((trunk, place)),
                Output::Send { from, to, bytes } if bytes == b"\r\n" => {
                    self.sent.push_back((from, to, String::from("\r\n")));
                }
                Output::Send { from, to, bytes } => {
                    let read = rsip::SipMessage::try_from(bytes.as_slice());
                    let text = String::from_utf8(bytes).expect("UTF-8");
                    assert!(
                        read.is_ok() || !self.checks_grammar,
                        "rsip cannot read: {:?}\n{text}",
                        read.err()
                    );
                    self.sent.push_back((from, to, text));
                }
            }
        }
    }

    /// Lets time pass, from deadline to deadline.
    pub fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.ua.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at >= self.now, "a deadline in the past");
            self.now = at;
            self.ua.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }

    /// Lets time pass until something is sent, which has to be soon.
    pub fn waits_for_message(&mut self, at_most: Duration) {
        let end = self.now + at_most;
        while self.sent.is_empty() {
            let (at, _) = self.ua.poll_timeout().expect("something is to come");
            assert!(at <= end, "nothing was sent in time");
            self.passes(at.since(self.now));
        }
    }

    /// Everything that was sent since the last look, responses alone: their status.
    pub fn statuses(&mut self) -> Vec<u16> {
        self.sent.drain(..).map(|(_, _, text)| status(&text)).collect()
    }

    pub fn waits_for(&self) -> Option<Reason> {
        self.ua.poll_timeout().map(|(_, reason)| reason)
    }

    /// The next message that was sent, and where to.
    pub fn sent_to(&mut self) -> (SocketAddr, String) {
        let (_, to, text) = self.sent_by();
        (to.addr, text)
    }

    /// The next message that was sent: from which socket, to whom.
    pub fn sent_by(&mut self) -> (SocketAddr, Peer, String) {
        self.sent.pop_front().expect("something was sent")
    }

    pub fn sent(&mut self) -> String {
        self.sent_to().1
    }

    /// How many messages were sent since the last look.
    pub fn sent_count(&mut self) -> usize {
        let count = self.sent.len();
        self.sent.clear();
        count
    }

    /// The status of the one response that was sent.
    pub fn answer(&mut self) -> u16 {
        let answer = status(&self.sent());
        assert!(self.sent.is_empty(), "more was sent");
        answer
    }

    pub fn told(&mut self) -> Event {
        self.events.pop_front().expect("something was told")
    }

    /// The call that was just offered.
    pub fn invited(&mut self) -> LegId {
        match self.told() {
            Event::Invited { leg, .. } => leg,
            other => panic!("{other:?}"),
        }
    }

    pub fn is_quiet(&self) {
        assert!(self.sent.is_empty(), "sent: {:?}", self.sent);
        assert!(self.events.is_empty(), "told: {:?}", self.events);
    }

    /// A call up to its 200, which nobody has acknowledged yet: its leg and the 200.
    pub fn answers(&mut self) -> (LegId, String) {
        self.hears(&Asked::invite());
        assert_eq!(status(&self.sent()), 100);
        let leg = self.invited();
        self.accepts(leg);
        let ok = self.sent();
        assert_eq!(status(&ok), 200);
        (leg, ok)
    }

    /// A call up to its ACK: its leg and the 200.
    pub fn talks(&mut self) -> (LegId, String) {
        let (leg, ok) = self.answers();
        self.hears(&Asked::new("ACK", 1, "a1").within(&ok));
        assert_eq!(self.told(), Event::Confirmed { leg });
        self.is_quiet();
        (leg, ok)
    }

    /// The story is over: nothing more may be said, and after a minute nothing is left.
    pub fn ends(mut self) -> Counters {
        self.is_quiet();
        self.passes(Duration::from_secs(60));
        self.is_quiet();
        assert_eq!(self.ua.census(), Census::default());
        assert_eq!(self.ua.poll_timeout(), None);
        assert_eq!(
            self.ua.counters().noted(Noted::OutOfTable),
            0,
            "a table was asked what it refuses"
        );
        self.ua.counters().clone()
    }
}
