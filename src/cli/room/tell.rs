//! Tells a running bridge what has changed in the store. That none is running is fine; that one takes no notice is not.

use crate::cli::out;
use crate::io::control_socket::{self, ControlError, Reply, Request};
use std::path::Path;

/// Whether a bridge was told. `otherwise` says what it means that it took no notice.
pub(super) fn tell(data: &Path, request: &Request, otherwise: &str) -> bool {
    let trouble = match control_socket::ask(data, request) {
        Ok(Reply::Done | Reply::Status(_) | Reply::Draining { .. } | Reply::Reloaded(_)) => return true,
        Err(ControlError::NotRunning { .. }) => return false,
        Ok(Reply::Refused { why }) => why,
        Err(error) => error.to_string(),
    };
    out::remark(&format!(
        "warning: the running bridge took no notice ({trouble}). {otherwise}"
    ));
    false
}
