//! Owns how our side of the session is described (RFC 3264 §5, §6, §8): one stream taken, the others refused in their
//! places with port 0, and the version of `o=`, which grows only when the description changes. Must never name an address
//! other than ours.

use super::crypto::{Crypto, Keyring};
use super::offer::{Abilities, Agreement, EVENTS, Families, OPUS, Stream, Unusable, read_answer};
use crate::media_api::{Codec, CodecName, Codecs, EventSpec, Law, MediaSpec, SrtpKeys, SrtpPolicy};
use sdp_types::{Attribute, Connection, Direction, Media, Origin, Session, Time};
use std::net::SocketAddr;

/// What of Opus we receive, and send (RFC 7587 §6.1): mono, nothing above 8 kHz, made for loss.
const OPUS_WISHES: &str =
    "maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;sprop-stereo=0;useinbandfec=1";

/// Our side of one session description, from answer to answer. Our keys stand in it.
pub struct Answerer {
    session_id: u64,
    version: u64,
    last: Option<Vec<u8>>,
    /// The codecs and the telephone events of that description.
    named: (Codecs, Option<EventSpec>),
    codecs: Codecs,
    /// The media lines so far, which every further description must keep, and which of them is taken.
    streams: Vec<Stream>,
    taken: usize,
    keys: Keyring,
}

/// What a description says of the stream that is taken.
struct Said<'a> {
    codecs: &'a [Codec],
    events: Option<EventSpec>,
    direction: Direction,
    crypto: &'a [Crypto],
}

impl Answerer {
    /// `random` makes the session id: the first 63 bits, since some peers read it as a signed number.
    pub fn new(random: u64, codecs: Codecs) -> Answerer {
        let audio = Stream {
            media: "audio".to_owned(),
            proto: "RTP/AVP".to_owned(),
            formats: String::new(),
        };
        Answerer {
            session_id: random >> 1,
            version: 1,
            last: None,
            named: (codecs, Some(EVENTS)),
            codecs,
            streams: vec![audio],
            taken: 0,
            keys: Keyring::new(SrtpPolicy::Never),
        }
    }

    /// The same, with media sealed as `policy` has it.
    pub fn with_srtp(mut self, policy: SrtpPolicy) -> Answerer {
        self.keys = Keyring::new(policy);
        self
    }

    /// Agrees to the keys that an offer brings, with those of ours; `draw` makes them. To be called before the answer is written;
    /// once more, it changes nothing.
    pub fn agree(&mut self, agreement: &mut Agreement, draw: &mut dyn FnMut() -> u64) {
        agreement.spec.srtp = self.keys.answer(agreement.crypto.as_ref(), draw);
    }

    /// The keys of the call, if they are other ones than when they were taken last.
    pub fn take_keys(&mut self) -> Option<SrtpKeys> {
        self.keys.take_fresh()
    }

    /// Reads the answer to our offer.
    pub fn read_answer(&mut self, body: &[u8], families: Families) -> Result<MediaSpec, Unusable> {
        let able = Abilities {
            families,
            codecs: &self.named.0,
            srtp: self.keys.policy(),
        };
        let (mut spec, crypto) = read_answer(body, able, self.taken)?;
        // The peer sends events under the payload type that we named (RFC 3264 §6.1).
        spec.events = spec.events.and(self.named.1);
        spec.srtp = self.keys.answered(crypto.as_ref())?;
        Ok(spec)
    }

    /// The answer to `agreement` with our RTP address `local`.
    pub fn answer(&mut self, agreement: &Agreement, local: SocketAddr) -> Vec<u8> {
        self.streams.clone_from(&agreement.streams);
        self.taken = agreement.taken;
        let spec = agreement.spec;
        let crypto: Vec<Crypto> = self.keys.own().into_iter().collect();
        let said = Said {
            codecs: &[spec.codec],
            events: spec.events,
            direction: agreement.direction,
            crypto: &crypto,
        };
        self.describe(local, &said)
    }

    /// Our own offer with our RTP address `local`: every codec that is spoken, events, both ways, and the keys that `draw` makes
    /// where they are wanted.
    pub fn offer(&mut self, local: SocketAddr, draw: &mut dyn FnMut() -> u64) -> Vec<u8> {
        let named = |name: &CodecName| match name {
            CodecName::Opus => Codec::Opus(OPUS),
            CodecName::G722 => Codec::G722,
            CodecName::PcmA => Codec::G711(Law::A),
            CodecName::PcmU => Codec::G711(Law::Mu),
        };
        let codecs: Vec<Codec> = self.codecs.names().iter().map(named).collect();
        let is_first = self.last.is_none();
        let crypto = self.keys.offer(is_first, draw).to_vec();
        if is_first && self.keys.policy() == SrtpPolicy::Required {
            self.streams[self.taken].proto = "RTP/SAVP".to_owned();
        }
        let said = Said {
            codecs: &codecs,
            events: Some(EVENTS),
            direction: Direction::SendRecv,
            crypto: &crypto,
        };
        self.describe(local, &said)
    }

    /// Our description as it stands, offered again: nothing changes, and its version says so (RFC 4028 §7.4).
    pub fn repeat(&mut self) -> Option<Vec<u8>> {
        self.keys.repeat();
        self.last.clone()
    }

    fn describe(&mut self, local: SocketAddr, said: &Said<'_>) -> Vec<u8> {
        let names: Vec<CodecName> = said.codecs.iter().map(|codec| codec.name()).collect();
        self.named = (Codecs::new(&names).unwrap_or(self.codecs), said.events);
        let taken = |stream: &Stream| accepted(stream, local.port(), said);
        let same = self.written(local, taken);
        if self.last.as_ref().is_some_and(|last| *last != same) {
            self.version += 1;
        }
        let description = self.written(local, taken);
        self.last = Some(description.clone());
        description
    }

    fn written(&self, local: SocketAddr, taken: impl Fn(&Stream) -> Media) -> Vec<u8> {
        let origin = Origin::with_ip_addr(self.session_id, self.version, local.ip());
        let mut session = Session::new(origin, "-");
        session.set_connection(Connection::from_ip_addr(local.ip()));
        session.add_time(Time::new(0, 0));
        for (place, stream) in self.streams.iter().enumerate() {
            session.add_media(if place == self.taken {
                taken(stream)
            } else {
                line(stream, 0, stream.formats.clone())
            });
        }
        let mut bytes = Vec::new();
        session.write(&mut bytes).expect("a Vec takes everything");
        bytes
    }
}

fn line(stream: &Stream, port: u16, formats: String) -> Media {
    Media {
        media: stream.media.clone(),
        port,
        num_ports: None,
        proto: stream.proto.clone(),
        fmt: formats,
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

fn accepted(stream: &Stream, port: u16, said: &Said<'_>) -> Media {
    let Said {
        codecs,
        events,
        direction,
        crypto,
    } = *said;
    let formats = codecs.iter().map(|codec| codec.payload_type());
    let formats: Vec<_> = formats
        .chain(events.map(|events| events.payload_type))
        .map(|format| format.to_string())
        .collect();
    let mut media = line(stream, port, formats.join(" "));
    for codec in codecs {
        let (payload_type, name, clock) = (codec.payload_type(), codec.name().encoding(), codec.clock());
        // Opus is always said to have two channels (RFC 7587 §7).
        let channels = if matches!(codec, Codec::Opus(_)) { "/2" } else { "" };
        let map = format!("{payload_type} {name}/{clock}{channels}");
        media.add_attribute(Attribute::with_value("rtpmap", map));
        if matches!(codec, Codec::Opus(_)) {
            let wishes = format!("{payload_type} {OPUS_WISHES}");
            media.add_attribute(Attribute::with_value("fmtp", wishes));
        }
    }
    if let Some(EventSpec { payload_type, clock }) = events {
        let map = format!("{payload_type} telephone-event/{clock}");
        media.add_attribute(Attribute::with_value("rtpmap", map));
        media.add_attribute(Attribute::with_value("fmtp", format!("{payload_type} 0-15")));
    }
    media.add_attribute(Attribute::with_value("ptime", crate::units::FRAME_MS));
    for line in crypto {
        media.add_attribute(Attribute::with_value("crypto", line.write()));
    }
    media.add_attribute(direction);
    media
}
