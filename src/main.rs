//! The program `rundruf`: everything stands in the library, the command line in [`rundruf::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    rundruf::cli::main()
}
