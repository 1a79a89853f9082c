//! Owns how our SDP answer is written (RFC 3264 §6): one stream taken, the others refused in their places with port 0,
//! and the version of `o=`, which grows only when the answer changes. Must never name an address other than ours.

use super::offer::{Agreement, Stream};
use sdp_types::{Attribute, Connection, Media, Origin, Session, Time};
use std::net::SocketAddr;

/// Our side of one session description, from answer to answer.
#[derive(Debug)]
pub struct Answerer {
    session_id: u64,
    version: u64,
    last: Option<Vec<u8>>,
}

impl Answerer {
    /// `random` makes the session id: the first 63 bits, since some peers read it as a signed number.
    pub fn new(random: u64) -> Answerer {
        Answerer {
            session_id: random >> 1,
            version: 1,
            last: None,
        }
    }

    /// The answer to `agreement` with our RTP address `local`.
    pub fn answer(&mut self, agreement: &Agreement, local: SocketAddr) -> Vec<u8> {
        let same = self.written(agreement, local);
        if self.last.as_ref().is_some_and(|last| *last != same) {
            self.version += 1;
        }
        let answer = self.written(agreement, local);
        self.last = Some(answer.clone());
        answer
    }

    fn written(&self, agreement: &Agreement, local: SocketAddr) -> Vec<u8> {
        let origin = Origin::with_ip_addr(self.session_id, self.version, local.ip());
        let mut session = Session::new(origin, "-");
        session.set_connection(Connection::from_ip_addr(local.ip()));
        session.add_time(Time::new(0, 0));
        for (place, stream) in agreement.streams.iter().enumerate() {
            let taken = place == agreement.taken;
            session.add_media(if taken {
                accepted(stream, agreement, local.port())
            } else {
                refused(stream)
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

fn refused(stream: &Stream) -> Media {
    line(stream, 0, stream.formats.clone())
}

fn accepted(stream: &Stream, agreement: &Agreement, port: u16) -> Media {
    let law = agreement.spec.law;
    let name = match law {
        crate::media_api::Law::A => "PCMA",
        crate::media_api::Law::Mu => "PCMU",
    };
    let codec = law.payload_type();
    let events = agreement.spec.event_payload_type;
    let formats = events.map_or_else(|| codec.to_string(), |events| format!("{codec} {events}"));
    let mut media = line(stream, port, formats);
    media.add_attribute(Attribute::with_value("rtpmap", format!("{codec} {name}/8000")));
    if let Some(events) = events {
        media.add_attribute(Attribute::with_value(
            "rtpmap",
            format!("{events} telephone-event/8000"),
        ));
        media.add_attribute(Attribute::with_value("fmtp", format!("{events} 0-15")));
    }
    media.add_attribute(Attribute::with_value("ptime", crate::units::FRAME_MS));
    media.add_attribute(agreement.direction);
    media
}
