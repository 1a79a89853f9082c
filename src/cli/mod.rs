//! Owns the command line: one file per command, this tree of them, and what they share. Must never print a PIN but to
//! the organiser who books or asks for a room, and never a caller's number.
//!
//! What a command is asked for goes to standard output and nothing else does; remarks and errors go to standard error.
//! Exit code 1 is a failure, whose message names the remedy; 2 is a wrong command line.

mod appointment;
mod bench;
mod calendar;
mod check;
mod child;
pub mod demo;
mod drain;
mod echo_case;
mod help;
mod invitation;
pub mod logging;
mod out;
mod reload;
mod replay;
mod room;
pub mod serve;
pub mod settings;
mod status;
mod watch;
mod when;

use clap::{CommandFactory, Parser, Subcommand};
use std::process::{ExitCode, Termination};

/// A telephone dial-in conference bridge that an organisation runs itself.
#[derive(Debug, Parser)]
#[command(name = "rundruf", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bridge until it is stopped (Ctrl-C or SIGTERM)
    Serve(serve::ServeArgs),
    /// Book, list, show, change and cancel rooms
    Room(room::RoomArgs),
    /// Show what the running bridge is doing: counts, never people
    Status(status::StatusArgs),
    /// Let the running bridge end: no new calls, the standing ones go on
    Drain(drain::DrainArgs),
    /// Have the running bridge read its settings again
    Reload(reload::ReloadArgs),
    /// Look through settings and machine, and say what is missing
    Check(check::CheckArgs),
    /// Start a bridge and have eight built-in callers hold a meeting
    Demo(demo::DemoArgs),
    /// Live through a simulated evening of calls, or through many
    Replay(replay::ReplayArgs),
    /// Let a simulated telephone return what it hears, and write what is left of it
    EchoCase(echo_case::EchoCaseArgs),
    /// Measure what this machine carries: callers over real sockets, in rooms of a size
    Bench(bench::BenchArgs),
    /// Print the completions for a shell
    Completions(help::CompletionsArgs),
    /// Print the manual page
    Man(help::ManArgs),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    if !matches!(command, Command::Serve(_)) {
        logging::init();
    }
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            out::remark(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    Ok(match command {
        Command::Serve(args) => serve::run(args)?.report(),
        Command::Room(args) => room::run(args)?.report(),
        Command::Status(args) => status::run(args)?.report(),
        Command::Drain(args) => drain::run(args)?.report(),
        Command::Reload(args) => reload::run(args)?.report(),
        Command::Check(args) => check::run(args)?.report(),
        Command::Demo(args) => demo::run(args)?.report(),
        Command::Replay(args) => replay::run(args)?.report(),
        Command::EchoCase(args) => echo_case::run(args)?.report(),
        Command::Bench(args) => bench::run(args)?.report(),
        Command::Completions(args) => help::completions(&args, Cli::command())?.report(),
        Command::Man(args) => help::man(&args, Cli::command())?.report(),
    })
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Cli::command().debug_assert();
    }
}
