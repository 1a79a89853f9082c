//! `rundruf room book`: standard output is the invitation and nothing else, ready to be pasted or printed.

use super::view::{self, WithPin};
use crate::cli::settings::Settings;
use crate::cli::{invitation, out, when};
use crate::io::store::{NewBooking, PinChoice, Store, unix_now};
use crate::room::Booking;
use crate::secret::{PIN_DIGITS_MAX, PIN_DIGITS_MIN, Pin};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

#[derive(Debug, clap::Args)]
pub(super) struct BookArgs {
    /// A label for yourself; it stands in the invitation and is never spoken
    name: Option<String>,
    /// The members' PIN: "auto" draws six digits, "none" opens the room to the number alone, or your own 4 to 10 digits
    #[arg(
        long,
        value_name = "auto|none|DIGITS",
        default_value = "auto",
        hide_default_value = true
    )]
    pin: PinTyped,
    /// How many may be in the room at once [default: rooms.seats]
    #[arg(long)]
    seats: Option<u32>,
    /// The room's last day [default: no end]
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<String>,
}

/// What stands after `--pin`. Not read by clap, which would repeat a wrong PIN in its message.
#[derive(Clone)]
struct PinTyped(String);

impl FromStr for PinTyped {
    type Err = Infallible;
    fn from_str(typed: &str) -> Result<PinTyped, Infallible> {
        Ok(PinTyped(typed.to_owned()))
    }
}

impl fmt::Debug for PinTyped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PinTyped {
    fn choice(&self) -> anyhow::Result<PinChoice> {
        match self.0.trim() {
            "auto" => Ok(PinChoice::Drawn),
            "none" => Ok(PinChoice::Without),
            digits => Pin::parse(digits).map(PinChoice::Chosen).ok_or_else(|| {
                anyhow::anyhow!(
                    "--pin takes {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits, \"auto\" or \"none\": \
                     leave it out and a good one is drawn"
                )
            }),
        }
    }
}

pub(super) async fn run(args: BookArgs, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let config = &settings.config;
    let until = args.until.as_deref().map(|typed| when::expiry(typed, unix_now()));
    let new = NewBooking {
        name: args.name,
        pin: args.pin.choice()?,
        seats: args.seats.unwrap_or(config.rooms.seats),
        language: config.rooms.language,
        expires: until.transpose()?,
    };
    let store = Store::open(&config.store.data).await?;
    let booked = store.book(&new).await;
    store.close().await;
    let booking = booked?;
    if json {
        return out::print_json(&WithPin::new(&booking));
    }
    out::print(&invitation::invitation(&booking, config.sip.number.as_deref()))?;
    remark(&booking, settings);
    Ok(())
}

fn remark(booking: &Booking, settings: &Settings) {
    let (room, seats, until) = (
        view::number(booking),
        booking.seats,
        view::until(booking, booking.created),
    );
    out::remark(&format!(
        "\nBooked: room {room}, {seats} seats, {until}. The text above is for its members."
    ));
    if settings.config.sip.number.is_none() {
        out::remark(
            "Missing: the telephone number. Enter it in bridge.toml (sip.number), and invitations print it.",
        );
    }
    if seats > settings.config.calls.max {
        let max = settings.config.calls.max;
        out::remark(&format!(
            "Note: the bridge takes {max} calls in all (calls.max), fewer than this room's {seats} seats."
        ));
    }
}
