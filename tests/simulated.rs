//! Simulated evenings by the seed (`src/sim/`): as many as RUNDRUF_SEEDS says, and every seed that once failed. What the bridge
//! sends is read by an independent parser in each of them.
#![allow(unsafe_code)]

#[path = "worlds/day.rs"]
mod day;
mod lossy_crowd;

use proptest::prelude::*;
use proptest::test_runner::{TestRng, TestRunner};
use rundruf::sim::{CALLERS_MAX, Chance, Summary, World};
use std::convert::TryFrom;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Seeds that found something, each with what it was.
const FOUND: &str = include_str!("worlds/found.txt");

fn read(bytes: &[u8]) -> Result<(), String> {
    let message = rsip::SipMessage::try_from(bytes.to_vec()).map_err(|error| error.to_string())?;
    let typed = match &message {
        rsip::SipMessage::Request(request) => typed(request),
        rsip::SipMessage::Response(response) => typed(response),
    };
    typed.map_err(|error| error.to_string())
}

fn typed<M: rsip::message::HeadersExt>(message: &M) -> Result<(), rsip::Error> {
    use rsip::prelude::ToTypedHeader as _;
    message.via_header()?.typed()?;
    message.from_header()?.typed()?;
    message.to_header()?.typed()?;
    message.cseq_header()?.typed()?;
    message.call_id_header()?;
    Ok(())
}

/// Everything that is logged, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn live_through(seed: u64) -> Result<Summary, String> {
    let mut world = World::seeded(seed, CALLERS_MAX);
    world.reader = Some(Box::new(read));
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let outcome = tracing::subscriber::with_default(subscriber, || world.run());
    let logged = String::from_utf8_lossy(&log.0.lock().expect("no panic")).into_owned();
    let what = match outcome {
        Ok(_) if world.secrets().iter().any(|secret| logged.contains(secret)) => {
            "a secret in the log".to_owned()
        }
        Ok(summary) => return Ok(summary),
        Err(failure) => failure.to_string(),
    };
    Err(format!("seed {seed} fails at {what}\n  rundruf replay {seed}"))
}

/// Lives through these seeds on every core; what failed.
fn all(seeds: &[u64]) -> (Vec<String>, u64) {
    let (next, joined) = (AtomicU64::new(0), AtomicU64::new(0));
    let failures = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    match live_through(seed) {
                        Ok(summary) => _ = joined.fetch_add(summary.joined, Ordering::Relaxed),
                        Err(failure) => failures.lock().expect("no panic yet").push(failure),
                    }
                }
            });
        }
    });
    (failures.into_inner().expect("no panic"), joined.into_inner())
}

#[test]
fn every_evening_of_many_keeps_its_promises() {
    let count = std::env::var("RUNDRUF_SEEDS").map_or(8, |count| count.parse().expect("a number"));
    let seeds: Vec<u64> = (1..=count).collect();
    let (failures, joined) = all(&seeds);
    println!("{count} evenings of {CALLERS_MAX} callers: {joined} times somebody came into a room");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(joined > count * 8, "most of those who call come in: {joined}");
}

#[test]
fn an_evening_from_any_bytes_keeps_its_promises() {
    // Always the same bytes, so that a green run stays green; PROPTEST_CASES=5000 looks further.
    let config = ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(12, |cases| cases.parse().expect("a number")),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let tapes = proptest::collection::vec(any::<u8>(), 0..800);
    let lived = TestRunner::new_with_rng(config, rng).run(&tapes, |tape| {
        let outcome = World::new(Chance::taped(&tape), 5).run();
        outcome.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        Ok(())
    });
    lived.expect("the shortest bytes that fail stand here");
}

#[test]
fn what_was_found_once_is_not_there_any_more() {
    let seeds: Vec<u64> = FOUND
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .map(|seed| seed.parse().expect("a seed at the beginning of the line"))
        .collect();
    assert!(!seeds.is_empty());
    let (failures, _) = all(&seeds);
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn in_some_evenings_g722_is_spoken_and_left_again() {
    let evening = live_through(22).expect("an evening that holds");
    assert!(evening.joined_wide > 0 && evening.switched > 0, "{evening:?}");
}

#[test]
fn the_same_seed_is_the_same_evening() {
    assert_eq!(live_through(3), live_through(3));
    assert_ne!(live_through(3), live_through(5));
}
