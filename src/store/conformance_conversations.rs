//! Cases: conversations that are renamed, deleted, taken back and forgotten.

use crate::chat::{Author, ChatWrite, Conversation, Message, MessageStatus};
use crate::conformance_files::picture;
use crate::error::StoreError;
use crate::files::{FileRoom, StoredFile};
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, conversation, credits,
};
use crate::limits::{FORGET_MAX, TEXTS_MAX, TITLE_BYTES_MAX};
use crate::store::Store;
use kumari_engine::id::AccountId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A conversation has the title that it was given last, whatever is added to it then.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_conversation_is_renamed(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    for whose in [&id, &other] {
        store.write_chat(whose, vec![said(1, 1, "first", &[])?]).await?;
    }
    let title = "Ärger \u{0}\u{1f980} %_\\".to_owned();
    assert!(store.rename_conversation(&id, conversation(1), title.clone()).await?);
    store.write_chat(&id, vec![said(1, 2, "later", &[])?]).await?;
    let renamed = Conversation { id: conversation(1), title, updated_at: at(2) };
    assert_eq!(store.conversation(&id, conversation(1)).await?, Some(renamed.clone()));
    assert_eq!(store.conversations(&id, None, 10).await?, [renamed]);
    let theirs = store.conversation(&other, conversation(1)).await?;
    assert_eq!(theirs.map(|one| one.title).as_deref(), Some("first"));

    assert!(!store.rename_conversation(&id, conversation(2), "none".to_owned()).await?);
    let longest = "x".repeat(TITLE_BYTES_MAX);
    assert!(store.rename_conversation(&id, conversation(1), longest.clone()).await?);
    let refused = store.rename_conversation(&id, conversation(1), format!("{longest}x")).await;
    assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    Ok(())
}

/// What is deleted is away from all lists and reads at once, and comes back as it was.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_deleted_conversation_is_away_until_it_is_restored(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    for whose in [&id, &other] {
        let writes = vec![said(1, 1, "one", &[])?, said(2, 2, "two", &[])?];
        store.write_chat(whose, writes).await?;
    }
    let whole = look(&store, &id, 1).await?;
    assert_eq!(store.delete_conversation(&id, conversation(1), at(10)).await?, Some(at(10)));
    assert_eq!(store.delete_conversation(&id, conversation(1), at(20)).await?, Some(at(10)));
    assert_eq!(store.delete_conversation(&id, conversation(9), at(10)).await?, None);
    assert!(store.is_deleted(&id, conversation(1)).await?);
    let gone = look(&store, &id, 1).await?;
    assert_eq!((gone.0, gone.1), (vec![conversation(2)], None));
    assert_eq!(store.texts(&id, conversation(1), None, 10).await?, []);
    let left = store.all_messages(&id, None, 10).await?;
    assert_eq!(left.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [conversation(2)]);
    assert!(!store.rename_conversation(&id, conversation(1), "no".to_owned()).await?);
    for (whose, number) in [(&id, 2), (&id, 9), (&other, 1)] {
        assert!(!store.is_deleted(whose, conversation(number)).await?);
    }
    assert_eq!(look(&store, &other, 1).await?, whole);

    // Whoever adds to it does not bring it back.
    store.write_chat(&id, vec![said(1, 3, "late", &[])?]).await?;
    assert_eq!(store.conversation(&id, conversation(1)).await?, None);

    assert!(!store.restore_conversation(&id, conversation(1), at(10)).await?);
    assert!(!store.restore_conversation(&id, conversation(9), at(0)).await?);
    assert!(!store.restore_conversation(&account(3)?, conversation(1), at(0)).await?);
    for _ in 0..2 {
        assert!(store.restore_conversation(&id, conversation(1), at(9)).await?);
    }
    let back = store.conversation(&id, conversation(1)).await?.ok_or("not restored")?;
    assert_eq!((back.title.as_str(), back.updated_at), ("one", at(3)));
    assert_eq!(store.messages(&id, conversation(1), 10).await?.len(), 2);
    assert_eq!(store.delete_conversation(&id, conversation(1), at(30)).await?, Some(at(30)));
    Ok(())
}

/// What was deleted long enough ago goes part by part, the first deleted first, with the files that
/// nobody else has; the journal stays.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_deleted_conversation_is_forgotten_part_by_part(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    let desk = Desk::new(Arc::clone(&store))?;
    desk.run(&id, Command::grant(action(50)?, credits(1), None)).await?;
    let files: Vec<StoredFile> = (1..=5).map(|number| picture(number, b"12345678")).collect();
    for file in &files {
        store.add_file(&id, file.clone(), FileRoom::ANY).await?;
        store.add_file(&other, file.clone(), FileRoom::ANY).await?;
    }
    let [one, two, three, shared, unsent] = files.as_slice() else { return Err("files".into()) };
    store.write_chat(&id, vec![said(1, 1, "a", &[one, shared])?, said(1, 2, "a", &[two])?]).await?;
    store.write_chat(&id, vec![said(1, 3, "a", &[three])?, said(2, 4, "b", &[shared])?]).await?;
    store.write_chat(&other, vec![said(1, 1, "a", &[one, shared])?]).await?;
    let theirs = look(&store, &other, 1).await?;
    store.delete_conversation(&id, conversation(1), at(60)).await?;
    let kept = look(&store, &id, 2).await?;

    assert_eq!(store.forget_conversations(at(59), 10).await?, 0);
    assert_eq!(store.files_kept(&id).await?.bytes, 5 * 8, "room comes with forgetting");
    // Four files and three messages, two of each at a time, then the conversation itself.
    for rows in [4, 4, 0] {
        assert_eq!(store.forget_conversations(at(60), 2).await?, rows);
    }
    assert!(!store.is_deleted(&id, conversation(1)).await?);
    assert!(!store.restore_conversation(&id, conversation(1), at(0)).await?);
    assert_eq!(store.action_chat(&id, &action(1)?).await?, None);
    let left = [shared, unsent].map(|file| file.facts.file_id);
    assert_eq!(store.files(&id, None, 10).await?, left);
    assert!(store.file(&id, shared.facts.file_id).await?.is_some_and(|file| file.is_used));
    assert_eq!(look(&store, &id, 2).await?, kept);
    assert_eq!(store.entries(&id, 0, 10).await?.len(), 1);
    assert_eq!(look(&store, &other, 1).await?, theirs);
    assert_eq!(store.files(&other, None, 10).await?.len(), 5);

    // With the last that has it a file goes too; the first deleted goes first, whosever it is.
    store.delete_conversation(&other, conversation(1), at(70)).await?;
    store.delete_conversation(&id, conversation(2), at(65)).await?;
    assert_eq!(store.forget_conversations(at(80), 10).await?, 3);
    assert_eq!(store.files(&id, None, 10).await?, [unsent.facts.file_id]);
    assert_eq!(look(&store, &other, 2).await?.1, None);
    assert!(store.is_deleted(&other, conversation(1)).await?);
    assert_eq!(store.forget_conversations(at(80), 10).await?, 4);
    assert_eq!(store.forget_conversations(at(80), 10).await?, 0);
    let left = [two, three, unsent].map(|file| file.facts.file_id);
    assert_eq!(store.files(&other, None, 10).await?, left);

    // Its id is free again.
    store.write_chat(&id, vec![said(1, 9, "new", &[])?]).await?;
    assert_eq!(look(&store, &id, 1).await?.2, 1);
    let refused = store.forget_conversations(at(0), FORGET_MAX.saturating_add(1)).await;
    assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    let refused = store.texts(&id, conversation(1), None, TEXTS_MAX.saturating_add(1)).await;
    assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    Ok(())
}

type Seen = (Vec<crate::ConversationId>, Option<Conversation>, usize);

/// The account's list, and a conversation with the number of its messages.
async fn look(store: &Arc<dyn Store>, id: &AccountId, number: u128) -> Result<Seen, Failure> {
    let list = store.conversations(id, None, 10).await?;
    let list = list.into_iter().map(|one| one.id).collect();
    let found = store.conversation(id, conversation(number)).await?;
    Ok((list, found, store.messages(id, conversation(number), 10).await?.len()))
}

/// A message of the person in a conversation that has its text as its title, at that second.
fn said(
    number: u128,
    second: u32,
    text: &str,
    files: &[&StoredFile],
) -> Result<ChatWrite, Failure> {
    let message = Message {
        action_id: action(second.into())?,
        author: Author::User,
        text: text.to_owned(),
        status: MessageStatus::Sent,
        charge: None,
        tokens: BTreeMap::new(),
        created_at: at(second),
        files: files.iter().map(|file| file.facts.clone()).collect(),
        steps: Vec::new(),
    };
    let (id, title) = (conversation(number), text.to_owned());
    let conversation = Conversation { id, title, updated_at: at(second) };
    Ok(ChatWrite::Append { conversation, messages: vec![message] })
}
