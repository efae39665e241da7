//! Jobs that make files, in PostgreSQL.

use crate::check;
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::files::{FileFacts, FileId, StoredFile};
use crate::limits::{JOBS_MAX, MADE_MAX};
use crate::media_jobs::{JobKey, Made, MediaJob, MediaStore};
use crate::postgres::PostgresStore;
use crate::postgres_chat::{rows_of, text};
use crate::postgres_statement::{Param, Statement, param};
use crate::values::{parse, time, to_json};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use tokio_postgres::Row;

const ADD: &str = "\
    INSERT INTO media_jobs (account_id, action_id, leg, provider_job, bytes_max, is_stopped, \
    held_until, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

const NAME: &str = "\
    UPDATE media_jobs SET provider_job = coalesce(provider_job, $4) \
    WHERE account_id = $1 AND action_id = $2 AND leg = $3 RETURNING account_id, action_id, leg, \
    provider_job, bytes_max, is_stopped, held_until, created_at";

const KEEP: &str = "\
    UPDATE media_jobs SET held_until = $4 \
    WHERE account_id = $1 AND action_id = $2 AND leg = $3 RETURNING account_id, action_id, leg, \
    provider_job, bytes_max, is_stopped, held_until, created_at";

/// The condition stands twice: of two who take the same at once, the second looks at it again.
const TAKE: &str = "\
    UPDATE media_jobs SET held_until = $2 WHERE (account_id, action_id, leg) IN \
    (SELECT account_id, action_id, leg FROM media_jobs WHERE held_until <= $1 LIMIT $3) \
    AND held_until <= $1 RETURNING account_id, action_id, leg, \
    provider_job, bytes_max, is_stopped, held_until, created_at";

const STOP: &str = "\
    UPDATE media_jobs SET is_stopped = true WHERE account_id = $1 AND action_id = $2 \
    AND ($3::bigint IS NULL OR leg = $3) RETURNING leg";

const END: &str = "\
    DELETE FROM media_jobs WHERE account_id = $1 AND action_id = $2 AND leg = $3";

const JOBS: &str = "\
    SELECT account_id, action_id, leg, provider_job, bytes_max, is_stopped, held_until, created_at \
    FROM media_jobs WHERE account_id = $1 AND (action_id, leg) > ($2, $3) \
    ORDER BY action_id, leg LIMIT $4";

/// Nobody forgets the conversation meanwhile.
const LOCK: &str = "\
    SELECT FROM conversations WHERE account_id = $1 AND conversation_id IN \
    (SELECT conversation_id FROM messages WHERE account_id = $1 AND action_id = $2 AND leg = $3) \
    FOR UPDATE";

/// In a statement of its own: who is sending it has it locked, and only what begins after that has
/// ended sees what else has it.
const LOCK_FILE: &str = "SELECT FROM files WHERE account_id = $1 AND file_id = $2 FOR UPDATE";

const ADD_FILE: &str = "\
    INSERT INTO files (account_id, file_id, bytes, created_at, is_used, facts, text, content) \
    SELECT $1, $4, $5, $6, true, $7, $8, $9 FROM messages \
    WHERE account_id = $1 AND action_id = $2 AND leg = $3 ON CONFLICT DO NOTHING";

const ADD_USE: &str = "\
    INSERT INTO file_uses (account_id, conversation_id, file_id) \
    SELECT account_id, conversation_id, $4 FROM messages \
    WHERE account_id = $1 AND action_id = $2 AND leg = $3 ON CONFLICT DO NOTHING";

const GIVE: &str = "\
    UPDATE messages SET files = $4 WHERE account_id = $1 AND action_id = $2 AND leg = $3 \
    RETURNING leg";

const MADE: &str = "\
    SELECT conversation_id, action_id, leg, model, text, status, charge_micros, tokens, \
    created_at, files, steps, (SELECT asked.text FROM messages AS asked WHERE asked.account_id = $1 \
    AND asked.action_id = messages.action_id AND asked.leg = -1) \
    FROM messages WHERE account_id = $1 AND leg >= 0 AND files <> '[]' \
    AND (created_at, action_id, leg) < ($2, $3, $4) \
    AND NOT EXISTS (SELECT FROM conversations AS gone WHERE gone.account_id = $1 \
    AND gone.conversation_id = messages.conversation_id AND gone.deleted_at IS NOT NULL) \
    ORDER BY created_at DESC, action_id DESC, leg DESC LIMIT $5";

/// Takes a file off its answer, and the use of it off the conversation; a row where it was there.
const TAKE_OFF: &str = "\
    WITH taken AS (UPDATE messages SET files = coalesce((SELECT json_agg(one.value)::text \
    FROM json_array_elements(messages.files::json) AS one WHERE one.value ->> 'file_id' <> $4), '[]') \
    WHERE account_id = $1 AND action_id = $2 AND leg = $3 AND EXISTS (SELECT \
    FROM json_array_elements(messages.files::json) AS one WHERE one.value ->> 'file_id' = $4) \
    RETURNING conversation_id), \
    unused AS (DELETE FROM file_uses WHERE account_id = $1 AND file_id = $5 \
    AND conversation_id IN (SELECT conversation_id FROM taken)) \
    SELECT conversation_id FROM taken";

/// In a statement of its own: it sees what the one before took off. One that was never there for
/// this answer has a use, or no message has it yet.
const REMOVE: &str = "\
    DELETE FROM files WHERE account_id = $1 AND file_id = $2 AND is_used AND NOT EXISTS \
    (SELECT FROM file_uses WHERE account_id = $1 AND file_id = $2)";

fn which(key: &JobKey) -> [Param<'_>; 3] {
    [param(key.account.as_str()), param(key.action_id.as_str()), param(i64::from(key.leg))]
}

fn which_and<'a>(key: &'a JobKey, more: Param<'a>) -> [Param<'a>; 4] {
    let [account, action, leg] = which(key);
    [account, action, leg, more]
}

fn bytes(bytes: u64) -> Result<i64, StoreError> {
    i64::try_from(bytes).map_err(|_| StoreError::Invalid("bytes beyond what a database holds"))
}

fn job_of(row: &Row) -> Result<MediaJob, StoreError> {
    let count = |index: usize| -> Result<i64, StoreError> { Ok(row.try_get(index)?) };
    let corrupt = |fault| StoreError::corrupt("a job", fault);
    Ok(MediaJob {
        key: JobKey {
            account: parse("an account's id", row.try_get(0)?)?,
            action_id: parse("an action's id", row.try_get(1)?)?,
            leg: u32::try_from(count(2)?).map_err(corrupt)?,
        },
        provider_job: row.try_get(3)?,
        bytes_max: u64::try_from(count(4)?).map_err(corrupt)?,
        is_stopped: row.try_get(5)?,
        held_until: time(count(6)?)?,
        created_at: time(count(7)?)?,
    })
}

fn jobs_of(rows: &[Row]) -> Result<Vec<MediaJob>, StoreError> {
    rows.iter().map(job_of).collect()
}

fn delivery((key, files): &(JobKey, Vec<StoredFile>)) -> Result<Vec<Statement<'_>>, StoreError> {
    let mut statements = vec![Statement::new(LOCK, which(key))];
    for file in files {
        let [account, action, leg] = which(key);
        let columns = [
            account,
            action,
            leg,
            param(file.facts.file_id.0),
            param(bytes(file.kept_bytes())?),
            param(file.created_at.as_millis()),
            param(to_json("a file", &file.facts)?),
            param(file.text.as_ref().map(String::as_bytes)),
            param(file.content.as_slice()),
        ];
        statements.push(Statement::new(ADD_FILE, columns));
        let columns = which_and(key, param(file.facts.file_id.0));
        statements.push(Statement::new(ADD_USE, columns));
    }
    let facts: Vec<&FileFacts> = files.iter().map(|file| &file.facts).collect();
    let columns = which_and(key, param(to_json("files", &facts)?));
    statements.push(Statement::new(GIVE, columns));
    Ok(statements)
}

/// The third of these has a row where the answer had it.
fn removal((key, file): &(JobKey, FileId)) -> Result<Vec<Statement<'_>>, StoreError> {
    let [account, action, leg] = which(key);
    let columns = [account, action, leg, param(file.to_string()), param(file.0)];
    let one = || [param(key.account.as_str()), param(file.0)];
    Ok(Vec::from([
        Statement::new(LOCK, which(key)),
        Statement::new(LOCK_FILE, one()),
        Statement::new(TAKE_OFF, columns),
        Statement::new(REMOVE, one()),
    ]))
}

/// Whether the last of these statements had a row.
fn had_rows(answers: &[Vec<Row>]) -> bool {
    answers.last().is_some_and(|rows| !rows.is_empty())
}

#[async_trait]
impl MediaStore for PostgresStore {
    async fn add_job(&self, job: MediaJob) -> Result<(), StoreError> {
        check::job(job.provider_job.as_deref())?;
        let [account, action, leg] = which(&job.key);
        let columns = [
            account,
            action,
            leg,
            param(job.provider_job.as_deref()),
            param(bytes(job.bytes_max)?),
            param(job.is_stopped),
            param(job.held_until.as_millis()),
            param(job.created_at.as_millis()),
        ];
        self.one(Statement::new(ADD, columns)).await.map(drop)
    }

    async fn name_job(&self, key: &JobKey, name: String) -> Result<Option<MediaJob>, StoreError> {
        check::job(Some(&name))?;
        let columns = which_and(key, param(name.as_str()));
        Ok(jobs_of(&self.one(Statement::new(NAME, columns)).await?)?.pop())
    }

    async fn keep_job(
        &self,
        key: &JobKey,
        until: Timestamp,
    ) -> Result<Option<MediaJob>, StoreError> {
        let columns = which_and(key, param(until.as_millis()));
        Ok(jobs_of(&self.one(Statement::new(KEEP, columns)).await?)?.pop())
    }

    async fn take_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        check::limit("jobs", limit, JOBS_MAX)?;
        let columns = [param(now.as_millis()), param(until.as_millis()), param(i64::from(limit))];
        jobs_of(&self.one(Statement::new(TAKE, columns)).await?)
    }

    async fn stop_jobs(
        &self,
        account: &AccountId,
        action_id: &ActionId,
        leg: Option<u32>,
    ) -> Result<u32, StoreError> {
        let leg = leg.map(i64::from);
        let columns = [param(account.as_str()), param(action_id.as_str()), param(leg)];
        let stopped = self.one(Statement::new(STOP, columns)).await?;
        Ok(u32::try_from(stopped.len()).unwrap_or(u32::MAX))
    }

    async fn end_job(&self, key: &JobKey) -> Result<(), StoreError> {
        self.one(Statement::new(END, which(key))).await.map(drop)
    }

    async fn jobs(
        &self,
        account: &AccountId,
        after: Option<&JobKey>,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        check::limit("jobs", limit, JOBS_MAX)?;
        // No id is empty, so all jobs are after the empty one.
        let (action_id, leg) = after.map_or(("", 0), |key| (key.action_id.as_str(), key.leg));
        let (leg, limit) = (i64::from(leg), i64::from(limit));
        let columns = [param(account.as_str()), param(action_id), param(leg), param(limit)];
        jobs_of(&self.one(Statement::new(JOBS, columns)).await?)
    }

    async fn deliver(&self, key: &JobKey, files: Vec<StoredFile>) -> Result<bool, StoreError> {
        check::made(&files)?;
        let answers = self.in_transaction((key.clone(), files), delivery).await?;
        Ok(had_rows(&answers))
    }

    async fn made(
        &self,
        account: &AccountId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Made>, StoreError> {
        check::limit("answers that made something", limit, MADE_MAX)?;
        // Where nothing is before, everything is: no time comes after this one.
        let (created_at, action_id, leg) = before.map_or((i64::MAX, "", 0), |place| {
            (place.created_at.as_millis(), place.action_id.as_str(), place.leg.unwrap_or(0))
        });
        let columns = [
            param(account.as_str()),
            param(created_at),
            param(action_id),
            param(i64::from(leg)),
            param(i64::from(limit)),
        ];
        let rows = self.one(Statement::new(MADE, columns)).await?;
        let messages = rows_of(&rows)?;
        let mut made = Vec::with_capacity(messages.len());
        for ((conversation_id, message), row) in messages.into_iter().zip(&rows) {
            let prompt: Option<Vec<u8>> = row.try_get(11)?;
            let prompt = text(prompt.unwrap_or_default())?;
            made.push(Made { conversation_id, message, prompt });
        }
        Ok(made)
    }

    async fn remove_made(&self, key: &JobKey, file: FileId) -> Result<bool, StoreError> {
        let answers = self.in_transaction((key.clone(), file), removal).await?;
        Ok(answers.get(2).is_some_and(|rows| !rows.is_empty()))
    }
}
