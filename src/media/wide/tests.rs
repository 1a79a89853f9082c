//! Lines of 16 kHz, coder to coder: what is said is heard, in its tick, whatever the packets are cut into, and through loss.

use super::*;
use crate::media::counters::Counter;
use crate::media_api::OpusSpec;

const OPUS: OpusSpec = OpusSpec {
    payload_type: 111,
    fec: true,
    bitrate: 24_000,
};
const CODECS: [Codec; 2] = [Codec::G722, Codec::Opus(OPUS)];

/// A voice with something above the telephone band: 200 and 5,000 Hz, slowly louder and softer.
fn voice(frame: usize) -> Wideband {
    std::array::from_fn(|at| {
        let second = (frame * WIDE + at) as f32 / 16_000.0;
        let wave = |hertz: f32| (std::f32::consts::TAU * hertz * second).sin();
        (wave(1.5).abs() * (6_000.0 * wave(200.0) + 3_000.0 * wave(5_000.0))) as i16
    })
}

/// The level of a tone in a sound, in its amplitude.
fn level(sound: &[i16], hertz: f32) -> f32 {
    let angle = |at: usize| std::f32::consts::TAU * hertz * at as f32 / 16_000.0;
    let part = |part: fn(f32) -> f32| -> f32 {
        sound
            .iter()
            .enumerate()
            .map(|(at, &sample)| f32::from(sample) * part(angle(at)))
            .sum()
    };
    part(f32::cos).hypot(part(f32::sin)) / sound.len() as f32 * 2.0
}

/// A line, and the payloads that its caller sends.
struct Line {
    wide: Box<Wide>,
    caller: Box<Wide>,
    counters: Counters,
    heard: Vec<i16>,
    tick: u64,
    said: usize,
    start: u32,
}

impl Line {
    fn new(codec: Codec, start: u32) -> Line {
        Line {
            wide: Wide::new(codec).expect("wide"),
            caller: Wide::new(codec).expect("wide"),
            counters: Counters::default(),
            heard: Vec::new(),
            tick: 500,
            said: 0,
            start,
        }
    }

    /// The next 20 ms of the caller's voice, with its time stamp.
    fn say(&mut self) -> (u32, Vec<u8>) {
        let mut payload = [0; PAYLOAD_MAX];
        let len = self.caller.encode(&voice(self.said), &mut payload);
        let steps = self.wide.codec().clock() / 50;
        let timestamp = self.start.wrapping_add(self.said as u32 * steps);
        self.said += 1;
        (timestamp, payload[..len].to_vec())
    }

    fn come(&mut self, (timestamp, payload): &(u32, Vec<u8>)) {
        self.wide
            .put(self.tick, (7, *timestamp), payload, &mut self.counters);
    }

    fn play(&mut self) -> Pulled {
        let pulled = self.wide.pull(self.tick, &mut self.counters);
        self.heard.extend(self.wide.heard);
        self.tick += 1;
        pulled
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counters.get(counter)
    }

    /// The largest step from one sample to the next.
    fn steepest(&self, from: usize) -> i32 {
        let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
        self.heard[from..].windows(2).map(step).max().unwrap_or(0)
    }
}

#[test]
fn a_clean_line_is_heard_in_its_tick_with_what_lies_above_the_telephone_band() {
    // Of 24 kbit/s, FEC takes what a tone above the telephone band would need.
    let opus = OpusSpec { fec: false, ..OPUS };
    // Both clocks wrap within the first second.
    for (codec, start) in [Codec::G722, Codec::Opus(opus)]
        .into_iter()
        .flat_map(|codec| [(codec, 0), (codec, u32::MAX - 20_000)])
    {
        let mut line = Line::new(codec, start);
        for _ in 0..150 {
            let packet = line.say();
            line.come(&packet);
            assert_eq!(line.play(), Pulled::Played, "{codec:?}");
        }
        for counter in [
            Counter::Late,
            Counter::Jumped,
            Counter::Stretched,
            Counter::Shrunk,
            Counter::Doubled,
        ] {
            assert_eq!(line.count(counter), 0, "{codec:?} {counter:?}");
        }
        let said: Vec<i16> = (0..150).flat_map(voice).collect();
        // Up to the codec's own delay the envelope is the same: a tenth of a second around a maximum.
        for hertz in [200.0, 5_000.0] {
            let window = 5_000..8_200;
            let (heard, said) = (
                level(&line.heard[window.clone()], hertz),
                level(&said[window], hertz),
            );
            assert!(
                (0.6..1.5).contains(&(heard / said)),
                "{codec:?} {hertz} Hz: {heard} of {said}"
            );
        }
    }
}

#[test]
fn opus_packets_of_10_to_120_ms_sound_like_those_of_20() {
    let long = |frames: usize| {
        let mut encoder = ::opus::Encoder::new(16_000, ::opus::Channels::Mono, ::opus::Application::Voip)
            .expect("an encoder");
        let mut line = Line::new(Codec::Opus(OPUS), 9);
        for frame in 0..120 {
            if frame % frames == 0 && frame > 0 || frames == 1 {
                let from = frame - if frames == 1 { 0 } else { frames };
                let sound: Vec<i16> = (from..from + frames).flat_map(voice).collect();
                // libopus makes packets of 60 ms at most; longer ones are theirs in a row.
                let packets: Vec<Vec<u8>> = sound
                    .chunks(3 * WIDE)
                    .map(|sound| encoder.encode_vec(sound, 1_275).expect("coded"))
                    .collect();
                for (n, payload) in packets.into_iter().enumerate() {
                    line.come(&((9 + (from + 3 * n) * 960) as u32, payload));
                }
            }
            line.play();
        }
        line
    };
    for frames in [1, 2, 3, 6] {
        let line = long(frames);
        assert_eq!(
            line.count(Counter::OddLength) + line.count(Counter::Jumped),
            0,
            "{frames}"
        );
        assert!(
            level(&line.heard[12_000..30_000], 200.0) > 1_000.0,
            "{frames} frames a packet"
        );
    }
}

#[test]
fn what_is_no_payload_of_the_codec_is_counted_and_nothing_else() {
    for codec in CODECS {
        let mut line = Line::new(codec, 0);
        for payload in [vec![], vec![1; 79], vec![3; 3], vec![0xff; 1_400], vec![0x08; 1]] {
            line.come(&(0, payload));
            line.play();
        }
        // To Opus nearly any bytes are a packet, but not none of them, nor more than the longest has.
        let odd = if codec == Codec::G722 { 5 } else { 2 };
        assert!(line.count(Counter::OddLength) >= odd, "{codec:?}");
        for _ in 0..50 {
            let packet = line.say();
            line.come(&packet);
            line.play();
        }
        assert!(
            level(&line.heard[20 * WIDE..], 200.0) > 500.0,
            "{codec:?} recovers"
        );
    }
}

#[test]
fn loss_is_made_up_without_a_click_and_silence_follows_if_nothing_comes() {
    for codec in CODECS {
        let mut line = Line::new(codec, 77);
        let mut pulls = Vec::new();
        for frame in 0..200 {
            let packet = line.say();
            if frame % 20 != 19 || frame >= 180 {
                line.come(&packet);
            }
            pulls.push(line.play());
        }
        let made_up = pulls
            .iter()
            .filter(|pulled| **pulled == Pulled::Concealed)
            .count();
        assert_eq!(made_up, 9, "{codec:?}");
        // The voice's own steepest step is that of 5,000 Hz at 3,000: 5,500.
        assert!(
            line.steepest(2 * WIDE) < 9_000,
            "{codec:?}: {}",
            line.steepest(2 * WIDE)
        );
        let from = line.heard.len();
        for _ in 0..50 {
            line.play();
        }
        assert!(
            line.heard[from + 12 * WIDE..].iter().all(|&sample| sample == 0),
            "{codec:?}"
        );
        for _ in 0..50 {
            let packet = line.say();
            line.come(&packet);
            line.play();
        }
        assert!(
            line.steepest(from) < 9_000,
            "{codec:?}: it comes back without a click"
        );
    }
}

/// A voice that glides, so that a packet is not told by the one before.
fn gliding(frame: usize) -> Wideband {
    std::array::from_fn(|at| {
        let second = (frame * WIDE + at) as f32 / 16_000.0;
        let pitch = 140.0 * second + 4.0 * (std::f32::consts::TAU * 3.0 * second).sin();
        let wave: f32 = (1..=12)
            .map(|n| (std::f32::consts::TAU * pitch * n as f32).sin() / n as f32)
            .sum();
        (4_000.0 * wave * (1.2 + (std::f32::consts::TAU * 5.0 * second).sin())) as i16
    })
}

#[test]
fn a_lost_packet_of_opus_is_heard_from_the_next_one_if_that_is_there() {
    let mut coder = Wide::new(Codec::Opus(OPUS)).expect("wide");
    let packets: Vec<Vec<u8>> = (0..40)
        .map(|n| {
            let mut payload = [0; PAYLOAD_MAX];
            let len = coder.encode(&gliding(n), &mut payload);
            payload[..len].to_vec()
        })
        .collect();
    let keep = |shelf: &mut opus::Opus, n: usize| {
        for nth in 0..2 {
            let piece = Piece {
                nth,
                first: nth == 0,
                kind: (),
                payload: &packets[n],
            };
            shelf.keep((n * WIDE + nth * CELL) as u32, piece);
        }
    };
    // Hears all but packet `lost`, of which it makes up what it can, knowing the next one or not.
    let heard = |lost: usize, known: bool| {
        let (mut shelf, mut sound) = (opus::Opus::new(), [0; WIDE]);
        for n in 0..lost {
            keep(&mut shelf, n);
            shelf.read((n * WIDE) as u32, &mut sound);
        }
        keep(&mut shelf, lost + 1);
        let next = known.then_some(((lost + 1) * WIDE) as u32);
        assert_eq!(
            shelf.make_up((lost * WIDE) as u32, next, &mut sound),
            MadeUp::Sound
        );
        sound
    };
    let said = |lost: usize| {
        let (mut shelf, mut sound) = (opus::Opus::new(), [0; WIDE]);
        for n in 0..=lost {
            keep(&mut shelf, n);
            shelf.read((n * WIDE) as u32, &mut sound);
        }
        sound
    };
    let error = |known: bool| -> f64 {
        let off = |(a, b): (&i16, &i16)| (f64::from(*a) - f64::from(*b)).powi(2);
        let squares = (5..38).map(|lost| said(lost).iter().zip(&heard(lost, known)).map(off).sum::<f64>());
        squares.sum::<f64>().sqrt()
    };
    let (known, unknown) = (error(true), error(false));
    assert!(
        known < 0.7 * unknown,
        "with the next packet {known}, without {unknown}"
    );
}

#[test]
fn a_sender_that_says_nothing_is_not_lost() {
    let mut encoder =
        ::opus::Encoder::new(16_000, ::opus::Channels::Mono, ::opus::Application::Voip).expect("an encoder");
    encoder.set_dtx(true).expect("DTX");
    let mut line = Line::new(Codec::Opus(OPUS), 0);
    let (mut unsent, mut quiet) = (0, false);
    for frame in 0..150u32 {
        let sound = if frame < 50 {
            voice(frame as usize)
        } else {
            [0; WIDE]
        };
        let payload = encoder.encode_vec(&sound, 1_275).expect("coded");
        // A packet of two bytes or less need not be sent; the first says so.
        let was_quiet = std::mem::replace(&mut quiet, payload.len() <= 2);
        if quiet && was_quiet {
            unsent += 1;
        } else {
            line.come(&(frame * 960, payload));
        }
        assert_ne!(line.play(), Pulled::Concealed, "frame {frame}");
    }
    assert!(unsent > 50, "the encoder does fall silent: {unsent}");
}
