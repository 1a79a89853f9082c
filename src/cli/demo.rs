//! `rundruf demo`: a bridge of this very program as a child, and eight built-in callers that hold a meeting on it, over
//! real SIP and RTP. Measures what each of them heard. Must never reach the bridge other than as a caller, an organiser
//! or an operator could.

mod display;
mod meeting;

use super::child::{ChildBridge, Room};
use crate::caller::sentences;
use anyhow::Result;
use display::Display;
use meeting::{CALLERS, Meeting};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The flags of `rundruf demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Data folder of the demo's bridge
    #[arg(long, value_name = "DIR", default_value = "rundruf-data")]
    data: PathBuf,
    /// Your own recordings for the callers to speak, instead of the built-in sentences (8 kHz, mono, 16 bit)
    #[arg(long, value_name = "DIR")]
    sentences: Option<PathBuf>,
    /// Write what the first caller heard into a WAV file
    #[arg(long, value_name = "FILE")]
    listen: Option<PathBuf>,
    /// End after the table, with exit code 1 if a caller has something to complain of
    #[arg(long)]
    exit: bool,
}

/// Runs the demo.
pub fn run(args: DemoArgs) -> Result<ExitCode> {
    let spoken = match &args.sentences {
        Some(folder) => sentences::from_folder(folder)?,
        None => sentences::built_in()?,
    };
    let stop = stop_on_signals()?;
    let mut bridge = ChildBridge::start(&args.data, "demo-bridge.log")?;
    let room = bridge.room()?;
    println!(
        "The bridge answers on {}; its log is {}.\n",
        bridge.address(),
        bridge.log().display()
    );
    println!("{}", room.invitation);
    println!("{CALLERS} callers dial in. Ctrl-C ends the demo.\n");

    let mut meeting = Meeting::new(bridge.address(), Display::start(bridge.data()), stop)?;
    let outcome = hold(&mut meeting, &room, spoken, &args);
    let hung_up = meeting.end();
    bridge.stop();
    let code = outcome?;
    hung_up?;
    Ok(code)
}

type Sentences = Vec<Arc<[i16]>>;

fn hold(meeting: &mut Meeting, room: &Room, spoken: Sentences, args: &DemoArgs) -> Result<ExitCode> {
    meeting.dial_in(room)?;
    // Nobody listens when the demo only measures: two sentences show that speech passes.
    let turns = if args.exit { 2 } else { CALLERS };
    meeting.speak_in_turn(&spoken, turns)?;
    let rows = meeting.measure()?;
    if meeting.stopped() {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &args.listen {
        meeting.write_first_ear(file)?;
    }
    let (good, verdict) = crate::caller::report::verdict(&rows);
    meeting.silence_display();
    println!("\n{}\n{verdict}", crate::caller::report::table(&rows));
    if let Some(file) = &args.listen {
        println!("What caller 1 heard is in {}.", file.display());
    }
    if args.exit {
        return Ok(if good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let pin = room
        .pin
        .as_deref()
        .map_or(String::new(), |pin| format!(", PIN {pin}"));
    println!(
        "\nThe bridge stays up, and the callers go on talking. With a softphone on this machine (no account, no \
         registration) dial sip:room@{}, then key room {}{pin}, each with #. Ctrl-C ends.",
        meeting.bridge(),
        room.number,
    );
    meeting.go_on_talking(&spoken)?;
    Ok(ExitCode::SUCCESS)
}

/// A flag that Ctrl-C and SIGTERM raise.
fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        });
        raised.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}
