//! Somebody who connects two others (third party call control, RFC 3725 §4.1): it calls the bridge without an offer, carries the
//! bridge's to a telephone, and the telephone's answer back. What those two say to each other afterwards does not pass here. TLS
//! on both sides, loopback; whatever goes wrong ends the test.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);
/// Who says that both are who they are.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/authority.pem");

type Wire = StreamOwned<ClientConnection, TcpStream>;

/// A call that it has made with one of the two.
struct Half {
    wire: Wire,
    call_id: &'static str,
    /// From the answer: the To line, the Contact's URI, and the description.
    to: String,
    contact: String,
    body: String,
}

/// Two others, connected.
pub struct ThirdParty {
    bridge: Half,
    telephone: Half,
}

impl ThirdParty {
    /// Connects them, each where it takes calls over TLS: the bridge offers, the telephone answers.
    pub fn connect(bridge: SocketAddr, telephone: SocketAddr) -> ThirdParty {
        let mut bridge = Half::call(bridge, "meeting", "to-bridge", "");
        let mut telephone = Half::call(telephone, "member", "to-telephone", &bridge.body);
        telephone.say("ACK", 1, "");
        bridge.say("ACK", 1, &telephone.body);
        ThirdParty { bridge, telephone }
    }

    /// The bridge's offer, and what was taken of it.
    pub fn descriptions(&self) -> [&str; 2] {
        [&self.bridge.body, &self.telephone.body]
    }

    /// Ends the bridge's call.
    pub fn end(&mut self) {
        self.bridge.say("BYE", 2, "");
    }
}

impl Half {
    /// Calls, and waits for the answer.
    fn call(peer: SocketAddr, user: &str, call_id: &'static str, offer: &str) -> Half {
        let uri = format!("sip:{user}@{peer};transport=tls");
        let mut half = Half {
            wire: connect(peer),
            call_id,
            to: format!("To: <{uri}>"),
            contact: uri,
            body: String::new(),
        };
        half.say("INVITE", 1, offer);
        let mut unread = String::new();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let (head, body) = message(&mut half.wire, &mut unread);
            let line = |name: &str| head.lines().find(|line| line.starts_with(name));
            let is_ours = line("Call-ID:").is_some_and(|line| line.ends_with(call_id));
            let is_final = head.starts_with("SIP/2.0 ") && !head.starts_with("SIP/2.0 1");
            if !(is_ours && is_final) {
                continue;
            }
            assert!(head.starts_with("SIP/2.0 200"), "{call_id}: {head}");
            let contact = line("Contact:").and_then(|line| line.split(['<', '>']).nth(1));
            half.to = line("To:").expect("there is one").to_owned();
            half.contact = contact.expect("there is one").to_owned();
            half.body = body;
            return half;
        }
        panic!("{call_id}: no answer");
    }

    fn say(&mut self, method: &str, cseq: u32, body: &str) {
        let Half {
            wire,
            call_id,
            to,
            contact,
            ..
        } = self;
        let own = wire.sock.local_addr().expect("connected");
        let kind = match body {
            "" => "",
            _ => "Content-Type: application/sdp\r\n",
        };
        let len = body.len();
        write!(
            wire,
            "{method} {contact} SIP/2.0\r\nVia: SIP/2.0/TLS {own};branch=z9hG4bK-{call_id}-{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:third@{own}>;tag=party\r\n{to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:third@{own};transport=tls>\r\n{kind}Content-Length: {len}\r\n\r\n{body}"
        )
        .expect("it listens");
    }
}

fn connect(peer: SocketAddr) -> Wire {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(AUTHORITY).expect("the file is ours") {
        roots.add(root.expect("PEM")).expect("an authority");
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(peer).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let name = ServerName::from(peer.ip());
    let session = ClientConnection::new(Arc::new(config), name).expect("a configuration");
    StreamOwned::new(session, stream)
}

/// The next message, head and body; `unread` is what came after it.
fn message(wire: &mut Wire, unread: &mut String) -> (String, String) {
    loop {
        if let Some((head, rest)) = unread.trim_start().split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length:"));
            let length: usize = length.expect("there is one").trim().parse().expect("a number");
            if let Some((body, rest)) = rest.split_at_checked(length) {
                let whole = (head.to_owned(), body.to_owned());
                *unread = rest.to_owned();
                return whole;
            }
        }
        let mut buffer = [0; 4_096];
        let len = wire.read(&mut buffer).expect("an answer");
        assert_ne!(len, 0, "it has hung up");
        unread.push_str(&String::from_utf8_lossy(&buffer[..len]));
    }
}
