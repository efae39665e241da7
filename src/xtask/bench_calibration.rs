//! The benchmark of calibration: builds what measures it (`tests/calibration`) and runs it on a real
//! hour of traffic. Where there is none, nothing is measured, and the result says so.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::bench::{Began, Wish};
use crate::progress;
use crate::repository::{self, Repository};

const LIMIT: Duration = Duration::from_secs(1200);

/// Builds and measures.
///
/// # Errors
/// When it cannot be built or run.
pub(crate) fn run(repository: &Repository, wish: &Wish, output: &Path) -> Result<Value> {
    let trace = wish.trace(repository)?;
    measure(repository, wish.length(), trace.as_deref(), output)
}

/// Measures on `trace`, and reads what was found with the conditions of the run. Nothing in it is
/// by chance, so the seed says nothing.
///
/// # Errors
/// When it cannot be run.
pub(crate) fn measure(
    repository: &Repository,
    length: &str,
    trace: Option<&Path>,
    output: &Path,
) -> Result<Value> {
    let began = Began::now();
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    if let Some(trace) = trace {
        let mut cargo = repository.cargo();
        cargo.args([
            "run",
            "--quiet",
            "--package",
            "kumari-tests",
            "--example",
            "calibration",
            "--",
        ]);
        cargo.arg("--trace").arg(trace).arg("--output").arg(output);
        let ran = progress::run(repository, "bench calibration", &mut cargo, LIMIT)?;
        if !ran.passed {
            bail!("the benchmark {}:\n{}", ran.how_it_ended(), ran.output_tail());
        }
    } else {
        let nothing = json!({"rows": [], "not_measured": ["calibration: no hour of traffic"]});
        repository::write(output, nothing.to_string().as_bytes())?;
    }
    began.read(repository, "calibration", (length, 0), output)
}

/// An hour of very few requests, to see that it works.
pub(crate) fn made_up_trace() -> String {
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens".to_owned();
    let line =
        |number: u32| format!("2026-11-30 12:00:00,{},{}", 100 + number % 7, 50 + number % 9);
    std::iter::once(header).chain((0..200).map(line)).collect::<Vec<_>>().join("\n")
}
