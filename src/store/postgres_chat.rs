//! Conversations and messages in PostgreSQL: statements, and what their rows mean.
//!
//! It opens no transaction.

use crate::chat::{
    ActionChat, Author, ChatWrite, Conversation, ConversationId, Message, MessageStatus,
    MessageUpdate,
};
use crate::error::StoreError;
use crate::postgres_files;
use crate::postgres_statement::{Statement, param};
use crate::values::{from_json, parse, time, to_json};
use kumari_engine::amount::Credits;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use uuid::Uuid;

/// The leg of what the person wrote.
pub(crate) const USER: i64 = -1;

const TOUCH: &str = "\
    INSERT INTO conversations (account_id, conversation_id, title, updated_at) \
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::bigint[]) \
    ON CONFLICT (account_id, conversation_id) \
    DO UPDATE SET updated_at = greatest(conversations.updated_at, excluded.updated_at)";

const APPEND: &str = "\
    INSERT INTO messages (account_id, conversation_id, action_id, leg, model, text, status, \
    charge_micros, tokens, created_at, files, steps) \
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], \
    $6::bytea[], $7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::text[], \
    $12::text[]) \
    ON CONFLICT (account_id, action_id, leg) DO NOTHING";

const UPDATE: &str = "\
    UPDATE messages SET model = coalesce(new.model, messages.model), \
    text = coalesce(new.text, messages.text), status = coalesce(new.status, messages.status), \
    charge_micros = coalesce(new.charge_micros, messages.charge_micros), \
    tokens = coalesce(new.tokens, messages.tokens), steps = coalesce(new.steps, messages.steps) \
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], \
    $7::bigint[], $8::text[], $9::text[]) \
    AS new (account_id, action_id, leg, model, text, status, charge_micros, tokens, steps) \
    WHERE messages.account_id = new.account_id AND messages.action_id = new.action_id \
    AND messages.leg = new.leg";

const CONVERSATIONS: &str = "\
    SELECT conversation_id, title, updated_at FROM conversations \
    WHERE account_id = $1 AND (updated_at, conversation_id) < ($2, $3) AND deleted_at IS NULL \
    ORDER BY updated_at DESC, conversation_id DESC LIMIT $4";

const CONVERSATION: &str = "\
    SELECT conversation_id, title, updated_at FROM conversations \
    WHERE account_id = $1 AND conversation_id = $2 AND deleted_at IS NULL";

const MESSAGES: &str = "\
    SELECT conversation_id, action_id, leg, model, text, status, charge_micros, tokens, \
    created_at, files, steps FROM messages WHERE account_id = $1 AND conversation_id = $2 \
    ORDER BY created_at DESC, action_id DESC, leg DESC LIMIT $3";

const ACTION_CHAT: &str = "\
    SELECT conversation_id, action_id, leg, model, text, status, charge_micros, tokens, \
    created_at, files, steps FROM messages WHERE account_id = $1 AND action_id = $2 ORDER BY leg";

const ALL_MESSAGES: &str = "\
    SELECT conversation_id, action_id, leg, model, text, status, charge_micros, tokens, \
    created_at, files, steps FROM messages WHERE account_id = $1 AND (action_id, leg) > ($2, $3) \
    AND NOT EXISTS (SELECT FROM conversations AS gone WHERE gone.account_id = $1 \
    AND gone.conversation_id = messages.conversation_id AND gone.deleted_at IS NOT NULL) \
    ORDER BY action_id, leg LIMIT $4";

/// What can be written together: of each account either updates or what is appended.
#[derive(Default)]
struct Round<'a> {
    updates: BTreeMap<(&'a str, &'a str, i64), MessageUpdate>,
    /// With the first title and the last time.
    conversations: BTreeMap<(&'a str, Uuid), (&'a str, Timestamp)>,
    messages: Vec<(&'a str, Uuid, &'a Message)>,
}

/// Writes rows that were checked, of several accounts.
///
/// An account's writes take effect in their order: appending and updating alternate in rounds, and
/// each round is written for all accounts at once.
pub(crate) fn write<'a>(
    writes: impl IntoIterator<Item = (&'a AccountId, &'a [ChatWrite])>,
) -> Result<Vec<Statement<'a>>, StoreError> {
    let mut rounds: Vec<Round<'a>> = Vec::new();
    for (account, writes) in writes {
        let (mut number, mut was_append) = (0_usize, None);
        for write in writes {
            let is_append = matches!(write, ChatWrite::Append { .. });
            if was_append.replace(is_append).is_some_and(|before| before != is_append) {
                number = number.saturating_add(1);
            }
            if rounds.len() <= number {
                rounds.push(Round::default());
            }
            if let Some(round) = rounds.get_mut(number) {
                round.add(account.as_str(), write);
            }
        }
    }
    let mut statements = Vec::new();
    for round in rounds {
        round.into_statements(&mut statements)?;
    }
    Ok(statements)
}

impl<'a> Round<'a> {
    fn add(&mut self, account: &'a str, write: &'a ChatWrite) {
        match write {
            ChatWrite::Append { conversation, messages } => {
                let (_, updated_at) = self
                    .conversations
                    .entry((account, conversation.id.0))
                    .or_insert((&conversation.title, conversation.updated_at));
                *updated_at = conversation.updated_at.max(*updated_at);
                let rows = messages.iter().map(|message| (account, conversation.id.0, message));
                self.messages.extend(rows);
            }
            ChatWrite::Update(update) => {
                let key = (account, update.action_id.as_str(), i64::from(update.leg));
                let merged = self
                    .updates
                    .entry(key)
                    .or_insert_with(|| MessageUpdate::new(update.action_id.clone(), update.leg));
                merged.then(update);
            }
        }
    }

    fn into_statements(self, statements: &mut Vec<Statement<'a>>) -> Result<(), StoreError> {
        if !self.updates.is_empty() {
            statements.push(updating(self.updates)?);
        }
        if !self.conversations.is_empty() {
            statements.push(touching(self.conversations));
        }
        if !self.messages.is_empty() {
            statements.push(appending(&self.messages)?);
        }
        let sent = self.messages.iter().flat_map(|(account, conversation, message)| {
            message.files.iter().map(|facts| (*account, *conversation, facts.file_id))
        });
        statements.extend(postgres_files::mark_used(sent));
        Ok(())
    }
}

fn updating<'a>(
    updates: BTreeMap<(&'a str, &'a str, i64), MessageUpdate>,
) -> Result<Statement<'a>, StoreError> {
    let (mut ids, mut actions, mut legs, mut models) = (vec![], vec![], vec![], vec![]);
    let (mut texts, mut statuses, mut charges, mut tokens) = (vec![], vec![], vec![], vec![]);
    let mut steps = vec![];
    for ((account, action_id, leg), update) in updates {
        ids.push(account);
        actions.push(action_id);
        legs.push(leg);
        models.push(update.model.map(|model| model.to_string()));
        texts.push(update.text.map(String::into_bytes));
        statuses.push(update.status.map(MessageStatus::name));
        charges.push(update.charge.map(Credits::as_micros));
        tokens.push(update.tokens.map(|tokens| to_json("tokens", &tokens)).transpose()?);
        steps.push(update.steps.map(|steps| to_json("steps", &steps)).transpose()?);
    }
    let columns = [
        param(ids),
        param(actions),
        param(legs),
        param(models),
        param(texts),
        param(statuses),
        param(charges),
        param(tokens),
        param(steps),
    ];
    Ok(Statement::new(UPDATE, columns))
}

fn touching<'a>(conversations: BTreeMap<(&'a str, Uuid), (&'a str, Timestamp)>) -> Statement<'a> {
    let (mut ids, mut names, mut titles, mut times) = (vec![], vec![], vec![], vec![]);
    for ((account, conversation), (title, updated_at)) in conversations {
        ids.push(account);
        names.push(conversation);
        titles.push(title.as_bytes());
        times.push(updated_at.as_millis());
    }
    Statement::new(TOUCH, [param(ids), param(names), param(titles), param(times)])
}

fn appending<'a>(messages: &[(&'a str, Uuid, &'a Message)]) -> Result<Statement<'a>, StoreError> {
    let (mut ids, mut conversations, mut actions) = (vec![], vec![], vec![]);
    let (mut legs, mut models, mut texts, mut statuses) = (vec![], vec![], vec![], vec![]);
    let (mut charges, mut tokens, mut times, mut files) = (vec![], vec![], vec![], vec![]);
    let mut steps = vec![];
    for (account, conversation, message) in messages {
        let (leg, model) = match &message.author {
            Author::User => (USER, None),
            Author::Assistant { leg, model } => (i64::from(*leg), Some(model.as_str())),
        };
        ids.push(*account);
        conversations.push(*conversation);
        actions.push(message.action_id.as_str());
        legs.push(leg);
        models.push(model);
        texts.push(message.text.as_bytes());
        statuses.push(message.status.name());
        charges.push(message.charge.map(Credits::as_micros));
        tokens.push(to_json("tokens", &message.tokens)?);
        times.push(message.created_at.as_millis());
        files.push(to_json("files", &message.files)?);
        steps.push(to_json("steps", &message.steps)?);
    }
    let columns = [
        param(ids),
        param(conversations),
        param(actions),
        param(legs),
        param(models),
        param(texts),
        param(statuses),
        param(charges),
        param(tokens),
        param(times),
        param(files),
        param(steps),
    ];
    Ok(Statement::new(APPEND, columns))
}

/// Reads conversations, the last updated first.
pub(crate) fn conversations(
    account: &AccountId,
    before: Option<(Timestamp, ConversationId)>,
    limit: u32,
) -> Statement<'_> {
    // Where nothing is before, everything is: no time comes after this one.
    let (updated_at, id) =
        before.map_or((i64::MAX, Uuid::nil()), |(updated_at, id)| (updated_at.as_millis(), id.0));
    let limit = i64::from(limit);
    let columns = [param(account.as_str()), param(updated_at), param(id), param(limit)];
    Statement::new(CONVERSATIONS, columns)
}

/// Reads one conversation.
pub(crate) fn conversation(account: &AccountId, id: ConversationId) -> Statement<'_> {
    Statement::new(CONVERSATION, [param(account.as_str()), param(id.0)])
}

/// The conversations that a statement read.
pub(crate) fn conversations_of(rows: &[Row]) -> Result<Vec<Conversation>, StoreError> {
    let conversation = |row: &Row| {
        Ok(Conversation {
            id: ConversationId(row.try_get(0)?),
            title: text(row.try_get(1)?)?,
            updated_at: time(row.try_get(2)?)?,
        })
    };
    rows.iter().map(conversation).collect()
}

/// Reads the last messages of a conversation, the last first.
pub(crate) fn messages(
    account: &AccountId,
    conversation: ConversationId,
    limit: u32,
) -> Statement<'_> {
    let columns = [param(account.as_str()), param(conversation.0), param(i64::from(limit))];
    Statement::new(MESSAGES, columns)
}

/// Reads the messages of one action.
pub(crate) fn action_chat<'a>(account: &'a AccountId, action_id: &'a ActionId) -> Statement<'a> {
    Statement::new(ACTION_CHAT, [param(account.as_str()), param(action_id.as_str())])
}

/// Reads messages of all conversations after one, in the order of action and leg.
pub(crate) fn all_messages<'a>(
    account: &'a AccountId,
    after: Option<&'a (ActionId, Option<u32>)>,
    limit: u32,
) -> Statement<'a> {
    // No id is empty, so all messages are after the empty one.
    let (action_id, leg) = after
        .map_or(("", USER), |(action_id, leg)| (action_id.as_str(), leg.map_or(USER, i64::from)));
    let limit = i64::from(limit);
    let columns = [param(account.as_str()), param(action_id), param(leg), param(limit)];
    Statement::new(ALL_MESSAGES, columns)
}

/// The messages that a statement read, with the conversations that they belong to.
pub(crate) fn rows_of(rows: &[Row]) -> Result<Vec<(ConversationId, Message)>, StoreError> {
    let row_of = |row: &Row| Ok((ConversationId(row.try_get(0)?), message_of(row)?));
    rows.iter().map(row_of).collect()
}

/// The action's part of a conversation that [`action_chat`] read.
pub(crate) fn action_chat_of(rows: &[Row]) -> Result<Option<ActionChat>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let conversation_id = ConversationId(first.try_get(0)?);
    Ok(Some(ActionChat { conversation_id, messages: messages_of(rows)? }))
}

/// The messages that a statement read.
pub(crate) fn messages_of(rows: &[Row]) -> Result<Vec<Message>, StoreError> {
    rows.iter().map(message_of).collect()
}

fn message_of(row: &Row) -> Result<Message, StoreError> {
    let author = match row.try_get::<_, Option<&str>>(3)? {
        None => Author::User,
        Some(model) => {
            let leg: i64 = row.try_get(2)?;
            let leg = u32::try_from(leg).map_err(|fault| StoreError::corrupt("a leg", fault))?;
            Author::Assistant { leg, model: parse("a message's model", model)? }
        }
    };
    let charge: Option<i64> = row.try_get(6)?;
    Ok(Message {
        action_id: parse("an action's id", row.try_get(1)?)?,
        author,
        text: text(row.try_get(4)?)?,
        status: status(row.try_get(5)?)?,
        charge: charge.map(Credits::from_micros),
        tokens: from_json("tokens", row.try_get(7)?)?,
        created_at: time(row.try_get(8)?)?,
        files: from_json("files", row.try_get(9)?)?,
        steps: from_json("steps", row.try_get(10)?)?,
    })
}

/// A text out of its bytes.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|fault| StoreError::corrupt("a text", fault))
}

fn status(name: &str) -> Result<MessageStatus, StoreError> {
    let all = MessageStatus::ALL.into_iter();
    all.clone()
        .find(|status| status.name() == name)
        .ok_or_else(|| StoreError::corrupt("a message's status", format_args!("`{name}`")))
}
