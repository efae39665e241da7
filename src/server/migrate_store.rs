//! `kumari-credits migrate-store`: everything of one database copied into another, of whatever kind.

use crate::cli::MigrateStore as Arguments;
use crate::database::DatabaseFault;
use crate::progress::Progress;
use kumari_store::{MigrateFault, Migrated, PostgresOptions, migrate};
use std::io;

/// Why there is no whole copy.
#[derive(Debug, thiserror::Error)]
pub enum MigrateStoreFault {
    /// One of the databases cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// The copy was broken off.
    #[error("{0}")]
    Migrate(#[from] MigrateFault),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// Copies, proves the copy, and says what was copied.
///
/// # Errors
/// [`MigrateStoreFault`].
pub fn migrate_store(arguments: &Arguments) -> Result<String, MigrateStoreFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let copied = runtime.block_on(async {
        let from = arguments.from.open_existing().await?;
        let to = arguments.to.open(PostgresOptions::default()).await?;
        let mut progress = Progress::new();
        let tell = |so_far: &Migrated| {
            progress.show(|| {
                let Migrated { accounts, entries, messages, files, .. } = so_far;
                format!(
                    "{accounts} accounts, {entries} entries, {messages} messages, {files} files"
                )
            });
        };
        let copied = migrate(from.as_ref(), to.as_ref(), arguments.resume, tell).await;
        progress.clear();
        Ok::<_, MigrateStoreFault>(copied?)
    })?;
    let Migrated {
        books,
        sessions,
        payment_claims,
        identities,
        keys,
        accounts,
        entries,
        messages,
        files,
    } = copied;
    Ok(format!(
        "{accounts} accounts with {entries} entries, {messages} messages and {files} files, \
         {sessions} sessions, {identities} identities, {payment_claims} payment objects, \
         {keys} service keys and {books} price books are in {}, \
         and the audit found nothing",
        arguments.to
    ))
}
