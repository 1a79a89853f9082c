//! Opus (RFC 6716; RTP after RFC 7587) at 16 kHz, mono, by cells: packets of any number of 10 ms. What does not come, the decoder
//! makes up itself, out of the packet that follows if that carries the lost one too (in-band FEC) and is there already.

use super::ahead::Ahead;
use super::{CELL, Wideband};
use crate::media::cells::{MadeUp, PLACES, Piece, Store, place};
use crate::media_api::OpusSpec;
use crate::units::{FRAME, WIDE};
use ::opus::{Application, Bandwidth, Bitrate, Channels, Decoder, Signal, packet};

/// Samples a second.
const RATE: u32 = 16_000;
/// Bytes of the longest frame (RFC 6716 §3.4); a packet that is longer is refused.
const BYTES_MAX: usize = 1_275;
/// Samples of the longest packet: 120 ms.
const SAMPLES_MAX: usize = 6 * WIDE;
/// A packet that is no longer says that its sender says nothing (RFC 6716 §2.1.9).
const QUIET_BYTES: usize = 2;
/// Cells in a row that the decoder makes up: 60 ms; then the concealer fades out what it made.
const MADE_UP_MAX: u8 = 6;
/// … of quiet: two of the 400 ms after which a sender must say that it is still there.
const QUIET_MAX: u8 = 80;
/// Bits a second that are sent at most: more does not sound better at 16 kHz.
const BITRATE: u32 = 24_000;
/// The encoder's effort, of 10: from 2 on it costs two and a half times as much, and more.
const COMPLEXITY: i32 = 1;
/// The loss that in-band FEC is to be good for, in percent.
const LOSS_PCT: i32 = 10;

/// What a peer's voice is kept in until it is played.
#[derive(Debug)]
pub struct Opus {
    /// Each in the place of the first of its cells that is kept.
    packets: [[u8; BYTES_MAX]; PLACES],
    lengths: [u16; PLACES],
    /// Where a cell's packet is, and which of its cells it is.
    homes: [(u8, u8); PLACES],
    newest: u8,
    decoder: Decoder,
    ahead: Ahead,
    made_up: u8,
    quiet: bool,
}

impl Opus {
    /// Keeps nothing yet.
    pub fn new() -> Opus {
        Opus {
            packets: [[0; BYTES_MAX]; PLACES],
            lengths: [0; PLACES],
            homes: [(0, 0); PLACES],
            newest: 0,
            decoder: Decoder::new(RATE, Channels::Mono).expect("libopus decodes to 16 kHz mono"),
            ahead: Ahead::new(),
            made_up: MADE_UP_MAX,
            quiet: false,
        }
    }

    /// Decodes the packet of the cell at a position, or what it carries of the one before it; samples, and which of the packet's
    /// cells that cell is.
    fn decode_packet(
        &mut self,
        at: u32,
        sound: &mut [i16],
        redundant: bool,
    ) -> (::opus::Result<usize>, usize) {
        let (home, nth) = self.homes[place::<CELL>(at)];
        let home = usize::from(home);
        let packet = &self.packets[home][..usize::from(self.lengths[home])];
        if !redundant {
            self.quiet = packet.len() <= QUIET_BYTES;
        }
        (self.decoder.decode(packet, sound, redundant), usize::from(nth))
    }

    /// Decodes the packet of the cell that is to be decoded next, from that cell on.
    fn decode(&mut self) {
        let mut sound = [0; SAMPLES_MAX];
        let (decoded, nth) = self.decode_packet(self.ahead.to(), &mut sound, false);
        self.made_up = 0;
        let from = nth * CELL;
        let to = match decoded {
            Ok(count) if count > from => count,
            // Damaged: silence, once.
            Ok(_) | Err(_) => from + CELL,
        };
        self.ahead.push(&sound[from..to]);
    }

    /// Makes up what comes next: what the packet at `next` carries of it, else what the decoder takes it for.
    fn go_on(&mut self, next: Option<u32>) {
        let mut sound = [0; SAMPLES_MAX];
        let at = self.ahead.to();
        let missing = next.map_or(0, |next| next.wrapping_sub(at) as usize);
        let most = usize::from(MADE_UP_MAX) * CELL;
        let begins = |next: &u32| self.homes[place::<CELL>(*next)].1 == 0;
        let count = match next.filter(begins) {
            Some(next) if (CELL..=most).contains(&missing) => {
                self.decode_packet(next, &mut sound[..missing], true).0
            }
            Some(_) | None => self.decoder.decode(&[], &mut sound[..CELL], false),
        };
        let count = count.unwrap_or(CELL).clamp(CELL, SAMPLES_MAX);
        self.made_up = self.made_up.saturating_add((count / CELL) as u8);
        self.ahead.push(&sound[..count]);
    }
}

impl Store<CELL> for Opus {
    type Kind = ();

    fn cells(&self, payload: &[u8]) -> Option<usize> {
        if payload.is_empty() || payload.len() > BYTES_MAX {
            return None;
        }
        let samples = packet::get_nb_samples(payload, RATE).ok()?;
        samples.is_multiple_of(CELL).then_some(samples / CELL)
    }

    fn keep(&mut self, at: u32, piece: Piece<'_, ()>) {
        let place = place::<CELL>(at);
        if piece.first {
            self.newest = place as u8;
            self.lengths[place] = piece.payload.len().min(BYTES_MAX) as u16;
            let packet = self.packets[place].iter_mut().zip(piece.payload);
            packet.for_each(|(to, &from)| *to = from);
        }
        self.homes[place] = (self.newest, piece.nth as u8);
    }

    fn read(&mut self, at: u32, linear: &mut [i16]) {
        if !self.ahead.covers(at) {
            self.ahead.begin(at - at % CELL as u32);
        }
        while !self.ahead.reaches(at.wrapping_add(linear.len() as u32)) {
            self.decode();
        }
        self.ahead.read(at, linear);
    }

    fn make_up(&mut self, at: u32, next: Option<u32>, gap: &mut [i16]) -> MadeUp {
        let end = at.wrapping_add(gap.len() as u32);
        if !self.ahead.covers(at) {
            self.ahead.begin(at - at % CELL as u32);
        }
        let most = if self.quiet { QUIET_MAX } else { MADE_UP_MAX };
        if !self.ahead.reaches(end) && self.made_up >= most {
            return MadeUp::Nothing;
        }
        while !self.ahead.reaches(end) {
            self.go_on(next);
        }
        self.ahead.read(at, gap);
        if self.quiet { MadeUp::Quiet } else { MadeUp::Sound }
    }

    fn cut(&mut self) {
        self.ahead.clear();
    }

    fn forget(&mut self) {
        self.made_up = QUIET_MAX;
    }
}

/// What the bridge says is encoded by this.
#[derive(Debug)]
pub struct Encoder(::opus::Encoder);

impl Encoder {
    /// An encoder for what this peer receives.
    pub fn new(spec: OpusSpec) -> Encoder {
        let mut encoder = ::opus::Encoder::new(RATE, Channels::Mono, Application::Voip)
            .expect("libopus encodes 16 kHz mono");
        let bitrate = Bitrate::Bits(spec.bitrate.min(BITRATE).cast_signed());
        let wanted = [
            encoder.set_bitrate(bitrate),
            encoder.set_max_bandwidth(Bandwidth::Wideband),
            encoder.set_signal(Signal::Voice),
            encoder.set_complexity(COMPLEXITY),
            encoder.set_inband_fec(spec.fec),
            encoder.set_packet_loss_perc(if spec.fec { LOSS_PCT } else { 0 }),
        ];
        debug_assert!(wanted.iter().all(Result::is_ok), "{wanted:?}");
        Encoder(encoder)
    }

    /// Encodes a frame; how many bytes it takes, none if it cannot be.
    pub fn encode(&mut self, sound: &Wideband, payload: &mut [u8]) -> usize {
        self.0.encode(sound, payload).unwrap_or(0)
    }
}

const _: () = assert!(CELL == FRAME && PLACES <= u8::MAX as usize);
