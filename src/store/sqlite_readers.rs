//! A few connections that read, shared by many who ask.

use crate::error::StoreError;
use rusqlite::Connection;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The connections that read.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One permit for each connection.
    connections: Arc<Semaphore>,
    /// One permit for each read that may be waiting or under way.
    reads: Semaphore,
}

/// A connection on loan; it goes back even where the reader panics.
struct Loan {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Shares `connections` among at most `reads_max` reads at once.
    pub(crate) fn new(connections: Vec<Connection>, reads_max: usize) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(connections.len())),
            idle: Arc::new(Mutex::new(connections)),
            reads: Semaphore::new(reads_max.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// Waits for a connection, reads with it on a thread that may block, and answers.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _read = self.reads.try_acquire().map_err(|_| StoreError::Busy)?;
        let turn = Arc::clone(&self.connections).acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let read = spawn_blocking(move || {
            let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut loan = Loan { connection, idle };
            let connection = loan.connection.as_mut().ok_or(StoreError::Closed)?;
            let result = read(connection);
            // The connection is back before somebody else gets the turn, even where nobody waits
            // for this read any more.
            drop(loan);
            drop(turn);
            result
        });
        read.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
    }
}
