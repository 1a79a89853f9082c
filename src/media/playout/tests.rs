use super::*;
use crate::media::SILENCE;

/// A stream whose frame `n` says `n` in every sample; what is played names the frame.
struct Line {
    buffer: Playout,
    counters: Counters,
    start: u32,
}

const LOUD: i16 = 10_000;

impl Line {
    fn new(start: u32) -> Line {
        Line {
            buffer: Playout::new(),
            counters: Counters::default(),
            start,
        }
    }

    fn come(&mut self, n: u32) {
        self.come_sounding(n, LOUD);
    }

    fn come_sounding(&mut self, n: u32, level: i16) {
        let mut linear = SILENCE;
        linear.fill(level);
        linear[..16]
            .iter_mut()
            .enumerate()
            .for_each(|(bit, s)| *s = if n >> bit & 1 == 1 { 100 } else { -100 });
        let mut coded = [0; FRAME];
        law::encode(Law::A, &linear, &mut coded);
        let timestamp = self.start.wrapping_add(n.wrapping_mul(160));
        self.buffer.put(1, timestamp, Law::A, &coded, &mut self.counters);
    }

    fn play(&mut self) -> Option<u32> {
        let mut linear = SILENCE;
        match self.buffer.pull(&mut linear, &mut self.counters) {
            Pulled::Missing => None,
            Pulled::Played => Some((0..16).filter(|&bit| linear[bit] > 0).map(|bit| 1 << bit).sum()),
        }
    }

    fn count(&self, case: Counter) -> u64 {
        self.counters.get(case)
    }
}

#[test]
fn a_clean_line_plays_every_frame_in_the_tick_in_which_it_came() {
    for start in [0, 77, u32::MAX - 3_000] {
        let mut line = Line::new(start);
        for n in 0..5_000 {
            line.come(n);
            assert_eq!(line.play(), Some(n), "start {start}");
        }
        for odd in [Counter::Grown, Counter::Shrunk, Counter::Late, Counter::Jumped] {
            assert_eq!(line.count(odd), 0);
        }
    }
}

#[test]
fn a_backlog_at_the_beginning_adds_no_delay() {
    let mut line = Line::new(0);
    (0..5).for_each(|n| line.come(n));
    assert_eq!(line.play(), Some(4));
    line.come(5);
    assert_eq!(line.play(), Some(5));
}

#[test]
fn a_lost_frame_is_missing_once_and_the_next_is_on_time() {
    let mut line = Line::new(0);
    let mut played = Vec::new();
    for n in 0..10 {
        if n != 4 {
            line.come(n);
        }
        played.push(line.play());
    }
    let expected: Vec<_> = (0..10).map(|n| (n != 4).then_some(n)).collect();
    assert_eq!(played, expected);
    assert_eq!(line.count(Counter::Grown), 0);
}

#[test]
fn a_leg_at_the_edge_gets_one_frame_more_and_loses_nothing() {
    let mut line = Line::new(0);
    let mut played = Vec::new();
    for n in 0..60u32 {
        // Every third packet comes just after its tick.
        if n % 3 != 0 {
            line.come(n);
        }
        if n % 3 == 1 {
            // It came meanwhile, before its follower was played.
            line.come_sounding(n - 1, LOUD);
        }
        played.extend(line.play());
    }
    assert_eq!(line.count(Counter::Grown), 1);
    let from = played
        .iter()
        .position(|&n| n >= 3)
        .expect("more than three frames");
    assert!(
        played[from..].windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{played:?}"
    );
}

#[test]
fn a_buffer_that_grew_for_one_stall_shrinks_in_the_next_pause() {
    let mut line = Line::new(0);
    let mut next = 0;
    for n in 0..400u32 {
        if n == 50 {
            // One packet is late by a tick.
        } else {
            while next <= n {
                line.come_sounding(next, if n % 100 < 90 { LOUD } else { 100 });
                next += 1;
            }
        }
        line.play();
    }
    assert_eq!((line.count(Counter::Grown), line.count(Counter::Shrunk)), (1, 1));
    line.come(400);
    assert_eq!(line.play(), Some(400), "the delay is back to nothing");
}

#[test]
fn a_burst_after_a_long_stall_does_not_stay_as_delay() {
    let mut line = Line::new(0);
    for n in 0..50 {
        line.come(n);
        line.play();
    }
    (0..10).for_each(|_| assert_eq!(line.play(), None));
    (50..61).for_each(|n| line.come(n));
    let mut last = 0;
    // Three seconds, in which nobody pauses.
    for n in 61..211 {
        last = line.play().unwrap_or(last);
        line.come(n);
    }
    assert!(210 - last <= 2, "still {} frames behind", 210 - last);
    for n in 211..2_000 {
        last = line.play().unwrap_or(last);
        line.come(n);
    }
    assert!(1_999 - last <= 1, "still {} frames behind", 1_999 - last);
}

#[test]
fn doubled_and_long_past_frames_are_counted_and_not_played() {
    let mut line = Line::new(0);
    line.come(0);
    line.play();
    line.come(3);
    line.come(3);
    assert_eq!(line.count(Counter::Doubled), 1);
    (0..30).for_each(|_| {
        line.play();
    });
    line.come(4);
    assert_eq!(line.count(Counter::Late), 1);
}

#[test]
fn another_ssrc_or_a_jump_in_time_begins_anew() {
    let mut line = Line::new(0);
    line.come(0);
    line.play();
    line.come(5_000);
    assert_eq!(line.play(), Some(5_000));
    line.buffer.put(2, 9, Law::Mu, &[0xff; FRAME], &mut line.counters);
    assert!(line.play().is_some());
    assert_eq!(line.count(Counter::Jumped), 2);
}

#[test]
fn a_packet_of_two_frames_is_two_frames_and_an_odd_length_is_counted() {
    let mut line = Line::new(0);
    let mut counters = Counters::default();
    line.buffer.put(1, 0, Law::A, &[0x55; 2 * FRAME], &mut counters);
    assert_eq!(line.buffer.held, 2);
    line.buffer.put(1, 320, Law::A, &[0x55; 100], &mut counters);
    line.buffer.put(1, 320, Law::A, &[], &mut counters);
    assert_eq!(counters.get(Counter::OddLength), 2);
}
