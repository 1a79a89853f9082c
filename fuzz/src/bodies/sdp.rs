//! A session description, as an offer to us and as the answer to ours (RFC 3264). The whole input is the description.

use rundruf::sip::probe::{self, Answered};
use sdp_types::Session;
use std::net::SocketAddr;

/// Runs one input.
pub fn run(data: &[u8]) {
    for local in ["192.0.2.100:20000", "[2001:db8::100]:20000"] {
        let local: SocketAddr = local.parse().expect("an address");
        if let Some(answered) = probe::offer(data, local) {
            judge(data, &answered, local);
        }
        if let Some(spec) = probe::answer(data, local) {
            assert_eq!(spec.remote.is_ipv4(), local.is_ipv4());
            assert!(spec.remote.port() != 0 && spec.events.is_none_or(|events| events.payload_type == 101));
        }
    }
}

/// A media line's words.
struct Line<'a> {
    media: &'a str,
    port: u16,
    proto: &'a str,
    formats: Vec<&'a str>,
    /// What follows it.
    attributes: Vec<&'a str>,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if let Some(words) = line.strip_prefix("m=") {
            let mut words = words.split_whitespace();
            let mut next = || words.next().unwrap_or_default();
            let (media, port, proto) = (next(), next(), next());
            let port = port.split('/').next().and_then(|port| port.parse().ok());
            lines.push(Line {
                media,
                port: port.expect("a port"),
                proto,
                formats: words.collect(),
                attributes: Vec::new(),
            });
        } else if let (Some(attribute), Some(last)) = (line.strip_prefix("a="), lines.last_mut()) {
            last.attributes.push(attribute);
        }
    }
    lines
}

fn judge(data: &[u8], answered: &Answered, local: SocketAddr) {
    let Answered { spec, taken, .. } = *answered;
    assert_eq!(
        answered.answer, answered.again,
        "the version of the same answer grew"
    );
    let answer = std::str::from_utf8(&answered.answer).expect("text");
    assert!(answer.starts_with("v=0\r\no=") && answer.ends_with("\r\n"));
    assert!(
        !answer.replace("\r\n", "").contains(char::is_control),
        "{answer:?}"
    );
    let session = Session::parse(answer.as_bytes()).expect("the answer parses");
    let body = String::from_utf8_lossy(data);
    let (theirs, ours) = (lines(&body), lines(answer));
    assert_eq!(theirs.len(), ours.len(), "as many media lines");
    assert_eq!(session.medias.len(), ours.len());
    for (place, (their, our)) in theirs.iter().zip(&ours).enumerate() {
        assert_eq!(
            (their.media, their.proto),
            (our.media, our.proto),
            "in their order"
        );
        if place == taken {
            accepted(their, our);
            assert_eq!(our.port, local.port());
            assert_eq!(spec.remote.port(), their.port);
        } else {
            assert_eq!((our.port, &our.formats), (0, &their.formats), "refused");
            assert!(our.attributes.is_empty());
        }
    }
    let sealed = ours[taken]
        .attributes
        .iter()
        .filter(|line| line.starts_with("crypto:"));
    assert_eq!(
        sealed.count(),
        usize::from(spec.srtp.is_some()),
        "one key, where voice is sealed"
    );
    let law = spec.codec.payload_type().to_string();
    assert_eq!(ours[taken].formats[0], law);
    assert_eq!(spec.remote.is_ipv4(), local.is_ipv4());
    assert!(!spec.remote.ip().is_multicast());
    assert!(
        probe::offer(&answered.answer, local).is_some(),
        "our own words are understood"
    );
}

/// The rules of the line that is taken.
fn accepted(their: &Line<'_>, our: &Line<'_>) {
    for format in &our.formats {
        let number = |format: &str| format.parse::<u8>().ok();
        let offered = their.formats.iter().any(|their| number(their) == number(format));
        assert!(offered, "a payload type that was not offered");
        let mapped = our.attributes.iter().filter(|line| {
            let map = line
                .strip_prefix("rtpmap:")
                .and_then(|map| map.strip_prefix(format));
            map.is_some_and(|map| map.starts_with(' '))
        });
        assert_eq!(mapped.count(), 1, "one map a format");
    }
    let directions = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let said = our.attributes.iter().filter(|line| directions.contains(line));
    assert_eq!(said.count(), 1, "one direction");
}
