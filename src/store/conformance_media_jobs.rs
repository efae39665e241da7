//! Cases: jobs that make files, and what they made.

use crate::chat::{Author, ChatWrite, Conversation, Message, MessageStatus};
use crate::conversations::MessagePlace;
use crate::error::StoreError;
use crate::files::{FileContent, FileFacts, FileId, StoredFile};
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, conversation, credits,
};
use crate::limits::{JOB_BYTES_MAX, JOBS_MAX, MADE_MAX, MESSAGE_FILES_MAX};
use crate::media_jobs::{JobKey, MediaJob};
use crate::memory::MemoryStore;
use crate::migrate::migrate;
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

fn key(of: u64, number: u64, leg: u32) -> Result<JobKey, Failure> {
    Ok(JobKey { account: account(of)?, action_id: action(number)?, leg })
}

fn job(key: &JobKey, held_until: u32) -> MediaJob {
    MediaJob {
        key: key.clone(),
        provider_job: None,
        bytes_max: 1 << 40,
        is_stopped: false,
        held_until: at(held_until),
        created_at: at(1),
    }
}

fn file_id(number: u128) -> FileId {
    FileId(Uuid::from_u128(number))
}

fn made(number: u128, content: &[u8]) -> StoredFile {
    StoredFile {
        facts: FileFacts {
            file_id: file_id(number),
            name: "a fox.glb".to_owned(),
            media_type: "model/gltf-binary".to_owned(),
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: format!("{number:064x}"),
            content: FileContent::ThreeD { triangles: 12 },
        },
        text: None,
        content: content.to_vec(),
        created_at: at(5),
        is_used: true,
    }
}

/// What was asked at a time, and an answer of each leg that runs.
fn asked(talk: u128, number: u64, seconds: u32, legs: u32) -> Result<ChatWrite, Failure> {
    let message = |author, status| -> Result<Message, Failure> {
        Ok(Message {
            action_id: action(number)?,
            author,
            text: String::new(),
            status,
            charge: None,
            tokens: BTreeMap::new(),
            created_at: at(seconds),
            files: Vec::new(),
            steps: Vec::new(),
        })
    };
    let mut messages = vec![message(Author::User, MessageStatus::Sent)?];
    for message in &mut messages {
        message.text = format!("paint \u{1f98a} {number}");
    }
    for leg in 0..legs {
        let author = Author::Assistant { leg, model: "lite".parse()? };
        messages.push(message(author, MessageStatus::Running)?);
    }
    let talk =
        Conversation { id: conversation(talk), title: String::new(), updated_at: at(seconds) };
    Ok(ChatWrite::Append { conversation: talk, messages })
}

/// A job is there until it ends; its first name stays, and so does a Stop.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_job_is_there_until_it_ends(store: Arc<dyn Store>) -> Outcome {
    let (first, second) = (key(1, 1, 0)?, key(1, 1, 1)?);
    assert_eq!(store.keep_job(&first, at(9)).await?, None);
    for key in [&first, &second, &key(2, 1, 0)?] {
        store.add_job(job(key, 10)).await?;
    }
    // What is there stays.
    store.add_job(MediaJob { bytes_max: 1, ..job(&first, 99) }).await?;
    assert_eq!(store.jobs(&account(1)?, None, 10).await?, [job(&first, 10), job(&second, 10)]);
    assert_eq!(store.jobs(&account(1)?, Some(&first), 10).await?, [job(&second, 10)]);
    assert_eq!(store.jobs(&account(1)?, None, 1).await?, [job(&first, 10)]);

    let named = MediaJob { provider_job: Some("\u{1f98a}".to_owned()), ..job(&first, 10) };
    assert_eq!(store.name_job(&first, "\u{1f98a}".to_owned()).await?, Some(named.clone()));
    assert_eq!(store.name_job(&first, "other".to_owned()).await?, Some(named.clone()));
    let kept = MediaJob { held_until: at(20), ..named };
    assert_eq!(store.keep_job(&first, at(20)).await?, Some(kept.clone()));

    let id = account(1)?;
    assert_eq!(store.stop_jobs(&id, &action(2)?, None).await?, 0);
    assert_eq!(store.stop_jobs(&id, &action(1)?, Some(0)).await?, 1);
    let stopped = MediaJob { is_stopped: true, ..kept };
    assert_eq!(store.jobs(&id, None, 10).await?, [stopped, job(&second, 10)]);
    assert_eq!(store.stop_jobs(&id, &action(1)?, None).await?, 2);

    store.end_job(&first).await?;
    store.end_job(&first).await?;
    assert_eq!(store.name_job(&first, "late".to_owned()).await?, None);
    assert_eq!(store.keep_job(&first, at(99)).await?, None);
    assert_eq!(store.jobs(&id, None, 10).await?.len(), 1);
    assert_eq!(store.jobs(&account(2)?, None, 10).await?, [job(&key(2, 1, 0)?, 10)]);
    Ok(())
}

/// A job that nobody has goes to one of all who take at once.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_job_that_nobody_has_is_taken_once(store: Arc<dyn Store>) -> Outcome {
    for number in 1..=4 {
        store.add_job(job(&key(number, number, 0)?, 10)).await?;
    }
    assert_eq!(store.take_jobs(at(9), at(30), JOBS_MAX).await?, [], "somebody has them");
    assert_eq!(store.take_jobs(at(10), at(30), 1).await?.len(), 1);
    let mut takers = JoinSet::new();
    for _ in 0..4 {
        let store = Arc::clone(&store);
        takers.spawn(async move { store.take_jobs(at(10), at(30), JOBS_MAX).await });
    }
    let mut taken = Vec::new();
    while let Some(some) = takers.join_next().await {
        taken.extend(some??);
    }
    assert_eq!(taken.len(), 3, "{taken:?}");
    assert!(taken.iter().all(|job| job.held_until == at(30)));
    taken.sort_by(|one, other| one.key.cmp(&other.key));
    taken.dedup_by(|one, other| one.key == other.key);
    assert_eq!(taken.len(), 3, "one was taken twice");
    assert_eq!(store.take_jobs(at(29), at(60), JOBS_MAX).await?, []);
    assert_eq!(store.take_jobs(at(30), at(60), JOBS_MAX).await?.len(), 4);
    Ok(())
}

/// What was made belongs to its answer, and goes with its conversation.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_was_made_belongs_to_its_answer(store: Arc<dyn Store>) -> Outcome {
    let (id, first) = (account(1)?, key(1, 1, 0)?);
    assert!(!store.deliver(&first, vec![made(1, b"a")]).await?, "nobody asked for it");
    assert_eq!(store.file(&id, file_id(1)).await?, None);

    store.write_chat(&id, vec![asked(1, 1, 1, 2)?, asked(2, 2, 2, 1)?]).await?;
    let files = vec![made(2, b"two"), made(1, b"one")];
    for _ in 0..2 {
        assert!(store.deliver(&first, files.clone()).await?);
    }
    assert_eq!(store.file(&id, file_id(2)).await?.as_ref(), files.first());
    let chat = store.action_chat(&id, &action(1)?).await?.ok_or("the action is there")?;
    let facts: Vec<FileFacts> = files.iter().map(|file| file.facts.clone()).collect();
    assert_eq!(chat.messages.get(1).map(|message| &message.files), Some(&facts), "in their order");
    assert_eq!(chat.messages.get(2).map(|message| message.files.len()), Some(0));
    assert_eq!(store.files_kept(&id).await?.bytes, 6);
    assert_eq!(store.files_kept(&id).await?.unused, 0);
    assert_eq!(store.forget_files(at(100), 10).await?, 0);

    store.deliver(&key(1, 2, 0)?, vec![made(3, b"three")]).await?;
    store.delete_conversation(&id, conversation(1), at(10)).await?;
    while store.forget_conversations(at(10), 1).await? > 0 {}
    assert_eq!(store.file(&id, file_id(1)).await?, None);
    assert!(!store.deliver(&first, files).await?, "its conversation is forgotten");
    assert_eq!(store.files_kept(&id).await?.bytes, 5);
    Ok(())
}

/// All that was made is listed, the last first; what is removed is gone from its answer too.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_was_made_is_listed_and_removed(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    store.write_chat(&id, vec![asked(1, 1, 1, 2)?, asked(2, 2, 2, 1)?, asked(3, 3, 3, 1)?]).await?;
    let keys = [key(1, 1, 0)?, key(1, 1, 1)?, key(1, 2, 0)?];
    for (key, file) in keys.iter().zip([1, 3, 5]) {
        store.deliver(key, vec![made(file, b"a"), made(file + 1, b"bc")]).await?;
    }
    let all = store.made(&id, None, MADE_MAX).await?;
    let listed: Vec<_> =
        all.iter().map(|made| (made.prompt.as_str(), made.message.author.leg())).collect();
    let (one, two) = ("paint \u{1f98a} 1", "paint \u{1f98a} 2");
    assert_eq!(listed, [(two, Some(0)), (one, Some(1)), (one, Some(0))]);
    assert_eq!(all.first().map(|made| made.conversation_id), Some(conversation(2)));
    assert_eq!(all.first().map(|made| made.message.files.len()), Some(2));
    let place = MessagePlace { created_at: at(1), action_id: action(1)?, leg: Some(1) };
    assert_eq!(store.made(&id, Some(&place), 10).await?.as_slice(), all.get(2..).unwrap_or(&[]));
    assert_eq!(store.made(&id, None, 1).await?.as_slice(), all.get(..1).unwrap_or(&[]));
    assert_eq!(store.made(&account(2)?, None, 10).await?, []);

    let [first, ..] = &keys;
    assert!(!store.remove_made(first, file_id(3)).await?, "of another answer");
    assert!(store.file(&id, file_id(3)).await?.is_some());
    assert!(store.remove_made(first, file_id(1)).await?);
    assert!(!store.remove_made(first, file_id(1)).await?, "twice");
    assert_eq!(store.file(&id, file_id(1)).await?, None);
    let left = store.made(&id, Some(&place), 10).await?;
    let left = left.first().map(|made| made.message.files.clone());
    assert_eq!(left, Some(vec![made(2, b"bc").facts]));
    assert!(store.remove_made(first, file_id(2)).await?);
    assert_eq!(store.made(&id, Some(&place), 10).await?, [], "nothing is left of it");
    store.delete_conversation(&id, conversation(2), at(9)).await?;
    assert_eq!(store.made(&id, None, 10).await?.len(), 1);
    Ok(())
}

/// No job and no list is longer than the limits say.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn jobs_have_limits(store: Arc<dyn Store>) -> Outcome {
    let first = key(1, 1, 0)?;
    store.add_job(job(&first, 1)).await?;
    let long = "a".repeat(JOB_BYTES_MAX + 1);
    let files: Vec<StoredFile> = (0..=MESSAGE_FILES_MAX).map(|_| made(1, b"a")).collect();
    let over = [
        store.name_job(&first, long).await.map(drop),
        store.take_jobs(at(0), at(0), JOBS_MAX + 1).await.map(drop),
        store.jobs(&account(1)?, None, JOBS_MAX + 1).await.map(drop),
        store.made(&account(1)?, None, MADE_MAX + 1).await.map(drop),
        store.deliver(&first, files).await.map(drop),
    ];
    for refused in over {
        assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    }
    let refused = store.name_job(&first, "\0".to_owned()).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    Ok(())
}

/// A copy has the jobs that have not ended, and what others made.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_copy_has_jobs_and_what_they_made(store: Arc<dyn Store>) -> Outcome {
    let source = Desk::new(Arc::new(MemoryStore::new()))?;
    let (from, id) = (source.store(), account(1)?);
    source.run(&id, Command::grant(action(9)?, credits(1), None)).await?;
    from.write_chat(&id, vec![asked(1, 1, 1, 2)?]).await?;
    from.deliver(&key(1, 1, 0)?, vec![made(1, b"one")]).await?;
    from.add_job(job(&key(1, 1, 1)?, 7)).await?;
    migrate(from, store.as_ref(), false, |_| {}).await?;
    assert_eq!(store.made(&id, None, 10).await?, from.made(&id, None, 10).await?);
    assert_eq!(store.file(&id, file_id(1)).await?, from.file(&id, file_id(1)).await?);
    assert_eq!(store.jobs(&id, None, 10).await?, from.jobs(&id, None, 10).await?);
    Ok(())
}
