//! Where things are: the repository, its build folders, and what a command line asked for.
//!
//! Paths are always built from the repository's root, so a command works from any folder in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The repository that this program was built from, and how talkative to be in it.
pub(crate) struct Repository {
    root: PathBuf,
    /// Show what programs print as they print it.
    pub(crate) verbose: bool,
    /// Install system packages without asking.
    pub(crate) yes: bool,
}

impl Repository {
    /// The repository of the running `cargo xtask`.
    ///
    /// # Errors
    /// When it was not started by cargo and the folder it was built from is gone.
    pub(crate) fn find(verbose: bool, yes: bool) -> Result<Self> {
        let member = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = member
            .ancestors()
            .nth(2)
            .map(Path::to_path_buf)
            .filter(|root| root.join("Cargo.lock").exists())
            .context("cannot find the repository; start this as `cargo xtask` inside it")?;
        Ok(Self { root, verbose, yes })
    }

    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf(), verbose: false, yes: false }
    }

    /// The repository's top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the repository, by its path from the top.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Where a step's output is kept until the step runs again.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn log_of(&self, title: &str) -> Result<PathBuf> {
        let folder = self.path("target/xtask/logs");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let name: String = title
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
            .collect();
        Ok(folder.join(format!("{name}.log")))
    }

    /// A program to be run in the repository's top folder.
    ///
    /// What `cargo run` told this program about itself is taken out of the environment: build
    /// scripts look at those variables, and would rebuild what a plain `cargo build` had built.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_this_program = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|prefix| text.starts_with(prefix));
            if of_this_program || text == "CARGO_PRIMARY_PACKAGE" {
                command.env_remove(&name);
            }
        }
        command
    }

    /// `cargo` itself, the one that started this program.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }
}

/// Writes `bytes` to `path` in one step, so that a stopped run leaves the old file or the new one.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let whole = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        fs::write(&beside, bytes)?;
        fs::rename(&beside, path)
    };
    whole().with_context(|| format!("cannot write `{}`", path.display()))
}
