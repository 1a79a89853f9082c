//! Brings all clips into memory, once, at the start: the built-in ones, or an organisation's own in their place.

use super::recordings::Recordings;
use crate::media::ClipBank;
use crate::speech;
use anyhow::bail;
use std::path::Path;

/// All clips in the order of their ids. `folder` holds own recordings.
pub fn load(folder: Option<&Path>) -> anyhow::Result<ClipBank> {
    let mut recordings = folder.map(Recordings::read).unwrap_or_default();
    if !recordings.refused.is_empty() {
        bail!("own recordings:\n{}", recordings.refused.join("\n"));
    }
    for file in &recordings.unknown {
        let file = file.display();
        tracing::warn!(%file, "an own recording replaces nothing: `rundruf check` says what it may be called");
    }
    let clips = speech::clips().map(|clip| {
        let own = recordings.own.remove(&clip.id);
        own.unwrap_or_else(|| clip.samples())
    });
    Ok(ClipBank::new(clips.collect()))
}
