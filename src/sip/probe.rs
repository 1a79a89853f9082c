//! The doors for benches and fuzz targets: what the private readers make of bytes, told in a few plain words. Owns nothing.
//! Must never be called by the program itself, nor show what a message says about its caller.

use super::answer::Answerer;
use super::fault::Fault;
use super::info::{self, Info};
use super::message::{self, Message, Method};
use super::offer::{self, Abilities, Agreement};
use super::peer::Transport;
use super::stream::{Framer, Piece};
use crate::media_api::{Codecs, MediaSpec, SrtpPolicy};
use crate::secret::Key;
use std::net::SocketAddr;

/// What one message is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Line ends only.
    KeepAlive,
    /// Nothing that could be answered.
    Unreadable,
    /// A request that gets this status for what is wrong with it (no answer if it is an ACK).
    Faulty { status: u16, ack: bool },
    /// A request that keeps to the grammar.
    Request(Asked),
    /// A response with this status.
    Response(u16),
}

/// The methods that are answered in ways of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Answered by the application.
    Invite,
    /// Never answered.
    Ack,
    /// Answered at once, and so is the INVITE that it is about.
    Cancel,
    /// Answered at once.
    Other,
}

/// Reads one message that came by `transport`.
pub fn message(transport: Transport, bytes: &[u8]) -> Seen {
    match message::read(transport, bytes) {
        Message::KeepAlive => Seen::KeepAlive,
        Message::Unreadable => Seen::Unreadable,
        Message::Faulty { method, fault, .. } => Seen::Faulty {
            status: fault.status().0,
            ack: method == Method::Ack,
        },
        Message::Request(request) => Seen::Request(match request.method {
            Method::Invite => Asked::Invite,
            Method::Ack => Asked::Ack,
            Method::Cancel => Asked::Cancel,
            _ => Asked::Other,
        }),
        Message::Response(response) => Seen::Response(response.code),
    }
}

/// Something whole in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A message of so many bytes, read as this.
    Message(usize, Seen),
    /// A keep-alive that wants an answer.
    Ping,
    /// Here the stream cannot be read on; the answer to what came last has this status.
    Broken(u16),
}

/// What a stream that comes in these pieces is cut into.
pub fn stream<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Cut> {
    let mut framer = Framer::default();
    let mut cuts = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(whole) = framer.next() {
            cuts.push(match whole {
                Piece::Message(bytes) => Cut::Message(bytes.len(), message(Transport::Tcp, &bytes)),
                Piece::Ping => Cut::Ping,
                Piece::Broken(_, fault) => Cut::Broken(Fault::status(fault).0),
            });
        }
    }
    cuts
}

/// How an offer is answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What is agreed.
    pub spec: MediaSpec,
    /// Which media line is taken.
    pub taken: usize,
    /// The answer.
    pub answer: Vec<u8>,
    /// The answer to the same offer, made again in the same dialog.
    pub again: Vec<u8>,
}

/// Answers an offer with our RTP address `local`; `None` if it is refused.
pub fn offer(body: &[u8], local: SocketAddr) -> Option<Answered> {
    let able = Abilities {
        families: local.ip().into(),
        codecs: &Codecs::default(),
        srtp: SrtpPolicy::Optional,
    };
    let mut agreement = offer::read(body, able).ok()?;
    let mut answerer = answerer();
    answerer.agree(&mut agreement, &mut drawn);
    let Agreement { spec, taken, .. } = agreement;
    Some(Answered {
        spec,
        taken,
        answer: answerer.answer(&agreement, local),
        again: answerer.answer(&agreement, local),
    })
}

/// Reads the answer to an offer of ours that was made with the RTP address `local`; `None` if it cannot be used.
pub fn answer(body: &[u8], local: SocketAddr) -> Option<MediaSpec> {
    let mut answerer = answerer();
    answerer.offer(local, &mut drawn);
    answerer.read_answer(body, local.ip().into()).ok()
}

fn answerer() -> Answerer {
    Answerer::new(u64::MAX, Codecs::default()).with_srtp(SrtpPolicy::Optional)
}

/// The key of nobody's voice.
fn drawn() -> u64 {
    0x0123_4567_89ab_cdef
}

/// The key that an INFO with this body brings.
pub fn info(content_type: Option<&str>, body: &[u8]) -> Option<Key> {
    match info::read(content_type, body) {
        Info::Key(key) => Some(key),
        Info::Nothing | Info::Unreadable | Info::Unknown => None,
    }
}
