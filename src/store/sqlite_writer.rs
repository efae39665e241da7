//! The thread that owns the one connection that writes, and its bounded queue.
//!
//! Writes happen in the order in which they were queued.

use crate::error::StoreError;
use crate::sqlite_log::Log;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The thread that writes. Dropping it finishes what is queued.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `waiting_max` jobs may wait for it. `log` is that of the connection.
    pub(crate) fn start(
        connection: Connection,
        log: Log,
        waiting_max: usize,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel::<Job>(waiting_max);
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(connection, log, &jobs))
            .map_err(StoreError::database)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a job and waits for its answer. A job that panics has written nothing and does not
    /// take the thread with it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| job(connection)));
            let panicked = || Err(StoreError::Invalid("a command that panicked"));
            // Whoever asked may have gone; what was written stays written.
            drop(reply.send(result.unwrap_or_else(|_| panicked())));
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

fn work(mut connection: Connection, mut log: Log, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        job(&mut connection);
        log.keep_room(&mut connection);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // Jobs catch their panics, so there is no other outcome to report.
            drop(thread.join());
        }
    }
}
