//! Owns one trunk at which we register, or which only has to answer us: who we are there, what is known of it, and what we write to it (RFC 3261 §10,
//! RFC 3327, RFC 6140). What happens next stands in `table`; how long it takes in `pace`; what an answer means in `reply`.
//! Must never send anything itself, nor let its password out.

mod avoided;
pub mod mediasec;
mod naptr;
pub mod pace;
pub mod reply;
pub mod seen;
mod srv;
pub mod table;
mod trouble;

pub use naptr::{Naptr, services};
pub use srv::{Srv, ordered};
pub use trouble::{TlsFault, Trouble};

use super::digest::Login;
use super::peer::{Listen, Peer, Transport};
use super::proof::Proof;
use super::response::line;
use super::timer::TxId;
use super::uri;
use crate::media_api::SrtpPolicy;
use crate::units::Time;
use avoided::Avoided;
use seen::Seen;
use std::net::SocketAddr;
use std::time::Duration;
use table::State;

/// Most trunks at which we register.
pub const TRUNKS_MAX: usize = 32;
/// Most addresses that are tried in one round.
pub const TARGETS_MAX: usize = 16;
/// The longest registration that is asked for.
pub const EXPIRES_S_MAX: u32 = 86_400;

/// A trunk's place among the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrunkId(pub u16);

/// Where a registrar is asked for, before a name server was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A name, or an address (of IPv6 in brackets).
    pub host: String,
    pub port: Option<u16>,
    /// None: as the domain has it (RFC 3263 §4.1).
    pub transport: Option<Transport>,
}

/// What name servers say of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Where a registrar is tried, hosts of the same priority in the order in which they are; none if there is none.
    pub targets: Vec<Target>,
    /// How long that may be kept.
    pub ttl: Duration,
    /// Not all could be asked: what was known before counts more.
    pub is_guess: bool,
}

/// An address at which a registrar is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub peer: Peer,
    /// Lower ones first (RFC 2782).
    pub priority: u16,
}

/// How we register at a trunk, or ask whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkConfig {
    /// What the operator calls it.
    pub name: String,
    /// The host, and perhaps port, of the addresses there.
    pub domain: String,
    /// Where requests go.
    pub place: Place,
    /// The outbound proxy as a Route names it, if there is one.
    pub proxy: Option<String>,
    /// The user part of our address there.
    pub user: String,
    /// The user part under which calls shall come.
    pub number: String,
    /// Shown beside our address; may be empty.
    pub display: String,
    /// None: nobody registers there. It is asked by OPTIONS whether it answers, every `expires`.
    pub login: Option<Login>,
    /// How long a registration is asked for.
    pub expires: Duration,
    /// How often an OPTIONS keeps the way open.
    pub keep_alive: Option<Duration>,
    /// Whether a whole block of numbers is registered (RFC 6140).
    pub number_block: bool,
    /// Whether media of its calls is sealed.
    pub srtp: SrtpPolicy,
    /// Whether that is agreed while registering (3GPP TS 24.229 §7.2A.7).
    pub mediasec: bool,
}

/// What the registrar has agreed to; of who only has to answer: that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub since: Time,
    pub until: Time,
    pub target: Peer,
    /// As whom the registrar sees us, if that is not what we told (RFC 3581).
    pub seen_as: Option<SocketAddr>,
}

/// What is new of a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrunkNews {
    Registered,
    /// It answers, and that is all that is wanted of it.
    Answers,
    /// Registered as before, but at this host of the trunk instead.
    Moved(Peer),
    /// A round of tries has failed, or the registration is over.
    Failed(Trouble),
    /// The registration was taken back.
    Left,
}

/// How a trunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrunkView {
    /// As long as the registrar is bound by its word.
    pub binding: Option<Binding>,
    pub trouble: Option<Trouble>,
    /// When it is refreshed, or tried again; none while it is being asked.
    pub next: Option<Time>,
    /// Whether we register there.
    pub registers: bool,
    /// Calls that came by it.
    pub calls: usize,
    /// Whether callers are told where the registrar sees us.
    pub is_shown: bool,
    /// The host that goes before the one at which it is registered, and was not to be had.
    pub waits_for: Option<Peer>,
}

/// Signs of life.
#[derive(Clone, Debug, Default)]
pub struct Pings {
    /// The last one, while it is unanswered.
    pub branch: Option<String>,
    /// How many in a row were unanswered.
    pub missed: u8,
    /// Whether one was ever sent.
    pub are_tried: bool,
    /// Whether one was ever answered: else silence says nothing.
    pub are_answered: bool,
    /// The last ones to better hosts than the present one, each by its branch.
    pub knocks: Vec<(String, Peer)>,
}

/// One trunk.
pub struct Trunk {
    pub config: TrunkConfig,
    pub state: State,
    /// This round's targets, and whose turn it is.
    pub targets: Vec<Target>,
    pub turn: usize,
    /// When name servers told the targets.
    pub found: Time,
    /// The targets that are not the first ones to be tried.
    pub avoided: Avoided,
    /// Since when a better host than the present one is missed.
    pub away: Option<Time>,
    pub asking: Option<TxId>,
    pub asked: Time,
    pub binding: Option<Binding>,
    pub trouble: Option<Trouble>,
    pub retry_after: Duration,
    /// When the next round begins.
    pub next: Option<Time>,
    /// Rounds that failed in a row.
    pub failures: u32,
    /// Rounds in a row that were begun before their time.
    hastened: u32,
    pub pings: Pings,
    /// What was told last.
    pub told: Option<TrunkNews>,
    call_id: String,
    tag: String,
    cseq: u32,
    /// Where the registrar sees us, if that is to be told.
    seen: Option<Seen>,
    /// What the last Contact told.
    contact: Option<SocketAddr>,
    /// For how long is asked: 423 may raise it.
    expires_s: u32,
    proof: Proof,
    lengthened: u8,
    /// What the registrar's side can do to seal media.
    security: mediasec::Security,
}

impl Trunk {
    /// A trunk of which nothing is known. `call_id` and `tag` must be unguessable; all its REGISTERs share them (RFC 3261
    /// §10.2.4).
    pub fn new(config: TrunkConfig, call_id: String, tag: String) -> Trunk {
        let expires_s = config.expires.as_secs().min(u64::from(EXPIRES_S_MAX)) as u32;
        Trunk {
            config,
            state: State::Idle,
            targets: Vec::new(),
            turn: 0,
            found: Time::ZERO,
            avoided: Avoided::default(),
            away: None,
            asking: None,
            asked: Time::ZERO,
            binding: None,
            trouble: None,
            retry_after: Duration::ZERO,
            next: None,
            failures: 0,
            hastened: 0,
            pings: Pings::default(),
            told: None,
            call_id,
            tag,
            cseq: 0,
            seen: None,
            contact: None,
            expires_s,
            proof: Proof::default(),
            lengthened: 0,
            security: mediasec::Security::default(),
        }
    }

    /// A new round begins: every challenge of it may be answered anew.
    pub fn begin_round(&mut self) {
        self.proof.begin();
        self.lengthened = 0;
        self.security.begin_round();
        self.retry_after = Duration::ZERO;
    }

    /// Whether we register there; else it only has to answer.
    pub fn registers(&self) -> bool {
        self.config.login.is_some()
    }

    /// When a binding that lasts for `granted` is refreshed.
    pub fn refresh(&self, granted: Duration, draw: u64) -> Duration {
        match self.registers() {
            true => pace::refresh(granted, draw),
            false => pace::question(self.config.expires, draw),
        }
    }

    /// What requests of ours within its calls say of sealed media.
    pub fn media_fields(&self) -> Vec<(&'static str, String)> {
        let theirs = self.security.verify().filter(|_| self.config.mediasec);
        theirs.map(mediasec::fields).unwrap_or_default()
    }

    /// Registered, and waits for nothing but its refresh.
    pub fn is_well(&self) -> bool {
        self.state == State::Resting && self.trouble.is_none()
    }

    /// When a round that waits may begin before its time; `None` if that is not sooner. The pause after the last REGISTER
    /// is longer the more often that happened, from the third time on, so that a registrar which is there and gone again is not
    /// run down, and one that is back is asked within seconds.
    pub fn hasten(&mut self, now: Time) -> Option<Time> {
        if now.since(self.asked) > pace::CALM {
            self.hastened = 0;
        }
        let doubled = 2_u32.pow(self.hastened.saturating_sub(1).min(6));
        let at = (self.asked + pace::GAP * doubled).max(now);
        let is_sooner = self.next.is_none_or(|next| at < next);
        is_sooner.then(|| {
            self.hastened += 1;
            self.next = Some(at);
            at
        })
    }

    /// Another host has taken over: the way back is not made longer by the way there.
    pub fn is_in_no_haste(&mut self) {
        self.hastened = 0;
    }

    /// Sorts this round's targets: by priority, within one the present target first, those that failed lately last of all.
    pub fn aim(&mut self, now: Time, mut targets: Vec<Target>) {
        targets.truncate(TARGETS_MAX);
        let present = self.binding.map(|binding| binding.target);
        targets.sort_by_key(|target| {
            let is_avoided = self.avoided.contains(now, target.peer);
            (is_avoided, target.priority, present != Some(target.peer))
        });
        self.targets = targets;
        self.turn = 0;
    }

    /// The targets of the last round, as long as those who were named then are served.
    pub fn remembered(&self, now: Time) -> Option<Vec<Target>> {
        let is_fresh = now.since(self.found) < pace::STAYS_SERVED;
        (is_fresh && !self.targets.is_empty()).then(|| self.targets.clone())
    }

    /// The targets that go before the one at which we are registered, the best first.
    pub fn better(&self) -> impl Iterator<Item = Peer> + '_ {
        let bound = self.binding.map(|binding| binding.target);
        let present = self
            .targets
            .iter()
            .find(|target| Some(target.peer) == bound)
            .map(|target| target.priority);
        let mut better: Vec<Target> = self
            .targets
            .iter()
            .copied()
            .filter(|target| present.is_some_and(|present| target.priority < present))
            .collect();
        better.sort_by_key(|target| target.priority);
        better.into_iter().map(|target| target.peer)
    }

    /// Whose turn it is.
    pub fn target(&self) -> Option<Peer> {
        self.targets.get(self.turn).map(|target| target.peer)
    }

    pub fn has_next_target(&self) -> bool {
        self.turn + 1 < self.targets.len()
    }

    /// Who was asked last, or else registered us.
    pub fn last_target(&self) -> Option<Peer> {
        self.target().or(self.binding.map(|binding| binding.target))
    }

    /// Whose name a TLS server has to prove: that which led there (RFC 5922 §4), or, if that was a mere address, the domain's.
    pub fn server_name(&self) -> &str {
        let TrunkConfig { place, domain, .. } = &self.config;
        let domain = uri::host_and_port(domain).map(|(host, _)| host);
        match (uri::ip(&place.host), domain) {
            (Some(_), Some(domain)) => domain,
            _ => &place.host,
        }
    }

    /// A name that is an address needs no name server.
    pub fn literal(&self) -> Option<Target> {
        let Place {
            host,
            port,
            transport,
        } = &self.config.place;
        let transport = transport.unwrap_or(Transport::Udp);
        let addr = SocketAddr::new(uri::ip(host)?, port.unwrap_or(transport.port()));
        let peer = Peer { transport, addr };
        Some(Target { peer, priority: 0 })
    }

    /// The next REGISTER, from the socket `from` to `to` (RFC 3261 §10.2); one that takes the binding back (§10.2.2).
    pub fn register(&mut self, from: Listen, to: Peer, branch: &str, leaves: bool) -> Vec<u8> {
        let expires = if leaves { 0 } else { self.expires_s };
        let uri = format!("sip:{}", self.config.domain);
        let mut text = self.head("REGISTER", &uri, from, to, branch);
        self.contact = Some(self.shown(from, to));
        // How long stands in Expires alone: some registrars answer 400 to a Contact with parameters.
        line(&mut text, "Contact", &format!("<{}>", self.contact(from, to)));
        line(&mut text, "Expires", &expires.to_string());
        let block = self.config.number_block.then_some("gin");
        let supported = ["path"].into_iter().chain(block).collect::<Vec<_>>();
        line(&mut text, "Supported", &supported.join(", "));
        let needed: Vec<&str> = block
            .into_iter()
            .chain(self.config.mediasec.then_some(mediasec::OPTION))
            .collect();
        if !needed.is_empty() {
            line(&mut text, "Require", &needed.join(", "));
            line(&mut text, "Proxy-Require", &needed.join(", "));
        }
        if self.config.mediasec {
            line(&mut text, "Security-Client", mediasec::OURS);
            if let Some(theirs) = self.security.verify() {
                line(&mut text, "Security-Verify", &theirs);
            }
        }
        for (name, value) in self.proof.fields(self.config.login.as_ref(), "REGISTER", &uri) {
            line(&mut text, name, &value);
        }
        finish(text)
    }

    /// An OPTIONS that asks for nothing but an answer.
    pub fn options(&mut self, from: Listen, to: Peer, branch: &str) -> Vec<u8> {
        let uri = format!("sip:{}", self.config.domain);
        let mut text = self.head("OPTIONS", &uri, from, to, branch);
        line(&mut text, "Contact", &format!("<{}>", self.contact(from, to)));
        line(&mut text, "Accept", super::response::SDP);
        finish(text)
    }

    /// The fields that every request of a trunk has.
    fn head(&mut self, method: &str, uri: &str, from: Listen, to: Peer, branch: &str) -> String {
        self.cseq += 1;
        let TrunkConfig {
            user,
            domain,
            display,
            ..
        } = &self.config;
        let address = format!("<sip:{user}@{domain}>");
        let mut text = format!("{method} {uri} SIP/2.0\r\n");
        let via = format!(
            "SIP/2.0/{} {};rport;branch={branch}",
            to.transport.name(),
            from.shown()
        );
        line(&mut text, "Via", &via);
        line(&mut text, "Max-Forwards", "70");
        if let Some(proxy) = &self.config.proxy {
            let parameter = to.transport.uri_parameter();
            line(&mut text, "Route", &format!("<sip:{proxy}{parameter};lr>"));
        }
        let shown = match display.is_empty() {
            true => address.clone(),
            false => format!("\"{display}\" {address}"),
        };
        // A question belongs to nothing; the REGISTERs belong together.
        let (call_id, tag) = match method {
            "REGISTER" => (self.call_id.clone(), self.tag.clone()),
            _ => (
                format!("{}-{}", self.call_id, self.cseq),
                format!("{}o", self.tag),
            ),
        };
        line(&mut text, "From", &format!("{shown};tag={tag}"));
        line(&mut text, "To", &address);
        line(&mut text, "Call-ID", &call_id);
        line(&mut text, "CSeq", &format!("{} {method}", self.cseq));
        line(&mut text, "User-Agent", "Rundruf");
        text
    }

    /// Where `to` reaches us.
    fn shown(&self, from: Listen, to: Peer) -> SocketAddr {
        self.seen_at(from.socket, to.transport).unwrap_or(from.shown())
    }

    /// Whether the last Contact told a place at which we are not seen any more.
    pub fn has_moved(&self, from: Listen, to: Peer) -> bool {
        self.registers() && self.contact.is_some_and(|told| told != self.shown(from, to))
    }

    /// Where calls shall come to. Nothing in it but what RFC 3261 and RFC 6140 ask for: some registrars refuse the rest.
    fn contact(&self, from: Listen, to: Peer) -> String {
        let parameter = to.transport.uri_parameter();
        let place = self.shown(from, to);
        match self.config.number_block {
            true => format!("sip:{place}{parameter};bnc"),
            false => format!("sip:{}@{place}{parameter}", self.config.number),
        }
    }
}

fn finish(mut text: String) -> Vec<u8> {
    line(&mut text, "Content-Length", "0");
    text.push_str("\r\n");
    text.into_bytes()
}
