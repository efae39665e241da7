//! Copies the write-ahead log back into the database file, beside the connection that writes.
//!
//! Whoever writes and copies keeps everybody waiting, for the copy and for two flushes. So a thread
//! with a connection of its own copies while the writer goes on, and then once more what came
//! meanwhile; the little that is left is the writer's, after which the log begins anew. A copy that
//! fails loses nothing: the log keeps what it has, the writer tries again after a later commit, and
//! a disk that is full tells the next commit itself.

use crate::error::StoreError;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// From how many pages of 4 KiB on the log is copied back. A page that was written often in between
/// is copied once; the log stays around 40 MiB.
pub(crate) const WAL_PAGES: i32 = 10_000;
/// With so many times that the writer does not wait for the thread any longer, which may have died.
const PATIENCE: i32 = 4;
/// How often the thread copies in a row: the second time there is little, and the writer is left
/// with next to nothing.
const ROUNDS: usize = 2;

/// The thread that copies. It ends when the connection that writes is closed; dropping this waits
/// for it.
#[derive(Debug)]
pub(crate) struct Checkpointer(Option<JoinHandle<()>>);

/// The writer's side of it.
struct Watch {
    wal_pages: i32,
    wake: SyncSender<()>,
    copied: Receiver<()>,
    is_copying: bool,
}

impl Checkpointer {
    /// Starts the thread, which copies with `copier` what `writer` has written, each time that the
    /// log has `wal_pages`.
    pub(crate) fn start(
        writer: &mut Connection,
        copier: Connection,
        wal_pages: i32,
    ) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let (done, copied) = sync_channel(1);
        let thread = Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || copy(&copier, &woken, &done))
            .map_err(StoreError::database)?;
        let mut watch = Watch { wal_pages, wake, copied, is_copying: false };
        writer.wal_hook(Some(move |wal: &mut Wal, pages| {
            watch.after_commit(wal, pages);
            // An error would be reported as one of the commit, which has happened.
            Ok(())
        }))?;
        Ok(Self(Some(thread)))
    }
}

impl Watch {
    /// Called by the writer after each of its commits, with how long the log is.
    fn after_commit(&mut self, wal: &mut Wal, pages: i32) {
        let is_copied = self.copied.try_recv().is_ok();
        self.is_copying &= !is_copied;
        if is_copied || pages >= self.wal_pages.saturating_mul(PATIENCE) {
            drop(wal.checkpoint());
        } else if pages >= self.wal_pages && !self.is_copying {
            self.is_copying = self.wake.try_send(()).is_ok();
        }
    }
}

/// The thread: copies each time that it is woken, and says so.
fn copy(connection: &Connection, woken: &Receiver<()>, done: &SyncSender<()>) {
    while woken.recv().is_ok() {
        for _ in 0..ROUNDS {
            drop(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
        }
        if done.send(()).is_err() {
            return;
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It only ends; what it did is in the file.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Checkpointer, PATIENCE};
    use rusqlite::Connection;

    const WAL_PAGES: i32 = 100;

    /// A file of a writer with a thread beside it, and what the log had at most while 20 times as
    /// much was written as starts a copy.
    fn longest_log(is_read: bool) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let connect = || Connection::open(&path).unwrap();
        let mut writer = connect();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.execute_batch("CREATE TABLE pages (page BLOB)").unwrap();
        writer.execute("INSERT INTO pages VALUES (NULL)", []).unwrap();
        let reader = connect();
        let mut pages = reader.prepare("SELECT page FROM pages").unwrap();
        let mut reading = pages.query([]).unwrap();
        // While a statement has rows to give, the log keeps what they are read from.
        assert!(!is_read || reading.next().unwrap().is_some());
        let copying = Checkpointer::start(&mut writer, connect(), WAL_PAGES).unwrap();
        let mut longest = 0;
        for _ in 0..WAL_PAGES * 20 {
            writer.execute("INSERT INTO pages VALUES (zeroblob(4000))", []).unwrap();
            let log = std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
            longest = longest.max(i64::try_from(log).unwrap() / 4_096);
        }
        drop(writer);
        drop(copying);
        let written: i32 =
            connect().query_row("SELECT count(*) FROM pages", [], |row| row.get(0)).unwrap();
        assert_eq!(written, WAL_PAGES * 20 + 1);
        longest
    }

    #[test]
    fn the_log_begins_anew_however_much_is_written() {
        let longest = longest_log(false);
        let most = i64::from(WAL_PAGES * (PATIENCE + 1));
        assert!((i64::from(WAL_PAGES)..=most).contains(&longest), "{longest} pages");
    }

    #[test]
    fn a_reader_that_stays_keeps_the_log_and_nobody_waits_for_it() {
        assert!(longest_log(true) >= i64::from(WAL_PAGES * 20));
    }
}
