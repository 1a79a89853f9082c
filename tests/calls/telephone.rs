//! A simulated telephone: a SIP user agent client as small as one can be, and a line that carries RTP both ways.

use super::tones;
use audio_codec_algorithms::{decode_alaw, encode_alaw};
use rundruf::media::{Datagram, Wire};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;

/// How many frames a key is down, and how many lie between two.
pub const KEY_FRAMES: (u64, u64) = (5, 5);

/// The line between a telephone and its leg.
#[derive(Clone, Debug, Default)]
pub struct Line(Rc<RefCell<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    to_bridge: VecDeque<Vec<u8>>,
    to_telephone: VecDeque<Vec<u8>>,
    from: Option<SocketAddr>,
}

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        let mut ends = self.0.borrow_mut();
        let packet = ends.to_bridge.pop_front()?;
        buffer[..packet.len()].copy_from_slice(&packet);
        Some(Datagram {
            len: packet.len(),
            from: ends.from?,
        })
    }
    fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        let mut ends = self.0.borrow_mut();
        if ends.from == Some(to) {
            ends.to_telephone.push_back(packet.to_vec());
        }
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {}
    fn drain_control(&mut self) {}
}

/// What a telephone does with each of its RTP packets: 0 loses it, 2 doubles it.
pub type Fate = fn(packet: u64) -> usize;

/// A telephone that has called.
pub struct Telephone {
    /// Its number among the callers: its tone.
    pub n: usize,
    /// Its end of the line, once the leg is open.
    pub line: Option<Line>,
    /// Whether its tone sounds.
    pub speaks: bool,
    /// Everything it heard, decoded.
    pub sound: Vec<i16>,
    /// Status codes and requests that came by SIP, in order.
    pub signals: Vec<String>,
    pub fate: Fate,
    keys: VecDeque<u8>,
    key_frame: u64,
    frame: u64,
    sequence: u16,
    to_tag: String,
    acknowledged: bool,
}

impl Telephone {
    pub fn new(n: usize) -> Telephone {
        Telephone {
            n,
            line: None,
            speaks: false,
            sound: Vec::new(),
            signals: Vec::new(),
            fate: |_| 1,
            keys: VecDeque::new(),
            key_frame: 0,
            frame: 0,
            sequence: 0,
            to_tag: String::new(),
            acknowledged: false,
        }
    }

    pub fn sip(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 6_000 + self.n as u16))
    }

    pub fn rtp(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 7_000 + 2 * self.n as u16))
    }

    /// A request of this telephone; its body is an offer, or empty.
    pub fn request(&self, method: &str, cseq: u32, body: &str) -> Vec<u8> {
        let (n, own) = (self.n, self.sip());
        let tag = if self.to_tag.is_empty() {
            String::new()
        } else {
            format!(";tag={}", self.to_tag)
        };
        let cseq_method = method;
        format!(
            "{method} sip:4930555@127.0.0.1:5060 SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own};branch=z9hG4bK{n}x{cseq}x{}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:+4917012345{n:02}@trunk.example>;tag=from{n}\r\n\
             To: <sip:4930555@bridge.example>{tag}\r\n\
             Call-ID: call{n}@trunk.example\r\n\
             CSeq: {cseq} {cseq_method}\r\n\
             Contact: <sip:trunk@{own}>\r\n\
             Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            if method == "ACK" { "ack" } else { "" },
            body.len()
        )
        .into_bytes()
    }

    pub fn offer(&self) -> String {
        let port = self.rtp().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        )
    }

    /// A SIP message from the bridge; what the telephone answers.
    pub fn hear_sip(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let first = text.lines().next().unwrap_or_default();
        let Some(status) = first.strip_prefix("SIP/2.0 ") else {
            let method = first.split(' ').next().unwrap_or_default();
            self.signals.push(method.to_owned());
            return Some(ok_to(&text));
        };
        let cseq = header(&text, "CSeq");
        self.signals.push(format!(
            "{} {}",
            &status[..3],
            cseq.split(' ').nth(1).unwrap_or_default()
        ));
        if status.starts_with('1') || !cseq.ends_with("INVITE") {
            return None;
        }
        self.to_tag = header(&text, "To")
            .split("tag=")
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        self.acknowledged = status.starts_with('2');
        let number = cseq
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(1);
        Some(self.request("ACK", number, ""))
    }

    /// Keys these, as RFC 4733 events.
    pub fn key(&mut self, keys: &str) {
        self.keys.extend(keys.bytes());
    }

    /// Whether all keys were sent.
    pub fn has_keyed(&self) -> bool {
        self.keys.is_empty()
    }

    /// 20 ms of the telephone's own life.
    pub fn tick(&mut self) {
        let Some(line) = self.line.clone().filter(|_| self.acknowledged) else {
            return;
        };
        line.0.borrow_mut().from = Some(self.rtp());
        let packet = self.event_packet().unwrap_or_else(|| self.audio_packet());
        for _ in 0..(self.fate)(self.frame) {
            line.0.borrow_mut().to_bridge.push_back(packet.clone());
        }
        self.frame += 1;
        while let Some(packet) = line.0.borrow_mut().to_telephone.pop_front() {
            self.sound
                .extend(packet[12..].iter().map(|&code| decode_alaw(code)));
        }
    }

    fn audio_packet(&mut self) -> Vec<u8> {
        let tone = |i| {
            if self.speaks {
                tones::sample(self.n, self.frame * 160 + i)
            } else {
                0
            }
        };
        let payload: Vec<u8> = (0..160).map(|i| encode_alaw(tone(i))).collect();
        self.packet(8, self.frame * 160, &payload)
    }

    fn event_packet(&mut self) -> Option<Vec<u8>> {
        let (down, between) = KEY_FRAMES;
        let key = *self.keys.front()?;
        let event = b"0123456789*#"
            .iter()
            .position(|&face| face == key)
            .expect("a key") as u8;
        let at = self.key_frame;
        self.key_frame += 1;
        if self.key_frame == down + between {
            self.key_frame = 0;
            self.keys.pop_front();
        }
        // Three end packets follow the key.
        let (duration, end) = if at < down { (at + 1, 0) } else { (down, 0x80) };
        (at < down + 3).then(|| {
            let [high, low] = ((duration * 160) as u16).to_be_bytes();
            self.packet(101, (self.frame - at) * 160, &[event, end | 10, high, low])
        })
    }

    fn packet(&mut self, payload_type: u8, timestamp: u64, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend((timestamp as u32).to_be_bytes());
        packet.extend((self.n as u32).to_be_bytes());
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

fn header(message: &str, name: &str) -> String {
    let value = message
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_default().to_owned()
}

fn ok_to(request: &str) -> Vec<u8> {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(request, name)));
    format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", copied.concat()).into_bytes()
}
