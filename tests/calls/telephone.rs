//! A simulated telephone: a SIP user agent client as small as one can be.

use super::tones;
use audio_codec_algorithms::{decode_alaw, encode_alaw};
use rundruf::media::{Counters, Wide};
use rundruf::media_api::Codec;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// How many frames a key is down, and how many lie between two.
pub const KEY_FRAMES: (u64, u64) = (5, 5);

/// What a telephone does with each of its RTP packets: 0 loses it, 2 doubles it.
pub type Fate = fn(packet: u64) -> usize;

/// A telephone that has called.
pub struct Telephone {
    /// Its number among the callers: its tone.
    pub n: usize,
    /// The port at which the bridge wants its voice.
    media: Option<u16>,
    /// Whether its tone sounds.
    pub speaks: bool,
    /// Everything it heard, decoded.
    pub sound: Vec<i16>,
    /// Status codes and requests that came by SIP, in order.
    pub signals: Vec<String>,
    pub fate: Fate,
    /// Its plug is pulled: it hears and says nothing, by neither way.
    pub is_dead: bool,
    /// The payload type of its voice; what is said is A-law, unless it speaks at 16 kHz.
    pub payload_type: u8,
    wide: Option<WideVoice>,
    keys: VecDeque<u8>,
    key_frame: u64,
    /// For how many frames each key sounds in the voice before its event begins, as from a gateway that is slow to hear it.
    pub leaks: u64,
    /// Keys that go as tones in the voice alone.
    tones: VecDeque<u8>,
    tone_frame: u64,
    /// Returns what it heard so many frames before, so many times weaker.
    pub returns: Option<(usize, i16)>,
    /// Speaks noise, syllable by syllable.
    pub babbles: bool,
    frame: u64,
    sequence: u16,
    to_tag: String,
    acknowledged: bool,
}

/// The coders of a telephone that speaks and hears at 16 kHz.
struct WideVoice {
    codec: Codec,
    mouth: Box<Wide>,
    ear: Box<Wide>,
    counters: Counters,
    heard: u64,
}

impl Telephone {
    /// It offers this codec of 16 kHz, and no other.
    pub fn speak_wide(&mut self, codec: Codec) {
        let coder = || Wide::new(codec).expect("a codec of 16 kHz");
        self.payload_type = codec.payload_type();
        self.wide = Some(WideVoice {
            codec,
            mouth: coder(),
            ear: coder(),
            counters: Counters::default(),
            heard: 0,
        });
    }

    pub fn new(n: usize) -> Telephone {
        Telephone {
            n,
            media: None,
            speaks: false,
            sound: Vec::new(),
            signals: Vec::new(),
            fate: |_| 1,
            is_dead: false,
            payload_type: 8,
            wide: None,
            keys: VecDeque::new(),
            key_frame: 0,
            leaks: 0,
            tones: VecDeque::new(),
            tone_frame: 0,
            returns: None,
            babbles: false,
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

    /// The port at which the bridge wants its voice.
    pub fn media_port(&self) -> u16 {
        self.media.expect("the call was answered")
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
        let voices = match self.wide.as_ref().map(|wide| wide.codec) {
            None | Some(Codec::G711(_)) => "8 0 101".to_owned(),
            Some(Codec::G722) => "9 101\r\na=rtpmap:9 G722/8000".to_owned(),
            Some(Codec::Opus(opus)) => {
                let kind = opus.payload_type;
                format!("{kind} 101\r\na=rtpmap:{kind} opus/48000/2")
            }
        };
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {voices}\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        )
    }

    /// A SIP message from the bridge; what the telephone answers.
    pub fn hear_sip(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.is_dead {
            return None;
        }
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
        let media = text.lines().find_map(|line| line.strip_prefix("m=audio "));
        let port = media.and_then(|media| media.split(' ').next()?.parse().ok());
        self.media = port.or(self.media);
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

    /// Keys these, as tones in the voice.
    pub fn key_by_tones(&mut self, keys: &str) {
        self.tones.extend(keys.bytes());
    }

    /// Whether all keys were sent.
    pub fn has_keyed(&self) -> bool {
        self.keys.is_empty() && self.tones.is_empty()
    }

    /// 20 ms of the telephone's own life: what it sends, and to which port.
    pub fn tick(&mut self) -> Vec<(u16, Vec<u8>)> {
        let Some(port) = self.media.filter(|_| self.acknowledged && !self.is_dead) else {
            return Vec::new();
        };
        let packet = self.event_packet().unwrap_or_else(|| self.audio_packet());
        let times = (self.fate)(self.frame);
        self.frame += 1;
        vec![(port, packet); times]
    }

    /// A packet from the bridge.
    pub fn hear(&mut self, packet: &[u8]) {
        let Some(wide) = &mut self.wide else {
            self.sound
                .extend(packet[12..].iter().map(|&code| decode_alaw(code)));
            return;
        };
        let time = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        wide.ear
            .put(wide.heard, (9, time), &packet[12..], &mut wide.counters);
        wide.ear.pull(wide.heard, &mut wide.counters);
        wide.heard += 1;
        let pairs = wide.ear.heard.as_chunks::<2>().0;
        self.sound
            .extend(pairs.iter().map(|[one, other]| one.midpoint(*other)));
    }

    fn audio_packet(&mut self) -> Vec<u8> {
        let key = self.sounding_key();
        let sample = |i| {
            let at = self.frame * 160 + i;
            match key {
                Some(face) => tones::key(face, at),
                None if self.babbles => tones::babble(at),
                None if self.speaks => tones::sample(self.n, at),
                None => 0,
            }
        };
        let said: Vec<i16> = (0..160)
            .map(|i| sample(i).saturating_add(self.returned(i as usize)))
            .collect();
        let (payload, steps) = match &mut self.wide {
            None => (said.into_iter().map(encode_alaw).collect(), 160),
            Some(wide) => {
                let next = |at: usize| said[(at + 1).min(159)];
                let between = |at: usize| match at % 2 {
                    0 => said[at / 2],
                    _ => said[at / 2].midpoint(next(at / 2)),
                };
                let mut payload = [0; 320];
                let len = wide.mouth.encode(&std::array::from_fn(between), &mut payload);
                (payload[..len].to_vec(), u64::from(wide.codec.clock()) / 50)
            }
        };
        self.packet(self.payload_type, self.frame * steps, &payload)
    }

    /// What comes back at this place of the frame.
    fn returned(&self, at: usize) -> i16 {
        let Some((frames, weaker)) = self.returns else {
            return 0;
        };
        let begin = self.sound.len().checked_sub((frames + 1) * 160);
        begin.map_or(0, |begin| self.sound[begin + at] / weaker)
    }

    /// The key whose tones are in this frame's voice.
    fn sounding_key(&mut self) -> Option<u8> {
        let (down, between) = KEY_FRAMES;
        if self.key_frame < self.leaks
            && let Some(&key) = self.keys.front()
        {
            self.key_frame += 1;
            return Some(key);
        }
        let key = *self.tones.front()?;
        let at = self.tone_frame;
        self.tone_frame += 1;
        if self.tone_frame == down + between {
            self.tone_frame = 0;
            self.tones.pop_front();
        }
        (at < down).then_some(key)
    }

    fn event_packet(&mut self) -> Option<Vec<u8>> {
        let (down, between) = KEY_FRAMES;
        let key = *self.keys.front()?;
        let event = b"0123456789*#"
            .iter()
            .position(|&face| face == key)
            .expect("a key") as u8;
        let Some(at) = self.key_frame.checked_sub(self.leaks) else {
            // Its tone goes among the voice still.
            return None;
        };
        self.key_frame += 1;
        if at + 1 == down + between {
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
