//! Jobs that make files, in SQLite.

use crate::check;
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::files::{FileFacts, FileId, FileRoom, StoredFile};
use crate::limits::{JOBS_MAX, MADE_MAX};
use crate::media_jobs::{JobKey, Made, MediaJob, MediaStore};
use crate::sqlite::SqliteStore;
use crate::sqlite_chat::{MESSAGE, message_of};
use crate::sqlite_files::{add, mark_used};
use crate::values::{parse, time, to_json};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Rows, params};

const JOB: &str =
    "account_id, action_id, leg, provider_job, bytes_max, is_stopped, held_until, created_at";

fn job_of(row: &Row<'_>) -> Result<MediaJob, StoreError> {
    Ok(MediaJob {
        key: JobKey {
            account: parse("an account's id", row.get_ref(0)?.as_str()?)?,
            action_id: parse("an action's id", row.get_ref(1)?.as_str()?)?,
            leg: row.get(2)?,
        },
        provider_job: row.get(3)?,
        bytes_max: row.get(4)?,
        is_stopped: row.get(5)?,
        held_until: time(row.get(6)?)?,
        created_at: time(row.get(7)?)?,
    })
}

fn jobs_of(mut rows: Rows<'_>) -> Result<Vec<MediaJob>, StoreError> {
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(job_of(row)?);
    }
    Ok(jobs)
}

fn add_job(transaction: &Connection, job: &MediaJob) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO media_jobs ({JOB}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT DO NOTHING"
    );
    transaction.prepare_cached(&sql)?.execute(params![
        job.key.account.as_str(),
        job.key.action_id.as_str(),
        job.key.leg,
        job.provider_job,
        job.bytes_max,
        job.is_stopped,
        job.held_until.as_millis(),
        job.created_at.as_millis(),
    ])?;
    Ok(())
}

fn name(
    transaction: &Connection,
    key: &JobKey,
    name: &str,
) -> Result<Option<MediaJob>, StoreError> {
    let sql = format!(
        "UPDATE media_jobs SET provider_job = coalesce(provider_job, ?4) \
         WHERE account_id = ?1 AND action_id = ?2 AND leg = ?3 RETURNING {JOB}"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let rows =
        statement.query(params![key.account.as_str(), key.action_id.as_str(), key.leg, name])?;
    Ok(jobs_of(rows)?.pop())
}

fn keep(
    transaction: &Connection,
    key: &JobKey,
    until: Timestamp,
) -> Result<Option<MediaJob>, StoreError> {
    let sql = format!(
        "UPDATE media_jobs SET held_until = ?4 \
         WHERE account_id = ?1 AND action_id = ?2 AND leg = ?3 RETURNING {JOB}"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let until = until.as_millis();
    let rows =
        statement.query(params![key.account.as_str(), key.action_id.as_str(), key.leg, until])?;
    Ok(jobs_of(rows)?.pop())
}

fn take(
    transaction: &Connection,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<MediaJob>, StoreError> {
    let sql = format!(
        "UPDATE media_jobs SET held_until = ?2 WHERE (account_id, action_id, leg) IN \
         (SELECT account_id, action_id, leg FROM media_jobs WHERE held_until <= ?1 LIMIT ?3) \
         RETURNING {JOB}"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    jobs_of(statement.query(params![now.as_millis(), until.as_millis(), limit])?)
}

fn stop(
    transaction: &Connection,
    account: &AccountId,
    action_id: &ActionId,
    leg: Option<u32>,
) -> Result<u32, StoreError> {
    let stopped = transaction
        .prepare_cached(
            "UPDATE media_jobs SET is_stopped = 1 \
             WHERE account_id = ?1 AND action_id = ?2 AND (?3 IS NULL OR leg = ?3)",
        )?
        .execute(params![account.as_str(), action_id.as_str(), leg])?;
    Ok(u32::try_from(stopped).unwrap_or(u32::MAX))
}

fn end(transaction: &Connection, key: &JobKey) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "DELETE FROM media_jobs WHERE account_id = ?1 AND action_id = ?2 AND leg = ?3",
        )?
        .execute(params![key.account.as_str(), key.action_id.as_str(), key.leg])?;
    Ok(())
}

fn jobs(
    connection: &Connection,
    account: &AccountId,
    after: Option<&JobKey>,
    limit: u32,
) -> Result<Vec<MediaJob>, StoreError> {
    // No id is empty, so all jobs are after the empty one.
    let (action_id, leg) = after.map_or(("", 0), |key| (key.action_id.as_str(), key.leg));
    let sql = format!(
        "SELECT {JOB} FROM media_jobs WHERE account_id = ?1 AND (action_id, leg) > (?2, ?3) \
         ORDER BY action_id, leg LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    jobs_of(statement.query(params![account.as_str(), action_id, leg, limit])?)
}

fn deliver(
    transaction: &Connection,
    key: &JobKey,
    files: &[StoredFile],
) -> Result<bool, StoreError> {
    let facts: Vec<FileFacts> = files.iter().map(|file| file.facts.clone()).collect();
    let conversation: Option<String> = transaction
        .prepare_cached(
            "UPDATE messages SET files = ?4 WHERE account_id = ?1 AND action_id = ?2 AND leg = ?3 \
             RETURNING conversation_id",
        )?
        .query_row(
            params![
                key.account.as_str(),
                key.action_id.as_str(),
                key.leg,
                to_json("files", &facts)?
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(conversation) = conversation else { return Ok(false) };
    for file in files {
        add(transaction, &key.account, file, FileRoom::ANY)?;
    }
    let conversation = parse("a conversation's id", &conversation)?;
    mark_used(transaction, &key.account, conversation, &facts)?;
    Ok(true)
}

fn made(
    connection: &Connection,
    account: &AccountId,
    before: Option<&MessagePlace>,
    limit: u32,
) -> Result<Vec<Made>, StoreError> {
    // Where nothing is before, everything is: no time comes after this one.
    let (created_at, action_id, leg) = before.map_or((i64::MAX, "", 0), |place| {
        (place.created_at.as_millis(), place.action_id.as_str(), place.leg.unwrap_or(0))
    });
    let sql = format!(
        "SELECT {MESSAGE}, (SELECT asked.text FROM messages AS asked WHERE asked.account_id = ?1 \
         AND asked.action_id = messages.action_id AND asked.leg = -1) \
         FROM messages WHERE account_id = ?1 AND leg >= 0 AND files <> '[]' \
         AND (created_at, action_id, leg) < (?2, ?3, ?4) \
         AND NOT EXISTS (SELECT 1 FROM conversations AS gone WHERE gone.account_id = ?1 \
         AND gone.conversation_id = messages.conversation_id AND gone.deleted_at IS NOT NULL) \
         ORDER BY created_at DESC, action_id DESC, leg DESC LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![account.as_str(), created_at, action_id, leg, limit])?;
    let mut made = Vec::new();
    while let Some(row) = rows.next()? {
        let (conversation_id, message) = message_of(row)?;
        let prompt: Option<String> = row.get(11)?;
        made.push(Made { conversation_id, message, prompt: prompt.unwrap_or_default() });
    }
    Ok(made)
}

fn remove_made(transaction: &Connection, key: &JobKey, file: FileId) -> Result<bool, StoreError> {
    let (account, file) = (key.account.as_str(), file.to_string());
    let conversation: Option<String> = transaction
        .prepare_cached(
            "UPDATE messages SET files = (SELECT json_group_array(json(one.value)) \
             FROM json_each(messages.files) AS one \
             WHERE json_extract(one.value, '$.file_id') <> ?4) \
             WHERE account_id = ?1 AND action_id = ?2 AND leg = ?3 AND EXISTS (SELECT 1 \
             FROM json_each(messages.files) AS one \
             WHERE json_extract(one.value, '$.file_id') = ?4) RETURNING conversation_id",
        )?
        .query_row(params![account, key.action_id.as_str(), key.leg, file], |row| row.get(0))
        .optional()?;
    let Some(conversation) = conversation else { return Ok(false) };
    transaction
        .prepare_cached(
            "DELETE FROM file_uses \
             WHERE account_id = ?1 AND conversation_id = ?2 AND file_id = ?3",
        )?
        .execute([account, &conversation, &file])?;
    let removed = transaction
        .prepare_cached(
            "DELETE FROM files WHERE account_id = ?1 AND file_id = ?2 AND NOT EXISTS \
             (SELECT 1 FROM file_uses WHERE account_id = ?1 AND file_id = ?2)",
        )?
        .execute([account, &file])?;
    if removed > 0 {
        transaction
            .prepare_cached("DELETE FROM file_contents WHERE account_id = ?1 AND file_id = ?2")?
            .execute([account, &file])?;
    }
    Ok(true)
}

#[async_trait]
impl MediaStore for SqliteStore {
    async fn add_job(&self, job: MediaJob) -> Result<(), StoreError> {
        check::job(job.provider_job.as_deref())?;
        self.write(move |transaction| add_job(transaction, &job)).await
    }

    async fn name_job(&self, key: &JobKey, given: String) -> Result<Option<MediaJob>, StoreError> {
        check::job(Some(&given))?;
        let key = key.clone();
        self.write(move |transaction| name(transaction, &key, &given)).await
    }

    async fn keep_job(
        &self,
        key: &JobKey,
        until: Timestamp,
    ) -> Result<Option<MediaJob>, StoreError> {
        let key = key.clone();
        self.write(move |transaction| keep(transaction, &key, until)).await
    }

    async fn take_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        check::limit("jobs", limit, JOBS_MAX)?;
        // To look costs no write: there is seldom one.
        let is_free = move |connection: &Connection| {
            let mut statement = connection
                .prepare_cached("SELECT 1 FROM media_jobs WHERE held_until <= ?1 LIMIT 1")?;
            Ok(statement.exists([now.as_millis()])?)
        };
        if !self.read(is_free).await? {
            return Ok(Vec::new());
        }
        self.write(move |transaction| take(transaction, now, until, limit)).await
    }

    async fn stop_jobs(
        &self,
        account: &AccountId,
        action_id: &ActionId,
        leg: Option<u32>,
    ) -> Result<u32, StoreError> {
        let (account, action_id) = (account.clone(), action_id.clone());
        self.write(move |transaction| stop(transaction, &account, &action_id, leg)).await
    }

    async fn end_job(&self, key: &JobKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.write(move |transaction| end(transaction, &key)).await
    }

    async fn jobs(
        &self,
        account: &AccountId,
        after: Option<&JobKey>,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        check::limit("jobs", limit, JOBS_MAX)?;
        let (account, after) = (account.clone(), after.cloned());
        self.read(move |connection| jobs(connection, &account, after.as_ref(), limit)).await
    }

    async fn deliver(&self, key: &JobKey, files: Vec<StoredFile>) -> Result<bool, StoreError> {
        check::made(&files)?;
        let key = key.clone();
        self.write(move |transaction| deliver(transaction, &key, &files)).await
    }

    async fn made(
        &self,
        account: &AccountId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Made>, StoreError> {
        check::limit("answers that made something", limit, MADE_MAX)?;
        let (account, before) = (account.clone(), before.cloned());
        self.read(move |connection| made(connection, &account, before.as_ref(), limit)).await
    }

    async fn remove_made(&self, key: &JobKey, file: FileId) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(move |transaction| remove_made(transaction, &key, file)).await
    }
}
