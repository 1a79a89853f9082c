//! `rundruf room show`: one room with its PINs, for an organiser who lost the sheet; or the sheet itself.

use super::paper::PaperArgs;
use super::typed::language;
use super::view::{self, WithPin};
use super::{NumberArg, existing_store, no_such_room};
use crate::cli::invitation::{Invitation, grouped};
use crate::cli::settings::Settings;
use crate::cli::{out, when};
use crate::config::SipConfig;
use crate::ids::Language;
use crate::io::store::unix_now;
use crate::room::Booking;
use crate::secret::Pin;

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    number: NumberArg,
    /// Print the invitation again; --at and --every put the appointment into it
    #[arg(long)]
    invitation: bool,
    /// Print the invitation in this language, whichever the room's is
    #[arg(long, value_name = "de|en", value_parser = language)]
    language: Option<Language>,
    #[command(flatten)]
    paper: PaperArgs,
}

pub(super) async fn run(args: ShowArgs, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let number = args.number.parse()?;
    let paper = args.paper.read(json)?;
    let store = existing_store(settings).await?;
    let found = store.find(number).await;
    store.close().await;
    let booking = found?.ok_or_else(|| no_such_room(number))?;
    paper.fits(booking.expires)?;
    let dialled = view::dialled(&booking, &settings.config.sip);
    let invitation = Invitation {
        booking: &booking,
        number: dialled.as_deref(),
        language: args.language.unwrap_or(booking.language),
        appointment: paper.appointment.as_ref(),
    };
    if json {
        out::print_json(&WithPin::new(&booking))?;
    } else if !paper.is_calendar_only() {
        let sheets = args.invitation || args.language.is_some() || paper.appointment.is_some();
        out::print(&if sheets {
            invitation.sheets()
        } else {
            lines(&booking, &settings.config.sip)
        })?;
    }
    paper.write_calendar(&invitation)
}

/// The room as a person reads it.
pub(super) fn lines(booking: &Booking, sip: &SipConfig) -> String {
    let shown = |pin: &Option<Pin>| {
        pin.as_ref()
            .map_or_else(|| "none".to_owned(), |pin| grouped(pin.reveal()))
    };
    [
        ("Room", view::number(booking)),
        (
            "Number",
            view::dialled(booking, sip).unwrap_or_else(|| "none".into()),
        ),
        ("Name", booking.name.clone().unwrap_or_else(|| "none".into())),
        ("PIN", shown(&booking.pin)),
        ("Leader PIN", shown(&booking.leader_pin)),
        ("Seats", booking.seats.to_string()),
        ("Language", booking.language.code().into()),
        (
            "Echo",
            match booking.echo {
                true => "taken out, where media.echo is on".into(),
                false => "let through".into(),
            },
        ),
        ("Booked on", when::day(booking.created).to_string()),
        ("Last day", view::until(booking, unix_now())),
    ]
    .map(|(label, value)| format!("{label:<12}{value}"))
    .join("\n")
}
