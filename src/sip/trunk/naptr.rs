//! Owns what a domain says of its transports (RFC 3263 §4.1, RFC 3403): which of them it offers, in its own order, and under
//! which name the hosts of each are listed. Pure: whoever asks the name servers hands in what they said.

use crate::sip::peer::Transport;

/// One rule of a domain, as name servers list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    pub order: u16,
    pub preference: u16,
    pub flags: String,
    pub service: String,
    pub replacement: String,
}

/// The transports of ours that a domain offers, the preferred one first, each with the name under which its hosts are
/// listed. A rule that does not end at such a list (flag "s"), or of a transport that is not ours, is passed over. All are
/// kept, not those of the lowest order alone: where the first is not reached, the next is better than none. For that very
/// reason TLS (`SIPS+D2T`) is passed over: who wants it chooses it, and nothing falls back to clear.
pub fn services(mut rules: Vec<Naptr>) -> Vec<(Transport, String)> {
    rules.sort_by_key(|rule| (rule.order, rule.preference));
    let mut found: Vec<(Transport, String)> = Vec::new();
    for rule in rules {
        let leads_somewhere = !rule.replacement.is_empty() && rule.replacement != ".";
        if let Some(transport) = transport(&rule.service)
            && rule.flags.eq_ignore_ascii_case("s")
            && leads_somewhere
            && found.iter().all(|(known, _)| *known != transport)
        {
            found.push((transport, rule.replacement));
        }
    }
    found
}

fn transport(service: &str) -> Option<Transport> {
    match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule((order, preference): (u16, u16), flags: &str, service: &str, replacement: &str) -> Naptr {
        Naptr {
            order,
            preference,
            flags: flags.to_owned(),
            service: service.to_owned(),
            replacement: replacement.to_owned(),
        }
    }

    #[test]
    fn a_domain_decides_which_of_our_transports_comes_first() {
        let rules = vec![
            rule((20, 0), "s", "SIP+D2U", "_sip._udp.example."),
            rule((10, 50), "S", "sip+d2t", "_sip._tcp.example."),
            rule((10, 10), "s", "SIPS+D2T", "_sips._tcp.example."),
            rule((5, 0), "s", "SIP+D2S", "_sip._sctp.example."),
            rule((30, 0), "s", "SIP+D2T", "_sip._tcp.later.example."),
        ];
        let expected = [
            (Transport::Tcp, "_sip._tcp.example.".to_owned()),
            (Transport::Udp, "_sip._udp.example.".to_owned()),
        ];
        assert_eq!(services(rules), expected);
    }

    #[test]
    fn rules_that_lead_nowhere_are_passed_over() {
        let rules = vec![
            rule((1, 0), "u", "SIP+D2U", "_sip._udp.example."),
            rule((1, 1), "", "SIP+D2U", "other.example."),
            rule((1, 2), "s", "SIP+D2T", "."),
            rule((1, 3), "s", "E2U+sip", "_sip._udp.example."),
        ];
        assert_eq!(services(rules), []);
    }
}
