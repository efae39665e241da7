//! PostgreSQL for the tests: a cluster of their own, thrown away at the end.
//!
//! PostgreSQL refuses to run as root, so there it runs as the user that its Debian package made.
//! It listens on a free port of 127.0.0.1, asks for a password, and flushes as a real one does.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User, chown};
use tempfile::TempDir;

use crate::progress;
use crate::repository::Repository;
use crate::system::{self, Missing};

/// Tells tests where a cluster is, for databases of their own.
pub(crate) const CLUSTER: &str = "KUMARI_POSTGRES";
/// Tells tests where a cluster is that they may crash.
pub(crate) const CLUSTER_TO_CRASH: &str = "KUMARI_POSTGRES_CRASH";
/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Making a cluster, starting and stopping one.
const LIMIT: Duration = Duration::from_secs(120);
/// Where it listens.
const HOST: &str = "127.0.0.1";
/// Whose it is, in PostgreSQL.
const OWNER: &str = "kumari";
/// The tests have many databases open at once.
const CONNECTIONS: u32 = 400;

/// The programs of PostgreSQL, and whom they run as.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// Absent where this program does not run as root, and so needs nobody else.
    owner: Option<(Uid, Gid)>,
}

/// A running cluster; dropping it ends it and removes everything.
pub(crate) struct Cluster {
    stop: Stop,
    port: u16,
    password: String,
    folder: TempDir,
}

/// How a cluster is stopped.
#[derive(Clone, Debug)]
struct Stop {
    programs: Programs,
    data: PathBuf,
}

/// The clusters to stop should this program be told to end.
static RUNNING: Mutex<Vec<Stop>> = Mutex::new(Vec::new());

/// Finds PostgreSQL, or installs Debian's.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn ready(repository: &Repository) -> Result<Result<Programs, Missing>> {
    if let Some(programs) = found()? {
        return Ok(Ok(programs));
    }
    Ok(match system::install(repository, "PostgreSQL", &["postgresql"])? {
        Ok(()) => found()?.ok_or(Missing {
            what: "PostgreSQL was installed, but `initdb` or a user to run it as is not there"
                .to_owned(),
            command: "put its programs on PATH".to_owned(),
        }),
        Err(missing) => Err(missing),
    })
}

fn found() -> Result<Option<Programs>> {
    let Some(folder) = folder() else {
        return Ok(None);
    };
    if !Uid::effective().is_root() {
        return Ok(Some(Programs { folder, owner: None }));
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(Programs { folder, owner: Some((user.uid, user.gid)) }));
        }
    }
    Ok(None)
}

/// Where `initdb` and `pg_ctl` are: of the newest version, which Debian does not put on PATH.
fn folder() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
        .max();
    let on_path = || Some(which::which("initdb").ok()?.parent()?.to_path_buf());
    newest.map(|(_, folder)| folder).or_else(on_path)
}

impl Programs {
    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        if let Some((user, group)) = self.owner {
            command.uid(user.as_raw()).gid(group.as_raw());
        }
        command
    }
}

impl Cluster {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    /// When it cannot be made or started, with what PostgreSQL said.
    pub(crate) fn start(repository: &Repository, programs: &Programs) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("kumari-postgres-").tempdir()?;
        let password = password();
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password)?;
        for path in [folder.path(), &password_file] {
            let owner = programs.owner;
            chown(path, owner.map(|(user, _)| user), owner.map(|(_, group)| group))?;
        }
        let data = folder.path().join("data");
        let mut initdb = programs.command("initdb");
        initdb.args([&format!("--username={OWNER}"), "--auth=scram-sha-256", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--no-instructions"]);
        initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password_file);
        initdb.current_dir(folder.path());
        ended_well(repository, "initdb", &mut initdb)?;

        // Another program may take the port in between; then the start fails and says so.
        let port = TcpListener::bind((HOST, 0))?.local_addr()?.port();
        let settings = format!(
            "listen_addresses = '{HOST}'\nport = {port}\nmax_connections = {CONNECTIONS}\n\
             unix_socket_directories = '{}'\n",
            folder.path().display()
        );
        let file = data.join("postgresql.auto.conf");
        fs::write(&file, settings).with_context(|| format!("cannot write `{}`", file.display()))?;
        let stop = Stop { programs: programs.clone(), data };
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(stop.clone());
        let cluster = Self { stop, port, password, folder };
        let mut start = cluster.stop.pg_ctl("start");
        start.arg("--log").arg(cluster.folder.path().join("log"));
        ended_well(repository, "pg_ctl start", &mut start)?;
        Ok(cluster)
    }

    /// Its URL, without a database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{OWNER}:{}@{HOST}:{}", self.password, self.port)
    }

    /// The same for PostgreSQL's own programs, which read it from their environment: everybody
    /// can read arguments.
    pub(crate) fn libpq(&self) -> [(&'static str, String); 4] {
        [
            ("PGHOST", HOST.to_owned()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", OWNER.to_owned()),
            ("PGPASSWORD", self.password.clone()),
        ]
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop.run();
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|stop| stop.data != self.stop.data);
    }
}

impl Stop {
    fn pg_ctl(&self, verb: &str) -> Command {
        let mut command = self.programs.command("pg_ctl");
        command.arg(verb).args(["--wait", "--silent", "--pgdata"]).arg(&self.data);
        command.current_dir(self.data.parent().unwrap_or(Path::new("/")));
        command
    }

    fn run(&self) {
        self.wake();
        // Nothing in it is to be kept; one that does not run any more needs no stopping.
        let _ = self.pg_ctl("stop").args(["--mode", "immediate"]).output();
    }

    /// A test that holds a cluster still may be broken off before it lets go: woken, its first
    /// process ends the others.
    fn wake(&self) {
        let file = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        if let Some(number) = file.lines().next().and_then(|line| line.parse().ok()) {
            // One that has ended needs no waking.
            let _ = kill(Pid::from_raw(number), Signal::SIGCONT);
        }
    }
}

/// Stops all clusters, for a program that ends without unwinding.
pub(crate) fn stop_all() {
    for stop in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        stop.run();
        if let Some(folder) = stop.data.parent() {
            // A temporary folder that stays harms nobody.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn ended_well(repository: &Repository, title: &str, command: &mut Command) -> Result<()> {
    let ran = progress::run(repository, title, command, LIMIT)?;
    if ran.passed {
        return Ok(());
    }
    bail!("{title} {}:\n{}", ran.how_it_ended(), ran.output_tail())
}

/// A word that nobody can guess while the cluster lives: the seeds of a hash map come from the
/// system's random source.
fn password() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}
