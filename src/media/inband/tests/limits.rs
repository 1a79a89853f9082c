//! Each limit of Q.24 (annex A), walked along: what must be told is told every time, what must not never is, for every key, both
//! laws and several phases and beginnings. How far the limits here lie from those is printed in docs/DTMF.md.

use super::*;

/// How many of the presses made by `press` are told, of how many: each alone, after any beginning.
fn share(dress: impl Fn(&mut Sound), press: impl Fn(char) -> Press) -> (usize, usize) {
    let (mut heard, mut all) = (0, 0);
    for face in KEYS.chars() {
        for seed in 0..24u64 {
            let mut sound = Sound::new(seed ^ u64::from(u32::from(face)) << 8);
            // Every beginning in a frame, a little more than 13 samples apart.
            sound.pause(25.0 + 1.66 * (seed % 12) as f64);
            sound.press(press(face)).pause(90.0);
            dress(&mut sound);
            let law = if seed % 2 == 0 { Law::A } else { Law::Mu };
            let faces = told(&sound.frames(law));
            assert!(
                faces.is_empty() || faces == face.to_string(),
                "another key, or twice"
            );
            heard += faces.len();
            all += 1;
        }
    }
    (heard, all)
}

fn always(press: impl Fn(char) -> Press, what: &str) {
    let (heard, all) = share(|_| {}, press);
    assert_eq!(heard, all, "{what}");
}

fn never(press: impl Fn(char) -> Press, what: &str) {
    assert_eq!(share(|_| {}, press).0, 0, "{what}");
}

fn levels(low: f64, high: f64) -> impl Fn(char) -> Press {
    move |face| Press {
        levels: [low, high],
        ..Press::nominal(face)
    }
}

fn lasting(ms: f64) -> impl Fn(char) -> Press {
    move |face| Press {
        ms,
        ..Press::nominal(face)
    }
}

fn off(low: (f64, f64), high: (f64, f64)) -> impl Fn(char) -> Press {
    move |face| Press {
        off: [low, high],
        ..Press::nominal(face)
    }
}

#[test]
fn frequency() {
    for low in [-1.0, 0.0, 1.0] {
        for high in [-1.0, 0.0, 1.0] {
            let both = off(Press::accepted(low), Press::accepted(high));
            always(both, "1.5 % and 2 Hz are accepted");
        }
    }
    for by in [-0.06, -0.05, -0.042, -0.035, 0.035, 0.042, 0.05] {
        never(off((by, 0.0), (0.0, 0.0)), "a low tone 3.5 % away and more");
        never(off((0.0, 0.0), (by, 0.0)), "a high tone 3.5 % away and more");
    }
}

#[test]
fn level() {
    for (low, high) in [
        (-24.0, -24.0),
        (-24.0, -20.0),
        (-16.0, -24.0),
        (-3.0, -3.0),
        (-3.0, -11.0),
    ] {
        always(levels(low, high), "−24 to −3 dBm0 are accepted");
    }
    for (low, high) in [(-29.0, -29.0), (-29.0, -25.0), (-22.0, -29.0), (-40.0, -40.0)] {
        never(levels(low, high), "−29 dBm0 is refused");
    }
}

#[test]
fn twist() {
    for low in [-20.0, -8.0] {
        always(levels(low, low + 4.0), "4 dB more in the high group");
    }
    for low in [-15.0, -3.0] {
        always(levels(low, low - 8.0), "8 dB less in the high group");
    }
    for low in [-20.0, -12.0] {
        never(levels(low, low + 6.5), "6.5 dB more in the high group");
    }
    for low in [-12.0, -3.0] {
        never(levels(low, low - 10.5), "10.5 dB less in the high group");
    }
}

#[test]
fn length() {
    for ms in [40.0, 45.0, 50.0, 65.0, 500.0] {
        always(lasting(ms), "40 ms are accepted");
    }
    for ms in [5.0, 10.0, 20.0, 23.0, 24.0] {
        never(lasting(ms), "23 ms are refused");
    }
}

/// The same key twice with so long a pause: every beginning, and how often it is told.
fn twice(pause: f64, ms: f64) -> Vec<usize> {
    let presses = |offset: u32| {
        let mut sound = Sound::new(offset.into());
        sound.pause(f64::from(offset) / 8.0);
        sound
            .press(lasting(ms)('5'))
            .pause(pause)
            .press(lasting(ms)('5'))
            .pause(80.0);
        told(&sound.frames(Law::A)).len()
    };
    (0..160).map(presses).collect()
}

#[test]
fn pause() {
    for pause in [40.0, 41.0, 45.0, 60.0] {
        assert_eq!(twice(pause, 40.0), [2; 160], "{pause} ms separate");
    }
    for gap in [1.0, 5.0, 10.0, 15.0, 20.0] {
        assert_eq!(twice(gap, 50.0), [1; 160], "{gap} ms are an interruption");
    }
}

#[test]
fn two_different_keys_after_40_ms() {
    for offset in 0..160 {
        let mut sound = Sound::new(offset);
        sound.pause(offset as f64 / 8.0);
        for face in "147*".chars() {
            sound.press(lasting(40.0)(face)).pause(40.0);
        }
        assert_eq!(told(&sound.frames(Law::Mu)), "147*");
    }
}

#[test]
fn a_dial_tone_beneath() {
    for (dial, low, high) in [
        (-20.0, -9.0, -7.0),
        (-9.0, -9.0, -7.0),
        (-24.0, -24.0, -22.0),
        (-10.0, -12.0, -12.0),
    ] {
        let (heard, all) = share(|sound| _ = sound.over(425.0, dial), levels(low, high));
        assert_eq!(heard, all, "{dial} dBm0 of dial tone under {low} and {high}");
    }
}

#[test]
fn noise_beneath() {
    let (heard, all) = share(|sound| _ = sound.noise(-22.0), lasting(50.0));
    assert_eq!(heard, all, "noise 15 dB below the key");
}

#[test]
fn overtones_and_a_third_tone_are_no_key() {
    for (hertz, level) in [
        (1_539.0, -20.0),
        (2_673.0, -20.0),
        (1_060.0, -12.0),
        (2_000.0, -12.0),
        (350.0, -12.0),
    ] {
        let mut sound = Sound::new(9);
        sound
            .press(Press {
                ms: 200.0,
                levels: [-9.0, -9.0],
                ..Press::nominal('5')
            })
            .over(hertz, level);
        assert_eq!(told(&sound.frames(Law::A)), "", "with {hertz} Hz");
    }
}
