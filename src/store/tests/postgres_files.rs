//! Files in PostgreSQL that one process forgets while another one sends them.
//!
//! It needs a cluster: `cargo xtask test --only postgres` starts one.
#![expect(clippy::unwrap_used, reason = "a surprise fails the test")]

#[cfg(test)]
mod common {
    pub(crate) mod postgres;
}

use common::postgres::{connect, fresh};
use kumari_store::fixtures::{account, action, at, conversation};
use kumari_store::{
    Author, ChatWrite, Conversation, FileContent, FileFacts, FileId, FileRoom, Message,
    MessageStatus, StoredFile,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::Client;
use uuid::Uuid;

fn picture() -> StoredFile {
    StoredFile {
        facts: FileFacts {
            file_id: FileId(Uuid::now_v7()),
            name: "a.png".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: 3,
            sha256: "3".to_owned(),
            content: FileContent::Image { width: 1, height: 1 },
        },
        text: None,
        content: b"png".to_vec(),
        created_at: at(0),
        is_used: false,
    }
}

/// A message with that file, in that conversation.
fn sent(number: u32, file: &StoredFile) -> Vec<ChatWrite> {
    let message = Message {
        action_id: action(number.into()).unwrap(),
        author: Author::User,
        text: String::new(),
        status: MessageStatus::Sent,
        charge: None,
        tokens: BTreeMap::new(),
        created_at: at(number),
        files: vec![file.facts.clone()],
        steps: Vec::new(),
    };
    let (id, title) = (conversation(number.into()), String::new());
    let conversation = Conversation { id, title, updated_at: at(number) };
    vec![ChatWrite::Append { conversation, messages: vec![message] }]
}

/// How many statements of the database wait for a lock.
async fn waiting(client: &Client) -> i64 {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    client.query_one(waiting, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_file_that_is_being_sent_is_not_forgotten() {
    let (store, url) = fresh("KUMARI_POSTGRES").await;
    let (id, file) = (account(1).unwrap(), picture());
    store.add_file(&id, file.clone(), FileRoom::ANY).await.unwrap();
    store.write_chat(&id, sent(1, &file)).await.unwrap();
    store.delete_conversation(&id, conversation(1), at(2)).await.unwrap();

    // The send stands in the middle of its transaction until this one ends.
    let (blocker, watcher) = (connect(&url).await, connect(&url).await);
    blocker.batch_execute("BEGIN").await.unwrap();
    let same_use = "INSERT INTO file_uses VALUES ($1, $2, $3)";
    let (other, file_id) = (conversation(2).0, file.facts.file_id);
    blocker.execute(same_use, &[&id.as_str(), &other, &file_id.0]).await.unwrap();
    let sending = {
        let (store, id, file) = (Arc::clone(&store), id.clone(), file.clone());
        tokio::spawn(async move { store.write_chat(&id, sent(2, &file)).await })
    };
    while waiting(&watcher).await < 1 {}
    let forgetting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.forget_conversations(at(3), 10).await })
    };
    while !forgetting.is_finished() && waiting(&watcher).await < 2 {}
    blocker.batch_execute("ROLLBACK").await.unwrap();
    sending.await.unwrap().unwrap();
    forgetting.await.unwrap().unwrap();

    assert!(!store.is_deleted(&id, conversation(1)).await.unwrap(), "it is forgotten");
    let kept = store.file(&id, file_id).await.unwrap();
    assert!(kept.is_some_and(|file| file.is_used), "its file has another conversation");
}
