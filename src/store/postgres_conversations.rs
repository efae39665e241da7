//! What happens to conversations in PostgreSQL after they were written: statements, and what their
//! rows mean.
//!
//! It opens no transaction.

use crate::chat::ConversationId;
use crate::check;
use crate::conversations::{ConversationStore, MessagePlace};
use crate::error::StoreError;
use crate::limits::{FORGET_MAX, TEXTS_MAX};
use crate::postgres::PostgresStore;
use crate::postgres_chat::{USER, text};
use crate::postgres_statement::{Statement, param};
use crate::values::{parse, time};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

const RENAME: &str = "\
    UPDATE conversations SET title = $3 \
    WHERE account_id = $1 AND conversation_id = $2 AND deleted_at IS NULL \
    RETURNING conversation_id";

const DELETE: &str = "\
    UPDATE conversations SET deleted_at = coalesce(deleted_at, $3) \
    WHERE account_id = $1 AND conversation_id = $2 RETURNING deleted_at";

const RESTORE: &str = "\
    UPDATE conversations SET deleted_at = NULL WHERE account_id = $1 AND conversation_id = $2 \
    AND (deleted_at IS NULL OR deleted_at > $3) RETURNING conversation_id";

const IS_DELETED: &str = "\
    SELECT conversation_id FROM conversations \
    WHERE account_id = $1 AND conversation_id = $2 AND deleted_at IS NOT NULL";

const DUE: &str = "\
    SELECT account_id, conversation_id FROM conversations WHERE deleted_at <= $1 \
    ORDER BY deleted_at, account_id, conversation_id LIMIT 1";

/// Nobody restores it meanwhile; nothing of it goes where somebody just has.
const LOCK: &str = "\
    SELECT FROM conversations WHERE account_id = $1 AND conversation_id = $2 \
    AND deleted_at <= $3 FOR UPDATE";

/// In a statement of its own: who is sending one of them has it locked, and only what begins after
/// that has ended sees what else has it.
const LOCK_FILES: &str = "\
    SELECT FROM files WHERE account_id = $1 AND file_id IN (SELECT file_id FROM file_uses \
    WHERE account_id = $1 AND conversation_id = $2 ORDER BY file_id LIMIT $3) \
    ORDER BY file_id FOR UPDATE";

const FORGET_FILES: &str = "\
    WITH taken AS (DELETE FROM file_uses WHERE account_id = $1 AND conversation_id = $2 \
    AND file_id IN (SELECT file_id FROM file_uses \
    WHERE account_id = $1 AND conversation_id = $2 ORDER BY file_id LIMIT $4) \
    AND EXISTS (SELECT FROM conversations \
    WHERE account_id = $1 AND conversation_id = $2 AND deleted_at <= $3) RETURNING file_id), \
    gone AS (DELETE FROM files WHERE account_id = $1 AND is_used \
    AND file_id IN (SELECT file_id FROM taken) AND NOT EXISTS (SELECT FROM file_uses AS other \
    WHERE other.account_id = $1 AND other.file_id = files.file_id \
    AND other.conversation_id <> $2) RETURNING file_id) \
    SELECT file_id FROM taken";

const FORGET_MESSAGES: &str = "\
    DELETE FROM messages WHERE account_id = $1 AND (action_id, leg) IN \
    (SELECT action_id, leg FROM messages WHERE account_id = $1 AND conversation_id = $2 LIMIT $4) \
    AND EXISTS (SELECT FROM conversations \
    WHERE account_id = $1 AND conversation_id = $2 AND deleted_at <= $3) RETURNING leg";

const FORGET_WHOLE: &str = "\
    DELETE FROM conversations WHERE account_id = $1 AND conversation_id = $2 AND deleted_at <= $3 \
    AND NOT EXISTS (SELECT FROM messages WHERE account_id = $1 AND conversation_id = $2) \
    AND NOT EXISTS (SELECT FROM file_uses WHERE account_id = $1 AND conversation_id = $2) \
    RETURNING conversation_id";

const TEXTS: &str = "\
    SELECT created_at, action_id, leg, text FROM messages \
    WHERE account_id = $1 AND conversation_id = $2 \
    AND (created_at, action_id, leg) < ($3, $4, $5) AND NOT EXISTS (SELECT FROM conversations \
    WHERE account_id = $1 AND conversation_id = $2 AND deleted_at IS NOT NULL) \
    ORDER BY created_at DESC, action_id DESC, leg DESC LIMIT $6";

/// The conversation to forget next, with its account.
pub(crate) type Due = (String, Uuid);

/// The statements that forget a part of it, in one transaction.
pub(crate) fn forget((account, id): &Due, before: Timestamp, limit: u32) -> [Statement<'_>; 5] {
    let whose = || [param(account.as_str()), param(*id), param(before.as_millis())];
    let part = || {
        let [account, id, before] = whose();
        [account, id, before, param(i64::from(limit))]
    };
    [
        Statement::new(LOCK, whose()),
        Statement::new(LOCK_FILES, [param(account.as_str()), param(*id), param(i64::from(limit))]),
        Statement::new(FORGET_FILES, part()),
        Statement::new(FORGET_MESSAGES, part()),
        Statement::new(FORGET_WHOLE, whose()),
    ]
}

/// How many rows [`forget`] forgot.
pub(crate) fn forgotten(answers: &[Vec<Row>]) -> u32 {
    // To begin and to lock forgets nothing, and to commit neither.
    let rows = answers.iter().skip(3).map(Vec::len).fold(0, usize::saturating_add);
    u32::try_from(rows).unwrap_or(u32::MAX)
}

fn due_of(rows: &[Row]) -> Result<Option<Due>, StoreError> {
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some((row.try_get(0)?, row.try_get(1)?)))
}

fn text_of(row: &Row) -> Result<(MessagePlace, String), StoreError> {
    let place = MessagePlace {
        created_at: time(row.try_get(0)?)?,
        action_id: parse("an action's id", row.try_get(1)?)?,
        // Below zero it is the person's.
        leg: u32::try_from(row.try_get::<_, i64>(2)?).ok(),
    };
    Ok((place, text(row.try_get(3)?)?))
}

#[async_trait]
impl ConversationStore for PostgresStore {
    async fn rename_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        title: String,
    ) -> Result<bool, StoreError> {
        check::title(&title)?;
        let columns = [param(account.as_str()), param(id.0), param(title.as_bytes())];
        Ok(!self.one(Statement::new(RENAME, columns)).await?.is_empty())
    }

    async fn delete_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let columns = [param(account.as_str()), param(id.0), param(now.as_millis())];
        let rows = self.one(Statement::new(DELETE, columns)).await?;
        rows.first().map(|row| time(row.try_get(0)?)).transpose()
    }

    async fn restore_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        after: Timestamp,
    ) -> Result<bool, StoreError> {
        let columns = [param(account.as_str()), param(id.0), param(after.as_millis())];
        Ok(!self.one(Statement::new(RESTORE, columns)).await?.is_empty())
    }

    async fn is_deleted(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<bool, StoreError> {
        let asked = Statement::new(IS_DELETED, [param(account.as_str()), param(id.0)]);
        Ok(!self.one(asked).await?.is_empty())
    }

    async fn forget_conversations(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("rows of a deleted conversation", limit, FORGET_MAX)?;
        let asked = Statement::new(DUE, [param(before.as_millis())]);
        match due_of(&self.one(asked).await?)? {
            Some(due) => self.forget_part(due, before, limit).await,
            None => Ok(0),
        }
    }

    async fn texts(
        &self,
        account: &AccountId,
        id: ConversationId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<(MessagePlace, String)>, StoreError> {
        check::limit("texts", limit, TEXTS_MAX)?;
        // Where nothing is before, everything is: no time comes after this one.
        let (created_at, action_id, leg) = before.map_or((i64::MAX, "", USER), |place| {
            let leg = place.leg.map_or(USER, i64::from);
            (place.created_at.as_millis(), place.action_id.as_str(), leg)
        });
        let columns = [
            param(account.as_str()),
            param(id.0),
            param(created_at),
            param(action_id),
            param(leg),
            param(i64::from(limit)),
        ];
        self.one(Statement::new(TEXTS, columns)).await?.iter().map(text_of).collect()
    }
}
