//! `rundruf completions` and `rundruf man`: the command line described for shells and for `man`, made from the command
//! line itself, so that they cannot disagree.

use super::out;
use anyhow::Context;
use clap::Command;
use clap_complete::Shell;
use std::path::PathBuf;

/// `rundruf completions`
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// For which shell
    shell: Shell,
}

/// `rundruf man`
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write one page for each command into this folder, instead of the main page to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the completions of `tree`.
pub fn completions(args: &CompletionsArgs, mut tree: Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut tree, "rundruf", &mut script);
    out::print(&String::from_utf8(script)?)
}

/// Prints or writes the manual pages of `tree`.
pub fn man(args: &ManArgs, tree: Command) -> anyhow::Result<()> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(tree).render(&mut page)?;
        return out::print(&String::from_utf8(page)?);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(tree, folder));
    written.with_context(|| format!("the manual pages cannot be written to {folder:?}"))
}
