//! Ticks that were left out.

use super::*;

/// A line on which a packet comes for every tick, of which so many are left out after the hundredth; what is heard after them.
fn left_out(ticks: u64, lead: u64) -> (Line, u64) {
    let mut line = Line::new(77);
    let mut sent = 0;
    let mut come_by = |line: &mut Line, tick: u64| {
        while sent <= tick * 160 {
            line.come(sent, 160);
            sent += 160;
        }
    };
    for tick in 0..100 {
        come_by(&mut line, tick);
        line.play();
    }
    line.tick += ticks;
    line.buffer.pass_over(ticks);
    for tick in 100 + ticks..100 + ticks + lead {
        come_by(&mut line, tick);
        line.play();
    }
    (line, 100 + ticks)
}

#[test]
fn what_came_for_ticks_that_were_left_out_is_left_out_and_delay_stays_as_it_was() {
    for ticks in [1, 2, 7, 25, 150] {
        let (line, from) = left_out(ticks, 600);
        let heard = &line.heard[100 * FRAME..];
        assert!(heard == line.said(from * 160, heard.len()), "after {ticks}");
        assert_eq!(line.count(Counter::PassedOver), ticks);
        for odd in [
            Counter::Late,
            Counter::Jumped,
            Counter::Grown,
            Counter::Shrunk,
            Counter::Starved,
        ] {
            assert_eq!(line.count(odd), 0, "{odd:?} after {ticks}");
        }
    }
}

#[test]
fn after_ten_seconds_without_a_tick_a_stream_begins() {
    let (line, from) = left_out(501, 2);
    assert!(line.heard[101 * FRAME..] == line.said((from + 1) * 160, FRAME));
    assert_eq!(line.behind((from + 2) * 160), 0);
}

#[test]
fn a_line_that_lost_packets_as_well_goes_on_with_the_first_that_comes() {
    let (mut line, from) = left_out(3, 1);
    line.play();
    line.come((from + 2) * 160, 160);
    line.play();
    assert!(line.heard[102 * FRAME + 80..] == line.said((from + 2) * 160 + 80, FRAME - 80));
    assert_eq!((line.count(Counter::Starved), line.count(Counter::Grown)), (1, 0));
}
