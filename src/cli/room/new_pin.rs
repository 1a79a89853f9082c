//! `rundruf room new-pin`: a new PIN for the members or the leader. Who is inside stays.

use super::typed::{NoneIs, PinTyped};
use super::view::WithPin;
use super::{NumberArg, existing_store, no_such_room};
use crate::cli::invitation::Invitation;
use crate::cli::out;
use crate::cli::settings::Settings;
use crate::io::store::{Change, FORMER_PIN_DAYS};
use crate::room::Booking;

#[derive(Debug, clap::Args)]
pub(super) struct NewPinArgs {
    #[command(flatten)]
    number: NumberArg,
    /// The new PIN: "auto" draws six digits, or your own 4 to 10 digits
    #[arg(
        long,
        value_name = "auto|DIGITS",
        default_value = "auto",
        hide_default_value = true
    )]
    pin: PinTyped,
    /// Change the leader PIN instead of the members'
    #[arg(long)]
    leader: bool,
}

pub(super) async fn run(args: NewPinArgs, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let number = args.number.parse()?;
    let choice = Some(args.pin.choice("--pin", NoneIs::Refused)?);
    let change = if args.leader {
        Change {
            leader_pin: choice,
            ..Change::default()
        }
    } else {
        Change {
            pin: choice,
            ..Change::default()
        }
    };
    let store = existing_store(settings).await?;
    let changed = store.change(number, &change).await;
    store.close().await;
    let booking = changed?.ok_or_else(|| no_such_room(number))?;
    if json {
        return out::print_json(&WithPin::new(&booking));
    }
    let invitation = Invitation {
        booking: &booking,
        number: settings.config.sip.number.as_deref(),
        language: booking.language,
        appointment: None,
    };
    let sheet = if args.leader { invitation.leader() } else { None };
    out::print(&sheet.unwrap_or_else(|| invitation.members()))?;
    out::remark(&remark(&booking, args.leader));
    Ok(())
}

fn remark(booking: &Booking, leader: bool) -> String {
    let room = booking.number;
    let whose = if leader { "leader PIN" } else { "PIN" };
    let old = if leader || booking.former_pin.is_none() {
        String::new()
    } else {
        format!(" For {FORMER_PIN_DAYS} days, whoever keys the old one hears that it has changed.")
    };
    format!(
        "\nRoom {room} has a new {whose}. A running bridge asks for it from the next call on; who is inside stays.{old}"
    )
}
