//! `--database`: where everything is kept, for every command that needs it.
//!
//! A database's password is never shown: not in a message, not in the log, not by `{:?}`.

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use kumari_store::{
    MemoryStore, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store, StoreError,
    is_postgres_url, without_password,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where everything is kept.
#[derive(Debug, Args)]
pub struct Database {
    /// An SQLite file, which the server makes where it is not there, or
    /// `postgres://user@host/database`; `:memory:` keeps nothing. With a password in it, give it
    /// by the environment: everybody on the machine can read arguments.
    #[arg(
        long,
        env = "KUMARI_DATABASE",
        hide_env_values = true,
        default_value = "kumari-credits.db",
        value_parser = OsStringValueParser::new().map(Place::from)
    )]
    pub database: Place,
}

/// A place to keep everything in.
#[derive(Clone)]
pub enum Place {
    /// The process itself, until it ends.
    Memory,
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its URL.
    Postgres(SecretString),
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseFault {
    /// It does not open.
    #[error("the database {place}: {fault}")]
    Open {
        /// Which.
        place: Place,
        /// Why.
        fault: StoreError,
    },
    /// There is none.
    #[error("there is no database {0}; name one with --database")]
    Absent(Place),
}

impl Database {
    /// Opens it, and makes it where it is not there.
    ///
    /// # Errors
    /// [`DatabaseFault::Open`].
    pub async fn open(&self) -> Result<Arc<dyn Store>, DatabaseFault> {
        self.database.open(PostgresOptions::default()).await
    }

    /// Opens one that is there: a name with a slip in it must not become an empty database.
    ///
    /// # Errors
    /// [`DatabaseFault`].
    pub async fn open_existing(&self) -> Result<Arc<dyn Store>, DatabaseFault> {
        self.database.open_existing().await
    }
}

impl Place {
    /// Opens what is there.
    ///
    /// # Errors
    /// [`DatabaseFault`].
    pub async fn open_existing(&self) -> Result<Arc<dyn Store>, DatabaseFault> {
        match self {
            Self::Memory => Err(DatabaseFault::Absent(self.clone())),
            Self::Sqlite(path) if !path.is_file() => Err(DatabaseFault::Absent(self.clone())),
            Self::Sqlite(_) | Self::Postgres(_) => {
                self.open(PostgresOptions { may_create: false, ..PostgresOptions::default() }).await
            }
        }
    }

    /// Opens it, and makes it where it is not there and may be.
    ///
    /// # Errors
    /// [`DatabaseFault`].
    pub async fn open(&self, options: PostgresOptions) -> Result<Arc<dyn Store>, DatabaseFault> {
        let opened: Result<Arc<dyn Store>, StoreError> = match self {
            Self::Memory => Ok(Arc::new(MemoryStore::default())),
            Self::Sqlite(path) => match SqliteStore::open(path, SqliteOptions::default()) {
                Ok(store) => Ok(Arc::new(store)),
                Err(fault) => Err(fault),
            },
            Self::Postgres(url) => match PostgresStore::open(url.expose_secret(), options).await {
                Ok(store) => Ok(Arc::new(store)),
                Err(fault) => Err(fault),
            },
        };
        opened.map_err(|fault| {
            let place = self.clone();
            if matches!(fault, StoreError::Absent) {
                DatabaseFault::Absent(place)
            } else {
                DatabaseFault::Open { place, fault }
            }
        })
    }
}

impl From<OsString> for Place {
    fn from(written: OsString) -> Self {
        match written.to_str() {
            Some(":memory:") => Self::Memory,
            Some(url) if is_postgres_url(url) => Self::Postgres(url.into()),
            Some(text) => Self::Sqlite(text.strip_prefix("sqlite:").unwrap_or(text).into()),
            None => Self::Sqlite(written.into()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str(":memory:"),
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => f.write_str(&without_password(url.expose_secret())),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_told_by_how_it_is_written_and_shown_without_its_password() {
        for (written, shown) in [
            (":memory:", ":memory:"),
            ("a/credits.db", "a/credits.db"),
            ("sqlite:credits.db", "credits.db"),
            ("postgres://me:geheim@db/credits", "postgres://me@db:5432/credits"),
            ("postgresql://me:geheim@db:7/credits?sslmode=disable", "postgres://me@db:7/credits"),
            ("postgres://me:ge heim@", "postgres://…"),
        ] {
            let place = Place::from(std::ffi::OsString::from(written));
            assert_eq!(format!("{place} {place:?}"), format!("{shown} {shown}"));
        }
    }
}
