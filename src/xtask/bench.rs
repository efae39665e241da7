//! Benchmarks: measures the product beside a peer, in the same run and on the same cores.
//!
//! This builds, starts a throw-away cluster, runs the load generator (`tests/bench`), and writes
//! its figures down: a table here, JSON and a chart below `target/bench`. It measures nothing itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::bench_chart::chart;
use crate::bench_row::{Row, rows};
use crate::bench_table::table;
use crate::postgres::{Cluster, Programs};
use crate::progress;
use crate::repository::{self, Repository};
use crate::setup::{Tool, Tools};
use crate::soak::{commit, machine};
use crate::wasm_target::RouteChoice;
use crate::{assets, run};

/// A first build for speed compiles two databases' clients and one database.
const BUILD_LIMIT: Duration = Duration::from_secs(2700);
/// Ten million entries take a while.
const LIMIT: Duration = Duration::from_secs(4 * 3600);
/// A disk below this is in its slow state: nothing is to be compared with such a run.
const PROBE_MIN: f64 = 5_000.0;
/// A real hour of traffic, where somebody has put it beside the repository.
const TRACE: &str = "../shared/data/azure_llm_trace_2023_conversation.csv";
/// Tells programs where the cluster is.
const CLUSTER: &str = "KUMARI_POSTGRES";

/// What `bench` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// With ten million entries of history, too.
    #[arg(long, conflicts_with = "short")]
    full: bool,
    /// Only see that it works; its figures say nothing.
    #[arg(long)]
    short: bool,
    /// Where accounts and usages come from.
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
    /// The hour of traffic that is replayed, as `TIMESTAMP,ContextTokens,GeneratedTokens`.
    #[arg(long)]
    trace: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Authorize and settle, over HTTP and in process, on both databases.
    Ledger,
}

/// Runs the benchmark, prints its table and writes its files.
///
/// # Errors
/// When something cannot be built or run, or an answer was wrong: then there is no result.
pub(crate) fn run(repository: &Repository, route: RouteChoice, wish: &Wish) -> Result<ExitCode> {
    let What::Ledger = wish.what;
    let tools = Tools::prepare(repository, route, &[Tool::Postgres])?;
    let programs = tools.postgres.as_ref().ok();
    let server = build(repository, "release")?;
    let length = match (wish.short, wish.full) {
        (true, _) => "short",
        (false, true) => "full",
        (false, false) => "usual",
    };
    let at_hand = || Some(repository.path(TRACE)).filter(|trace| trace.is_file());
    let trace = wish.trace.as_ref().map(std::path::absolute).transpose()?.or_else(at_hand);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let output = repository.path("target/bench").join(format!("ledger-{now}.json"));
    let wanted = Wanted { profile: "bench", length, seed: wish.seed, trace: trace.as_deref() };
    let mut result = measure(repository, programs, &server, &wanted, &output)?;

    let rows = rows(&result)?;
    add_verdicts(&mut result, &rows)?;
    repository::write(&output, serde_json::to_string_pretty(&result)?.as_bytes())?;
    let picture = output.with_extension("svg");
    repository::write(&picture, chart(&rows).as_bytes())?;
    println!("{}", table(&rows));
    for line in conditions(&result) {
        println!("{line}");
    }
    println!("written to `{}` and `{}`", output.display(), picture.display());
    Ok(ExitCode::SUCCESS)
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
    let (started, load_before) = (Instant::now(), load_average());
    let ran = progress::run(repository, "bench ledger", &mut generator, LIMIT)?;
    if !ran.passed {
        bail!(
            "the benchmark {}, so there is no result:\n{}",
            ran.how_it_ended(),
            ran.output_tail()
        );
    }
    let text = fs::read_to_string(output)?;
    let mut result: Value = serde_json::from_str(&text)?;
    let about = [
        ("bench", json!("ledger")),
        ("length", json!(wanted.length)),
        ("seed", json!(wanted.seed)),
        ("commit", json!(commit(repository)?)),
        ("machine", json!(machine())),
        ("seconds", json!(started.elapsed().as_secs())),
        ("load_average", json!([load_before, load_average()])),
    ];
    if let Some(fields) = result.as_object_mut() {
        fields.extend(about.map(|(name, value)| (name.to_owned(), value)));
    }
    Ok(result)
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

/// The server and the load generator, built for speed.
fn build(repository: &Repository, profile: &str) -> Result<PathBuf> {
    assets::build_vocabularies(repository)?;
    let mut server = repository.cargo();
    server.args(["build", "--profile", profile, "--package", "kumari-server"]);
    server.args(["--bin", "kumari-credits"]);
    let mut generator = repository.cargo();
    generator.args(["bench", "--no-run", "--package", "kumari-tests", "--bench", "ledger"]);
    for (title, mut cargo) in [("build the server", server), ("build the generator", generator)] {
        let ran = progress::run(repository, title, &mut cargo, BUILD_LIMIT)?;
        if !ran.passed {
            bail!("{title}: it {}:\n{}", ran.how_it_ended(), ran.output_tail());
        }
    }
    Ok(run::server_binary(repository, profile))
}

/// The ratios and whether the targets are met, into the file: nobody has to work them out again.
fn add_verdicts(result: &mut Value, rows: &[Row]) -> Result<()> {
    let written = result.get_mut("rows").and_then(Value::as_array_mut).context("no rows")?;
    for (written, row) in written.iter_mut().zip(rows) {
        if let Some(fields) = written.as_object_mut() {
            fields.extend(row.ratio.map(|ratio| ("ratio".to_owned(), json!(ratio))));
            fields.extend(row.is_met().map(|is_met| ("met".to_owned(), json!(is_met))));
        }
    }
    Ok(())
}

/// What has to be known before any figure is read.
fn conditions(result: &Value) -> Vec<String> {
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
    if let Some(load) = result.get("load_average") {
        lines.push(format!("load average before and after: {load}"));
    }
    let missing = result.get("not_measured").and_then(Value::as_array);
    let missing = missing.into_iter().flatten().filter_map(Value::as_str);
    lines.extend(missing.map(|what| format!("not measured: {what}")));
    let unit = result.get("unit").and_then(Value::as_array).is_some_and(|unit| !unit.is_empty());
    if !unit {
        lines.push("no unit: PostgreSQL is not there, so there are no ratios to it".to_owned());
    }
    lines
}

/// The system's load of the last minute; what else ran shows there.
fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
