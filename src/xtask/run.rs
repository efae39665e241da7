//! Serves the product: sets up what is missing, builds, and becomes the server.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::progress::{self, seconds};
use crate::repository::Repository;
use crate::setup::{Tool, Tools};
use crate::wasm_target::RouteChoice;
use crate::{assets, pack};

const APP_LIMIT: Duration = Duration::from_secs(300);
/// A first build of the server compiles a database, among other things.
const SERVER_LIMIT: Duration = Duration::from_secs(1800);

/// What `run` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// The database, an SQLite file or `postgres://user@host/database`; the server's own default
    /// where absent.
    #[arg(long, env = "KUMARI_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The port on 127.0.0.1; the server's own default where absent.
    #[arg(long)]
    port: Option<u16>,
}

/// A file by its whole path, for the server runs in the repository's top folder; a URL as it is.
fn from_anywhere(database: &str) -> Result<OsString> {
    let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme));
    if is_url || database == ":memory:" {
        return Ok(database.into());
    }
    let path = database.strip_prefix("sqlite:").unwrap_or(database);
    Ok(std::path::absolute(path)?.into())
}

/// Builds everything and becomes the server: on success this never returns.
///
/// # Errors
/// When a part is missing or cannot be built.
pub(crate) fn run(repository: &Repository, choice: RouteChoice, wish: &Wish) -> Result<ExitCode> {
    let started = Instant::now();
    build(repository, choice)?;
    println!("built in {}; starting the server, Ctrl-C stops it", seconds(started.elapsed()));
    let mut server = repository.command(server_binary(repository, "release"));
    server.arg("serve");
    if let Some(database) = &wish.database {
        // Not as an argument: it may have a password in it, and everybody can read arguments.
        server.env("KUMARI_DATABASE", from_anywhere(database)?);
    }
    if let Some(port) = wish.port {
        server.arg("--port").arg(port.to_string());
    }
    Err(server.exec()).context("cannot start the server")
}

/// Builds the package, the app and the server, each on the one before.
///
/// # Errors
/// When a part is missing or cannot be built.
pub(crate) fn build(repository: &Repository, choice: RouteChoice) -> Result<()> {
    let tools = Tools::prepare(repository, choice, Tool::FOR_BUILDING)?;
    pack::build(repository, tools.for_building()?)?;
    assets::build_vocabularies(repository)?;
    build_app(repository)?;
    assets::compress_app(repository)?;
    let mut cargo = repository.cargo();
    cargo.args(["build", "--release", "--package", "kumari-server", "--bin", "kumari-credits"]);
    let ran = progress::run(repository, "build the server", &mut cargo, SERVER_LIMIT)?;
    if !ran.passed {
        bail!("building the server {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    println!("     server built ({})", seconds(ran.took));
    Ok(())
}

/// Builds the chat app, which needs the built package.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn build_app(repository: &Repository) -> Result<()> {
    let mut npm = repository.command("npm");
    npm.args(["run", "build", "--workspace", "www"]);
    let ran = progress::run(repository, "build the app", &mut npm, APP_LIMIT)?;
    if !ran.passed {
        bail!("building the app {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    println!("     app built ({})", seconds(ran.took));
    Ok(())
}

/// Where cargo leaves the server, by profile folder.
pub(crate) fn server_binary(repository: &Repository, profile: &str) -> PathBuf {
    binary(repository, profile, "kumari-credits")
}

/// A program of this workspace, where cargo leaves it.
pub(crate) fn binary(repository: &Repository, profile: &str, program: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository.path("target"), |folder| repository.path(folder));
    target.join(profile).join(program)
}
