//! Owns which number was dialled: it may stand in the Request-URI, in To, or in what networks add where they rewrite those
//! (P-Called-Party-ID of RFC 7315, Diversion of RFC 5806, History-Info of RFC 7044). Must never look at who calls.

use super::message::Request;
use super::names::Name;
use super::text;
use crate::number::{CalledFrom, DialPlan, PhoneNumber};

/// Most numbers that are looked for.
pub const NUMBERS_MAX: usize = 8;

/// The header field that a place is.
const fn field(place: CalledFrom) -> Option<Name> {
    match place {
        CalledFrom::RequestUri | CalledFrom::To => None,
        CalledFrom::CalledParty => Some(Name::CalledParty),
        CalledFrom::Diversion => Some(Name::Diversion),
        CalledFrom::HistoryInfo => Some(Name::HistoryInfo),
    }
}

/// How the number that was dialled is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledPolicy {
    /// Where to look, in order.
    pub from: Vec<CalledFrom>,
    pub plan: DialPlan,
}

impl Default for CalledPolicy {
    fn default() -> CalledPolicy {
        CalledPolicy {
            from: CalledFrom::ALL.to_vec(),
            plan: DialPlan::default(),
        }
    }
}

impl CalledPolicy {
    /// The numbers that an INVITE may have been dialled by, the likeliest first, each once.
    pub fn numbers(&self, invite: &Request) -> Vec<PhoneNumber> {
        let mut found: Vec<PhoneNumber> = Vec::new();
        for place in &self.from {
            let numbers: Vec<_> = match (place, field(*place)) {
                (_, Some(field)) => {
                    let values = invite.redirected.iter().filter(|(name, _)| *name == field);
                    values.filter_map(|(_, value)| self.in_address(value)).collect()
                }
                (CalledFrom::To, None) => self.in_address(&invite.echo.to).into_iter().collect(),
                (_, None) => self.in_uri(&invite.uri).into_iter().collect(),
            };
            for number in numbers {
                if !found.contains(&number) && found.len() < NUMBERS_MAX {
                    found.push(number);
                }
            }
        }
        found
    }

    fn in_address(&self, address: &str) -> Option<PhoneNumber> {
        self.in_uri(text::address(address)?.0)
    }

    /// The number that a URI is (RFC 3966, RFC 3261 §19.1.6): `tel:`, or `sip:` with a number as its user.
    fn in_uri(&self, uri: &str) -> Option<PhoneNumber> {
        let (scheme, rest) = uri.split_once(':')?;
        let subscriber = match scheme.to_ascii_lowercase().as_str() {
            "tel" => rest,
            "sip" | "sips" => rest.split_once('@')?.0,
            _ => return None,
        };
        let subscriber = text::unescaped(subscriber)?;
        let (written, params) = subscriber.split_at(subscriber.find(';').unwrap_or(subscriber.len()));
        let written = written.split(':').next().unwrap_or_default();
        let context = text::param(params, "phone-context").filter(|context| context.starts_with('+'));
        match context {
            Some(context) if !written.starts_with('+') => {
                let local = written.strip_prefix('0').unwrap_or(written);
                self.plan.read(&format!("{context}{local}"))
            }
            _ => self.plan.read(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{self, Message};
    use crate::sip::peer::Transport;

    fn invite(uri: &str, to: &str, more: &str) -> Request {
        let text = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n\
             From: <sip:anonymous@anonymous.invalid>;tag=x\r\nTo: {to}\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:192.0.2.1>\r\nPrivacy: id\r\n{more}Content-Length: 0\r\n\r\n"
        );
        match message::read(Transport::Udp, text.as_bytes()) {
            Message::Request(request) => *request,
            _ => panic!("no request: {text}"),
        }
    }

    fn found(policy: &CalledPolicy, request: &Request) -> Vec<String> {
        policy
            .numbers(request)
            .iter()
            .map(PhoneNumber::international)
            .collect()
    }

    #[test]
    fn every_number_is_found_where_it_stands_and_only_there() {
        let policy = CalledPolicy::default();
        let request = invite(
            "sip:1234567t0@192.0.2.100:5060",
            "\"Büro\" <sip:030111111@trunk.example;user=phone>",
            "P-Called-Party-ID: <sip:+4930222222@trunk.example>\r\nDiversion: <tel:+4930333333>;reason=unconditional\r\n\
             History-Info: <sip:+4930444444@x.example>;index=1, <sip:+4930111111@x.example>;index=1.1\r\n\
             P-Asserted-Identity: <sip:+4930999999@x.example>\r\n",
        );
        let all = ["+4930222222", "+4930111111", "+4930333333", "+4930444444"];
        assert_eq!(found(&policy, &request), all);
        let only_diversion = CalledPolicy {
            from: vec![CalledFrom::Diversion],
            ..CalledPolicy::default()
        };
        assert_eq!(found(&only_diversion, &request), ["+4930333333"]);
    }

    #[test]
    fn every_form_of_a_number_is_the_same_number() {
        let policy = CalledPolicy {
            plan: DialPlan {
                area: "30".into(),
                ..DialPlan::default()
            },
            ..CalledPolicy::default()
        };
        for uri in [
            "sip:+4930123456@192.0.2.100",
            "sip:%2B4930123456;npdi@192.0.2.100;user=phone",
            "sip:004930123456@192.0.2.100",
            "sip:030123456@192.0.2.100",
            "sip:123456@192.0.2.100",
            "sip:30123456;phone-context=+49@192.0.2.100",
            "sip:030123456;phone-context=+49@192.0.2.100",
            "sip:123456;phone-context=+4930@192.0.2.100",
            "sip:+4930123456:password@192.0.2.100",
        ] {
            assert_eq!(
                found(&policy, &invite(uri, "<sip:x@y.example>", "")),
                ["+4930123456"],
                "{uri}"
            );
        }
    }

    #[test]
    fn a_thousand_diversions_are_not_a_thousand_questions() {
        let many: String = (0..60)
            .map(|nth| format!("Diversion: <sip:+49301000{nth:02}@x.example>\r\n"))
            .collect();
        let request = invite("sip:x@192.0.2.100", "<sip:x@y.example>", &many);
        assert_eq!(found(&CalledPolicy::default(), &request).len(), NUMBERS_MAX);
    }
}
