//! The processes of a cluster, held still: it is there, and answers nothing.

use crate::place::runtime;
use std::process::Command;
use tokio_postgres::NoTls;

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
