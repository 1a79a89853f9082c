//! Owns the user agent: what comes in, what goes out, and all that is alive in between. The transactions' and the call's
//! lives stand in tables of their own; the files of `ua/` do what those say. Must never read a clock or log, and never
//! hands out who calls.

mod call;
mod client;
mod connections;
mod fail_back;
mod in_dialog;
mod invite;
mod keep_alive;
mod leg;
mod long;
mod prove;
mod receive;
mod register;
mod reinvite;
mod server;
mod session;
mod whereabouts;

use super::called::CalledPolicy;
use super::counters::{Counters, Noted};
use super::dialog::DialogId;
use super::identity::IdentityKey;
use super::peer::{Listen, Listens, Peer, Way};
use super::served::Served;
use super::stream::Connections;
use super::timer::{Owner, Timer, Timers, TxId};
use super::transactions::{Clients, Servers};
use super::trunk::Trunk;
pub use super::trunk::{Place, Target, TrunkConfig, TrunkId, TrunkNews, TrunkView, Whereabouts};
use super::via::COOKIE;
use crate::ids::{CallerTag, LegId};
use crate::media_api::{Codecs, MediaSpec, SrtpKeys, SrtpPolicy};
use crate::number::PhoneNumber;
use crate::secret::Key;
use crate::units::Time;
use call::Call;
pub use connections::Admission;
use ipnet::IpNet;
pub use leg::EndReason;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// How the user agent is set up.
pub struct UaConfig {
    /// Our sockets; each takes datagrams and connections.
    pub listens: Vec<Listen>,
    /// Our sockets for TLS.
    pub listens_tls: Vec<Listen>,
    /// Whose messages are read.
    pub served: Vec<IpNet>,
    /// The most calls at a time, those that are being hung up included.
    pub calls_max: usize,
    /// The codecs that are spoken.
    pub codecs: Codecs,
    /// Whether media is sealed, where a trunk does not say otherwise.
    pub srtp: SrtpPolicy,
    /// How the number that was dialled is found.
    pub called: CalledPolicy,
}

/// The most transactions at a time for `calls_max` calls. Each rests for 32 s, INVITE and BYE apart: room for every
/// standing call to be replaced sixteen times in that time, and for refused calls and OPTIONS on top.
const fn transactions_max(calls_max: usize) -> usize {
    1_024 + calls_max.saturating_mul(32)
}

/// The longest that a peer is asked to wait before it sends another INVITE (RFC 3261 §14.2).
const PAUSE_S_MAX: u64 = 10;

/// What the user agent wants done, or tells.
pub enum Output {
    /// Send these bytes from this socket of ours; over TCP and TLS by the connection with `to`, opening it if there is none.
    Send {
        from: SocketAddr,
        to: Peer,
        bytes: Vec<u8>,
    },
    /// Close the connection with this peer once what was sent before has gone out.
    Close { peer: SocketAddr },
    /// Ask name servers where a trunk's registrar is, and say so by [`UserAgent::handle_resolved`].
    Resolve { trunk: TrunkId, place: Place },
    /// Tell the application.
    Event(Event),
}

impl fmt::Debug for Output {
    /// A message names its caller, so its bytes are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Send { to, bytes, .. } => write!(f, "Send({} bytes to {to:?})", bytes.len()),
            Output::Close { peer } => write!(f, "Close({peer})"),
            Output::Resolve { place, .. } => write!(f, "Resolve({})", place.host),
            Output::Event(event) => event.fmt(f),
        }
    }
}

/// What happens to calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A call came: answer with [`UserAgent::accept`] or [`UserAgent::refuse`].
    Invited {
        leg: LegId,
        /// The user part of the Request-URI, unescaped, at most 64 characters.
        called: String,
        /// The numbers that may have been dialled, the likeliest first; at most eight.
        numbers: Vec<PhoneNumber>,
        /// Who calls, without saying it.
        identity: CallerTag,
        /// The peer's media. Without an offer it is silent both ways until [`Event::Reinvited`] tells the peer's answer to
        /// ours.
        spec: MediaSpec,
        /// The address of ours, as bound, at which the media shall arrive.
        host: IpAddr,
    },
    /// The ACK of the first 200 came.
    Confirmed { leg: LegId },
    /// The peer's media changed: a re-INVITE or UPDATE was answered with 200 and the same local media address, or the answer
    /// to our own offer came.
    Reinvited { leg: LegId, spec: MediaSpec },
    /// A key was pressed, says an INFO.
    Key { leg: LegId, key: Key },
    /// The peer of a standing call is gone: nobody is there any more, and [`Event::Ended`] comes later.
    Lost { leg: LegId },
    /// The call is over; exactly once for every [`Event::Invited`].
    Ended { leg: LegId, why: EndReason },
    /// Something is new of a trunk at which we register, by its name.
    Trunk { name: String, news: TrunkNews },
}

/// How the application refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 486
    Busy,
    /// 503 with Retry-After
    Full,
    /// 480
    Unavailable,
}

/// How much is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Calls, from INVITE to the end.
    pub calls: usize,
    pub dialogs: usize,
    pub server_transactions: usize,
    pub client_transactions: usize,
    pub connections: usize,
    pub timers: usize,
}

/// A SIP user agent that answers calls, and registers where they come from.
pub struct UserAgent {
    listens: Listens,
    served: Served,
    calls_max: usize,
    codecs: Codecs,
    srtp: SrtpPolicy,
    called: CalledPolicy,
    random: Box<dyn FnMut() -> u64 + Send>,
    /// Makes the tags of refusals differ from process to process.
    seed: u64,
    identities: IdentityKey,
    connections: Connections,
    servers: Servers,
    clients: Clients,
    calls: BTreeMap<LegId, Call>,
    dialogs: BTreeMap<DialogId, LegId>,
    trunks: BTreeMap<TrunkId, Trunk>,
    /// Registrations were taken back, until they are wanted again.
    is_away: bool,
    timers: Timers,
    counters: Counters,
    outputs: VecDeque<Output>,
    names: u64,
}

impl UserAgent {
    /// A user agent without calls. `random` makes tags, branches and session ids: it must be unguessable.
    pub fn new(config: UaConfig, mut random: Box<dyn FnMut() -> u64 + Send>) -> UserAgent {
        UserAgent {
            listens: Listens::new(config.listens, config.listens_tls),
            served: Served::new(config.served),
            calls_max: config.calls_max,
            codecs: config.codecs,
            srtp: config.srtp,
            called: config.called,
            seed: random(),
            identities: IdentityKey::new(&mut *random),
            connections: Connections::default(),
            random,
            servers: Servers::default(),
            clients: Clients::default(),
            calls: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            trunks: BTreeMap::new(),
            is_away: false,
            timers: Timers::default(),
            counters: Counters::default(),
            outputs: VecDeque::new(),
            names: 0,
        }
    }

    /// The next thing to do or to tell.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`UserAgent::handle_timeout`] wants to be called, and for what.
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.timers.next()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        while let Some((owner, timer)) = self.timers.pop(now) {
            match owner {
                Owner::Server(id) => self.server_due(now, id, timer),
                Owner::Client(id) => self.client_due(now, id, timer),
                Owner::Leg(leg) => self.leg_due(now, leg, timer),
                Owner::Session(leg) => self.session_due(now, leg, timer),
                Owner::Connection(peer) => self.connection_due(now, peer, timer),
                Owner::Trunk(trunk) => self.trunk_due(now, trunk, timer),
            }
        }
    }

    /// Answers a call with 200; our RTP address (as bound, or as shown) stands in the SDP answer. Too late (the peer
    /// cancelled): nothing.
    pub fn accept(&mut self, now: Time, leg: LegId, media: SocketAddr) {
        let peer = self.calls.get(&leg).map(|call| call.dialog.origin().peer);
        let shown = peer.map(|peer| self.shown_to(peer, media));
        if let Some(call) = self.calls.get_mut(&leg) {
            call.media = shown;
            self.drive(now, leg, leg::Event::Accept);
        }
    }

    /// Refuses a call.
    pub fn refuse(&mut self, now: Time, leg: LegId, why: Refusal) {
        if let Some(call) = self.calls.get_mut(&leg) {
            call.refusal = why;
            self.drive(now, leg, leg::Event::Refuse);
        }
    }

    /// Ends a call: by a final refusal before the 200, by BYE after its ACK.
    pub fn hang_up(&mut self, now: Time, leg: LegId) {
        self.drive(now, leg, leg::Event::HangUp);
    }

    /// The counts since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How much is alive; all zero once every call and its echoes are over.
    pub fn census(&self) -> Census {
        Census {
            calls: self.calls.len(),
            dialogs: self.dialogs.len(),
            server_transactions: self.servers.len(),
            client_transactions: self.clients.len(),
            connections: self.connections.len(),
            timers: self.timers.len(),
        }
    }

    /// The keys of a call, once, whenever they are other ones: before [`Event::Invited`] or [`Event::Reinvited`] is acted upon.
    pub fn take_keys(&mut self, leg: LegId) -> Option<SrtpKeys> {
        self.calls.get_mut(&leg)?.take_keys()
    }

    /// Whether media of a call that came from `peer` is sealed.
    fn srtp_for(&self, peer: SocketAddr) -> SrtpPolicy {
        self.trunk_at(peer).map_or(self.srtp, |trunk| trunk.config.srtp)
    }

    /// The trunk to which an address belongs.
    fn trunk_at(&self, peer: SocketAddr) -> Option<&Trunk> {
        let id = self.served.trunk_of(peer.ip())?;
        self.trunks.get(&id)
    }

    /// What a TLS server at `addr` has to prove: that it is the domain of the trunk to which the address belongs (RFC 5922 §4),
    /// else that it is this address.
    pub fn expected_name(&self, addr: SocketAddr) -> (Option<TrunkId>, String) {
        let trunk = self.served.trunk_of(addr.ip());
        match trunk.and_then(|id| self.trunks.get(&id)) {
            Some(known) => (trunk, known.server_name().to_owned()),
            None => (None, addr.ip().to_canonical().to_string()),
        }
    }

    /// Serves other networks from now on. Standing calls of a network that is gone fall silent, and its connections are
    /// closed as soon as something comes by them.
    pub fn reload_served(&mut self, served: Vec<IpNet>) {
        self.served.replace(served);
    }

    /// Sends a message; over TCP and TLS by the connection it belongs to, or by a new one, but to a served address only.
    fn send(&mut self, way: Way, bytes: Vec<u8>) {
        let Way { local, peer, back } = way;
        let transport = peer.transport;
        let gone = transport.is_reliable() && !self.connections.is_open(peer);
        let to = match gone {
            false => Some(peer),
            true => back
                .filter(|back| self.served.contains(*back))
                .map(|addr| Peer { transport, addr }),
        };
        match to {
            Some(to) => self.outputs.push_back(Output::Send {
                from: local,
                to,
                bytes,
            }),
            None => self.counters.note(Noted::NoWayBack),
        }
    }

    fn send_again(&mut self, way: Way, bytes: Vec<u8>) {
        self.counters.note(Noted::Retransmitted);
        self.send(way, bytes);
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn next_name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    fn next_tx(&mut self) -> TxId {
        TxId(self.next_name())
    }

    fn new_tag(&mut self) -> String {
        format!("{:016x}", (self.random)())
    }

    fn new_branch(&mut self) -> String {
        format!("{COOKIE}{:016x}", (self.random)())
    }

    /// How long a peer is asked to wait before it sends another INVITE, in seconds, each another time (RFC 3261 §14.2).
    fn draw_pause_s(&mut self) -> u32 {
        ((self.random)() % (PAUSE_S_MAX + 1)) as u32
    }

    fn has_room_for_transactions(&self) -> bool {
        self.servers.len() + self.clients.len() < transactions_max(self.calls_max)
    }

    /// Whether a refusal, or the answer to a mere question, may be remembered as well.
    fn has_room_to_spare(&self) -> bool {
        self.servers.len() + self.clients.len() < transactions_max(self.calls_max) / 2
    }
}
