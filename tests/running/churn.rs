//! Calls that come and go at an even pace: one thread and one socket set them up and tear them down. Every message is
//! sent once, so that whatever is lost shows.

use super::LOCALHOST;
use super::flood::{OFFER, bound};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long a call stays.
const STAY: Duration = Duration::from_secs(1);
/// How long the last answers are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// From look to look.
const NAP: Duration = Duration::from_micros(200);

/// What became of the calls.
#[derive(Debug, Default)]
pub struct Churned {
    pub begun: usize,
    /// Answered by 200, ended, and that answered by 200.
    pub whole: usize,
    /// Final answers other than 200, by their status.
    pub refused: Vec<u16>,
    /// From INVITE to 200, in milliseconds, in rising order.
    pub answered_ms: Vec<f64>,
    pub took: Duration,
}

struct Call {
    sent: Instant,
    /// When the BYE is due; `None` before the 200 and after the BYE.
    bye: Option<Instant>,
    target: String,
    to: String,
}

struct Churn {
    socket: UdpSocket,
    own: SocketAddr,
    bridge: SocketAddr,
    calls: Vec<Call>,
    ended: Churned,
}

/// Begins `calls_per_s` calls a second for `span`.
pub fn churn(bridge: SocketAddr, calls_per_s: u32, span: Duration) -> Churned {
    let socket = bound(LOCALHOST);
    let own = socket.local_addr().expect("it is bound");
    let mut churn = Churn {
        socket,
        own,
        bridge,
        calls: Vec::new(),
        ended: Churned::default(),
    };
    let (begin, pace) = (Instant::now(), Duration::from_secs(1) / calls_per_s);
    let mut due = begin;
    while begin.elapsed() < span {
        if Instant::now() >= due {
            due += pace;
            churn.invite();
        }
        churn.turn();
    }
    churn.ended.took = begin.elapsed();
    churn.ended.begun = churn.calls.len();
    let end = Instant::now();
    while end.elapsed() < STAY + PATIENCE && churn.ended.whole < churn.calls.len() {
        churn.turn();
    }
    churn.ended.answered_ms.sort_by(f64::total_cmp);
    churn.ended
}

impl Churn {
    fn turn(&mut self) {
        let mut buffer = [0; 4_096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let now = Instant::now();
            self.handle(now, &String::from_utf8_lossy(&buffer[..length]));
        }
        let now = Instant::now();
        for number in 0..self.calls.len() {
            if self.calls[number].bye.take_if(|due| now >= *due).is_some() {
                self.send(number, "BYE", 2, "bye", "");
            }
        }
        std::thread::sleep(NAP);
    }

    fn invite(&mut self) {
        let number = self.calls.len();
        self.calls.push(Call {
            sent: Instant::now(),
            bye: None,
            target: format!("sip:rundruf@{}", self.bridge),
            to: format!("<sip:rundruf@{}>", self.bridge),
        });
        self.send(number, "INVITE", 1, "invite", OFFER);
        self.calls[number].sent = Instant::now();
    }

    fn handle(&mut self, now: Instant, text: &str) {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let number = field("Call-ID:").and_then(|id| id.strip_prefix("churn-")?.parse::<usize>().ok());
        let status = text
            .strip_prefix("SIP/2.0 ")
            .and_then(|rest| rest.get(..3)?.parse().ok());
        let (Some(number), Some(status), Some(cseq)) = (number, status, field("CSeq:")) else {
            return;
        };
        match (status, cseq) {
            (..200, _) => {}
            (200, "1 INVITE") => {
                let call = &mut self.calls[number];
                call.to = field("To:").unwrap_or_default().to_owned();
                let contact = field("Contact:").unwrap_or_default();
                call.target = contact.split(['<', '>']).nth(1).unwrap_or(contact).to_owned();
                call.bye = Some(now + STAY);
                self.ended.answered_ms.push((now - call.sent).as_secs_f64() * 1e3);
                self.send(number, "ACK", 1, "ack", "");
            }
            (200, "2 BYE") => self.ended.whole += 1,
            _ => self.ended.refused.push(status),
        }
    }

    fn send(&self, number: usize, method: &str, cseq: u32, branch: &str, body: &str) {
        let (own, Call { target, to, .. }) = (self.own, &self.calls[number]);
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKchurn{number}{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:churn@{own}>;tag=c{number}\r\nTo: {to}\r\nCall-ID: churn-{number}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:churn@{own}>\r\n{}Content-Length: {}\r\n\r\n{body}",
            if body.is_empty() {
                ""
            } else {
                "Content-Type: application/sdp\r\n"
            },
            body.len(),
        );
        // What cannot be sent shows as a call that is not whole.
        self.socket.send_to(text.as_bytes(), self.bridge).ok();
    }
}
