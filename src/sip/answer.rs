//! Owns how our side of the session is described (RFC 3264 §5, §6, §8): one stream taken, the others refused in their
//! places with port 0, and the version of `o=`, which grows only when the description changes. Must never name an address
//! other than ours.

use super::offer::{Agreement, EVENTS, OPUS, Stream};
use crate::media_api::{Codec, CodecName, Codecs, EventSpec, Law};
use sdp_types::{Attribute, Connection, Direction, Media, Origin, Session, Time};
use std::net::SocketAddr;

/// What of Opus we receive, and send (RFC 7587 §6.1): mono, nothing above 8 kHz, made for loss.
const OPUS_WISHES: &str =
    "maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;sprop-stereo=0;useinbandfec=1";

/// Our side of one session description, from answer to answer.
#[derive(Debug)]
pub struct Answerer {
    session_id: u64,
    version: u64,
    last: Option<Vec<u8>>,
    codecs: Codecs,
    /// The media lines so far, which every further description must keep, and which of them is taken.
    streams: Vec<Stream>,
    taken: usize,
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
            codecs,
            streams: vec![audio],
            taken: 0,
        }
    }

    /// The answer to `agreement` with our RTP address `local`.
    pub fn answer(&mut self, agreement: &Agreement, local: SocketAddr) -> Vec<u8> {
        self.streams.clone_from(&agreement.streams);
        self.taken = agreement.taken;
        let spec = agreement.spec;
        self.describe(local, &[spec.codec], spec.events, agreement.direction)
    }

    /// Our own offer with our RTP address `local`: every codec that is spoken, events, both ways.
    pub fn offer(&mut self, local: SocketAddr) -> Vec<u8> {
        let named = |name: &CodecName| match name {
            CodecName::Opus => Codec::Opus(OPUS),
            CodecName::G722 => Codec::G722,
            CodecName::PcmA => Codec::G711(Law::A),
            CodecName::PcmU => Codec::G711(Law::Mu),
        };
        let codecs: Vec<Codec> = self.codecs.names().iter().map(named).collect();
        self.describe(local, &codecs, Some(EVENTS), Direction::SendRecv)
    }

    /// The codecs that are spoken.
    pub fn codecs(&self) -> &Codecs {
        &self.codecs
    }

    /// The place of the stream that is taken.
    pub fn place(&self) -> usize {
        self.taken
    }

    fn describe(
        &mut self,
        local: SocketAddr,
        codecs: &[Codec],
        events: Option<EventSpec>,
        direction: Direction,
    ) -> Vec<u8> {
        let taken = |stream: &Stream| accepted(stream, local.port(), codecs, events, direction);
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

fn accepted(
    stream: &Stream,
    port: u16,
    codecs: &[Codec],
    events: Option<EventSpec>,
    direction: Direction,
) -> Media {
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
    media.add_attribute(direction);
    media
}
