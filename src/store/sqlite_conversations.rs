//! What happens to conversations in SQLite after they were written.

use crate::chat::ConversationId;
use crate::check;
use crate::conversations::{ConversationStore, MessagePlace};
use crate::error::StoreError;
use crate::limits::{FORGET_MAX, TEXTS_MAX};
use crate::sqlite::SqliteStore;
use crate::sqlite_chat::USER;
use crate::values::{parse, time};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

fn rename(
    transaction: &Connection,
    account: &AccountId,
    id: ConversationId,
    title: &str,
) -> Result<bool, StoreError> {
    let renamed = transaction
        .prepare_cached(
            "UPDATE conversations SET title = ?3 \
             WHERE account_id = ?1 AND conversation_id = ?2 AND deleted_at IS NULL",
        )?
        .execute([account.as_str(), &id.to_string(), title])?;
    Ok(renamed > 0)
}

fn delete(
    transaction: &Connection,
    account: &AccountId,
    id: ConversationId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let deleted_at: Option<i64> = transaction
        .prepare_cached(
            "UPDATE conversations SET deleted_at = coalesce(deleted_at, ?3) \
             WHERE account_id = ?1 AND conversation_id = ?2 RETURNING deleted_at",
        )?
        .query_row(params![account.as_str(), id.to_string(), now.as_millis()], |row| row.get(0))
        .optional()?;
    deleted_at.map(time).transpose()
}

fn restore(
    transaction: &Connection,
    account: &AccountId,
    id: ConversationId,
    after: Timestamp,
) -> Result<bool, StoreError> {
    let restored = transaction
        .prepare_cached(
            "UPDATE conversations SET deleted_at = NULL WHERE account_id = ?1 \
             AND conversation_id = ?2 AND (deleted_at IS NULL OR deleted_at > ?3)",
        )?
        .execute(params![account.as_str(), id.to_string(), after.as_millis()])?;
    Ok(restored > 0)
}

fn is_deleted(
    connection: &Connection,
    account: &AccountId,
    id: ConversationId,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM conversations \
         WHERE account_id = ?1 AND conversation_id = ?2 AND deleted_at IS NOT NULL",
    )?;
    Ok(statement.exists([account.as_str(), &id.to_string()])?)
}

fn forget(transaction: &Connection, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let due: Option<(String, String)> = transaction
        .prepare_cached(
            "SELECT account_id, conversation_id FROM conversations WHERE deleted_at <= ?1 \
             ORDER BY deleted_at, account_id, conversation_id LIMIT 1",
        )?
        .query_row([before.as_millis()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((account, id)) = due else { return Ok(0) };
    let files = forget_files(transaction, &account, &id, limit)?;
    let messages = transaction
        .prepare_cached(
            "DELETE FROM messages WHERE rowid IN (SELECT rowid FROM messages \
             WHERE account_id = ?1 AND conversation_id = ?2 LIMIT ?3)",
        )?
        .execute(params![account, id, limit])?;
    let whole = transaction
        .prepare_cached(
            "DELETE FROM conversations WHERE account_id = ?1 AND conversation_id = ?2 \
             AND NOT EXISTS (SELECT 1 FROM messages WHERE account_id = ?1 AND conversation_id = ?2) \
             AND NOT EXISTS (SELECT 1 FROM file_uses WHERE account_id = ?1 AND conversation_id = ?2)",
        )?
        .execute([&account, &id])?;
    let rows = files.saturating_add(messages).saturating_add(whole);
    Ok(u32::try_from(rows).unwrap_or(u32::MAX))
}

/// Takes files off the conversation, and forgets those that no other one has.
fn forget_files(
    transaction: &Connection,
    account: &str,
    id: &str,
    limit: u32,
) -> Result<usize, StoreError> {
    let mut uses = transaction.prepare_cached(
        "DELETE FROM file_uses WHERE account_id = ?1 AND conversation_id = ?2 AND file_id IN \
         (SELECT file_id FROM file_uses WHERE account_id = ?1 AND conversation_id = ?2 LIMIT ?3) \
         RETURNING file_id",
    )?;
    let mut rows = uses.query(params![account, id, limit])?;
    let mut taken: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        taken.push(row.get(0)?);
    }
    let mut files = transaction.prepare_cached(
        "DELETE FROM files WHERE account_id = ?1 AND file_id = ?2 AND is_used = 1 AND NOT EXISTS \
         (SELECT 1 FROM file_uses WHERE account_id = ?1 AND file_id = ?2)",
    )?;
    let mut contents = transaction
        .prepare_cached("DELETE FROM file_contents WHERE account_id = ?1 AND file_id = ?2")?;
    for file in &taken {
        if files.execute([account, file])? > 0 {
            contents.execute([account, file])?;
        }
    }
    Ok(taken.len())
}

fn texts(
    connection: &Connection,
    account: &AccountId,
    id: ConversationId,
    before: Option<&MessagePlace>,
    limit: u32,
) -> Result<Vec<(MessagePlace, String)>, StoreError> {
    // Where nothing is before, everything is: no time comes after this one.
    let (created_at, action_id, leg) = before.map_or((i64::MAX, "", USER), |place| {
        let leg = place.leg.map_or(USER, i64::from);
        (place.created_at.as_millis(), place.action_id.as_str(), leg)
    });
    let mut statement = connection.prepare_cached(
        "SELECT created_at, action_id, leg, text FROM messages \
         WHERE account_id = ?1 AND conversation_id = ?2 \
         AND (created_at, action_id, leg) < (?3, ?4, ?5) AND NOT EXISTS (SELECT 1 \
         FROM conversations AS gone WHERE gone.account_id = ?1 AND gone.conversation_id = ?2 \
         AND gone.deleted_at IS NOT NULL) \
         ORDER BY created_at DESC, action_id DESC, leg DESC LIMIT ?6",
    )?;
    let id = id.to_string();
    let mut rows =
        statement.query(params![account.as_str(), id, created_at, action_id, leg, limit])?;
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        let place = MessagePlace {
            created_at: time(row.get(0)?)?,
            action_id: parse("an action's id", row.get_ref(1)?.as_str()?)?,
            // Below zero it is the person's.
            leg: u32::try_from(row.get::<_, i64>(2)?).ok(),
        };
        texts.push((place, row.get(3)?));
    }
    Ok(texts)
}

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn rename_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        title: String,
    ) -> Result<bool, StoreError> {
        check::title(&title)?;
        let account = account.clone();
        self.write(move |transaction| rename(transaction, &account, id, &title)).await
    }

    async fn delete_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let account = account.clone();
        self.write(move |transaction| delete(transaction, &account, id, now)).await
    }

    async fn restore_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        after: Timestamp,
    ) -> Result<bool, StoreError> {
        let account = account.clone();
        self.write(move |transaction| restore(transaction, &account, id, after)).await
    }

    async fn is_deleted(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<bool, StoreError> {
        let account = account.clone();
        self.read(move |connection| is_deleted(connection, &account, id)).await
    }

    async fn forget_conversations(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("rows of a deleted conversation", limit, FORGET_MAX)?;
        self.write(move |transaction| forget(transaction, before, limit)).await
    }

    async fn texts(
        &self,
        account: &AccountId,
        id: ConversationId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<(MessagePlace, String)>, StoreError> {
        check::limit("texts", limit, TEXTS_MAX)?;
        let (account, before) = (account.clone(), before.cloned());
        self.read(move |connection| texts(connection, &account, id, before.as_ref(), limit)).await
    }
}
