//! The benchmark of the token counter: builds the npm package, the vocabularies, the app and a
//! server for it, brings the other counters, and runs `tests/bench/tokens`, which measures all of
//! them in one Node and one Chromium.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};

use crate::bench::Wish;
use crate::bench_script::Script;
use crate::repository::Repository;
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;
use crate::{assets, pack, progress, run};

const SCRIPT: Script = Script {
    name: "tokens",
    folder: "tests/bench/tokens",
    // Some of the others take seconds for one count.
    limit: Duration::from_secs(3600),
};
/// The server only hands out files here: it need not be built for speed.
const PROFILE: &str = "debug";
const BUILD_LIMIT: Duration = Duration::from_secs(2700);

/// Builds what is measured and measures.
///
/// # Errors
/// When something cannot be built or run, or a count was wrong.
pub(crate) fn run(
    repository: &Repository,
    route: RouteChoice,
    wish: &Wish,
    output: &Path,
) -> Result<Value> {
    let tools = Tools::prepare(repository, route, &[Tool::Wasm, Tool::Npm, Tool::Chromium])?;
    pack::build(repository, tools.for_building()?)?;
    assets::build_vocabularies(repository)?;
    run::build_app(repository)?;
    let mut server = repository.cargo();
    server.args(["build", "--package", "kumari-server", "--bin", "kumari-credits"]);
    let built = progress::run(repository, "build the server", &mut server, BUILD_LIMIT)?;
    if !built.passed {
        bail!("building the server {}:\n{}", built.how_it_ended(), built.output_tail());
    }
    let chromium = tools.chromium.map_err(|missing| anyhow!("{missing}"))?;
    let order = json!({
        "vocabulary": assets::vocabulary(repository, "o200k_base")?,
        "chromium": chromium,
    });
    let server = run::server_binary(repository, PROFILE);
    SCRIPT.measure(repository, wish, (order, &[("KUMARI_SERVER", server.as_path())]), output)
}
