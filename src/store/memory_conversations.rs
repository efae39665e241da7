//! What happens to conversations in memory after they were written.

use crate::chat::ConversationId;
use crate::check;
use crate::conversations::{ConversationStore, MessagePlace};
use crate::error::StoreError;
use crate::files::FileId;
use crate::limits::{FORGET_MAX, TEXTS_MAX};
use crate::memory::{Kept, MemoryStore};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;

impl Kept {
    /// Forgets a part of a deleted conversation, and says how many rows that were.
    fn forget(&mut self, id: ConversationId, limit: usize) -> usize {
        let uses = self.file_uses.iter().filter(|(conversation, _)| *conversation == id);
        let taken: Vec<(ConversationId, FileId)> = uses.take(limit).copied().collect();
        for one in &taken {
            self.file_uses.remove(one);
            let is_elsewhere = self.file_uses.iter().any(|(_, file)| *file == one.1);
            if !is_elsewhere && self.files.get(&one.1).is_some_and(|file| file.is_used) {
                self.files.remove(&one.1);
            }
        }
        let messages = self.messages.iter().filter(|(_, (conversation, _))| *conversation == id);
        let gone: Vec<(ActionId, Option<u32>)> =
            messages.take(limit).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.messages.remove(key);
        }
        let has_messages = self.messages.values().any(|(conversation, _)| *conversation == id);
        let has_files = self.file_uses.iter().any(|(conversation, _)| *conversation == id);
        let mut rows = taken.len().saturating_add(gone.len());
        if !has_messages && !has_files {
            self.conversations.remove(&id);
            self.deleted.remove(&id);
            rows = rows.saturating_add(1);
        }
        rows
    }
}

#[async_trait]
impl ConversationStore for MemoryStore {
    async fn rename_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        title: String,
    ) -> Result<bool, StoreError> {
        check::title(&title)?;
        Ok(self.with_account(account, |kept| {
            if kept.deleted.contains_key(&id) {
                return false;
            }
            kept.conversations.get_mut(&id).map(|one| one.title = title).is_some()
        }))
    }

    async fn delete_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.with_account(account, |kept| {
            let is_there = kept.conversations.contains_key(&id);
            is_there.then(|| *kept.deleted.entry(id).or_insert(now))
        }))
    }

    async fn restore_conversation(
        &self,
        account: &AccountId,
        id: ConversationId,
        after: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.with_account(account, |kept| {
            if kept.deleted.get(&id).is_some_and(|deleted_at| *deleted_at > after) {
                kept.deleted.remove(&id);
            }
            kept.conversations.contains_key(&id) && !kept.deleted.contains_key(&id)
        }))
    }

    async fn is_deleted(
        &self,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<bool, StoreError> {
        Ok(self.with_account(account, |kept| kept.deleted.contains_key(&id)))
    }

    async fn forget_conversations(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let limit = check::limit("rows of a deleted conversation", limit, FORGET_MAX)?;
        let rows = self.with_all_accounts(|accounts| {
            let all = accounts.iter().flat_map(|(account, kept)| {
                kept.deleted.iter().map(move |(id, at)| (*at, account.clone(), *id))
            });
            let (_, account, id) = all.filter(|(at, ..)| *at <= before).min()?;
            accounts.get_mut(&account).map(|kept| kept.forget(id, limit))
        });
        Ok(u32::try_from(rows.unwrap_or(0)).unwrap_or(u32::MAX))
    }

    async fn texts(
        &self,
        account: &AccountId,
        id: ConversationId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<(MessagePlace, String)>, StoreError> {
        let limit = check::limit("texts", limit, TEXTS_MAX)?;
        Ok(self.with_account(account, |kept| {
            if kept.deleted.contains_key(&id) {
                return Vec::new();
            }
            let placed = kept.messages(id).into_iter().rev().map(|message| {
                let place = MessagePlace {
                    created_at: message.created_at,
                    action_id: message.action_id.clone(),
                    leg: message.author.leg(),
                };
                (place, message.text.clone())
            });
            let earlier = placed.filter(|(place, _)| before.is_none_or(|before| place < before));
            earlier.take(limit).collect()
        }))
    }
}
