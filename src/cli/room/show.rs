//! `rundruf room show`: one room with its PIN, for an organiser who lost the sheet.

use super::view::{self, WithPin};
use super::{existing_store, no_such_room};
use crate::cli::invitation::grouped;
use crate::cli::settings::Settings;
use crate::cli::{out, when};
use crate::ids::RoomNumber;
use crate::io::store::unix_now;
use crate::room::Booking;

pub(super) async fn run(number: RoomNumber, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let store = existing_store(settings).await?;
    let found = store.find(number).await;
    store.close().await;
    let booking = found?.ok_or_else(|| no_such_room(number))?;
    if json {
        return out::print_json(&WithPin::new(&booking));
    }
    out::print(&lines(&booking))
}

fn lines(booking: &Booking) -> String {
    let pin = booking
        .pin
        .as_ref()
        .map_or_else(|| "none".to_owned(), |pin| grouped(pin.reveal()));
    [
        ("Room", view::number(booking)),
        ("Name", booking.name.clone().unwrap_or_else(|| "none".into())),
        ("PIN", pin),
        ("Seats", booking.seats.to_string()),
        ("Language", booking.language.code().into()),
        ("Booked on", when::day(booking.created).to_string()),
        ("Last day", view::until(booking, unix_now())),
    ]
    .map(|(label, value)| format!("{label:<11}{value}"))
    .join("\n")
}
