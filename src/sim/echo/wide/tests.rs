//! Stories of echoing telephones on lines of 16 kHz. The demo's sentences have 8 kHz: their images make up the rest.

use super::super::case::Change;
use super::super::line_wide::{OPUS, widened};
use super::super::path::Kind;
use super::super::tests::voices;
use super::*;

const CODECS: [Codec; 2] = [Codec::G722, OPUS];

fn run(case: Case, codec: Codec, heard: &mut dyn FnMut(&SentWide, &Sound)) -> FiguresWide {
    let (far, near) = voices();
    let (far, near) = (widened(&far), widened(&near));
    let voices = Voices {
        far: &far,
        near: &near,
    };
    run_wide(case, codec, voices, heard).expect("a codec of 16 kHz")
}

/// An echo is found and taken out of both bands, and who speaks meanwhile is heard; `linear`: what the filter alone has to do of it.
fn is_taken_out(codec: Codec, linear: f32, telephones: [(Kind, f32, u32); 2]) {
    for (kind, loss_db, trip_ms) in telephones {
        let mut case = Case::new(kind, loss_db, trip_ms, 7);
        (case.schedule.both, case.schedule.change, case.schedule.end) = (350, 550, 800);
        let figures = run(case, codec, &mut |_, _| {});
        let told = format!("{codec:?} {kind:?} {loss_db} dB {trip_ms} ms: {figures:.1?}");
        let whole = figures.whole;
        assert!(whole.detected_ms.is_some_and(|ms| ms < 2_000.0), "{told}");
        assert!(whole.after_found_1s > 35.0 && whole.after_3s > 40.0, "{told}");
        assert!(whole.changed > 40.0, "{told}");
        assert!(whole.recovered_ms.is_some_and(|ms| ms <= 3_000.0), "{told}");
        // A gate alone would pass that: the filter has to do what the codec lets it, and the near voice to come through.
        assert!(whole.linear > linear, "{told}");
        assert!(whole.cut_pct <= 5.0 && whole.near_db < 1.0, "{told}");
        // And above 4 kHz, where no filter is.
        assert!(figures.high > 27.0 && figures.high_cut_pct <= 3.0, "{told}");
    }
}

#[test]
fn the_echo_of_a_telephone_that_speaks_g722_is_taken_out() {
    let telephones = [(Kind::Tail(32), 12.0, 60), (Kind::Tail(128), 20.0, 400)];
    is_taken_out(Codec::G722, 25.0, telephones);
}

#[test]
fn the_echo_of_a_telephone_that_speaks_opus_is_taken_out() {
    let telephones = [(Kind::Tail(32), 12.0, 60), (Kind::Tail(64), 6.0, 150)];
    is_taken_out(OPUS, 12.0, telephones);
}

#[test]
fn a_leg_without_echo_passes_to_the_bit() {
    for codec in CODECS {
        let mut case = Case::new(Kind::Tail(64), 100.0, 60, 3);
        (case.schedule.both, case.schedule.change, case.schedule.end) = (0, 1_500, 1_500);
        let mut loudest = 0;
        let figures = run(case, codec, &mut |sent, after| {
            assert!(sent.sound == *after);
            loudest = loudest.max(after.iter().copied().max().unwrap_or(0));
        });
        assert_eq!(figures.whole.detected_ms, None);
        assert!(loudest > 5_000);
    }
}

/// Power that is let out over power that came, in the second after the playout buffer began to keep back 40 ms more.
fn left_after_a_deeper_buffer(is_told: bool) -> f32 {
    let (far, near) = voices();
    let (far, near) = (widened(&far), widened(&near));
    let mut case = Case::new(Kind::Tail(32), 12.0, 60, 5);
    case.change = Change::Later(40);
    (case.schedule.both, case.schedule.change, case.schedule.end) = (300, 300, 350);
    let voices = Voices {
        far: &far,
        near: &near,
    };
    let mut line = LineWide::new(case, Codec::G722, voices).expect("wide");
    let mut leg = Listener::new(1, 1);
    let (mut came, mut left) = (0.0, 0.0);
    for frame in 0..350 {
        let far = line.far();
        let mut sound = line.next(&far).sound;
        let before = sound;
        let depth = if is_told && frame >= 300 { 320 } else { 0 };
        leg.echo.handle_depth(Some(depth));
        leg.hear(&mut sound, false, (&[0.0; WIDE], &[0.0; WIDE]));
        leg.sent(&far);
        if frame >= 300 {
            came += power(before.into_iter().map(f32::from));
            left += power(sound.into_iter().map(f32::from));
        }
    }
    10.0 * (left / came).log10()
}

#[test]
fn a_canceller_that_is_told_of_a_deeper_buffer_goes_on() {
    let (told, untold) = (
        left_after_a_deeper_buffer(true),
        left_after_a_deeper_buffer(false),
    );
    // Untold it takes it for what was lost on its way, and turns down what is left of it.
    assert!(
        told < -15.0 && told < untold - 4.0,
        "{told:.1} dB, untold {untold:.1}"
    );
}
