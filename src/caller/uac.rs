//! Owns the SIP messages of one caller's call and their retransmission (RFC 3261 §13, §15, §17.1). Pure: time and the
//! token that makes its identifiers unique are arguments. Must never serve anything but its own call.

use super::call::{Act, Event, State, step};
use super::message::{Message, Start, uri_of};
use super::offer::{Answer, read_answer};
use crate::units::Time;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// The number that every built-in caller shows: of a range that is given to nobody, kept for films and books.
pub const NUMBER: &str = "+493023125042";

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const GIVE_UP: Duration = Duration::from_secs(32);

/// How a call came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The bridge refused it with this status.
    Refused(u16),
    /// The bridge sent BYE.
    ByBridge,
    /// The caller hung up, and the bridge confirmed.
    ByCaller,
    /// The bridge did not answer.
    NoAnswer,
}

struct Pending {
    text: String,
    again: Option<Time>,
    interval: Duration,
    cap: Duration,
    give_up: Time,
}

/// One call as its caller's user agent sees it.
pub struct Uac {
    own: SocketAddr,
    bridge: SocketAddr,
    token: u64,
    state: Option<State>,
    ending: Option<Ending>,
    to: String,
    target: String,
    routes: String,
    cseq: u32,
    pending: Option<Pending>,
    answer: Option<Answer>,
    output: VecDeque<String>,
    /// Messages that had no place in the call's state.
    pub unexpected: u64,
}

impl Uac {
    /// A caller that has not dialled yet.
    pub fn new(own: SocketAddr, bridge: SocketAddr, token: u64) -> Uac {
        let target = format!("sip:rundruf@{bridge}");
        Uac {
            own,
            bridge,
            token,
            state: None,
            ending: None,
            to: format!("<{target}>"),
            target,
            routes: String::new(),
            cseq: 1,
            pending: None,
            answer: None,
            output: VecDeque::new(),
            unexpected: 0,
        }
    }

    /// Names the call among those of its set.
    pub fn call_id(&self) -> String {
        format!("{:016x}", self.token)
    }

    /// Where the call stands; `None` before it was dialled.
    pub fn state(&self) -> Option<State> {
        self.state
    }

    /// How it came to its end.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// What the bridge's 200 said about media.
    pub fn answer(&self) -> Option<Answer> {
        self.answer
    }

    /// Dials, with this offer; later calls of it do nothing.
    pub fn handle_dial(&mut self, now: Time, offer: &str) {
        if self.state.is_none() {
            self.state = Some(State::Calling);
            let invite = self.request("INVITE", self.cseq, self.cseq, offer);
            self.send_until_answered(now, invite, GIVE_UP);
        }
    }

    /// Puts the receiver down.
    pub fn handle_hang_up(&mut self, now: Time) {
        self.happen(now, Event::HangUp, Ending::ByCaller);
    }

    /// A message of this call.
    pub fn handle_message(&mut self, now: Time, message: &Message) {
        match (&message.start, message.cseq()) {
            (Start::Request(method), _) => self.handle_request(now, method, message),
            (Start::Status(status), Some((_, "INVITE"))) => {
                self.handle_invite_response(now, *status, message)
            }
            (Start::Status(200..), Some((_, "BYE"))) => self.happen(now, Event::Confirmed, Ending::ByCaller),
            (Start::Status(_), _) => {}
        }
    }

    /// Sends again, or gives up, what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        let Some(pending) = &mut self.pending else { return };
        if now >= pending.give_up {
            self.pending = None;
            self.happen(now, Event::GaveUp, Ending::NoAnswer);
        } else if pending.again.is_some_and(|again| now >= again) {
            pending.interval = (pending.interval * 2).min(pending.cap);
            pending.again = Some(now + pending.interval);
            self.output.push_back(pending.text.clone());
        }
    }

    /// The next message to be sent to the bridge.
    pub fn poll_output(&mut self) -> Option<String> {
        self.output.pop_front()
    }

    /// When the call wants to be woken.
    pub fn poll_timeout(&self) -> Option<Time> {
        let pending = self.pending.as_ref()?;
        Some(pending.again.unwrap_or(pending.give_up).min(pending.give_up))
    }

    fn handle_request(&mut self, now: Time, method: &str, message: &Message) {
        let status = match method {
            "ACK" => return,
            "BYE" if self.state.is_some_and(|state| step(state, Event::Bye).is_some()) => {
                self.happen(now, Event::Bye, Ending::ByBridge);
                "200 OK"
            }
            "BYE" if self.ending == Some(Ending::ByBridge) => "200 OK",
            "BYE" => "481 Call/Transaction Does Not Exist",
            "OPTIONS" => "200 OK",
            "INVITE" => "488 Not Acceptable Here",
            _ => "405 Method Not Allowed",
        };
        self.output
            .push_back(message.response(status, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n", ""));
    }

    fn handle_invite_response(&mut self, now: Time, status: u16, message: &Message) {
        let event = match status {
            ..200 => Event::Provisional,
            200..300 => Event::Answered,
            300.. => Event::Refused,
        };
        if event != Event::Provisional {
            self.to = message.header("to").unwrap_or(&self.to).to_owned();
        }
        if event == Event::Answered {
            self.target = message
                .header("contact")
                .map_or(self.target.as_str(), uri_of)
                .to_owned();
            let mut routes: Vec<&str> = message.all("record-route").collect();
            routes.reverse();
            self.routes = routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
            self.answer = self.answer.or_else(|| read_answer(&message.body));
        }
        self.happen(now, event, Ending::Refused(status));
    }

    fn happen(&mut self, now: Time, event: Event, ending: Ending) {
        let Some((next, act)) = self.state.and_then(|state| step(state, event)) else {
            self.unexpected += 1;
            return;
        };
        if next != State::Calling && event != Event::HangUp {
            self.settle(event);
        }
        if next == State::Over && self.ending.is_none() {
            self.ending = Some(ending);
        }
        self.state = Some(next);
        self.act(now, act);
    }

    /// What was sent until answered has been answered: wholly, or by a provisional response.
    fn settle(&mut self, event: Event) {
        match (&mut self.pending, event) {
            (Some(pending), Event::Provisional) => pending.again = None,
            _ if self.state == Some(State::Closing) && event == Event::Answered => {}
            _ => self.pending = None,
        }
    }

    fn act(&mut self, now: Time, act: Act) {
        match act {
            Act::Nothing => {}
            Act::Ack => self.send_ack(1_000),
            Act::AckRefusal => self.send_ack(1),
            Act::SendBye => self.send_bye(now),
            Act::SendCancel => {
                let cancel = self.request("CANCEL", 1, 1, "");
                self.send_until_answered(now, cancel, GIVE_UP);
            }
            Act::AckThenBye => {
                self.send_ack(1_000);
                self.send_bye(now);
            }
        }
    }

    fn send_ack(&mut self, branch: u32) {
        let ack = self.request("ACK", 1, branch, "");
        self.output.push_back(ack);
    }

    fn send_bye(&mut self, now: Time) {
        self.cseq += 1;
        let bye = self.request("BYE", self.cseq, self.cseq, "");
        self.send_until_answered(now, bye, T2);
    }

    fn send_until_answered(&mut self, now: Time, text: String, cap: Duration) {
        self.output.push_back(text.clone());
        self.pending = Some(Pending {
            text,
            again: Some(now + T1),
            interval: T1,
            cap,
            give_up: now + GIVE_UP,
        });
    }

    fn request(&self, method: &str, cseq: u32, branch: u32, body: &str) -> String {
        let Uac { own, token, to, .. } = self;
        let (uri, routes) = match method {
            "INVITE" | "CANCEL" => (format!("sip:rundruf@{}", self.bridge), ""),
            _ => (self.target.clone(), self.routes.as_str()),
        };
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{token:016x}-{branch};rport\r\n{routes}\
             Max-Forwards: 70\r\nFrom: <sip:{NUMBER}@{own}>;tag={token:016x}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{NUMBER}@{own}>\r\nUser-Agent: rundruf-caller\r\n{content}Content-Length: {}\r\n\r\n{body}",
            self.call_id(),
            body.len(),
        )
    }
}

#[cfg(test)]
#[path = "uac_tests.rs"]
mod tests;
