//! Owns how an SDP offer is read and what of it we take (RFC 3264, RFC 3551, RFC 4733): the first audio stream with
//! G.711, its first law, and telephone events. Every other stream is refused in its place. Must never open a stream that
//! was not offered, nor print what the offer says about its sender.

use super::counters::Refused;
pub use super::peer::Families;
use crate::media_api::{Law, MediaSpec};
use sdp_types::{Direction, Media, RtpMap, Session};
use std::net::{IpAddr, SocketAddr};

/// The most media lines of an offer.
pub const STREAMS_MAX: usize = 32;
/// The payload type of telephone events in our own offers.
pub const EVENTS: u8 = 101;
/// Payload types that an offer may bind as it likes (RFC 3551 §6).
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;

/// One media line of the offer, as the answer must mirror it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    pub media: String,
    pub proto: String,
    pub formats: String,
}

/// What offer and answer agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub spec: MediaSpec,
    /// The offer's media lines in order, and which of them is taken.
    pub streams: Vec<Stream>,
    pub taken: usize,
    /// The direction as the answer says it.
    pub direction: Direction,
}

/// Why an offer cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    Missing,
    Malformed,
    /// No stream that we could take.
    Stream,
    /// Streams, but no codec in common.
    Codec,
    /// A codec, but no address that we could send to.
    Address,
}

impl Unusable {
    /// The `Warning` code and text (RFC 3261 §20.43) that say so.
    pub const fn warning(self) -> (u16, &'static str) {
        match self {
            Unusable::Missing => (399, "The session description is missing"),
            Unusable::Malformed => (399, "The session description is malformed"),
            Unusable::Stream => (304, "No audio stream over RTP/AVP is offered"),
            Unusable::Codec => (305, "Neither PCMA nor PCMU is offered"),
            Unusable::Address => (301, "No unicast address of our family is offered"),
        }
    }

    pub const fn refused(self) -> Refused {
        match self {
            Unusable::Missing | Unusable::Malformed => Refused::OfferMalformed,
            Unusable::Stream | Unusable::Codec | Unusable::Address => Refused::OfferUnusable,
        }
    }
}

/// The media of a call of which nothing is agreed yet, but that its peer is somewhere near `trunk`: silent both ways.
pub fn silence(trunk: IpAddr) -> MediaSpec {
    MediaSpec {
        remote: SocketAddr::new(trunk, 0),
        control: None,
        law: Law::A,
        event_payload_type: Some(EVENTS),
        send: false,
        receive: false,
    }
}

/// Reads an offer. The peer's address must be of a family of `ours`.
pub fn read(body: &[u8], ours: Families) -> Result<Agreement, Unusable> {
    let session = parsed(body)?;
    let mut reason = Unusable::Stream;
    for (taken, media) in session.medias.iter().enumerate() {
        match stream(&session, media, ours) {
            Ok((spec, direction)) => {
                let streams = session.medias.iter().map(mirrored).collect();
                return Ok(Agreement {
                    spec,
                    streams,
                    taken,
                    direction,
                });
            }
            // The reason that got furthest is the one worth telling.
            Err(why) => reason = if why == Unusable::Stream { reason } else { why },
        }
    }
    Err(reason)
}

/// Reads the answer to our offer, whose taken stream stood at `place`.
pub fn read_answer(body: &[u8], ours: Families, place: usize) -> Result<MediaSpec, Unusable> {
    let session = parsed(body)?;
    let media = session.medias.get(place).ok_or(Unusable::Stream)?;
    let (mut spec, _) = stream(&session, media, ours)?;
    // The peer sends events under the payload type that we offered (RFC 3264 §6.1).
    spec.event_payload_type = spec.event_payload_type.map(|_| EVENTS);
    Ok(spec)
}

fn parsed(body: &[u8]) -> Result<Session, Unusable> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Unusable::Missing);
    }
    let session = Session::parse(tidy(body).as_bytes()).map_err(|_| Unusable::Malformed)?;
    let fits = session.medias.len() <= STREAMS_MAX && session.medias.iter().all(is_printable);
    fits.then_some(session).ok_or(Unusable::Malformed)
}

/// Whether a media line can be repeated in the answer: it is words, as RFC 8866 §9 has them.
fn is_printable(media: &Media) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    is_word(&media.media) && is_word(&media.proto) && media.fmt.split(' ').all(is_word)
}

/// Session names in Latin-1 and blanks at line ends are common; neither matters to us.
fn tidy(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.lines()
        .map(str::trim_end)
        .fold(String::with_capacity(text.len()), |mut tidy, line| {
            tidy.push_str(line);
            tidy.push_str("\r\n");
            tidy
        })
}

fn mirrored(media: &Media) -> Stream {
    Stream {
        media: media.media.clone(),
        proto: media.proto.clone(),
        formats: media.fmt.clone(),
    }
}

/// What we take of one media line.
fn stream(session: &Session, media: &Media, ours: Families) -> Result<(MediaSpec, Direction), Unusable> {
    let is_audio = media.media.eq_ignore_ascii_case("audio") && media.proto.eq_ignore_ascii_case("RTP/AVP");
    if !is_audio || media.port == 0 {
        return Err(Unusable::Stream);
    }
    let formats: Vec<u8> = media
        .fmt
        .split_whitespace()
        .filter_map(|format| format.parse().ok())
        .collect();
    let maps: Vec<RtpMap> = media
        .attributes_typed::<RtpMap>()
        .filter_map(Result::ok)
        .collect();
    let law = formats
        .iter()
        .find_map(|format| law(*format, &maps))
        .ok_or(Unusable::Codec)?;
    let ip = address(session, media, ours)?;
    let direction = match ip.is_unspecified() {
        // RFC 3264 §8.4: hold as RFC 2543 had it.
        true => Direction::Inactive,
        false => offered_direction(session, media),
    };
    let spec = MediaSpec {
        remote: SocketAddr::new(ip, media.port),
        control: control(media, ip),
        law,
        event_payload_type: formats.iter().copied().find(|format| is_event(*format, &maps)),
        send: direction.has_recv(),
        // Who offers `sendonly` holds the call, and what it then sends is music (RFC 3264 §8.4).
        receive: direction == Direction::SendRecv,
    };
    Ok((spec, direction.reverse()))
}

fn law(format: u8, maps: &[RtpMap]) -> Option<Law> {
    let (law, name) = match format {
        8 => (Law::A, "PCMA"),
        0 => (Law::Mu, "PCMU"),
        _ => return None,
    };
    let says_otherwise =
        |map: &RtpMap| !map.encoding_name.eq_ignore_ascii_case(name) || map.clock_rate != 8_000;
    let contradicted = maps
        .iter()
        .any(|map| map.payload_type == format && says_otherwise(map));
    (!contradicted).then_some(law)
}

fn is_event(format: u8, maps: &[RtpMap]) -> bool {
    let is_named = |map: &RtpMap| {
        map.payload_type == format
            && map.encoding_name.eq_ignore_ascii_case("telephone-event")
            && map.clock_rate == 8_000
    };
    DYNAMIC.contains(&format) && maps.iter().any(is_named)
}

/// The peer's address: the media line's, else the session's.
fn address(session: &Session, media: &Media, ours: Families) -> Result<IpAddr, Unusable> {
    let connection = media.connections.first().or(session.connection.as_ref());
    let ip = connection
        .and_then(|connection| connection.try_address().ok())
        .ok_or(Unusable::Address)?
        .ip
        .to_canonical();
    let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    let usable = ours.contains(ip) && !ip.is_multicast() && !broadcast;
    usable.then_some(ip).ok_or(Unusable::Address)
}

/// Where RTCP goes: the port after that of the media line, unless `a=rtcp` names another (RFC 3605 §2.1). A host other than
/// the media's is not followed: RTCP to it would be sent to somebody of whom nothing came.
fn control(media: &Media, ip: IpAddr) -> Option<SocketAddr> {
    let is_none = |kind: &str| {
        let bandwidths = media.bandwidths.iter();
        bandwidths
            .filter(|bandwidth| bandwidth.bwtype == kind)
            .any(|bandwidth| bandwidth.bandwidth == 0)
    };
    // Neither senders nor receivers are to report (RFC 3556 §2).
    if is_none("RS") && is_none("RR") {
        return None;
    }
    let port = match media.get_first_attribute_value("rtcp") {
        Some(Some(value)) => {
            let mut words = value.split_ascii_whitespace();
            let port = words.next()?.parse().ok()?;
            let host = words.nth(2).map(str::parse::<IpAddr>);
            let is_elsewhere = host.is_some_and(|host| !host.is_ok_and(|host| host.to_canonical() == ip));
            return (!is_elsewhere).then_some(SocketAddr::new(ip, port));
        }
        Some(None) | None => media.port.checked_add(1)?,
    };
    Some(SocketAddr::new(ip, port))
}

/// The media line's direction, else the session's, else both ways (RFC 8866 §6.7).
fn offered_direction(session: &Session, media: &Media) -> Direction {
    let read = |attribute: &sdp_types::Attribute| attribute.attribute.parse::<Direction>().ok();
    let own = media.attributes.iter().rev().find_map(read);
    own.or_else(|| session.attributes.iter().rev().find_map(read))
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "tests/offer.rs"]
mod tests;
