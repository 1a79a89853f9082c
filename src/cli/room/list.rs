//! `rundruf room list`: every room, without its PIN.

use super::existing_store;
use super::view::{self, WithoutPin};
use crate::cli::out;
use crate::cli::settings::Settings;
use crate::io::store::unix_now;
use crate::room::Booking;

pub(super) async fn run(settings: &Settings, json: bool) -> anyhow::Result<()> {
    let store = existing_store(settings).await?;
    let listed = store.list().await;
    store.close().await;
    let rooms = listed?;
    if json {
        return out::print_json(&rooms.iter().map(WithoutPin::new).collect::<Vec<_>>());
    }
    if rooms.is_empty() {
        out::remark("No room is booked. Book one with `rundruf room book NAME`.");
        return Ok(());
    }
    out::print(&table(&rooms, unix_now()))
}

fn table(rooms: &[Booking], now: i64) -> String {
    let mut lines = vec![format!(
        "{:<11}{:>6}  {:<10}{:<5}{:<8}{:<18}{}",
        "ROOM", "SEATS", "LANGUAGE", "PIN", "LEADER", "LAST DAY", "NAME"
    )];
    lines.extend(rooms.iter().map(|room| {
        let yes = |there| if there { "yes" } else { "no" };
        let name = room.name.as_deref().unwrap_or("");
        let line = format!(
            "{:<11}{:>6}  {:<10}{:<5}{:<8}{:<18}{name}",
            view::number(room),
            room.seats,
            room.language.code(),
            yes(room.pin.is_some()),
            yes(room.leader_pin.is_some()),
            view::until(room, now)
        );
        line.trim_end().to_owned()
    }));
    lines.join("\n")
}
