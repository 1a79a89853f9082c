//! What the operator sees: counts and loads, never people.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A running bridge's answer to `rundruf status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Calls that key their room number or PIN, or hear a goodbye.
    pub in_reception: usize,
    /// Calls that are in a room.
    pub in_rooms: usize,
    /// Rooms with somebody in them, by number.
    pub rooms: Vec<RoomStatus>,
    /// Calls and requests refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Every other counted case of signalling, reception and media.
    pub counters: BTreeMap<String, u64>,
    /// The media thread.
    pub media: MediaStatus,
    /// What is held at the moment, for leak checks: dialogs, transactions, timers, legs, ports.
    pub held: BTreeMap<String, usize>,
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
}

/// The media thread's load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MediaStatus {
    /// Share of the last second that the tick took, 0 to 100.
    pub load_pct: f64,
    /// The longest slot of the last second, in microseconds (a slot has 1,000).
    pub slot_us_max: u64,
    /// Slots since the start that began more than 1 ms late.
    pub late_slots: u64,
    /// Whole frames since the start that were skipped because the machine stood still.
    pub skipped_frames: u64,
}
