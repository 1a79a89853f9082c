//! Clocks that are not the same: three hours of a sender that is too fast or too slow.

use super::{Line, Pulled, steepest};
use crate::media::counters::Counter;

#[test]
fn three_hours_of_a_wrong_clock_keep_the_delay_and_do_not_click() {
    for ppm in [-500i64, -200, 200, 500] {
        let mut line = Line::new(0);
        let mut sent = 0u64;
        let natural = steepest(&line.said(0, 8_000));
        let mut delay = (i64::MAX, i64::MIN);
        let mut missed = 0;
        for tick in 0..540_000u64 {
            // What the sender has said by now, by its own clock, and a packet's way of 7 ms.
            let said = ((tick * 160 + 104) as i64 * (1_000_000 + ppm) / 1_000_000) as u64;
            while sent + 160 <= said {
                line.come(sent, 160);
                sent += 160;
            }
            missed += u32::from(line.play() == Pulled::Concealed);
            if tick > 100 {
                let behind = line.behind(said);
                delay = (delay.0.min(behind), delay.1.max(behind));
            }
            if tick % 500 == 499 {
                let step = steepest(&line.heard);
                assert!(
                    step * 2 <= natural * 3,
                    "{ppm} ppm, tick {tick}: a step of {step}, {natural} in the voice"
                );
                line.heard.clear();
            }
        }
        println!(
            "{ppm} ppm: delay {delay:?}, {missed} frames made up, {} times shorter, {} longer, {} back",
            line.count(Counter::Shrunk),
            line.count(Counter::Stretched),
            line.count(Counter::Grown)
        );
        assert!(delay.1 - delay.0 <= 2 * 160, "{ppm} ppm: {delay:?} samples");
        assert_eq!(line.count(Counter::Jumped), 0);
    }
}
