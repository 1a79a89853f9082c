//! A counter of its own for every odd case on the tick.

macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// An odd case on the tick.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter { $($(#[$doc])* $variant,)* }

        impl Counter {
            /// Every counter.
            pub const ALL: &'static [Counter] = &[$(Counter::$variant,)*];

            /// Its name in `status`.
            pub const fn name(self) -> &'static str {
                match self { $(Counter::$variant => $name,)* }
            }
        }
    };
}

counters! {
    /// Frames played as they came.
    Played = "frames_played",
    /// Frames that had not come, or not wholly, when they were due, and were made up as far as they lacked.
    Concealed = "frames_concealed",
    /// Frames that came after their time and were dropped.
    Late = "frames_late",
    /// Packets that came for ticks that were left out, and were left out too.
    PassedOver = "packets_passed_over",
    /// Frames that came twice.
    Doubled = "frames_doubled",
    /// Times that a buffer went back for a packet that came late, and is deeper from then on.
    Grown = "buffer_grown",
    /// Frames into which a pitch period, or some quiet, was put: the buffer is deeper from then on.
    Stretched = "buffer_stretched",
    /// Frames out of which one was left: it is shallower.
    Shrunk = "buffer_shrunk",
    /// Frames of legs that were not looked at for an echo, for want of time.
    LookShed = "shed_look",
    /// Frames in which a buffer that wanted to change was left as it is, for want of time.
    StretchShed = "shed_stretch",
    /// Frames of legs in rooms that were not listened to for keys as tones, for want of time.
    TonesShed = "shed_room_tones",
    /// Gaps that were not filled with pitch periods, for want of time.
    PitchShed = "shed_pitch",
    /// Gaps that were heard and that began while nothing waited: late or lost.
    Starved = "buffer_starved",
    /// Time stamps that jumped out of the buffer's reach: the stream began anew.
    Jumped = "stream_jumped",
    /// Packets that were not RTP version 2.
    NotRtp = "rtp_malformed",
    /// RTCP that came by the RTP port (RFC 5761).
    Control = "rtp_is_rtcp",
    /// Packets of a payload type that was not agreed.
    WrongPayload = "rtp_payload_type",
    /// Audio packets whose length is no multiple of 10 ms, or above 120.
    OddLength = "rtp_odd_length",
    /// Packets from an address that is not the leg's peer.
    Stranger = "rtp_stranger",
    /// Packets on a sealed leg that nobody with its keys made, or that were changed on their way.
    SrtpUnauthentic = "srtp_unauthentic",
    /// Packets on a sealed leg that came again, or far too late.
    SrtpReplayed = "srtp_replayed",
    /// Legs that settled on another address than the negotiated one.
    Moved = "rtp_latched_elsewhere",
    /// Telephone events that were malformed.
    BadEvent = "event_malformed",
    /// Keys that were told because their tones were heard among the voice.
    ToneKey = "keys_by_tone",
    /// Packets that the system would not send.
    SendFailed = "rtp_send_failed",
    /// RTCP datagrams of the peer that were read.
    ControlTaken = "rtcp_received",
    /// Reports of ours.
    ControlSent = "rtcp_sent",
    /// Reports that the system would not send.
    ControlUnsent = "rtcp_send_failed",
    /// RTCP datagrams that were damaged.
    ControlMalformed = "rtcp_malformed",
    /// RTCP datagrams from a host that is not the peer's.
    ControlStranger = "rtcp_stranger",
    /// Goodbyes of the peer (RFC 3550 §6.6).
    Goodbye = "rtcp_goodbye",
    /// Legs of which nothing came.
    NothingComes = "one_way_nothing_comes",
    /// Legs whose voice came from an address that is refused.
    FromElsewhere = "one_way_from_elsewhere",
    /// Legs whose voice came in a codec that was not agreed.
    UnknownPayload = "one_way_unknown_payload",
    /// Legs whose peer reported that nothing arrives.
    NothingArrives = "one_way_nothing_arrives",
    /// Echoes that a canceller began to take out.
    EchoCancelled = "echo_cancelled",
    /// Echoes that were found while no canceller was free.
    EchoWaits = "echo_without_canceller",
    /// Times that an echo was found at another delay.
    EchoFollowed = "echo_followed",
    /// Echoes that were gone: their cancellers were given back.
    EchoGone = "echo_gone",
    /// What looked like an echo, and came back louder than it was sent.
    EchoRefuted = "echo_refuted",
    /// Echoes of which the others heard what was left.
    EchoHeard = "echo_heard",
    /// Times that a leg was turned down while others speak, for its echo stayed unbearable.
    EchoDucked = "echo_ducked",
    /// Times that this ended.
    EchoUnducked = "echo_ducked_no_more",
    /// Cancellers that were taken back because the thread was short of time.
    EchoShed = "echo_shed",
    /// Frames in which a room's limiter was at work.
    Limited = "frames_limited",
    /// Commands that named a leg or room that was not there.
    Void = "commands_void",
    /// Events that found the ring full.
    EventLost = "events_lost",
}

/// All counters, counting up from the start.
#[derive(Clone, Debug)]
pub struct Counters([u64; Counter::ALL.len()]);

impl Default for Counters {
    fn default() -> Counters {
        Counters([0; Counter::ALL.len()])
    }
}

impl Counters {
    /// Counts one case.
    pub fn count(&mut self, case: Counter) {
        self.0[case as usize] += 1;
    }

    /// How often the case was seen.
    pub fn get(&self, case: Counter) -> u64 {
        self.0[case as usize]
    }
}
