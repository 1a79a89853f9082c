//! What a registrar answers, through a whole user agent that registers there.
//!
//! An input is readable: answers to our last request, with lines `%%` and a letter between them: `m` another answer, `o` one from
//! the second host; `w` half a second, `W` 40 seconds, `L` an hour; `n` name servers know nothing; `d` the registration is taken
//! back, `g` registered again. In an answer `$HEAD$` stands for the fields that it has to repeat, `$CONTACT$` for our Contact.

use rundruf::media_api::Codecs;
use rundruf::secret::Password;
use rundruf::sip::{
    Census, Event, Listen, Login, Noted, Output, Peer, Place, Refusal, Target, Transport, TrunkConfig,
    TrunkId, UaConfig, UserAgent, Whereabouts,
};
use rundruf::units::Time;
use std::net::SocketAddr;
use std::time::Duration;

const MOVES_MAX: usize = 24;
/// Requests that may go out without time passing, for one answer: every target of a round, and a question to each.
const AT_ONCE_MAX: usize = 8;
const PASSWORD: &str = "Simsalabim4711";

fn host(nth: u8) -> SocketAddr {
    ([198, 51, 100, nth], 5_060).into()
}

/// Runs one input.
pub fn run(data: &[u8]) {
    let mut world = World::new();
    world.agent.register_at(world.now, vec![(TrunkId(0), trunk())]);
    world.drain();
    let text = String::from_utf8_lossy(data).replace('\r', "");
    for (nth, part) in text.split("%%").take(MOVES_MAX).enumerate() {
        let (letter, message) = match part.split_at_checked(1) {
            _ if nth == 0 => ("m", part),
            Some((letter, rest)) => (letter, rest.strip_prefix('\n').unwrap_or(rest)),
            None => continue,
        };
        world.moves(letter, message);
    }
    world.ends();
}

struct World {
    agent: UserAgent,
    now: Time,
    asked: String,
    knows: bool,
    at_once: usize,
}

fn trunk() -> TrunkConfig {
    TrunkConfig {
        name: "t".into(),
        domain: "pbx.example".into(),
        place: Place {
            host: "pbx.example".into(),
            port: None,
            transport: Some(Transport::Udp),
        },
        proxy: None,
        user: "u".into(),
        number: "4930555".into(),
        display: String::new(),
        login: Some(Login {
            user: "u".into(),
            password: Password::new(PASSWORD),
        }),
        expires: Duration::from_secs(600),
        keep_alive: Some(Duration::from_secs(20)),
        number_block: false,
        srtp: Default::default(),
        mediasec: false,
    }
}

impl World {
    fn new() -> World {
        let local = ([192, 0, 2, 100], 5_060).into();
        let config = UaConfig {
            listens_tls: Vec::new(),
            srtp: Default::default(),
            listens: vec![Listen {
                socket: local,
                given: None,
            }],
            served: Vec::new(),
            calls_max: 2,
            codecs: Codecs::default(),
            called: Default::default(),
        };
        let mut drawn = 0_u64;
        let draw = move || {
            drawn = drawn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            drawn
        };
        World {
            agent: UserAgent::new(config, Box::new(draw)),
            now: Time::ZERO,
            asked: String::new(),
            knows: true,
            at_once: 0,
        }
    }

    fn moves(&mut self, letter: &str, message: &str) {
        self.at_once = 0;
        match letter {
            "m" => self.hears(host(1), message),
            "o" => self.hears(host(2), message),
            "w" => self.passes(Duration::from_millis(500)),
            "W" => self.passes(Duration::from_secs(40)),
            "L" => self.passes(Duration::from_secs(3_600)),
            "n" => self.knows = !self.knows,
            "d" => self.agent.deregister(self.now),
            "g" => self.agent.register_again(self.now),
            _ => {}
        }
        self.drain();
    }

    fn hears(&mut self, from: SocketAddr, message: &str) {
        let names = ["Via", "From", "To", "Call-ID", "CSeq"];
        let field = |name: &str| {
            let mut lines = self.asked.lines();
            lines
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .unwrap_or_default()
        };
        let head: String = names.map(|name| format!("{name}: {}\r\n", field(name))).concat();
        let contact = field("Contact").split(';').next().unwrap_or_default();
        let text = message
            .replace('\n', "\r\n")
            .replace("$HEAD$\r\n", &head)
            .replace("$CONTACT$", contact);
        let local = ([192, 0, 2, 100], 5_060).into();
        self.agent
            .handle_message(self.now, Peer::udp(from), local, text.as_bytes());
    }

    fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.agent.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at >= self.now, "a deadline in the past");
            if at > self.now {
                self.at_once = 0;
            }
            self.now = at;
            self.agent.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send { to, bytes, .. } => self.sends(to, bytes),
                Output::Resolve { trunk, place } => {
                    let target = |nth| Target {
                        peer: Peer::udp(host(nth)),
                        priority: u16::from(nth),
                    };
                    let answer = Whereabouts {
                        targets: [1, 2]
                            .map(target)
                            .into_iter()
                            .take(if self.knows { 2 } else { 0 })
                            .collect(),
                        ttl: Duration::from_secs(300),
                        is_guess: false,
                    };
                    self.agent.handle_resolved(self.now, trunk, &place, &answer);
                }
                // Who registers us may call; nobody is there.
                Output::Event(Event::Invited { leg, .. }) => self.agent.refuse(self.now, leg, Refusal::Busy),
                Output::Event(_) => {}
                Output::Close { .. } => panic!("there is no connection"),
            }
        }
    }

    fn sends(&mut self, to: Peer, bytes: Vec<u8>) {
        let text = String::from_utf8(bytes).expect("what we write is text");
        assert!(!text.contains(PASSWORD), "the password is sent");
        assert!(
            [1, 2].map(|nth| host(nth).ip()).contains(&to.addr.ip()),
            "{to:?} is nobody's"
        );
        if text.starts_with("REGISTER") || text.starts_with("OPTIONS") {
            self.at_once += 1;
            assert!(self.at_once <= AT_ONCE_MAX, "a registrar is run down");
            assert_eq!(text.matches("\r\n\r\n").count(), 1, "one head: {text}");
            if text.starts_with("REGISTER") {
                self.asked = text;
            }
        }
    }

    /// Whatever was said: a farewell ends it all.
    fn ends(mut self) {
        self.at_once = 0;
        self.agent.deregister(self.now);
        self.drain();
        self.passes(Duration::from_secs(70));
        assert!(!self.agent.is_deregistering());
        assert_eq!(self.agent.census(), Census::default(), "something is left");
        assert_eq!(self.agent.counters().noted(Noted::OutOfTable), 0);
    }
}
