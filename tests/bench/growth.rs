//! What grows and what must not: the cost of a pair with the number of accounts and with the length
//! of history, memory, the start after a crash, and balance reads.

use crate::Bench;
use crate::backend::Target;
use crate::commands::Books;
use crate::load::{Measured, Plan, fill, history as make_history, run};
use crate::pairs::runtime;
use crate::reads::{Read, reads};
use crate::result::{Results, Row};
use crate::server::{Database, Server};
use anyhow::{Context as _, Result};
use std::sync::Arc;
use std::time::Instant;

/// Accounts while history grows.
const ACCOUNTS: u64 = 1_000;
/// Balances that are compared in the end.
const COMPARED_MAX: u64 = 10_000;
const MEGABYTE: f64 = 1e6;

/// A pair's cost as the number of accounts grows; then memory, start and balance reads with the
/// most of them.
pub(crate) fn accounts(bench: &Bench, results: &mut Results) -> Result<()> {
    let database = bench.program.sqlite("accounts");
    let secret = bench.program.key(&database)?;
    let server = bench.program.serve(&database, false)?;
    let target = Target::new(server.address, &secret)?;
    let mut books = Arc::new(Books::new(0)?);
    let mut costs = Vec::new();
    let empty_bytes = server.memory_bytes()?;
    runtime()?.block_on(async {
        for accounts in bench.scale.accounts_growing {
            let from = books.accounts();
            Arc::get_mut(&mut books).context("the books are in use")?.grow(*accounts);
            fill(&target, &books, from..*accounts).await?;
            let measured = pairs(bench, &server, &target, &books).await?;
            say(results, format!("{accounts} accounts"), &measured);
            costs.push(measured);
        }
        anyhow::Ok(())
    })?;
    let last = books.accounts();
    let note = format!("up to {last}");
    cost(results, "accounts", &costs, (1.3, 1.05), Some(&note));

    let grown = server.memory_bytes()?.saturating_sub(empty_bytes) as f64 / MEGABYTE;
    let row = Row::new(format!("memory with {last} accounts, more than empty"), grown, "MB");
    results.add(row.at_most(300.0, 64.0));
    after_kill(bench, &database, server, &secret, &books, results)?;
    let alone = bench.program.serve(&database, true)?;
    let target = Target::new(alone.address, &secret)?;
    let per_second = runtime()?.block_on(reads(&target, bench, Read::Balance(books)))?;
    let row = Row::new("balance reads over HTTP on one core", per_second, "reads/s");
    results.add(row.at_least(20_000.0, 40_000.0));
    drop(alone);
    bench.program.audit(&database)
}

/// A pair's cost as history grows.
pub(crate) fn history(bench: &Bench, results: &mut Results) -> Result<()> {
    let database = bench.program.sqlite("history");
    let secret = bench.program.key(&database)?;
    let server = bench.program.serve(&database, false)?;
    let target = Target::new(server.address, &secret)?;
    let books = Arc::new(Books::new(ACCOUNTS)?);
    let (mut costs, mut written) = (Vec::new(), 0);
    runtime()?.block_on(async {
        fill(&target, &books, 0..ACCOUNTS).await?;
        for (entries, step) in bench.scale.entries_growing.iter().zip(0..) {
            // An authorize and a settle are an entry each.
            let pairs_more = entries.saturating_sub(written) / 2;
            make_history(&target, &books, pairs_more, bench.seed ^ step).await?;
            written = *entries;
            let measured = pairs(bench, &server, &target, &books).await?;
            say(results, format!("{entries} entries of history"), &measured);
            costs.push(measured);
        }
        books.balances(&mut target.connect().await?, COMPARED_MAX).await
    })?;
    let is_all = written >= 10_000_000;
    let note = (!is_all).then(|| format!("up to {written}; `--full` goes to ten million"));
    cost(results, "entries of history", &costs, (1.2, 1.05), note.as_deref());
    drop(server);
    bench.program.audit(&database)
}

async fn pairs(
    bench: &Bench,
    server: &Server,
    target: &Target,
    books: &Arc<Books>,
) -> Result<Measured> {
    let plan = Plan { connections: bench.scale.connections, batch: 1, accounts: books.accounts() };
    run(server, target, books, plan, bench.scale, bench.seed).await
}

fn say(results: &mut Results, at: String, measured: &Measured) {
    let cost = 1e6 / measured.pairs_per_second;
    results.add(Row::new(format!("time of a pair at {at}"), cost, "µs"));
    results.add(Row::new(
        format!("CPU of the server for a pair at {at}"),
        measured.cpu_micros,
        "µs",
    ));
}

/// The last beside the first: by the clock, which is the target, and in the server's own work.
fn cost(
    results: &mut Results,
    what: &str,
    costs: &[Measured],
    (target, stretch): (f64, f64),
    note: Option<&str>,
) {
    let (Some(first), Some(last)) = (costs.first(), costs.last()) else {
        return;
    };
    let rows = [
        ("time", 1e6 / first.pairs_per_second, 1e6 / last.pairs_per_second),
        ("CPU", first.cpu_micros, last.cpu_micros),
    ];
    for (measure, few, many) in rows {
        let row = Row::new(format!("{measure} of a pair, most to fewest {what}"), many, "µs");
        let row = row.beside(few).ratio_at_most(target, stretch);
        results.add(if let Some(note) = note { row.note(note) } else { row });
    }
}

/// Kills the server and waits until a new one answers with the right balance.
fn after_kill(
    bench: &Bench,
    database: &Database,
    server: Server,
    secret: &str,
    books: &Arc<Books>,
    results: &mut Results,
) -> Result<()> {
    server.kill()?;
    let begun = Instant::now();
    let server = bench.program.serve(database, false)?;
    let target = Target::new(server.address, secret)?;
    let seconds = runtime()?.block_on(async {
        let mut connection = target.connect().await?;
        books.balance(&mut connection, 0).await?;
        let seconds = begun.elapsed().as_secs_f64();
        books.balances(&mut connection, COMPARED_MAX).await?;
        anyhow::Ok(seconds)
    })?;
    let row = Row::new("first balance after kill -9", seconds, "s").at_most(3.0, 1.0);
    results.add(row.note(format!("{} accounts", books.accounts())));
    Ok(())
}
