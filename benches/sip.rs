//! What signalling costs, sockets left out: `cargo bench --bench sip`.
//!
//! The message is an INVITE of 1 kB as a carrier's border element sends it: four Vias, two Record-Routes, an asserted
//! identity, an offer of four formats. All goes through the user agent's public face; the latest table stands in
//! `docs/PERFORMANCE.md`.

use rundruf::sip::{Event, Listen, Output, Peer, Refusal, UaConfig, UserAgent};
use rundruf::units::Time;
use std::net::SocketAddr;

fn main() {
    divan::main();
}

const LOCAL: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 100)),
    5060,
);
const PEER: Peer = Peer::udp(SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
    5060,
));

const OFFER: &str = "v=0\r\no=SBC 1739281001 1739281001 IN IP4 192.0.2.9\r\ns=call\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 40176 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\n\
    a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

fn invite(offer: &str) -> Vec<u8> {
    let message = format!(
        "INVITE sip:+493055512345@192.0.2.100:5060;user=phone SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2f81d1a4;rport\r\n\
         Via: SIP/2.0/UDP 192.0.2.11;branch=z9hG4bK71a.0e;received=192.0.2.11\r\n\
         Via: SIP/2.0/TCP 192.0.2.12;branch=z9hG4bKa17,SIP/2.0/UDP 192.0.2.13;branch=z9hG4bK3\r\n\
         Record-Route: <sip:192.0.2.1;lr;ftag=9a>\r\nRecord-Route: <sip:192.0.2.11;lr=on>\r\n\
         Max-Forwards: 66\r\n\
         From: \"Erna Example\" <sip:+4930123456@trunk.example;user=phone>;tag=9a7f31c0\r\n\
         To: <sip:+493055512345@trunk.example;user=phone>\r\n\
         Call-ID: 6c1d0f7e55aa4f11@192.0.2.13\r\nCSeq: 102 INVITE\r\n\
         Contact: <sip:+4930123456@192.0.2.1:5060;transport=udp>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK\r\nSupported: 100rel, timer\r\n\
         P-Asserted-Identity: <sip:+4930123456@trunk.example;user=phone>\r\n\
         User-Agent: Border 7.4\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{offer}",
        offer.len()
    );
    message.into_bytes()
}

fn request(method: &str, cseq: u32, to_tag: &str) -> Vec<u8> {
    let message = format!(
        "{method} sip:192.0.2.100:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method}{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Erna Example\" <sip:+4930123456@trunk.example;user=phone>;tag=9a7f31c0\r\n\
         To: <sip:+493055512345@trunk.example;user=phone>{to_tag}\r\nCall-ID: 6c1d0f7e55aa4f11@192.0.2.13\r\n\
         CSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    );
    message.into_bytes()
}

fn agent(calls_max: usize) -> UserAgent {
    let config = UaConfig {
        listens_tls: Vec::new(),
        srtp: Default::default(),
        listens: vec![Listen {
            socket: LOCAL,
            given: None,
        }],
        served: ["198.51.100.0/24", "203.0.113.7/32", "192.0.2.0/24"]
            .map(|network| network.parse().expect("network"))
            .to_vec(),
        calls_max,
        codecs: rundruf::media_api::Codecs::default(),
        called: Default::default(),
    };
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let draw = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        random
    };
    UserAgent::new(config, Box::new(draw))
}

/// What came out: the last message, and the last thing told.
fn drain(agent: &mut UserAgent) -> (Vec<u8>, Option<Event>) {
    let (mut message, mut told) = (Vec::new(), None);
    while let Some(output) = agent.poll_output() {
        match output {
            Output::Send { bytes, .. } => message = bytes,
            Output::Event(event) => told = Some(event),
            Output::Close { .. } | Output::Resolve { .. } => {}
        }
    }
    (message, told)
}

fn hear(agent: &mut UserAgent, bytes: &[u8]) -> (Vec<u8>, Option<Event>) {
    agent.handle_message(Time::ZERO, PEER, LOCAL, bytes);
    drain(agent)
}

/// One message to a fresh agent.
fn first(bencher: divan::Bencher, calls_max: usize, bytes: &[u8]) {
    bencher
        .with_inputs(|| agent(calls_max))
        .bench_local_refs(|agent| hear(agent, bytes));
}

/// From bytes to typed headers: the INVITE came again, its transaction is found and the 100 repeated.
#[divan::bench]
fn invite_again(bencher: divan::Bencher) {
    let bytes = invite(OFFER);
    bencher
        .with_inputs(|| {
            let mut agent = agent(10);
            hear(&mut agent, &bytes);
            agent
        })
        .bench_local_refs(|agent| hear(agent, &bytes));
}

/// From bytes to typed headers and offer, and the refusal: no codec in common.
#[divan::bench]
fn invite_refused_for_its_offer(bencher: divan::Bencher) {
    first(bencher, 10, &invite(&OFFER.replace("8 0 18 101", "18 4")));
}

/// From bytes to typed headers and offer, 100, and the call offered to the application.
#[divan::bench]
fn invite_offered(bencher: divan::Bencher) {
    first(bencher, 10, &invite(OFFER));
}

/// A whole call: INVITE, 100, 200, ACK, BYE, 200.
#[divan::bench]
fn whole_call(bencher: divan::Bencher) {
    let (invite, media) = (invite(OFFER), SocketAddr::new(LOCAL.ip(), 20_000));
    bencher.with_inputs(|| agent(10)).bench_local_refs(|agent| {
        let Some(Event::Invited { leg, .. }) = hear(agent, &invite).1 else {
            panic!("not invited");
        };
        agent.accept(Time::ZERO, leg, media);
        let ok = String::from_utf8(drain(agent).0).expect("UTF-8");
        let to = ok.lines().find(|line| line.starts_with("To: ")).expect("To");
        let tag = to.rsplit_once(";tag=").expect("a tag").1;
        let tag = format!(";tag={tag}");
        hear(agent, &request("ACK", 102, &tag));
        let (bye, ended) = hear(agent, &request("BYE", 103, &tag));
        assert!(bye.starts_with(b"SIP/2.0 200") && matches!(ended, Some(Event::Ended { .. })));
    });
}

/// The application refuses the call: all of it, 100 and 503.
#[divan::bench]
fn call_refused_by_the_application(bencher: divan::Bencher) {
    let invite = invite(OFFER);
    bencher.with_inputs(|| agent(10)).bench_local_refs(|agent| {
        if let Some(Event::Invited { leg, .. }) = hear(agent, &invite).1 {
            agent.refuse(Time::ZERO, leg, Refusal::Full);
        }
        drain(agent)
    });
}

/// Above the bound of calls: 503 with Retry-After.
#[divan::bench]
fn call_above_the_bound(bencher: divan::Bencher) {
    first(bencher, 0, &invite(OFFER));
}

#[divan::bench]
fn options(bencher: divan::Bencher) {
    first(bencher, 10, &request("OPTIONS", 1, ""));
}

/// From an address that is not served: a look-up in a table.
#[divan::bench]
fn stranger(bencher: divan::Bencher) {
    let (bytes, mut agent) = (invite(OFFER), agent(10));
    let stranger = Peer::udp(SocketAddr::new([10, 9, 8, 7].into(), 5060));
    bencher.bench_local(|| agent.handle_message(Time::ZERO, stranger, LOCAL, &bytes));
}
