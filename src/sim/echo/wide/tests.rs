//! Stories of echoing telephones on lines of 16 kHz. The demo's sentences have 8 kHz: their images make up the rest.

use super::super::path::Kind;
use super::super::tests::voices;
use super::*;

const CODECS: [Codec; 2] = [Codec::G722, OPUS];

fn run(case: Case, codec: Codec, heard: &mut dyn FnMut(&Sound, &Sound)) -> FiguresWide {
    let (far, near) = voices();
    let (far, near) = (widened(&far), widened(&near));
    let voices = Voices {
        far: &far,
        near: &near,
    };
    run_wide(case, codec, voices, heard).expect("a codec of 16 kHz")
}

#[test]
fn an_echo_is_found_and_taken_out_of_both_bands_and_who_speaks_meanwhile_is_heard() {
    for codec in CODECS {
        for (kind, loss_db, trip_ms) in [
            (Kind::Tail(32), 12.0, 60),
            (Kind::Tail(64), 6.0, 150),
            (Kind::Tail(128), 20.0, 400),
        ] {
            let figures = run(Case::new(kind, loss_db, trip_ms, 7), codec, &mut |_, _| {});
            println!("{codec:?} {kind:?} {loss_db} dB {trip_ms} ms: {figures:.1?}");
        }
    }
}

#[test]
fn a_leg_without_echo_passes_to_the_bit() {
    for codec in CODECS {
        let mut case = Case::new(Kind::Tail(64), 100.0, 60, 3);
        (case.schedule.both, case.schedule.change, case.schedule.end) = (0, 1_500, 1_500);
        let mut loudest = 0;
        let figures = run(case, codec, &mut |before, after| {
            assert!(before == after);
            loudest = loudest.max(after.iter().copied().max().unwrap_or(0));
        });
        assert_eq!(figures.whole.detected_ms, None);
        assert!(loudest > 5_000);
    }
}
