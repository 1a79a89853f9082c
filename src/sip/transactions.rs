//! Owns the transactions that are alive, and by what a message finds its own (RFC 3261 §17.1.3 and §17.2.3). What they
//! do next stands in the tables of `server_invite`, `server_other`, `client_invite` and `client_other`.

use super::message::{Method, Request, Response};
use super::peer::{Peer, Way};
use super::timer::{T1, TxId};
use super::trunk::TrunkId;
use super::{client_invite, client_other, server_invite, server_other};
use crate::ids::LegId;
use std::collections::BTreeMap;
use std::time::Duration;

/// By what a request finds its transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    branch: String,
    sent_by: String,
    method: Method,
}

impl Key {
    /// The key of the transaction that `request` starts or repeats; of the INVITE's if it is an ACK.
    pub fn of(request: &Request) -> Key {
        match request.method {
            Method::Ack => Key::of_invite(request),
            _ => Key::with(request, request.method.clone()),
        }
    }

    /// The key of the INVITE that `request` (an ACK or a CANCEL) is about.
    pub fn of_invite(request: &Request) -> Key {
        Key::with(request, Method::Invite)
    }

    fn with(request: &Request, method: Method) -> Key {
        let echo = &request.echo;
        let unique = echo.via.unique_branch().map(str::to_owned);
        // A peer of RFC 2543: what would be the same in a repeated request makes the branch. To tags are left out,
        // because the ACK of a refusal brings the one that we gave.
        let made = || {
            let first_via = echo.vias.first().map_or("", String::as_str);
            [
                &request.uri,
                &request.from_tag,
                &echo.call_id,
                &request.cseq.to_string(),
                first_via,
            ]
            .join("\n")
        };
        Key {
            branch: unique.unwrap_or_else(made),
            sent_by: echo.via.sent_by.clone(),
            method,
        }
    }
}

/// By what an INVITE that took two ways is recognised (§8.2.2.2).
type Merge = (String, String, u32);

/// In which of the two tables a server transaction lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Invite(server_invite::State),
    Other(server_other::State),
}

/// A request of the peer's that is remembered.
pub struct ServerTx {
    key: Key,
    merge: Option<Merge>,
    pub life: Life,
    pub way: Way,
    /// The last response sent.
    pub last: Vec<u8>,
    /// The pause before the next retransmission.
    pub pause: Duration,
    /// The call that an initial INVITE asks for.
    pub leg: Option<LegId>,
    /// Our To tag in the responses.
    pub tag: String,
}

/// Every server transaction.
#[derive(Default)]
pub struct Servers {
    table: BTreeMap<TxId, ServerTx>,
    keys: BTreeMap<Key, TxId>,
    merges: BTreeMap<Merge, TxId>,
}

impl Servers {
    /// Remembers a request whose responses go out by `way`.
    pub fn open(&mut self, id: TxId, request: &Request, way: Way, tag: String) {
        let key = Key::of(request);
        let merge = merge(request);
        self.keys.insert(key.clone(), id);
        // The first of them stands for all: it is the one that lives.
        if let Some(merge) = &merge {
            self.merges.entry(merge.clone()).or_insert(id);
        }
        let life = match request.method {
            Method::Invite => Life::Invite(server_invite::State::Proceeding),
            _ => Life::Other(server_other::State::Trying),
        };
        let transaction = ServerTx {
            key,
            merge,
            life,
            way,
            last: Vec::new(),
            pause: T1,
            leg: None,
            tag,
        };
        self.table.insert(id, transaction);
    }

    pub fn find(&self, key: &Key) -> Option<TxId> {
        self.keys.get(key).copied()
    }

    /// Whether the same INVITE already came by another way.
    pub fn is_merged(&self, request: &Request) -> bool {
        merge(request).is_some_and(|merge| self.merges.contains_key(&merge))
    }

    /// Whether an INVITE of the same call, with a lower sequence number, has no final answer yet (§14.2).
    pub fn is_unfinished(&self, request: &Request) -> bool {
        let of_call = |cseq| (request.echo.call_id.clone(), request.from_tag.clone(), cseq);
        let mut earlier = self.merges.range(of_call(0)..of_call(request.cseq));
        earlier.any(|(_, id)| {
            let life = self.table.get(id).map(|transaction| transaction.life);
            life == Some(Life::Invite(server_invite::State::Proceeding))
        })
    }

    pub fn get_mut(&mut self, id: TxId) -> Option<&mut ServerTx> {
        self.table.get_mut(&id)
    }

    pub fn forget(&mut self, id: TxId) {
        let Some(gone) = self.table.remove(&id) else {
            return;
        };
        self.keys.remove(&gone.key);
        if let Some(merge) = gone.merge.filter(|merge| self.merges.get(merge) == Some(&id)) {
            self.merges.remove(&merge);
        }
    }

    /// How many; an index that kept too much counts as well.
    pub fn len(&self) -> usize {
        self.table.len().max(self.keys.len()).max(self.merges.len())
    }
}

fn merge(request: &Request) -> Option<Merge> {
    let initial = request.method == Method::Invite && request.echo.to_tag.is_none();
    initial.then(|| {
        (
            request.echo.call_id.clone(),
            request.from_tag.clone(),
            request.cseq,
        )
    })
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A BYE.
    EndCall(LegId),
    /// An UPDATE that lets a session go on.
    Refresh(LegId),
    /// A re-INVITE that does so.
    Reinvite(LegId),
    /// An OPTIONS within a dialog: is somebody there?
    Probe(LegId),
    /// A REGISTER.
    Register(TrunkId),
    /// An OPTIONS to a trunk at which nobody registers.
    Ask(TrunkId),
}

impl Purpose {
    /// The call within which it is asked.
    pub const fn leg(self) -> Option<LegId> {
        match self {
            Purpose::EndCall(leg) | Purpose::Refresh(leg) | Purpose::Reinvite(leg) | Purpose::Probe(leg) => {
                Some(leg)
            }
            Purpose::Register(_) | Purpose::Ask(_) => None,
        }
    }

    const fn method(self) -> Method {
        match self {
            Purpose::EndCall(_) => Method::Bye,
            Purpose::Refresh(_) => Method::Update,
            Purpose::Reinvite(_) => Method::Invite,
            Purpose::Probe(_) | Purpose::Ask(_) => Method::Options,
            Purpose::Register(_) => Method::Register,
        }
    }
}

/// In which of the two tables a request of ours lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientLife {
    Invite(client_invite::State),
    Other(client_other::State),
}

/// How an INVITE of ours is acknowledged, whatever has become of its call by then.
#[derive(Clone)]
pub struct Acks {
    /// In answer to a 2xx: its way may be another one.
    pub success: (Way, Vec<u8>),
    /// In answer to a refusal: it goes the INVITE's way.
    pub failure: Vec<u8>,
}

/// A request of ours that is remembered.
pub struct ClientTx {
    branch: String,
    pub life: ClientLife,
    /// Its answer was a challenge, which another request answers.
    pub is_challenged: bool,
    /// Of an INVITE alone.
    pub acks: Option<Box<Acks>>,
    /// The same request as a datagram, if it goes by TCP for its length alone.
    pub datagram: Option<(Way, Vec<u8>)>,
    pub way: Way,
    pub request: Vec<u8>,
    pub pause: Duration,
    pub purpose: Purpose,
}

/// Every client transaction.
#[derive(Default)]
pub struct Clients {
    table: BTreeMap<TxId, ClientTx>,
    branches: BTreeMap<String, TxId>,
}

impl Clients {
    pub fn open(&mut self, id: TxId, branch: String, way: Way, request: Vec<u8>, purpose: Purpose) {
        self.branches.insert(branch.clone(), id);
        let life = match purpose.method() {
            Method::Invite => ClientLife::Invite(client_invite::State::Calling),
            _ => ClientLife::Other(client_other::State::Trying),
        };
        let transaction = ClientTx {
            branch,
            life,
            is_challenged: false,
            acks: None,
            datagram: None,
            way,
            request,
            pause: T1,
            purpose,
        };
        self.table.insert(id, transaction);
    }

    /// The transaction that a response belongs to.
    pub fn find(&self, response: &Response) -> Option<TxId> {
        let id = self.branches.get(&response.branch).copied()?;
        let transaction = self.table.get(&id)?;
        (response.method == transaction.purpose.method()).then_some(id)
    }

    /// Those that went to this peer for their length alone.
    pub fn long_by(&self, peer: Peer) -> Vec<TxId> {
        let all = self.table.iter();
        all.filter(|(_, transaction)| transaction.datagram.is_some() && transaction.way.peer == peer)
            .map(|(id, _)| *id)
            .collect()
    }

    pub fn get_mut(&mut self, id: TxId) -> Option<&mut ClientTx> {
        self.table.get_mut(&id)
    }

    pub fn forget(&mut self, id: TxId) {
        if let Some(gone) = self.table.remove(&id) {
            self.branches.remove(&gone.branch);
        }
    }

    /// How many; an index that kept too much counts as well.
    pub fn len(&self) -> usize {
        self.table.len().max(self.branches.len())
    }
}
