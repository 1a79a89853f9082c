//! Owns the counts: one for every reason to refuse, one for every odd case. Counts events, never people.

macro_rules! counted {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one, in the order in which they are listed.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The name under which it is shown.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }
    };
}

counted! {
    /// Why something was not done.
    Refused {
        /// From an address that is not served: nothing was answered.
        Unserved = "unserved",
        /// No SIP message could be made out, or too little of one to answer: nothing was answered.
        Unreadable = "unreadable",
        /// 513: longer than a message may be.
        DatagramTooLong = "datagram_too_long",
        /// 414: a request line longer than a line may be.
        LineTooLong = "line_too_long",
        /// 400: a stream does not say where a message ends.
        Unframed = "unframed",
        /// A connection too many in all: closed at once.
        ConnectionsMax = "connections_max",
        /// A connection too many from one address: closed at once.
        ConnectionsMaxHost = "connections_max_host",
        /// A connection over TLS on which one of the two could not prove who it is: closed.
        Tls = "tls",
        /// 400: more header fields than allowed.
        HeadersTooMany = "headers_too_many",
        /// 400: a header field longer than allowed.
        HeaderTooLong = "header_too_long",
        /// 400: against the grammar.
        Malformed = "malformed",
        /// 505
        Version = "version",
        /// 416
        Scheme = "scheme",
        /// 482
        Merged = "merged",
        /// 483
        MaxForwards = "max_forwards",
        /// 420
        Extension = "extension",
        /// 422: a session timer that is too short.
        Interval = "interval",
        /// 400: an INFO whose key cannot be made out.
        Signal = "signal",
        /// 415: a body that we do not read.
        ContentType = "content_type",
        /// 413: a body longer than any that we read.
        BodyTooLong = "body_too_long",
        /// 406: the peer takes no session description back.
        Accept = "accept",
        /// 405: a method that we know and do not do.
        Method = "method",
        /// 501: a method that we do not know.
        MethodUnknown = "method_unknown",
        /// 481
        UnknownDialog = "unknown_dialog",
        /// 500: a CSeq lower than one already seen.
        OutOfOrder = "out_of_order",
        /// 500: an INVITE before the one before it was answered.
        Unfinished = "unfinished",
        /// 491: the last INVITE of this dialog still waits for its ACK, or our offer for its answer.
        Pending = "pending",
        /// An ACK that does not answer our offer: the call ends.
        AnswerMissing = "answer_missing",
        /// An ACK, or a 200, whose answer to our offer cannot be used: the call ends.
        AnswerUnusable = "answer_unusable",
        /// 488: an offer that cannot be read.
        OfferMalformed = "offer_malformed",
        /// 488: no codec, address or stream in common.
        OfferUnusable = "offer_unusable",
        /// 488: an offer whose voice is not encrypted, or not in a way that we know.
        OfferInsecure = "offer_insecure",
        /// 503: as many calls as allowed.
        CallsMax = "calls_max",
        /// 503: as many transactions as allowed.
        TransactionsMax = "transactions_max",
        /// 486, decided above.
        Busy = "busy",
        /// 503, decided above.
        Full = "full",
        /// 480, decided above.
        Unavailable = "unavailable",
    }
}

counted! {
    /// What happened besides.
    Noted {
        /// Requests of ours that went by TCP because they are too long for a datagram.
        LongRequest = "long_request",
        /// Those of them for which no connection was to be had: they went by datagrams.
        TcpRefused = "tcp_refused",
        /// Calls that reached the application.
        Invited = "invited",
        /// Requests that came with their last hop: the next proxy would have turned them away.
        HopsUsedUp = "hops_used_up",
        /// Calls whose ACK came.
        Confirmed = "confirmed",
        /// Re-INVITEs answered with 200.
        Reinvited = "reinvited",
        /// UPDATEs answered with 200.
        Updated = "updated",
        /// Re-INVITEs of ours.
        ReinviteSent = "reinvite_sent",
        /// 200s to those without a description: nothing changed.
        AnswerLeftOut = "answer_left_out",
        /// Requests of ours that met one of the peer's: both wait, and are sent again.
        Glare = "glare",
        /// Requests of ours within calls that were sent again with the proof that the peer wanted.
        ProvedWithin = "proved_within",
        /// INVITEs without an offer, which got ours.
        LateOffer = "late_offer",
        /// Keys that came by INFO.
        KeyByInfo = "key_by_info",
        /// Calls ended by the peer's BYE.
        HungUpByPeer = "hung_up_by_peer",
        /// Calls ended by CANCEL.
        Cancelled = "cancelled",
        /// 200s whose ACK never came.
        AckMissing = "ack_missing",
        /// Refusals whose ACK never came.
        RefusalUnacknowledged = "refusal_unacknowledged",
        /// BYEs of ours that nobody answered.
        ByeUnanswered = "bye_unanswered",
        /// Requests that came again and were answered from memory.
        Repeated = "repeated",
        /// Messages of ours that were sent again.
        Retransmitted = "retransmitted",
        /// ACKs that belong to nothing.
        StrayAck = "stray_ack",
        /// Responses that belong to nothing.
        StrayResponse = "stray_response",
        /// Line ends that keep a path open.
        KeepAlive = "keep_alive",
        /// Connections opened, by either side.
        Connected = "connected",
        /// Connections closed because nothing came and no call needs them.
        ClosedIdle = "closed_idle",
        /// Connections closed because a message stayed unfinished.
        ClosedHalf = "closed_half",
        /// Messages for a connection that is gone, with no other way.
        NoWayBack = "no_way_back",
        /// Sessions that a refresh of ours let go on.
        SessionRefreshed = "session_refreshed",
        /// Sessions that nobody refreshed in time.
        SessionExpired = "session_expired",
        /// Calls whose peer did not answer any more, or knew nothing of them.
        PeerGone = "peer_gone",
        /// Registrars at which we are registered that no longer answered.
        RegistrarSilent = "registrar_silent",
        /// Registrations that went over to another host of their trunk.
        RegistrarMoved = "registrar_moved",
        /// Times that a trunk's former addresses had to do, because no name server knew any.
        NamesRemembered = "names_remembered",
        /// Inputs that a state machine's table refuses.
        OutOfTable = "out_of_table",
    }
}

/// All counts since the start.
#[derive(Clone, Debug)]
pub struct Counters {
    refused: [u64; Refused::ALL.len()],
    noted: [u64; Noted::ALL.len()],
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            refused: [0; Refused::ALL.len()],
            noted: [0; Noted::ALL.len()],
        }
    }
}

impl Counters {
    pub(super) fn refuse(&mut self, why: Refused) {
        self.refused[why as usize] += 1;
    }

    pub(super) fn note(&mut self, what: Noted) {
        self.noted[what as usize] += 1;
    }

    /// How often for this reason.
    pub fn refused(&self, why: Refused) -> u64 {
        self.refused[why as usize]
    }

    /// How often this happened.
    pub fn noted(&self, what: Noted) -> u64 {
        self.noted[what as usize]
    }

    /// Name and count of every reason to refuse.
    pub fn refused_pairs(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Refused::ALL.iter().map(|why| (why.name(), self.refused(*why)))
    }

    /// Name and count of everything else.
    pub fn noted_pairs(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Noted::ALL.iter().map(|what| (what.name(), self.noted(*what)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_a_name_of_its_own() {
        let mut counters = Counters::default();
        counters.refuse(Refused::Merged);
        counters.note(Noted::Invited);
        let names: std::collections::BTreeSet<_> = counters
            .refused_pairs()
            .chain(counters.noted_pairs())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names.len(), Refused::ALL.len() + Noted::ALL.len());
        let counted: u64 = counters
            .refused_pairs()
            .chain(counters.noted_pairs())
            .map(|(_, n)| n)
            .sum();
        assert_eq!((counted, counters.refused(Refused::Merged)), (2, 1));
    }
}
