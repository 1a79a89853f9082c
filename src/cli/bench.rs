//! `rundruf bench`: a bridge of this very program as a child, and callers over real SIP and RTP who talk all the time. Says what
//! it costs, how even and how late the sound is, and whether somebody heard what they should not. On two processors or more
//! the bridge has the first one for itself and the callers the others.

mod load;
mod table;

use super::child::ChildBridge;
use crate::caller::crowd::{Crowd, Meeting};
use anyhow::{Context, Result, bail};
use load::Load;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Callers at most: two ports and two descriptors each, here and there.
const CALLERS_MAX: usize = 6_000;
/// Where the bridge's ports for voice lie.
const PORTS_FROM: u64 = 10_000;
const PORTS: u64 = 40_000;
/// How long keying may take after the last call was answered, and hanging up.
const KEYING_MAX: Duration = Duration::from_secs(30);
const HANG_UP_MAX: Duration = Duration::from_secs(10);
const SETTLE: Duration = Duration::from_secs(5);

/// The flags of `rundruf bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Rooms
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rooms: u32,
    /// Callers in each
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=5_000))]
    per_room: u32,
    /// How long is measured, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=86_400))]
    seconds: u32,
    /// Calls a second while they dial
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    dial: u32,
    /// Leave the processors to the system
    #[arg(long)]
    unpinned: bool,
    /// Print JSON for programs instead of a table for people
    #[arg(long)]
    json: bool,
}

/// Runs `rundruf bench`; exit code 1 if a caller did not come in, or heard itself or another room.
pub fn run(args: BenchArgs) -> Result<ExitCode> {
    let callers = args.rooms as usize * args.per_room as usize;
    if callers > CALLERS_MAX {
        bail!(
            "{callers} callers are too many: {CALLERS_MAX} at most, by fewer --rooms or a smaller --per-room"
        );
    }
    load::allow_descriptors(callers)?;
    let token = getrandom::u64().map_err(std::io::Error::other)?;
    let folder = Folder::new(token)?;
    std::fs::write(
        folder.0.join("bridge.toml"),
        settings(callers, args.per_room, token),
    )?;
    let pinned = !args.unpinned && load::pin_to_first();
    let mut bridge = ChildBridge::start(&folder.0, "bridge.log")?;
    if pinned {
        load::pin_to_others();
    }
    let outcome = measure(&args, &bridge, pinned);
    bridge.stop();
    let report = outcome?;
    if args.json {
        super::out::print_json(&report)?;
    } else {
        super::out::print(&report.to_string())?;
    }
    Ok(if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn measure(args: &BenchArgs, bridge: &ChildBridge, pinned: bool) -> Result<table::Report> {
    let callers = args.per_room as usize;
    let mut meetings = Vec::new();
    for _ in 0..args.rooms {
        let room = bridge.book(callers)?;
        let pin = room.pin.context("a room was booked without a PIN")?;
        meetings.push(Meeting {
            keys: format!(",,{}#,{pin}#", room.number),
            callers,
        });
    }
    let mut crowd = Crowd::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bridge.address(), &meetings)?;
    let dialling = Duration::from_secs(1) * crowd.len() as u32 / args.dial;
    crowd.dial_in(args.dial, dialling + KEYING_MAX);
    let (up, keyed) = crowd.up();
    crowd.run_for(SETTLE);
    let before = Load::of(bridge.pid())?;
    let figures = crowd.measure(Duration::from_secs(args.seconds.into()));
    let after = Load::of(bridge.pid())?;
    crowd.hang_up(HANG_UP_MAX);
    Ok(table::Report::new(
        args.rooms,
        args.per_room,
        (up, keyed),
        &figures,
        (before, after),
        pinned,
    ))
}

/// Room for everybody, and nothing left out or refused: it is to be seen how far it goes.
fn settings(callers: usize, seats: u32, token: u64) -> String {
    // Somewhere among 40,000 ports, away from a bridge that runs already.
    let ports = 4 * callers as u64 + 200;
    let from = PORTS_FROM + token % (PORTS - ports) / 2 * 2;
    format!(
        "[calls]\nmax = {callers}\n[rooms]\nseats = {seats}\n[rtp]\nports = \"{from}-{}\"\n\
         [media]\nrefuse_load_pct = 100\nshed_load_pct = 100\n[log]\nfilter = \"warn\"\n",
        from + ports - 1
    )
}

/// The bench's data, which nobody needs afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(token: u64) -> Result<Folder> {
        let path = std::env::temp_dir().join(format!("rundruf-bench-{token:016x}"));
        std::fs::create_dir(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
