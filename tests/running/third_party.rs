//! Somebody who connects two others (third party call control, RFC 3725 §4.1): it calls the bridge without an offer, carries the
//! bridge's to a telephone, and the telephone's answer back. What those two say to each other afterwards does not pass here. UDP,
//! loopback; whatever goes wrong ends the test.

use super::LOCALHOST;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// A call that it has made with one of the two.
struct Half {
    peer: SocketAddr,
    call_id: &'static str,
    /// From the answer: the To line, the Contact's URI, and the description.
    to: String,
    contact: String,
    body: String,
}

/// Two others, connected.
pub struct ThirdParty {
    socket: UdpSocket,
    bridge: Half,
    telephone: Half,
}

impl ThirdParty {
    /// Connects them: the bridge offers, the telephone answers.
    pub fn connect(bridge: SocketAddr, telephone: SocketAddr) -> ThirdParty {
        let socket = UdpSocket::bind((LOCALHOST, 0)).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("set");
        let bridge = call(&socket, bridge, "sip:meeting", "to-bridge", "");
        let telephone = call(&socket, telephone, "sip:member", "to-telephone", &bridge.body);
        let party = ThirdParty {
            socket,
            bridge,
            telephone,
        };
        party.say(&party.telephone, "ACK", 1, "");
        party.say(&party.bridge, "ACK", 1, &party.telephone.body);
        party
    }

    /// The bridge's offer, and what was taken of it.
    pub fn descriptions(&self) -> [&str; 2] {
        [&self.bridge.body, &self.telephone.body]
    }

    /// Ends the bridge's call.
    pub fn end(&self) {
        self.say(&self.bridge, "BYE", 2, "");
    }

    /// A request within a call.
    fn say(&self, half: &Half, method: &str, cseq: u32, body: &str) {
        let Half {
            peer,
            call_id,
            to,
            contact,
            ..
        } = half;
        let head = (method, contact.as_str(), *call_id, to.as_str(), cseq);
        send(&self.socket, *peer, head, body);
    }
}

/// Calls, and waits for the answer.
fn call(socket: &UdpSocket, peer: SocketAddr, user: &str, call_id: &'static str, offer: &str) -> Half {
    let uri = format!("{user}@{peer}");
    let to = format!("To: <{uri}>");
    send(socket, peer, ("INVITE", &uri, call_id, &to, 1), offer);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let mut buffer = [0; 8_192];
        let (len, _) = socket.recv_from(&mut buffer).expect("an answer");
        let message = String::from_utf8_lossy(&buffer[..len]).into_owned();
        let Some((head, body)) = message.split_once("\r\n\r\n") else {
            continue;
        };
        let line = |name: &str| head.lines().find(|line| line.starts_with(name));
        let is_ours = line("Call-ID:").is_some_and(|line| line.ends_with(call_id));
        let is_final = head.starts_with("SIP/2.0 ") && !head.starts_with("SIP/2.0 1");
        if !(is_ours && is_final) {
            continue;
        }
        assert!(head.starts_with("SIP/2.0 200"), "{call_id}: {head}");
        let contact = line("Contact:").and_then(|line| line.split(['<', '>']).nth(1));
        return Half {
            peer,
            call_id,
            to: line("To:").expect("there is one").to_owned(),
            contact: contact.expect("there is one").to_owned(),
            body: body.to_owned(),
        };
    }
    panic!("{call_id}: no answer");
}

fn send(
    socket: &UdpSocket,
    peer: SocketAddr,
    (method, uri, call_id, to, cseq): (&str, &str, &str, &str, u32),
    body: &str,
) {
    let own = socket.local_addr().expect("bound");
    let kind = match body {
        "" => "",
        _ => "Content-Type: application/sdp\r\n",
    };
    let len = body.len();
    let message = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bK-{call_id}-{method}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:third@{own}>;tag=party\r\n{to}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:third@{own}>\r\n{kind}Content-Length: {len}\r\n\r\n{body}"
    );
    socket.send_to(message.as_bytes(), peer).expect("loopback");
}
