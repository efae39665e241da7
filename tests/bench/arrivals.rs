//! An open loop: actions arrive as they did in a real hour, many times as fast, whether the ones
//! before are answered or not, and each wait is counted from the instant it was due.

use crate::Bench;
use crate::backend::{Connection, Target};
use crate::commands::{Action, Books, Verb};
use crate::result::{Results, Row, Wait, histogram};
use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// More than are in use at once while the server keeps up; a wait for one counts.
const CONNECTIONS: usize = 64;
/// How long a model takes for a token, at the pace of the hour itself.
const MILLIS_A_TOKEN: u64 = 20;

/// One request of the hour.
struct Arrival {
    /// Since the first one, in microseconds.
    at_micros: u64,
    input_tokens: u64,
    output_tokens: u64,
}

/// Connections that requests take in turn.
struct Pool {
    free: Semaphore,
    connections: Mutex<Vec<Connection>>,
}

/// Replays the hour, where it is at hand.
pub(crate) async fn measure(
    bench: &Bench,
    target: &Target,
    books: &Arc<Books>,
    database: &str,
    results: &mut Results,
) -> Result<()> {
    let Some(trace) = &bench.trace else {
        results.not_measured(format!("arrivals of a real hour, {database}: no file of it"));
        return Ok(());
    };
    let mut arrivals = read(trace)?;
    let replayed = bench.scale.replayed.as_micros() as u64;
    arrivals.retain(|arrival| arrival.at_micros < replayed);
    let speed = replayed / (bench.scale.replay.as_micros() as u64).max(1);
    let (authorize, settle) = replay(bench, target, books, &arrivals, speed.max(1)).await?;

    let note = format!("{} actions, {speed} times as fast as they came", arrivals.len());
    for (verb, waits) in [("authorize", authorize), ("settle", settle)] {
        let wait = Wait::of(&waits);
        for (quantile, millis) in [("p50", wait.p50), ("p99", wait.p99), ("p99.9", wait.p99_9)] {
            let name = format!("{verb} {quantile}, {database}, arrivals of a real hour");
            results.add(Row::new(name, millis, "ms").note(&note));
        }
    }
    Ok(())
}

async fn replay(
    bench: &Bench,
    target: &Target,
    books: &Arc<Books>,
    arrivals: &[Arrival],
    speed: u64,
) -> Result<(Histogram<u64>, Histogram<u64>)> {
    let connections = target.connections(CONNECTIONS).await?;
    let connections = Mutex::new(connections);
    let pool = Arc::new(Pool { free: Semaphore::new(CONNECTIONS), connections });
    let mut random = fastrand::Rng::with_seed(bench.seed);
    // All tasks are there before the first is due.
    let begin = Instant::now() + Duration::from_millis(200);
    let mut tasks = JoinSet::new();
    for arrival in arrivals {
        let (pool, books) = (Arc::clone(&pool), Arc::clone(books));
        let due = begin + Duration::from_micros(arrival.at_micros / speed);
        let answers = Duration::from_millis(arrival.output_tokens * MILLIS_A_TOKEN);
        let answered_after = answers / u32::try_from(speed)?;
        let action = Action {
            account: random.u64(..bench.scale.accounts),
            number: books.number(),
            input_tokens: arrival.input_tokens,
            output_tokens_max: arrival.output_tokens.max(1),
            output_tokens: arrival.output_tokens,
        };
        tasks.spawn(async move {
            let authorize = pool.send(&books, Verb::Authorize, action, due).await?;
            // Nobody can settle what is not admitted yet.
            let due = Instant::now().max(due + answered_after);
            let settle = pool.send(&books, Verb::Settle, action, due).await?;
            anyhow::Ok((authorize, settle))
        });
    }
    let (mut authorize, mut settle) = (histogram(), histogram());
    while let Some(waits) = tasks.join_next().await {
        let waits = waits??;
        authorize.record(waits.0)?;
        settle.record(waits.1)?;
    }
    Ok((authorize, settle))
}

impl Pool {
    /// Sends a command when it is due; the microseconds from then to its answer, those that the
    /// timer was late included.
    async fn send(&self, books: &Books, verb: Verb, action: Action, due: Instant) -> Result<u64> {
        sleep_until(due).await;
        let _free = self.free.acquire().await?;
        let lock = || self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = lock().pop();
        let mut connection = taken.context("no connection is free")?;
        books.one(&mut connection, verb, action).await?;
        lock().push(connection);
        Ok(due.elapsed().as_micros() as u64)
    }
}

/// The file: `TIMESTAMP,ContextTokens,GeneratedTokens`, all on one day.
fn read(trace: &Path) -> Result<Vec<Arrival>> {
    let text = std::fs::read_to_string(trace)
        .with_context(|| format!("cannot read `{}`", trace.display()))?;
    let mut arrivals = Vec::new();
    for line in text.lines().skip(1) {
        arrivals.push(arrival(line).with_context(|| format!("not a request: `{line}`"))?);
    }
    let first = arrivals.iter().map(|arrival| arrival.at_micros).min().context("no requests")?;
    arrivals.iter_mut().for_each(|arrival| arrival.at_micros -= first);
    Ok(arrivals)
}

fn arrival(line: &str) -> Option<Arrival> {
    let mut fields = line.split(',');
    let (_, clock) = fields.next()?.split_once(' ')?;
    let mut clock = clock.split(':');
    let hours: u64 = clock.next()?.parse().ok()?;
    let minutes: u64 = clock.next()?.parse().ok()?;
    let seconds: f64 = clock.next()?.parse().ok()?;
    let at_micros = (hours * 60 + minutes) * 60_000_000 + (seconds * 1e6) as u64;
    let input_tokens = fields.next()?.trim().parse().ok()?;
    let output_tokens = fields.next()?.trim().parse().ok()?;
    Some(Arrival { at_micros, input_tokens, output_tokens })
}
