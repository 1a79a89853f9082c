//! How bytes become messages, however they are cut.

use super::*;

fn pieces(framer: &mut Framer, bytes: &[u8]) -> Vec<Piece> {
    framer.push(bytes);
    std::iter::from_fn(|| framer.next()).collect()
}

fn message(text: &str) -> Piece {
    Piece::Message(text.as_bytes().to_vec())
}

const ONE: &str = "A b SIP/2.0\r\nContent-Length: 4\r\n\r\nbody";
const TWO: &str = "C d SIP/2.0\nl :\r\n 0\n\n";

#[test]
fn several_messages_in_one_read_and_one_in_many() {
    let glued = format!("{ONE}\r\n{TWO}{ONE}");
    let expected = [message(ONE), message(TWO), message(ONE)];
    assert_eq!(pieces(&mut Framer::default(), glued.as_bytes()), expected);
    for size in 1..glued.len() {
        let mut framer = Framer::default();
        let cut: Vec<_> = glued
            .as_bytes()
            .chunks(size)
            .flat_map(|bytes| pieces(&mut framer, bytes))
            .collect();
        assert_eq!(cut, expected, "in pieces of {size}");
        assert!(!framer.is_half());
    }
}

#[test]
fn two_line_ends_are_a_ping_and_one_is_nothing() {
    let mut framer = Framer::default();
    assert_eq!(pieces(&mut framer, b"\r\n"), []);
    assert!(!framer.is_half());
    assert_eq!(pieces(&mut framer, b"\r\n\r"), [Piece::Ping]);
    assert_eq!(
        pieces(&mut framer, format!("\n{ONE}\r\n\r\n").as_bytes()),
        [message(ONE), Piece::Ping]
    );
    assert_eq!(pieces(&mut framer, b"A b SIP"), []);
    assert!(framer.is_half());
}

#[test]
fn where_the_end_cannot_be_told_nothing_more_is_read() {
    let long = format!("A b SIP/2.0\r\nl: {}\r\n\r\n", STREAM_BYTES_MAX);
    for (text, fault) in [
        ("A b SIP/2.0\r\nX: y\r\n\r\n", Fault::LengthMissing),
        ("A b SIP/2.0\r\nl: x\r\n\r\n", Fault::ContentLength),
        ("A b SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n", Fault::ContentLength),
        (
            "A b SIP/2.0\r\nl: 99999999999999999999\r\n\r\n",
            Fault::ContentLength,
        ),
        (long.as_str(), Fault::DatagramTooLong),
    ] {
        let mut framer = Framer::default();
        let broken = Piece::Broken(text.as_bytes().to_vec(), fault);
        assert_eq!(pieces(&mut framer, text.as_bytes()), [broken], "{text}");
        assert_eq!(pieces(&mut framer, ONE.as_bytes()), []);
    }
    let mut framer = Framer::default();
    let endless = vec![b'x'; STREAM_BYTES_MAX + 1];
    let found = pieces(&mut framer, &endless);
    assert!(matches!(&found[..], [Piece::Broken(_, Fault::DatagramTooLong)]));
}

#[test]
fn connections_are_counted_in_all_and_by_host() {
    let local = ([192, 0, 2, 100], 5060).into();
    let mut connections = Connections::default();
    for host in 0..(CONNECTIONS_MAX / CONNECTIONS_HOST_MAX) as u8 {
        for port in 0..CONNECTIONS_HOST_MAX as u16 {
            assert_eq!(
                connections.open(Peer::tcp(([192, 0, 2, host], 1_000 + port).into()), local),
                Ok(())
            );
        }
        let more = Peer::tcp(([192, 0, 2, host], 9).into());
        assert_eq!(connections.open(more, local), Err(Crowded::Host));
    }
    let (first, new) = (
        ([192, 0, 2, 0], 1_000).into(),
        Peer::tcp(([192, 0, 2, 200], 9).into()),
    );
    assert_eq!(connections.open(new, local), Err(Crowded::All));
    assert!(connections.close(first) && !connections.close(first));
    assert_eq!(connections.open(new, local), Ok(()));
    assert_eq!(connections.len(), CONNECTIONS_MAX);
}
