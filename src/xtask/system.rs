//! System packages: what is asked of the person, and what apt is asked to do.
//!
//! Nothing is installed without a yes, unless the run is root's, `--yes` was given or `CI` is set.
//! Only Debian and what descends from it is served; elsewhere a person is told the command.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::progress::{self, seconds};
use crate::repository::Repository;

/// An update of the package lists is small; longer than this and the network is closed.
const UPDATE_LIMIT: Duration = Duration::from_secs(120);
/// A browser or a compiler is a few hundred megabytes.
const INSTALL_LIMIT: Duration = Duration::from_secs(900);

/// A part that is not there and could not be brought.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    /// What is missing and what was tried, one line.
    pub(crate) what: String,
    /// What a person should run.
    pub(crate) command: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}; {}", self.what, self.command)
    }
}

/// Installs Debian packages, asking first where that is due.
///
/// Answers `Ok(Err(missing))` when it may not or cannot, with the command for a person.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn install(
    repository: &Repository,
    what: &str,
    packages: &[&str],
) -> Result<Result<(), Missing>> {
    let by_hand = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    let missing = |why: &str| Missing {
        what: format!("{what} is missing, {why}"),
        command: format!("run as root: {by_hand}"),
    };
    if which::which("apt-get").is_err() {
        return Ok(Err(Missing {
            what: format!("{what} is missing, and this system has no apt-get"),
            command: format!("install what your system calls {}", packages.join(", ")),
        }));
    }
    let root = nix::unistd::geteuid().is_root();
    let consent = root || repository.yes || std::env::var_os("CI").is_some();
    if !consent && !asked_and_answered_yes(what, &by_hand)? {
        return Ok(Err(missing("and it was not to be installed")));
    }
    if !root && !sudo_is_ready(repository)? {
        return Ok(Err(missing("and there is no sudo to install it with")));
    }
    let apt = |arguments: &[&str]| {
        let mut command = repository.command(if root { "apt-get" } else { "sudo" });
        if !root {
            command.args(["-n", "apt-get"]);
        }
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let lists =
        progress::run(repository, "apt-get update", &mut apt(&["update", "-q"]), UPDATE_LIMIT)?;
    if !lists.passed {
        // Old lists may still do: the install says the last word.
        println!("     apt-get update {}; going on with the lists at hand", lists.how_it_ended());
    }
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    let title = format!("apt-get install {}", packages.join(" "));
    let ran = progress::run(repository, &title, &mut apt(&arguments), INSTALL_LIMIT)?;
    if !ran.passed {
        return Ok(Err(missing(&format!(
            "and apt-get {}, see `{}`",
            ran.how_it_ended(),
            ran.log.display()
        ))));
    }
    println!("     installed {what} with apt-get ({})", seconds(ran.took));
    Ok(Ok(()))
}

/// The version that apt would install, if it knows the package.
pub(crate) fn version_on_offer(repository: &Repository, package: &str) -> Option<String> {
    let output = repository
        .command("apt-cache")
        .args(["policy", package])
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: ").map(str::to_owned))
        .filter(|version| version != "(none)")
}

fn asked_and_answered_yes(what: &str, by_hand: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print!("{what} is missing. Install it now (sudo {by_hand})? [y/N] ");
    std::io::stdout().flush().context("cannot ask")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Lets sudo ask for the password now, while it still has the terminal.
fn sudo_is_ready(repository: &Repository) -> Result<bool> {
    if which::which("sudo").is_err() {
        return Ok(false);
    }
    let mut command = repository.command("sudo");
    if std::io::stdin().is_terminal() {
        command.arg("-v");
    } else {
        command.args(["-n", "true"]);
    }
    Ok(command.status().context("cannot start `sudo`")?.success())
}
