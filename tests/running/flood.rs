//! Those who send what is no SIP, or nearly, as fast as they are told: each message has a number, so that it can be said
//! which ones were answered. Deterministic but for the addresses.

use rustix::net::sockopt;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// From burst to burst.
const PACE: Duration = Duration::from_millis(10);
/// Messages of a burst.
const BURST: u64 = 100;
/// What the kernel may keep of answers.
const BUFFER: usize = 4 << 20;
/// Answers that come after the last burst are waited for so long.
const REST: Duration = Duration::from_millis(500);
/// By what an answer is known as one to message N.
const NAME: &str = "Call-ID: flood-";
pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 0 101\r\n\
    a=rtpmap:101 telephone-event/8000\r\n";

/// What became of it.
#[derive(Debug, Default)]
pub struct Flooded {
    pub sent: u64,
    pub bytes: u64,
    /// Answers that came, repeated ones included.
    pub answers: u64,
    /// Messages that had to be answered and were not, by the name of their kind.
    pub unanswered: Vec<&'static str>,
    pub took: Duration,
}

/// A socket of `own` that never waits, and keeps what comes while its owner sleeps.
pub fn bound(own: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((own, 0)).expect("a free port");
    socket.set_nonblocking(true).expect("a socket of ours");
    if sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER).is_err() {
        sockopt::set_socket_recv_buffer_size(&socket, BUFFER).ok();
    }
    socket
}

/// Sends from `own` to `bridge` for `span`.
pub fn flood(own: IpAddr, bridge: SocketAddr, span: Duration) -> Flooded {
    let socket = bound(own);
    let own = socket.local_addr().expect("it is bound");
    let mut flooded = Flooded::default();
    let mut waiting: Vec<Option<&'static str>> = Vec::new();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let begin = Instant::now();
    let mut due = begin;
    while begin.elapsed() < span {
        for _ in 0..BURST {
            let (kind, bytes) = malformed(flooded.sent, own, bridge, &mut random);
            waiting.push(Some(kind.name).filter(|_| kind.answered));
            // A full buffer of ours loses it: it counts as unanswered.
            socket.send_to(&bytes, bridge).ok();
            flooded.sent += 1;
            flooded.bytes += bytes.len() as u64;
        }
        flooded.answers += take_answers(&socket, &mut waiting);
        // Who comes late does not send two bursts at once.
        due = (due + PACE).max(Instant::now());
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    flooded.took = begin.elapsed();
    let end = Instant::now();
    while end.elapsed() < REST {
        flooded.answers += take_answers(&socket, &mut waiting);
        std::thread::sleep(PACE);
    }
    flooded.unanswered = waiting.into_iter().flatten().collect();
    flooded
}

fn take_answers(socket: &UdpSocket, waiting: &mut [Option<&'static str>]) -> u64 {
    let mut buffer = [0; 20_000];
    let mut answers = 0;
    while let Ok(length) = socket.recv(&mut buffer) {
        answers += 1;
        let text = String::from_utf8_lossy(&buffer[..length]);
        let number = text.split_once(NAME).map(|(_, rest)| rest);
        let number = number.and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
        if let Some(place) = number.and_then(|number| waiting.get_mut(number)) {
            *place = None;
        }
    }
    answers
}

/// Xorshift: good enough to be hostile.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// A call as it should be, to be spoilt.
struct Draft {
    start: String,
    fields: Vec<String>,
    body: String,
    /// What is written between head and body.
    gap: &'static str,
}

impl Draft {
    fn new(number: u64, own: SocketAddr, bridge: SocketAddr) -> Draft {
        Draft {
            start: format!("INVITE sip:meeting@{bridge} SIP/2.0"),
            fields: vec![
                format!("Via: SIP/2.0/UDP {own};branch=z9hG4bKflood{number};rport"),
                "Max-Forwards: 70".to_owned(),
                format!("From: <sip:flood@{own}>;tag=f{number}"),
                format!("To: <sip:meeting@{bridge}>"),
                format!("{NAME}{number}"),
                "CSeq: 1 INVITE".to_owned(),
                format!("Contact: <sip:flood@{own}>"),
                "Content-Type: application/sdp".to_owned(),
                format!("Content-Length: {}", OFFER.len()),
            ],
            body: OFFER.to_owned(),
            gap: "\r\n",
        }
    }

    /// Puts `line` in the place of the field that begins like it.
    fn set(&mut self, line: &str) {
        let name = line.split_inclusive(':').next().unwrap_or_default();
        if let Some(field) = self.fields.iter_mut().find(|field| field.starts_with(name)) {
            *field = line.to_owned();
        }
    }

    fn drop(&mut self, name: &str) {
        self.fields.retain(|field| !field.starts_with(name));
    }

    fn add(&mut self, line: &str) {
        self.fields.push(line.to_owned());
    }

    /// Another method than INVITE, without a body.
    fn method(&mut self, method: &str) {
        self.start = self.start.replacen("INVITE", method, 1);
        self.set(&format!("CSeq: 1 {method}"));
        self.set("Content-Length: 0");
        self.body.clear();
    }

    fn bytes(&self) -> Vec<u8> {
        let Draft {
            start,
            fields,
            body,
            gap,
        } = self;
        format!("{start}\r\n{}\r\n{gap}{body}", fields.join("\r\n")).into_bytes()
    }
}

/// One way to be wrong.
struct Kind {
    name: &'static str,
    /// Whether it has all that an answer needs.
    answered: bool,
    spoil: fn(&mut Draft),
}

const fn answered(name: &'static str, spoil: fn(&mut Draft)) -> Kind {
    Kind {
        name,
        answered: true,
        spoil,
    }
}

const fn silent(name: &'static str, spoil: fn(&mut Draft)) -> Kind {
    Kind {
        name,
        answered: false,
        spoil,
    }
}

const KINDS: [Kind; 36] = [
    answered("length beyond the end", |draft| draft.set("Content-Length: 9999")),
    answered("negative length", |draft| draft.set("Content-Length: -1")),
    answered("two lengths", |draft| draft.add("Content-Length: 7")),
    answered("length beyond all numbers", |draft| {
        draft.set("Content-Length: 99999999999999999999")
    }),
    answered("two From", |draft| draft.add("From: <sip:other@127.0.0.1>;tag=2")),
    answered("two To", |draft| draft.add("To: <sip:other@127.0.0.1>")),
    answered("two CSeq", |draft| draft.add("CSeq: 2 INVITE")),
    answered("two Call-ID", |draft| draft.add("Call-ID: other")),
    answered("two Max-Forwards", |draft| draft.add("Max-Forwards: 3")),
    answered("control characters", |draft| {
        draft.add("Subject: \u{1}\u{7f}\u{8}")
    }),
    answered("a huge header field", |draft| {
        draft.add(&format!("Subject: {}", "s".repeat(5_000)))
    }),
    answered("many header fields", |draft| {
        (0..120).for_each(|n| draft.add(&format!("X-{n}: {n}")))
    }),
    answered("a huge datagram", |draft| draft.body = "b".repeat(17_000)),
    answered("a header field without colon", |draft| {
        draft.add("Subject without colon")
    }),
    answered("a header field without name", |draft| draft.add(": no name")),
    answered("no end of the head", |draft| {
        draft.gap = "";
        draft.body.clear();
    }),
    answered("no Contact", |draft| draft.drop("Contact")),
    answered("a broken Contact", |draft| draft.set("Contact: <sip:")),
    answered("a broken URI", |draft| {
        draft.start = "INVITE sip:a b<> SIP/2.0".to_owned()
    }),
    answered("another scheme", |draft| {
        draft.start = "INVITE http://example.org/ SIP/2.0".to_owned()
    }),
    answered("another version", |draft| {
        draft.start = "INVITE sip:meeting@127.0.0.1 SIP/7.0".to_owned()
    }),
    answered("CSeq of another method", |draft| draft.set("CSeq: 1 BYE")),
    answered("CSeq without number", |draft| draft.set("CSeq: one INVITE")),
    answered("Max-Forwards without number", |draft| {
        draft.set("Max-Forwards: many")
    }),
    answered("no hop left", |draft| draft.set("Max-Forwards: 0")),
    answered("a broken Record-Route", |draft| {
        draft.add("Record-Route: nowhere")
    }),
    answered("a broken offer", |draft| draft.body = "x".repeat(OFFER.len())),
    answered("a body of another kind", |draft| {
        draft.set("Content-Type: text/plain")
    }),
    answered("an extension", |draft| draft.add("Require: teleportation")),
    answered("an unknown method", |draft| draft.method("PUBLISH")),
    answered("BYE of no call", |draft| {
        draft.method("BYE");
        let to = draft.fields[3].clone();
        draft.set(&format!("{to};tag=nobody"));
    }),
    silent("ACK of no call", |draft| draft.method("ACK")),
    silent("a response to nothing", |draft| {
        draft.start = "SIP/2.0 200 OK".to_owned()
    }),
    silent("no Via", |draft| draft.drop("Via")),
    silent("no CSeq", |draft| draft.drop("CSeq")),
    silent("no From", |draft| draft.drop("From")),
];
const TRUNCATED: Kind = silent("truncated", |_| {});
// Without From it opens no call, whichever bytes change.
const SPOTTED: Kind = silent("bytes changed", |draft| draft.drop("From"));
const NOISE: Kind = silent("noise", |_| {});

/// The next message; none of them opens a call.
fn malformed(
    number: u64,
    own: SocketAddr,
    bridge: SocketAddr,
    random: &mut Random,
) -> (&'static Kind, Vec<u8>) {
    let mut draft = Draft::new(number, own, bridge);
    match random.below(KINDS.len() + 6) {
        place @ 0..36 => {
            (KINDS[place].spoil)(&mut draft);
            (&KINDS[place], draft.bytes())
        }
        36 | 37 => {
            let mut bytes = draft.bytes();
            bytes.truncate(random.below(bytes.len() - 1));
            (&TRUNCATED, bytes)
        }
        38 | 39 => {
            (SPOTTED.spoil)(&mut draft);
            let mut bytes = draft.bytes();
            for _ in 0..8 {
                let place = random.below(bytes.len());
                bytes[place] = random.below(256) as u8;
            }
            (&SPOTTED, bytes)
        }
        _ => {
            let length = 1 + random.below(900);
            (&NOISE, (0..length).map(|_| random.below(256) as u8).collect())
        }
    }
}
