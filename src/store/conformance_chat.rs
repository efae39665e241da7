//! Cases: conversations and messages.

use crate::chat::{
    Author, ChatWrite, Conversation, Message, MessageStatus, MessageStep, MessageUpdate, StepKind,
};
use crate::error::StoreError;
use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, conversation, credits, request,
};
use crate::limits::{MESSAGE_STEPS_MAX, STEP_BYTES_MAX};
use crate::store::{Commit, CommitOutcome, Store};
use kumari_engine::account::Account;
use kumari_engine::amount::Credits;
use kumari_engine::encoding::TokenKind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Chat rows go with the change that they belong to: both, or neither.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn chat_is_written_with_its_change_or_not_at_all(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(Arc::clone(&store))?;
    let id = account(1)?;
    let commit = |number: u64, title: &str| -> Result<Commit, Failure> {
        let grant = Command::grant(action(number)?, credits(1), None);
        let fresh = Account::new(account(1)?);
        let change = Arc::new(grant.decide(&desk.book, &fresh, at(0))?);
        let chat = vec![append(number.into(), title, 0, vec![question(number, "hello")?])];
        Ok(Commit::new(&fresh, change, chat))
    };
    assert_eq!(store.commit(vec![commit(1, "won")?]).await?, [CommitOutcome::Won]);
    assert_eq!(store.commit(vec![commit(2, "lost")?]).await?, [CommitOutcome::Lost]);
    let titles = store.conversations(&id, None, 10).await?;
    let titles: Vec<&str> = titles.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["won"]);
    assert!(store.action_chat(&id, &action(1)?).await?.is_some());
    assert_eq!(store.action_chat(&id, &action(2)?).await?, None);

    // A command that is denied, and one that is a repeat, write no chat either.
    desk.run(&id, Command::authorize(action(3)?, request(&["top"], 400)?)?).await?;
    let denied = desk.run(&id, Command::authorize(action(4)?, request(&["top"], 400)?)?).await;
    assert!(denied.is_err(), "{denied:?}");
    assert_eq!(store.action_chat(&id, &action(4)?).await?, None);
    let mut typed = MessageUpdate::new(action(3)?, 0);
    typed.text = Some("so far".to_owned());
    store.write_chat(&id, vec![ChatWrite::Update(typed)]).await?;
    let before = store.action_chat(&id, &action(3)?).await?;
    desk.run(&id, Command::authorize(action(3)?, request(&["top"], 400)?)?).await?;
    assert_eq!(store.action_chat(&id, &action(3)?).await?, before);
    Ok(())
}

/// Appending and updating meet what is there: the first title and the first message stay, times
/// only move on, an update changes what it names and nothing else.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn chat_writes_meet_what_is_there(store: Arc<dyn Store>) -> Outcome {
    let (id, other) = (account(1)?, account(2)?);
    let messages = vec![question(1, "hello")?, answer(1, 0, "lite")?, answer(1, 1, "top")?];
    store.write_chat(&id, vec![append(1, "first", 50, messages.clone())]).await?;
    let again = vec![
        append(1, "second", 40, vec![question(1, "changed")?]),
        append(2, "third", 10, vec![question(1, "moved")?]),
    ];
    store.write_chat(&id, again).await?;
    let expected = conversation_at(1, "first", 50);
    assert_eq!(store.conversation(&id, conversation(1)).await?, Some(expected));
    assert_eq!(store.messages(&id, conversation(1), 10).await?, messages);
    assert_eq!(store.messages(&id, conversation(2), 10).await?, []);

    // Another account may use the same ids, and sees nothing of this one's.
    assert_eq!(store.conversation(&other, conversation(1)).await?, None);
    assert_eq!(store.messages(&other, conversation(1), 10).await?, []);
    assert_eq!(store.action_chat(&other, &action(1)?).await?, None);
    store.write_chat(&other, vec![append(1, "mine", 5, vec![question(1, "mine")?])]).await?;

    let mut updated = answer(1, 1, "lite")?;
    updated.text = "it is \u{1f980} \u{0}.".to_owned();
    updated.status = MessageStatus::Length;
    updated.charge = Some(Credits::from_micros(1_380_001));
    updated.tokens = BTreeMap::from([(TokenKind::O200kBase, 5), (TokenKind::Cl100kBase, u64::MAX)]);
    let mut update = MessageUpdate::new(action(1)?, 1);
    update.model = Some("lite".parse()?);
    update.text = Some(updated.text.clone());
    update.status = Some(updated.status);
    update.charge = updated.charge;
    update.tokens = Some(updated.tokens.clone());
    updated.steps = Vec::from([step("look \u{0} up", Some("a 'crab'")), step("think", None)]);
    update.steps = Some(updated.steps.clone());
    let nothing = ChatWrite::Update(MessageUpdate::new(action(1)?, 1));
    let nowhere = ChatWrite::Update(MessageUpdate { leg: 7, ..update.clone() });
    store.write_chat(&id, vec![ChatWrite::Update(update), nothing, nowhere]).await?;
    let chat = store.action_chat(&id, &action(1)?).await?.ok_or("no chat")?;
    assert_eq!(chat.conversation_id, conversation(1));
    assert_eq!(chat.messages, [question(1, "hello")?, answer(1, 0, "lite")?, updated]);
    let others = store.messages(&other, conversation(1), 10).await?;
    assert_eq!(others, [question(1, "mine")?]);

    // A message has steps from its beginning, too, and no more than may be.
    let mut stepped = answer(2, 0, "lite")?;
    stepped.steps = Vec::from([step("start", None)]);
    store.write_chat(&id, vec![append(3, "fourth", 60, vec![stepped.clone()])]).await?;
    assert_eq!(store.messages(&id, conversation(3), 10).await?, [stepped]);
    for steps in [vec![step("", None); MESSAGE_STEPS_MAX + 1], vec![step(&long(), Some(&long()))]] {
        let mut update = MessageUpdate::new(action(1)?, 1);
        update.steps = Some(steps);
        let refused = store.write_chat(&id, vec![ChatWrite::Update(update)]).await;
        assert!(matches!(refused, Err(StoreError::OverLimit { .. })), "{refused:?}");
    }
    Ok(())
}

/// Conversations are listed by their last update, in pages; messages by time, action and leg, the
/// last ones.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn chat_is_listed_in_order(store: Arc<dyn Store>) -> Outcome {
    let id = account(1)?;
    // Three pairs of conversations with the same time, written in another order.
    for number in [3_u32, 0, 5, 1, 4, 2] {
        let write = append(number.into(), "one", number / 2, Vec::new());
        store.write_chat(&id, vec![write]).await?;
    }
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let page = store.conversations(&id, before, 4).await?;
        let Some(last) = page.last() else { break };
        before = Some((last.updated_at, last.id));
        found.extend(page.into_iter().map(|one| one.id));
    }
    let expected: Vec<_> = [5, 4, 3, 2, 1, 0].into_iter().map(conversation).collect();
    assert_eq!(found, expected);

    let mut later = question(1, "later")?;
    later.created_at = at(9);
    let messages = vec![later.clone(), answer(3, 1, "top")?, answer(3, 0, "lite")?];
    let more = vec![question(3, "third")?, question(2, "second")?];
    store.write_chat(&id, vec![append(1, "one", 9, messages), append(1, "one", 9, more)]).await?;
    let all = [
        question(2, "second")?,
        question(3, "third")?,
        answer(3, 0, "lite")?,
        answer(3, 1, "top")?,
        later.clone(),
    ];
    assert_eq!(store.messages(&id, conversation(1), 10).await?, all);
    assert_eq!(store.messages(&id, conversation(1), 1).await?, [later]);
    assert_eq!(store.messages(&id, conversation(1), 0).await?, []);
    let first = store.conversations(&id, None, 1).await?;
    assert_eq!(first, [conversation_at(1, "one", 9)]);
    Ok(())
}

fn step(title: &str, found: Option<&str>) -> MessageStep {
    MessageStep { kind: StepKind::Search, title: title.to_owned(), found: found.map(str::to_owned) }
}

/// Two of these are too long.
fn long() -> String {
    "x".repeat(STEP_BYTES_MAX / 2 + 1)
}

fn conversation_at(number: u128, title: &str, seconds: u32) -> Conversation {
    Conversation { id: conversation(number), title: title.to_owned(), updated_at: at(seconds) }
}

fn append(number: u128, title: &str, seconds: u32, messages: Vec<Message>) -> ChatWrite {
    ChatWrite::Append { conversation: conversation_at(number, title, seconds), messages }
}

fn question(number: u64, text: &str) -> Result<Message, Failure> {
    Ok(Message {
        action_id: action(number)?,
        author: Author::User,
        text: text.to_owned(),
        status: MessageStatus::Sent,
        charge: None,
        tokens: BTreeMap::from([(TokenKind::O200kBase, 1)]),
        created_at: at(0),
        files: Vec::new(),
        steps: Vec::new(),
    })
}

fn answer(number: u64, leg: u32, model: &str) -> Result<Message, Failure> {
    Ok(Message {
        author: Author::Assistant { leg, model: model.parse()? },
        status: MessageStatus::Running,
        tokens: BTreeMap::new(),
        ..question(number, "")?
    })
}
