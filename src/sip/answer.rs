//! Owns how our side of the session is described (RFC 3264 §5, §6, §8): one stream taken, the others refused in their
//! places with port 0, and the version of `o=`, which grows only when the description changes. Must never name an address
//! other than ours.

use super::offer::{Agreement, EVENTS, Stream};
use crate::media_api::Law;
use sdp_types::{Attribute, Connection, Direction, Media, Origin, Session, Time};
use std::net::SocketAddr;

/// Our side of one session description, from answer to answer.
#[derive(Debug)]
pub struct Answerer {
    session_id: u64,
    version: u64,
    last: Option<Vec<u8>>,
    /// The media lines so far, which every further description must keep, and which of them is taken.
    streams: Vec<Stream>,
    taken: usize,
}

impl Answerer {
    /// `random` makes the session id: the first 63 bits, since some peers read it as a signed number.
    pub fn new(random: u64) -> Answerer {
        let audio = Stream {
            media: "audio".to_owned(),
            proto: "RTP/AVP".to_owned(),
            formats: String::new(),
        };
        Answerer {
            session_id: random >> 1,
            version: 1,
            last: None,
            streams: vec![audio],
            taken: 0,
        }
    }

    /// The answer to `agreement` with our RTP address `local`.
    pub fn answer(&mut self, agreement: &Agreement, local: SocketAddr) -> Vec<u8> {
        self.streams.clone_from(&agreement.streams);
        self.taken = agreement.taken;
        let spec = agreement.spec;
        self.describe(local, &[spec.law], spec.event_payload_type, agreement.direction)
    }

    /// Our own offer with our RTP address `local`: both laws, events, both ways.
    pub fn offer(&mut self, local: SocketAddr) -> Vec<u8> {
        self.describe(local, &[Law::A, Law::Mu], Some(EVENTS), Direction::SendRecv)
    }

    /// The place of the stream that is taken.
    pub fn place(&self) -> usize {
        self.taken
    }

    fn describe(
        &mut self,
        local: SocketAddr,
        laws: &[Law],
        events: Option<u8>,
        direction: Direction,
    ) -> Vec<u8> {
        let taken = |stream: &Stream| accepted(stream, local.port(), laws, events, direction);
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

fn accepted(stream: &Stream, port: u16, laws: &[Law], events: Option<u8>, direction: Direction) -> Media {
    let codecs = laws.iter().map(|law| law.payload_type());
    let formats: Vec<_> = codecs.chain(events).map(|format| format.to_string()).collect();
    let mut media = line(stream, port, formats.join(" "));
    for law in laws {
        let name = match law {
            Law::A => "PCMA",
            Law::Mu => "PCMU",
        };
        let map = format!("{} {name}/8000", law.payload_type());
        media.add_attribute(Attribute::with_value("rtpmap", map));
    }
    if let Some(events) = events {
        media.add_attribute(Attribute::with_value(
            "rtpmap",
            format!("{events} telephone-event/8000"),
        ));
        media.add_attribute(Attribute::with_value("fmtp", format!("{events} 0-15")));
    }
    media.add_attribute(Attribute::with_value("ptime", crate::units::FRAME_MS));
    media.add_attribute(direction);
    media
}
