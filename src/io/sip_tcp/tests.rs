//! Two sets of connections talk to each other over TLS, by the same code as over TCP.

use super::*;
use crate::config::Config;
use crate::io::tls::Tls;
use std::net::{IpAddr, Ipv4Addr};

fn files() -> String {
    format!("{}/tests/tls", env!("CARGO_MANIFEST_DIR"))
}

fn free_port() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    listener.local_addr().expect("bound")
}

fn tls(listen: SocketAddr, roots: &str) -> Tls {
    let files = files();
    let text = format!(
        "[tls]\nlisten = '{listen}'\ncertificate = '{files}/pbx.pem'\nkey = '{files}/pbx.key'\nroots = '{files}/{roots}'\n[rtp]\nports = '10000-12000'\n"
    );
    Tls::load(&Config::parse(&text).expect(&text)).expect("the test's own files")
}

/// One end that listens, and takes who comes.
async fn taken(end: &mut SipTcp) -> SocketAddr {
    match end.next().await {
        Some(Event::Accepted { stream, peer, .. }) => {
            assert_eq!(peer.transport, Transport::Tls);
            end.keep(stream, peer);
            peer.addr
        }
        _ => panic!("somebody comes first"),
    }
}

async fn bytes_of(end: &mut SipTcp) -> Vec<u8> {
    match end.next().await {
        Some(Event::Bytes { bytes, .. }) => bytes,
        _ => panic!("bytes come next"),
    }
}

#[tokio::test]
async fn what_is_said_over_tls_arrives_both_ways_and_the_end_too() {
    let (listen, own) = (free_port(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let mut server =
        SipTcp::bind(&[], &[listen], tls(listen, "authority.pem"), Dscp::default()).expect("free");
    let mut client =
        SipTcp::bind(&[], &[], tls(listen, "authority.pem"), Dscp::default()).expect("nothing to bind");
    let expected = client.client((None, "pbx.example".into()));
    client.open(own, listen, expected);
    assert!(client.send(listen, b"REGISTER".to_vec()));
    let from = taken(&mut server).await;
    assert!(matches!(
        client.next().await,
        Some(Event::Connected { peer, .. }) if peer == Peer::tls(listen)
    ));
    assert_eq!(bytes_of(&mut server).await, b"REGISTER");
    assert!(server.send(from, b"200".to_vec()));
    assert_eq!(bytes_of(&mut client).await, b"200");
    server.close(from);
    assert!(matches!(client.next().await, Some(Event::Closed { peer, .. }) if peer == listen));
}

#[tokio::test]
async fn who_is_not_believed_hears_nothing_and_both_know_why() {
    let (listen, own) = (
        free_port(),
        SocketAddr::from((IpAddr::from(Ipv4Addr::LOCALHOST), 0)),
    );
    let mut server =
        SipTcp::bind(&[], &[listen], tls(listen, "authority.pem"), Dscp::default()).expect("free");
    let mut client =
        SipTcp::bind(&[], &[], tls(listen, "stranger.pem"), Dscp::default()).expect("nothing to bind");
    let expected = client.client((None, "pbx.example".into()));
    client.open(own, listen, expected);
    client.send(listen, b"secret".to_vec());
    taken(&mut server).await;
    let why = |event| match event {
        Some(Event::Unproven { why, .. }) => why,
        _ => panic!("nothing else comes"),
    };
    assert_eq!(why(client.next().await), TlsFault::Issuer);
    assert_eq!(why(server.next().await), TlsFault::Ours);
}

#[tokio::test]
async fn connections_are_marked_whoever_opens_them() {
    let config = Config::parse("").expect("valid");
    let dscp = config.sip.dscp;
    for (host, is_ipv6) in [("127.0.0.1:0", false), ("[::1]:0", true)] {
        let own: SocketAddr = host.parse().expect("an address");
        let listener = TcpListener::from_std(listen::tcp(own, dscp).expect("bound")).expect("tokio");
        let there = listener.local_addr().expect("bound");
        let opened = connected(own, there, dscp).await.expect("open");
        assert_eq!(
            marking::marked(&opened, is_ipv6).expect("read"),
            0x60,
            "CS3 to {host}"
        );
        let (taken, _) = listener.accept().await.expect("accepted");
        assert_eq!(
            marking::marked(&taken, is_ipv6).expect("read"),
            0x60,
            "CS3 from {host}"
        );
    }
}
