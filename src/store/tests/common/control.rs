//! The cluster that tests may crash. Its URL is enough: it says itself where it is.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tokio_postgres::NoTls;

/// Controls a cluster.
pub(crate) struct Control {
    pg_ctl: PathBuf,
    data: PathBuf,
}

impl Control {
    /// Of the cluster of a database.
    pub(crate) async fn of(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let data: String = client.query_one("SHOW data_directory", &[]).await.unwrap().get(0);
        let programs = "SELECT setting FROM pg_config() WHERE name = 'BINDIR'";
        let programs: String = client.query_one(programs, &[]).await.unwrap().get(0);
        Self { pg_ctl: PathBuf::from(programs).join("pg_ctl"), data: data.into() }
    }

    /// Runs `pg_ctl` and waits until it is done. `restart` or `stop` with `--mode immediate` is as
    /// after the loss of power: nothing is written down, and the log is replayed at the start.
    pub(crate) fn run(&self, arguments: &[&str]) {
        let owner = std::fs::metadata(&self.data).unwrap();
        let mut command = Command::new(&self.pg_ctl);
        command.args(arguments).args(["--wait", "--silent", "--pgdata"]).arg(&self.data);
        command.arg("--log").arg(self.data.join("../log"));
        command.current_dir(&self.data).uid(owner.uid()).gid(owner.gid());
        // What it starts goes on, and must not hold what the test's own output goes to.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "pg_ctl {arguments:?}");
    }
}
