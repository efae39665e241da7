//! Pairs in process: the lanes and the store alone, without HTTP.

use crate::Bench;
use crate::result::{Comparison, Results, Row};
use crate::server::Database;
use anyhow::{Result, anyhow, ensure};
use kumari_engine::account::Account;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use kumari_store::fixtures::{Command, Desk, account, action, credits, request};
use kumari_store::{
    LedgerCommand, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store,
};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// How commands arrive.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    callers: u64,
    /// Commands of one kind that are queued together.
    batch: u64,
    /// All on one account.
    is_hot: bool,
    /// Holds that stay open on the first account all the while.
    open: u64,
}

const CASES: [Case; 6] = [
    Case { name: "1 caller", callers: 1, batch: 1, is_hot: false, open: 0 },
    Case { name: "32 callers", callers: 32, batch: 1, is_hot: false, open: 0 },
    Case { name: "32 callers, one account", callers: 32, batch: 1, is_hot: true, open: 0 },
    Case {
        name: "32 callers, one account with 900 open holds",
        callers: 32,
        batch: 1,
        is_hot: true,
        open: 900,
    },
    Case { name: "batches of 100", callers: 8, batch: 100, is_hot: false, open: 0 },
    Case { name: "batches of 100, one account", callers: 8, batch: 100, is_hot: true, open: 0 },
];

/// What came of a case.
struct Counted {
    pairs_per_second: f64,
    commands_a_commit: u64,
}

/// Every case on each database, each in a new one.
pub(crate) fn measure(bench: &Bench, results: &mut Results) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for (case, number) in CASES.into_iter().zip(0..) {
        let name = format!("in_process_{number}");
        let mut databases = Vec::from([bench.program.sqlite(&name)]);
        if let Some(peer) = &bench.peer {
            databases.push(Database::Postgres(peer.database(&name)?));
        }
        for database in databases {
            let counted = runtime.block_on(run(bench, case, &database))?;
            let name = format!("pairs in process, {}, {}", database.name(), case.name);
            let row = Row::new(name, counted.pairs_per_second, "pairs/s");
            let note = format!("{} commands a commit", counted.commands_a_commit);
            results.add(row.beside_unit(Comparison::UnitPerSecond).note(note));
        }
    }
    Ok(())
}

async fn run(bench: &Bench, case: Case, database: &Database) -> Result<Counted> {
    let store: Arc<dyn Store> = match database {
        Database::Sqlite(file) => Arc::new(SqliteStore::open(file, SqliteOptions::default())?),
        Database::Postgres(url) => {
            Arc::new(PostgresStore::open(url, PostgresOptions::default()).await?)
        }
    };
    let desk = Desk::new(store)?;
    let accounts = if case.is_hot { 1 } else { bench.scale.accounts };
    fill(&desk, accounts, case.open).await?;

    let from = Instant::now() + bench.scale.warm_up;
    let to = from + bench.scale.measured;
    let before = desk.ledger.counts();
    let mut callers = JoinSet::new();
    for caller in 0..case.callers {
        let desk = desk.clone();
        callers.spawn(async move {
            let (mut round, mut counted) = (0, 0);
            loop {
                let begun = Instant::now();
                if begun >= to && counted > 0 {
                    return anyhow::Ok(counted);
                }
                let first = 1_000_000 + (round * case.callers + caller) * case.batch;
                pairs(&desk, first..first + case.batch, accounts).await?;
                counted += if begun >= from { case.batch } else { 0 };
                round += 1;
            }
        });
    }
    let mut counted = 0;
    while let Some(pairs) = callers.join_next().await {
        counted += pairs??;
    }
    let counts = desk.ledger.counts();
    let commits = (counts.commits - before.commits).max(1);
    Ok(Counted {
        pairs_per_second: counted as f64 / from.elapsed().as_secs_f64(),
        commands_a_commit: (counts.commands - before.commands) / commits,
    })
}

/// Credits for every account, and the holds that stay open.
async fn fill(desk: &Desk, accounts: u64, open: u64) -> Result<()> {
    let ids: Vec<u64> = (0..accounts).collect();
    for some in ids.chunks(1_000) {
        let grant = |number: &u64| {
            let grant = Command::grant(action(0)?, credits(1_000_000_000), None);
            Ok(command(desk, &account(*number)?, grant))
        };
        done(desk, some.iter().map(grant).collect::<Result<_>>()?).await?;
    }
    let hold = |number| {
        let hold = Command::authorize(action(number)?, request(&["lite"], 100)?)?;
        Ok(command(desk, &account(0)?, hold))
    };
    done(desk, (1..=open).map(hold).collect::<Result<_>>()?).await
}

/// Authorizes of these numbers together, then their settlements together.
async fn pairs(desk: &Desk, numbers: std::ops::Range<u64>, accounts: u64) -> Result<()> {
    // Neighbours in time are strangers in the table.
    let place = |number: u64| account(number.wrapping_mul(7_919) % accounts);
    let authorize = |number| {
        let hold = Command::authorize(action(number)?, request(&["lite"], 100)?)?;
        Ok(command(desk, &place(number)?, hold))
    };
    done(desk, numbers.clone().map(authorize).collect::<Result<_>>()?).await?;
    let settle = |number| {
        let settle =
            Command::settle(action(number)?, 0, "lite", 57).map_err(|fault| anyhow!(fault))?;
        Ok(command(desk, &place(number)?, settle))
    };
    done(desk, numbers.map(settle).collect::<Result<_>>()?).await
}

/// A command of a backend's, which has no conversation.
fn command(desk: &Desk, account: &AccountId, command: Command) -> LedgerCommand {
    let (actions, book) = (command.actions(), Arc::clone(&desk.book));
    let decide = move |account: &Account, now: Timestamp| command.decide(&book, account, now);
    LedgerCommand::new(account.clone(), actions, |_| Vec::new(), decide)
}

/// Runs them, and sees that each was carried out, once.
async fn done(desk: &Desk, commands: Vec<LedgerCommand>) -> Result<()> {
    for outcome in desk.ledger.run_all(commands).await? {
        ensure!(outcome?.entries.len() == 1, "a command was carried out before");
    }
    Ok(())
}
