//! Owns how an SDP offer is read and what of it we take (RFC 3264, RFC 3551, RFC 4733, RFC 7587): the first audio stream with
//! a codec of ours, of its codecs the one that we prefer, and telephone events. Every other stream is refused in its place. Must never open a stream that
//! was not offered, nor print what the offer says about its sender.

use super::counters::Refused;
use super::crypto::{self, Crypto};
pub use super::peer::Families;
use crate::media_api::{Codec, CodecName, Codecs, EventSpec, Law, MediaSpec, OpusSpec, SrtpPolicy};
use sdp_types::{Direction, Fmtp, FmtpParam, Media, RtpMap, Session};
use std::net::{IpAddr, SocketAddr};

/// The most media lines of an offer.
pub const STREAMS_MAX: usize = 32;
/// The payload type of telephone events in our own offers.
pub const EVENTS: EventSpec = EventSpec {
    payload_type: 101,
    clock: 8_000,
};
/// The Opus of our own offers.
pub const OPUS: OpusSpec = OpusSpec {
    payload_type: 96,
    fec: true,
    bitrate: OPUS_BITRATE,
};
/// Bits a second of a peer that names none: libopus' own limit.
const OPUS_BITRATE: u32 = 510_000;
/// Fewer than this no peer can mean (RFC 7587 §6.1).
const OPUS_BITRATE_MIN: u32 = 6_000;
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
    /// The key of what the peer sends, if media is sealed.
    pub crypto: Option<Crypto>,
}

/// What of an offer can be taken.
#[derive(Clone, Copy, Debug)]
pub struct Abilities<'a> {
    /// In which families media can arrive.
    pub families: Families,
    /// The codecs that are spoken.
    pub codecs: &'a Codecs,
    /// Whether media is sealed.
    pub srtp: SrtpPolicy,
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
    /// Media in clear, where it has to be sealed.
    Insecure,
    /// Sealed media, in no way that we know.
    Suite,
}

impl Unusable {
    /// The `Warning` code and text (RFC 3261 §20.43) that say so.
    pub const fn warning(self) -> (u16, &'static str) {
        match self {
            Unusable::Missing => (399, "The session description is missing"),
            Unusable::Malformed => (399, "The session description is malformed"),
            Unusable::Stream => (304, "No audio stream over RTP/AVP is offered"),
            Unusable::Codec => (305, "None of the codecs spoken here is offered"),
            Unusable::Address => (301, "No unicast address of our family is offered"),
            Unusable::Insecure => (399, "Only encrypted voice is taken here: RTP/SAVP with a=crypto"),
            Unusable::Suite => (399, "None of the crypto suites spoken here is offered"),
        }
    }

    pub const fn refused(self) -> Refused {
        match self {
            Unusable::Missing | Unusable::Malformed => Refused::OfferMalformed,
            Unusable::Stream | Unusable::Codec | Unusable::Address => Refused::OfferUnusable,
            Unusable::Insecure | Unusable::Suite => Refused::OfferInsecure,
        }
    }
}

/// The media of a call of which nothing is agreed yet, but that its peer is somewhere near `trunk`: silent both ways.
pub fn silence(trunk: IpAddr) -> MediaSpec {
    MediaSpec {
        remote: SocketAddr::new(trunk, 0),
        also: None,
        control: None,
        codec: Codec::G711(Law::A),
        events: Some(EVENTS),
        send: false,
        receive: false,
        srtp: None,
    }
}

/// Reads an offer. The first stream that can be taken is, but one that is sealed before one that is not.
pub fn read(body: &[u8], able: Abilities<'_>) -> Result<Agreement, Unusable> {
    let session = parsed(body)?;
    let mut reason = Unusable::Stream;
    let mut best: Option<(usize, Taken)> = None;
    for (place, media) in session.medias.iter().enumerate() {
        match stream(&session, media, able) {
            Ok(found) => {
                let has_better = |best: &(usize, Taken)| best.1.crypto.is_some() || found.crypto.is_none();
                if !best.as_ref().is_some_and(has_better) {
                    best = Some((place, found));
                }
            }
            // The reason that got furthest is the one worth telling.
            Err(why) => reason = if why == Unusable::Stream { reason } else { why },
        }
    }
    let (taken, found) = best.ok_or(reason)?;
    Ok(Agreement {
        spec: found.spec,
        streams: session.medias.iter().map(mirrored).collect(),
        taken,
        direction: found.direction,
        crypto: found.crypto,
    })
}

/// Reads the answer to our offer, whose taken stream stood at `place`.
pub fn read_answer(
    body: &[u8],
    able: Abilities<'_>,
    place: usize,
) -> Result<(MediaSpec, Option<Crypto>), Unusable> {
    let session = parsed(body)?;
    let media = session.medias.get(place).ok_or(Unusable::Stream)?;
    let Taken { spec, crypto, .. } = stream(&session, media, able)?;
    Ok((spec, crypto))
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
struct Taken {
    spec: MediaSpec,
    direction: Direction,
    crypto: Option<Crypto>,
}

/// The key of a media line, if it is sealed; an error if it is not as the policy wants it.
fn sealed(media: &Media, policy: SrtpPolicy) -> Result<Option<Crypto>, Unusable> {
    let is_sealed = match media.proto.to_ascii_uppercase().as_str() {
        "RTP/AVP" => false,
        "RTP/SAVP" if policy != SrtpPolicy::Never => true,
        _ => return Err(Unusable::Stream),
    };
    // RTP/AVP with keys is a wish that may be passed over (RFC 8643).
    match (crypto::pick(media), is_sealed, policy) {
        (None, true, _) => Err(Unusable::Suite),
        (None, false, SrtpPolicy::Required) => Err(Unusable::Insecure),
        (_, _, SrtpPolicy::Never) => Ok(None),
        (found, _, _) => Ok(found),
    }
}

fn stream(session: &Session, media: &Media, able: Abilities<'_>) -> Result<Taken, Unusable> {
    let Abilities {
        families: ours,
        codecs,
        srtp,
    } = able;
    if !media.media.eq_ignore_ascii_case("audio") || media.port == 0 {
        return Err(Unusable::Stream);
    }
    let crypto = sealed(media, srtp)?;
    let formats: Vec<u8> = media
        .fmt
        .split_whitespace()
        .filter_map(|format| format.parse().ok())
        .collect();
    let maps: Vec<RtpMap> = media
        .attributes_typed::<RtpMap>()
        .filter_map(Result::ok)
        .collect();
    let offered = Offered {
        formats: &formats,
        maps: &maps,
        media,
    };
    let mut preferred = codecs.names().iter();
    let codec = preferred
        .find_map(|name| offered.codec(*name))
        .ok_or(Unusable::Codec)?;
    let ip = address(session, media, ours)?;
    let direction = match ip.is_unspecified() {
        // RFC 3264 §8.4: hold as RFC 2543 had it.
        true => Direction::Inactive,
        false => offered_direction(session, media),
    };
    let spec = MediaSpec {
        remote: SocketAddr::new(ip, media.port),
        also: None,
        control: control(media, ip),
        codec,
        events: offered.events(codec.clock()),
        send: direction.has_recv(),
        // Who offers `sendonly` holds the call, and what it then sends is music (RFC 3264 §8.4).
        receive: direction == Direction::SendRecv,
        srtp: None,
    };
    Ok(Taken {
        spec,
        direction: direction.reverse(),
        crypto,
    })
}

/// The formats of a media line.
struct Offered<'a> {
    formats: &'a [u8],
    maps: &'a [RtpMap],
    media: &'a Media,
}

impl Offered<'_> {
    /// The codec of this name, if it is among them.
    fn codec(&self, name: CodecName) -> Option<Codec> {
        match name {
            CodecName::PcmA => self.fixed(Codec::G711(Law::A)),
            CodecName::PcmU => self.fixed(Codec::G711(Law::Mu)),
            CodecName::G722 => self.fixed(Codec::G722),
            CodecName::Opus => self.mapped(name.encoding(), 48_000).map(|opus| self.opus(opus)),
        }
    }

    /// A codec with a static payload type, unless its map says that it is another one.
    fn fixed(&self, codec: Codec) -> Option<Codec> {
        let (format, name) = (codec.payload_type(), codec.name().encoding());
        let says_otherwise =
            |map: &RtpMap| !map.encoding_name.eq_ignore_ascii_case(name) || map.clock_rate != codec.clock();
        let mut maps = self.maps.iter();
        let contradicted = maps.any(|map| map.payload_type == format && says_otherwise(map));
        (self.formats.contains(&format) && !contradicted).then_some(codec)
    }

    /// The first dynamic payload type that stands for this.
    fn mapped(&self, name: &str, clock: u32) -> Option<u8> {
        let is_named = |map: &RtpMap, format: u8| {
            map.payload_type == format
                && map.encoding_name.eq_ignore_ascii_case(name)
                && map.clock_rate == clock
        };
        let is_it =
            |format: u8| DYNAMIC.contains(&format) && self.maps.iter().any(|map| is_named(map, format));
        self.formats.iter().copied().find(|format| is_it(*format))
    }

    /// What its `fmtp` says of Opus (RFC 7587 §6.1).
    fn opus(&self, payload_type: u8) -> Codec {
        let lines = self.media.attributes_typed::<Fmtp>().filter_map(Result::ok);
        let parameters: Vec<FmtpParam> = lines
            .filter(|line| line.fmt == payload_type)
            .flat_map(|line| line.format_specific_params)
            .collect();
        let value = |name: &str| {
            let is_named = |one: &&FmtpParam| one.param.trim().eq_ignore_ascii_case(name);
            let found = parameters.iter().find(is_named)?;
            found.val.as_ref()?.trim().parse::<u32>().ok()
        };
        let bitrate = value("maxaveragebitrate").unwrap_or(OPUS_BITRATE);
        Codec::Opus(OpusSpec {
            payload_type,
            fec: value("useinbandfec") == Some(1),
            bitrate: bitrate.clamp(OPUS_BITRATE_MIN, OPUS_BITRATE),
        })
    }

    /// Telephone events, with the voice's clock if there are such (RFC 4733 §2.1).
    fn events(&self, clock: u32) -> Option<EventSpec> {
        let clocks = [clock, 8_000, 16_000, 48_000];
        clocks.into_iter().find_map(|clock| {
            let payload_type = self.mapped("telephone-event", clock)?;
            Some(EventSpec { payload_type, clock })
        })
    }
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
