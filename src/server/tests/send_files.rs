//! Sending files along: priced by what the server read, given to the model, counted again with the
//! conversation.
#![expect(clippy::indexing_slicing, reason = "what is not there fails the test")]

#[cfg(test)]
mod common;

use common::client::{Reply, new_id, reply};
use common::files::{HEARING, MODEL, PNG, compose, put};
use common::{BEGIN, STORES, TestServer, time, tokens};
use kumari_documents::as_sent;
use kumari_engine::attachment::Attachment;
use kumari_server::provider::{ProviderContent, ProviderFile};
use kumari_store::{
    Author, ChatWrite, Conversation, FileContent, FileFacts, Message, MessageStatus,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const VOICE: &[u8] = include_bytes!("media/voice.webm");
const CLIP: &[u8] = include_bytes!("media/clip.mp4");

fn code(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.body["code"].as_str().unwrap_or_default())
}

fn text_of(file: &ProviderFile) -> Option<&str> {
    match &file.content {
        ProviderContent::Document { text, .. } => Some(text),
        ProviderContent::Media { .. } => None,
    }
}

#[tokio::test]
async fn what_goes_along_is_priced_sent_and_counted_again() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let (text_id, document) = put(&client, "notes.txt", b"One, two, three.").await;
        let (image_id, image) = put(&client, "a.png", PNG).await;
        let (voice_id, voice) = put(&client, "voice.webm", VOICE).await;
        let (clip_id, clip) = put(&client, "clip.mp4", CLIP).await;
        let conversation = new_id();
        let sent = as_sent("notes.txt", "One, two, three.");
        let of_media: Vec<&Value> = [&clip, &image, &voice].map(|file| &file["content"]).into();
        let files = [&clip_id, &text_id, &image_id, &voice_id];
        let parts = (&files[..], &["What is this?", &sent][..], &of_media[..]);
        let send = compose(&client, &conversation, HEARING, "What is this?", parts, 1).await;
        let view = client.send(&send).await;
        assert_eq!(view["hold"], send["quote"]["high"], "{store:?}: the server's own price");

        let asked = server.scripted.asked().await;
        let [message] = &asked.messages[..] else { panic!("{:?}", asked.messages) };
        assert_eq!(message.text, "What is this?");
        let names: Vec<&str> = message.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["clip.mp4", "notes.txt", "a.png", "voice.webm"]);
        assert_eq!(text_of(&message.files[1]), Some("One, two, three."));
        let size = Attachment::Image { width: 40, height: 25 };
        let bytes = bytes::Bytes::from_static(PNG);
        assert_eq!(message.files[2].content, ProviderContent::Media { size, bytes });
        client.ended(&view).await;

        let opened = client.get(&format!("/api/conversations/{conversation}")).await;
        let [question, answer] = &opened.body["messages"].as_array().unwrap()[..] else {
            panic!("{opened:?}")
        };
        let views = json!([clip, document, image, voice]);
        assert_eq!(question["files"], views, "{store:?}");
        assert_eq!(question["tokens"]["o200k_base"], tokens("What is this?"), "those of its text");
        assert_eq!(answer.get("files"), None);
        let removed = client.request(Method::DELETE, &format!("/api/files/{image_id}"));
        let removed = reply(removed.send().await.unwrap()).await;
        assert_eq!(code(&removed), (409, "file_used"));

        // The next message of the conversation brings them all along again.
        let said = answer["text"].as_str().unwrap();
        let (more_id, more) = put(&client, "more.png", PNG).await;
        let mut of_media = of_media.clone();
        of_media.push(&more["content"]);
        let texts = ["And this?", "What is this?", &sent, said];
        let parts = (&[&more_id][..], &texts[..], &of_media[..]);
        let send = compose(&client, &conversation, HEARING, "And this?", parts, 3).await;
        let view = client.send(&send).await;
        assert_eq!(view["hold"], send["quote"]["high"], "{store:?}");
        let asked = server.scripted.asked().await;
        let counts: Vec<usize> = asked.messages.iter().map(|one| one.files.len()).collect();
        assert_eq!(counts, [4, 0, 1]);
        client.ended(&view).await;
    }
}

#[tokio::test]
async fn a_quote_that_leaves_files_out_is_asked_about_again() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let long = "A long document. ".repeat(2_000);
        let (text_id, _) = put(&client, "long.txt", long.as_bytes()).await;
        let (clip_id, _) = put(&client, "clip.mp4", CLIP).await;
        for id in [&text_id, &clip_id] {
            let nothing = (&[id][..], &["Hello"][..], &[][..]);
            let send = compose(&client, &new_id(), HEARING, "Hello", nothing, 1).await;
            let refused = client.post("/api/actions", &send).await;
            assert_eq!(code(&refused), (409, "price_changed"), "{store:?}");
        }
        assert_eq!(client.balance().await["standing"]["held"], "0");
    }
}

#[tokio::test]
async fn a_repeat_is_harmless_and_other_files_are_another_send() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let (id, image) = put(&client, "a.png", PNG).await;
        let (other, _) = put(&client, "b.png", PNG).await;
        let parts = (&[&id][..], &[""][..], &[&image["content"]][..]);
        let send = compose(&client, &new_id(), MODEL, "", parts, 1).await;
        let view = client.send(&send).await;
        client.ended(&view).await;
        let again = client.post("/api/actions", &send).await;
        assert_eq!((again.status, &again.body["action_id"]), (200, &send["action_id"]));
        for files in [json!([other]), json!([id, other]), json!([])] {
            let mut changed = send.clone();
            changed["files"] = files;
            changed["text"] = json!("");
            let refused = client.post("/api/actions", &changed).await;
            assert_eq!(code(&refused), (409, "action_id_reused"), "{store:?} {changed}");
        }
        // A message of files alone is called by the first one's name.
        let listed = client.get("/api/conversations").await;
        assert_eq!(listed.body["conversations"][0]["title"], "a.png");
    }
}

#[tokio::test]
async fn what_cannot_go_along_is_refused_and_nothing_is_held() {
    let server = TestServer::start(STORES[1]).await;
    let client = server.guest().await;
    let (image, _) = put(&client, "a.png", PNG).await;
    let (voice, _) = put(&client, "voice.webm", VOICE).await;
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend(44_100_u32.to_le_bytes());
    wav.extend(88_200_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
    wav.resize(17 << 20, 0);
    let (large, _) = put(&client, "large.wav", &wav).await;
    let (larger, _) = put(&client, "larger.wav", &wav).await;
    let other = server.guest().await;
    let (theirs, _) = put(&other, "a.png", PNG).await;
    let many: Vec<String> = (0..21).map(|_| new_id()).collect();
    let nothing = (&[][..], &["Hello"][..], &[][..]);
    let send = compose(&client, &new_id(), MODEL, "Hello", nothing, 1).await;
    for (files, expected, path) in [
        (json!([image, new_id()]), (404, "file_unknown"), json!("files[1]")),
        (json!([theirs]), (404, "file_unknown"), json!("files[0]")),
        (json!([image, image]), (422, "request_invalid"), json!("files[1]")),
        (json!(many), (422, "request_invalid"), json!("files")),
        (json!(["x"]), (422, "request_invalid"), json!("files[0]")),
        (json!([image, voice]), (422, "request_invalid"), json!("attachments[1]")),
        (json!([large, larger]), (413, "files_too_large"), Value::Null),
    ] {
        let mut send = send.clone();
        send["files"] = files;
        let refused = client.post("/api/actions", &send).await;
        assert_eq!(code(&refused), expected, "{refused:?}");
        assert_eq!(refused.body["path"], path, "{refused:?}");
    }
    let mut empty = send.clone();
    empty["text"] = json!(" ");
    empty["files"] = json!([]);
    assert_eq!(code(&client.post("/api/actions", &empty).await), (422, "request_invalid"));
    assert_eq!(client.balance().await["standing"]["held"], "0");
    // The very id that was refused is as good as new.
    let view = client.send(&send).await;
    client.ended(&view).await;
}

/// What an endpoint cannot be given is told before it costs anything, of an earlier message too: that
/// one goes along again, and was priced.
#[tokio::test]
async fn what_an_endpoint_cannot_be_given_is_named_before_anything_is_held() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let (clip_id, clip) = put(&client, "clip.mp4", CLIP).await;
        let (image_id, image) = put(&client, "a.png", PNG).await;
        let (conversation, files) = (new_id(), [&image_id, &clip_id]);
        let media = [&image["content"], &clip["content"]];
        let parts = (&files[..], &["What is this?"][..], &media[..]);
        let send = compose(&client, &conversation, HEARING, "What is this?", parts, 1).await;
        server.scripted.take_no("video/");
        let refused = client.post("/api/actions", &send).await;
        assert_eq!(code(&refused), (422, "request_invalid"), "{store:?}");
        assert_eq!(refused.body["path"], "files[1]");
        assert_eq!(
            refused.body["detail"],
            "`clip.mp4` cannot be given to `gemini-3.8-flash`, whose endpoint takes only what tests \
             send: remove it, or send something else"
        );
        // A client shows it as it shows what the rules refuse.
        assert_eq!(refused.body["denial"]["path"], "files[1]");
        assert_eq!(client.balance().await["standing"]["held"], "0");
        let none = client.get(&format!("/api/conversations/{conversation}")).await;
        assert_eq!(code(&none), (404, "conversation_unknown"), "nothing is stored of it");
        let removed = client.request(Method::DELETE, &format!("/api/files/{clip_id}"));
        assert_eq!(reply(removed.send().await.unwrap()).await.status, 204, "no message has it");

        // Without it the very send is as good as new.
        let parts = (&files[..1], &["What is this?"][..], &media[..1]);
        let mut without = compose(&client, &conversation, HEARING, "What is this?", parts, 1).await;
        without["action_id"] = send["action_id"].clone();
        let view = client.send(&without).await;
        let done = client.ended(&view).await;
        assert_eq!(done["legs"][0]["status"], "completed");

        server.scripted.take_no("image/");
        let said = done["legs"][0]["text"].as_str().unwrap();
        let parts = (&[][..], &["And now?", "What is this?", said][..], &media[..1]);
        let send = compose(&client, &conversation, HEARING, "And now?", parts, 3).await;
        let refused = client.post("/api/actions", &send).await;
        assert_eq!(code(&refused), (422, "request_invalid"), "{store:?}");
        assert_eq!(refused.body["path"], "conversation_id");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.starts_with("`a.png` of an earlier message goes along again"), "{detail}");
        assert!(detail.ends_with(": begin a new conversation"), "{detail}");
        assert_eq!(client.balance().await["standing"]["held"], "0");
    }
}

/// All models are asked through one provider, so all that would be asked are named.
#[tokio::test]
async fn a_comparison_names_all_models_that_cannot_be_given_a_file() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let (image_id, image) = put(&client, "a.png", PNG).await;
    server.scripted.take_no("image/");
    let nothing = (&[&image_id][..], &["Hello"][..], &[&image["content"]][..]);
    let mut send = compose(&client, &new_id(), MODEL, "Hello", nothing, 1).await;
    for (task, models, words) in [
        ("compare", json!([MODEL, HEARING]), "to `gpt-6-luna` and `gemini-3.8-flash`, whose"),
        ("routing", json!([]), "to `gpt-6-luna`, whose"),
    ] {
        send["task"] = json!(task);
        send["models"] = models;
        let refused = client.post("/api/actions", &send).await;
        assert_eq!(code(&refused), (422, "request_invalid"), "{refused:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains(words), "{refused:?}");
    }
}

/// A file may be removed in the instant in which it is sent, and another one put under its id: that
/// one is not what was priced.
#[tokio::test]
async fn a_conversation_goes_on_without_a_file_that_is_gone() {
    for (store, is_replaced) in STORES.into_iter().flat_map(|one| [(one, false), (one, true)]) {
        let server = TestServer::start(store).await;
        let mut client = server.guest().await;
        let account = client.begin().await["account_id"].as_str().unwrap().parse().unwrap();
        let (conversation, file) = (new_id(), new_id());
        let facts = FileFacts {
            file_id: file.parse().unwrap(),
            name: "gone.png".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: 9,
            sha256: String::new(),
            content: FileContent::Image { width: 40, height: 25 },
        };
        let image = json!({ "kind": "image", "width": 40, "height": 25 });
        let message = Message {
            action_id: new_id().parse().unwrap(),
            author: Author::User,
            text: "Look at this".to_owned(),
            status: MessageStatus::Sent,
            charge: None,
            tokens: BTreeMap::new(),
            created_at: time(BEGIN),
            files: vec![facts],
            steps: Vec::new(),
        };
        let (id, title) = (conversation.parse().unwrap(), String::new());
        let append = ChatWrite::Append {
            conversation: Conversation { id, title, updated_at: time(BEGIN) },
            messages: vec![message],
        };
        server.store.write_chat(&account, vec![append]).await.unwrap();
        if is_replaced {
            let request = client.request(Method::PUT, &format!("/api/files/{file}?name=gone.png"));
            let response = request.body(PNG).send().await.unwrap();
            assert_eq!(response.status().as_u16(), 201);
        }
        let parts = (&[][..], &["Hello", "Look at this"][..], &[&image][..]);
        let send = compose(&client, &conversation, MODEL, "Hello", parts, 2).await;
        let view = client.send(&send).await;
        let asked = server.scripted.asked().await;
        assert!(asked.messages.iter().all(|message| message.files.is_empty()), "{store:?}");
        let done = client.ended(&view).await;
        assert_eq!(done["legs"][0]["status"], "completed", "{done}");
    }
}
