//! Cases: files that people attach.

use crate::chat::{Author, ChatWrite, Conversation, Message, MessageStatus};
use crate::conformance_lane::{Gate, queued};
use crate::error::StoreError;
use crate::files::{
    FileAdded, FileContent, FileFacts, FileId, FileRemoved, FileRoom, FilesKept, StoredFile,
};
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, book, conversation, credits,
};
use crate::ledger::LedgerCommand;
use crate::limits::{FILE_BYTES_MAX, FILE_PART_BYTES_MAX, FILES_MAX, MESSAGE_FILES_MAX};
use crate::store::{Commit, CommitOutcome, Store};
use kumari_engine::account::{Account, Change};
use kumari_engine::encoding::TokenKind;
use kumari_engine::id::AccountId;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// A file is there with all of it, under its id and its account; what is there already stays.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_file_comes_back_as_it_was_put_there(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    let (text, seen) = (document(1, "a\u{0}b \u{1f980}"), picture(2, &[0, 255, 7]));
    assert_eq!(store.file(&id, file_id(1)).await?, None);
    assert_eq!(store.all_files_bytes().await?, 0);
    for file in [&text, &seen] {
        let added = store.add_file(&id, file.clone(), FileRoom::ANY).await?;
        assert_eq!(added, FileAdded::Added);
        assert_eq!(store.file(&id, file.facts.file_id).await?.as_ref(), Some(file));
    }
    for (from, bytes, expected) in
        [(0, 3, &[0, 255, 7][..]), (1, 1, &[255]), (2, 9, &[7]), (3, 9, &[]), (u64::MAX, 9, &[])]
    {
        let part = store.file_part(&id, file_id(2), from, bytes).await?;
        assert_eq!(part.as_deref(), Some(expected), "{bytes} from {from}");
    }
    let read = store.document(&id, file_id(1)).await?;
    assert_eq!(read, Some((text.facts.clone(), "a\u{0}b \u{1f980}".to_owned())));
    for (account, file) in [(&id, 2), (&id, 9), (&other, 1)] {
        assert_eq!(store.document(account, file_id(file)).await?, None);
    }
    // The bytes of the text are kept twice: as they came, and as they were read.
    let kept = FilesKept { unused: 2, bytes: 8 + 8 + 3 };
    assert_eq!(store.files_kept(&id).await?, kept);
    assert_eq!(store.files_kept(&other).await?, FilesKept::default());
    assert_eq!(store.all_files_bytes().await?, kept.bytes);
    assert_eq!(store.file_part(&id, file_id(9), 0, 1).await?, None);
    assert_eq!(store.file_part(&other, file_id(2), 0, 1).await?, None);
    // The same bytes again, whatever else is said of them; and other bytes.
    let mut named = text.clone();
    named.facts.name = "other".to_owned();
    let again = store.add_file(&id, named, FileRoom::ANY).await?;
    assert_eq!(again, FileAdded::Same(Box::new(text.facts.clone())));
    let changed = store.add_file(&id, document(1, "longer"), FileRoom::ANY).await?;
    assert_eq!(changed, FileAdded::Differs);
    assert_eq!(store.file(&id, file_id(1)).await?, Some(text.clone()));

    // Another account may use the same id, and sees nothing of this one's.
    assert_eq!(store.file(&other, file_id(1)).await?, None);
    assert_eq!(store.file_facts(&other, &[file_id(1)]).await?, []);
    assert_eq!(store.remove_file(&other, file_id(1)).await?, FileRemoved::Unknown);
    let theirs = store.add_file(&other, picture(1, &[1]), FileRoom::ANY).await?;
    assert_eq!(theirs, FileAdded::Added);
    assert_eq!(store.all_files_bytes().await?, kept.bytes.saturating_add(1), "of all accounts");

    let wanted = [file_id(2), file_id(9), file_id(1), file_id(2)];
    let facts = store.file_facts(&id, &wanted).await?;
    assert_eq!(facts, [text.facts, seen.facts]);
    assert_eq!(store.files(&id, None, 10).await?, [file_id(1), file_id(2)]);
    assert_eq!(store.files(&id, None, 1).await?, [file_id(1)]);
    assert_eq!(store.files(&id, Some(file_id(1)), 10).await?, [file_id(2)]);

    assert_eq!(store.remove_file(&id, file_id(1)).await?, FileRemoved::Removed);
    assert_eq!(store.remove_file(&id, file_id(1)).await?, FileRemoved::Unknown);
    assert_eq!(store.files(&id, None, 10).await?, [file_id(2)]);
    assert_eq!(store.files(&other, None, 10).await?, [file_id(1)]);
    assert_eq!(store.all_files_bytes().await?, 4, "what is removed is not there");
    Ok(())
}

/// An account has so many files that no message has, and so many bytes, also where all come at once.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn files_are_added_while_there_is_room(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    let room = FileRoom { unused_max: 3, bytes_max: 1_000 };
    let mut adding = JoinSet::new();
    for number in 0..12 {
        let (store, id) = (Arc::clone(&store), id.clone());
        adding.spawn(async move { store.add_file(&id, picture(number, &[7; 100]), room).await });
    }
    let mut added = 0_usize;
    while let Some(one) = adding.join_next().await {
        let one = one??;
        assert!(matches!(one, FileAdded::Added | FileAdded::TooMany), "{one:?}");
        added = added.saturating_add(usize::from(one == FileAdded::Added));
    }
    assert_eq!((added, store.files(&id, None, 100).await?.len()), (3, 3));
    // What is there already needs no room.
    let first = store.files(&id, None, 1).await?.pop().ok_or("no file")?;
    let there = store.file(&id, first).await?.ok_or("no file")?;
    let facts = Box::new(there.facts.clone());
    assert_eq!(store.add_file(&id, there.clone(), room).await?, FileAdded::Same(facts));

    // A message makes room for more of them, and none for more bytes.
    send(&store, &id, 1, &[&there]).await?;
    let large = store.add_file(&id, picture(20, &[7; 701]), room).await?;
    assert_eq!(large, FileAdded::Full);
    assert_eq!(store.add_file(&id, picture(20, &[7; 700]), room).await?, FileAdded::Added);
    assert_eq!(store.add_file(&id, picture(21, &[]), room).await?, FileAdded::TooMany);
    assert_eq!(store.remove_file(&id, file_id(20)).await?, FileRemoved::Removed);
    assert_eq!(store.add_file(&id, picture(21, &[]), room).await?, FileAdded::Added);
    let elsewhere = store.add_file(&account(2)?, picture(20, &[7; 701]), room).await?;
    assert_eq!(elsewhere, FileAdded::Added);
    Ok(())
}

/// A file stays as long as a message has it; without one it is forgotten.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_message_keeps_its_files(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    let files = [document(1, "sent"), picture(2, b"sent"), picture(3, b"not"), picture(4, b"new")];
    for file in &files {
        store.add_file(&id, file.clone(), FileRoom::ANY).await?;
    }
    let [text, seen, unsent, new] = &files;
    let new_time = StoredFile { created_at: at(61), ..new.clone() };
    store.remove_file(&id, file_id(4)).await?;
    store.add_file(&id, new_time, FileRoom::ANY).await?;
    store.add_file(&other, picture(1, b"theirs"), FileRoom::ANY).await?;

    // A commit that lost keeps no file; one that won keeps them with its message, in their order.
    let fresh = Account::new(id.clone());
    let commit = |number: u64, files: &[&StoredFile]| -> Result<Commit, Failure> {
        let grant = Command::grant(action(number)?, credits(1), None);
        let change = Arc::new(grant.decide(&book()?, &fresh, at(0))?);
        Ok(Commit::new(&fresh, change, vec![append(number, files)?]))
    };
    assert_eq!(store.commit(vec![commit(1, &[seen, text])?]).await?, [CommitOutcome::Won]);
    assert_eq!(store.commit(vec![commit(2, &[unsent])?]).await?, [CommitOutcome::Lost]);
    let sent = vec![seen.facts.clone(), text.facts.clone()];
    let messages = store.messages(&id, conversation(1), 10).await?;
    assert_eq!(messages.iter().map(|one| &one.files).collect::<Vec<_>>(), [&sent]);
    let chat = store.action_chat(&id, &action(1)?).await?.ok_or("no chat")?;
    assert_eq!(chat.messages, messages);
    let all = store.all_messages(&id, None, 10).await?;
    assert_eq!(all.into_iter().map(|(_, message)| message).collect::<Vec<_>>(), messages);
    assert_eq!(store.remove_file(&id, file_id(1)).await?, FileRemoved::Used);
    assert_eq!(store.remove_file(&id, file_id(2)).await?, FileRemoved::Used);
    assert!(store.file(&id, file_id(2)).await?.is_some_and(|file| file.is_used));
    assert_eq!(store.files_kept(&id).await?.unused, 2);

    // A message may name what is gone: that is no fault.
    send(&store, &id, 3, &[&picture(9, b"gone")]).await?;

    assert_eq!(store.forget_files(at(0), 1).await?, 1);
    assert_eq!(store.forget_files(at(60), 10).await?, 1);
    assert_eq!(store.forget_files(at(60), 10).await?, 0);
    assert_eq!(store.files(&id, None, 10).await?, [file_id(1), file_id(2), file_id(4)]);
    assert_eq!(store.files(&other, None, 10).await?, []);
    assert_eq!(store.forget_files(at(61), 10).await?, 1);
    assert_eq!(store.files(&id, None, 10).await?, [file_id(1), file_id(2)]);
    Ok(())
}

/// A change is not written where a file of its messages is gone, nor is what is committed with it;
/// the ledger refuses that command alone, at whatever place of its account's.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_change_whose_file_is_gone_is_refused_alone(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    let (here, gone) = (picture(1, b"here"), picture(9, b"gone"));
    store.add_file(&id, here.clone(), FileRoom::ANY).await?;
    // Another account's file of that id is none of this one's.
    store.add_file(&other, gone.clone(), FileRoom::ANY).await?;
    let commit = |whose: &AccountId, files: &[&StoredFile]| -> Result<Commit, Failure> {
        let fresh = Account::new(whose.clone());
        let grant = Command::grant(action(1)?, credits(1), None);
        let change = Arc::new(grant.decide(&book()?, &fresh, at(0))?);
        Ok(Commit::new(&fresh, change, vec![append(1, files)?]))
    };
    for group in [
        vec![commit(&id, &[&gone])?],
        vec![commit(&other, &[&gone])?, commit(&id, &[&here, &gone])?],
    ] {
        let refused = store.commit(group).await;
        let is_named = matches!(refused, Err(StoreError::FileGone(id)) if id == file_id(9));
        assert!(is_named, "{refused:?}");
    }
    for whose in [&id, &other] {
        assert_eq!(store.entries(whose, 0, 10).await?, []);
        assert_eq!(store.conversation(whose, conversation(1)).await?, None);
        assert_eq!(store.files_kept(whose).await?.unused, 1, "nothing is taken");
    }

    // All in one group.
    let desk = Desk::with_lanes(Arc::clone(&store), 1)?;
    let gate = Gate::close(&desk, account(9)?)?;
    gate.reached().await;
    let command = |whose: &AccountId, number: u64, files: &[&StoredFile]| {
        let grant = Command::grant(action(number)?, credits(1), None);
        let (rows, book) = (append(number, files)?, Arc::clone(&desk.book));
        let decide = move |account: &Account, now| grant.decide(&book, account, now);
        let chat = move |_: &Change| vec![rows.clone()];
        Ok::<_, Failure>(LedgerCommand::new(whose.clone(), vec![action(number)?], chat, decide))
    };
    let commands = vec![
        command(&id, 1, &[&here])?,
        command(&id, 2, &[&gone])?,
        command(&other, 1, &[&gone])?,
        command(&id, 3, &[&here])?,
    ];
    let batch = queued(desk.ledger.run_all(commands)).await?;
    gate.open().await?;
    let outcomes = batch.await?;
    let done: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, true, true], "{outcomes:?}");
    assert_eq!(store.entries(&id, 0, 10).await?.len(), 2);
    assert_eq!(store.conversation(&id, conversation(2)).await?, None);
    Ok(())
}

/// What is too long or too many is refused.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn files_have_limits(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    let refused = |answer: Result<(), StoreError>| {
        assert!(matches!(answer, Err(StoreError::OverLimit { .. })), "{answer:?}");
    };
    let long = picture(1, &vec![0; FILE_BYTES_MAX.saturating_add(1)]);
    refused(store.add_file(&id, long, FileRoom::ANY).await.map(drop));
    refused(store.files(&id, None, FILES_MAX.saturating_add(1)).await.map(drop));
    refused(store.forget_files(at(0), FILES_MAX.saturating_add(1)).await.map(drop));
    let longer = FILE_PART_BYTES_MAX.saturating_add(1);
    refused(store.file_part(&id, file_id(1), 0, longer).await.map(drop));
    let file = picture(1, b"one");
    let many = vec![file.facts.file_id; MESSAGE_FILES_MAX.saturating_add(1)];
    refused(store.file_facts(&id, &many).await.map(drop));
    let many = vec![&file; MESSAGE_FILES_MAX.saturating_add(1)];
    refused(store.write_chat(&id, vec![append(1, &many)?]).await);
    assert_eq!(store.conversation(&id, conversation(1)).await?, None);
    let lying = StoredFile { content: b"two bytes".to_vec(), ..file };
    let answer = store.add_file(&id, lying, FileRoom::ANY).await;
    assert!(matches!(answer, Err(StoreError::Invalid(_))), "{answer:?}");
    let longest = picture(1, &vec![7; FILE_BYTES_MAX]);
    assert_eq!(store.add_file(&id, longest.clone(), FileRoom::ANY).await?, FileAdded::Added);
    let last = u64::try_from(FILE_BYTES_MAX.saturating_sub(3))?;
    let part = store.file_part(&id, file_id(1), last, FILE_PART_BYTES_MAX).await?;
    assert_eq!(part.as_deref(), Some(&[7; 3][..]));
    assert!(store.file(&id, file_id(1)).await? == Some(longest));
    Ok(())
}

async fn send(
    store: &Arc<dyn Store>,
    id: &AccountId,
    number: u64,
    files: &[&StoredFile],
) -> Outcome {
    Ok(store.write_chat(id, vec![append(number, files)?]).await?)
}

fn append(number: u64, files: &[&StoredFile]) -> Result<ChatWrite, Failure> {
    let message = Message {
        action_id: action(number)?,
        author: Author::User,
        text: String::new(),
        status: MessageStatus::Sent,
        charge: None,
        tokens: BTreeMap::new(),
        created_at: at(0),
        files: files.iter().map(|file| file.facts.clone()).collect(),
        steps: Vec::new(),
    };
    let (id, updated_at) = (conversation(number.into()), at(0));
    let conversation = Conversation { id, title: String::new(), updated_at };
    Ok(ChatWrite::Append { conversation, messages: vec![message] })
}

fn file_id(number: u128) -> FileId {
    FileId(Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0000 | number))
}

pub(crate) fn picture(number: u128, content: &[u8]) -> StoredFile {
    StoredFile {
        facts: FileFacts {
            file_id: file_id(number),
            name: "a \u{1f980}.png".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            // A store reads no file, so any text that differs with the bytes will do.
            sha256: format!("{} {:?}", content.len(), content.iter().take(9).collect::<Vec<_>>()),
            content: FileContent::Image { width: 3, height: u32::MAX },
        },
        text: None,
        content: content.to_vec(),
        created_at: at(0),
        is_used: false,
    }
}

pub(crate) fn document(number: u128, text: &str) -> StoredFile {
    let picture = picture(number, text.as_bytes());
    let content = FileContent::Document {
        format: "txt".to_owned(),
        pages: 1,
        characters: 3,
        tokens: BTreeMap::from([(TokenKind::O200kBase, 5), (TokenKind::Cl100kBase, u64::MAX)]),
        warnings: vec!["no_text".to_owned()],
    };
    let facts = FileFacts { content, ..picture.facts };
    StoredFile { facts, text: Some(text.to_owned()), ..picture }
}
