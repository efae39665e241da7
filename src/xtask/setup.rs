//! Looks for each part that a build or a test needs, in turn, and brings what it can.
//!
//! One line for each part that was not there: what was done and which way, or what a person should
//! run; one line in all when nothing was missing. It installs nothing without leave (`system.rs`)
//! and waits for nothing without a limit.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::progress::seconds;
use crate::repository::Repository;
use crate::system::Missing;
use crate::wasm_target::{self, Route, RouteChoice};
use crate::{chromium, faketime, node, postgres, python};

/// A part that is ready, or why it is not.
pub(crate) type Part<T> = Result<T, Missing>;

/// What a step can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// A compiler for wasm32.
    Wasm,
    /// Node, npm and the packages of the lock file.
    Npm,
    /// A browser.
    Chromium,
    /// Python with the packages that the checks use.
    Python,
    /// PostgreSQL's programs.
    Postgres,
    /// A clock that a test may set.
    Faketime,
}

impl Tool {
    /// All that building the page needs.
    pub(crate) const FOR_BUILDING: &[Self] = &[Self::Wasm, Self::Npm];
    /// All that there is.
    pub(crate) const ALL: &[Self] =
        &[Self::Wasm, Self::Npm, Self::Chromium, Self::Python, Self::Postgres, Self::Faketime];
}

/// What the set-up found or brought; a tool that was not asked for counts as missing.
pub(crate) struct Tools {
    /// How wasm32 is compiled.
    pub(crate) wasm: Part<Route>,
    /// Node, npm and the packages of the lock file.
    pub(crate) npm: Part<()>,
    /// The browser for tests.
    pub(crate) chromium: Part<PathBuf>,
    /// The folder of Python's programs.
    pub(crate) python: Part<PathBuf>,
    /// PostgreSQL's programs.
    pub(crate) postgres: Part<postgres::Programs>,
    /// The library of the clock that a test may set.
    pub(crate) faketime: Part<PathBuf>,
}

impl Tools {
    /// Finds what is asked for, and brings what is not there.
    ///
    /// # Errors
    /// Only when a program or a log cannot be handled at all; what is missing is in the answer.
    pub(crate) fn prepare(
        repository: &Repository,
        choice: RouteChoice,
        wanted: &[Tool],
    ) -> Result<Self> {
        let started = Instant::now();
        let mut words = Vec::new();
        let mut tools = Self {
            wasm: Err(not_asked_for()),
            npm: Err(not_asked_for()),
            chromium: Err(not_asked_for()),
            python: Err(not_asked_for()),
            postgres: Err(not_asked_for()),
            faketime: Err(not_asked_for()),
        };
        if wanted.contains(&Tool::Wasm) {
            tools.wasm = wasm_target::ready(repository, choice)?;
            words.push(word(&tools.wasm, |route| format!("wasm32 by {}", route.name())));
        }
        if wanted.contains(&Tool::Npm) {
            let node = node::ready(repository)?;
            words.push(word(&node, |version| format!("node {version}")));
            tools.npm = match node {
                Ok(_) => {
                    let packages = node::packages_ready(repository)?;
                    words.push(word(&packages, |()| "npm packages".to_owned()));
                    packages
                }
                Err(missing) => Err(missing),
            };
        }
        if wanted.contains(&Tool::Chromium) {
            tools.chromium = chromium::ready(repository)?;
            words.push(word(&tools.chromium, |path| path.display().to_string()));
        }
        if wanted.contains(&Tool::Python) {
            tools.python = python::ready(repository)?;
            words.push(word(&tools.python, |_| "python in target/venv".to_owned()));
        }
        if wanted.contains(&Tool::Postgres) {
            tools.postgres = postgres::ready(repository)?;
            words.push(word(&tools.postgres, |_| "postgresql".to_owned()));
        }
        if wanted.contains(&Tool::Faketime) {
            tools.faketime = faketime::ready(repository)?;
            words.push(word(&tools.faketime, |_| "faketime".to_owned()));
        }
        words.retain(|word| !word.is_empty());
        if !words.is_empty() {
            println!("setup {} ({})", words.join(", "), seconds(started.elapsed()));
        }
        Ok(tools)
    }

    /// The route to wasm32, when building the page can go on.
    ///
    /// # Errors
    /// When a tool for building is missing, with what to run.
    pub(crate) fn for_building(&self) -> Result<&Route> {
        if let Err(missing) = &self.npm {
            bail!("{missing}");
        }
        match &self.wasm {
            Ok(route) => Ok(route),
            Err(missing) => bail!("{missing}"),
        }
    }

    /// Everything that was to be set up is there.
    pub(crate) fn complete(&self) -> bool {
        let programs = self.chromium.is_ok() && self.python.is_ok() && self.postgres.is_ok();
        self.wasm.is_ok() && self.npm.is_ok() && programs && self.faketime.is_ok()
    }
}

fn not_asked_for() -> Missing {
    Missing { what: "not set up".to_owned(), command: "run: cargo xtask setup".to_owned() }
}

/// What is said of a part in the one line; what is missing gets a line of its own.
fn word<T>(part: &Part<T>, ready: impl Fn(&T) -> String) -> String {
    match part {
        Ok(part) => ready(part),
        Err(missing) => {
            println!("     missing: {missing}");
            String::new()
        }
    }
}
