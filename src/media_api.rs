//! Owns every word that the control side and a media thread say to each other. Depends on the hall only.
//!
//! Commands travel down one fixed ring and are applied at the start of a slot, a bounded number at a time; events and
//! finished legs travel back by two more. A full ring refuses and is counted; nothing waits.

use crate::ids::{ClipId, LegId, RoomNumber};
use crate::secret::Key;
use std::net::SocketAddr;

/// A leg's place in the media thread's slab, given out by the control side and reused after [`Finished::Leg`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat(pub u32);

/// G.711's two companding laws (ITU-T G.711).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// PCMA, payload type 8 (RFC 3551 §6).
    A,
    /// PCMU, payload type 0.
    Mu,
}

impl Law {
    /// The static RTP payload type.
    pub const fn payload_type(self) -> u8 {
        match self {
            Law::A => 8,
            Law::Mu => 0,
        }
    }
}

/// Where and how a leg's peer wants its media, as offer and answer agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaSpec {
    /// The peer's address from its SDP; media from elsewhere is latched only when nothing comes from here.
    pub remote: SocketAddr,
    /// What is sent, and what its payload type decodes to. Both laws are always understood when received.
    pub law: Law,
    /// Payload type of telephone events (RFC 4733), if the peer offered them.
    pub event_payload_type: Option<u8>,
    /// Whether the peer wants to hear us (`sendrecv` or `recvonly` in its offer).
    pub send: bool,
    /// Whether the peer will send (`sendrecv` or `sendonly` in its offer).
    pub receive: bool,
}

/// Most clips played in a row.
pub const PLAYLIST_CLIPS: usize = 24;

/// Clips to be played one after the other. Of fixed size, so that the tick copies it without allocating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playlist {
    clips: [ClipId; PLAYLIST_CLIPS],
    len: u8,
}

impl Playlist {
    /// The first [`PLAYLIST_CLIPS`] of `clips`.
    pub fn new(clips: impl IntoIterator<Item = ClipId>) -> Playlist {
        let mut list = Playlist {
            clips: [ClipId(0); PLAYLIST_CLIPS],
            len: 0,
        };
        for (place, clip) in list.clips.iter_mut().zip(clips) {
            *place = clip;
            list.len += 1;
        }
        list
    }

    /// The clips in order.
    pub fn clips(&self) -> &[ClipId] {
        &self.clips[..usize::from(self.len)]
    }
}

/// Names one `Play`, so that its end is told from the end of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayToken(pub u32);

/// What the control side may ask of a media thread. `L` is a complete leg, `R` a complete room: both are built, and
/// later freed, by the control side. Every command that names a seat also names the leg that it is meant for; it is
/// void (and counted) if another leg sits there by then.
#[derive(Debug)]
pub enum Command<L, R> {
    /// Move a leg in; it is in reception: it hears clips and silence.
    Add { seat: Seat, leg: L },
    /// Open a room; refused (and returned) if it is open.
    Open { room: R },
    /// Close a room: its legs go back to reception.
    Close { number: RoomNumber },
    /// Leave reception, or another room, for this room.
    Join {
        seat: Seat,
        leg: LegId,
        number: RoomNumber,
    },
    /// Leave the room for reception.
    Leave { seat: Seat, leg: LegId },
    /// Play clips into the leg, instead of those that play now; in a room, over the room's sound.
    Play {
        seat: Seat,
        leg: LegId,
        clips: Playlist,
        token: PlayToken,
    },
    /// Stop playing. No [`Event::Played`] follows.
    Stop { seat: Seat, leg: LegId },
    /// Nobody hears this leg from now on, or everybody again.
    Mute { seat: Seat, leg: LegId, muted: bool },
    /// Play this clip again and again, under everything else; `None` ends it.
    Music {
        seat: Seat,
        leg: LegId,
        clip: Option<ClipId>,
    },
    /// Play this clip to everybody in the room.
    Tone { number: RoomNumber, clip: ClipId },
    /// The peer's side changed (re-INVITE).
    Update { seat: Seat, leg: LegId, spec: MediaSpec },
    /// Remove a leg; it comes back as [`Finished::Leg`].
    Remove { seat: Seat, leg: LegId },
}

/// How a key came among the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// As a telephone event (RFC 4733).
    Event,
    /// As two tones in the voice (ITU-T Q.23).
    Tone,
}

/// What a media thread tells the control side. Small, so that its ring stays in the cache.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A key was pressed (told once for each form in which it came, when it is first noticed).
    Key { leg: LegId, key: Key, form: KeyForm },
    /// The clips of this `Play` were heard to their end.
    Played { leg: LegId, token: PlayToken },
    /// A muted leg's caller speaks. Told again only after a while.
    Talking { leg: LegId },
}

/// How a leg's line does, counted since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegFigures {
    /// RTP packets that came.
    pub received: u32,
    /// RTP packets that never came, by their sequence numbers (RFC 3550 §6.4.1; never negative here).
    pub lost: u32,
    /// Interarrival jitter (RFC 3550 §6.4.1) in samples; arrival is known to the tick only.
    pub jitter: u32,
    /// Frames that lie in the playout buffer after a tick.
    pub buffered: u32,
    /// Frames that were concealed.
    pub concealed: u32,
}

/// What a media thread is done with: it travels back to be freed by the control side.
#[derive(Debug)]
pub enum Finished<L, R> {
    /// A removed leg; its seat may be given out again.
    Leg { seat: Seat, leg: L },
    /// A closed (or refused) room.
    Room { room: R },
}
