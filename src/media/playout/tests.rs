use super::*;
use crate::media::{SILENCE, law};
use crate::media_api::Law;

mod drift;
mod left_out;
mod lines;

/// A second of a voice that can go round without a seam: 137 periods, louder and softer four times.
pub(super) fn voice(law: Law) -> Vec<u8> {
    let tau = std::f32::consts::TAU;
    let sample = |at: usize| {
        let second = at as f32 / 8_000.0;
        let wave: f32 = (1..=12)
            .map(|n| (tau * 137.0 * second * n as f32).cos() / n as f32)
            .sum();
        (5_000.0 * (0.6 + 0.4 * (tau * 4.0 * second).sin()) * wave) as i16
    };
    let mut coded = vec![0; 8_000];
    for (at, frame) in coded.as_chunks_mut::<FRAME>().0.iter_mut().enumerate() {
        law::encode(law, &std::array::from_fn(|i| sample(at * FRAME + i)), frame);
    }
    coded
}

/// The largest step from one sample to the next.
pub(super) fn steepest(sound: &[i16]) -> i32 {
    let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
    sound.windows(2).map(step).max().unwrap_or(0)
}

/// A leg's buffer, and a sender whose voice goes round and round.
pub(super) struct Line {
    pub buffer: Narrow,
    pub counters: Counters,
    pub heard: Vec<i16>,
    voice: Vec<u8>,
    start: u32,
    tick: u64,
}

impl Line {
    pub fn new(start: u32) -> Line {
        Line {
            buffer: Narrow::new(G711::new(), Scale::One),
            counters: Counters::default(),
            heard: Vec::new(),
            voice: voice(Law::A),
            start,
            tick: 1_000,
        }
    }

    /// `length` samples from the sender's sample `at` on, as they are sent.
    fn coded(&self, at: u64, length: usize) -> Vec<u8> {
        (at..at + length as u64)
            .map(|at| self.voice[(at % 8_000) as usize])
            .collect()
    }

    /// A packet comes.
    pub fn come(&mut self, at: u64, length: usize) {
        self.come_from(1, at, length);
    }

    pub fn come_from(&mut self, ssrc: u32, at: u64, length: usize) {
        let coded = self.coded(at, length);
        let place = (ssrc, self.start.wrapping_add(at as u32));
        self.buffer
            .put(self.tick, place, Law::A, &coded, &mut self.counters);
    }

    /// A tick passes.
    pub fn play(&mut self) -> Pulled {
        let mut frame = SILENCE;
        let pulled = self.buffer.pull(self.tick, &mut frame, &mut self.counters);
        self.tick += 1;
        self.heard.extend(frame);
        pulled
    }

    /// What of the voice was sent from `at` on, decoded.
    pub fn said(&self, at: u64, length: usize) -> Vec<i16> {
        let mut linear = vec![0; length];
        law::decode(Law::A, &self.coded(at, length), &mut linear);
        linear
    }

    /// How far the sender's sample that the next tick plays lies behind `sender`.
    pub fn behind(&self, sender: u64) -> i64 {
        let stream = self.buffer.stream.expect("a stream has begun");
        distance(
            stream
                .anchor
                .0
                .wrapping_add(stream.due)
                .wrapping_sub(stream.anchor.1),
            self.start.wrapping_add(sender as u32),
        )
    }

    pub fn count(&self, case: Counter) -> u64 {
        self.counters.get(case)
    }
}

#[test]
fn a_clean_line_passes_to_the_bit_and_in_its_tick_whatever_its_packets_are() {
    for (ms, start) in [
        (10, 0),
        (20, 77),
        (20, u32::MAX - 3_000),
        (40, 5),
        (60, u32::MAX - 90_000),
    ] {
        let mut line = Line::new(start);
        let length = ms * 8;
        let mut sent = 0;
        for tick in 0..3_000u64 {
            // A packet comes in the tick in which its first sample is due.
            while sent <= tick * 160 {
                line.come(sent, length);
                sent += length as u64;
            }
            if ms == 10 {
                line.come(sent, length);
                sent += length as u64;
            }
            assert_eq!(line.play(), Pulled::Played, "{ms} ms, tick {tick}");
        }
        assert!(line.heard == line.said(0, 3_000 * FRAME), "{ms} ms from {start}");
        for &odd in Counter::ALL {
            assert_eq!(line.count(odd), 0, "{odd:?} with {ms} ms from {start}");
        }
    }
}

#[test]
fn packets_of_30_ms_and_bursts_of_60_are_heard_whole_once_their_depth_is_known() {
    for (length, every_ms) in [(240, 30), (160, 60)] {
        let mut line = Line::new(9);
        let mut sent = 0u64;
        for tick in 0..500u64 {
            // What the sender has finished by now, in lots.
            let ready = tick * 20 / every_ms * every_ms * 8;
            while sent < ready {
                line.come(sent, length);
                sent += length as u64;
            }
            line.play();
        }
        let from = 100 * FRAME;
        let first = (0..8_000u64)
            .find(|&at| line.said(at, 800) == line.heard[from..from + 800])
            .expect("the voice is heard as it was said");
        let rest = line.heard.len() - from;
        assert!(
            line.heard[from..] == line.said(first, rest),
            "{length} every {every_ms}"
        );
        assert!(
            line.behind(500 * 160) <= 60 * 8 + 160,
            "{}",
            line.behind(500 * 160)
        );
    }
}

#[test]
fn a_backlog_at_the_beginning_adds_no_delay() {
    let mut line = Line::new(0);
    (0..5).for_each(|n| line.come(n * 160, 160));
    line.play();
    line.come(800, 160);
    line.play();
    assert!(line.heard == line.said(640, 320));
}

#[test]
fn a_lost_frame_is_made_up_and_the_next_is_on_time() {
    let mut line = Line::new(0);
    for n in 0..10 {
        if n != 4 {
            line.come(n * 160, 160);
        }
        let pulled = line.play();
        assert_eq!(pulled == Pulled::Concealed, n == 4);
    }
    assert!(line.heard[..640] == line.said(0, 640));
    assert!(line.heard[5 * 160 + 80..] == line.said(5 * 160 + 80, 5 * 160 - 80));
    assert_eq!((line.count(Counter::Grown), line.count(Counter::Starved)), (0, 1));
}

#[test]
fn one_lost_packet_is_made_up_once_however_many_frames_it_touches() {
    let mut line = Line::new(0);
    let (mut sent, mut frames, mut samples) = (0, 0, 0);
    for tick in 0..30 {
        while sent < (tick + 1) * 160 {
            if sent != 4 * 240 {
                line.come(sent, 240);
            }
            sent += 240;
        }
        frames += u32::from(line.play() == Pulled::Concealed);
        samples += line.buffer.made_up();
    }
    assert_eq!((frames, samples), (2, 240));
}

#[test]
fn a_leg_at_the_edge_gets_one_frame_more_and_loses_nothing() {
    let mut line = Line::new(0);
    for n in 0..600u64 {
        // Every third packet comes just after its tick.
        if n % 3 != 0 {
            line.come(n * 160, 160);
        }
        if n % 3 == 1 {
            line.come((n - 1) * 160, 160);
        }
        line.play();
    }
    // The very first one is of no use: the stream began with the second.
    assert_eq!((line.count(Counter::Grown), line.count(Counter::Late)), (1, 1));
    assert_eq!(line.behind(600 * 160), 160);
    let tail = line.heard.len() - 580 * 160;
    assert!(line.heard[tail..] == line.said(19 * 160, 580 * 160));
}

#[test]
fn a_stall_is_forgotten_within_seconds_and_a_second_one_too() {
    let mut line = Line::new(0);
    let mut next = 0;
    for tick in 0..1_000u64 {
        let stalls = (300..310).contains(&tick) || (320..330).contains(&tick);
        while !stalls && next <= tick {
            line.come(next * 160, 160);
            next += 1;
        }
        line.play();
        if tick == 320 + 500 {
            let behind = line.behind((tick + 1) * 160);
            assert!((0..80).contains(&behind), "{behind} samples ten seconds later");
        }
    }
    assert!(line.count(Counter::Shrunk) > 0 && line.count(Counter::Stretched) < 20);
}

#[test]
fn who_is_later_from_now_on_is_heard_again_at_once() {
    for later in [5, 12, 40, 400] {
        let mut line = Line::new(0);
        (0..100).for_each(|n| {
            line.come(n * 160, 160);
            line.play();
        });
        (0..later).for_each(|_| _ = line.play());
        let mut played = 0;
        for n in 100..200 {
            line.come(n * 160, 160);
            played += u32::from(line.play() == Pulled::Played);
        }
        assert!(played >= 90, "{later} frames later: {played} of 100");
    }
}

#[test]
fn doubled_and_long_past_packets_are_counted_and_not_played() {
    let mut line = Line::new(0);
    for n in 0..50 {
        line.come(n * 160, 160);
        line.come(n * 160, 160);
        line.play();
        line.come(n * 160, 160);
    }
    assert_eq!(
        (line.count(Counter::Doubled), line.count(Counter::Late)),
        (100, 0)
    );
    assert!(line.heard == line.said(0, 50 * 160));
}

#[test]
fn another_ssrc_or_a_jump_in_time_begins_anew_without_a_click() {
    // Eight places in the voice's period, so that one of them is far from where it was.
    for jump in (0..8).map(|n| 1_000_003 + n * 7) {
        let mut line = Line::new(0);
        let mut at = 0;
        for n in 0..300u64 {
            at += if n == 100 { jump } else { 160 };
            line.come_from(1 + u32::from(n >= 200), at, 160);
            assert_eq!(line.play(), Pulled::Played);
        }
        assert_eq!(line.count(Counter::Jumped), 2);
        let (natural, heard) = (steepest(&line.said(0, 8_000)), steepest(&line.heard));
        assert!(
            heard * 4 <= natural * 5,
            "a step of {heard}, {natural} in the voice"
        );
    }
}

#[test]
fn odd_lengths_are_counted() {
    let mut line = Line::new(0);
    [0, 79, 100, 1_040]
        .iter()
        .for_each(|&length| line.come(0, length));
    assert_eq!(line.count(Counter::OddLength), 4);
    line.come(0, 480);
    assert_eq!(line.buffer.held(), 3);
}

#[test]
fn who_says_that_it_is_silent_loses_nothing_and_its_noise_is_heard() {
    let mut line = Line::new(0);
    for n in 0..100 {
        line.come(n * 160, 160);
        line.play();
    }
    line.buffer.put_noise((1, 16_000), &[40]);
    for _ in 100..200 {
        assert_ne!(line.play(), Pulled::Concealed);
    }
    let noise = &line.heard[150 * 160..];
    let power = noise.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / noise.len() as f64;
    assert!((power.sqrt() - 327.68).abs() < 20.0, "−40 dBov: {}", power.sqrt());
    let loud = line.heard.len();
    for n in 200..210 {
        line.come(n * 160, 160);
        line.play();
    }
    assert!(line.heard[loud + 80..] == line.said(200 * 160 + 80, 10 * 160 - 80));
    (0..10).for_each(|_| _ = line.play());
    assert!(
        line.heard[line.heard.len() - 800..].iter().all(|&s| s == 0),
        "the noise is over"
    );
}
