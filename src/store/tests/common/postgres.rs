//! Databases of the cluster that `cargo xtask test` starts.

use kumari_store::{PostgresOptions, PostgresStore, Store};
use std::sync::Arc;
use tokio_postgres::{Client, NoTls};

/// The cluster's URL without a database, as `postgres://user@host:port`.
const CLUSTER: &str = "KUMARI_POSTGRES";

/// A store in a database of its own, and the database's URL.
pub(crate) async fn fresh() -> (Arc<dyn Store>, String) {
    let url = database().await;
    let store = PostgresStore::open(&url, PostgresOptions::default()).await.unwrap();
    (Arc::new(store), url)
}

/// The URL of a new and empty database.
async fn database() -> String {
    let cluster = std::env::var(CLUSTER)
        .unwrap_or_else(|_| panic!("{CLUSTER} is not set; run: cargo xtask test --only postgres"));
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let client = connect(&format!("{cluster}/postgres")).await;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    format!("{cluster}/{name}")
}

/// A connection of its own, past the store.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
