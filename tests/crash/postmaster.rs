//! The processes of a cluster: all held still, so that it is there and answers nothing, or the first
//! one killed.

use crate::place::runtime;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

/// The longest that the others may go on without the first one.
const ORPHANS_MAX: Duration = Duration::from_secs(30);

/// All processes of a cluster, the first of them PostgreSQL's own.
pub(crate) struct Postmaster {
    number: u32,
}

/// Processes that stand still until this is dropped.
pub(crate) struct Still(Vec<u32>);

impl Postmaster {
    /// Of the cluster of a database.
    pub(crate) fn of(url: &str) -> Self {
        let data: String = runtime().block_on(async {
            let (client, connection) =
                tokio_postgres::connect(url, NoTls).await.expect("a connection");
            tokio::spawn(connection);
            client.query_one("SHOW data_directory", &[]).await.expect("a setting").get(0)
        });
        let file = std::fs::read_to_string(format!("{data}/postmaster.pid")).expect("it runs");
        let number = file.lines().next().and_then(|line| line.parse().ok());
        Self { number: number.expect("the file begins with the process's number") }
    }

    /// Holds all of them still: connections stay open, and nothing answers.
    pub(crate) fn hold(&self) -> Still {
        // The first one first: it cannot start others any more.
        signal("STOP", &[self.number]);
        let all = self.processes();
        signal("STOP", &all);
        Still(all)
    }

    /// Kills the first one alone, and waits until the others have seen that, and the system has
    /// forgotten all of them: before that a cluster refuses to start.
    pub(crate) fn kill(self) {
        let all = self.processes();
        signal("KILL", &[self.number]);
        let begun = Instant::now();
        while all.iter().any(|number| Path::new(&format!("/proc/{number}")).exists()) {
            assert!(begun.elapsed() < ORPHANS_MAX, "some of {all:?} go on alone");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn processes(&self) -> Vec<u32> {
        let number = self.number;
        let children = std::fs::read_to_string(format!("/proc/{number}/task/{number}/children"));
        let children = children.expect("the system tells children");
        let children = children.split_whitespace().map(|word| word.parse().expect("a number"));
        std::iter::once(number).chain(children).collect()
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

fn signal(name: &str, processes: &[u32]) {
    let numbers = processes.iter().map(u32::to_string);
    let sent = Command::new("kill").args(["-s", name]).args(numbers).output();
    // One that has ended by itself needs no signal.
    assert!(sent.is_ok(), "`kill` cannot be run");
}
