//! The recordings sound as a telephone expects, and a broken catalogue is told in a sentence that helps.

use super::catalogue::{Catalogue, Entry, Folder, Manifest, Voice, faults, stamp, variant};
use super::{Prompt, clip, clips};
use crate::ids::Language;
use crate::units::{FRAME, SAMPLE_RATE};

/// A prompt's samples, after a look at its format.
fn samples(wav: &[u8]) -> Vec<i16> {
    let mut reader = hound::WavReader::new(wav).expect("a WAV file");
    let spec = reader.spec();
    let format = (spec.sample_rate, spec.channels, spec.bits_per_sample);
    assert_eq!(format, (SAMPLE_RATE, 1, 16));
    assert_eq!(spec.sample_format, hound::SampleFormat::Int);
    reader.samples().map(|sample| sample.expect("16 bit")).collect()
}

fn spoken() -> impl Iterator<Item = (Prompt, Vec<i16>)> {
    let prompts = Language::ALL
        .into_iter()
        .flat_map(|language| Prompt::all().map(move |prompt| (prompt, prompt.text(language))));
    let recorded = prompts
        .zip(clips())
        .map(|((prompt, text), (_, wav))| (prompt, text, samples(wav)));
    recorded
        .filter(|(_, text, _)| !text.is_empty())
        .map(|(prompt, _, samples)| (prompt, samples))
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
    let levels: Vec<_> = spoken()
        .map(|(prompt, samples)| (prompt, active_dbov(&samples)))
        .collect();
    let mut sorted: Vec<f64> = levels.iter().map(|(_, level)| *level).collect();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    assert!((median + 26.0).abs() < 1.5, "median {median:.1} dBov");
    for (prompt, level) in levels {
        assert!(
            (level - median).abs() <= 1.5,
            "{}: {level:.1} dBov",
            prompt.name()
        );
    }
    for (prompt, samples) in spoken() {
        let peak = samples.iter().map(|s| s.unsigned_abs()).max();
        assert!(peak < Some(32_100), "{} clips: {peak:?}", prompt.name());
    }
}

#[test]
fn every_prompt_begins_and_ends_with_little_silence() {
    let audible = |s: &i16| s.unsigned_abs() > 100;
    let most = SAMPLE_RATE as usize / 20;
    for (prompt, samples) in spoken() {
        let lead = samples.iter().position(audible);
        let tail = samples.iter().rev().position(audible);
        assert!(lead.is_some_and(|n| n <= most), "{} begins late", prompt.name());
        assert!(tail.is_some_and(|n| n <= most), "{} ends late", prompt.name());
    }
}

#[test]
fn no_prompt_is_long_and_all_together_are_small() {
    for (prompt, samples) in spoken() {
        assert!(
            samples.len() < 25 * SAMPLE_RATE as usize,
            "{} is too long",
            prompt.name()
        );
    }
    let bytes: usize = clips().map(|(_, wav)| wav.len()).sum();
    assert!(bytes <= 15_000_000, "{bytes} bytes");
}

#[test]
fn each_attempt_is_longer_than_the_one_before() {
    let length = |prompt| {
        spoken()
            .find(|(p, _)| *p == prompt)
            .map(|(_, samples)| samples.len())
    };
    for attempts in [
        [
            Prompt::AskRoom1,
            Prompt::AskRoom2,
            Prompt::AskRoom3,
            Prompt::AskRoom4,
        ],
        [Prompt::AskPin1, Prompt::AskPin2, Prompt::AskPin3, Prompt::AskPin4],
    ] {
        assert!(attempts.windows(2).all(|pair| length(pair[0]) < length(pair[1])));
    }
}

#[test]
fn a_goodbye_is_heard_before_the_call_is_ended_without_it() {
    let length = |prompt| {
        spoken()
            .find(|(p, _)| *p == prompt)
            .map_or(0, |(_, samples)| samples.len())
    };
    let next_step = |last_words| [last_words, Prompt::CallLater];
    let alone = |last_words| [last_words, Prompt::Pause];
    for last_words in [
        alone(Prompt::TriesSpent),
        alone(Prompt::SilenceEnds),
        alone(Prompt::Overtime),
        alone(Prompt::RoomFull),
        alone(Prompt::RoomExpired),
        alone(Prompt::RoomCancelled),
        next_step(Prompt::Unavailable),
        next_step(Prompt::Maintenance),
        next_step(Prompt::Trouble),
    ] {
        let around = [Prompt::Thanks, Prompt::Goodbye].map(length);
        let pauses = 3 * SAMPLE_RATE as usize * 350 / 1_000;
        let samples: usize = last_words.into_iter().map(length).chain(around).sum();
        assert!(
            samples + pauses < 15 * SAMPLE_RATE as usize,
            "{}",
            last_words[0].name()
        );
    }
}

#[test]
fn german_texts_keep_the_house_words() {
    for prompt in Prompt::all() {
        let text = prompt.text(Language::De);
        for never in [
            "ungültig",
            "Fehler",
            "falsch",
            "Rautetaste",
            "fuer",
            "koenn",
            "drueck",
            "hoer",
        ] {
            assert!(!text.contains(never), "{}: {never}", prompt.name());
        }
        assert!(text.is_empty() || text.ends_with('.'), "{}", prompt.name());
    }
}

#[test]
fn clips_are_numbered_as_the_player_expects() {
    let mut numbers = clips().map(|(id, _)| id);
    for language in Language::ALL {
        for prompt in Prompt::all() {
            assert_eq!(numbers.next(), Some(clip(language, prompt)));
        }
    }
    assert_eq!(numbers.next(), None);
}

/// A language folder in which all is well.
fn folder(language: &str) -> Folder {
    let voice = Voice {
        name: "de".to_owned(),
        pitch: 44,
        gap: 1,
        pace: 140,
        recipe: 1,
        reads: Default::default(),
    };
    let entry = Entry {
        text: "Guten Tag.".to_owned(),
        ..Entry::default()
    };
    let stamps = [("greeting".to_owned(), stamp(&voice, &entry))];
    Folder {
        language: language.to_owned(),
        catalogue: Catalogue {
            voice,
            prompt: [("greeting".to_owned(), entry)].into(),
        },
        manifest: Manifest {
            stamps: stamps.into(),
        },
        wavs: vec!["greeting".to_owned()],
    }
}

/// The one sentence about two languages of which the second was broken by `harm`.
fn told(harm: impl Fn(&mut Folder)) -> String {
    let mut folders = [folder("de"), folder("en")];
    assert_eq!(faults(&folders), [""; 0]);
    harm(&mut folders[1]);
    let mut sentences = faults(&folders);
    assert_eq!(sentences.len(), 1, "{sentences:?}");
    sentences.remove(0)
}

#[test]
fn a_missing_text_recording_or_prompt_fails_the_build_with_a_remedy() {
    let text = |folder: &mut Folder| {
        let entry = folder.catalogue.prompt.get_mut("greeting");
        entry.expect("it is there").text.clear();
    };
    let sentences = [
        told(text),
        told(|folder| folder.wavs.clear()),
        told(|folder| {
            folder.catalogue.prompt.clear();
            folder.wavs.clear();
        }),
        told(|folder| folder.manifest.stamps.clear()),
    ];
    for sentence in sentences {
        for part in ["'greeting'", "'en'", "./script/prompts"] {
            assert!(sentence.contains(part), "{part} is not in: {sentence}");
        }
    }
}

#[test]
fn a_changed_text_pace_or_voice_makes_the_recording_stale() {
    let stale = "was recorded from another text or voice";
    let change = |harm: fn(&mut Entry)| told(|folder| folder.catalogue.prompt.values_mut().for_each(harm));
    assert!(change(|entry| entry.text = "Hallo.".to_owned()).contains(stale));
    assert!(change(|entry| entry.pace = Some(120)).contains(stale));
    assert!(told(|folder| folder.catalogue.voice.pitch = 50).contains(stale));
    assert!(told(|folder| folder.catalogue.voice.recipe = 2).contains(stale));
    let read = ("PIN".to_owned(), "Pinn".to_owned());
    assert!(told(|folder| folder.catalogue.voice.reads.extend([read.clone()])).contains(stale));
}

#[test]
fn a_recording_that_no_prompt_names_is_noticed() {
    assert!(told(|folder| folder.wavs.push("old".to_owned())).contains("belongs to no prompt"));
}

#[test]
fn names_become_variants() {
    assert_eq!(variant("ask_room_1"), "AskRoom1");
    assert_eq!(variant("goodbye"), "Goodbye");
}
