//! Files in SQLite: what is known of them in one table, their bytes in another. A row is written and
//! read as a whole, so one with its bytes would be moved to say that a message has it.

use crate::chat::ConversationId;
use crate::check;
use crate::error::StoreError;
use crate::files::{
    FileAdded, FileFacts, FileId, FileRemoved, FileRoom, FileStore, FilesKept, StoredFile,
};
use crate::limits::{FILE_PART_BYTES_MAX, FILES_MAX};
use crate::sqlite::SqliteStore;
use crate::values::{from_json, parse, time, to_json};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Says that a message of that conversation has them; those that are not there stay away.
pub(crate) fn mark_used(
    transaction: &Connection,
    account: &AccountId,
    conversation: ConversationId,
    sent: &[FileFacts],
) -> Result<(), StoreError> {
    for facts in sent {
        transaction
            .prepare_cached(
                "UPDATE files SET is_used = 1 \
                 WHERE account_id = ?1 AND file_id = ?2 AND is_used = 0",
            )?
            .execute([account.as_str(), &facts.file_id.to_string()])?;
        transaction
            .prepare_cached(
                "INSERT INTO file_uses (account_id, conversation_id, file_id) \
                 VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute([account.as_str(), &conversation.to_string(), &facts.file_id.to_string()])?;
    }
    Ok(())
}

/// Whether all of them are there.
pub(crate) fn check_there(
    connection: &Connection,
    account: &AccountId,
    sent: impl Iterator<Item = FileId>,
) -> Result<(), StoreError> {
    let mut there =
        connection.prepare_cached("SELECT 1 FROM files WHERE account_id = ?1 AND file_id = ?2")?;
    for id in sent {
        if !there.exists([account.as_str(), &id.to_string()])? {
            return Err(StoreError::FileGone(id));
        }
    }
    Ok(())
}

/// Adds a file where there is room.
pub(crate) fn add(
    transaction: &Connection,
    account: &AccountId,
    file: &StoredFile,
    room: FileRoom,
) -> Result<FileAdded, StoreError> {
    let id = file.facts.file_id.to_string();
    if let Some(there) = facts(transaction, account, &[file.facts.file_id])?.pop() {
        let is_same = there.sha256 == file.facts.sha256;
        return Ok(if is_same { FileAdded::Same(Box::new(there)) } else { FileAdded::Differs });
    }
    if let Err(refused) = room.admits(kept(transaction, account)?, file.kept_bytes()) {
        return Ok(refused);
    }
    transaction
        .prepare_cached(
            "INSERT INTO files (account_id, file_id, bytes, is_used, created_at, facts) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            account.as_str(),
            id,
            file.kept_bytes(),
            file.is_used,
            file.created_at.as_millis(),
            to_json("a file", &file.facts)?,
        ])?;
    transaction
        .prepare_cached(
            "INSERT INTO file_contents (account_id, file_id, text, content) \
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![account.as_str(), id, file.text, file.content])?;
    Ok(FileAdded::Added)
}

fn kept(connection: &Connection, account: &AccountId) -> Result<FilesKept, StoreError> {
    let kept = connection
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE is_used = 0), coalesce(sum(bytes), 0) FROM files \
             WHERE account_id = ?1",
        )?
        .query_row([account.as_str()], |row| {
            Ok(FilesKept { unused: row.get(0)?, bytes: row.get(1)? })
        })?;
    Ok(kept)
}

/// An index has all that it reads.
fn all_bytes(connection: &Connection) -> Result<u64, StoreError> {
    let bytes = connection
        .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM files INDEXED BY files_of_account")?
        .query_row([], |row| row.get(0))?;
    Ok(bytes)
}

fn document(
    connection: &Connection,
    account: &AccountId,
    id: FileId,
) -> Result<Option<(FileFacts, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT facts, text FROM files JOIN file_contents USING (account_id, file_id) \
         WHERE account_id = ?1 AND file_id = ?2 AND text IS NOT NULL",
    )?;
    let mut rows = statement.query([account.as_str(), &id.to_string()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((from_json("a file", row.get_ref(0)?.as_str()?)?, row.get(1)?)))
}

fn one(
    connection: &Connection,
    account: &AccountId,
    id: FileId,
) -> Result<Option<StoredFile>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT facts, text, content, created_at, is_used \
         FROM files JOIN file_contents USING (account_id, file_id) \
         WHERE account_id = ?1 AND file_id = ?2",
    )?;
    let mut rows = statement.query([account.as_str(), &id.to_string()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(StoredFile {
        facts: from_json("a file", row.get_ref(0)?.as_str()?)?,
        text: row.get(1)?,
        content: row.get(2)?,
        created_at: time(row.get(3)?)?,
        is_used: row.get(4)?,
    }))
}

fn part(
    connection: &Connection,
    account: &AccountId,
    id: FileId,
    from: u64,
    bytes: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<i64> = connection
        .prepare_cached("SELECT rowid FROM file_contents WHERE account_id = ?1 AND file_id = ?2")?
        .query_row([account.as_str(), &id.to_string()], |row| row.get(0))
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    // `substr` would read all of it for each part.
    let content = connection.blob_open("main", "file_contents", "content", row, true)?;
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(content.len());
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(content.len() - from);
    let mut part = vec![0; bytes];
    if bytes > 0 {
        content.read_at_exact(&mut part, from)?;
    }
    Ok(Some(part))
}

fn facts(
    connection: &Connection,
    account: &AccountId,
    ids: &[FileId],
) -> Result<Vec<FileFacts>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT facts FROM files WHERE account_id = ?1 AND file_id = ?2")?;
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids {
        let mut rows = statement.query([account.as_str(), &id.to_string()])?;
        if let Some(row) = rows.next()? {
            found.push(from_json("a file", row.get_ref(0)?.as_str()?)?);
        }
    }
    Ok(found)
}

fn list(
    connection: &Connection,
    account: &AccountId,
    after: Option<FileId>,
    limit: u32,
) -> Result<Vec<FileId>, StoreError> {
    // No id is empty, so all of them are after the empty one.
    let after = after.map_or_else(String::new, |after| after.to_string());
    let mut statement = connection.prepare_cached(
        "SELECT file_id FROM files WHERE account_id = ?1 AND file_id > ?2 \
         ORDER BY file_id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![account.as_str(), after, limit])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(parse("a file's id", row.get_ref(0)?.as_str()?)?);
    }
    Ok(ids)
}

fn remove(
    transaction: &Connection,
    account: &AccountId,
    id: FileId,
) -> Result<FileRemoved, StoreError> {
    let id = id.to_string();
    let removed = transaction
        .prepare_cached("DELETE FROM files WHERE account_id = ?1 AND file_id = ?2 AND is_used = 0")?
        .execute([account.as_str(), &id])?;
    if removed > 0 {
        transaction
            .prepare_cached("DELETE FROM file_contents WHERE account_id = ?1 AND file_id = ?2")?
            .execute([account.as_str(), &id])?;
        return Ok(FileRemoved::Removed);
    }
    let is_there = transaction
        .prepare_cached("SELECT 1 FROM files WHERE account_id = ?1 AND file_id = ?2")?
        .exists([account.as_str(), &id])?;
    Ok(if is_there { FileRemoved::Used } else { FileRemoved::Unknown })
}

fn forget(transaction: &Connection, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let mut statement = transaction.prepare_cached(
        "DELETE FROM files WHERE rowid IN (SELECT rowid FROM files \
         WHERE is_used = 0 AND created_at <= ?1 LIMIT ?2) RETURNING account_id, file_id",
    )?;
    let mut rows = statement.query(params![before.as_millis(), limit])?;
    let mut forgotten: Vec<(String, String)> = Vec::new();
    while let Some(row) = rows.next()? {
        forgotten.push((row.get(0)?, row.get(1)?));
    }
    let mut contents = transaction
        .prepare_cached("DELETE FROM file_contents WHERE account_id = ?1 AND file_id = ?2")?;
    for (account, id) in &forgotten {
        contents.execute([account, id])?;
    }
    Ok(u32::try_from(forgotten.len()).unwrap_or(u32::MAX))
}

#[async_trait]
impl FileStore for SqliteStore {
    async fn add_file(
        &self,
        account: &AccountId,
        file: StoredFile,
        room: FileRoom,
    ) -> Result<FileAdded, StoreError> {
        check::file(&file)?;
        let account = account.clone();
        self.write(move |transaction| add(transaction, &account, &file, room)).await
    }

    async fn file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<StoredFile>, StoreError> {
        let account = account.clone();
        self.read(move |connection| one(connection, &account, id)).await
    }

    async fn document(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<Option<(FileFacts, String)>, StoreError> {
        let account = account.clone();
        self.read(move |connection| document(connection, &account, id)).await
    }

    async fn files_kept(&self, account: &AccountId) -> Result<FilesKept, StoreError> {
        let account = account.clone();
        self.read(move |connection| kept(connection, &account)).await
    }

    async fn all_files_bytes(&self) -> Result<u64, StoreError> {
        self.read(all_bytes).await
    }

    async fn file_part(
        &self,
        account: &AccountId,
        id: FileId,
        from: u64,
        bytes: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        check::limit("bytes of a file's part", bytes, FILE_PART_BYTES_MAX)?;
        let account = account.clone();
        self.read(move |connection| part(connection, &account, id, from, bytes)).await
    }

    async fn file_facts(
        &self,
        account: &AccountId,
        ids: &[FileId],
    ) -> Result<Vec<FileFacts>, StoreError> {
        check::files_of_message(ids.len())?;
        let (account, ids) = (account.clone(), ids.to_vec());
        self.read(move |connection| facts(connection, &account, &ids)).await
    }

    async fn files(
        &self,
        account: &AccountId,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<FileId>, StoreError> {
        check::limit("files", limit, FILES_MAX)?;
        let account = account.clone();
        self.read(move |connection| list(connection, &account, after, limit)).await
    }

    async fn remove_file(
        &self,
        account: &AccountId,
        id: FileId,
    ) -> Result<FileRemoved, StoreError> {
        let account = account.clone();
        self.write(move |transaction| remove(transaction, &account, id)).await
    }

    async fn forget_files(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("files", limit, FILES_MAX)?;
        self.write(move |transaction| forget(transaction, before, limit)).await
    }
}
