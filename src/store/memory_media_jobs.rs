//! Jobs that make files, in memory.

use crate::check;
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::files::{FileFacts, FileId, StoredFile};
use crate::limits::{JOBS_MAX, MADE_MAX};
use crate::media_jobs::{JobKey, Made, MediaJob, MediaStore};
use crate::memory::{Kept, MemoryStore};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::collections::BTreeMap;

/// The jobs of one account, by action and leg.
pub(crate) type Jobs = BTreeMap<(ActionId, u32), MediaJob>;

fn of(key: &JobKey) -> (ActionId, u32) {
    (key.action_id.clone(), key.leg)
}

impl Kept {
    fn deliver(&mut self, key: &JobKey, files: Vec<StoredFile>) -> bool {
        let answer = (key.action_id.clone(), Some(key.leg));
        let Some((conversation, message)) = self.messages.get_mut(&answer) else { return false };
        message.files = files.iter().map(|file| file.facts.clone()).collect();
        for file in files {
            self.file_uses.insert((*conversation, file.facts.file_id));
            let file = StoredFile { is_used: true, ..file };
            self.files.entry(file.facts.file_id).or_insert(file);
        }
        true
    }

    fn remove_made(&mut self, key: &JobKey, id: FileId) -> bool {
        let answer = (key.action_id.clone(), Some(key.leg));
        let Some((conversation, message)) = self.messages.get_mut(&answer) else { return false };
        let is_it = |facts: &FileFacts| facts.file_id == id;
        if !message.files.iter().any(is_it) {
            return false;
        }
        message.files.retain(|facts| !is_it(facts));
        self.file_uses.remove(&(*conversation, id));
        if !self.file_uses.iter().any(|(_, file)| *file == id) {
            self.files.remove(&id);
        }
        true
    }

    fn made(&self, before: Option<&MessagePlace>, limit: usize) -> Vec<Made> {
        let mut made: Vec<(MessagePlace, Made)> = Vec::new();
        for ((action_id, leg), (conversation_id, message)) in &self.messages {
            if leg.is_none()
                || message.files.is_empty()
                || self.deleted.contains_key(conversation_id)
            {
                continue;
            }
            let (created_at, action_id) = (message.created_at, action_id.clone());
            let prompt = self.messages.get(&(action_id.clone(), None));
            let prompt = prompt.map(|(_, asked)| asked.text.clone()).unwrap_or_default();
            let (conversation_id, message) = (*conversation_id, message.clone());
            let place = MessagePlace { created_at, action_id, leg: *leg };
            made.push((place, Made { conversation_id, message, prompt }));
        }
        made.retain(|(place, _)| before.is_none_or(|before| place < before));
        made.sort_by(|(one, _), (other, _)| other.cmp(one));
        made.into_iter().take(limit).map(|(_, made)| made).collect()
    }
}

#[async_trait]
impl MediaStore for MemoryStore {
    async fn add_job(&self, job: MediaJob) -> Result<(), StoreError> {
        check::job(job.provider_job.as_deref())?;
        self.with_account(&job.key.account.clone(), |kept| {
            kept.jobs.entry(of(&job.key)).or_insert(job);
        });
        Ok(())
    }

    async fn name_job(&self, key: &JobKey, name: String) -> Result<Option<MediaJob>, StoreError> {
        check::job(Some(&name))?;
        Ok(self.with_account(&key.account, |kept| {
            let job = kept.jobs.get_mut(&of(key))?;
            job.provider_job.get_or_insert(name);
            Some(job.clone())
        }))
    }

    async fn keep_job(
        &self,
        key: &JobKey,
        until: Timestamp,
    ) -> Result<Option<MediaJob>, StoreError> {
        Ok(self.with_account(&key.account, |kept| {
            let job = kept.jobs.get_mut(&of(key))?;
            job.held_until = until;
            Some(job.clone())
        }))
    }

    async fn take_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        let limit = check::limit("jobs", limit, JOBS_MAX)?;
        Ok(self.with_all_accounts(|accounts| {
            let jobs = accounts.values_mut().flat_map(|kept| kept.jobs.values_mut());
            let free = jobs.filter(|job| job.held_until <= now).take(limit);
            let taken = free.map(|job| {
                job.held_until = until;
                job.clone()
            });
            taken.collect()
        }))
    }

    async fn stop_jobs(
        &self,
        account: &AccountId,
        action_id: &ActionId,
        leg: Option<u32>,
    ) -> Result<u32, StoreError> {
        Ok(self.with_account(account, |kept| {
            let jobs = kept.jobs.values_mut().filter(|job| job.key.action_id == *action_id);
            let meant = jobs.filter(|job| leg.is_none_or(|leg| leg == job.key.leg));
            let stopped = meant.map(|job| job.is_stopped = true).count();
            u32::try_from(stopped).unwrap_or(u32::MAX)
        }))
    }

    async fn end_job(&self, key: &JobKey) -> Result<(), StoreError> {
        self.with_account(&key.account, |kept| drop(kept.jobs.remove(&of(key))));
        Ok(())
    }

    async fn jobs(
        &self,
        account: &AccountId,
        after: Option<&JobKey>,
        limit: u32,
    ) -> Result<Vec<MediaJob>, StoreError> {
        let limit = check::limit("jobs", limit, JOBS_MAX)?;
        let after = after.map(of);
        Ok(self.with_account(account, |kept| {
            let all = kept.jobs.iter();
            let later = all.filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
            later.take(limit).map(|(_, job)| job.clone()).collect()
        }))
    }

    async fn deliver(&self, key: &JobKey, files: Vec<StoredFile>) -> Result<bool, StoreError> {
        check::made(&files)?;
        Ok(self.with_account(&key.account, |kept| kept.deliver(key, files)))
    }

    async fn made(
        &self,
        account: &AccountId,
        before: Option<&MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Made>, StoreError> {
        let limit = check::limit("answers that made something", limit, MADE_MAX)?;
        Ok(self.with_account(account, |kept| kept.made(before, limit)))
    }

    async fn remove_made(&self, key: &JobKey, file: FileId) -> Result<bool, StoreError> {
        Ok(self.with_account(&key.account, |kept| kept.remove_made(key, file)))
    }
}
