//! One telephone and its call: a user agent client as RFC 3261 §17.1 has it, that at times does what telephones should not.

use super::message::{cseq, header, method, status};
use rundruf::sim::Chance;
use rundruf::units::Time;
use std::net::SocketAddr;
use std::time::Duration;

const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0\r\n";
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(32);

/// What becomes of this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Hangs up by itself, after so long.
    HangsUp,
    /// Waits for the bridge to hang up.
    Stays,
    /// Sends CANCEL after a moment.
    Cancels,
    /// Says nothing any more once it is answered, or refused: no ACK.
    FallsSilent,
    /// Says nothing any more in the middle of the call.
    Vanishes,
    /// Changes its media a few times, then hangs up.
    Reinvites,
    /// Wants the session to be refreshed by the bridge.
    IsRefreshed,
    /// Likewise, and takes no UPDATE.
    IsReinvited,
}

const MANNERS: [Manner; 8] = [
    Manner::HangsUp,
    Manner::Stays,
    Manner::Cancels,
    Manner::FallsSilent,
    Manner::Vanishes,
    Manner::Reinvites,
    Manner::IsRefreshed,
    Manner::IsReinvited,
];

/// A request that waits for its final answer.
struct Pending {
    text: String,
    cseq: u32,
    method: &'static str,
    begun: Time,
    again: Time,
    pause: Duration,
    /// An INVITE that was heard of is not sent again.
    is_quiet: bool,
}

pub struct Caller {
    name: usize,
    pub manner: Manner,
    pub address: SocketAddr,
    pending: Vec<Pending>,
    next_cseq: u32,
    /// The dialog's To, once there is one.
    to: Option<String>,
    /// What it does next of its own accord.
    does: Option<Time>,
    reinvites: u32,
    is_silent: bool,
    is_over: bool,
    /// The first final answer to each INVITE.
    answered: Vec<(u32, u16)>,
    /// When it was promised to be woken.
    pub woken: Option<Time>,
    pub out: Vec<String>,
}

impl Caller {
    pub fn new(name: usize, now: Time, chance: &mut Chance) -> Caller {
        let manner = MANNERS[chance.below(MANNERS.len() as u64) as usize];
        let host = [192, 0, 2, 1 + (name % 200) as u8];
        let mut caller = Caller {
            name,
            manner,
            address: (host, 5_000 + (name % 50_000) as u16).into(),
            pending: Vec::new(),
            next_cseq: 0,
            to: None,
            does: None,
            reinvites: chance.between(1, 3) as u32,
            is_silent: false,
            is_over: false,
            answered: Vec::new(),
            woken: None,
            out: Vec::new(),
        };
        caller.ask(now, "INVITE");
        if manner == Manner::Cancels {
            caller.does = Some(now + Duration::from_millis(chance.between(50, 900)));
        }
        caller
    }

    /// Nothing is waited for here.
    pub fn is_done(&self) -> bool {
        (self.is_over || self.is_silent) && self.pending.is_empty()
    }

    pub fn poll_timeout(&self) -> Option<Time> {
        let again = self.pending.iter().map(|pending| pending.again);
        again.chain(self.does).min()
    }

    pub fn handle_timeout(&mut self, now: Time) {
        if self.does.is_some_and(|at| at <= now) {
            self.does = None;
            self.acts(now);
        }
        let mut again = Vec::new();
        self.pending.retain_mut(|pending| {
            if pending.again > now {
                return true;
            }
            if now.since(pending.begun) >= PATIENCE {
                return false;
            }
            if !pending.is_quiet {
                again.push(pending.text.clone());
            }
            pending.pause *= 2;
            if pending.method != "INVITE" {
                pending.pause = pending.pause.min(T2);
            }
            pending.again = (now + pending.pause).min(pending.begun + PATIENCE);
            true
        });
        self.out.extend(again);
        if self.to.is_none() && self.pending.is_empty() {
            self.is_over = true;
        }
    }

    fn acts(&mut self, now: Time) {
        match self.manner {
            Manner::Cancels if self.to.is_none() && !self.is_over => self.cancel(now),
            Manner::Vanishes => {
                self.is_silent = true;
                self.pending.clear();
            }
            Manner::Reinvites if self.reinvites > 0 => {
                self.reinvites -= 1;
                self.ask(now, "INVITE");
                self.does = Some(now + Duration::from_secs(40));
            }
            Manner::Stays | Manner::IsRefreshed | Manner::IsReinvited => {}
            _ if self.to.is_some() && !self.is_over => {
                self.is_over = true;
                self.ask(now, "BYE");
            }
            _ => {}
        }
    }

    pub fn hears(&mut self, now: Time, text: &str, chance: &mut Chance) {
        if self.is_silent {
            return;
        }
        match status(text) {
            Some(code) => self.answered(now, code, text, chance),
            None => self.asked(text),
        }
    }

    /// The bridge asks within the dialog.
    fn asked(&mut self, text: &str) {
        let timer = || format!("Session-Expires: {}\r\n", header(text, "Session-Expires"));
        let answer = match method(text) {
            // It is never answered.
            "ACK" => return,
            "INVITE" => super::message::answer_with(text, "200 OK", "x", &timer(), OFFER),
            "UPDATE" => super::message::answer(text, "200 OK", "x", &timer()),
            _ => super::message::answer(text, "200 OK", "x", ""),
        };
        self.out.push(answer);
        if method(text) == "BYE" {
            self.is_over = true;
            self.does = None;
        }
    }

    fn answered(&mut self, now: Time, code: u16, text: &str, chance: &mut Chance) {
        let (method, cseq) = (method(text).to_owned(), cseq(text));
        let asked = |pending: &Pending| pending.cseq == cseq && pending.method == method;
        if code < 200 {
            let mut asked = self.pending.iter_mut().filter(|pending| asked(pending));
            asked.by_ref().for_each(|pending| pending.is_quiet = true);
            return;
        }
        self.pending.retain(|pending| !asked(pending));
        if method != "INVITE" {
            return;
        }
        match self.answered.iter().find(|(known, _)| *known == cseq) {
            Some((_, known)) => assert_eq!(
                *known, code,
                "two final answers to one INVITE of call {}",
                self.name
            ),
            None => self.answered.push((cseq, code)),
        }
        if self.manner == Manner::FallsSilent {
            self.is_silent = true;
            self.pending.clear();
            return;
        }
        if code >= 300 {
            self.acknowledge(text, &format!("i{cseq}"));
            // A refused re-INVITE leaves the call as it is.
            self.is_over |= cseq == 1;
            return;
        }
        let is_first = self.to.is_none();
        self.to = Some(header(text, "To").to_owned());
        self.acknowledge(text, &format!("a{cseq}"));
        if is_first {
            let wait = match self.manner {
                // It crossed the CANCEL.
                Manner::Cancels => 0,
                _ => chance.between(1, 60_000),
            };
            self.does = Some(now + Duration::from_millis(wait));
        }
    }

    fn cancel(&mut self, now: Time) {
        let branch = "i1";
        let text = self.text("CANCEL", 1, branch, "", "");
        self.wait(now, text, 1, "CANCEL");
    }

    fn ask(&mut self, now: Time, method: &'static str) {
        self.next_cseq += 1;
        let cseq = self.next_cseq;
        let (more, body) = match (method, self.manner) {
            ("INVITE", Manner::IsRefreshed) => (
                "Supported: timer\r\nAllow: INVITE, UPDATE\r\nSession-Expires: 90;refresher=uas\r\n",
                OFFER,
            ),
            ("INVITE", Manner::IsReinvited) => (
                "Supported: timer\r\nAllow: INVITE, ACK, BYE\r\nSession-Expires: 90;refresher=uas\r\n",
                OFFER,
            ),
            ("INVITE", _) => ("", OFFER),
            _ => ("", ""),
        };
        let branch = format!("{}{cseq}", &method[..1].to_lowercase());
        let text = self.text(method, cseq, &branch, more, body);
        self.wait(now, text, cseq, method);
    }

    fn wait(&mut self, now: Time, text: String, cseq: u32, method: &'static str) {
        self.out.push(text.clone());
        self.pending.push(Pending {
            text,
            cseq,
            method,
            begun: now,
            again: now + T1,
            pause: T1,
            is_quiet: false,
        });
    }

    /// Of a 200 end to end, of a refusal by the INVITE's branch.
    fn acknowledge(&mut self, answer: &str, branch: &str) {
        let to = header(answer, "To").to_owned();
        let cseq = cseq(answer);
        let known = self.to.replace(to);
        let text = self.text("ACK", cseq, branch, "", "");
        if status(answer).is_some_and(|code| code >= 300) {
            self.to = known;
        }
        self.out.push(text);
    }

    fn text(&self, method: &str, cseq: u32, branch: &str, more: &str, body: &str) -> String {
        let Caller {
            name, address, to, ..
        } = self;
        let to = to.as_deref().unwrap_or("<sip:4930555@192.0.2.250>");
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} sip:4930555@192.0.2.250 SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bK{name}-{branch}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:p{name}@{address}>;tag=t{name}\r\nTo: {to}\r\nCall-ID: c{name}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:p{name}@{address}>\r\n{kind}{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}
