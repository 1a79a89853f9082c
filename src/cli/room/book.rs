//! `rundruf room book`: standard output is the invitation and nothing else, ready to be pasted or printed.

use super::paper::PaperArgs;
use super::typed::{NoneIs, PinTyped, direct, language, on_off};
use super::view::{self, WithPin};
use crate::cli::invitation::Invitation;
use crate::cli::settings::Settings;
use crate::cli::{out, when};
use crate::ids::Language;
use crate::io::store::{NewBooking, PinChoice, Store, unix_now};
use crate::room::Booking;

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
    /// A PIN for whoever leads the meeting: "auto" draws six digits, or your own 4 to 10 digits [default: none]
    #[arg(long, value_name = "auto|DIGITS")]
    leader_pin: Option<PinTyped>,
    /// The language in which the members are spoken to and invited [default: rooms.language]
    #[arg(long, value_name = "de|en", value_parser = language)]
    language: Option<Language>,
    /// A telephone number of the room's own: who dials it is asked for the PIN only
    #[arg(long = "number", value_name = "TELEPHONE")]
    direct: Option<String>,
    /// How many may be in the room at once [default: rooms.seats]
    #[arg(long, value_name = "N")]
    seats: Option<u32>,
    /// Whether echoes are taken out in this room, where media.echo is on [default: on]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    echo: Option<bool>,
    /// The room's last day [default: no end]
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<String>,
    #[command(flatten)]
    paper: PaperArgs,
}

pub(super) async fn run(args: BookArgs, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let config = &settings.config;
    let until = args.until.as_deref().map(|typed| when::expiry(typed, unix_now()));
    let leader_pin = args
        .leader_pin
        .map(|typed| typed.choice("--leader-pin", NoneIs::Refused));
    let paper = args.paper.read(json)?;
    let direct = args.direct.map(|typed| direct(&typed, &config.sip.dial_plan));
    let new = NewBooking {
        direct: direct.transpose()?,
        name: args.name,
        pin: args.pin.choice("--pin", NoneIs::Possible)?,
        leader_pin: leader_pin.transpose()?.unwrap_or(PinChoice::Without),
        seats: args.seats.unwrap_or(config.rooms.seats),
        language: args.language.unwrap_or(config.rooms.language),
        echo: args.echo.unwrap_or(true),
        expires: until.transpose()?,
    };
    paper.fits(new.expires)?;
    let store = Store::open(&config.store.data).await?;
    let booked = store.book(&new).await;
    store.close().await;
    let booking = booked?;
    let number = view::dialled(&booking, &config.sip);
    let invitation = Invitation {
        booking: &booking,
        number: number.as_deref(),
        language: booking.language,
        appointment: paper.appointment.as_ref(),
    };
    if json {
        out::print_json(&WithPin::new(&booking))?;
        return paper.write_calendar(&invitation);
    }
    if !paper.is_calendar_only() {
        out::print(&invitation.sheets())?;
    }
    remark(&booking, settings);
    paper.write_calendar(&invitation)
}

fn remark(booking: &Booking, settings: &Settings) {
    let (room, seats, until) = (
        view::number(booking),
        booking.seats,
        view::until(booking, booking.created),
    );
    out::remark(&format!(
        "\nBooked: room {room}, {seats} seats, {until}. The text above is for its members{}.",
        if booking.leader_pin.is_some() {
            "; what stands under the line, for its leader alone"
        } else {
            ""
        }
    ));
    if settings.config.sip.number.is_none() && booking.direct.is_none() {
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
