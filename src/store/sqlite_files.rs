//! Files in SQLite.

use crate::check;
use crate::error::StoreError;
use crate::files::{FileAdded, FileFacts, FileId, FileRemoved, FileRoom, FileStore, StoredFile};
use crate::limits::{FILE_PART_BYTES_MAX, FILES_MAX};
use crate::sqlite::SqliteStore;
use crate::values::{from_json, parse, time, to_json};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Says that a message has them; those that are not there stay away.
pub(crate) fn mark_used(
    transaction: &Connection,
    account: &AccountId,
    sent: &[FileFacts],
) -> Result<(), StoreError> {
    for facts in sent {
        transaction
            .prepare_cached(
                "UPDATE files SET is_used = 1 \
                 WHERE account_id = ?1 AND file_id = ?2 AND is_used = 0",
            )?
            .execute([account.as_str(), &facts.file_id.to_string()])?;
    }
    Ok(())
}

fn add(
    transaction: &Connection,
    account: &AccountId,
    file: &StoredFile,
    room: FileRoom,
) -> Result<FileAdded, StoreError> {
    let id = file.facts.file_id.to_string();
    let there: Option<(bool, String)> = transaction
        .prepare_cached(
            "SELECT content = ?3, facts FROM files WHERE account_id = ?1 AND file_id = ?2",
        )?
        .query_row(params![account.as_str(), id, file.content], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((is_same, facts)) = there {
        return Ok(match is_same {
            true => FileAdded::Same(Box::new(from_json("a file", &facts)?)),
            false => FileAdded::Differs,
        });
    }
    let (unused, bytes): (u64, u64) = transaction
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE is_used = 0), coalesce(sum(bytes), 0) FROM files \
             WHERE account_id = ?1",
        )?
        .query_row([account.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Err(refused) = room.admits(unused, bytes, file.facts.bytes) {
        return Ok(refused);
    }
    transaction
        .prepare_cached(
            "INSERT INTO files (account_id, file_id, bytes, is_used, created_at, facts, text, \
             content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            account.as_str(),
            id,
            file.facts.bytes,
            file.is_used,
            file.created_at.as_millis(),
            to_json("a file", &file.facts)?,
            file.text,
            file.content,
        ])?;
    Ok(FileAdded::Added)
}

fn one(
    connection: &Connection,
    account: &AccountId,
    id: FileId,
) -> Result<Option<StoredFile>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT facts, text, content, created_at, is_used FROM files \
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
    // Bytes are counted from one. No file is so long that this is not exact.
    let from = i64::try_from(from).unwrap_or(i64::MAX).saturating_add(1);
    let part = connection
        .prepare_cached(
            "SELECT substr(content, ?3, ?4) FROM files WHERE account_id = ?1 AND file_id = ?2",
        )?
        .query_row(params![account.as_str(), id.to_string(), from, bytes], |row| row.get(0))
        .optional()?;
    Ok(part)
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
        return Ok(FileRemoved::Removed);
    }
    let is_there = transaction
        .prepare_cached("SELECT 1 FROM files WHERE account_id = ?1 AND file_id = ?2")?
        .exists([account.as_str(), &id])?;
    Ok(if is_there { FileRemoved::Used } else { FileRemoved::Unknown })
}

fn forget(transaction: &Connection, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let forgotten = transaction
        .prepare_cached(
            "DELETE FROM files WHERE rowid IN (SELECT rowid FROM files \
             WHERE is_used = 0 AND created_at <= ?1 LIMIT ?2)",
        )?
        .execute(params![before.as_millis(), limit])?;
    Ok(u32::try_from(forgotten).unwrap_or(u32::MAX))
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
