//! A Chromium for the tests in a real browser.
//!
//! Test tools would download one of their own, which a closed network refuses; the system's serves.

use std::path::PathBuf;

use anyhow::Result;

use crate::repository::Repository;
use crate::system::{self, Missing};

/// Names a browser that is not on PATH; the browser tests read it too.
pub(crate) const VARIABLE: &str = "KUMARI_CHROMIUM";
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds a browser, or installs Debian's.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn ready(repository: &Repository) -> Result<Result<PathBuf, Missing>> {
    if let Some(found) = found() {
        return Ok(Ok(found));
    }
    Ok(match system::install(repository, "a browser (chromium)", &["chromium"])? {
        Ok(()) => found().ok_or(Missing {
            what: "chromium was installed, but it is not on PATH".to_owned(),
            command: format!("set {VARIABLE} to the path of a Chromium"),
        }),
        Err(missing) => Err(Missing {
            command: format!("{} (or set {VARIABLE} to the path of one)", missing.command),
            ..missing
        }),
    })
}

fn found() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from).filter(|path| path.is_file());
    named.or_else(|| NAMES.iter().find_map(|name| which::which(name).ok()))
}
