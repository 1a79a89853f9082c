//! What the operator asks of the loop: to run dry, to read the settings again; and what it says from time to time unasked.

use super::ControlLoop;
use crate::bridge::operate::Minded;
use crate::io::control_socket::{DRAIN_MINUTES_MAX, Reply};
use crate::io::reload::Settings;
use std::time::Duration;
use tokio::sync::oneshot;

impl ControlLoop {
    pub(super) fn drain(&mut self, minutes: u32) -> Reply {
        let minutes = minutes.min(DRAIN_MINUTES_MAX);
        let now = self.now();
        if !self
            .bridge
            .handle_drain(now, Some(now + Duration::from_secs(u64::from(minutes) * 60)))
        {
            return stopping();
        }
        let calls = self.media.legs();
        tracing::info!(
            calls,
            minutes,
            "draining: no new calls, the standing ones may last so long"
        );
        Reply::Draining { calls }
    }

    pub(super) fn stop_drain(&mut self) -> Reply {
        let was_draining = self.bridge.is_draining();
        if !self.bridge.handle_drain(self.now(), None) {
            return stopping();
        }
        if was_draining {
            tracing::info!("calls are taken again");
        }
        Reply::Done
    }

    /// The settings were read again, or could not be.
    pub(super) fn adopt(&mut self, settings: anyhow::Result<Settings>, reply: oneshot::Sender<Reply>) {
        let answer = match settings {
            Ok((newer, trunks, tls)) => {
                self.tcp.set_tls(tls);
                self.bridge.handle_reload(Minded {
                    served: newer.sip.trunks.clone(),
                    language: newer.rooms.language,
                });
                self.bridge.handle_trunks(self.now(), trunks);
                Reply::Reloaded(self.reloader.adopt(newer))
            }
            Err(error) => {
                let why = format!("{error:#}");
                tracing::error!(%why, "the settings could not be read again: everything stays as it was");
                Reply::Refused { why }
            }
        };
        // Who asked has gone away meanwhile.
        reply.send(answer).ok();
    }

    /// Every quarter of an hour in which there are calls, one line says how things are. Counts only.
    pub(super) fn sum_up(&mut self) {
        let calls = self.media.legs();
        if !self.summary.is_due(self.now(), calls > 0) {
            return;
        }
        let status = self.status();
        tracing::info!(
            calls,
            in_rooms = status.in_rooms,
            rooms = status.rooms.len(),
            calls_so_far = status.counters.get("calls"),
            refused_so_far = status.refused.values().sum::<u64>(),
            load_pct = status.media.load_pct,
            slot_us_max = status.media.slot_us_max,
            late_slots = status.media.late_slots,
            skipped_frames = status.media.skipped_frames,
            "the bridge at work"
        );
    }
}

fn stopping() -> Reply {
    Reply::Refused {
        why: "the bridge is stopping".to_owned(),
    }
}
