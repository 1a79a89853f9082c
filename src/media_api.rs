//! Owns every word that the control side and a media thread say to each other. Depends on the hall only.
//!
//! Commands travel down one fixed ring and are applied at the start of a slot, a bounded number at a time; events and
//! finished legs travel back by two more. A full ring refuses and is counted; nothing waits.

pub use crate::codec::{Codec, CodecName, Codecs, EventSpec, Law, OpusSpec, SrtpPolicy, Suite};
use crate::ids::{ClipId, LegId, RoomNumber};
use crate::secret::{Key, MasterKey};
use std::net::{IpAddr, SocketAddr};

/// A leg's place in the slab of whichever media thread it is on, given out by the control side and reused after
/// [`Finished::Leg`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat(pub u32);

impl Seat {
    /// The number of the line that sits there, as the operator and a leader hear it: small, and without meaning outside the bridge.
    pub const fn line(self) -> u32 {
        self.0 + 1
    }
}

/// Where and how a leg's peer wants its media, as offer and answer agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaSpec {
    /// The peer's address from its SDP. Media from another port, or from the host of `also`, is latched when nothing comes
    /// from here; from any other host never.
    pub remote: SocketAddr,
    /// Where the peer is according to signalling: behind address translation its SDP names an address that nobody reaches.
    pub also: Option<IpAddr>,
    /// Where its SDP wants RTCP: the port after, or what `a=rtcp` says (RFC 3605).
    pub control: Option<SocketAddr>,
    /// What is sent, and understood. On a line of 8 kHz both laws are understood.
    pub codec: Codec,
    /// Telephone events, if the peer offered them.
    pub events: Option<EventSpec>,
    /// Whether the peer wants to hear us (`sendrecv` or `recvonly` in its offer).
    pub send: bool,
    /// Whether the peer will send (`sendrecv` or `sendonly` in its offer).
    pub receive: bool,
    /// How media is sealed, if it is; the keys travel apart ([`SrtpKeys`]).
    pub srtp: Option<SrtpSpec>,
}

/// Which keys seal a leg's media, without a word of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpSpec {
    /// How.
    pub suite: Suite,
    /// Of the keys that this call had for what we send, the how-manieth.
    pub send: u32,
    /// The same for what the peer sends.
    pub receive: u32,
}

/// The keys that seal a leg's media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    /// Which they are.
    pub spec: SrtpSpec,
    /// For what we send.
    pub send: MasterKey,
    /// For what the peer sends.
    pub receive: MasterKey,
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

/// What the control side may ask of a media thread. `L` is a complete leg, `R` a complete room, `V` what a leg is fitted with anew: all
/// are built, and later freed, by the control side. Every command that names a seat also names the leg that it is meant for; it is
/// void (and counted) if another leg sits there by then.
#[derive(Debug)]
pub enum Command<L, R, V> {
    /// Move a leg in, a new one or one that another thread had; it is in reception: it hears clips and silence.
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
    /// Take echoes out in this room from now on, or let them through.
    TreatEcho { number: RoomNumber, treats: bool },
    /// Somebody in the room hears an echo: look at what is left of its legs' echoes more closely for some seconds.
    SeekEcho { number: RoomNumber },
    /// The peer's side changed (re-INVITE), maybe to another codec or other keys: what that takes comes with it.
    Update {
        seat: Seat,
        leg: LegId,
        spec: MediaSpec,
        fitting: Option<V>,
    },
    /// Remove a leg; it comes back as [`Finished::Leg`].
    Remove { seat: Seat, leg: LegId },
    /// Another media thread is to have a leg: it comes back as [`Finished::Taken`], as it is.
    Take { seat: Seat, leg: LegId },
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed (told once for each form in which it came, when it is first noticed).
    Key { leg: LegId, key: Key, form: KeyForm },
    /// The clips of this `Play` were heard to their end.
    Played { leg: LegId, token: PlayToken },
    /// A muted leg's caller speaks. Told again only after a while.
    Talking { leg: LegId },
    /// One of the two does not hear the other, for this reason; or both do again.
    OneWay { leg: LegId, fault: Option<Fault> },
    /// What has become of what the others hear of a leg's echo; `line` is the leg's number, as the operator sees it.
    Echo { leg: LegId, line: u32, news: EchoNews },
    /// The bridge itself failed at this room's tick: nobody in it is heard or spoken to any more.
    RoomFailed { number: RoomNumber },
    /// The bridge itself failed at this leg's tick: it is not heard or spoken to any more.
    LegFailed { leg: LegId },
}

/// What has become of what is left of a leg's echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoNews {
    /// The others hear it, so far below what was sent, in dB.
    Heard { loss_db: u8 },
    /// They still do, and nobody speaks at the moment. Told in every pause, at most every five seconds.
    Pause,
    /// They hear it no more.
    Gone,
}

/// Why a call is heard one way only, as far as the bridge can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing comes from the peer.
    NothingComes,
    /// Voice comes, but from an address that is not the peer's, and is refused.
    FromElsewhere,
    /// Voice comes, in a codec that was not agreed.
    UnknownPayload,
    /// The peer's reports say that nothing of ours arrives.
    NothingArrives,
}

impl Fault {
    /// Every fault, in the order of their numbers.
    pub const ALL: [Fault; 4] = [
        Fault::NothingComes,
        Fault::FromElsewhere,
        Fault::UnknownPayload,
        Fault::NothingArrives,
    ];

    /// Whether the bridge does not hear the caller, who may hear the bridge.
    pub const fn is_caller_unheard(self) -> bool {
        !matches!(self, Fault::NothingArrives)
    }
}

/// What the peer's reports say (RFC 3550 §6.4), and what they are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FarFigures {
    /// RTP packets sent to the peer.
    pub sent: u32,
    /// Its reports on our stream.
    pub reports: u32,
    /// Packets of ours that it has lost.
    pub lost: u32,
    /// Of those between its last two reports, in 256ths.
    pub loss_256: u32,
    /// Interarrival jitter there, in samples.
    pub jitter: u32,
    /// The last round trip, in 1/65,536 s, if one was measured.
    pub round_trip: Option<u32>,
    /// Whether it has said goodbye.
    pub goodbye: bool,
}

/// What becomes of a leg's echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoState {
    /// The others hear it: no canceller is free, or the thread has no time for one.
    LetThrough,
    /// It is taken out.
    Cancelled,
    /// It looked like an echo, and was none.
    NoEcho,
}

/// The echo that a telephone returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoFigures {
    /// What becomes of it.
    pub state: EchoState,
    /// From what is sent until it comes back, in milliseconds.
    pub delay_ms: u16,
    /// How far below what is sent it comes back, in dB; known once a canceller has learnt it.
    pub loss_db: Option<i8>,
    /// How far below what is sent that lies which is left of it, in dB; known once it was measured.
    pub rest_db: Option<i8>,
    /// Whether the others hear what is left.
    pub is_heard: bool,
    /// Whether the leg is turned down while others speak.
    pub is_ducked: bool,
}

impl EchoFigures {
    /// All of it as two words, of which the first is never 0.
    fn words(self) -> [u32; 2] {
        let state = self.state as u32 + 1;
        let byte = |db: Option<i8>| db.map_or(0, |db| (i32::from(db.max(-127)) + 128) as u32);
        let flags = u32::from(self.is_heard) | u32::from(self.is_ducked) << 1;
        [
            state | u32::from(self.delay_ms) << 8 | byte(self.loss_db) << 24,
            byte(self.rest_db) | flags << 8,
        ]
    }

    /// The same, read back.
    fn from_words([word, rest]: [u32; 2]) -> Option<EchoFigures> {
        let byte = |byte: u32| byte.checked_sub(1).map(|db| (db as i32 - 127) as i8);
        let state = match word & 0xff {
            1 => EchoState::LetThrough,
            2 => EchoState::Cancelled,
            3 => EchoState::NoEcho,
            _ => return None,
        };
        Some(EchoFigures {
            state,
            delay_ms: (word >> 8) as u16,
            loss_db: byte(word >> 24),
            rest_db: byte(rest & 0xff),
            is_heard: rest >> 8 & 1 == 1,
            is_ducked: rest >> 9 & 1 == 1,
        })
    }
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
    /// Samples that were made up for what never came, or came too late.
    pub concealed: u32,
    /// RTP packets lost between our last two reports, in 256ths of those that were expected.
    pub loss_256: u32,
    /// The other direction.
    pub far: FarFigures,
    /// Why one of the two does not hear the other, if that is so.
    pub fault: Option<Fault>,
    /// The echo that the telephone returns, if one was found.
    pub echo: Option<EchoFigures>,
}

impl LegFigures {
    /// Words of [`LegFigures::words`].
    pub const WORDS: usize = 16;

    /// All of it as plain words, as one thread leaves it for another.
    pub fn words(&self) -> [u32; LegFigures::WORDS] {
        let fault = self.fault.map_or(0, |fault| fault as u32 + 1);
        let far = &self.far;
        let [echo, echo_rest] = self.echo.map_or([0; 2], EchoFigures::words);
        [
            self.received,
            self.lost,
            self.jitter,
            self.buffered,
            self.concealed,
            self.loss_256,
            far.sent,
            far.reports,
            far.lost,
            far.loss_256,
            far.jitter,
            // No trip takes no time, so nothing is left for "not known".
            far.round_trip.map_or(0, |trip| trip.max(1)),
            far.goodbye.into(),
            fault,
            echo,
            echo_rest,
        ]
    }

    /// The same, read back.
    pub fn from_words(words: [u32; LegFigures::WORDS]) -> LegFigures {
        let [
            received,
            lost,
            jitter,
            buffered,
            concealed,
            loss_256,
            far @ ..,
            fault,
            echo,
            echo_rest,
        ] = words;
        let [sent, reports, far_lost, far_loss_256, far_jitter, trip, goodbye] = far;
        LegFigures {
            received,
            lost,
            jitter,
            buffered,
            concealed,
            loss_256,
            far: FarFigures {
                sent,
                reports,
                lost: far_lost,
                loss_256: far_loss_256,
                jitter: far_jitter,
                round_trip: (trip > 0).then_some(trip),
                goodbye: goodbye > 0,
            },
            fault: (fault as usize)
                .checked_sub(1)
                .and_then(|at| Fault::ALL.get(at).copied()),
            echo: EchoFigures::from_words([echo, echo_rest]),
        }
    }
}

/// What a media thread is done with: it travels back to be freed by the control side.
#[derive(Debug)]
pub enum Finished<L, R, V> {
    /// A removed leg; its seat may be given out again.
    Leg { seat: Seat, leg: L },
    /// A leg that goes to another media thread.
    Taken { seat: Seat, leg: L },
    /// A closed (or refused) room.
    Room { room: R },
    /// What a leg needs no more because it speaks otherwise now, or is gone.
    Fitting { fitting: V },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_back_as_they_were_left() {
        let far = FarFigures {
            sent: 7,
            reports: 8,
            lost: 9,
            loss_256: 10,
            jitter: 11,
            round_trip: Some(12),
            goodbye: true,
        };
        let full = LegFigures {
            received: 1,
            lost: 2,
            jitter: 3,
            buffered: 4,
            concealed: 5,
            loss_256: 6,
            far,
            fault: Some(Fault::NothingArrives),
            echo: Some(EchoFigures {
                state: EchoState::NoEcho,
                delay_ms: 480,
                loss_db: Some(-3),
                rest_db: Some(41),
                is_heard: true,
                is_ducked: false,
            }),
        };
        for figures in [full, LegFigures::default()] {
            assert_eq!(LegFigures::from_words(figures.words()), figures);
        }
        for (number, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault as usize, number);
        }
    }
}
