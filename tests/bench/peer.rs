//! The peer: `pgbench -N` on the same cluster, on the same cores, in the same run.

use crate::result::{Unit, Wait, histogram};
use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use std::path::{Path, PathBuf};
use std::process::Command;

/// So many hundred thousand rows, so that 32 clients seldom meet on one.
const SCALE: &str = "10";
const CLIENTS: &str = "32";
/// Its own database, beside ours.
const DATABASE: &str = "peer";

/// PostgreSQL, with a cluster that libpq's variables name.
pub(crate) struct Peer {
    programs: PathBuf,
    folder: PathBuf,
}

impl Peer {
    pub(crate) fn new(programs: PathBuf, folder: &Path) -> Self {
        Self { programs, folder: folder.to_path_buf() }
    }

    /// Makes and fills the peer's tables, and sees that the cluster flushes.
    pub(crate) fn prepare(&self) -> Result<()> {
        self.database(DATABASE)?;
        let mut ask = self.command("psql");
        let fsync = run(ask.args(["-At", "-c", "SHOW fsync", DATABASE]))?;
        ensure!(fsync.trim() == "on", "the cluster does not flush (fsync is `{}`)", fsync.trim());
        run(self.command("pgbench").args(["-i", "-q", "-s", SCALE, DATABASE])).map(drop)
    }

    /// One run with 32 clients and one with a single one.
    pub(crate) fn measure(&self, seconds: u32) -> Result<Unit> {
        let (per_second, wait) = self.pgbench(CLIENTS, "2", seconds)?;
        let (_, wait_alone) = self.pgbench("1", "1", seconds)?;
        Ok(Unit { per_second, wait: Wait::of(&wait), wait_alone: Wait::of(&wait_alone) })
    }

    /// A new and empty database; its URL.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        let cluster = std::env::var("KUMARI_POSTGRES").context("KUMARI_POSTGRES is not set")?;
        run(self.command("createdb").arg(name))?;
        Ok(format!("{cluster}/{name}"))
    }

    fn pgbench(&self, clients: &str, threads: &str, seconds: u32) -> Result<(f64, Histogram<u64>)> {
        let logs = tempfile::tempdir_in(&self.folder)?;
        let mut pgbench = self.command("pgbench");
        pgbench.args(["-N", "-n", "-c", clients, "-j", threads, "-T", &seconds.to_string()]);
        pgbench.arg("--log").arg("--log-prefix").arg(logs.path().join("log")).arg(DATABASE);
        let said = run(&mut pgbench)?;
        let per_second = said
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
            .with_context(|| format!("pgbench says no tps:\n{said}"))?;
        Ok((per_second, waits(logs.path())?))
    }

    fn command(&self, program: &str) -> Command {
        Command::new(self.programs.join(program))
    }
}

/// How long each transaction took: the third field of each line, in microseconds.
fn waits(folder: &Path) -> Result<Histogram<u64>> {
    let mut waits = histogram();
    for file in std::fs::read_dir(folder)? {
        for line in std::fs::read_to_string(file?.path())?.lines() {
            let micros = line.split(' ').nth(2).and_then(|micros| micros.parse().ok());
            waits.record(micros.with_context(|| format!("pgbench logged `{line}`"))?)?;
        }
    }
    ensure!(!waits.is_empty(), "pgbench logged nothing");
    Ok(waits)
}

/// Runs a program to its end; what it said.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start `{name}`"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    ensure!(output.status.success(), "`{name}` failed, {}:\n{said}{complained}", output.status);
    Ok(said)
}
