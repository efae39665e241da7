//! libfaketime, which gives the server of a crash test a clock of its own: the machine's stays.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::repository::Repository;
use crate::system::{self, Missing};

/// Tells tests where the library is.
pub(crate) const VARIABLE: &str = "KUMARI_FAKETIME";
/// The one for programs with threads.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";
/// Where systems keep libraries; Debian in a folder for each architecture.
const FOLDERS: [&str; 3] = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// Finds the library, or installs Debian's.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn ready(repository: &Repository) -> Result<Result<PathBuf, Missing>> {
    if let Some(found) = found() {
        return Ok(Ok(found));
    }
    Ok(match system::install(repository, "libfaketime", &["faketime"])? {
        Ok(()) => found().ok_or(Missing {
            what: format!("faketime was installed, but `{LIBRARY}` is not there"),
            command: format!("set {VARIABLE} to the path of libfaketimeMT"),
        }),
        Err(missing) => Err(missing),
    })
}

fn found() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let kept = FOLDERS.iter().flat_map(|folder| {
        let below = fs::read_dir(folder).into_iter().flatten().flatten();
        let architectures = below.map(|folder| folder.path().join(LIBRARY));
        std::iter::once(Path::new(folder).join(LIBRARY)).chain(architectures)
    });
    named.into_iter().chain(kept).find(|path| path.is_file())
}
