//! Mutation testing of the engine: break one thing at a time and see that a test of the rules fails.
//!
//! cargo-mutants does the work, at the version named here, installed below `target` by itself. A run
//! takes one shard of all mutants; what was caught before is not tried again, so a run that was
//! stopped goes on where it was. Mutants that change nothing which anybody can see are listed, each
//! with its reason, in `.cargo/mutants.toml`.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::progress;
use crate::repository::Repository;
use crate::system::Missing;
use crate::version::Version;

const MUTANTS: Version = Version(27, 1, 0);
const INSTALL_LIMIT: Duration = Duration::from_secs(1800);
/// Below the six hours of a soak: a shard is chosen so that it ends.
const LIMIT: Duration = Duration::from_secs(6 * 3600);

/// The tests that have to notice: those of the rules, and the engine's own.
const TESTS: [&str; 3] = ["--lib", "--test", "rules"];
/// A mutant that runs longer than this hangs; the tests take a few seconds.
const TIMEOUT_SECONDS: &str = "120";

/// What `mutants` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// Which part of all mutants, as `k/n` with `k` from 0.
    #[arg(long, default_value = "0/50")]
    shard: String,
}

/// Tries the mutants of a shard, and names those that no test caught.
///
/// # Errors
/// When it cannot be run; a mutant that survived is in the exit code.
pub(crate) fn run(repository: &Repository, wish: &Wish) -> Result<ExitCode> {
    if let Err(missing) = ready(repository)? {
        bail!("{missing}");
    }
    // cargo-mutants would first try the tests of the engine's own package alone, which lacks `rules`.
    let mut unchanged = repository.cargo();
    unchanged.args(["test", "--quiet", "--package", "kumari-engine", "--package", "kumari-rules"]);
    unchanged.args(TESTS);
    let ran = progress::run(repository, "the unchanged engine", &mut unchanged, LIMIT)?;
    if !ran.passed {
        bail!("the tests of the unchanged engine {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    let output = repository.path("target/mutants").join(wish.shard.replace('/', "-of-"));
    fs::create_dir_all(&output).with_context(|| format!("cannot make `{}`", output.display()))?;
    let mut command = repository.command(program(repository));
    command
        .arg("mutants")
        .args(["--package", "kumari-engine", "--no-shuffle", "--iterate", "--colors", "never"])
        .args(["--test-package", "kumari-engine,kumari-rules", "--baseline", "skip"])
        .args(["--timeout", TIMEOUT_SECONDS])
        .args(["--shard", &wish.shard])
        // Each run is of a new copy of the tree; what it depends on stays built.
        .env("CARGO_TARGET_DIR", repository.path("target/mutants/target"))
        // 3 s a mutant instead of 20: the laws run faster than this takes to compile.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .arg("--output")
        .arg(&output)
        .arg("--")
        .args(TESTS);
    let title = format!("mutants {}", wish.shard);
    let ran = progress::run(repository, &title, &mut command, LIMIT)?;
    let outcomes = output.join("mutants.out/outcomes.json");
    let Ok(text) = fs::read_to_string(&outcomes) else {
        bail!("cargo-mutants {} and left no results:\n{}", ran.how_it_ended(), ran.output_tail());
    };
    let outcomes: Value = serde_json::from_str(&text)?;
    let count = |what: &str| outcomes.get(what).and_then(Value::as_u64).unwrap_or(0);
    println!(
        "shard {}: {} mutants, {} caught, {} missed, {} timed out, {} do not compile",
        wish.shard,
        count("total_mutants"),
        count("caught"),
        count("missed"),
        count("timeout"),
        count("unviable"),
    );
    let missed = fs::read_to_string(output.join("mutants.out/missed.txt")).unwrap_or_default();
    print!("{missed}");
    Ok(if ran.passed && missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// cargo-mutants of the right version, installed where it is missing.
fn ready(repository: &Repository) -> Result<Result<(), Missing>> {
    let there = || {
        let mut command = repository.command(program(repository));
        Version::of(command.args(["mutants", "--version"]))
    };
    if there() == Some(MUTANTS) {
        return Ok(Ok(()));
    }
    let version = MUTANTS.to_string();
    let mut install = repository.cargo();
    install
        .args(["install", "cargo-mutants", "--locked", "--version", &version, "--root"])
        .arg(repository.path("target/tools"));
    let ran =
        progress::run(repository, "cargo install cargo-mutants", &mut install, INSTALL_LIMIT)?;
    if ran.passed && there() == Some(MUTANTS) {
        return Ok(Ok(()));
    }
    Ok(Err(Missing {
        what: format!("cargo install cargo-mutants {}", ran.how_it_ended()),
        command: format!("see `{}`", ran.log.display()),
    }))
}

fn program(repository: &Repository) -> std::path::PathBuf {
    repository.path("target/tools/bin/cargo-mutants")
}
