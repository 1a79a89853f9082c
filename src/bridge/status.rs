//! What the operator sees: counts and loads, never people.

use crate::sip::{Peer, TrunkView};
use crate::units::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A running bridge's answer to `rundruf status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Whether no new calls are taken, and the bridge ends with the last one.
    pub draining: bool,
    /// What the bridge was set up for.
    pub capacity: Capacity,
    /// Calls that key their room number or PIN, or hear a goodbye.
    pub in_reception: usize,
    /// Calls that are in a room.
    pub in_rooms: usize,
    /// Every trunk at which the bridge registers.
    #[serde(default)]
    pub trunks: Vec<TrunkStatus>,
    /// Rooms with somebody in them, by number.
    pub rooms: Vec<RoomStatus>,
    /// Every call's line, by its number.
    pub lines: Vec<LineStatus>,
    /// Calls and requests refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Every other counted case of signalling, reception and media.
    pub counters: BTreeMap<String, u64>,
    /// The media thread.
    pub media: MediaStatus,
    /// What is held at the moment, for leak checks: dialogs, transactions, timers, legs, ports.
    pub held: BTreeMap<String, usize>,
}

/// What the bridge was set up for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// Most calls at the same time.
    pub calls_max: u32,
}

/// How well one call hears and is heard. A line's number tells nothing about who calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineStatus {
    /// Its number since the start: "line 4" of the log.
    pub line: u32,
    /// The room it is in; none in reception.
    pub room: Option<String>,
    /// Seconds since the call came.
    pub since_s: u64,
    /// How its voice travels: the codec, as SDP names it.
    #[serde(default)]
    pub codec: String,
    /// How it is encrypted, as SDP names it; none: it travels in clear.
    #[serde(default)]
    pub encrypted: Option<String>,
    /// Packets that never came, of those that should have since the call came, 0 to 100.
    pub loss_pct: f64,
    /// Interarrival jitter (RFC 3550 §6.4.1) in milliseconds.
    pub jitter_ms: f64,
    /// What the jitter buffer holds.
    pub buffer_ms: u32,
    /// Speech that was made up for packets that lacked, since the call came.
    pub concealed_ms: u64,
    /// Packets of ours that never arrived, 0 to 100, by the peer's reports (RTCP); like all that only they can tell, none
    /// before they do.
    #[serde(default)]
    pub far_loss_pct: Option<f64>,
    /// Interarrival jitter there, in milliseconds.
    #[serde(default)]
    pub far_jitter_ms: Option<f64>,
    /// To the peer and back, in milliseconds.
    #[serde(default)]
    pub round_trip_ms: Option<f64>,
    /// From the caller's mouth to the room, in milliseconds: half the round trip, a packet's length, the buffer.
    #[serde(default)]
    pub delay_ms: Option<f64>,
    /// How the caller sounds here: mean opinion score after ITU-T G.107, 1 to 4.5; none before something was heard.
    #[serde(default)]
    pub mos: Option<f64>,
    /// How the bridge sounds there.
    #[serde(default)]
    pub far_mos: Option<f64>,
    /// Whether the peer has said goodbye (RTCP BYE) while the call stands.
    #[serde(default)]
    pub said_goodbye: bool,
    /// Why one of the two does not hear the other, in words, while that is so.
    #[serde(default)]
    pub one_way: Option<String>,
    /// The echo that the telephone returns, if one was found.
    #[serde(default)]
    pub echo: Option<EchoStatus>,
}

/// The echo that a telephone returns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EchoStatus {
    /// From what is sent until it comes back, in milliseconds.
    pub delay_ms: u32,
    /// How far below what is sent it comes back, in dB; none before that was learnt.
    pub loss_db: Option<i32>,
    /// What becomes of it, in words.
    pub state: String,
    /// How far below what is sent that lies which is left of it, in dB; none before it was measured.
    #[serde(default)]
    pub rest_db: Option<i32>,
    /// Whether the others hear what is left.
    #[serde(default)]
    pub is_heard: bool,
    /// Whether the line is turned down while others speak.
    #[serde(default)]
    pub is_ducked: bool,
}

/// How a trunk is at which the bridge registers, or which only has to answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrunkStatus {
    /// What the operator calls it.
    pub name: String,
    /// Whether nobody registers there: it is asked by OPTIONS whether it answers.
    #[serde(default)]
    pub is_static: bool,
    /// For how many seconds it has been registered, or has answered; none if it is not, or does not.
    pub registered_s: Option<u64>,
    /// For how many seconds more, unless it is refreshed.
    pub expires_s: Option<u64>,
    /// Where: address and transport.
    pub target: Option<String>,
    /// Calls that came by it and stand.
    pub calls: usize,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// In how many seconds it is refreshed, or tried again; none while it is being asked.
    pub next_s: Option<u64>,
    /// The address at which the registrar sees us, where that is not the one that we tell.
    pub seen_as: Option<String>,
    /// Whether callers are told that address, for want of `sip.advertise`.
    #[serde(default)]
    pub is_shown: bool,
    /// The host that goes before that one and was not to be had: address and transport.
    #[serde(default)]
    pub waits_for: Option<String>,
}

impl TrunkStatus {
    /// What a trunk of this name shows of itself.
    pub(super) fn new(now: Time, name: String, view: &TrunkView) -> TrunkStatus {
        let binding = view.binding;
        TrunkStatus {
            name,
            is_static: !view.registers,
            registered_s: binding.map(|binding| now.since(binding.since).as_secs()),
            expires_s: binding.map(|binding| binding.until.since(now).as_secs()),
            target: binding.map(|binding| place(binding.target)),
            calls: view.calls,
            trouble: view.trouble.map(|trouble| trouble.to_string()),
            next_s: view.next.map(|next| next.since(now).as_secs()),
            seen_as: binding
                .and_then(|binding| binding.seen_as)
                .map(|seen| seen.to_string()),
            is_shown: view.is_shown,
            waits_for: view.waits_for.map(place),
        }
    }
}

fn place(peer: Peer) -> String {
    format!("{} by {}", peer.addr, peer.transport.name())
}

/// One room with somebody in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoomStatus {
    /// The room's number.
    pub room: String,
    /// How many are in it.
    pub count: usize,
    /// How many may be in it.
    pub seats: u32,
    /// Whether echoes are let through in it, for somebody chose so.
    #[serde(default)]
    pub lets_echo: bool,
}

/// The media threads' load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MediaStatus {
    /// Share of the last second that the tick took, 0 to 100; of several threads, on that which has most to do.
    pub load_pct: f64,
    /// The same of each media thread.
    #[serde(default)]
    pub loads_pct: Vec<f64>,
    /// The longest slot of the last second, in microseconds (a slot has 1,000).
    pub slot_us_max: u64,
    /// Slots since the start that began more than 1 ms late.
    pub late_slots: u64,
    /// Whole frames since the start that were skipped because the machine stood still.
    pub skipped_frames: u64,
    /// How many steps a thread leaves out for want of time ([`crate::media::Shed`]).
    #[serde(default)]
    pub left_out: usize,
    /// How long ago the thread gave its last sign of life, in milliseconds.
    pub silent_ms: u64,
    /// Whether the system gives the thread precedence (SCHED_FIFO).
    pub realtime: bool,
}
