//! The program under test: started, watched from outside, killed, and audited.

use crate::peer::run;
use anyhow::{Context as _, Result, ensure};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The system's clock of processes.
const MICROS_A_TICK: u64 = 10_000;

/// The program, not running.
#[derive(Clone)]
pub(crate) struct Program {
    path: PathBuf,
    vocabulary: PathBuf,
    folder: PathBuf,
}

/// Where a server keeps everything.
#[derive(Clone)]
pub(crate) enum Database {
    /// In a file.
    Sqlite(PathBuf),
    /// In a database of PostgreSQL, by its URL.
    Postgres(String),
}

/// The running program, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Program {
    pub(crate) fn new(path: PathBuf, vocabulary: PathBuf, folder: &Path) -> Self {
        Self { path, vocabulary, folder: folder.to_path_buf() }
    }

    /// A file that is not there yet.
    pub(crate) fn sqlite(&self, name: &str) -> Database {
        Database::Sqlite(self.folder.join(format!("{name}.db")))
    }

    /// Makes a service key; its secret.
    pub(crate) fn key(&self, database: &Database) -> Result<String> {
        let said = run(self.command(database).args(["key", "create", "--name", "bench"]))?;
        said.lines().next().map(str::to_owned).context("no secret was printed")
    }

    /// Serves a database until the server is dropped; on one core only, if that is asked for.
    pub(crate) fn serve(&self, database: &Database, one_core: bool) -> Result<Server> {
        let mut command = match one_core {
            true => {
                let mut pinned = Command::new("taskset");
                pinned.args(["--cpu-list", "0"]).arg(&self.path);
                self.with_database(pinned, database)
            }
            false => self.command(database),
        };
        // A key is looked up once a second for each connection that comes just then, and each
        // look-up counts against the address.
        command.args(["serve", "--port", "0", "--address-requests-per-second", "1000000"]);
        command.arg("--vocabulary").arg(&self.vocabulary);
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("cannot start the server")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the server has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().rsplit_once("http://").and_then(|(_, at)| at.parse().ok());
        match address {
            Some(address) => Ok(Server { child, address }),
            None => {
                // It has ended, or is of no use.
                let _ = child.kill();
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                anyhow::bail!("the server does not listen; it said `{}`\n{log}", line.trim())
            }
        }
    }

    /// Every account, made again from its journal, is what is stored.
    pub(crate) fn audit(&self, database: &Database) -> Result<()> {
        run(self.command(database).arg("audit")).context("the audit is not clean").map(drop)
    }

    fn command(&self, database: &Database) -> Command {
        self.with_database(Command::new(&self.path), database)
    }

    fn with_database(&self, mut command: Command, database: &Database) -> Command {
        match database {
            Database::Sqlite(file) => command.env("KUMARI_DATABASE", file),
            Database::Postgres(url) => command.env("KUMARI_DATABASE", url),
        };
        command.current_dir(&self.folder);
        command
    }
}

impl Database {
    /// What it is called in rows.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl Server {
    /// What it has worked so far, in user and system time.
    pub(crate) fn cpu_micros(&self) -> Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, after_name) = stat.rsplit_once(") ").context("no process")?;
        // The 14th and the 15th field, which are the 12th and the 13th after the name.
        let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<u64>);
        Ok(ticks.sum::<Result<u64, _>>()? * MICROS_A_TICK)
    }

    /// The memory that it has, in bytes.
    pub(crate) fn memory_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().split(' ').next()).context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1_024)
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        let status = self.child.wait()?;
        ensure!(status.code().is_none(), "the server had ended by itself: {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone where it was killed on purpose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
