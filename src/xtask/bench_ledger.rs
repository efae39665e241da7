//! The ledger's benchmark: builds, starts a throw-away cluster, and runs the load generator
//! (`tests/bench`), which measures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::bench::{Began, Wish};
use crate::postgres::{Cluster, Programs};
use crate::progress;
use crate::repository::Repository;
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;
use crate::{assets, run};

/// A first build for speed compiles two databases' clients and one database.
const BUILD_LIMIT: Duration = Duration::from_secs(2700);
/// Ten million entries take a while.
const LIMIT: Duration = Duration::from_secs(4 * 3600);
/// A disk below this is in its slow state: nothing is to be compared with such a run.
const PROBE_MIN: f64 = 5_000.0;
/// Tells programs where the cluster is.
const CLUSTER: &str = "KUMARI_POSTGRES";

/// Builds everything for speed and measures.
///
/// # Errors
/// When something cannot be built or run, or an answer was wrong.
pub(crate) fn run(
    repository: &Repository,
    route: RouteChoice,
    wish: &Wish,
    output: &Path,
) -> Result<Value> {
    let tools = Tools::prepare(repository, route, &[Tool::Postgres])?;
    let programs = tools.postgres.as_ref().ok();
    let server = build_server(repository, "release")?;
    build_generator(repository)?;
    let trace = wish.trace(repository)?;
    let wanted = Wanted {
        profile: "bench",
        length: wish.length(),
        seed: wish.seed,
        trace: trace.as_deref(),
    };
    measure(repository, programs, &server, &wanted, output)
}

/// How the load generator is run.
pub(crate) struct Wanted<'a> {
    /// The profile of cargo that the load generator is built with.
    pub(crate) profile: &'a str,
    /// How much it measures.
    pub(crate) length: &'a str,
    /// Where its accounts and usages come from.
    pub(crate) seed: u64,
    /// The hour to replay, where it is at hand.
    pub(crate) trace: Option<&'a Path>,
}

/// Runs the load generator and reads what it wrote, with the conditions of the run.
///
/// # Errors
/// When it cannot be run, or found a wrong answer.
pub(crate) fn measure(
    repository: &Repository,
    programs: Option<&Programs>,
    server: &Path,
    wanted: &Wanted<'_>,
    output: &Path,
) -> Result<Value> {
    let cluster = programs.map(|programs| Cluster::start(repository, programs)).transpose()?;
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut generator = generator(repository, server, wanted, output);
    if let (Some(programs), Some(cluster)) = (programs, &cluster) {
        generator.arg("--postgres-programs").arg(programs.folder());
        generator.env(CLUSTER, cluster.url()).envs(cluster.libpq());
    }
    let began = Began::now();
    let ran = progress::run(repository, "bench ledger", &mut generator, LIMIT)?;
    if !ran.passed {
        bail!(
            "the benchmark {}, so there is no result:\n{}",
            ran.how_it_ended(),
            ran.output_tail()
        );
    }
    began.read(repository, "ledger", (wanted.length, wanted.seed), output)
}

fn generator(
    repository: &Repository,
    server: &Path,
    wanted: &Wanted<'_>,
    output: &Path,
) -> Command {
    let mut cargo = repository.cargo();
    cargo.args(["bench", "--quiet", "--package", "kumari-tests", "--bench", "ledger"]);
    cargo.args(["--profile", wanted.profile, "--", "--length", wanted.length]);
    cargo.args(["--seed", &wanted.seed.to_string()]);
    cargo.arg("--server").arg(server).arg("--output").arg(output);
    cargo.arg("--vocabulary").arg(repository.path("target/vocabulary"));
    if let Some(trace) = wanted.trace {
        cargo.arg("--trace").arg(trace);
    }
    cargo
}

/// The server, built as `profile` says.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn build_server(repository: &Repository, profile: &str) -> Result<PathBuf> {
    assets::build_vocabularies(repository)?;
    let mut server = repository.cargo();
    server.args(["build", "--profile", profile, "--package", "kumari-server"]);
    server.args(["--bin", "kumari-credits"]);
    build(repository, "build the server", &mut server)?;
    Ok(run::server_binary(repository, profile))
}

fn build_generator(repository: &Repository) -> Result<()> {
    let mut generator = repository.cargo();
    generator.args(["bench", "--no-run", "--package", "kumari-tests", "--bench", "ledger"]);
    build(repository, "build the generator", &mut generator)
}

fn build(repository: &Repository, title: &str, cargo: &mut Command) -> Result<()> {
    let ran = progress::run(repository, title, cargo, BUILD_LIMIT)?;
    if !ran.passed {
        bail!("{title}: it {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    Ok(())
}

/// What has to be known of disk and peer before any figure is read.
pub(crate) fn conditions(result: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let probes = result.get("probes_per_second").and_then(Value::as_array);
    let probes: Vec<f64> = probes.into_iter().flatten().filter_map(Value::as_f64).collect();
    let said: Vec<String> = probes.iter().map(|probe| format!("{probe:.0}")).collect();
    lines.push(format!("disk: {} writes of 4 KiB with fdatasync a second", said.join(" and ")));
    if probes.iter().any(|probe| *probe < PROBE_MIN) {
        let words = format!(
            "THE DISK WAS SLOW, below {PROBE_MIN:.0} a second: compare this run with no other"
        );
        lines.push(words);
    }
    let unit = result.get("unit").and_then(Value::as_array).is_some_and(|unit| !unit.is_empty());
    if !unit {
        lines.push("no unit: PostgreSQL is not there, so there are no ratios to it".to_owned());
    }
    lines
}
