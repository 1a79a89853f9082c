//! Whether the bridge is well: the control loop answers, the media thread ticks, the store answers.

use crate::bridge::status::Status;
use crate::ids::RoomNumber;
use crate::io::store::Store;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long the store may take: as long as a caller waits for it.
const STORE_DEADLINE: Duration = Duration::from_millis(700);
/// A look at the store is good for so long: a flood of questions does not reach it.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// A media thread that has been silent for longer stands still.
const SILENT_MS_MAX: u64 = 2_000;

/// Whether the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    Answers,
    Fails,
}

/// Looks at the store from time to time.
pub struct Probe {
    store: Store,
    last: Mutex<Option<(Instant, StoreHealth)>>,
}

impl Probe {
    pub fn new(store: Store) -> Probe {
        let last = Mutex::default();
        Probe { store, last }
    }

    pub async fn look(&self) -> StoreHealth {
        let mut last = self.last.lock().await;
        if let Some((at, health)) = *last
            && at.elapsed() < GOOD_FOR
        {
            return health;
        }
        // Whether that room is booked does not matter, only that there is an answer.
        let any = RoomNumber::nth(0).expect("there is a first number");
        let health = match timeout(STORE_DEADLINE, self.store.find(any)).await {
            Ok(Ok(_)) => StoreHealth::Answers,
            Ok(Err(_)) | Err(_) => StoreHealth::Fails,
        };
        *last = Some((Instant::now(), health));
        health
    }
}

/// The page's words: all is well, or every fault.
pub fn judged(
    status: &Result<Status, &'static str>,
    store: StoreHealth,
) -> Result<&'static str, Vec<&'static str>> {
    let mut faults = Vec::new();
    match status {
        Ok(status) if status.media.silent_ms > SILENT_MS_MAX => faults.push("the media thread stands still"),
        Ok(_) => {}
        Err(why) => faults.push(why),
    }
    if store == StoreHealth::Fails {
        faults.push("the store does not answer: callers are asked to call again later");
    }
    let is_draining = status.as_ref().is_ok_and(|status| status.draining);
    match (faults.is_empty(), is_draining) {
        (true, false) => Ok("ok"),
        (true, true) => Ok("ok, draining: no new calls"),
        (false, _) => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StoreHealth::{Answers, Fails};

    #[test]
    fn each_fault_is_told() {
        let well = Ok(Status::default());
        assert_eq!(judged(&well, Answers), Ok("ok"));
        assert!(judged(&well, Fails).expect_err("ill")[0].contains("store"));
        let mut still = Status::default();
        still.media.silent_ms = SILENT_MS_MAX + 1;
        let faults = judged(&Ok(still), Fails).expect_err("ill");
        assert!(faults.len() == 2 && faults[0].contains("media thread"));
        assert_eq!(judged(&Err("gone"), Answers), Err(vec!["gone"]));
        let draining = Status {
            draining: true,
            ..Status::default()
        };
        assert_eq!(judged(&Ok(draining), Answers), Ok("ok, draining: no new calls"));
    }
}
