//! Pairs over HTTP on one database: by themselves and in batches, on many accounts and on one, and
//! as real traffic arrives.

use crate::backend::Target;
use crate::commands::Books;
use crate::load::{Measured, Plan, fill, run};
use crate::reads::{Read, reads};
use crate::result::{Comparison, Results, Row, Wait};
use crate::server::{Database, Server};
use crate::{Bench, arrivals};
use anyhow::Result;
use std::sync::Arc;

const BATCH: usize = 100;
/// Balances that are compared in the end.
const COMPARED_MAX: u64 = 10_000;

/// A server under load, and what must be true of it.
struct Scene<'bench> {
    bench: &'bench Bench,
    server: Server,
    target: Target,
    books: Arc<Books>,
}

/// Measures everything that takes no other database than this one.
pub(crate) fn measure(bench: &Bench, database: &Database, results: &mut Results) -> Result<()> {
    let secret = bench.program.key(database)?;
    let server = bench.program.serve(database, false)?;
    let target = Target::new(server.address, &secret)?;
    let books = Arc::new(Books::new(bench.scale.accounts)?);
    let scene = Scene { bench, server, target, books };
    runtime()?.block_on(async {
        fill(&scene.target, &scene.books, 0..bench.scale.accounts).await?;
        scene.closed(database, results).await?;
        arrivals::measure(bench, &scene.target, &scene.books, database.name(), results).await?;
        scene.books.balances(&mut scene.target.connect().await?, COMPARED_MAX).await
    })?;
    drop(scene.server);
    bench.program.audit(database)
}

/// One thread: the load must not take more of the cores than it has to.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

impl Scene<'_> {
    async fn closed(&self, database: &Database, results: &mut Results) -> Result<()> {
        let (name, connections) = (database.name(), self.bench.scale.connections);
        let is_sqlite = matches!(database, Database::Sqlite(_));
        let (pairs, batches) =
            if is_sqlite { ((2.0, 4.2), (10.0, 60.0)) } else { ((1.5, 4.0), (5.0, 10.0)) };

        let many = self.run(connections, 1, self.bench.scale.accounts).await?;
        let row = per_second(format!("pairs over HTTP, {name}, {connections} connections"), &many);
        results.add(row.beside_unit(Comparison::UnitPerSecond).ratio_at_least(pairs.0, pairs.1));
        results.add(cpu(format!("CPU of the server for a pair, {name}"), &many));
        if is_sqlite {
            let nothing = reads(&self.target, self.bench, Read::Nothing).await? / 2.0;
            let row = Row::new("pairs of requests for nothing over HTTP", nothing, "pairs/s");
            let row = row.beside_unit(Comparison::UnitPerSecond);
            results.add(row.note("what HTTP leaves of this machine"));
        }
        let wait = Wait::of(&many.authorize);
        let name_of = |what: &str| format!("authorize {what}, {name}, {connections} connections");
        results.add(Row::new(name_of("p50"), wait.p50, "ms"));
        let p99 = Row::new(name_of("p99"), wait.p99, "ms").beside_unit(Comparison::UnitP99);
        results.add(p99.ratio_at_most(1.0, 1.0 / 6.0));
        results.add(Row::new(name_of("p99.9"), wait.p99_9, "ms"));

        let batched = self.run(connections, BATCH, self.bench.scale.accounts).await?;
        let row = per_second(format!("pairs over HTTP, {name}, batches of 100"), &batched);
        let row = row.beside_unit(Comparison::UnitPerSecond);
        results.add(row.ratio_at_least(batches.0, batches.1));
        results.add(cpu(format!("CPU of the server for a pair, {name}, batches of 100"), &batched));

        let hot = self.run(connections, 1, 1).await?;
        let row = per_second(format!("pairs over HTTP, {name}, one hot account"), &hot);
        results.add(row.beside(many.pairs_per_second).ratio_at_least(0.8, 0.95));

        let alone = self.run(1, 1, self.bench.scale.accounts).await?;
        let wait = Wait::of(&alone.authorize);
        let name_of = |what: &str| format!("authorize {what}, {name}, 1 connection");
        results.add(Row::new(name_of("p50"), wait.p50, "ms"));
        let p99 = Row::new(name_of("p99"), wait.p99, "ms").at_most(1.0, 0.3);
        results.add(p99.beside_unit(Comparison::UnitP99Alone));
        results.add(Row::new(name_of("p99.9"), wait.p99_9, "ms"));
        Ok(())
    }

    async fn run(&self, connections: usize, batch: usize, accounts: u64) -> Result<Measured> {
        let plan = Plan { connections, batch, accounts };
        let (scale, seed) = (self.bench.scale, self.bench.seed);
        run(&self.server, &self.target, &self.books, plan, scale, seed).await
    }
}

fn per_second(name: String, measured: &Measured) -> Row {
    Row::new(name, measured.pairs_per_second, "pairs/s")
}

/// Less moved by what else a machine does than a rate is.
fn cpu(name: String, measured: &Measured) -> Row {
    Row::new(name, measured.cpu_micros, "µs")
}
