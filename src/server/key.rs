//! `kumari-credits key`: service keys, made, listed and revoked on the command line.

use crate::cli::{KeyCommand, KeyCreate};
use crate::database::DatabaseFault;
use crate::service_key::{id, new_secret};
use kumari_store::{
    Clock as _, KEY_NAME_BYTES_MAX, KEYS_MAX, ServiceKey, Store, StoreError, SystemClock,
};
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

/// Why nothing was done with a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// The database does not work.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The name cannot be one.
    #[error("a key's name has 1 to {KEY_NAME_BYTES_MAX} bytes and no control characters")]
    Name,
    /// There is no such key.
    #[error("there is no key `{0}` that is not revoked; see `kumari-credits key list`")]
    Unknown(String),
    /// There is no randomness.
    #[error("the system has no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// Does what was asked, and says what to print.
///
/// # Errors
/// [`KeyFault`]; nothing has changed.
pub fn run(command: &KeyCommand) -> Result<String, KeyFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            // A key may be made before the first server has made the database.
            KeyCommand::Create(create) => {
                self::create(&*create.database.open().await?, create).await
            }
            KeyCommand::List { database } => list(&database.open_existing().await?).await,
            KeyCommand::Revoke { id, database } => {
                revoke(&database.open_existing().await?, id).await
            }
        }
    })
}

async fn create(store: &dyn Store, create: &KeyCreate) -> Result<String, KeyFault> {
    let name = create.name.trim();
    let is_name = (1..=KEY_NAME_BYTES_MAX).contains(&name.len());
    if !is_name || name.chars().any(char::is_control) {
        return Err(KeyFault::Name);
    }
    let (secret, secret_hash) = new_secret()?;
    let key = ServiceKey {
        secret_hash,
        name: name.to_owned(),
        scope: create.scope.into(),
        created_at: SystemClock.now(),
        revoked_at: None,
    };
    let id = id(&key);
    store.add_service_key(key).await?;
    Ok(format!("{secret}\nKey {id}. Keep the secret: it is not shown again."))
}

async fn list(store: &Arc<dyn Store>) -> Result<String, KeyFault> {
    let mut table = format!("{:12}  {:6}  {:24}  {:24}  name", "key", "scope", "made", "revoked");
    let mut keys = all(store.as_ref()).await?;
    keys.sort_by_key(|key| key.created_at);
    for key in keys {
        let revoked = key.revoked_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let (scope, made) = (key.scope.name(), key.created_at.to_string());
        // Writing to a text cannot fail.
        let _ = write!(table, "\n{}  {scope:6}  {made:24}  {revoked:24}  {}", id(&key), key.name);
    }
    Ok(table)
}

async fn revoke(store: &Arc<dyn Store>, asked: &str) -> Result<String, KeyFault> {
    let keys = all(store.as_ref()).await?;
    let unknown = || KeyFault::Unknown(asked.to_owned());
    let key = keys.into_iter().find(|key| id(key) == asked).ok_or_else(unknown)?;
    if !store.revoke_service_key(&key.secret_hash, SystemClock.now()).await? {
        return Err(unknown());
    }
    Ok(format!("Key {asked} (`{}`) is revoked; servers stop taking it within a second.", key.name))
}

/// Every key there is: an operator makes them one by one.
async fn all(store: &dyn Store) -> Result<Vec<ServiceKey>, StoreError> {
    let mut keys: Vec<ServiceKey> = Vec::new();
    loop {
        let after = keys.last().map(|key| key.secret_hash);
        let page = store.service_keys(after.as_ref(), KEYS_MAX).await?;
        if page.is_empty() {
            return Ok(keys);
        }
        keys.extend(page);
    }
}
