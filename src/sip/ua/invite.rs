//! Owns what becomes of an INVITE that opens a call: every refusal is find, exact status, return; what is left is offered
//! to the application (RFC 3261 §8.2, §13.3). Must never answer 200 by itself.

use super::call::{Call, Incoming, RETRY_AFTER_S, Session, retry_later};
use super::{Event, UserAgent};
use crate::ids::LegId;
use crate::sip::answer::Answerer;
use crate::sip::counters::{Noted, Refused};
use crate::sip::dialog::Dialog;
use crate::sip::guard::BODY_BYTES_MAX;
use crate::sip::message::Request;
use crate::sip::offer::{self, Abilities, Agreement, Families, Unusable};
use crate::sip::peer::Origin;
use crate::sip::response::{Reply, SDP, Status};
use crate::sip::text;
use crate::sip::via;
use crate::units::Time;
use std::net::IpAddr;

impl UserAgent {
    pub(super) fn invite(&mut self, now: Time, origin: Origin, request: Request) {
        if self.refused_extension(now, origin, &request) {
            return;
        }
        if self.servers.is_unfinished(&request) {
            let seconds = self.draw_pause_s();
            let reply = retry_later(Status::UNFINISHED, seconds);
            return self.refuse_with(now, origin, &request, Refused::Unfinished, reply);
        }
        if self.refused_answer(now, origin, &request)
            || self.refused_content(now, origin, &request)
            || self.refused_interval(now, origin, &request)
        {
            return;
        }
        if !self.has_room_for_transactions() {
            return self.refuse_full(now, origin, &request, Refused::TransactionsMax);
        }
        if self.calls.len() >= self.calls_max {
            return self.refuse_full(now, origin, &request, Refused::CallsMax);
        }
        match self.session(&request, origin, self.listens.families()) {
            Err(why) => self.refuse_offer(now, origin, &request, why),
            Ok(None) => self.offer_call(now, origin, &request, Session::Wanted),
            Ok(Some(agreement)) => {
                self.offer_call(now, origin, &request, Session::Offered(Box::new(agreement)))
            }
        }
    }

    /// The offer of a request, if it brings one.
    pub(super) fn session(
        &self,
        request: &Request,
        origin: Origin,
        families: Families,
    ) -> Result<Option<Agreement>, Unusable> {
        if content(request) != Content::Session {
            return Ok(None);
        }
        let able = Abilities {
            families,
            codecs: &self.codecs,
            srtp: self.srtp_for(origin.peer.addr),
        };
        match offer::read(&request.body, able) {
            Ok(mut agreement) => {
                agreement.spec.also = Some(host_of(request, origin));
                Ok(Some(agreement))
            }
            Err(Unusable::Missing) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Opens the call: 100 at once, the rest is the application's.
    fn offer_call(&mut self, now: Time, origin: Origin, request: &Request, mut session: Session) {
        let leg = LegId(self.next_name());
        let tag = self.new_tag();
        let session_id = (self.random)();
        let tx = self.open(origin, request, &tag);
        if let Some(transaction) = self.servers.get_mut(tx) {
            transaction.leg = Some(leg);
        }
        self.respond(now, tx, origin, &request.echo, &Reply::new(Status::TRYING));
        let trunk = origin.peer.addr.ip();
        let srtp = self.srtp_for(origin.peer.addr);
        let mut answerer = Answerer::new(session_id, self.codecs).with_srtp(srtp);
        if let Session::Offered(agreement) = &mut session {
            answerer.agree(agreement, &mut *self.random);
        }
        let spec = match &session {
            Session::Offered(agreement) => agreement.spec,
            Session::Wanted | Session::Untouched => offer::silence(trunk),
        };
        // The offer was read with our families in mind: one of our sockets fits.
        let host = self.listens.host_for(spec.remote, origin.local);
        let host = host.unwrap_or(origin.local.ip());
        let incoming = Incoming::new(tx, origin, request, session);
        let dialog = Dialog::new(request, origin, tag);
        self.calls.insert(leg, Call::new(dialog, answerer, incoming));
        self.counters.note(Noted::Invited);
        self.tell(Event::Invited {
            leg,
            called: request.called.clone(),
            numbers: self.called.numbers(request),
            identity: self.identities.tag(request, trunk),
            spec,
            host,
        });
    }

    fn refuse_full(&mut self, now: Time, origin: Origin, request: &Request, why: Refused) {
        self.refuse_with(
            now,
            origin,
            request,
            why,
            retry_later(Status::FULL, RETRY_AFTER_S),
        );
    }

    /// Refuses a body that is no plain session description, unless it may be passed over (§8.2.3).
    pub(super) fn refused_content(&mut self, now: Time, origin: Origin, request: &Request) -> bool {
        if self.refused_length(now, origin, request) {
            return true;
        }
        let is_refused = content(request) == Content::Unknown;
        if is_refused {
            let reply = Reply::new(Status::MEDIA_TYPE)
                .with("Accept", SDP)
                .with("Accept-Encoding", "identity");
            self.refuse_with(now, origin, request, Refused::ContentType, reply);
        }
        is_refused
    }

    /// Refuses a body that is too long (§21.4.11).
    pub(super) fn refused_length(&mut self, now: Time, origin: Origin, request: &Request) -> bool {
        let is_refused = request.body.len() > BODY_BYTES_MAX;
        if is_refused {
            self.refuse_plain(now, origin, request, Refused::BodyTooLong, Status::BODY);
        }
        is_refused
    }

    /// Refuses who takes no session description back: every 200 of ours to an INVITE has one (RFC 4475 §3.3.15).
    pub(super) fn refused_answer(&mut self, now: Time, origin: Origin, request: &Request) -> bool {
        let is_refused = !request.takes_sdp;
        if is_refused {
            self.refuse_plain(now, origin, request, Refused::Accept, Status::ACCEPT);
        }
        is_refused
    }

    /// Refuses an offer and says why (§21.4.26, §20.43).
    pub(super) fn refuse_offer(&mut self, now: Time, origin: Origin, request: &Request, why: Unusable) {
        let (code, text) = why.warning();
        let warning = format!("{code} {} \"{text}\"", self.listens.shown(origin.local));
        let reply = Reply::new(Status::NOT_ACCEPTABLE)
            .with("Warning", warning)
            .with("Accept", SDP);
        self.refuse_with(now, origin, request, why.refused(), reply);
    }
}

/// From which host the peer itself comes: as the hop next to it saw it, if others are between, else as we do.
pub(super) fn host_of(request: &Request, origin: Origin) -> IpAddr {
    let lowest = request.echo.vias.last();
    let seen = lowest.and_then(|via| via::received(via));
    seen.unwrap_or(origin.peer.addr.ip().to_canonical())
}

/// What a request's body is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// There is none, or one that may be passed over.
    Nothing,
    Session,
    Unknown,
}

fn content(request: &Request) -> Content {
    let kind = request.content_type.as_deref().map(text::media_type);
    let encoding = request.content_encoding.as_deref();
    let is_plain = encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    match (request.body.is_empty(), kind.as_deref()) {
        (true, _) => Content::Nothing,
        (false, Some(SDP)) if is_plain => Content::Session,
        (false, _) if request.is_body_optional => Content::Nothing,
        (false, _) => Content::Unknown,
    }
}
