//! Benchmarks: measures the product beside a peer, in the same run and on the same cores.
//!
//! What is measured and how is in `bench_ledger`, `bench_tokens`, `bench_estimate`,
//! `bench_calibration` and `bench_backtest`; here is what they share: the wish, and what becomes of the figures: ratios and
//! verdicts, a table here, JSON and a chart below `target/bench`. It measures nothing itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::bench_chart::chart;
use crate::bench_row::{Row, rows};
use crate::bench_table::table;
use crate::repository::{self, Repository};
use crate::soak::{commit, machine};
use crate::wasm_target::RouteChoice;
use crate::{bench_backtest, bench_calibration, bench_estimate, bench_ledger, bench_tokens};

/// A real hour of traffic, where somebody has put it beside the repository.
const TRACE: &str = "../shared/data/azure_llm_trace_2023_conversation.csv";

/// What `bench` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// More of it: ten million entries of history, or more repeats.
    #[arg(long, conflicts_with = "short")]
    full: bool,
    /// Only see that it works; its figures say nothing.
    #[arg(long)]
    short: bool,
    /// Where chance comes from: accounts and usages, places of edits, requests.
    #[arg(long, default_value_t = 20_261_123)]
    pub(crate) seed: u64,
    /// The hour of traffic that `ledger` replays, `backtest` takes token counts from and
    /// `calibration` learns from, as `TIMESTAMP,ContextTokens,GeneratedTokens`.
    #[arg(long)]
    trace: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Authorize and settle, over HTTP and in process, on both databases.
    Ledger,
    /// Counting tokens, in Node and in Chromium, beside other counters.
    Tokens,
    /// Estimates, in Node and in Chromium, beside other calculators of prices.
    Estimate,
    /// Pricing millions of recorded actions with another price book.
    Backtest,
    /// What a calibration says of answers that it did not learn from, beside what others say.
    Calibration,
}

impl Wish {
    /// How much is measured.
    pub(crate) const fn length(&self) -> &'static str {
        match (self.short, self.full) {
            (true, _) => "short",
            (false, true) => "full",
            (false, false) => "usual",
        }
    }

    /// The hour of traffic that was named, or else the one at hand.
    ///
    /// # Errors
    /// When the folder of this program is gone.
    pub(crate) fn trace(&self, repository: &Repository) -> Result<Option<PathBuf>> {
        let at_hand = || Some(repository.path(TRACE)).filter(|trace| trace.is_file());
        Ok(self.trace.as_ref().map(std::path::absolute).transpose()?.or_else(at_hand))
    }
}

/// Runs the benchmark, prints its table and writes its files.
///
/// # Errors
/// When something cannot be built or run, or an answer was wrong: then there is no result.
pub(crate) fn run(repository: &Repository, route: RouteChoice, wish: &Wish) -> Result<ExitCode> {
    let name = match wish.what {
        What::Ledger => "ledger",
        What::Tokens => "tokens",
        What::Estimate => "estimate",
        What::Backtest => "backtest",
        What::Calibration => "calibration",
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let output = repository.path("target/bench").join(format!("{name}-{now}.json"));
    let (mut result, conditions) = match wish.what {
        What::Ledger => {
            let result = bench_ledger::run(repository, route, wish, &output)?;
            let conditions = bench_ledger::conditions(&result);
            (result, conditions)
        }
        What::Tokens => (bench_tokens::run(repository, route, wish, &output)?, Vec::new()),
        What::Estimate => (bench_estimate::run(repository, route, wish, &output)?, Vec::new()),
        What::Backtest => (bench_backtest::run(repository, wish, &output)?, Vec::new()),
        What::Calibration => (bench_calibration::run(repository, wish, &output)?, Vec::new()),
    };
    let rows = rows(&result)?;
    add_verdicts(&mut result, &rows)?;
    repository::write(&output, serde_json::to_string_pretty(&result)?.as_bytes())?;
    let picture = output.with_extension("svg");
    repository::write(&picture, chart(name, &rows).as_bytes())?;
    println!("{}", table(&rows));
    for line in conditions.into_iter().chain(common_conditions(&result)) {
        println!("{line}");
    }
    println!("written to `{}` and `{}`", output.display(), picture.display());
    Ok(ExitCode::SUCCESS)
}

/// When a run began, and what the machine did then.
pub(crate) struct Began {
    at: Instant,
    load_average: Option<f64>,
}

impl Began {
    /// Now.
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), load_average: load_average() }
    }

    /// Reads what a benchmark wrote, with the conditions of its run.
    ///
    /// # Errors
    /// When it wrote nothing, or something else.
    pub(crate) fn read(
        &self,
        repository: &Repository,
        name: &str,
        (length, seed): (&str, u64),
        output: &Path,
    ) -> Result<Value> {
        let mut result: Value = serde_json::from_str(&fs::read_to_string(output)?)?;
        let about = [
            ("bench", json!(name)),
            ("length", json!(length)),
            ("seed", json!(seed)),
            ("commit", json!(commit(repository)?)),
            ("machine", json!(machine())),
            ("seconds", json!(self.at.elapsed().as_secs())),
            ("load_average", json!([self.load_average, load_average()])),
        ];
        if let Some(fields) = result.as_object_mut() {
            fields.extend(about.map(|(name, value)| (name.to_owned(), value)));
        }
        Ok(result)
    }
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
fn common_conditions(result: &Value) -> Vec<String> {
    let load = result.get("load_average");
    let load = load.map(|load| format!("load average before and after: {load}"));
    let missing = result.get("not_measured").and_then(Value::as_array);
    let missing = missing.into_iter().flatten().filter_map(Value::as_str);
    load.into_iter().chain(missing.map(|what| format!("not measured: {what}"))).collect()
}

/// The system's load of the last minute; what else ran shows there.
fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
