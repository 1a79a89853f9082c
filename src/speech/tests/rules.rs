//! A broken catalogue is told in a sentence that helps.

use super::super::RECORDINGS;
use super::super::catalogue::{
    Catalogue, Content, Entry, Folder, Manifest, SOUNDS, Series, Shape, SoundCatalogue, Voice, shape,
    sound_stamp, stamp, variant,
};
use super::super::faults::faults;

fn voice() -> Voice {
    Voice {
        name: "de".to_owned(),
        pitch: 44,
        gap: 1,
        pace: 140,
        recipe: 1,
        reads: Default::default(),
    }
}

fn entry(text: &str) -> Entry {
    Entry {
        text: text.to_owned(),
        ..Entry::default()
    }
}

/// A language folder in which all is well.
fn folder(language: &str) -> Folder {
    let (voice, entry) = (voice(), entry("Guten Tag."));
    let stamps = [("greeting".to_owned(), stamp(&voice, &entry))].into();
    Folder {
        name: language.to_owned(),
        content: Content::Speech {
            voice,
            prompts: [("greeting".to_owned(), entry)].into(),
        },
        manifest: Manifest { stamps },
        wavs: [("greeting".to_owned(), Shape::Fits)].into(),
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

/// The same for a harm to what is said.
fn told_of(harm: impl Fn(&mut Voice, &mut Entry)) -> String {
    told(|folder| {
        if let Content::Speech { voice, prompts } = &mut folder.content {
            harm(voice, prompts.get_mut("greeting").expect("it is there"));
        }
    })
}

#[test]
fn a_missing_text_recording_or_prompt_fails_the_build_with_a_remedy() {
    let sentences = [
        told(|folder| {
            let Content::Speech { voice, prompts } = &mut folder.content else {
                return;
            };
            *prompts = [("greeting".to_owned(), entry(" "))].into();
            let stamps = [("greeting".to_owned(), stamp(voice, &entry(" ")))];
            folder.manifest.stamps = stamps.into();
        }),
        told(|folder| folder.wavs.clear()),
        told(|folder| {
            folder.wavs.insert("greeting".to_owned(), Shape::Foreign);
        }),
        told(|folder| {
            if let Content::Speech { prompts, .. } = &mut folder.content {
                prompts.clear();
            }
            folder.wavs.clear();
        }),
        told(|folder| folder.manifest.stamps.clear()),
    ];
    for sentence in sentences {
        for part in ["'greeting'", "en", "./script/prompts"] {
            assert!(sentence.contains(part), "{part} is not in: {sentence}");
        }
    }
}

#[test]
fn a_changed_text_pace_or_voice_makes_the_recording_stale() {
    let stale = "was recorded from another text or voice";
    assert!(told_of(|_, entry| entry.text = "Hallo.".to_owned()).contains(stale));
    assert!(told_of(|_, entry| entry.pace = Some(120)).contains(stale));
    assert!(told_of(|_, entry| entry.goes_on = true).contains(stale));
    assert!(told_of(|voice, _| voice.pitch = 50).contains(stale));
    assert!(told_of(|voice, _| voice.recipe = 2).contains(stale));
    let read = ("PIN".to_owned(), "Pinn".to_owned());
    assert!(told_of(|voice, _| voice.reads.extend([read.clone()])).contains(stale));
}

#[test]
fn a_recording_that_no_prompt_names_is_noticed() {
    let told = told(|folder| {
        folder.wavs.insert("old".to_owned(), Shape::Fits);
    });
    assert!(told.contains("belongs to no entry"));
}

#[test]
fn a_stale_sound_is_noticed_and_needs_no_translation() {
    let shipped = include_str!("../../../prompts/sounds/catalogue.toml");
    let mut shipped: SoundCatalogue = toml::from_str(shipped).expect("the build has read it");
    let mut entry = shipped.sound.remove("join").expect("the tone of joining");
    let stamps = [("join".to_owned(), sound_stamp(&entry))].into();
    entry.version += 1;
    let sounds = Folder {
        name: SOUNDS.to_owned(),
        content: Content::Sounds([("join".to_owned(), entry)].into()),
        manifest: Manifest { stamps },
        wavs: [("join".to_owned(), Shape::Fits)].into(),
    };
    let told = faults(&[folder("de"), sounds]);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("'join' in 'sounds'"), "{told:?}");
}

#[test]
fn a_series_is_one_prompt_a_number_and_a_number_without_a_word_is_noticed() {
    let words = ["null", "eins", "zwei"].map(str::to_owned).to_vec();
    let number = Series {
        words,
        ..Series::default()
    };
    let minutes = Series {
        first: 2,
        last: Some(3),
        text: "{} Minuten.".to_owned(),
        ..Series::default()
    };
    let catalogue = Catalogue {
        voice: voice(),
        prompt: Default::default(),
        series: [("number".to_owned(), number), ("minutes".to_owned(), minutes)].into(),
    };
    let prompts = catalogue.prompts();
    let names: Vec<_> = prompts.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["minutes_2", "minutes_3", "number_0", "number_1", "number_2"]
    );
    assert_eq!(prompts["minutes_2"].text, "zwei Minuten.");
    let mut folder = folder("de");
    folder.manifest.stamps = prompts
        .iter()
        .map(|(name, entry)| (name.clone(), stamp(&voice(), entry)))
        .collect();
    folder.wavs = prompts.keys().map(|name| (name.clone(), Shape::Fits)).collect();
    folder.content = Content::Speech {
        voice: catalogue.voice,
        prompts,
    };
    let told = faults(&[folder]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("'minutes_3'"), "{told:?}");
}

#[test]
fn a_wav_file_of_another_shape_is_noticed() {
    let good = RECORDINGS[0].1[0].wav;
    assert_eq!(shape(good), Shape::Fits);
    for place in [0, 8, 20, 22, 24, 38, 50, 54] {
        let mut bad = good.to_vec();
        bad[place] ^= 0x20;
        assert_eq!(shape(&bad), Shape::Foreign, "byte {place}");
    }
    assert_eq!(shape(&good[..good.len() - 2]), Shape::Foreign);
    assert_eq!(shape(&[]), Shape::Foreign);
}

#[test]
fn names_become_variants() {
    assert_eq!(variant("ask_room_1"), "AskRoom1");
    assert_eq!(variant("goodbye"), "Goodbye");
}
