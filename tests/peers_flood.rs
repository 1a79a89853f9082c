//! Floods of spoilt messages, and calls that come and go: what they cost those who talk. Counts are asserted; times are
//! printed, never asserted.

mod running;

use rundruf::bridge::status::Status;
use rundruf::caller::{CallerSet, Pace, options_answered};
use rundruf::media_api::Law;
use running::churn::churn;
use running::flood::{Flooded, flood};
use running::{Bridge, LOCALHOST, Room, eventually};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Only this one is served; more calls than the shipped limit.
const SETTINGS: &str = "[sip]\ntrunks = [\"127.0.0.1\"]\n[calls]\nmax = 600\n";
const UNSERVED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const CALLERS: usize = 20;
const ROOMS: usize = 4;
const SOON: Duration = Duration::from_secs(20);
/// Transactions end after 32 s, ports rest for 30 s.
const FORGOTTEN: Duration = Duration::from_secs(40);
const CALLS_PER_S: u32 = 200;

/// How long a story lasts: 10 s, or what `key` says.
fn span(key: &str) -> Duration {
    let seconds = std::env::var(key).ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

fn percentile(rising: &[f64], percent: usize) -> f64 {
    let place = rising.len().saturating_sub(1) * percent / 100;
    rising.get(place).copied().unwrap_or(f64::NAN)
}

/// Callers who talk and hear each other in rooms.
fn talking(bridge: &Bridge) -> CallerSet {
    let rooms: Vec<Room> = (0..ROOMS).map(|n| bridge.book(&format!("Gruppe {n}"))).collect();
    let mut set = CallerSet::new(LOCALHOST, bridge.address).expect("a socket");
    for n in 0..CALLERS {
        let id = set.add([Law::A, Law::Mu][n % 2]).expect("a tone of its own");
        set.dial(id).expect("loopback");
        set.press(id, &rooms[n % ROOMS].keys(), Pace::from_millis(60, 60));
    }
    let all_in = || bridge.status().in_rooms == CALLERS;
    let came = set.run_until(SOON, |_| all_in()).expect("loopback");
    assert!(came, "{:?}", bridge.status());
    set.ids().for_each(|id| set.hum(id, -20.0));
    set.run_for(Duration::from_secs(3)).expect("loopback");
    set
}

/// OPTIONS every 50 ms until `over`: how long each answer took in milliseconds, in rising order, and how many never came.
fn ask(bridge: SocketAddr, over: &AtomicBool) -> (Vec<f64>, usize) {
    let (mut times, mut lost) = (Vec::new(), 0);
    while !over.load(Ordering::Relaxed) {
        let sent = Instant::now();
        match options_answered(LOCALHOST, bridge, Duration::from_secs(2)) {
            Ok(true) => times.push(sent.elapsed().as_secs_f64() * 1e3),
            _ => lost += 1,
        }
        std::thread::sleep(Duration::from_millis(50).saturating_sub(sent.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    (times, lost)
}

/// The worst share of packets that a line lacked, asked every second until `over`.
fn watch(bridge: &Bridge, over: &AtomicBool) -> f64 {
    let mut worst = 0.0;
    while !over.load(Ordering::Relaxed) {
        let lines = bridge.status().lines;
        worst = lines.iter().map(|line| line.loss_pct).fold(worst, f64::max);
        std::thread::park_timeout(Duration::from_secs(1));
    }
    worst
}

fn count(status: &Status, name: &str) -> u64 {
    let counts = [&status.refused, &status.counters];
    counts.iter().find_map(|map| map.get(name)).copied().unwrap_or(0)
}

fn refused(status: &Status) -> u64 {
    status.refused.values().sum()
}

/// Lost samples and late packets of all that the callers heard.
fn missed(set: &CallerSet) -> u64 {
    let ears = set.ids().map(|id| set.ear(id));
    ears.map(|ear| ear.lost_samples + ear.late_packets).sum()
}

fn packets(set: &CallerSet) -> usize {
    set.ids().map(|id| set.ear(id).packets()).sum()
}

fn forgets_all(bridge: &Bridge) {
    let nothing = || bridge.status().held.values().all(|&count| count == 0);
    assert!(eventually(FORGOTTEN, nothing), "{:?}", bridge.status().held);
}

fn tell(who: &str, flooded: &Flooded) {
    let per_s = flooded.sent as f64 / flooded.took.as_secs_f64();
    println!(
        "{who}: {} sent ({per_s:.0}/s, {} bytes each), {} answers came",
        flooded.sent,
        flooded.bytes / flooded.sent.max(1),
        flooded.answers,
    );
}

#[test]
fn a_flood_of_spoilt_messages_costs_no_call_a_packet() {
    let bridge = Bridge::start_for_load(SETTINGS);
    let span = span("RUNDRUF_FLOOD_SECONDS");
    let mut set = talking(&bridge);
    let (before, resident) = (bridge.status(), bridge.resident_kib());
    let missed_before = missed(&set);
    let packets_before = packets(&set);
    let over = AtomicBool::new(false);
    let (served, unserved, (times, lost), worst) = std::thread::scope(|scope| {
        let asks = scope.spawn(|| ask(bridge.address, &over));
        let watches = scope.spawn(|| watch(&bridge, &over));
        let floods = [LOCALHOST, UNSERVED].map(|own| scope.spawn(move || flood(own, bridge.address, span)));
        set.run_until(span * 3, |_| floods.iter().all(|flood| flood.is_finished()))
            .expect("loopback");
        over.store(true, Ordering::Relaxed);
        let [served, unserved] = floods.map(|flood| flood.join().expect("it floods"));
        let (asked, worst) = (asks.join().expect("it asks"), watches.join().expect("it watches"));
        (served, unserved, asked, worst)
    });
    let (after, resident_after) = (bridge.status(), bridge.resident_kib());
    let grown = |name| count(&after, name) - count(&before, name);
    let (strangers, dropped) = (grown("unserved"), grown("sip_overflowed"));
    let known = refused(&after) - refused(&before) - strangers;
    tell("served", &served);
    tell("unserved", &unserved);
    println!(
        "OPTIONS: {} answered, {lost} lost, p50 {:.1} ms, p99 {:.1} ms\nrefused: {known} served, {strangers} unserved; \
         kernel drops: {dropped}\nRSS: {resident} KiB, then {resident_after} KiB\nvoice: {} packets heard, {} frames \
         concealed, worst loss of a line {worst} %\nheld: {:?}",
        times.len(),
        percentile(&times, 50),
        percentile(&times, 99),
        packets(&set) - packets_before,
        grown("frames_concealed"),
        after.held,
    );
    assert_eq!((lost, times.is_empty()), (0, false), "OPTIONS without an answer");
    assert_eq!(missed(&set), missed_before, "the callers lack sound");
    assert_eq!(worst, 0.0, "the bridge lacks packets of a line");
    assert_eq!(after.in_rooms, CALLERS);
    assert_eq!(unserved.answers, 0, "strangers get no answer");
    let silent = served.unanswered.len() as u64;
    assert!(silent <= dropped, "no answer: {:?}", served.unanswered.first());
    assert!(
        strangers * 100 >= unserved.sent * 95,
        "{strangers} of {}",
        unserved.sent
    );
    assert!(
        known * 100 >= served.sent * 90,
        "{known} of {}: {:?}",
        served.sent,
        after.refused
    );
    assert!(resident_after < resident + 128 * 1_024, "it grows");
    assert!(set.hang_up_all(SOON).expect("loopback"));
    forgets_all(&bridge);
}

#[test]
fn calls_come_and_go_at_200_a_second() {
    let bridge = Bridge::start_for_load(SETTINGS);
    let resident = bridge.resident_kib();
    let churned = churn(bridge.address, CALLS_PER_S, span("RUNDRUF_CHURN_SECONDS"));
    let status = bridge.status();
    println!(
        "{} calls ({:.1}/s), {} whole; INVITE to 200: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms; RSS {resident}, then {} KiB",
        churned.begun,
        churned.begun as f64 / churned.took.as_secs_f64(),
        churned.whole,
        percentile(&churned.answered_ms, 50),
        percentile(&churned.answered_ms, 99),
        percentile(&churned.answered_ms, 100),
        bridge.resident_kib(),
    );
    assert!(churned.begun > 0);
    assert_eq!(churned.refused, [0; 0], "{:?}", status.refused);
    assert_eq!(churned.whole, churned.begun, "{status:?}");
    assert_eq!(
        churned.answered_ms.len(),
        churned.begun,
        "a 200 was sent twice, or not at all"
    );
    forgets_all(&bridge);
}
