//! Calls and registrations over TLS, and calls whose voice is encrypted: what is said about it, and why it is refused.

use super::{Asked, World, header, local, our_rtp, status};
use crate::media_api::{SrtpPolicy, Suite};
use crate::sip::{Admission, Event, Peer, Refused, TlsFault};
use std::net::SocketAddr;

const LINE: &str = "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

fn far() -> SocketAddr {
    "192.0.2.1:40000".parse().expect("address")
}

fn over_tls(asked: &Asked) -> String {
    asked.text().replace("SIP/2.0/UDP", "SIP/2.0/TLS")
}

fn sealed(proto: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 {proto} 8\r\na=crypto:{LINE}\r\n"
    )
}

impl World {
    fn calls_over_tls(&mut self, text: &str) {
        let admission = self.ua.handle_connected(self.now, Peer::tls(far()), local());
        assert_eq!(admission, Admission::Welcome);
        self.ua.handle_stream(self.now, far(), text.as_bytes());
        self.drain();
    }

    fn sent_tls(&mut self) -> String {
        let (_, by, text) = self.sent_by();
        assert_eq!(by, Peer::tls(far()));
        text
    }
}

#[test]
fn a_call_over_tls_says_so_in_every_message_and_sips_is_answered_by_sips() {
    for (scheme, contact) in [
        ("sip:", "<sip:192.0.2.100:5060;transport=tls>"),
        ("sips:", "<sips:192.0.2.100:5060>"),
    ] {
        let mut world = World::new();
        let line = format!("INVITE {scheme}4930555");
        world.calls_over_tls(&over_tls(&Asked::invite()).replace("INVITE sip:4930555", &line));
        assert!(header(&world.sent_tls(), "Via").starts_with("SIP/2.0/TLS 192.0.2.1:5070;"));
        let leg = world.invited();
        world.accepts(leg);
        let ok = world.sent_tls();
        assert_eq!(header(&ok, "Contact"), contact);
        let ack = over_tls(&Asked::new("ACK", 1, "a1").within(&ok));
        world.ua.handle_stream(world.now, far(), ack.as_bytes());
        world.drain();
        assert_eq!(world.told(), Event::Confirmed { leg });
        world.hangs_up(leg);
        assert!(header(&world.sent_tls(), "Via").starts_with("SIP/2.0/TLS 192.0.2.100:5060;"));
    }
}

#[test]
fn who_could_not_prove_who_he_is_is_counted_and_forgotten() {
    let mut world = World::new();
    let admission = world.ua.handle_connected(world.now, Peer::tls(far()), local());
    assert_eq!(admission, Admission::Welcome);
    world.ua.handle_unproven(world.now, far(), TlsFault::Refused);
    assert_eq!(world.ua.counters().refused(Refused::Tls), 1);
    assert_eq!(world.ua.census().connections, 0);
    let (trunk, name) = world.ua.expected_name(far());
    assert_eq!((trunk, name.as_str()), (None, "192.0.2.1"));
}

#[test]
fn a_call_with_keys_is_answered_with_keys_which_are_handed_out_once() {
    let mut world = World::new();
    let body = sealed("RTP/SAVP");
    world.hears(&Asked {
        body: body.clone(),
        ..Asked::invite()
    });
    world.sent();
    let Event::Invited { leg, spec, .. } = world.told() else {
        panic!("a call was offered");
    };
    let keys = world.ua.take_keys(leg).expect("they are new");
    assert_eq!(Some(keys.spec), spec.srtp);
    assert_eq!(keys.spec.suite, Suite::AesCm80);
    assert!(!format!("{keys:?}").contains("[1"), "{keys:?}");
    world.accepts(leg);
    let ok = world.sent();
    let port = our_rtp().port();
    assert!(ok.contains(&format!("m=audio {port} RTP/SAVP 8\r\n")), "{ok}");
    assert!(ok.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"), "{ok}");
    assert!(!ok.contains("d0RmdmcmVCspeEc3"), "a key of our own");
    assert!(world.ua.take_keys(leg).is_none());
}

#[test]
fn what_the_policy_does_not_allow_is_refused_in_words() {
    for (policy, body, words, counted) in [
        (
            SrtpPolicy::Required,
            None,
            "Only encrypted voice is taken here",
            Refused::OfferInsecure,
        ),
        (
            SrtpPolicy::Never,
            Some(sealed("RTP/SAVP")),
            "No audio stream over RTP/AVP is offered",
            Refused::OfferUnusable,
        ),
        (
            SrtpPolicy::Optional,
            Some(sealed("RTP/SAVP").replace("AES_CM_128", "F8_128")),
            "None of the crypto suites spoken here",
            Refused::OfferInsecure,
        ),
    ] {
        let mut world = World::with_srtp(policy);
        let plain = Asked::invite();
        let body = body.unwrap_or_else(|| plain.body.clone());
        world.hears(&Asked { body, ..plain });
        let refused = world.sent();
        assert_eq!(status(&refused), 488);
        assert!(header(&refused, "Warning").contains(words), "{refused}");
        assert_eq!(world.ua.counters().refused(counted), 1);
    }
}
