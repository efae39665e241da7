//! Proofs with large counts, outside CI: what `test` shows in minutes with a fixed seed, `soak` shows
//! for millions of cases.
//!
//! A figure counts only with its result file: seed, commit, machine, duration. A soak that is
//! broken off (Ctrl-C, a polite kill) writes none.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use serde_json::json;

use crate::crash::{self, Clusters, Effort};
use crate::pack;
use crate::postgres::{CLUSTER, Cluster};
use crate::progress::{self, Ran};
use crate::repository::{self, Repository};
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;
use crate::{faketime, fuzz};

/// The longest that a soak may take.
const LIMIT: Duration = Duration::from_secs(6 * 3600);

/// What `soak` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// What to prove.
    #[arg(value_enum)]
    what: What,
    /// How many cases.
    #[arg(long, default_value_t = 1_000_000)]
    cases: u32,
    /// How often `crash` kills the server, on each database.
    #[arg(long, default_value_t = 200)]
    rounds: u32,
    /// How many seconds `fuzz` feeds each reader.
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// The readers that `fuzz` feeds, by commas; by default all.
    #[arg(long, value_delimiter = ',', value_parser = fuzz::TARGETS, default_values = fuzz::TARGETS)]
    only: Vec<String>,
    /// The seed that they come from; by default the time.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The package in Node comes to the bytes of the native engine.
    Parity,
    /// A second ledger, the engine and every store agree on every answer to random histories.
    Oracle,
    /// The server is killed under load, and databases and disks break: nothing acknowledged is lost.
    Crash,
    /// Readers of a stranger's bytes are fed by libFuzzer: none breaks its law.
    Fuzz,
    /// Every charge is what Python's decimals come to.
    Arithmetic,
    /// Token counts equal npm's `tiktoken`, and after every edit the count of the whole text.
    Tokens,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Parity => "parity",
            Self::Oracle => "oracle",
            Self::Crash => "crash",
            Self::Fuzz => "fuzz",
            Self::Arithmetic => "arithmetic",
            Self::Tokens => "tokens",
        }
    }
}

/// Runs the soak and writes its result file.
///
/// # Errors
/// When it cannot be run; a difference that it found is in the exit code and in the file.
pub(crate) fn run(repository: &Repository, route: RouteChoice, wish: &Wish) -> Result<ExitCode> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?;
    let seed = wish.seed.unwrap_or(now.as_secs());
    let (name, cases, seed_text) = (wish.what.name(), wish.cases.to_string(), seed.to_string());
    let rounds = wish.rounds.to_string();
    let arguments = ["--cases", &cases, "--seed", &seed_text];
    // Kept until the soak is over: dropping it stops the databases.
    let (mut _cluster, mut _clusters) = (None, None);
    let commands = match wish.what {
        What::Parity => {
            let tools = Tools::prepare(repository, route, Tool::FOR_BUILDING)?;
            pack::build(repository, tools.for_building()?)?;
            Vec::from([parity(repository, &[&["node"], &arguments[..]].concat())])
        }
        What::Oracle => {
            let tools = Tools::prepare(repository, route, &[Tool::Python, Tool::Postgres])?;
            let python = tools.python.map_err(|missing| anyhow!("{missing}"))?;
            let programs = tools.postgres.map_err(|missing| anyhow!("{missing}"))?;
            let cluster = _cluster.insert(Cluster::start(repository, &programs)?);
            Vec::from([oracle(repository, "release", (&python, cluster), &arguments)])
        }
        What::Crash => {
            let tools = Tools::prepare(repository, route, &[Tool::Postgres, Tool::Faketime])?;
            let programs = tools.postgres.map_err(|missing| anyhow!("{missing}"))?;
            let library = tools.faketime.map_err(|missing| anyhow!("{missing}"))?;
            crash::build(repository)?;
            let clusters = _clusters.insert(Clusters::start(repository, &programs)?);
            let effort = Effort { rounds: &rounds, seed: &seed_text };
            let mut tests = crash::tests(repository, "_", effort, Some(clusters));
            tests.env(faketime::VARIABLE, library);
            Vec::from([tests])
        }
        What::Fuzz => {
            fuzz::build(repository)?;
            // libFuzzer's seeds have 32 bits.
            let seed = u32::try_from(seed & u64::from(u32::MAX))?;
            let feed = |target: &String| fuzz::feed(repository, target, wish.seconds, seed);
            wish.only.iter().map(feed).collect::<Result<_>>()?
        }
        What::Arithmetic => {
            let tools = Tools::prepare(repository, route, &[Tool::Python])?;
            let python = tools.python.map_err(|missing| anyhow!("{missing}"))?;
            Vec::from([arithmetic(repository, &python, &arguments)])
        }
        What::Tokens => {
            Tools::prepare(repository, route, &[Tool::Npm])?
                .npm
                .map_err(|missing| anyhow!("{missing}"))?;
            let mut tests =
                tokens(repository, &["--release", "--test", "counts", "--test", "edits"]);
            tests.env("KUMARI_TOKENS_CASES", &cases).env("KUMARI_TOKENS_SEED", &seed_text);
            Vec::from([tests])
        }
    };
    let started = Instant::now();
    let (mut passed, mut says) = (true, Vec::new());
    // Only the fuzzer's are several; a log is named by its title, and soaks may run side by side.
    let mut fed = wish.only.iter().filter(|_| matches!(wish.what, What::Fuzz));
    for mut command in commands {
        let title = fed.next().map_or(format!("soak {name}"), |fed| format!("soak {name} {fed}"));
        let ran = progress::run(repository, &title, &mut command, LIMIT)?;
        passed &= ran.passed;
        says.push(said(&ran));
    }
    let result = json!({
        "soak": name,
        "passed": passed,
        "cases": match wish.what {
            What::Parity | What::Oracle | What::Arithmetic | What::Tokens => wish.cases,
            What::Crash => wish.rounds,
            What::Fuzz => wish.seconds,
        },
        "fed": matches!(wish.what, What::Fuzz).then_some(&wish.only),
        "seed": seed,
        "commit": commit(repository)?,
        "machine": machine(),
        "seconds": started.elapsed().as_secs(),
        "says": says,
    });
    let file = repository.path("target/soak").join(format!("{name}-{}.json", now.as_secs()));
    repository::write(&file, serde_json::to_string_pretty(&result)?.as_bytes())?;
    println!("{}\nwritten to `{}`", serde_json::to_string_pretty(&result)?, file.display());
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a soak says at its end; where it failed, all that it left of its words.
fn said(ran: &Ran) -> String {
    let tail = ran.output_tail();
    let last = tail.trim().lines().next_back().filter(|_| ran.passed);
    last.unwrap_or(tail.trim()).to_owned()
}

/// The comparison of the second ledger with the engine and every store, built as `profile` says:
/// a few thousand histories are over before a build for speed is.
pub(crate) fn oracle(
    repository: &Repository,
    profile: &str,
    (python, cluster): (&Path, &Cluster),
    arguments: &[&str],
) -> Command {
    let mut cargo = repository.cargo();
    cargo.args(["run", "--quiet", "--profile", profile]);
    cargo.args(["--package", "kumari-tests", "--example", "oracle"]);
    cargo.arg("--").arg("--python").arg(python.join("python")).args(arguments);
    // Not an argument, which everybody on the machine can read.
    cargo.env(CLUSTER, cluster.url());
    cargo
}

/// The comparison of the engine's charges with Python's decimals.
fn arithmetic(repository: &Repository, python: &Path, arguments: &[&str]) -> Command {
    let mut cargo = repository.cargo();
    cargo.args(["run", "--quiet", "--profile", "release"]);
    cargo.args(["--package", "kumari-tests", "--example", "arithmetic"]);
    cargo.arg("--").arg("--python").arg(python.join("python")).args(arguments);
    cargo
}

/// The comparison of token counts with npm's `tiktoken`, and what else the arguments name.
pub(crate) fn tokens(repository: &Repository, arguments: &[&str]) -> Command {
    let mut cargo = repository.cargo();
    cargo.args(["test", "--package", "kumari-tokens", "--test", "npm"]).args(arguments);
    cargo.args(["--", "--include-ignored"]);
    cargo
}

/// The comparison of the native engine with the npm package, built for speed.
pub(crate) fn parity(repository: &Repository, arguments: &[&str]) -> Command {
    let mut cargo = repository.cargo();
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "kumari-tests",
        "--bin",
        "parity",
        "--",
    ]);
    cargo.args(arguments);
    cargo
}

/// The commit that was proved; a result for changed files would say nothing.
///
/// # Errors
/// When git cannot tell.
pub(crate) fn commit(repository: &Repository) -> Result<String> {
    let git = |arguments: &[&str]| -> Result<String> {
        let output =
            repository.command("git").args(arguments).output().context("cannot start git")?;
        if !output.status.success() {
            bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let note = if changed.is_empty() { "" } else { " with uncommitted changes" };
    Ok(git(&["rev-parse", "HEAD"])? + note)
}

/// The machine, in a few words.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH)
}
