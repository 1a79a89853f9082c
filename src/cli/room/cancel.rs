//! `rundruf room cancel`: first out of the store, so that nobody new gets in, then the running bridge is told of those
//! who are inside.

use super::{existing_store, no_such_room};
use crate::cli::out;
use crate::cli::settings::Settings;
use crate::ids::RoomNumber;
use crate::io::control_socket::{self, ControlError, Reply, Request};
use crate::io::store::RETIRED_DAYS;
use std::path::Path;

pub(super) async fn run(number: RoomNumber, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let store = existing_store(settings).await?;
    let cancelled = store.cancel(number).await;
    store.close().await;
    if !cancelled? {
        return Err(no_such_room(number));
    }
    let told = tell(&settings.config.store.data, number);
    if json {
        let bridge = if told.is_some() { "told" } else { "not_told" };
        return out::print_json(&serde_json::json!({
            "room": number.to_string(), "cancelled": true, "bridge": bridge,
        }));
    }
    let calls = told.unwrap_or("");
    out::print(&format!(
        "Room {number} is cancelled.{calls} Nobody gets its number for {RETIRED_DAYS} days."
    ))
}

/// What happens to the calls inside, if the bridge took notice.
fn tell(data: &Path, room: RoomNumber) -> Option<&'static str> {
    let trouble = match control_socket::ask(data, &Request::RoomCancelled { room }) {
        Ok(Reply::Done | Reply::Status(_) | Reply::Draining { .. } | Reply::Reloaded(_)) => {
            return Some(" Calls in it end after a sentence.");
        }
        Err(ControlError::NotRunning { .. }) => return None,
        Ok(Reply::Refused { why }) => why,
        Err(error) => error.to_string(),
    };
    out::remark(&format!(
        "warning: the running bridge took no notice ({trouble}). Nobody new gets in; members who are inside stay \
         until they hang up or the bridge is restarted."
    ));
    None
}
