//! The load generator of `cargo xtask bench ledger`: what a pair of authorize and settle costs, over
//! HTTP and in process, on SQLite and PostgreSQL, beside `pgbench` on the same cores.
//!
//! It talks to the real program by a real HTTP client, checks every answer, and at the end of each
//! database compares all balances and audits the journal: a run with one wrong answer ends without
//! a result. It builds nothing, and prints no table: `xtask` does both.

mod arrivals;
mod backend;
mod commands;
mod disk;
mod growth;
mod in_process;
mod load;
mod pairs;
mod peer;
mod reads;
mod result;
mod scale;
mod server;

use crate::peer::Peer;
use crate::result::Results;
use crate::scale::{Length, Scale};
use crate::server::{Database, Program};
use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use std::path::PathBuf;

/// What is measured, and where the result goes.
#[derive(Parser)]
struct Arguments {
    /// The program, `kumari-credits`.
    #[arg(long)]
    server: PathBuf,
    /// The folder of the token vocabularies.
    #[arg(long)]
    vocabulary: PathBuf,
    /// Where the figures are written, as JSON.
    #[arg(long)]
    output: PathBuf,
    /// The folder of PostgreSQL's programs; a cluster is where `KUMARI_POSTGRES` and libpq's
    /// variables say. Without it nothing is measured on PostgreSQL, and there is no unit.
    #[arg(long)]
    postgres_programs: Option<PathBuf>,
    /// A real hour of traffic.
    #[arg(long)]
    trace: Option<PathBuf>,
    /// How much is measured.
    #[arg(long, value_enum, default_value_t = Length::Usual)]
    length: Length,
    /// Where accounts and usages come from.
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What every measurement is given.
pub(crate) struct Bench {
    program: Program,
    scale: Scale,
    seed: u64,
    peer: Option<Peer>,
    trace: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let peer = arguments.postgres_programs.map(|programs| Peer::new(programs, folder.path()));
    let bench = Bench {
        program: Program::new(arguments.server, arguments.vocabulary, folder.path()),
        scale: arguments.length.scale(),
        seed: arguments.seed,
        peer,
        trace: arguments.trace,
    };
    let mut results = Results::default();
    results.probe(disk::flushes_per_second(folder.path())?);
    measure(&bench, &mut results)?;
    results.probe(disk::flushes_per_second(folder.path())?);
    let json = serde_json::to_string_pretty(&results)?;
    std::fs::write(&arguments.output, json)
        .with_context(|| format!("cannot write `{}`", arguments.output.display()))
}

/// Everything, in the order of the table; the unit at both ends, for machines change their pace.
fn measure(bench: &Bench, results: &mut Results) -> Result<()> {
    if let Some(peer) = &bench.peer {
        peer.prepare()?;
        results.unit(peer.measure(bench.scale.peer_seconds)?);
    }
    pairs::measure(bench, &bench.program.sqlite("pairs"), results)?;
    if let Some(peer) = &bench.peer {
        pairs::measure(bench, &Database::Postgres(peer.database("pairs")?), results)?;
    }
    in_process::measure(bench, results)?;
    growth::accounts(bench, results)?;
    growth::history(bench, results)?;
    if let Some(peer) = &bench.peer {
        results.unit(peer.measure(bench.scale.peer_seconds)?);
    }
    ensure!(results.has_rows(), "nothing was measured");
    Ok(())
}
