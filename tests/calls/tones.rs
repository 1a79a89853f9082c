//! Every caller speaks a tone of its own; who is heard is read off a spectrum.

/// Samples looked at: 1 s, so long that a spoken prompt has little at any one frequency.
pub const WINDOW: usize = 8_000;
/// Loudness of a tone, peak.
const PEAK: f64 = 2_000.0;

/// The tone of caller `n`: multiples of 5 Hz, none a multiple, sum or difference of two others for up to eight callers.
pub fn frequency(n: usize) -> f64 {
    [435.0, 565.0, 735.0, 925.0, 1_145.0, 1_390.0, 1_705.0, 2_080.0][n]
}

/// Sample number `at` of the tone of caller `n`.
pub fn sample(n: usize, at: u64) -> i16 {
    (PEAK * (std::f64::consts::TAU * frequency(n) * at as f64 / 8_000.0).sin()) as i16
}

/// Sample number `at` of a key's two tones (ITU-T Q.23), −12 dBm0 each.
pub fn key(face: u8, at: u64) -> i16 {
    let place = b"123A456B789C*0#D"
        .iter()
        .position(|&key| key == face)
        .expect("a key");
    let hertz = [
        [697.0, 770.0, 852.0, 941.0][place / 4],
        [1_209.0, 1_336.0, 1_477.0, 1_633.0][place % 4],
    ];
    let wave = |hertz: f64| (std::f64::consts::TAU * hertz * at as f64 / 8_000.0).sin();
    (5_700.0 * hertz.map(wave).iter().sum::<f64>()) as i16
}

/// Sample number `at` of noise that comes and goes like syllables, −12 dBm0 at its loudest.
pub fn babble(at: u64) -> i16 {
    let mut z = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    let noise = (z >> 40) as f64 / f64::from(1 << 23) - 1.0;
    let syllable = (std::f64::consts::TAU * 4.0 * at as f64 / 8_000.0).sin().max(0.0);
    (10_000.0 * syllable * noise) as i16
}

/// How loud the tone of caller `n` is in `window`, in dB relative to how it was sent.
pub fn level_db(n: usize, window: &[i16]) -> f64 {
    let step = std::f64::consts::TAU * frequency(n) / 8_000.0;
    let (re, im) = window
        .iter()
        .enumerate()
        .fold((0.0, 0.0), |(re, im), (at, &sample)| {
            let (sin, cos) = (step * at as f64).sin_cos();
            (re + f64::from(sample) * cos, im + f64::from(sample) * sin)
        });
    let peak = 2.0 * f64::hypot(re, im) / window.len() as f64;
    20.0 * (peak / PEAK).max(1e-9).log10()
}

/// Who is heard in the last [`WINDOW`] samples of `sound`: a tone behind a prompt is at −6 dB, a prompt itself far below.
pub fn heard(callers: usize, sound: &[i16]) -> Vec<usize> {
    let Some(window) = sound.last_chunk::<WINDOW>() else {
        return Vec::new();
    };
    (0..callers).filter(|&n| level_db(n, window) > -12.0).collect()
}
