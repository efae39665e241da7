//! `--database`: where everything is kept, for every command that needs it.

use clap::Args;
use kumari_store::{MemoryStore, SqliteOptions, SqliteStore, Store, StoreError};
use std::path::PathBuf;
use std::sync::Arc;

/// Where everything is kept.
#[derive(Debug, Args)]
pub struct Database {
    /// The SQLite file; the server makes it where it is not there. `:memory:` keeps nothing.
    #[arg(long, default_value = "kumari-credits.db")]
    pub database: PathBuf,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseFault {
    /// It does not open.
    #[error("the database {}: {fault}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: StoreError,
    },
    /// There is none.
    #[error("there is no database {}; name one with --database", .0.display())]
    Absent(PathBuf),
}

impl Database {
    /// Opens it, and makes it where it is not there.
    ///
    /// # Errors
    /// [`DatabaseFault::Open`].
    pub fn open(&self) -> Result<Arc<dyn Store>, DatabaseFault> {
        let path = &self.database;
        if path.as_os_str() == ":memory:" {
            return Ok(Arc::new(MemoryStore::default()));
        }
        let opened = SqliteStore::open(path, SqliteOptions::default());
        let store = opened.map_err(|fault| DatabaseFault::Open { path: path.clone(), fault })?;
        Ok(Arc::new(store))
    }

    /// Opens one that is there: a name with a slip in it must not become an empty database.
    ///
    /// # Errors
    /// [`DatabaseFault`].
    pub fn open_existing(&self) -> Result<Arc<dyn Store>, DatabaseFault> {
        if self.database.is_file() {
            self.open()
        } else {
            Err(DatabaseFault::Absent(self.database.clone()))
        }
    }
}
