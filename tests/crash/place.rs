//! Where a test's server keeps everything: an SQLite file, or a database of a cluster that
//! `cargo xtask test` started. Both are gone after the test.

use crate::server::{run, text};
use kumari_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A database.
pub(crate) trait Place {
    /// Its name on the command line.
    fn database(&self) -> &str;

    /// Opens it in this process, past the server.
    fn open(&self, runtime: &Runtime) -> Arc<dyn Store>;

    /// A service key for it.
    fn key(&self) -> String {
        let made = run(&["key", "create", "--name", "crash", "--database", self.database()]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let secret = text(&made.stdout).lines().next().map(str::to_owned);
        secret.expect("the first line is the secret")
    }
}

/// An SQLite file in a folder of its own.
pub(crate) struct Sqlite {
    path: String,
    _folder: Option<TempDir>,
}

/// A database of its own in a cluster.
pub(crate) struct Postgres {
    url: String,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Self::in_folder(folder.path());
        Self { _folder: Some(folder), ..place }
    }

    /// In a folder that somebody else keeps.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("credits.db").display().to_string(), _folder: None }
    }
}

impl Postgres {
    /// In the cluster whose URL that environment variable holds.
    pub(crate) fn new(cluster: &str) -> Self {
        let cluster = std::env::var(cluster)
            .unwrap_or_else(|_| panic!("{cluster} is not set; run: cargo xtask test --only crash"));
        let name = format!("crash_{:016x}", fastrand::u64(..));
        runtime().block_on(async {
            let admin = format!("{cluster}/postgres");
            let (client, connection) =
                tokio_postgres::connect(&admin, tokio_postgres::NoTls).await.expect("a cluster");
            tokio::spawn(connection);
            client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
        });
        Self { url: format!("{cluster}/{name}") }
    }
}

impl Place for Sqlite {
    fn database(&self) -> &str {
        &self.path
    }

    fn open(&self, _: &Runtime) -> Arc<dyn Store> {
        let options = SqliteOptions::default();
        Arc::new(SqliteStore::open(self.path.as_ref(), options).expect("a database"))
    }
}

impl Place for Postgres {
    fn database(&self) -> &str {
        &self.url
    }

    fn open(&self, runtime: &Runtime) -> Arc<dyn Store> {
        let store = PostgresStore::open(&self.url, PostgresOptions::default());
        Arc::new(runtime.block_on(store).expect("a database"))
    }
}

/// For what waits in this process.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}
