//! Why a store could not do what it was asked: faults, never a business "no".

use crate::files::FileId;
use crate::postgres_fault::words;
use kumari_engine::id::BookVersion;
use rusqlite::ErrorCode;
use std::sync::Arc;
use thiserror::Error;

/// A fault of a store. Unless the variant says otherwise, nothing was changed.
///
/// It can be cloned, since one fault may be the answer to many commands that were committed
/// together.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much is waiting, or another process has the database for too long. Try again soon.
    #[error("the store has too much to do; try again in a moment")]
    Busy,
    /// The store is closed, or its writer died. If a write was under way it may have happened.
    #[error("the store is closed")]
    Closed,
    /// The database cannot be reached, or cannot work just now. Try again soon.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// The disk of the database is full. Reads go on, and so do writes once there is room.
    #[error("the disk of the database is full; make room on it")]
    DiskFull,
    /// The database can only be read.
    #[error(
        "the database can only be read; mount its disk for writing, and let the program write the \
         file and its folder"
    )]
    ReadOnly,
    /// The address of a database cannot be used: why, without repeating it.
    #[error("the database's address cannot be used: {0}")]
    Address(String),
    /// More was asked for than one call may have.
    #[error("{what} are limited to {max} a call; ask for fewer")]
    OverLimit {
        /// Of what.
        what: &'static str,
        /// The most.
        max: usize,
    },
    /// The caller's values contradict each other.
    #[error("the store was given {0}")]
    Invalid(&'static str),
    /// A message of a change has a file that is not there any more.
    #[error("file `{0}` is not there any more; attach it again")]
    FileGone(FileId),
    /// A published price book never changes, and this version has other content.
    #[error("price book `{0}` is published with other content; a published version never changes")]
    BookChanged(BookVersion),
    /// A stored value cannot be read back.
    #[error("{what} in the database cannot be read: {detail}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema {found}, this program knows {known}; start a version of the \
         program that knows schema {found}"
    )]
    SchemaNewer {
        /// The schema of the database.
        found: u32,
        /// The newest schema of this program.
        known: u32,
    },
    /// There is nothing of this program in the database, and it was not to be made.
    #[error("there is nothing of this program in the database; name another one")]
    Absent,
    /// The database belongs to another program.
    #[error("the database belongs to another program; name another one")]
    Foreign,
    /// The database said no. Where it failed at the commit itself, what was under way may have
    /// happened.
    #[error("the database failed: {0}")]
    Database(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same call may succeed in a moment.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_))
    }

    /// Whether what was asked for may have happened all the same: ask again with the same action
    /// id, and the answer tells.
    pub const fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::Closed | Self::Database(_))
    }

    /// The database said no.
    pub(crate) fn database(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Database(Arc::new(error))
    }

    /// A value that does not come back as what it was written from.
    pub(crate) fn corrupt(what: &'static str, detail: impl std::fmt::Display) -> Self {
        let detail = detail.to_string();
        Self::Corrupt { what, detail }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            _ => Self::database(error),
        }
    }
}

/// A column that is not what it was written as; faults of the line have their own way.
impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::corrupt("a column", words(&error))
    }
}

impl From<rusqlite::types::FromSqlError> for StoreError {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::corrupt("a column", error)
    }
}
