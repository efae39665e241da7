//! Databases of the cluster that `cargo xtask test` starts, for each test its own.

use kumari_store::{PostgresOptions, PostgresStore, Store};
use std::sync::Arc;
use tokio_postgres::{Client, NoTls};

/// A store in a database of its own, and the database's URL. The cluster is named by the
/// environment variable that holds its URL.
pub(crate) async fn fresh(cluster: &str) -> (Arc<dyn Store>, String) {
    let url = database(cluster).await;
    let store = PostgresStore::open(&url, PostgresOptions::default()).await.unwrap();
    (Arc::new(store), url)
}

/// The URL of a new and empty database, in which texts sort as in English unless it is told
/// otherwise (needs PostgreSQL 15).
pub(crate) async fn database(cluster: &str) -> String {
    let cluster = std::env::var(cluster)
        .unwrap_or_else(|_| panic!("{cluster} is not set; run: cargo xtask test --only postgres"));
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let client = connect(&format!("{cluster}/postgres")).await;
    let in_english = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'";
    client.batch_execute(&format!("CREATE DATABASE {name} {in_english}")).await.unwrap();
    format!("{cluster}/{name}")
}

/// A connection of its own, past the store.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
