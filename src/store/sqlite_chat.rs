//! Conversations and messages in SQLite. Called inside a transaction.

use crate::chat::{
    ActionChat, Author, ChatWrite, Conversation, ConversationId, Message, MessageStatus,
    MessageUpdate,
};
use crate::error::StoreError;
use crate::sqlite_files::mark_used;
use crate::values::{from_json, parse, time, to_json};
use kumari_engine::amount::Credits;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, Row, params};

/// The leg of what the person wrote.
pub(crate) const USER: i64 = -1;

/// The columns of a message.
pub(crate) const MESSAGE: &str = "conversation_id, action_id, leg, model, text, status, charge_micros, tokens, created_at, files, steps";

/// Writes rows that were checked.
pub(crate) fn write(
    transaction: &Connection,
    account: &AccountId,
    writes: &[ChatWrite],
) -> Result<(), StoreError> {
    for write in writes {
        match write {
            ChatWrite::Append { conversation, messages } => {
                touch(transaction, account, conversation)?;
                for message in messages {
                    append(transaction, account, conversation.id, message)?;
                }
            }
            ChatWrite::Update(change) => update(transaction, account, change)?,
        }
    }
    Ok(())
}

fn touch(
    transaction: &Connection,
    account: &AccountId,
    conversation: &Conversation,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO conversations (account_id, conversation_id, title, updated_at) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id, conversation_id) \
             DO UPDATE SET updated_at = max(updated_at, excluded.updated_at)",
        )?
        .execute(params![
            account.as_str(),
            conversation.id.to_string(),
            conversation.title,
            conversation.updated_at.as_millis(),
        ])?;
    Ok(())
}

fn append(
    transaction: &Connection,
    account: &AccountId,
    conversation: ConversationId,
    message: &Message,
) -> Result<(), StoreError> {
    let (leg, model) = match &message.author {
        Author::User => (USER, None),
        Author::Assistant { leg, model } => (i64::from(*leg), Some(model.as_str())),
    };
    transaction
        .prepare_cached(
            "INSERT INTO messages (account_id, conversation_id, action_id, leg, model, text, \
             status, charge_micros, tokens, created_at, files, steps) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
             ON CONFLICT (account_id, action_id, leg) DO NOTHING",
        )?
        .execute(params![
            account.as_str(),
            conversation.to_string(),
            message.action_id.as_str(),
            leg,
            model,
            message.text,
            message.status.name(),
            message.charge.map(Credits::as_micros),
            to_json("tokens", &message.tokens)?,
            message.created_at.as_millis(),
            to_json("files", &message.files)?,
            to_json("steps", &message.steps)?,
        ])?;
    mark_used(transaction, account, conversation, &message.files)
}

fn update(
    transaction: &Connection,
    account: &AccountId,
    change: &MessageUpdate,
) -> Result<(), StoreError> {
    let tokens = change.tokens.as_ref();
    let tokens = tokens.map(|tokens| to_json("tokens", tokens)).transpose()?;
    let steps = change.steps.as_ref().map(|steps| to_json("steps", steps)).transpose()?;
    transaction
        .prepare_cached(
            "UPDATE messages SET model = coalesce(?4, model), text = coalesce(?5, text), \
             status = coalesce(?6, status), charge_micros = coalesce(?7, charge_micros), \
             tokens = coalesce(?8, tokens), steps = coalesce(?9, steps) \
             WHERE account_id = ?1 AND action_id = ?2 AND leg = ?3",
        )?
        .execute(params![
            account.as_str(),
            change.action_id.as_str(),
            change.leg,
            change.model.as_ref().map(|model| model.as_str()),
            change.text,
            change.status.map(MessageStatus::name),
            change.charge.map(Credits::as_micros),
            tokens,
            steps,
        ])?;
    Ok(())
}

/// Conversations, the last updated first.
pub(crate) fn conversations(
    connection: &Connection,
    account: &AccountId,
    before: Option<(Timestamp, ConversationId)>,
    limit: u32,
) -> Result<Vec<Conversation>, StoreError> {
    // Where nothing is before, everything is: no time and no id come after these.
    let (updated_at, id) = before.map_or((i64::MAX, String::new()), |(updated_at, id)| {
        (updated_at.as_millis(), id.to_string())
    });
    let mut statement = connection.prepare_cached(
        "SELECT conversation_id, title, updated_at FROM conversations \
         WHERE account_id = ?1 AND (updated_at, conversation_id) < (?2, ?3) \
         AND deleted_at IS NULL \
         ORDER BY updated_at DESC, conversation_id DESC LIMIT ?4",
    )?;
    let mut rows = statement.query(params![account.as_str(), updated_at, id, limit])?;
    let mut conversations = Vec::new();
    while let Some(row) = rows.next()? {
        conversations.push(conversation_of(row)?);
    }
    Ok(conversations)
}

/// One conversation.
pub(crate) fn conversation(
    connection: &Connection,
    account: &AccountId,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT conversation_id, title, updated_at FROM conversations \
         WHERE account_id = ?1 AND conversation_id = ?2 AND deleted_at IS NULL",
    )?;
    let mut rows = statement.query(params![account.as_str(), id.to_string()])?;
    rows.next()?.map(conversation_of).transpose()
}

/// The last messages of a conversation, oldest first.
pub(crate) fn messages(
    connection: &Connection,
    account: &AccountId,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {MESSAGE} FROM messages WHERE account_id = ?1 AND conversation_id = ?2 \
         ORDER BY created_at DESC, action_id DESC, leg DESC LIMIT ?3"
    ))?;
    let mut rows = statement.query(params![account.as_str(), conversation.to_string(), limit])?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(message_of(row)?.1);
    }
    messages.reverse();
    Ok(messages)
}

/// The messages of one action.
pub(crate) fn action_chat(
    connection: &Connection,
    account: &AccountId,
    action_id: &ActionId,
) -> Result<Option<ActionChat>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {MESSAGE} FROM messages WHERE account_id = ?1 AND action_id = ?2 ORDER BY leg"
    ))?;
    let mut rows = statement.query([account.as_str(), action_id.as_str()])?;
    let mut chat: Option<ActionChat> = None;
    while let Some(row) = rows.next()? {
        let (conversation_id, message) = message_of(row)?;
        chat.get_or_insert_with(|| ActionChat { conversation_id, messages: Vec::new() })
            .messages
            .push(message);
    }
    Ok(chat)
}

/// Messages of all conversations after one, in the order of action and leg.
pub(crate) fn all_messages(
    connection: &Connection,
    account: &AccountId,
    after: Option<&(ActionId, Option<u32>)>,
    limit: u32,
) -> Result<Vec<(ConversationId, Message)>, StoreError> {
    // No id is empty, so all messages are after the empty one.
    let (action_id, leg) = after
        .map_or(("", USER), |(action_id, leg)| (action_id.as_str(), leg.map_or(USER, i64::from)));
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {MESSAGE} FROM messages WHERE account_id = ?1 AND (action_id, leg) > (?2, ?3) \
         AND NOT EXISTS (SELECT 1 FROM conversations AS gone WHERE gone.account_id = ?1 \
         AND gone.conversation_id = messages.conversation_id AND gone.deleted_at IS NOT NULL) \
         ORDER BY action_id, leg LIMIT ?4"
    ))?;
    let mut rows = statement.query(params![account.as_str(), action_id, leg, limit])?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(message_of(row)?);
    }
    Ok(messages)
}

fn conversation_of(row: &Row<'_>) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: parse("a conversation's id", row.get_ref(0)?.as_str()?)?,
        title: row.get(1)?,
        updated_at: time(row.get(2)?)?,
    })
}

/// Reads the columns of [`MESSAGE`].
pub(crate) fn message_of(row: &Row<'_>) -> Result<(ConversationId, Message), StoreError> {
    let model: Option<String> = row.get(3)?;
    let author = match model {
        None => Author::User,
        Some(model) => {
            Author::Assistant { leg: row.get(2)?, model: parse("a message's model", &model)? }
        }
    };
    let charge: Option<i64> = row.get(6)?;
    let message = Message {
        action_id: parse("an action's id", row.get_ref(1)?.as_str()?)?,
        author,
        text: row.get(4)?,
        status: status(row.get_ref(5)?.as_str()?)?,
        charge: charge.map(Credits::from_micros),
        tokens: from_json("tokens", row.get_ref(7)?.as_str()?)?,
        created_at: time(row.get(8)?)?,
        files: from_json("files", row.get_ref(9)?.as_str()?)?,
        steps: from_json("steps", row.get_ref(10)?.as_str()?)?,
    };
    Ok((parse("a conversation's id", row.get_ref(0)?.as_str()?)?, message))
}

fn status(name: &str) -> Result<MessageStatus, StoreError> {
    let all = MessageStatus::ALL.into_iter();
    all.clone()
        .find(|status| status.name() == name)
        .ok_or_else(|| StoreError::corrupt("a message's status", format_args!("`{name}`")))
}
