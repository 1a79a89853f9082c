//! Owns what is said in the simulated world: each caller's voice is a tone that fits a whole number of times into a frame, so
//! every frame of it is the same bytes, and a frame tells exactly which tones are in it. Prompts, signals and music are such
//! tones as well.

use crate::media::ClipBank;
use crate::media_api::Law;
use crate::units::{FRAME, SAMPLE_RATE, WIDE};
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use std::sync::{Arc, OnceLock};

/// Most callers of a world.
pub const CALLERS_MAX: usize = 24;
/// Behind the callers' voices: what a caller's telephone plays while it holds the call. Nobody may ever hear it.
pub const HOLD_MUSIC: usize = CALLERS_MAX;
/// Behind that: whatever the bridge itself says or plays.
pub const BRIDGE: usize = CALLERS_MAX + 1;
/// Behind that: the voice of strangers, whom nobody may ever hear either.
pub const STRANGER: usize = CALLERS_MAX + 2;
const TONES: usize = 32;
/// Loudness of a voice, peak: all together stay below the limiter.
const PEAK: f32 = 1_000.0;
/// A voice behind a prompt is half as loud; noise of coding stays below a tenth, and a voice that begins or ends in the middle
/// of a frame leaves at most 0.32 of itself on its neighbours.
const AUDIBLE: f32 = 350.0;
/// What is weaker than this part of its neighbour is a part of it: who is heard directly is as strong as everybody.
const PLAIN: f32 = 0.75;
/// The first voice's frequency, in frames a second; the others follow.
const LOWEST: usize = 6;

/// One frame as it travels, in either law.
pub type Coded = [u8; FRAME];

struct Table {
    /// By sample, so that all tones are looked for in one go.
    waves: Vec<[f32; TONES]>,
    /// The same a quarter of a period later: a playout buffer may put a voice at any place.
    quarters: Vec<[f32; TONES]>,
    coded: [Vec<Coded>; 2],
    /// By tone, at 16 kHz.
    wide: Vec<[i16; WIDE]>,
}

/// Of a frame's sample `at`, or of what lies between two.
fn phase(tone: usize, at: f32) -> f32 {
    let cycles = (LOWEST + tone) as f32 * at / FRAME as f32;
    std::f32::consts::TAU * cycles
}

fn wave(tone: usize, at: usize) -> f32 {
    phase(tone, at as f32).sin()
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let spoken = |encode: fn(i16) -> u8| {
            let frame = |tone| std::array::from_fn(|at| encode((PEAK * wave(tone, at)) as i16));
            (0..TONES).map(frame).collect()
        };
        Table {
            waves: (0..FRAME)
                .map(|at| std::array::from_fn(|tone| wave(tone, at)))
                .collect(),
            quarters: (0..FRAME)
                .map(|at| std::array::from_fn(|tone| phase(tone, at as f32).cos()))
                .collect(),
            coded: [spoken(encode_alaw), spoken(encode_ulaw)],
            wide: (0..TONES)
                .map(|tone| std::array::from_fn(|at| (PEAK * phase(tone, at as f32 / 2.0).sin()) as i16))
                .collect(),
        }
    })
}

/// A frame in which `tone` sounds.
pub fn frame(law: Law, tone: usize) -> &'static Coded {
    &table().coded[law as usize][tone % TONES]
}

/// The same at 16 kHz, before it is coded.
pub fn wide(tone: usize) -> &'static [i16; WIDE] {
    &table().wide[tone % TONES]
}

/// A frame of silence.
pub fn silence(law: Law) -> Coded {
    match law {
        Law::A => [encode_alaw(0); FRAME],
        Law::Mu => [encode_ulaw(0); FRAME],
    }
}

/// One's own voice, if one speaks, and half of what the loudspeaker plays.
pub fn with_echo(law: Law, own: Option<usize>, played: &[i16; FRAME]) -> Coded {
    let encode = match law {
        Law::A => encode_alaw,
        Law::Mu => encode_ulaw,
    };
    std::array::from_fn(|at| {
        let own = own.map_or(0.0, |tone| PEAK * table().waves[at][tone % TONES]);
        encode((own as i16).saturating_add(played[at] / 2))
    })
}

/// A sample, from its code.
pub fn decode(law: Law, code: u8) -> i16 {
    match law {
        Law::A => decode_alaw(code),
        Law::Mu => decode_ulaw(code),
    }
}

/// Which tones are in a frame, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tones {
    /// All that are audible.
    pub audible: u32,
    /// Those that are no neighbour's: a voice that was lengthened, or made up where packets were lost, has a seam in it, and
    /// for that frame its tone is broad.
    pub plain: u32,
}

/// Which tones are in a frame of 8 kHz.
pub fn heard(sound: impl Iterator<Item = i16>) -> Tones {
    let mut sums = [[0.0f32; TONES]; 2];
    let table = table();
    for (sample, waves) in sound.zip(table.waves.iter().zip(&table.quarters)) {
        let sample = f32::from(sample);
        for (sums, waves) in sums.iter_mut().zip([waves.0, waves.1]) {
            for (sum, wave) in sums.iter_mut().zip(waves) {
                *sum += sample * wave;
            }
        }
    }
    let least = AUDIBLE * FRAME as f32 / 2.0;
    let [sines, cosines] = sums;
    let levels: [f32; TONES] = std::array::from_fn(|tone| sines[tone].hypot(cosines[tone]));
    let mut tones = Tones::default();
    for (tone, &level) in levels.iter().enumerate().filter(|(_, level)| **level > least) {
        let beside = [tone.wrapping_sub(1), tone + 1];
        let beside = beside.into_iter().filter_map(|tone| levels.get(tone));
        tones.audible |= 1 << tone;
        if beside.into_iter().all(|&beside| level >= PLAIN * beside) {
            tones.plain |= 1 << tone;
        }
    }
    tones
}

/// The bridge's recordings, as long as the real ones, but for the last part of a frame; each is the bridge's tone.
pub fn clips() -> Arc<ClipBank> {
    static CLIPS: OnceLock<Arc<ClipBank>> = OnceLock::new();
    let made = || {
        let clip = |clip: crate::speech::Clip| {
            let frames = clip.samples().len().div_ceil(FRAME);
            (0..frames * FRAME)
                .map(|at| (PEAK * wave(BRIDGE, at % FRAME)) as i16)
                .collect()
        };
        Arc::new(ClipBank::new(crate::speech::clips().map(clip).collect()))
    };
    CLIPS.get_or_init(made).clone()
}

const _: () = assert!(STRANGER < TONES);
const _: () = assert!((LOWEST + TONES) * (SAMPLE_RATE as usize / FRAME) < SAMPLE_RATE as usize / 2);

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(law: Law, coded: &[u8]) -> Tones {
        super::heard(coded.iter().map(|&code| decode(law, code)))
    }

    fn heard(law: Law, coded: &[u8]) -> u32 {
        tones(law, coded).audible
    }

    #[test]
    fn every_tone_is_told_from_every_other_in_both_laws_alone_and_together() {
        for law in [Law::A, Law::Mu] {
            for tone in 0..=STRANGER {
                assert_eq!(heard(law, frame(law, tone)), 1 << tone);
            }
            assert_eq!(heard(law, &silence(law)), 0);
        }
        for (from, most) in [(13, 1 << 9), (80, 1 << 9), (111, 0)] {
            let late: Coded = std::array::from_fn(|at| frame(Law::A, 9)[(at + from) % FRAME]);
            assert_eq!(heard(Law::A, &late), 1 << 9, "at any place");
            let part: Coded = std::array::from_fn(|at| {
                if at < from {
                    encode_alaw(0)
                } else {
                    frame(Law::A, 9)[at]
                }
            });
            assert_eq!(
                heard(Law::A, &part),
                most,
                "a voice that begins leaves none on its neighbours"
            );
        }
        let played = std::array::from_fn(|at| decode(Law::A, frame(Law::A, 3)[at]));
        let returned = with_echo(Law::Mu, Some(7), &played);
        assert_eq!(heard(Law::Mu, &returned), 1 << 3 | 1 << 7);
        assert_eq!(heard(Law::A, &with_echo(Law::A, None, &played)), 1 << 3);
        let all: Vec<usize> = (0..CALLERS_MAX).step_by(2).collect();
        let mixed: Coded = std::array::from_fn(|at| {
            let sum: f32 = all.iter().map(|&tone| PEAK * wave(tone, at)).sum();
            encode_alaw((sum / 2.0) as i16)
        });
        let expected = all.iter().fold(0, |bits, tone| bits | 1 << tone);
        assert_eq!(heard(Law::A, &mixed), expected);
    }
    #[test]
    fn a_voice_with_a_seam_is_broad_and_its_neighbours_are_not_plain() {
        let one = frame(Law::A, 9);
        let seam = |by: usize| {
            let coded: Coded = std::array::from_fn(|at| one[(at + if at < 80 { 0 } else { by }) % FRAME]);
            tones(Law::A, &coded)
        };
        let broad: Vec<_> = (1..8).map(seam).filter(|tones| tones.audible != 1 << 9).collect();
        assert!(broad.iter().any(|tones| tones.plain == 1 << 9), "{broad:?}");
        let both: Coded =
            std::array::from_fn(|at| encode_alaw((PEAK * (wave(9, at) + 0.8 * wave(10, at))) as i16));
        assert_eq!(tones(Law::A, &both).plain, 1 << 9 | 1 << 10);
    }
}
