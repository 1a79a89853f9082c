//! `rundruf room cancel`: first out of the store, so that nobody new gets in, then the running bridge is told of those
//! who are inside.

use super::tell::tell;
use super::{existing_store, no_such_room};
use crate::cli::out;
use crate::cli::settings::Settings;
use crate::ids::RoomNumber;
use crate::io::control_socket::Request;
use crate::io::store::RETIRED_DAYS;

pub(super) async fn run(number: RoomNumber, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let store = existing_store(settings).await?;
    let cancelled = store.cancel(number).await;
    store.close().await;
    if !cancelled? {
        return Err(no_such_room(number));
    }
    let told = tell(
        &settings.config.store.data,
        &Request::RoomCancelled { room: number },
        "Nobody new gets in; members who are inside stay until they hang up or the bridge is restarted.",
    );
    if json {
        let bridge = if told { "told" } else { "not_told" };
        return out::print_json(&serde_json::json!({
            "room": number.to_string(), "cancelled": true, "bridge": bridge,
        }));
    }
    let calls = if told {
        " Calls in it end after a sentence."
    } else {
        ""
    };
    out::print(&format!(
        "Room {number} is cancelled.{calls} Nobody gets its number for {RETIRED_DAYS} days."
    ))
}
