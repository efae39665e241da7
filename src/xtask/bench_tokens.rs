//! The benchmark of the token counter: builds the npm package, the vocabularies, the app and a
//! server for it, brings the other counters, and runs `tests/bench/tokens`, which measures all of
//! them in one Node and one Chromium.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};

use crate::bench::{Began, Wish};
use crate::repository::{self, Repository};
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;
use crate::{assets, node, pack, progress, run};

/// Where the measuring is written, with a lock file for the other counters alone.
const FOLDER: &str = "tests/bench/tokens";
/// The server only hands out files here: it need not be built for speed.
const PROFILE: &str = "debug";
const BUILD_LIMIT: Duration = Duration::from_secs(2700);
/// Some of the others take seconds for one count.
const LIMIT: Duration = Duration::from_secs(3600);

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
    node::packages_ready_in(repository, &repository.path(FOLDER))?
        .map_err(|missing| anyhow!("{missing}"))?;
    let vocabulary = assets::vocabulary(repository, "o200k_base")?;
    let order = json!({
        "length": wish.length(),
        "seed": wish.seed,
        "vocabulary": vocabulary,
        "chromium": chromium,
        "output": output,
    });
    // The folder is there from now on.
    repository::write(output, b"{}")?;
    let mut measure = repository.command("node");
    measure.arg(repository.path(FOLDER).join("main.js")).arg(order.to_string());
    measure.env("KUMARI_SERVER", run::server_binary(repository, PROFILE));
    let began = Began::now();
    let ran = progress::run(repository, "bench tokens", &mut measure, LIMIT)?;
    if !ran.passed {
        let (how, words) = (ran.how_it_ended(), ran.output_tail());
        bail!("the benchmark {how}, so there is no result:\n{words}");
    }
    began.read(repository, "tokens", (wish.length(), wish.seed), output)
}
