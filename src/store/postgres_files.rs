//! Files in PostgreSQL: statements, and what their rows mean.
//!
//! It opens no transaction.

use crate::check;
use crate::error::StoreError;
use crate::files::{
    FileAdded, FileFacts, FileId, FileRemoved, FileRoom, FileStore, FilesKept, StoredFile,
};
use crate::limits::{FILE_PART_BYTES_MAX, FILES_MAX};
use crate::postgres::PostgresStore;
use crate::postgres_statement::{Statement, param};
use crate::values::{from_json, time, to_json};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use std::collections::BTreeSet;
use tokio_postgres::Row;
use uuid::Uuid;

/// Whoever adds a file has the account's files to itself: `kumb`, next to the schema's lock.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'6b756d62'::int, hashtext($1))";

const ROOM: &str = "\
    SELECT count(*) FILTER (WHERE NOT is_used), coalesce(sum(bytes), 0)::bigint FROM files \
    WHERE account_id = $1";

const ALL_BYTES: &str = "SELECT coalesce(sum(bytes), 0)::bigint FROM files";

const THERE: &str = "\
    SELECT facts FROM files WHERE account_id = $1 AND file_id = $2";

const DOCUMENT: &str = "\
    SELECT facts, text FROM files WHERE account_id = $1 AND file_id = $2 AND text IS NOT NULL";

const ADD: &str = "\
    INSERT INTO files (account_id, file_id, bytes, created_at, is_used, facts, text, content) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const FILE: &str = "\
    SELECT facts, text, content, created_at, is_used FROM files \
    WHERE account_id = $1 AND file_id = $2";

const PART: &str = "\
    SELECT substr(content, $3, $4) FROM files WHERE account_id = $1 AND file_id = $2";

const FACTS: &str = "\
    SELECT facts FROM files WHERE account_id = $1 AND file_id = ANY ($2) ORDER BY file_id";

const FILES: &str = "\
    SELECT file_id FROM files WHERE account_id = $1 AND ($2::uuid IS NULL OR file_id > $2) \
    ORDER BY file_id LIMIT $3";

const REMOVE: &str = "\
    WITH gone AS (DELETE FROM files WHERE account_id = $1 AND file_id = $2 AND NOT is_used \
    RETURNING file_id) \
    SELECT EXISTS (SELECT FROM gone) FROM files WHERE account_id = $1 AND file_id = $2";

const FORGET: &str = "\
    DELETE FROM files WHERE (account_id, file_id) IN \
    (SELECT account_id, file_id FROM files WHERE NOT is_used AND created_at <= $1 LIMIT $2) \
    AND NOT is_used RETURNING file_id";

/// Also where it is used already: until the transaction ends nobody forgets what it answers with.
const USE: &str = "\
    UPDATE files SET is_used = true FROM unnest($1::text[], $2::uuid[]) \
    AS sent (account_id, file_id) \
    WHERE files.account_id = sent.account_id AND files.file_id = sent.file_id \
    RETURNING files.account_id, files.file_id";

const ADD_USES: &str = "\
    INSERT INTO file_uses (account_id, conversation_id, file_id) \
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[]) ON CONFLICT DO NOTHING";

/// Says that messages of those conversations have them; of those that are there it answers with the
/// account and the id.
pub(crate) fn mark_used<'a>(
    sent: impl Iterator<Item = (&'a str, Uuid, FileId)>,
) -> Vec<Statement<'a>> {
    let (mut accounts, mut conversations, mut files) = (vec![], vec![], vec![]);
    for (account, conversation, file) in sent {
        accounts.push(account);
        conversations.push(conversation);
        files.push(file.0);
    }
    if files.is_empty() {
        return Vec::new();
    }
    Vec::from([
        Statement::new(USE, [param(accounts.clone()), param(files.clone())]),
        Statement::new(ADD_USES, [param(accounts), param(conversations), param(files)]),
    ])
}

/// A file that was sent and is not among those that [`mark_used`] answered with.
pub(crate) fn gone(
    sent: &[(&AccountId, FileId)],
    answers: &[Vec<Row>],
) -> Result<Option<FileId>, StoreError> {
    let mut taken: BTreeSet<(&str, Uuid)> = BTreeSet::new();
    for row in answers.iter().flatten() {
        taken.insert((row.try_get(0)?, row.try_get(1)?));
    }
    let mut sent = sent.iter();
    let gone = sent.find(|(account, file)| !taken.contains(&(account.as_str(), file.0)));
    Ok(gone.map(|(_, file)| *file))
}

/// Waits for the account's files, and reads what is there: of that id, and of all together.
pub(crate) fn look(account: &AccountId, id: FileId) -> [Statement<'_>; 3] {
    [
        Statement::new(LOCK, [param(account.as_str())]),
        Statement::new(THERE, [param(account.as_str()), param(id.0)]),
        Statement::new(ROOM, [param(account.as_str())]),
    ]
}

/// What becomes of a file, by what [`look`] read last.
pub(crate) fn admitted(
    read: &[Vec<Row>],
    file: &StoredFile,
    room: FileRoom,
) -> Result<FileAdded, StoreError> {
    let [.., there, all] = read else {
        return Err(StoreError::Invalid("no answer to a file that was looked for"));
    };
    if let Some(row) = there.first() {
        let there: FileFacts = from_json("a file", row.try_get(0)?)?;
        let is_same = there.sha256 == file.facts.sha256;
        return Ok(if is_same { FileAdded::Same(Box::new(there)) } else { FileAdded::Differs });
    }
    let admitted = room.admits(kept_of(all)?, file.kept_bytes());
    Ok(admitted.map_or_else(|refused| refused, |()| FileAdded::Added))
}

/// What a statement read of an account's files together.
fn kept_of(rows: &[Row]) -> Result<FilesKept, StoreError> {
    let count = |index: usize| -> Result<u64, StoreError> {
        let count = rows.first().map(|row| row.try_get::<_, i64>(index)).transpose()?.unwrap_or(0);
        u64::try_from(count).map_err(|fault| StoreError::corrupt("an account's files", fault))
    };
    Ok(FilesKept { unused: count(0)?, bytes: count(1)? })
}

/// The document that a statement read.
fn document_of(rows: &[Row]) -> Result<Option<(FileFacts, String)>, StoreError> {
    let Some(row) = rows.first() else { return Ok(None) };
    let text = String::from_utf8(row.try_get(1)?);
    let text = text.map_err(|fault| StoreError::corrupt("a file's text", fault))?;
    Ok(Some((from_json("a file", row.try_get(0)?)?, text)))
}

/// Adds a file that was admitted.
pub(crate) fn add<'a>(
    account: &'a AccountId,
    file: &'a StoredFile,
) -> Result<Statement<'a>, StoreError> {
    let bytes = i64::try_from(file.kept_bytes());
    let columns = [
        param(account.as_str()),
        param(file.facts.file_id.0),
        param(bytes.map_err(|_| StoreError::Invalid("a file beyond what a database holds"))?),
        param(file.created_at.as_millis()),
        param(file.is_used),
        param(to_json("a file", &file.facts)?),
        param(file.text.as_ref().map(String::as_bytes)),
        param(file.content.as_slice()),
    ];
    Ok(Statement::new(ADD, columns))
}

/// Reads a file.
fn file(account: &AccountId, id: FileId) -> Statement<'_> {
    Statement::new(FILE, [param(account.as_str()), param(id.0)])
}

/// The file that a statement read.
fn file_of(rows: &[Row]) -> Result<Option<StoredFile>, StoreError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let text: Option<Vec<u8>> = row.try_get(1)?;
    let text = text.map(String::from_utf8).transpose();
    Ok(Some(StoredFile {
        facts: from_json("a file", row.try_get(0)?)?,
        text: text.map_err(|fault| StoreError::corrupt("a file's text", fault))?,
        content: row.try_get(2)?,
        created_at: time(row.try_get(3)?)?,
        is_used: row.try_get(4)?,
    }))
}

/// Reads a part of a file.
fn part(account: &AccountId, id: FileId, from: u64, bytes: u32) -> Statement<'_> {
    // Bytes are counted from one. No file is so long that this is not exact.
    let from = i32::try_from(from).unwrap_or(i32::MAX).saturating_add(1);
    let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
    Statement::new(PART, [param(account.as_str()), param(id.0), param(from), param(bytes)])
}

/// Reads what is known of files.
fn facts<'a>(account: &'a AccountId, ids: &[FileId]) -> Statement<'a> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Statement::new(FACTS, [param(account.as_str()), param(ids)])
}

/// What a statement read of files.
fn facts_of(rows: &[Row]) -> Result<Vec<FileFacts>, StoreError> {
    rows.iter().map(|row| from_json("a file", row.try_get(0)?)).collect()
}

/// Reads the ids of files after one.
fn files(account: &AccountId, after: Option<FileId>, limit: u32) -> Statement<'_> {
    let after = after.map(|after| after.0);
    Statement::new(FILES, [param(account.as_str()), param(after), param(i64::from(limit))])
}

/// The ids that a statement read.
fn ids_of(rows: &[Row]) -> Result<Vec<FileId>, StoreError> {
    rows.iter().map(|row| Ok(FileId(row.try_get(0)?))).collect()
}

/// Removes a file that no message has; a row where it was there.
fn remove(account: &AccountId, id: FileId) -> Statement<'_> {
    Statement::new(REMOVE, [param(account.as_str()), param(id.0)])
}

/// What [`remove`] did.
fn removed_of(rows: &[Row]) -> Result<FileRemoved, StoreError> {
    match rows.first().map(|row| row.try_get(0)).transpose()? {
        Some(true) => Ok(FileRemoved::Removed),
        Some(false) => Ok(FileRemoved::Used),
        None => Ok(FileRemoved::Unknown),
    }
}

/// Forgets files that no message has; a row for each.
fn forget(before: Timestamp, limit: u32) -> Statement<'static> {
    Statement::new(FORGET, [param(before.as_millis()), param(i64::from(limit))])
}

#[async_trait]
impl FileStore for PostgresStore {
    async fn add_file(
        &self,
        account: &AccountId,
        file: StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, StoreError> {
        check::file(&file)?;
        self.add_one_file(account.clone(), file, room).await
    }

    async fn file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<StoredFile>, StoreError> {
        file_of(&self.one(file(account, id)).await?)
    }

    async fn document(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<(FileFacts, String)>, StoreError> {
        let asked = Statement::new(DOCUMENT, [param(account.as_str()), param(id.0)]);
        document_of(&self.one(asked).await?)
    }

    async fn files_kept(&self, account: &AccountId) -> Result<FilesKept, StoreError> {
        kept_of(&self.one(Statement::new(ROOM, [param(account.as_str())])).await?)
    }

    async fn all_files_bytes(&self) -> Result<u64, StoreError> {
        let rows = self.one(Statement::plain(ALL_BYTES)).await?;
        let bytes = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?.unwrap_or(0);
        u64::try_from(bytes).map_err(|fault| StoreError::corrupt("all files", fault))
    }

    async fn file_part(
        &self,
        account: &AccountId,
        id: FileId,
        from: u64,
        bytes: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        check::limit("bytes of a file's part", bytes, FILE_PART_BYTES_MAX)?;
        let rows = self.one(part(account, id, from, bytes)).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }

    async fn file_facts(
        &self,
        account: &AccountId,
        ids: &[FileId],
    ) -> Result<Vec<FileFacts>, StoreError> {
        check::files_of_message(ids.len())?;
        facts_of(&self.one(facts(account, ids)).await?)
    }

    async fn files(
        &self,
        account: &AccountId,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<FileId>, StoreError> {
        check::limit("files", limit, FILES_MAX)?;
        ids_of(&self.one(files(account, after, limit)).await?)
    }

    async fn remove_file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<FileRemoved, StoreError> {
        removed_of(&self.one(remove(account, id)).await?)
    }

    async fn forget_files(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("files", limit, FILES_MAX)?;
        let rows = self.one(forget(before, limit)).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }
}
