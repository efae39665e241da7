//! Files that a browser attaches: put, read by the server itself, given back, removed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, Reply, new_id, reply};
use common::{STORES, StoreKind, TestServer, book, config, tokens};
use futures::StreamExt as _;
use kumari_documents::as_sent;
use kumari_server::{Config, Limits};
use kumari_store::FileRoom;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PNG: &[u8] = include_bytes!("media/picture.png");
const VOICE: &[u8] = include_bytes!("media/voice.webm");
const CLIP: &[u8] = include_bytes!("media/clip.mp4");
const PDF: &[u8] = include_bytes!("../../documents/tests/fixtures/letter-reportlab-1.4.pdf");

async fn put(client: &Client, id: &str, name: &str, bytes: &[u8]) -> Reply {
    let request = client.request(Method::PUT, &format!("/api/files/{id}?name={name}"));
    // What a browser says of it is not believed.
    let request = request.header("content-type", "text/html").body(bytes.to_vec());
    reply(request.send().await.unwrap()).await
}

async fn remove(client: &Client, id: &str) -> Reply {
    let request = client.request(Method::DELETE, &format!("/api/files/{id}"));
    reply(request.send().await.unwrap()).await
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn code(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.body["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_file_is_what_its_bytes_are() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        for (name, bytes, media_type, content) in [
            ("a.exe", PNG, "image/png", json!({ "kind": "image", "width": 40, "height": 25 })),
            ("a.png", VOICE, "audio/webm", json!({ "kind": "audio", "seconds": 3 })),
            ("a.pdf", CLIP, "video/mp4", json!({ "kind": "video", "seconds": 3 })),
        ] {
            let id = new_id();
            let added = put(&client, &id, name, bytes).await;
            let expected = json!({
                "file_id": id, "name": name, "media_type": media_type, "bytes": bytes.len(),
                "sha256": sha256(bytes), "content": content,
            });
            assert_eq!((added.status, added.body), (201, expected), "{store:?} {name}");
            let response = client.get_raw(&format!("/api/files/{id}")).await;
            let headers = response.headers().clone();
            assert_eq!(headers["content-type"], media_type);
            assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline; "));
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["cache-control"], "private, no-cache");
            let known = headers["etag"].to_str().unwrap();
            let again = client.request(Method::GET, &format!("/api/files/{id}"));
            let again = again.header("if-none-match", known).send().await.unwrap();
            assert_eq!(again.status().as_u16(), 304, "{name}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none';") && policy.ends_with("sandbox"));
            assert_eq!(response.bytes().await.unwrap(), bytes);
        }
    }
}

/// As a browser asks that plays a clip from its middle.
#[tokio::test]
async fn a_part_of_a_file_is_given_where_it_is_asked_for() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let (id, other) = (new_id(), new_id());
        put(&client, &id, "clip.mp4", CLIP).await;
        let long: Vec<u8> =
            (0_u32..600_000).flat_map(|count| format!("{count} ").into_bytes()).collect();
        put(&client, &other, "long.txt", &long).await;
        let path = format!("/api/files/{id}");
        let part = async |range: &str| {
            let request = client.request(Method::GET, &path).header("range", range);
            let response = request.send().await.unwrap();
            let place = response.headers().get("content-range").cloned();
            let place = place.map(|place| place.to_str().unwrap().to_owned());
            (response.status().as_u16(), place, response.bytes().await.unwrap())
        };
        let all = CLIP.len();
        let (status, place, bytes) = part("bytes=100-199").await;
        assert_eq!((status, place), (206, Some(format!("bytes 100-199/{all}"))), "{store:?}");
        assert_eq!(bytes, &CLIP[100..200]);
        let (status, _, bytes) = part("bytes=-7").await;
        assert_eq!((status, &bytes[..]), (206, &CLIP[all - 7..]));
        assert_eq!(part(&format!("bytes={all}-")).await.0, 416);
        let (status, place, bytes) = part("bytes=0-1,5-6").await;
        assert_eq!((status, place, &bytes[..]), (200, None, CLIP));
        // What is longer than a piece is whole, too.
        let response = client.get_raw(&format!("/api/files/{other}")).await;
        assert_eq!(response.headers()["content-length"], long.len().to_string().as_str());
        assert!(response.bytes().await.unwrap() == long, "{store:?}");
    }
}

#[tokio::test]
async fn a_document_counts_as_it_is_sent() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let text = "Grüße an alle.\n".repeat(300);
        let added = put(&client, &new_id(), "a%0Ab.txt", text.as_bytes()).await;
        assert_eq!((added.status, &added.body["name"]), (201, &json!("a b.txt")));
        let content = &added.body["content"];
        assert_eq!(content["tokens"]["o200k_base"], tokens(&as_sent("a b.txt", &text)));
        assert!(content["tokens"]["cl100k_base"].as_u64().unwrap() > 300);
        assert_eq!(
            (&content["kind"], &content["format"], &content["pages"], &content["characters"]),
            (&json!("document"), &json!("txt"), &json!(2), &json!(4_500))
        );
        let id = new_id();
        let added = put(&client, &id, "letter.html", PDF).await;
        assert_eq!(added.body["content"]["format"], "pdf", "{added:?}");
        // What is no picture, recording or clip is never shown as a page of ours.
        let response = client.get_raw(&format!("/api/files/{id}")).await;
        assert_eq!(response.headers()["content-type"], "application/pdf");
        assert_eq!(
            response.headers()["content-disposition"],
            "attachment; filename=\"letter.html\"; filename*=UTF-8''letter.html"
        );
    }
}

#[tokio::test]
async fn the_same_again_is_harmless_and_another_file_is_told() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let id = new_id();
        let first = put(&client, &id, "one.png", PNG).await;
        let again = put(&client, &id, "other.png", PNG).await;
        assert_eq!((again.status, &again.body), (200, &first.body), "{store:?}");
        assert_eq!(code(&put(&client, &id, "one.png", VOICE).await), (409, "file_exists"));
        // Whose it is decides, not who knows its id.
        let other = server.guest().await;
        assert_eq!(other.get(&format!("/api/files/{id}")).await.status, 404);
        assert_eq!(code(&remove(&other, &id).await), (404, "file_unknown"));
        assert_eq!(put(&other, &id, "mine.webm", VOICE).await.status, 201);
        assert_eq!(remove(&client, &id).await.status, 204);
        assert_eq!(code(&remove(&client, &id).await), (404, "file_unknown"));
        assert_eq!(code(&client.get(&format!("/api/files/{id}")).await), (404, "file_unknown"));
        assert_eq!(put(&client, &id, "again.webm", VOICE).await.status, 201);
    }
}

#[tokio::test]
async fn what_cannot_be_taken_says_what_to_do() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let large = vec![b'a'; (20 << 20) + 1];
    let cases: [(&str, &[u8], u16, &str, &str); 8] = [
        ("a.txt", b"", 422, "file_empty", "attach one that has something in it"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0", 422, "media_unsupported", "JPEG or PNG"),
        ("a.gif", b"GIF89a\0\0\0\0\0\0\0\0;", 422, "media_broken", "save it again"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 422, "document_unsupported", "DOCX"),
        ("a.pdf", b"%PDF-1.4\n", 422, "document_broken", "damaged"),
        ("a.bin", b"\x01\xfe\xff\0\xff", 422, "document_unsupported", "a PNG, JPEG, WebP or GIF"),
        ("a.csv", b"a,\"b", 422, "document_csv_malformed", "quotes"),
        ("a.txt", &large, 413, "file_too_large", "20971520 bytes (20 MiB)"),
    ];
    for (name, bytes, status, expected, words) in cases {
        let refused = put(&client, &new_id(), name, bytes).await;
        assert_eq!(code(&refused), (status, expected), "{name}");
        assert!(refused.body["detail"].as_str().unwrap().contains(words), "{refused:?}");
    }
    let request = |path: &str| client.request(Method::PUT, path).body(PNG);
    for (path, field) in [
        ("/api/files/nothing?name=a", "file_id"),
        ("/api/files/019ab5f0-7c1d-4a3e-8000-000000000001?name=a", "file_id"),
        (&format!("/api/files/{}", new_id()), "name"),
        (&format!("/api/files/{}?name=", new_id()), "name"),
        (&format!("/api/files/{}?name=a&kind=b", new_id()), "kind"),
    ] {
        let refused = reply(request(path).send().await.unwrap()).await;
        assert_eq!(code(&refused), (422, "request_invalid"), "{path}");
        assert_eq!(refused.body["path"], field, "{path}");
    }
    let stranger = server.stranger();
    let refused = put(&stranger, &new_id(), "a.png", PNG).await;
    assert_eq!(code(&refused), (401, "session_missing"));
    let path = format!("/api/files/{}?name=a.png", new_id());
    let elsewhere = request(&path).header("origin", "http://evil.example").send().await.unwrap();
    assert_eq!(code(&reply(elsewhere).await), (403, "cross_origin"));
    let posted = client.post(&path, &json!({})).await;
    assert_eq!(code(&posted), (405, "method_not_allowed"));
}

#[tokio::test]
async fn an_account_has_room_for_so_many_and_so_much() {
    let guest_files = FileRoom { unused_max: 3, bytes_max: 400_000 };
    let limits = Limits { guest_files, ..Limits::default() };
    for store in STORES {
        let config = Config { limits, ..config() };
        let server = TestServer::start_with(store, book(), config).await;
        let client = server.guest().await;
        let large = vec![b'a'; 400_000];
        let id = new_id();
        assert_eq!(put(&client, &id, "a.txt", b"a").await.status, 201);
        let refused = put(&client, &new_id(), "b.txt", &large).await;
        assert_eq!(code(&refused), (413, "storage_full"), "{store:?}");
        assert_eq!(put(&client, &new_id(), "c.png", PNG).await.status, 201);
        assert_eq!(put(&client, &new_id(), "d.png", PNG).await.status, 201);
        let refused = put(&client, &new_id(), "e.png", PNG).await;
        assert_eq!(code(&refused), (409, "too_many_files"), "{store:?}");
        assert_eq!(put(&client, &id, "a.txt", b"a").await.status, 200, "it needs no room");
        remove(&client, &id).await;
        assert_eq!(put(&client, &new_id(), "e.png", PNG).await.status, 201);
    }
}

/// A server that keeps so many bytes of files for all.
async fn small(store: StoreKind, files_bytes_max: u64) -> TestServer {
    let limits = Limits { files_bytes_max, ..Limits::default() };
    let config = Config { limits, tidy_every: Duration::from_millis(20), ..config() };
    TestServer::start_with(store, book(), config).await
}

/// Puts a file there again and again until what is known of all files has changed.
async fn put_until(client: &Client, bytes: &[u8], status: u16) {
    while put(client, &new_id(), "a.txt", bytes).await.status != status {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn all_accounts_together_have_room_for_so_much() {
    for store in STORES {
        let server = small(store, 1_000_000).await;
        let (mut one, other) = (server.guest().await, server.guest().await);
        // The text that was read of it is kept too.
        let text = vec![b'a'; 300_000];
        let id = new_id();
        assert_eq!(put(&one, &id, "a.txt", &text).await.status, 201, "{store:?}");
        for bytes in [&text[..], &[b'a'; 400_001]] {
            let refused = put(&other, &new_id(), "b.txt", bytes).await;
            assert_eq!(code(&refused), (507, "server_storage_full"), "{store:?}");
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(detail.contains("send the message without the file"), "{detail}");
        }
        assert_eq!(put(&other, &new_id(), "c.png", PNG).await.status, 201, "that one fits");
        assert_eq!(put(&one, &id, "a.txt", &text).await.status, 200, "it needs no room");

        // It is known from the first request on; that there is room again, soon.
        let server = server.restart(book()).await;
        one.base = server.stranger().base;
        let other = server.guest().await;
        let refused = put(&other, &new_id(), "b.txt", &text).await;
        assert_eq!(code(&refused), (507, "server_storage_full"), "{store:?}");
        assert_eq!(remove(&one, &id).await.status, 204);
        put_until(&other, &text, 201).await;
    }
}

#[tokio::test]
async fn no_more_is_kept_where_many_come_at_once() {
    for store in STORES {
        let most = u64::try_from(3 * PNG.len()).unwrap() + 9;
        let server = small(store, most).await;
        let client = server.guest().await;
        let uploads = (0..16).map(|_| async {
            let id = new_id();
            put(&client, &id, "a.png", PNG).await.status
        });
        let statuses = futures::future::join_all(uploads).await;
        let added = statuses.iter().filter(|status| **status == 201).count();
        assert_eq!(added, 3, "{store:?} {statuses:?}");
        assert!(statuses.iter().all(|status| [201, 507].contains(status)), "{statuses:?}");
        let account = client.clone().begin().await["account_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(server.store.files_kept(&account).await.unwrap().bytes, most - 9);
    }
}

#[tokio::test]
async fn what_another_server_keeps_counts_too() {
    for store in STORES {
        let server = small(store, 700_000).await;
        let beside = server.beside().await;
        let client = server.guest().await;
        let mut there = client.clone();
        there.base = format!("http://{}", beside.address());
        assert_eq!(put(&there, &new_id(), "a.txt", &[b'a'; 300_000]).await.status, 201);
        put_until(&client, &[b'a'; 100_000], 507).await;
        beside.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_never_sent_is_forgotten_after_a_day() {
    for store in STORES {
        let config = Config { tidy_every: Duration::from_millis(20), ..config() };
        let server = TestServer::start_with(store, book(), config).await;
        let client = server.guest().await;
        let (old, young) = (new_id(), new_id());
        put(&client, &old, "old.png", PNG).await;
        server.clock.advance_seconds(12 * 3_600);
        put(&client, &young, "young.png", PNG).await;
        server.clock.advance_seconds(12 * 3_600);
        let mut status = 200;
        while status == 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            status = client.get(&format!("/api/files/{old}")).await.status;
        }
        assert_eq!(status, 404, "{store:?}");
        assert_eq!(client.get_raw(&format!("/api/files/{young}")).await.status(), 200);
    }
}

/// Who sends many files that never come takes no place of others, who have their turn.
#[tokio::test]
async fn uploads_that_stand_still_hold_up_nobody_else() {
    let server = TestServer::start(STORES[1]).await;
    let (mut still, other) = (server.guest().await, server.guest().await);
    still.begin().await;
    let address = still.base.strip_prefix("http://").unwrap().to_owned();
    let mut connections = Vec::new();
    for _ in 0..40 {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "PUT /api/files/{}?name=a.png HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\n\
             expect: 100-continue\r\ncontent-length: 1000\r\n\r\n",
            new_id(),
            still.cookie.as_ref().unwrap(),
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connections.push(connection);
    }
    // They are asked to go on once they have a place: so many have one, and all others wait.
    let asked = futures::stream::iter(&mut connections).map(|connection| async {
        let mut said = [0; 12];
        connection.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 100");
    });
    asked.buffer_unordered(40).take(4).collect::<Vec<()>>().await;
    // Sooner than those that stand still are given up.
    let id = new_id();
    let added = timeout(Duration::from_secs(15), put(&other, &id, "a.png", PNG)).await;
    assert_eq!(added.unwrap().status, 201);
    // Whose connection goes, goes.
    drop(connections);
    assert_eq!(put(&still, &new_id(), "a.png", PNG).await.status, 201);
}

#[tokio::test]
async fn many_uploads_at_once_are_all_taken() {
    let server = TestServer::start(STORES[1]).await;
    let client = server.guest().await;
    let uploads = (0..30).map(|_| async {
        let id = new_id();
        put(&client, &id, "a.png", PNG).await.status
    });
    let statuses = futures::future::join_all(uploads).await;
    assert_eq!(statuses, [201; 30]);
    let balance: Value = client.balance().await;
    assert_eq!(balance["standing"]["available"], "100");
}
