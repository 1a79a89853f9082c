//! Handshakes on loopback: each thing that can be wrong has its own word, on both sides.

use super::*;
use std::path::PathBuf;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

fn proof(name: &str) -> Proof {
    Proof {
        certificate: file(&format!("{name}.pem")),
        key: file(&format!("{name}.key")),
    }
}

/// What both sides make of a handshake: the server's proof, the client's roots, the name that it expects.
async fn met(own: &str, roots: &str, name: &str) -> (Result<(), TlsFault>, Result<(), TlsFault>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let server = server(&proof(own)).expect("a proof");
    let answering = async {
        let (stream, _) = listener.accept().await.expect("a connection");
        TlsAcceptor::from(server).accept(stream).await.map(drop)
    };
    let tls = Tls {
        others: Some(client(Some(&file(roots)), None).expect("roots")),
        ..Tls::default()
    };
    let Client { config, name } = tls.client((None, name.to_owned())).expect("a name");
    let calling = async {
        let stream = TcpStream::connect(address).await.expect("loopback");
        TlsConnector::from(config).connect(name, stream).await.map(drop)
    };
    let (answered, called) = tokio::join!(answering, calling);
    let word = |done: io::Result<()>| done.map_err(|error| fault(&error));
    (word(called), word(answered))
}

#[tokio::test]
async fn a_server_must_be_who_it_is_expected_to_be_and_each_fault_has_its_word() {
    for (own, roots, name, expected) in [
        ("pbx", "authority.pem", "pbx.example", Ok(())),
        ("pbx", "authority.pem", "127.0.0.1", Ok(())),
        ("pbx", "authority.pem", "sip3.pbx.example", Err(TlsFault::Name)),
        ("pbx", "authority.pem", "[::1]", Err(TlsFault::Name)),
        ("pbx", "stranger.pem", "pbx.example", Err(TlsFault::Issuer)),
        ("expired", "authority.pem", "pbx.example", Err(TlsFault::Expired)),
    ] {
        let (called, answered) = met(own, roots, name).await;
        assert_eq!(called, expected, "{own} by {roots} as {name}");
        let refused = expected.map_err(|_| TlsFault::Ours);
        assert_eq!(
            answered, refused,
            "{own} by {roots} as {name}: the other side's view"
        );
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_breaks_off() {
    for (said, expected) in [
        (&b"SIP/2.0 400 Bad Request\r\n\r\n"[..], TlsFault::NotTls),
        (&b""[..], TlsFault::Refused),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let answering = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.write_all(said).await.expect("loopback");
            stream.shutdown().await.ok();
            stream
        };
        let config = client(Some(&file("authority.pem")), None).expect("roots");
        let name = ServerName::try_from("pbx.example").expect("a name");
        let calling = async {
            let stream = TcpStream::connect(address).await.expect("loopback");
            TlsConnector::from(config).connect(name, stream).await.map(drop)
        };
        let (_open, called) = tokio::join!(answering, calling);
        assert_eq!(called.map_err(|error| fault(&error)), Err(expected));
    }
}

#[test]
fn files_that_cannot_be_used_are_told_without_a_word_of_what_is_in_them() {
    let told = |proof: &Proof| format!("{:#}", server(proof).expect_err("of no use"));
    let swapped = Proof {
        key: file("expired.key"),
        ..proof("pbx")
    };
    assert!(
        told(&swapped).contains("do not belong together"),
        "{}",
        told(&swapped)
    );
    let no_key = Proof {
        key: file("pbx.pem"),
        ..proof("pbx")
    };
    assert!(
        told(&no_key).contains("holds no private key"),
        "{}",
        told(&no_key)
    );
    let no_certificate = Proof {
        certificate: file("pbx.key"),
        ..proof("pbx")
    };
    assert!(
        told(&no_certificate).contains("holds 0 certificates"),
        "{}",
        told(&no_certificate)
    );
    let nowhere = Proof {
        certificate: "/nowhere/at/all".into(),
        ..proof("pbx")
    };
    assert!(
        told(&nowhere).contains("/nowhere/at/all cannot be read"),
        "{}",
        told(&nowhere)
    );
    for text in [&swapped, &no_key, &no_certificate].map(told) {
        assert!(!text.contains("BEGIN") && !text.contains("MIG"), "{text}");
    }
}

#[test]
fn nothing_is_read_where_nothing_goes_over_tls() {
    let tls = Tls::load(&Config::default()).expect("nothing to read");
    assert!(tls.server().is_none() && tls.client((None, "pbx.example".into())).is_none());
    let text = "[tls]\nlisten = '127.0.0.1:5061'\ncertificate = '/nowhere'\nkey = '/nowhere'\n";
    let error = Tls::load(&Config::parse(text).expect(text)).expect_err("no file");
    assert!(format!("{error:#}").contains("/nowhere cannot be read"));
}
