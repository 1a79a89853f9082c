//! Owns a dialog as the called side sees it (RFC 3261 §12): its name, its route set, its sequence numbers, and our
//! requests within it. Must never let a Contact or a Route lead outside the served networks.

use super::message::{self, Request};
use super::peer::{Origin, Peer, Transport, Way};
use super::response::{SDP, line};
use super::served::Served;
use super::text;
use crate::secret::Caller;
use std::net::SocketAddr;

/// A dialog's name (RFC 3261 §12).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialogId {
    pub call_id: String,
    pub local_tag: String,
    pub remote_tag: String,
}

/// What a request of ours within a dialog says.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    pub method: &'a str,
    /// Our address in its Via.
    pub shown: SocketAddr,
    pub branch: &'a str,
    /// Header fields by name and value, in order.
    pub fields: &'a [(&'a str, String)],
    /// The session description, if it brings one.
    pub sdp: &'a [u8],
}

impl<'a> Wording<'a> {
    /// An ACK, with the proof that its INVITE had (RFC 3261 §13.2.2.4).
    pub fn ack(shown: SocketAddr, branch: &'a str, proof: &'a [(&'a str, String)]) -> Wording<'a> {
        Wording {
            method: "ACK",
            shown,
            branch,
            fields: proof,
            sdp: &[],
        }
    }
}

/// The dialog that our 200 opens.
pub struct Dialog {
    pub id: DialogId,
    /// Our side: the To of the INVITE, without tag.
    to: String,
    /// The peer's side: the From of the INVITE.
    remote: Caller,
    /// The peer's Contact.
    target: Caller,
    /// The Record-Route values, in their order.
    routes: Vec<String>,
    /// Where the latest request that may move the peer came from.
    origin: Origin,
    /// The highest sequence number that the peer used.
    remote_cseq: u32,
    /// The last one that we used.
    local_cseq: u32,
    /// Whether TLS was promised all the way, so that our Contact must promise it too (§12.1.1).
    is_secure: bool,
}

impl Dialog {
    /// The dialog of an INVITE from `origin`, once it is answered under `local_tag`.
    pub fn new(invite: &Request, origin: Origin, local_tag: String) -> Dialog {
        Dialog {
            id: DialogId {
                call_id: invite.echo.call_id.clone(),
                local_tag,
                remote_tag: invite.from_tag.clone(),
            },
            to: invite.echo.to.clone(),
            remote: invite.echo.from.clone(),
            target: invite.contact.clone().unwrap_or_else(|| Caller::new("")),
            routes: invite.record_routes.clone(),
            origin,
            remote_cseq: invite.cseq,
            local_cseq: 0,
            is_secure: is_secure(invite),
        }
    }

    /// Notes a request's sequence number; `false` if a higher one came before (§12.2.2).
    pub fn in_order(&mut self, cseq: u32) -> bool {
        let fresh = cseq >= self.remote_cseq;
        self.remote_cseq = self.remote_cseq.max(cseq);
        fresh
    }

    /// The answer to one of ours may as well (§12.2.1.2).
    pub fn moved_target(&mut self, contact: Option<Caller>) {
        if let Some(contact) = contact {
            self.target = contact;
        }
    }

    /// The last sequence number that we used.
    pub fn last_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// A re-INVITE or UPDATE may move the peer (§12.2.2).
    pub fn refresh_target(&mut self, request: &Request, origin: Origin) {
        if let Some(contact) = &request.contact {
            self.target = contact.clone();
        }
        self.origin = origin;
    }

    /// Whether our Contact is a `sips` one.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Where the peer was heard last.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The peer goes on by another connection, its old one being gone.
    pub fn moves_to(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// A request of ours and how it goes out: by the dialog's transport, over TCP and TLS by the connection that the peer opened
    /// as long as it stands (RFC 5923 has the reasons).
    pub fn request(&mut self, wording: &Wording<'_>, served: &Served) -> (Way, Vec<u8>) {
        self.local_cseq += 1;
        self.written(self.local_cseq, wording, served)
    }

    /// The Request-URI of what we ask.
    pub fn request_uri(&self) -> &str {
        self.routing().0
    }

    /// The ACK of our INVITE that had the sequence number `cseq`.
    pub fn ack(&self, cseq: u32, wording: &Wording<'_>, served: &Served) -> (Way, Vec<u8>) {
        self.written(cseq, wording, served)
    }

    fn written(&self, cseq: u32, wording: &Wording<'_>, served: &Served) -> (Way, Vec<u8>) {
        let Wording {
            method,
            shown,
            branch,
            fields,
            sdp,
        } = *wording;
        let (uri, routes) = self.routing();
        let first_hop = routes
            .first()
            .and_then(|route| text::address(route))
            .map_or(uri, |(hop, _)| hop);
        // A strict router is itself the Request-URI (§12.2.1.1).
        let hop = if self.is_strict() { uri } else { first_hop };
        let Origin { peer, local } = self.origin;
        let is_reached = |hop: &SocketAddr| served.contains(*hop) && hop.is_ipv4() == local.is_ipv4();
        let named = message::literal(hop, peer.transport).filter(is_reached);
        let transport = peer.transport;
        let (to, back) = match transport {
            Transport::Udp => (named.unwrap_or(peer.addr), None),
            Transport::Tcp | Transport::Tls => (peer.addr, named),
        };
        let mut text = format!("{method} {uri} SIP/2.0\r\n");
        line(
            &mut text,
            "Via",
            &format!("SIP/2.0/{} {shown};rport;branch={branch}", transport.name()),
        );
        line(&mut text, "Max-Forwards", "70");
        for route in &routes {
            line(&mut text, "Route", route);
        }
        line(
            &mut text,
            "From",
            &format!("{};tag={}", self.to, self.id.local_tag),
        );
        line(&mut text, "To", self.remote.reveal());
        line(&mut text, "Call-ID", &self.id.call_id);
        line(&mut text, "CSeq", &format!("{cseq} {method}"));
        for (name, value) in fields {
            line(&mut text, name, value);
        }
        if !sdp.is_empty() {
            line(&mut text, "Content-Type", SDP);
        }
        line(&mut text, "Content-Length", &sdp.len().to_string());
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(sdp);
        let peer = Peer { transport, addr: to };
        (Way { local, peer, back }, bytes)
    }

    fn first_route(&self) -> Option<&str> {
        self.routes
            .first()
            .and_then(|route| text::address(route))
            .map(|(uri, _)| uri)
    }

    fn is_strict(&self) -> bool {
        self.first_route().is_some_and(|uri| !message::is_loose(uri))
    }

    /// The Request-URI and the Route values (§12.2.1.1).
    fn routing(&self) -> (&str, Vec<String>) {
        let target = self.target.reveal();
        match self.first_route().filter(|_| self.is_strict()) {
            None => (target, self.routes.clone()),
            Some(strict) => {
                let behind = self.routes[1..].iter().cloned();
                (strict, behind.chain([format!("<{target}>")]).collect())
            }
        }
    }
}

/// Whether an INVITE asks for a dialog over TLS alone (RFC 3261 §12.1.1).
fn is_secure(invite: &Request) -> bool {
    let is_sips = |uri: &str| {
        uri.get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
    };
    let next = match invite.record_routes.first() {
        Some(route) => text::address(route).map(|(uri, _)| uri),
        None => invite.contact.as_ref().map(Caller::reveal),
    };
    is_sips(&invite.uri) || next.is_some_and(is_sips)
}
