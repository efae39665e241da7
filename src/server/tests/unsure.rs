//! Sends whose commit failed and may have happened: their answer is begun once, never twice, never
//! not at all.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::TestServer;
use common::client::Client;
use common::unsure::{Fate, Unsure};
use futures::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;

const MODEL: &str = "gpt-6-luna";

async fn start(fates: &[Fate]) -> (TestServer, Client, Arc<Unsure>) {
    let store = Arc::new(Unsure::default());
    store.meet(fates);
    let (served, folder) = (Arc::<Unsure>::clone(&store), tempfile::tempdir().unwrap());
    let server = TestServer::start_on(served, common::book(), common::config(), folder).await;
    let client = server.guest().await;
    (server, client, store)
}

/// The answer came to its end, and its provider was asked for it once.
async fn was_answered_once(server: &TestServer, client: &Client, view: &Value) {
    let done = client.ended(view).await;
    assert_eq!(done["legs"][0]["status"], "completed", "{done}");
    assert_eq!(done["legs"][0]["text"], "Hello there.");
    client.ask("direct", &[MODEL], "Something else.").await;
    let asked = [server.scripted.asked().await, server.scripted.asked().await];
    let last = asked.map(|request| format!("{:?}", request.messages.last()));
    assert!(last[0].contains("How are you?") && last[1].contains("Something else."), "{last:?}");
}

#[tokio::test]
async fn an_answer_is_begun_once_whatever_became_of_the_commit() {
    use Fate::{DoesNot, Happens};
    for fates in [&[Happens][..], &[DoesNot], &[DoesNot, Happens], &[DoesNot, DoesNot]] {
        let (server, client, _) = start(fates).await;
        let send = client.compose("direct", &[MODEL], "How are you?").await;
        let view = client.send(&send).await;
        was_answered_once(&server, &client, &view).await;
        let again = client.post("/api/actions", &send).await;
        assert_eq!((again.status, &again.body["status"]), (200, &json!("ended")), "{fates:?}");
    }
}

#[tokio::test]
async fn one_send_of_many_begins_the_answer() {
    for fate in [Fate::Happens, Fate::DoesNot] {
        let (server, client, _) = start(&[fate]).await;
        let send = client.compose("direct", &[MODEL], "How are you?").await;
        let replies = join_all((0..8).map(|_| client.post("/api/actions", &send))).await;
        assert!(replies.iter().all(|reply| reply.status < 300), "{replies:?}");
        was_answered_once(&server, &client, &replies[0].body).await;
    }
}

/// Many accounts are one commit; after its failure the lane tries each by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_commit_failed_is_answered_too() {
    let (server, first, store) = start(&[]).await;
    let mut sends = Vec::new();
    for client in [first, server.guest().await, server.guest().await, server.guest().await] {
        for _ in 0..3 {
            let send = client.compose("direct", &[MODEL], "How are you?").await;
            sends.push((client.clone(), send));
        }
    }
    store.meet(&[Fate::Happens; 12]);
    let send = |(client, send): (Client, Value)| async move {
        let view = client.send(&send).await;
        client.ended(&view).await["legs"][0]["status"].clone()
    };
    let ended = join_all(sends.into_iter().map(send)).await;
    assert_eq!(ended, vec![json!("completed"); 12]);
}
