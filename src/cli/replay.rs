//! `rundruf replay`: lives through simulated evenings (see [`crate::sim`]) by their seeds. One seed is told event by event;
//! many are counted. A seed that fails ends at the same step every time.

use crate::sim::{CALLERS_MAX, Failure, Summary, World};
use crate::units::Time;
use anyhow::{Result, ensure};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// The flags of `rundruf replay`.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// The seed, or the first of many
    seed: u64,
    /// So many seeds, one after the other, without a journal
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u64,
    /// How many callers there are
    #[arg(long, value_name = "N", default_value_t = CALLERS_MAX)]
    callers: usize,
    /// No journal of a single seed either
    #[arg(long)]
    quiet: bool,
}

/// Runs `rundruf replay`.
pub fn run(args: ReplayArgs) -> Result<ExitCode> {
    ensure!(
        (1..=CALLERS_MAX).contains(&args.callers),
        "--callers takes 1 to {CALLERS_MAX}"
    );
    let failed = match args.count {
        1 => u64::from(!one(&args)),
        _ => many(&args),
    };
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn one(args: &ReplayArgs) -> bool {
    let mut world = World::seeded(args.seed, args.callers);
    if !args.quiet {
        world.journal = Some(Box::new(|now: Time, line: &str| {
            let ms = now.as_millis();
            println!("{:>4}.{:03}  {line}", ms / 1_000, ms % 1_000);
        }));
    }
    let outcome = world.run();
    tell(args, args.seed, &outcome);
    if let Ok(summary) = outcome {
        println!(
            "seed {}: all held over {} s in {} steps: {} messages and {} frames from the bridge, {} times somebody came into a \
             room, {} of them in G.722; {} changes of codec",
            args.seed,
            summary.millis / 1_000,
            summary.steps,
            summary.messages,
            summary.frames_heard,
            summary.joined,
            summary.joined_wide,
            summary.switched
        );
    }
    outcome.is_ok()
}

fn tell(args: &ReplayArgs, seed: u64, outcome: &Result<Summary, Failure>) {
    if let Err(failure) = outcome {
        let callers = match args.callers {
            CALLERS_MAX => String::new(),
            other => format!(" --callers {other}"),
        };
        println!("seed {seed} fails at {failure}\n  rundruf replay {seed}{callers}");
    }
}

/// How many of the seeds fail.
fn many(args: &ReplayArgs) -> u64 {
    let begin = Instant::now();
    let (next, failed) = (AtomicU64::new(args.seed), AtomicU64::new(0));
    let [calls, wide, switched, millis] = [const { AtomicU64::new(0) }; 4];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed - args.seed < args.count
                {
                    let outcome = World::seeded(seed, args.callers).run();
                    tell(args, seed, &outcome);
                    let summary = outcome.unwrap_or_default();
                    failed.fetch_add(u64::from(summary == Summary::default()), Ordering::Relaxed);
                    calls.fetch_add(summary.joined, Ordering::Relaxed);
                    wide.fetch_add(summary.joined_wide, Ordering::Relaxed);
                    switched.fetch_add(summary.switched, Ordering::Relaxed);
                    millis.fetch_add(summary.millis, Ordering::Relaxed);
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!(
        "{} of {} seeds held: {} simulated hours, {} times somebody came into a room, {} of them in G.722; {} changes of codec; \
         in {} s",
        args.count - failed,
        args.count,
        millis.into_inner() / 3_600_000,
        calls.into_inner(),
        wide.into_inner(),
        switched.into_inner(),
        begin.elapsed().as_secs()
    );
    failed
}
