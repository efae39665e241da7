//! Connections to PostgreSQL: how they are made, shared, bounded, and used again after a fault.
//!
//! Only a connection that is known to be at rest goes back to the others. One whose transaction
//! did not end, for whatever reason, is closed, and the database rolls it back.

use crate::error::StoreError;
use crate::postgres::PostgresOptions;
use crate::postgres_fault::{Attempts, Fault, during_commit, refused, words};
use crate::postgres_tls::connector;
use crate::postgres_url;
use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Every connection begins with these.
///
/// A statement that waits for a lock, or runs, for too long gives up, and a process that hangs in
/// the middle of a transaction does not keep a row from the others. Every statement here goes by
/// an index, so plans are made once, and one that was made while a table was small does not read
/// all of it later. A commit is durable when it is answered, whatever the role's own setting.
const SETTINGS: &str = "\
    SET lock_timeout = '5s'; \
    SET statement_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '10s'; \
    SET plan_cache_mode = force_generic_plan; \
    SET enable_seqscan = off; \
    SET enable_hashjoin = off; \
    SET enable_mergejoin = off; \
    SET jit = off; \
    SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') = 'off'";

/// How long making a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long one attempt may take from its first statement to its last answer: longer than the
/// database's own limits, for one that has fallen silent.
const ATTEMPT_MAX: Duration = Duration::from_secs(15);

/// The connections to one database.
pub(crate) struct Connections {
    pool: Pool,
    /// One permit for each call that may be waiting or under way.
    calls: Semaphore,
}

/// A connection on loan. Unless it is given back, it is closed.
pub(crate) struct Loan(Option<Object>);

impl Connections {
    /// Prepares to connect; the first call does.
    pub(crate) fn new(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let address = postgres_url::read(url)?;
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(
            address.config,
            connector(&address.trust)?,
            ManagerConfig { recycling_method },
        );
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_millis(options.wait_millis)))
            .create_timeout(Some(CONNECT_MAX))
            .post_create(Hook::async_fn(|client: &mut ClientWrapper, _| {
                Box::pin(
                    async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) },
                )
            }))
            .build()
            .map_err(|error| refused(words(&error)))?;
        let calls = Semaphore::new(options.calls_max.min(Semaphore::MAX_PERMITS));
        Ok(Self { pool, calls })
    }

    /// A connection.
    pub(crate) async fn get(&self) -> Result<Loan, Fault> {
        Ok(Loan(Some(self.pool.get().await?)))
    }

    /// Makes attempts until one succeeds or there is no use in another.
    pub(crate) async fn again<T, F>(&self, attempt: impl Fn(bool) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let _call = self.calls.try_acquire().map_err(|_| StoreError::Busy)?;
        let mut attempts = Attempts::default();
        loop {
            match attempt(attempts.is_unknown).await {
                Ok(done) => return Ok(done),
                Err(fault) => attempts.after(fault).await?,
            }
        }
    }
}

impl Loan {
    /// The connection.
    pub(crate) fn client(&self) -> Result<&ClientWrapper, Fault> {
        self.0.as_deref().ok_or(Fault::Final(StoreError::Closed))
    }

    /// It is at rest, and goes back.
    pub(crate) fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// Waits for answers before anything is committed, but not for ever.
pub(crate) async fn answered<T>(
    answers: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Fault> {
    match timeout(ATTEMPT_MAX, answers).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::Final(StoreError::Unavailable("it has fallen silent".to_owned()))),
    }
}

/// Waits for answers of which the last is that of a commit.
pub(crate) async fn committed<T>(
    answers: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Fault> {
    match timeout(ATTEMPT_MAX, answers).await {
        Ok(answer) => answer.map_err(during_commit),
        Err(_) => Err(Fault::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::Connections;
    use crate::postgres::PostgresOptions;

    /// It needs a cluster: `cargo xtask test --only postgres` starts one.
    #[tokio::test]
    #[ignore = "needs PostgreSQL"]
    async fn an_answer_waits_for_the_disk_whatever_the_role_says() {
        let cluster = std::env::var("KUMARI_POSTGRES").unwrap();
        for (role, expected) in [("off", "on"), ("on", "on"), ("remote_apply", "remote_apply")] {
            let url = format!("{cluster}/postgres?options=-csynchronous_commit%3D{role}");
            let connections = Connections::new(&url, PostgresOptions::default()).unwrap();
            let loan = connections.get().await.unwrap();
            let row = loan.client().unwrap().query_one("SHOW synchronous_commit", &[]).await;
            assert_eq!(row.unwrap().get::<_, &str>(0), expected, "{role}");
        }
    }
}
