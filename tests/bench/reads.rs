//! A closed loop of requests that write nothing: how often a balance is read, and how fast the same
//! client and server are with nothing to do, which is what HTTP leaves of a machine.

use crate::Bench;
use crate::backend::{Connection, Target};
use crate::commands::Books;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What is asked again and again.
#[derive(Clone)]
pub(crate) enum Read {
    /// The balance of some account, which is compared with what it must be.
    Balance(Arc<Books>),
    /// Whether the server lives: it looks at nothing for that.
    Nothing,
}

impl Read {
    async fn once(&self, connection: &mut Connection, random: &mut fastrand::Rng) -> Result<()> {
        match self {
            Self::Balance(books) => books.balance(connection, random.u64(..books.accounts())).await,
            Self::Nothing => {
                let reply = connection.get("/healthz").await?;
                ensure!(reply.status == 200, "`/healthz` was answered {}", reply.status);
                Ok(())
            }
        }
    }
}

/// How many are answered in a second, over as many connections as the unit has clients.
pub(crate) async fn reads(target: &Target, bench: &Bench, read: Read) -> Result<f64> {
    let from = Instant::now() + bench.scale.warm_up;
    let to = from + bench.scale.measured;
    let mut tasks = JoinSet::new();
    for (mut connection, number) in
        target.connections(bench.scale.connections).await?.into_iter().zip(1..)
    {
        let mut random = fastrand::Rng::with_seed(bench.seed ^ number);
        let read = read.clone();
        tasks.spawn(async move {
            let mut answered = 0;
            while to.saturating_duration_since(Instant::now()) > Duration::ZERO {
                read.once(&mut connection, &mut random).await?;
                let now = Instant::now();
                answered += u64::from(now >= from && now < to);
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(task) = tasks.join_next().await {
        answered += task??;
    }
    Ok(answered as f64 / (to - from).as_secs_f64())
}
