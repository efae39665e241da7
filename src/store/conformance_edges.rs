//! Cases where databases like to differ: the order of ids, the ends of ranges, the character U+0000,
//! and several writes of one row in one call.

use crate::chat::{
    Author, ChatWrite, Conversation, ConversationId, Message, MessageStatus, MessageUpdate,
};
use crate::error::StoreError;
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, conversation, credits,
};
use crate::lookup::{Session, StoredBook, TokenHash};
use crate::store::{Commit, Store};
use kumari_engine::account::{Account, Change};
use kumari_engine::amount::Credits;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Ids that a language would sort otherwise than their bytes do, in the order of their bytes.
const IDS: [&str; 8] = ["+", "-a", "10", "9", "A", "B", "_a", "a"];

/// Ids sort by their bytes wherever something is listed.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn ids_sort_by_their_bytes(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let ids: Result<Vec<AccountId>, _> = IDS.iter().map(|id| id.parse()).collect();
    let ids = ids?;
    for id in ids.iter().rev() {
        desk.run(id, Command::grant(action(1)?, credits(1), Some(at(5)))).await?;
    }
    assert_eq!(desk.store().accounts(None, 10).await?, ids);
    assert_eq!(desk.store().accounts_due(at(5), None, 10).await?, ids);
    let (mut after, mut paged) = (None, Vec::new());
    while let Some(next) = desk.store().accounts_due(at(5), after.as_ref(), 1).await?.pop() {
        paged.push(next.clone());
        after = Some(next);
    }
    assert_eq!(paged, ids);

    let id = account(1)?;
    let actions: Result<Vec<ActionId>, _> = IDS.iter().map(|id| id.parse()).collect();
    let actions = actions?;
    for action_id in actions.iter().rev() {
        desk.run(&id, Command::grant(action_id.clone(), credits(1), None)).await?;
        let message = message(action_id.clone(), None, "");
        desk.store().write_chat(&id, vec![append(1, "one", Vec::from([message]))]).await?;
    }
    let stored = desk.store().stored(&id, None, 10).await?.actions;
    assert!(stored.iter().map(|one| &one.action_id).eq(&actions), "{stored:?}");
    let messages = desk.store().messages(&id, conversation(1), 10).await?;
    assert!(messages.iter().map(|one| &one.action_id).eq(&actions), "{messages:?}");
    let messages = desk.store().all_messages(&id, None, 10).await?;
    assert!(messages.iter().map(|(_, one)| &one.action_id).eq(&actions), "{messages:?}");
    Ok(())
}

/// What is at the end of a range comes back, and is found by what is asked there.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn the_ends_of_ranges_come_back(store: Arc<dyn Store>) -> Outcome {
    let id: AccountId = "z".repeat(128).parse()?;
    let (first, last) = (Timestamp::default(), Timestamp::from_millis(253_402_300_799_999)?);
    for (byte, time) in [(0, first), (255, last)] {
        let session = Session {
            token_hash: TokenHash([byte; 32]),
            account: id.clone(),
            created_at: time,
            expires_at: Some(time),
            is_guest: true,
            device: String::new(),
            seen_at: at(0),
        };
        assert_eq!(store.open_session(session.clone()).await?, session);
    }
    assert_eq!(store.session(&TokenHash([255; 32]), last).await?, None);
    assert_eq!(store.forget_sessions(first, 10).await?, 1);
    assert_eq!(store.forget_sessions(last, 10).await?, 1);

    let ends = [(Uuid::nil(), first), (Uuid::max(), last)];
    let ends = ends.map(|(id, updated_at)| Conversation {
        id: ConversationId(id),
        title: "\u{0}\u{10ffff}\u{e9}e\u{301}".to_owned(),
        updated_at,
    });
    let mut written = message("+".parse()?, Some(u32::MAX), "\u{0}");
    written.charge = Some(Credits::from_micros(i64::MAX));
    written.created_at = last;
    for conversation in &ends {
        let messages = Vec::from([written.clone()]);
        let conversation = conversation.clone();
        store.write_chat(&id, vec![ChatWrite::Append { conversation, messages }]).await?;
    }
    let [oldest, newest] = &ends;
    let listed = store.conversations(&id, None, 10).await?;
    assert_eq!(listed, [newest.clone(), oldest.clone()]);
    let before = Some((newest.updated_at, newest.id));
    assert_eq!(store.conversations(&id, before, 10).await?, std::slice::from_ref(oldest));
    let before = Some((oldest.updated_at, oldest.id));
    assert_eq!(store.conversations(&id, before, 10).await?, []);
    let mut update = MessageUpdate::new(written.action_id.clone(), u32::MAX);
    update.charge = Some(Credits::from_micros(i64::MIN));
    written.charge = update.charge;
    store.write_chat(&id, vec![ChatWrite::Update(update)]).await?;
    assert_eq!(store.messages(&id, oldest.id, 10).await?, [written]);

    assert_eq!(store.entries(&id, u64::MAX, 10).await?, []);
    assert_eq!(store.accounts_due(last, Some(&id), 10).await?, []);
    Ok(())
}

/// What one of the stores could not keep is refused by all of them, before anything is written.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn what_not_all_can_keep_none_takes(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let book = StoredBook {
        version: "v".parse()?,
        json: "{}\u{0}".to_owned(),
        effective_at: at(0),
        published_at: at(0),
    };
    let refused = store.publish_book(book).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(store.books(10).await?, []);

    let fresh = Account::new(account(1)?);
    let grant = Command::grant(action(1)?, credits(1), None);
    let mut change: Change = grant.decide(&desk.book, &fresh, at(0))?;
    let before = i64::MAX.unsigned_abs();
    change.account.sequence = before + 1;
    change.entries.iter_mut().for_each(|entry| entry.sequence = before + 1);
    let on = Account { sequence: before, ..fresh };
    let commit = Commit::new(&on, Arc::new(change), Vec::new());
    let refused = store.commit(vec![commit]).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(store.accounts(None, 10).await?, []);
    Ok(())
}

/// Writes of one call take effect in their order, however often they meet one row.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn chat_writes_of_one_call_take_effect_in_order(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    let update = |number: u64, text: Option<&str>, status| -> Result<ChatWrite, Failure> {
        let mut update = MessageUpdate::new(action(number)?, 0);
        update.text = text.map(str::to_owned);
        update.status = status;
        Ok(ChatWrite::Update(update))
    };
    let answer = |number: u64, text: &str| -> Result<Message, Failure> {
        Ok(message(action(number)?, Some(0), text))
    };
    let writes = vec![
        // Too early: there is nothing yet.
        update(1, Some("never"), Some(MessageStatus::Failed))?,
        append(1, "first title", vec![answer(1, "one")?, answer(1, "not it")?]),
        append(1, "second title", vec![answer(1, "nor this")?, answer(2, "two")?]),
        append(2, "other", vec![answer(2, "nor that")?]),
        update(1, Some("changed"), None)?,
        update(1, None, Some(MessageStatus::Stopped))?,
        update(1, Some("changed again"), None)?,
        append(1, "third title", vec![answer(3, "three")?]),
        update(3, None, Some(MessageStatus::Length))?,
    ];
    store.write_chat(&id, writes).await?;
    let (mut one, mut three) = (answer(1, "changed again")?, answer(3, "three")?);
    one.status = MessageStatus::Stopped;
    three.status = MessageStatus::Length;
    let all = [one, answer(2, "two")?, three];
    assert_eq!(store.messages(&id, conversation(1), 10).await?, all);
    assert_eq!(store.messages(&id, conversation(2), 10).await?, []);
    let titles = store.conversations(&id, None, 10).await?;
    let titles: Vec<&str> = titles.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["other", "first title"]);
    Ok(())
}

fn append(number: u128, title: &str, messages: Vec<Message>) -> ChatWrite {
    let conversation =
        Conversation { id: conversation(number), title: title.to_owned(), updated_at: at(0) };
    ChatWrite::Append { conversation, messages }
}

fn message(action_id: ActionId, leg: Option<u32>, text: &str) -> Message {
    let model = || "lite".parse().ok();
    let author = leg.and_then(|leg| Some(Author::Assistant { leg, model: model()? }));
    Message {
        action_id,
        author: author.unwrap_or(Author::User),
        text: text.to_owned(),
        status: MessageStatus::Sent,
        charge: None,
        tokens: BTreeMap::new(),
        created_at: at(0),
        files: Vec::new(),
        steps: Vec::new(),
    }
}
