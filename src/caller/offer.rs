//! Owns a caller's SDP: the offer it makes, and what the bridge's answer says (RFC 3264). Pure.

use crate::media_api::Law;
use sdp_types::Session;
use std::net::{IpAddr, SocketAddr};

/// The payload type under which a caller offers telephone events.
pub const EVENT_PAYLOAD_TYPE: u8 = 101;

/// Where and how the bridge wants its media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where it wants it.
    pub remote: SocketAddr,
    /// The law of the first payload type that it listed.
    pub law: Law,
    /// Under which payload type it takes telephone events.
    pub event_payload_type: Option<u8>,
}

/// An offer of G.711 in one law, telephone events and frames of 20 ms.
pub fn offer(media: SocketAddr, law: Law, session: u32) -> String {
    let (law, name) = match law {
        Law::A => (law.payload_type(), "PCMA"),
        Law::Mu => (law.payload_type(), "PCMU"),
    };
    let (ip, port) = (media.ip(), media.port());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=- {session} 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {law} {EVENT_PAYLOAD_TYPE}\r\na=rtpmap:{law} {name}/8000\r\n\
         a=rtpmap:{EVENT_PAYLOAD_TYPE} telephone-event/8000\r\na=fmtp:{EVENT_PAYLOAD_TYPE} 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// Reads the answer; `None` if it holds no G.711 audio.
pub fn read_answer(body: &str) -> Option<Answer> {
    let session = Session::parse(body.as_bytes()).ok()?;
    let audio = session
        .medias
        .iter()
        .find(|media| media.media == "audio" && media.port != 0)?;
    let connection = audio.connections.first().or(session.connection.as_ref())?;
    let ip: IpAddr = connection.connection_address.parse().ok()?;
    let law = match audio.fmt.split(' ').next()? {
        "8" => Law::A,
        "0" => Law::Mu,
        _ => return None,
    };
    let event_payload_type = audio
        .attributes
        .iter()
        .filter(|attribute| attribute.attribute == "rtpmap")
        .filter_map(|attribute| attribute.value.as_deref()?.split_once(' '))
        .find(|(_, codec)| codec.to_ascii_lowercase().starts_with("telephone-event/8000"))
        .and_then(|(payload_type, _)| payload_type.parse().ok());
    Some(Answer {
        remote: SocketAddr::new(ip, audio.port),
        law,
        event_payload_type,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_offer_read_as_an_answer_says_the_same() {
        for law in [Law::A, Law::Mu] {
            let media = SocketAddr::from(([127, 0, 0, 1], 40_000));
            let read = read_answer(&offer(media, law, 1)).expect("audio");
            assert_eq!((read.remote, read.law), (media, law));
            assert_eq!(read.event_payload_type, Some(EVENT_PAYLOAD_TYPE));
        }
    }

    #[test]
    fn a_refused_media_line_is_no_answer() {
        let media = SocketAddr::from(([127, 0, 0, 1], 40_000));
        let refused = offer(media, Law::A, 1).replace("m=audio 40000", "m=audio 0");
        assert_eq!(read_answer(&refused), None);
        assert_eq!(read_answer("junk"), None);
    }
}
