//! A closed loop: connections that send the next pair as soon as the last one is answered.

use crate::backend::{Connection, Target};
use crate::commands::{Action, Books, Verb};
use crate::result::histogram;
use crate::scale::Scale;
use crate::server::Server;
use anyhow::Result;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How commands are sent.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) connections: usize,
    /// Commands in a request; one by itself is no batch.
    pub(crate) batch: usize,
    /// Of how many accounts.
    pub(crate) accounts: u64,
}

/// What came of it.
pub(crate) struct Measured {
    pub(crate) pairs_per_second: f64,
    /// How long a request that authorizes waited, in microseconds.
    pub(crate) authorize: Histogram<u64>,
    /// What the server worked for a pair.
    pub(crate) cpu_micros: f64,
}

/// What one connection did in the time that counts.
struct Share {
    pairs: u64,
    authorize: Histogram<u64>,
}

/// When a pair has to begin to count; the last ones are waited for.
#[derive(Clone, Copy)]
struct Window {
    from: Instant,
    to: Instant,
}

/// Runs pairs for a while.
pub(crate) async fn run(
    server: &Server,
    target: &Target,
    books: &Arc<Books>,
    plan: Plan,
    scale: Scale,
    seed: u64,
) -> Result<Measured> {
    let connections = target.connections(plan.connections).await?;
    let from = Instant::now() + scale.warm_up;
    let window = Window { from, to: from + scale.measured };
    let mut shares = JoinSet::new();
    for (connection, number) in connections.into_iter().zip(1..) {
        let random = fastrand::Rng::with_seed(seed ^ number);
        shares.spawn(share(connection, Arc::clone(books), plan, window, random));
    }
    tokio::time::sleep_until(window.from.into()).await;
    let worked_before = server.cpu_micros()?;
    let mut all = Share { pairs: 0, authorize: histogram() };
    while let Some(share) = shares.join_next().await {
        let share = share??;
        all.pairs += share.pairs;
        all.authorize.add(&share.authorize)?;
    }
    let worked = server.cpu_micros()? - worked_before;
    Ok(Measured {
        pairs_per_second: all.pairs as f64 / window.from.elapsed().as_secs_f64(),
        authorize: all.authorize,
        cpu_micros: worked as f64 / all.pairs as f64,
    })
}

/// Pairs that begin in the window, and at least one round of them.
async fn share(
    mut connection: Connection,
    books: Arc<Books>,
    plan: Plan,
    window: Window,
    mut random: fastrand::Rng,
) -> Result<Share> {
    let mut share = Share { pairs: 0, authorize: histogram() };
    loop {
        let begun = Instant::now();
        if begun >= window.to && share.pairs > 0 {
            return Ok(share);
        }
        let actions: Vec<Action> =
            (0..plan.batch).map(|_| books.some_action(&mut random, plan.accounts)).collect();
        let wait = send(&books, &mut connection, Verb::Authorize, &actions).await?;
        send(&books, &mut connection, Verb::Settle, &actions).await?;
        if begun >= window.from {
            share.pairs += actions.len() as u64;
            share.authorize.record(wait.as_micros() as u64)?;
        }
    }
}

/// Sends one by itself, or many as a batch; how long the answer took.
async fn send(
    books: &Books,
    connection: &mut Connection,
    verb: Verb,
    actions: &[Action],
) -> Result<Duration> {
    let begun = Instant::now();
    match actions {
        [action] => books.one(connection, verb, *action).await?,
        actions => books.many(connection, verb, actions).await?,
    }
    Ok(begun.elapsed())
}

/// Gives credits to these accounts.
pub(crate) async fn fill(
    target: &Target,
    books: &Arc<Books>,
    accounts: std::ops::Range<u64>,
) -> Result<()> {
    /// As many as a batch may have.
    const BATCH: usize = 1_000;
    let mut connection = target.connect().await?;
    let accounts: Vec<u64> = accounts.collect();
    for some in accounts.chunks(BATCH) {
        let action = |account: &u64| Action {
            account: *account,
            number: books.number(),
            input_tokens: 0,
            output_tokens_max: 0,
            output_tokens: 0,
        };
        let actions: Vec<Action> = some.iter().map(action).collect();
        books.many(&mut connection, Verb::Grant, &actions).await?;
    }
    Ok(())
}

/// Runs so many pairs, in batches.
pub(crate) async fn history(
    target: &Target,
    books: &Arc<Books>,
    pairs: u64,
    seed: u64,
) -> Result<()> {
    /// As many as a batch may have.
    const BATCH: u64 = 1_000;
    /// Two, so that one is decided while the other is read.
    const CONNECTIONS: u64 = 2;
    let mut tasks = JoinSet::new();
    for (mut connection, number) in
        target.connections(CONNECTIONS as usize).await?.into_iter().zip(0..)
    {
        let books = Arc::clone(books);
        let mut random = fastrand::Rng::with_seed(seed ^ number);
        tasks.spawn(async move {
            let mut left = pairs / CONNECTIONS;
            while left > 0 {
                let some = left.min(BATCH);
                let accounts = books.accounts();
                let actions: Vec<Action> =
                    (0..some).map(|_| books.some_action(&mut random, accounts)).collect();
                books.many(&mut connection, Verb::Authorize, &actions).await?;
                books.many(&mut connection, Verb::Settle, &actions).await?;
                left -= some;
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(())
}
