//! The recordings sound as a telephone expects, and the texts as people speak.

mod rules;

use super::{Prompt, RECORDINGS, SOUND_WAVS, Sound, clip, clips, series, sound_clip};
use crate::ids::Language;
use crate::units::{FRAME, SAMPLE_RATE};

/// A recording that is not a pause.
struct Spoken {
    language: Language,
    prompt: Prompt,
    samples: Box<[i16]>,
}

fn spoken() -> Vec<Spoken> {
    let prompts = Language::ALL
        .into_iter()
        .flat_map(|language| Prompt::all().map(move |prompt| (language, prompt)));
    let recorded = prompts.zip(clips()).map(|((language, prompt), clip)| Spoken {
        language,
        prompt,
        samples: clip.samples(),
    });
    recorded
        .filter(|spoken| !spoken.prompt.text(spoken.language).is_empty())
        .collect()
}

/// How long `prompt` is in `language`, in samples.
fn length(spoken: &[Spoken], language: Language, prompt: Prompt) -> usize {
    let found = spoken
        .iter()
        .find(|spoken| (spoken.language, spoken.prompt) == (language, prompt));
    found.map_or(0, |spoken| spoken.samples.len())
}

fn sound(sound: Sound) -> Box<[i16]> {
    let id = sound_clip(sound);
    let clip = clips().find(|clip| clip.id == id).expect("every sound is a clip");
    assert_eq!((clip.folder, clip.name), (super::SOUNDS_FOLDER, sound.name()));
    clip.samples()
}

/// Active level in dBov: mean power of the frames within 15.9 dB of it (after ITU-T P.56).
fn active_dbov(samples: &[i16]) -> f64 {
    let power = |frame: &[i16]| {
        let sum: f64 = frame.iter().map(|s| (f64::from(*s) / 32_768.0).powi(2)).sum();
        sum / frame.len() as f64
    };
    let powers: Vec<f64> = samples.chunks_exact(FRAME).map(power).collect();
    let db = |power: f64| 10.0 * power.log10();
    let above = |floor: f64| {
        let active: Vec<f64> = powers.iter().copied().filter(|p| db(*p) > floor).collect();
        db(active.iter().sum::<f64>() / active.len() as f64)
    };
    (0..20).fold(above(-70.0), |level, _| above(level - 15.9))
}

#[test]
fn every_prompt_is_equally_loud_and_nothing_clips() {
    let all = spoken();
    let levels: Vec<_> = all.iter().map(|spoken| active_dbov(&spoken.samples)).collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    assert!((median + 26.0).abs() < 1.5, "median {median:.1} dBov");
    for (spoken, level) in all.iter().zip(levels) {
        let name = spoken.prompt.name();
        assert!((level - median).abs() <= 1.5, "{name}: {level:.1} dBov");
        let peak = spoken.samples.iter().map(|s| s.unsigned_abs()).max();
        assert!(peak < Some(32_100), "{name} clips: {peak:?}");
    }
}

#[test]
fn every_prompt_begins_and_ends_with_little_silence() {
    let audible = |s: &i16| s.unsigned_abs() > 110;
    let most = SAMPLE_RATE as usize / 20;
    for Spoken { prompt, samples, .. } in spoken() {
        let lead = samples.iter().position(audible);
        let tail = samples.iter().rev().position(audible);
        assert!(lead.is_some_and(|n| n <= most), "{} begins late", prompt.name());
        assert!(tail.is_some_and(|n| n <= most), "{} ends late", prompt.name());
    }
}

#[test]
fn no_prompt_is_long_and_all_together_are_small() {
    for Spoken { prompt, samples, .. } in spoken() {
        assert!(
            samples.len() < 25 * SAMPLE_RATE as usize,
            "{} is too long",
            prompt.name()
        );
    }
    let spoken = RECORDINGS.iter().flat_map(|(_, recordings)| recordings);
    let bytes: usize = spoken
        .map(|recording| recording.wav.len())
        .chain(SOUND_WAVS.iter().map(|wav| wav.len()))
        .sum();
    assert!(bytes <= 15_000_000, "{bytes} bytes");
}

#[test]
fn each_attempt_is_longer_than_the_one_before() {
    let all = spoken();
    for language in Language::ALL {
        for attempts in [series::ASK_ROOM, series::ASK_PIN] {
            let lengths = attempts.map(|prompt| length(&all, language, prompt));
            assert!(lengths.is_sorted_by(|a, b| a < b), "{language:?} {lengths:?}");
        }
    }
}

#[test]
fn a_goodbye_is_heard_before_the_call_is_ended_without_it() {
    let all = spoken();
    let pauses = 2 * SAMPLE_RATE as usize * 800 / 1_000;
    for language in Language::ALL {
        for last_words in [
            &[Prompt::TriesSpent][..],
            &[Prompt::SilenceEnds],
            &[Prompt::Overtime],
            &[Prompt::RoomFull],
            &[Prompt::RoomLocked],
            &[Prompt::RoomExpired],
            &[Prompt::RoomCancelled],
            &[Prompt::BookingEnded],
            &[Prompt::EndedByLeader],
            &[Prompt::AloneGoodbye],
            &[Prompt::Unavailable, Prompt::CallLater],
            &[Prompt::Maintenance, Prompt::CallLater],
            &[Prompt::Trouble, Prompt::CallLater],
        ] {
            let words = last_words.iter().chain(&[Prompt::Goodbye]);
            let samples: usize = words.map(|prompt| length(&all, language, *prompt)).sum();
            let name = last_words[0].name();
            assert!(
                samples + pauses < 15 * SAMPLE_RATE as usize,
                "{language:?} {name}"
            );
        }
    }
}

#[test]
fn a_whole_help_takes_less_than_fifty_five_seconds() {
    let all = spoken();
    let help = [
        Prompt::HelpCommon,
        Prompt::HelpLeader,
        Prompt::HelpEcho,
        Prompt::HelpRest,
    ];
    for language in Language::ALL {
        let samples: usize = help.iter().map(|prompt| length(&all, language, *prompt)).sum();
        assert!(samples < 55 * SAMPLE_RATE as usize, "{language:?}");
    }
}

#[test]
fn tones_are_short_and_soft_and_leaving_is_softer() {
    for (tone, level) in [(Sound::Join, -38.0), (Sound::Leave, -43.0)] {
        let samples = sound(tone);
        assert!(samples.len() < SAMPLE_RATE as usize * 4 / 10, "{}", tone.name());
        assert!((active_dbov(&samples) - level).abs() < 1.5, "{}", tone.name());
    }
}

#[test]
fn the_music_is_quiet_lasts_and_has_no_seam() {
    let music = sound(Sound::Music);
    let seconds = music.len() / SAMPLE_RATE as usize;
    assert!((30..=60).contains(&seconds), "{seconds} s");
    assert_eq!(music.len() % FRAME, 0);
    assert!((active_dbov(&music) + 38.0).abs() < 1.0);
    // Nowhere else does it step much further than from its end to its beginning.
    let step = |a: i16, b: i16| (i32::from(a) - i32::from(b)).abs();
    let largest = music.windows(2).map(|pair| step(pair[0], pair[1])).max();
    assert!(Some(step(music[music.len() - 1], music[0])) <= largest);
    let quarter = music.len() / 4;
    let end = &music[music.len() - quarter..];
    assert!(
        (active_dbov(end) - active_dbov(&music[..quarter])).abs() < 3.0,
        "it fades out"
    );
}

#[test]
fn texts_keep_the_house_words() {
    let german = [
        "ungültig",
        "Fehler",
        "falsch",
        "Rautetaste",
        "Sterntaste",
        "Moderator",
        "Konferenz",
        "fuer",
        "koenn",
        "drueck",
        "hoer",
        "schliess",
        "Teilnehmer",
        "Anrufer",
    ];
    let english = [
        "invalid",
        "error",
        "wrong",
        "pound",
        "conference",
        "moderator",
        "participant",
    ];
    for (language, never) in [(Language::De, &german[..]), (Language::En, &english)] {
        for prompt in Prompt::all() {
            let text = prompt.text(language);
            let found = never.iter().find(|word| text.contains(*word));
            assert_eq!(found, None, "{}", prompt.name());
            assert!(!text.contains("  ") && text == text.trim(), "{}", prompt.name());
        }
    }
}

#[test]
fn a_text_is_a_whole_sentence_or_part_of_one_that_is_joined() {
    let parts = [
        &series::NUMBER[..],
        &series::HUNDRED,
        &series::HUNDRED_AND,
        &series::OCLOCK,
        &series::PAST,
        &series::MINUTES,
        &[
            Prompt::OneFeminine,
            Prompt::OneBare,
            Prompt::MembersBegin,
            Prompt::MembersEnd,
            Prompt::EchoLineBegin,
        ],
        &[
            Prompt::MinutesEnd,
            Prompt::MaintenanceIn,
            Prompt::Forenoon,
            Prompt::Afternoon,
        ],
    ]
    .concat();
    for language in Language::ALL {
        for prompt in Prompt::all().filter(|prompt| !parts.contains(prompt)) {
            let text = prompt.text(language);
            let whole = text.ends_with('.') && text.starts_with(|c: char| c.is_uppercase());
            assert!(whole || prompt == Prompt::Pause, "{}: {text}", prompt.name());
        }
    }
}

#[test]
fn clips_are_numbered_as_the_player_expects() {
    let mut all = clips();
    for language in Language::ALL {
        for prompt in Prompt::all() {
            let found = all.next().map(|clip| (clip.id, clip.folder, clip.name));
            assert_eq!(
                found,
                Some((clip(language, prompt), language.code(), prompt.name()))
            );
        }
    }
    for sound in Sound::all() {
        assert_eq!(all.next().map(|clip| clip.id), Some(sound_clip(sound)));
    }
    assert!(all.next().is_none());
}
