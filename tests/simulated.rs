//! Simulated evenings by the seed (`src/sim/`): as many as RUNDRUF_SEEDS says, and every seed that once failed. What the bridge
//! sends is read by an independent parser in each of them.

use rundruf::sim::{CALLERS_MAX, Summary, World};
use std::convert::TryFrom;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

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

fn live_through(seed: u64) -> Result<Summary, String> {
    let mut world = World::seeded(seed, CALLERS_MAX);
    world.reader = Some(Box::new(read));
    world
        .run()
        .map_err(|failure| format!("seed {seed} fails at {failure}\n  rundruf replay {seed}"))
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
fn the_same_seed_is_the_same_evening() {
    assert_eq!(live_through(3), live_through(3));
    assert_ne!(live_through(3), live_through(5));
}
