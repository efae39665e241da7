//! The benchmark of estimates: builds the npm package and the native engine's answers, brings the
//! calculators of others, and runs `tests/bench/estimate`, which measures all of them in one Node,
//! one Chromium and one Python.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};

use crate::bench::Wish;
use crate::bench_script::Script;
use crate::python::Environment;
use crate::repository::Repository;
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;
use crate::{pack, progress, run};

const SCRIPT: Script =
    Script { name: "estimate", folder: "tests/bench/estimate", limit: Duration::from_secs(1800) };
/// Those in Python: 300 MB of packages, which nothing else uses.
const PYTHON: Environment = Environment {
    folder: "target/venv-bench",
    requirements: &["tests/bench/estimate/requirements.txt"],
};
/// The prices that are asked for.
const BOOK: &str = "src/server/price-book.json";
const BUILD_LIMIT: Duration = Duration::from_secs(1200);

/// Builds what is measured and measures.
///
/// # Errors
/// When something cannot be built or run, or a price was wrong.
pub(crate) fn run(
    repository: &Repository,
    route: RouteChoice,
    wish: &Wish,
    output: &Path,
) -> Result<Value> {
    let tools = Tools::prepare(repository, route, &[Tool::Wasm, Tool::Npm, Tool::Chromium])?;
    pack::build(repository, tools.for_building()?)?;
    let mut parity = repository.cargo();
    parity.args(["build", "--quiet", "--package", "kumari-tests", "--bin", "parity"]);
    let built = progress::run(repository, "build the native engine", &mut parity, BUILD_LIMIT)?;
    if !built.passed {
        bail!("building parity {}:\n{}", built.how_it_ended(), built.output_tail());
    }
    let chromium = tools.chromium.map_err(|missing| anyhow!("{missing}"))?;
    // Without Python the rest is measured, and the result says so.
    let python = PYTHON.ready(repository)?.ok().map(|programs| programs.join("python"));
    let order = json!({
        "book": repository.path(BOOK),
        "native": run::binary(repository, "debug", "parity"),
        "python": python,
        "chromium": chromium,
    });
    SCRIPT.measure(repository, wish, (order, &[]), output)
}
