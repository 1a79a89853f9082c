//! `rundruf echo-case`: one simulated telephone that returns what it hears, as two recordings: what it sent, and what is left of it.

use super::out;
use crate::caller::sentences;
use crate::sim::echo::{Case, Change, Figures, Heard, Kind, Voices, levelled, run as run_case};
use crate::units::SAMPLE_RATE;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// The flags of `rundruf echo-case`.
#[derive(Debug, clap::Args)]
pub struct EchoCaseArgs {
    /// Folder for sent.wav (to the telephone), before.wav, after.wav and near.wav
    folder: PathBuf,
    /// By what the echo comes back: hybrid, or a room's tail in milliseconds (32, 64, 128)
    #[arg(long, default_value = "64", value_parser = kind)]
    path: Kind,
    /// How far below what was sent it comes back, in dB; 100: not at all
    #[arg(long, value_name = "DB", default_value_t = 12.0)]
    loss: f32,
    /// How long it takes, beside the 20 ms that it takes always
    #[arg(long, value_name = "MS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(..=480))]
    trip: u32,
    /// The telephone's noise, in dBm0
    #[arg(long, value_name = "DBM0", default_value_t = -60.0, allow_negative_numbers = true)]
    noise: f32,
    /// How much weaker than the far voice the near one is, in dB
    #[arg(long, value_name = "DB", default_value_t = 0.0)]
    weaker: f32,
    /// The loudspeaker distorts
    #[arg(long)]
    clips: bool,
    /// After 18 s the echo comes so many milliseconds later, instead of by another path
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(..=480))]
    later: Option<u32>,
    /// What chance is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of two voices or more (8 kHz, mono, 16 bit), far and near one by name; default: the demo's sentences
    #[arg(long, value_name = "FOLDER")]
    voices: Option<PathBuf>,
}

/// Runs `rundruf echo-case`.
pub fn run(args: EchoCaseArgs) -> Result<()> {
    let [far, near] = voices(args.voices.as_deref())?;
    let case = Case {
        noise_dbm0: args.noise,
        weaker_db: args.weaker,
        clips: args.clips,
        change: args.later.map_or(Change::Path, Change::Later),
        ..Case::new(args.path, args.loss, args.trip, args.seed)
    };
    let voices = Voices {
        far: &far,
        near: &near,
    };
    let (figures, heard) = run_case(case, voices);
    write(&args.folder, &heard)?;
    out::print(&told(&figures))
}

fn voices(folder: Option<&Path>) -> Result<[Vec<i16>; 2]> {
    let all = match folder {
        Some(folder) => sentences::from_folder(folder)?,
        None => sentences::built_in()?,
    };
    ensure!(
        all.len() >= 2,
        "two recordings are needed: a far voice and a near one"
    );
    let every_second = |from: usize| {
        let chosen = all.iter().skip(from).step_by(2);
        levelled(&chosen.flat_map(|voice| voice.iter().copied()).collect::<Vec<_>>())
    };
    Ok([every_second(0), every_second(1)])
}

fn write(folder: &Path, heard: &Heard) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    for (name, sound) in [
        ("sent.wav", &heard.sent),
        ("before.wav", &heard.before),
        ("after.wav", &heard.after),
        ("near.wav", &heard.near),
    ] {
        let path = folder.join(name);
        let written = || -> Result<(), hound::Error> {
            let mut writer = hound::WavWriter::create(&path, spec)?;
            for &sample in sound {
                writer.write_sample(sample)?;
            }
            writer.finalize()
        };
        written().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn told(figures: &Figures) -> String {
    let ms = |ms: Option<f32>| ms.map_or("never".to_owned(), |ms| format!("{ms:.0} ms"));
    [
        format!("found after {} of speech", ms(figures.detected_ms)),
        format!("{:.1} dB from 1 s to 2 s of echo", figures.after_1s),
        format!(
            "{:.1} dB from 1 s to 2 s since it was found",
            figures.after_found_1s
        ),
        format!("{:.1} dB from 3 s on", figures.after_3s),
        format!("{:.1} dB by the filter alone, from 5 s on", figures.linear),
        format!(
            "{:.1} % of the near voice's frames cut, {:.1} dB of it lost",
            figures.cut_pct, figures.near_db
        ),
        format!(
            "{:.1} dB from 3 s after the change on; 40 dB again after {}",
            figures.changed,
            ms(figures.recovered_ms)
        ),
    ]
    .join("\n")
}

fn kind(typed: &str) -> Result<Kind, String> {
    match (typed, typed.parse()) {
        ("hybrid", _) => Ok(Kind::Hybrid),
        (_, Ok(ms @ 8..=200)) => Ok(Kind::Tail(ms)),
        _ => Err("write \"hybrid\", or a room's tail in milliseconds, 8 to 200".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_written_as_recordings_of_one_length() -> Result<()> {
        let heard = Heard {
            sent: vec![1; 8],
            before: vec![2; 8],
            after: vec![3; 8],
            near: vec![4; 8],
        };
        let folder = tempfile::tempdir()?;
        write(folder.path(), &heard)?;
        for (name, sample) in [("sent", 1), ("before", 2), ("after", 3), ("near", 4)] {
            let reader = hound::WavReader::open(folder.path().join(format!("{name}.wav")))?;
            let read = reader.into_samples::<i16>().collect::<Result<Vec<_>, _>>()?;
            assert_eq!(read, [sample; 8]);
        }
        Ok(())
    }

    #[test]
    fn a_path_is_a_hybrid_or_a_tail() {
        assert_eq!(kind("hybrid"), Ok(Kind::Hybrid));
        assert_eq!(kind("128"), Ok(Kind::Tail(128)));
        assert!(kind("cable").is_err() && kind("5000").is_err());
    }
}
