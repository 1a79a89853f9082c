//! `rundruf room …`: what the commands share.

mod book;
mod cancel;
mod change;
mod list;
mod new_pin;
mod paper;
mod show;
mod tell;
mod typed;
mod view;

use super::settings::{Place, Settings};
use crate::ids::RoomNumber;
use crate::io::store::{Store, StoreError};
use clap::Subcommand;

/// `rundruf room …`
#[derive(Debug, clap::Args)]
pub struct RoomArgs {
    #[command(flatten)]
    place: Place,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: RoomCommand,
}

#[derive(Debug, Subcommand)]
enum RoomCommand {
    /// Book a room and print the invitation for its members
    Book(book::BookArgs),
    /// List all rooms, without their PINs
    List,
    /// Show one room with its PINs, its invitation, or its appointment for calendars
    Show(show::ShowArgs),
    /// Give a room a new PIN; who is inside stays
    NewPin(new_pin::NewPinArgs),
    /// Change a room's name, size, end, language or leader PIN; who is inside stays
    Change(change::ChangeArgs),
    /// Cancel a room for good; members who are in it hear a sentence, and their calls end
    Cancel(NumberArg),
}

/// A room number as people write it.
#[derive(Debug, clap::Args)]
struct NumberArg {
    /// The room's seven digits; blanks and hyphens do not matter
    #[arg(value_name = "NUMBER", required = true, num_args = 1..)]
    typed: Vec<String>,
}

impl NumberArg {
    fn parse(&self) -> anyhow::Result<RoomNumber> {
        let typed = self.typed.join(" ");
        let digits: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        RoomNumber::parse(&digits).ok_or_else(|| {
            anyhow::anyhow!(
                "{typed:?} is no room number (seven digits, the last one checks the others): \
                 compare it with the invitation, or look it up with `rundruf room list`"
            )
        })
    }
}

/// Runs `rundruf room …`.
pub fn run(args: RoomArgs) -> anyhow::Result<()> {
    let settings = args.place.settings()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match args.command {
            RoomCommand::Book(book) => book::run(book, &settings, args.json).await,
            RoomCommand::List => list::run(&settings, args.json).await,
            RoomCommand::Show(show) => show::run(show, &settings, args.json).await,
            RoomCommand::NewPin(new_pin) => new_pin::run(new_pin, &settings, args.json).await,
            RoomCommand::Change(change) => change::run(change, &settings, args.json).await,
            RoomCommand::Cancel(number) => cancel::run(number.parse()?, &settings, args.json).await,
        }
    })
}

async fn existing_store(settings: &Settings) -> Result<Store, StoreError> {
    Store::open_existing(&settings.config.store.data).await
}

fn no_such_room(number: RoomNumber) -> anyhow::Error {
    anyhow::anyhow!("there is no room {number}: `rundruf room list` shows all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_typed_with_blanks_and_hyphens() {
        let number = RoomNumber::nth(23_456).expect("in range");
        let digits = number.to_string();
        let (front, back) = digits.split_at(3);
        let forms = [
            vec![digits.clone()],
            vec![format!("{front} {back}")],
            vec![front.to_owned(), back.to_owned()],
            vec![format!("{front}-{back}")],
            vec![format!(" {front}\u{a0}{back} ")],
        ];
        for typed in forms {
            assert_eq!(NumberArg { typed }.parse().expect("read"), number);
        }
        let refused = NumberArg {
            typed: vec!["1234567".into()],
        }
        .parse()
        .expect_err("a wrong check digit");
        assert!(refused.to_string().contains("room list"));
    }
}
