//! Files as an OpenAI-compatible endpoint gets them, and those that it does not get.

use super::OpenAiProvider;
use super::heard::{
    ACCEPTED, DONE, STOP, USAGE, hear_of, refused, request, says, settings, stream,
};
use super::peer::Peer;
use crate::provider::{
    Provider as _, ProviderContent, ProviderFile, ProviderMessage, ProviderRequest, ProviderRole,
};
use bytes::Bytes;
use kumari_engine::attachment::Attachment;
use kumari_engine::request::Task;
use serde_json::json;

fn media(name: &str, media_type: &str, size: Attachment) -> ProviderFile {
    let content = ProviderContent::Media { size, bytes: Bytes::from_static(b"\x00\xff!") };
    ProviderFile { name: name.to_owned(), media_type: media_type.to_owned(), content }
}

fn image() -> ProviderFile {
    media("a.png", "image/png", Attachment::Image { width: 1, height: 1 })
}

fn sound(media_type: &str) -> ProviderFile {
    media("voice", media_type, Attachment::Audio { seconds: 1 })
}

fn with(text: &str, files: Vec<ProviderFile>) -> ProviderRequest {
    let asked = ProviderMessage { role: ProviderRole::User, text: text.to_owned(), files };
    ProviderRequest { messages: vec![asked], ..request() }
}

#[tokio::test]
async fn files_are_parts_before_the_text() {
    let text = "Grüße".into();
    let document = ProviderFile {
        name: "a.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        content: ProviderContent::Document { text, pages: 1 },
    };
    let files = vec![document, image(), sound("audio/mpeg"), sound("audio/wav")];
    let part = |text: &str| json!({ "type": "text", "text": text });
    let recording = |format: &str| json!({ "type": "input_audio", "input_audio": { "data": "AP8h", "format": format } });
    let expected = [
        part("File: a.txt\n\nGrüße\n\n"),
        json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AP8h" } }),
        recording("mp3"),
        recording("wav"),
        part("What is this?"),
    ];
    for (text, parts) in [("What is this?", &expected[..]), ("", &expected[..4])] {
        let peer = Peer::start([stream(&[&says("a"), STOP, USAGE, DONE])]).await;
        let heard = hear_of(settings(&peer), with(text, files.clone())).await;
        assert_eq!(heard[0], ACCEPTED);
        let messages = json!([{ "role": "user", "content": parts }]);
        assert_eq!(peer.arrived()[0].body["messages"], messages);
    }
}

#[tokio::test]
async fn it_works_through_documents_and_runs_no_steps() {
    let peer = Peer::start([]).await;
    let provider = OpenAiProvider::new(settings(&peer)).unwrap();
    let served = Task::ALL.into_iter().filter(|task| provider.serves(*task));
    let expected = [Task::Direct, Task::Compare, Task::Routing, Task::FileProcessing];
    assert_eq!(served.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_the_protocol_has_no_word_for_is_refused_before_anything_is_sent() {
    let clip = media("a.mp4", "video/mp4", Attachment::Video { seconds: 1 });
    for (file, words) in [
        (clip, "a file of video/mp4 was not sent: this endpoint takes no clips"),
        (sound("audio/webm"), "of audio/webm was not sent: this endpoint takes recordings as MP3"),
        (sound("audio/ogg"), "MP3 or WAV"),
    ] {
        let peer = Peer::start([]).await;
        let heard = hear_of(settings(&peer), with("text", vec![image(), file])).await;
        let (status, message, _) = refused(&heard);
        assert_eq!(status, None);
        assert!(message.contains(words), "{message}");
        // What is logged names nobody's files.
        assert!(!message.contains("a.mp4"), "{message}");
        assert!(peer.arrived().is_empty());
    }
}
