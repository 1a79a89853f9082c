//! What the conductor wants done. The shell does it; nothing comes back but through the conductor's `handle_` doors.

use crate::ids::{ClipId, LegId, RoomNumber};
use crate::media_api::{Command, MediaSpec, PlayToken, Playlist, Seat};
use crate::number::PhoneNumber;
use crate::room::Booking;
use crate::sip::{Peer, Place, TrunkId, TrunkNews};
use crate::units::Time;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Something to do in the world.
pub enum Output {
    /// Send this SIP message from this socket of ours; over TCP by the connection with `to`, opening it if there is none.
    Send {
        from: SocketAddr,
        to: Peer,
        bytes: Vec<u8>,
    },
    /// Close the SIP connection with this peer once what was sent before has gone out.
    Close { peer: SocketAddr },
    /// Open a leg in reception, whose media arrives at our address `host`, and say so by
    /// [`super::Bridge::handle_opened`].
    OpenLeg {
        leg: LegId,
        spec: MediaSpec,
        host: IpAddr,
    },
    /// Ask this of the media thread.
    Media(MediaRequest),
    /// Ask the store for a room, and say so by [`super::Bridge::handle_found`].
    LookUp { leg: LegId, number: RoomNumber },
    /// Ask the store whether one of these numbers, the first of them that is, is a room's own, and say so by
    /// [`super::Bridge::handle_called`].
    LookUpCalled { leg: LegId, numbers: Vec<PhoneNumber> },
    /// Ask name servers where a trunk's registrar is, and say so by [`super::Bridge::handle_resolved`].
    Resolve { trunk: TrunkId, place: Place },
    /// Something is new of the trunk of this name: for the log.
    Trunk { name: String, news: TrunkNews },
}

impl fmt::Debug for Output {
    /// A message names its caller, and a looked-up number may be a PIN keyed in the wrong place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Send { to, bytes, .. } => write!(f, "Send({} bytes to {to:?})", bytes.len()),
            Output::Close { peer } => write!(f, "Close({peer})"),
            Output::OpenLeg { leg, spec, host } => write!(f, "OpenLeg({leg:?}, {spec:?}, {host})"),
            Output::Media(request) => request.fmt(f),
            Output::LookUp { leg, .. } => write!(f, "LookUp({leg:?})"),
            Output::LookUpCalled { leg, .. } => write!(f, "LookUpCalled({leg:?})"),
            Output::Resolve { place, .. } => write!(f, "Resolve({})", place.host),
            Output::Trunk { name, news } => write!(f, "Trunk({name}, {news:?})"),
        }
    }
}

/// A [`crate::media_api::Command`] as the conductor says it: by the leg's name. Seats, sockets and memory are the
/// shell's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MediaRequest {
    /// Open a room. How many may be in it is the room's rule, which may change while it is open.
    Open { number: RoomNumber },
    /// Close a room.
    Close { number: RoomNumber },
    /// Leave reception for a room.
    Join { leg: LegId, number: RoomNumber },
    /// Leave a room for reception.
    Leave { leg: LegId },
    /// Play clips.
    Play {
        leg: LegId,
        clips: Playlist,
        token: PlayToken,
    },
    /// Stop playing.
    Stop { leg: LegId },
    /// Mute the caller, or give the voice back.
    Mute { leg: LegId, muted: bool },
    /// Play this clip under everything else for ever; `None` ends it.
    Music { leg: LegId, clip: Option<ClipId> },
    /// Play this clip to the whole room.
    Tone { number: RoomNumber, clip: ClipId },
    /// Take echoes out in this room from now on, or let them through.
    TreatEcho { number: RoomNumber, treats: bool },
    /// Look at what is left of the echoes in this room more closely for some seconds.
    SeekEcho { number: RoomNumber },
    /// The peer's side changed.
    Update { leg: LegId, spec: MediaSpec },
    /// Remove the leg; its ports are free again.
    Remove { leg: LegId },
}

impl MediaRequest {
    /// The command that does it, by the seat of its leg; none for a leg that has no seat any more. `room` builds a room,
    /// `fitting` what changed media need, if they need any.
    pub fn command<L, R, V>(
        self,
        seat_of: impl Fn(LegId) -> Option<Seat>,
        room: impl FnOnce(RoomNumber) -> R,
        fitting: impl FnOnce(LegId, &MediaSpec) -> Option<V>,
    ) -> Option<Command<L, R, V>> {
        let seated = |leg| seat_of(leg).map(|seat| (seat, leg));
        match self {
            MediaRequest::Open { number } => Some(Command::Open { room: room(number) }),
            MediaRequest::Close { number } => Some(Command::Close { number }),
            MediaRequest::Tone { number, clip } => Some(Command::Tone { number, clip }),
            MediaRequest::TreatEcho { number, treats } => Some(Command::TreatEcho { number, treats }),
            MediaRequest::SeekEcho { number } => Some(Command::SeekEcho { number }),
            MediaRequest::Join { leg, number } => {
                seated(leg).map(|(seat, leg)| Command::Join { seat, leg, number })
            }
            MediaRequest::Leave { leg } => seated(leg).map(|(seat, leg)| Command::Leave { seat, leg }),
            MediaRequest::Play { leg, clips, token } => seated(leg).map(|(seat, leg)| Command::Play {
                seat,
                leg,
                clips,
                token,
            }),
            MediaRequest::Stop { leg } => seated(leg).map(|(seat, leg)| Command::Stop { seat, leg }),
            MediaRequest::Mute { leg, muted } => {
                seated(leg).map(|(seat, leg)| Command::Mute { seat, leg, muted })
            }
            MediaRequest::Music { leg, clip } => {
                seated(leg).map(|(seat, leg)| Command::Music { seat, leg, clip })
            }
            MediaRequest::Update { leg, spec } => seated(leg).map(|(seat, leg)| Command::Update {
                seat,
                leg,
                spec,
                fitting: fitting(leg, &spec),
            }),
            MediaRequest::Remove { leg } => seated(leg).map(|(seat, leg)| Command::Remove { seat, leg }),
        }
    }
}

/// The store's answer.
#[derive(Clone, Debug)]
pub enum Found {
    /// The room, and when its time is over, or was.
    Booked { booking: Booking, ends: Option<Time> },
    /// No such room.
    Unknown,
    /// The store did not answer in time.
    Unavailable,
}
