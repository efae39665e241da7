//! Fuzzing: every reader of bytes that a stranger may send is fed by libFuzzer (`tests/fuzz`).
//!
//! Stable Rust can count what code an input reaches, by a pass of LLVM. Only this project's own
//! crates are compiled with it: this program stands in for the compiler there, so that everything
//! else is shared with all other builds. What reaches new code is kept below `target/fuzz`; beside
//! the targets is what any run begins with: an example of each kind, few inputs that together reach
//! all that long runs reached (libFuzzer's `-set_cover_merge=1` picks them), and all that ever found
//! something.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::assets;
use crate::progress;
use crate::repository::Repository;
use crate::run;

/// What is fed, each a program of `tests/fuzz`.
pub(crate) const TARGETS: [&str; 11] = [
    "document",
    "scan",
    "price_book",
    "calibration",
    "request",
    "history",
    "edits",
    "provider_stream",
    "usage",
    "attachment",
    "media",
];

const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// Says that this program was started in the compiler's place.
const IN_PLACE_OF_RUSTC: &str = "KUMARI_FUZZ_RUSTC";
/// What makes LLVM count the edges that an input takes, as libFuzzer reads them.
const COUNTED: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// An input that takes longer than this is a finding: none has a kilobyte of its own.
const INPUT_SECONDS_MAX: &str = "10";
/// So is one that takes more memory than this.
const MEMORY_MEGABYTES_MAX: &str = "2048";

/// Compiles in the compiler's place, if that is what this program was started for.
pub(crate) fn compile() -> Option<ExitCode> {
    env::var_os(IN_PLACE_OF_RUSTC)?;
    let mut arguments = env::args_os().skip(1);
    let mut rustc = Command::new(arguments.next()?);
    let arguments: Vec<OsString> = arguments.collect();
    // A build script is linked without libFuzzer.
    let is_script = arguments.iter().any(|argument| argument == OsStr::new("build_script_build"));
    rustc.args(&arguments).args(COUNTED.iter().filter(|_| !is_script));
    let fault = rustc.exec();
    eprintln!("error: cannot start the compiler: {fault}");
    Some(ExitCode::FAILURE)
}

/// Builds all targets, and what they read.
///
/// # Errors
/// When that fails.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    assets::build_vocabularies(repository)?;
    let mut cargo = repository.cargo();
    cargo.args(["build", "--package", "kumari-fuzz", "--bins"]);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?).env(IN_PLACE_OF_RUSTC, "1");
    let ran = progress::run(repository, "build the fuzz targets", &mut cargo, BUILD_LIMIT)?;
    if !ran.passed {
        bail!("the fuzz targets {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    Ok(())
}

/// Feeds a target for so many seconds.
///
/// # Errors
/// When there is no place for what it finds.
pub(crate) fn feed(
    repository: &Repository,
    target: &str,
    seconds: u32,
    seed: u32,
) -> Result<Command> {
    let (kept, begun_with) = (
        repository.path("target/fuzz/corpus").join(target),
        repository.path("tests/fuzz/corpus").join(target),
    );
    for folder in [&kept, &begun_with] {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    let mut command = repository.command(run::binary(repository, "debug", target));
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-seed={seed}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MEGABYTES_MAX}"))
        .arg(format!("-artifact_prefix=target/fuzz/{target}-"))
        .arg("-dict=tests/fuzz/words.dict")
        .args([kept, begun_with])
        .env("KUMARI_VOCABULARY", repository.path(assets::VOCABULARY));
    Ok(command)
}
