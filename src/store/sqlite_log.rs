//! Keeps room in the write-ahead log before it is needed, so that a commit writes over zeros which
//! are on the disk already.
//!
//! A commit that makes its file longer is durable only with the file system's own record of the new
//! length. A file system that finds a fault gives up its records from that moment on, and ext4 has
//! been seen to answer a flush with "done" just then, with the record lost. Without a new length
//! there is no record to lose; and the flush is one write instead of three. What does not fit into
//! the room makes the log longer as always.

use crate::error::StoreError;
use crate::sqlite::write;
use rusqlite::Connection;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The room at the start, in bytes.
const FIRST: u64 = 1 << 20;
/// The room that is added each time that too little is left: so little that nobody waits for long.
const STEP: u64 = 4 << 20;
/// The least room that is kept, and the most: a group of small commands needs a fifth of the one, a
/// batch of a thousand a third of the other.
const LEFT_MIN: u64 = 1 << 19;
const LEFT_MAX: u64 = 32 << 20;
/// The log's own header, and that of each page in it.
const HEADER: u64 = 32;
const FRAME: u64 = 24 + 4_096;

/// The log's file, and how much of it is taken.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    /// To where room was made, or was tried to be made.
    ahead: u64,
    /// How long the file was when this looked last.
    length: u64,
    /// How much was taken when this looked last, and the most that came between two looks.
    used: u64,
    largest: u64,
}

impl Log {
    /// The log of the database that `connection` has open at that path, with room in it.
    pub(crate) fn open(path: &Path, connection: &mut Connection) -> Result<Self, StoreError> {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        let file = OpenOptions::new().write(true).open(name).map_err(not_opened)?;
        let length = file.metadata().map_err(StoreError::database)?.len();
        let used = used(connection)?;
        let mut log = Self { file, ahead: length, length, used, largest: 0 };
        log.keep_room(connection);
        Ok(log)
    }

    /// After each job of the connection that writes: the next may take twice as much as any so far.
    pub(crate) fn keep_room(&mut self, connection: &mut Connection) {
        self.measure();
        let before = self.used;
        self.used = used(connection).unwrap_or(before);
        self.largest = self.largest.max(self.used.saturating_sub(before));
        let wanted = (self.largest * 2).clamp(LEFT_MIN, LEFT_MAX);
        if self.ahead.saturating_sub(self.used) < wanted {
            let step = if self.ahead < FIRST { FIRST } else { STEP };
            self.make_room(connection, step.max(wanted));
        }
    }

    /// Who copies the log back, such as a backup, may cut it off: then the room is gone.
    fn measure(&mut self) {
        let before = self.length;
        self.length = self.file.metadata().map_or(before, |found| found.len());
        if self.length < before {
            self.ahead = self.length;
        }
    }

    /// Without it the store works as well, but for a disk that fails in the wrong moment; a disk
    /// that is full tells the next commit itself. It is tried again when as much again is taken.
    fn make_room(&mut self, connection: &mut Connection, bytes: u64) {
        self.ahead = self.ahead.max(self.used) + bytes;
        // A transaction, so that nobody else makes the log longer meanwhile.
        let made = write(connection, |_| self.lengthen().map_err(StoreError::database));
        drop(made);
        self.measure();
    }

    fn lengthen(&mut self) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = self.write_zeros(before);
        if written.is_err() {
            // What is left of the disk is for what has something to say.
            self.file.set_len(before)?;
        }
        written
    }

    fn write_zeros(&mut self, from: u64) -> io::Result<()> {
        let missing = self.ahead.saturating_sub(from);
        self.file.seek(SeekFrom::Start(from))?;
        io::copy(&mut io::repeat(0).take(missing), &mut self.file)?;
        self.file.sync_data()
    }
}

/// How many bytes of the log are taken.
fn used(connection: &Connection) -> Result<u64, StoreError> {
    let mut asked = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
    let pages: i64 = asked.query_row([], |row| row.get("log"))?;
    Ok(u64::try_from(pages).map_or(0, |pages| HEADER + pages * FRAME))
}

/// Where nothing has to be written at the start, this is the first to find out that nothing can be.
fn not_opened(error: io::Error) -> StoreError {
    let refused = [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied];
    if refused.contains(&error.kind()) { StoreError::ReadOnly } else { StoreError::database(error) }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, Log, STEP, write};
    use rusqlite::Connection;
    use tempfile::TempDir;

    /// What one commit makes the log longer by.
    const PAGES: i64 = 100;

    struct Desk {
        writer: Connection,
        log: Log,
        folder: TempDir,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log.db");
            let mut writer = Connection::open(&path).unwrap();
            writer.pragma_update(None, "journal_mode", "wal").unwrap();
            writer.execute_batch("CREATE TABLE pages (page BLOB)").unwrap();
            writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
            let log = Log::open(&path, &mut writer).unwrap();
            Self { writer, log, folder }
        }

        fn length(&self) -> u64 {
            std::fs::metadata(self.folder.path().join("log.db-wal")).unwrap().len()
        }

        /// By how much a commit of so many pages makes the log longer.
        fn commit(&mut self, pages: i64) -> u64 {
            let before = self.length();
            self.writer.execute("INSERT INTO pages VALUES (zeroblob(?1 * 4096))", [pages]).unwrap();
            let longer = self.length() - before;
            self.log.keep_room(&mut self.writer);
            longer
        }
    }

    #[test]
    fn a_commit_finds_room_in_the_log() {
        let mut desk = Desk::new();
        for number in 0..100 {
            assert_eq!(desk.commit(PAGES), 0, "commit {number}");
        }
        // What nobody could foresee makes it longer; the second time it is foreseen.
        assert!(desk.commit(PAGES * 50) > 0);
        assert_eq!(desk.commit(PAGES * 50), 0);
        let pages: i64 = desk
            .writer
            .query_row("SELECT sum(length(page)) FROM pages", [], |row| row.get(0))
            .unwrap();
        assert_eq!(pages, PAGES * 4_096 * 200);
    }

    #[test]
    fn one_who_opens_it_too_finds_the_room_there() {
        let mut desk = Desk::new();
        let before = desk.length();
        let path = desk.folder.path().join("log.db");
        drop(Log::open(&path, &mut Connection::open(&path).unwrap()).unwrap());
        assert_eq!(desk.length(), before);
        assert_eq!(desk.commit(PAGES), 0);
    }

    #[test]
    fn room_is_made_again_after_somebody_else_has_cut_the_log_off() {
        let mut desk = Desk::new();
        for _ in 0..20 {
            assert_eq!(desk.commit(PAGES), 0);
        }
        let backup = Connection::open(desk.folder.path().join("log.db")).unwrap();
        backup.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        assert_eq!(desk.length(), 0);
        assert!(desk.commit(PAGES) > 0, "there was none for this one");
        assert!(desk.length() >= FIRST, "{}", desk.length());
        for number in 0..20 {
            assert_eq!(desk.commit(PAGES), 0, "commit {number}");
        }
    }

    #[test]
    fn room_is_made_while_nobody_else_writes() {
        let mut desk = Desk::new();
        let before = desk.length();
        assert!((FIRST..STEP).contains(&before), "{before}");
        desk.writer.busy_timeout(std::time::Duration::ZERO).unwrap();
        let mut other = Connection::open(desk.folder.path().join("log.db")).unwrap();
        let held = write(&mut other, |_| {
            desk.log.make_room(&mut desk.writer, STEP);
            Ok(desk.length())
        });
        assert_eq!(held.unwrap(), before);
        desk.log.make_room(&mut desk.writer, STEP);
        assert!(desk.length() >= before + STEP);
    }
}
