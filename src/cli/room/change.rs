//! `rundruf room change`: another name, size, end, language or leader PIN. Who is inside stays.

use super::tell::tell;
use super::typed::{NoneIs, PinTyped, direct, language, on_off};
use super::view::WithPin;
use super::{NumberArg, existing_store, no_such_room, show};
use crate::cli::settings::Settings;
use crate::cli::{out, when};
use crate::ids::Language;
use crate::io::control_socket::Request;
use crate::io::store::{Change, unix_now};
use crate::number::DialPlan;

#[derive(Debug, clap::Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    number: NumberArg,
    /// Another label; "" takes it away
    #[arg(long)]
    name: Option<String>,
    /// A telephone number of the room's own, or "none"
    #[arg(long = "number", value_name = "TELEPHONE|none")]
    direct: Option<String>,
    /// How many may be in the room at once
    #[arg(long, value_name = "N")]
    seats: Option<u32>,
    /// Another last day
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "forever")]
    until: Option<String>,
    /// No last day any more
    #[arg(long)]
    forever: bool,
    /// The language in which the members are spoken to
    #[arg(long, value_name = "de|en", value_parser = language)]
    language: Option<Language>,
    /// Whether echoes are taken out in this room, where media.echo is on
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    echo: Option<bool>,
    /// The leader PIN: "auto" draws six digits, "none" takes it away, or your own 4 to 10 digits
    #[arg(long, value_name = "auto|none|DIGITS")]
    leader_pin: Option<PinTyped>,
}

impl ChangeArgs {
    fn change(self, plan: &DialPlan) -> anyhow::Result<Change> {
        let leader_pin = self
            .leader_pin
            .map(|typed| typed.choice("--leader-pin", NoneIs::Possible));
        let until = self.until.map(|typed| when::expiry(&typed, unix_now()));
        let expires = until.transpose()?.map(Some);
        let direct = self.direct.map(|typed| match typed.trim() {
            "none" => Ok(None),
            typed => direct(typed, plan).map(Some),
        });
        Ok(Change {
            direct: direct.transpose()?,
            name: self.name,
            pin: None,
            leader_pin: leader_pin.transpose()?,
            seats: self.seats,
            language: self.language,
            echo: self.echo,
            expires: if self.forever { Some(None) } else { expires },
        })
    }
}

pub(super) async fn run(args: ChangeArgs, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let number = args.number.parse()?;
    let change = args.change(&settings.config.sip.dial_plan)?;
    if change == Change::default() {
        anyhow::bail!(
            "nothing to change: add --name, --number, --seats, --until, --forever, --language, --echo or --leader-pin; a new PIN comes from \
             `rundruf room new-pin {number}`"
        );
    }
    let store = existing_store(settings).await?;
    let changed = store.change(number, &change).await;
    store.close().await;
    let booking = changed?.ok_or_else(|| no_such_room(number))?;
    let request = Request::RoomChanged { room: number };
    tell(
        &settings.config.store.data,
        &request,
        "It holds from the next call on; an end that came nearer comes later.",
    );
    if json {
        return out::print_json(&WithPin::new(&booking));
    }
    out::print(&show::lines(&booking, &settings.config.sip))?;
    out::remark(
        "\nChanged. On a running bridge it holds at once; who is inside stays, until the new end if there is one.",
    );
    Ok(())
}
