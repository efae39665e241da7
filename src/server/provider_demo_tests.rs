//! The demo provider's properties, through the seam.

use crate::provider::{
    Provider as _, ProviderContent, ProviderEvent, ProviderFault, ProviderFile, ProviderMessage,
    ProviderRequest, ProviderRole,
};
use crate::provider_demo::{CountTokens, DemoPace, DemoProvider, DemoSettings};
use bytes::Bytes;
use futures::StreamExt as _;
use kumari_engine::attachment::{Attachment, AttachmentTokens};
use kumari_engine::encoding::Counted;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::{ModelKind, ModelTier, PublishedBook, TextModel};
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Said = Vec<Result<ProviderEvent, ProviderFault>>;

const QUIET: DemoSettings = DemoSettings { seed: 7, pace: DemoPace::NONE, failures_per_10_000: 0 };

/// A counter as coarse as it is quick: a token for each four bytes.
fn coarse() -> CountTokens {
    Arc::new(|_, text| {
        let all = text.len().div_ceil(4).try_into().unwrap();
        Counted { all, latin: all }
    })
}

static BOOK: LazyLock<PublishedBook> =
    LazyLock::new(|| kumari_wire::publish(include_str!("price-book.json")).unwrap());

fn facts(model: &str) -> TextModel {
    let model = BOOK.book.models.iter().find(|entry| entry.id.as_str() == model).unwrap();
    match &model.kind {
        ModelKind::Text(text) => text.clone(),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => panic!("not a text model"),
    }
}

const LIGHT: &str = "claude-haiku-5-5";
const FRONTIER: &str = "gpt-6-astra";

fn request(model: &str, text: &str) -> ProviderRequest {
    ProviderRequest {
        model: model.parse().unwrap(),
        facts: facts(model),
        messages: vec![ProviderMessage::new(ProviderRole::User, text)],
        task: Task::Direct,
        output_tokens_max: 4_096,
        steps_max: 0,
        searches_max: 0,
        round_input_tokens_max: 0,
    }
}

async fn all(settings: DemoSettings, request: ProviderRequest) -> Said {
    let provider = DemoProvider::new(settings, coarse());
    provider.stream(request, CancellationToken::new()).collect().await
}

fn text(said: &Said) -> String {
    said.iter()
        .filter_map(|said| match said {
            Ok(ProviderEvent::Delta { text }) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn usage(said: &Said) -> Option<&Usage> {
    said.iter().find_map(|said| match said {
        Ok(ProviderEvent::Usage(usage)) => Some(usage),
        _ => None,
    })
}

fn finish(said: &Said) -> Option<Finish> {
    match said.last() {
        Some(Ok(ProviderEvent::Finished { finish })) => Some(*finish),
        _ => None,
    }
}

async fn answer(model: &str, asked: &str) -> String {
    text(&all(QUIET, request(model, asked)).await)
}

#[tokio::test]
async fn the_same_seed_conversation_and_model_say_the_same() {
    let once = all(QUIET, request(FRONTIER, "Why is the sky blue?")).await;
    assert_eq!(once, all(QUIET, request(FRONTIER, "Why is the sky blue?")).await);
    let other_seed = DemoSettings { seed: 8, ..QUIET };
    assert_ne!(once, all(other_seed, request(FRONTIER, "Why is the sky blue?")).await);
}

#[tokio::test]
async fn prompts_and_models_make_different_answers() {
    let prompts = ["Why is the sky blue?", "How do tides work?", "Tell me about coffee roasting"];
    let mut answers = BTreeSet::new();
    for model in [LIGHT, FRONTIER, "grok-4.7", "mistral-small-2603"] {
        for prompt in prompts {
            answers.insert(answer(model, prompt).await);
        }
    }
    assert_eq!(answers.len(), 12);
    let (light, frontier) =
        (answer(LIGHT, prompts[0]).await, answer("claude-opus-5-5", prompts[0]).await);
    assert!(frontier.len() * 2 > light.len() * 3, "a frontier model says more");
}

#[tokio::test]
async fn an_answer_is_of_the_kind_that_was_asked_for() {
    for (asked, holds) in [
        ("Write a rust function that counts votes", "```rust\n"),
        ("python script for log files", "def log_files("),
        ("SQL query for late orders", "```sql\n"),
        ("Compare green tea and black coffee", "| | green tea | black coffee |\n|---|---|---|\n"),
        ("Postgres vs SQLite", "| | Postgres | SQLite |"),
        ("How to bake sourdough bread", "1. **Say what done means.**"),
        (
            "Summarise: The harbour froze. Nobody had seen that before.",
            "Nobody had seen that before",
        ),
        ("Hello!", "Hello! What would you like"),
        ("Explain photosynthesis", "photosynthesis"),
        ("", "your question"),
        ("水はなぜ青い？", "水はなぜ青い"),
    ] {
        for model in [LIGHT, FRONTIER] {
            let answer = answer(model, asked).await;
            assert!(answer.contains(holds), "{model}, {asked}: {answer}");
            assert_eq!(answer.matches("```").count() % 2, 0, "{answer}");
            assert!(!answer.contains("{}") && !answer.contains("{topic}"), "{answer}");
        }
    }
}

#[tokio::test]
async fn every_stream_is_in_order_and_ends_once() {
    for seed in 0..200 {
        let settings = DemoSettings { seed, failures_per_10_000: 5_000, ..QUIET };
        let said = all(settings, request(FRONTIER, "Why is the sky blue?")).await;
        let accepted = said.iter().position(|said| *said == Ok(ProviderEvent::Accepted));
        let refused = matches!(said[..], [Err(ProviderFault::Refused { .. })]);
        assert!(refused || accepted == Some(0), "{said:?}");
        let ends =
            said.iter().filter(|said| matches!(said, Err(_) | Ok(ProviderEvent::Finished { .. })));
        assert_eq!(ends.count(), 1);
        assert!(matches!(said.last(), Some(Err(_) | Ok(ProviderEvent::Finished { .. }))));
        let empty = |said: &Result<_, _>| matches!(said, Ok(ProviderEvent::Delta { text }) if text.is_empty());
        assert!(!said.iter().any(empty));
    }
}

#[tokio::test]
async fn failures_come_at_their_rate_and_in_all_kinds() {
    let mut kinds = [0_u32; 4];
    for seed in 0..2_000 {
        let settings = DemoSettings { seed, failures_per_10_000: 2_000, ..QUIET };
        let said = all(settings, request(LIGHT, "hello")).await;
        let kind = match (said.last(), text(&said).is_empty()) {
            (Some(Err(ProviderFault::Refused { .. })), _) => 1,
            (Some(Err(_)), true) => 2,
            (Some(Err(_)), false) => 3,
            _ => 0,
        };
        kinds[kind] += 1;
    }
    let failed: u32 = kinds[1..].iter().sum();
    assert!((300..500).contains(&failed), "{kinds:?}");
    assert!(kinds[1..].iter().all(|count| *count > 80), "{kinds:?}");
    assert_eq!(DemoSettings::default().failures_per_10_000, 200);
}

#[tokio::test]
async fn triggers_do_what_they_say() {
    // Even where everything would fail by chance, a trigger decides.
    let unlucky = DemoSettings { failures_per_10_000: 10_000, ..QUIET };
    let said = async |asked: &str| all(unlucky, request(FRONTIER, asked)).await;
    let whole = text(&all(QUIET, request(FRONTIER, "sky demo:no-usage")).await).len();

    let refused = said("sky demo:refuse").await;
    assert!(matches!(refused[..], [Err(ProviderFault::Refused { status: Some(503), .. })]));

    let failed = said("sky demo:fail-before-output.").await;
    let [Ok(ProviderEvent::Accepted), Err(ProviderFault::Failed { .. })] = &failed[..] else {
        panic!("{failed:?}")
    };

    let failed = said("(sky demo:fail-after-output)").await;
    assert!(matches!(failed.last(), Some(Err(ProviderFault::Failed { .. }))));
    assert!(!text(&failed).is_empty() && usage(&failed).is_none());

    let unknown = said("sky demo:no-usage").await;
    assert_eq!((finish(&unknown), usage(&unknown)), (Some(Finish::Completed), None));

    let filtered = said("sky demo:content-filter").await;
    assert_eq!(finish(&filtered), Some(Finish::ContentFilter));
    assert!(usage(&filtered).is_some());
    assert!((whole / 4..whole * 3 / 4).contains(&text(&filtered).len()));

    let both = said("sky demo:content-filter demo:no-usage").await;
    assert_eq!((finish(&both), usage(&both)), (Some(Finish::ContentFilter), None));

    let other = said("sky demo:refuse@claude-haiku-5-5, demo:no-usage@gpt-6-astra.").await;
    assert_eq!((finish(&other), usage(&other)), (Some(Finish::Completed), None));
}

#[tokio::test]
async fn a_trigger_of_an_earlier_message_is_over() {
    let mut request = request(LIGHT, "demo:refuse");
    for (role, text) in [(ProviderRole::Assistant, "no"), (ProviderRole::User, "and now?")] {
        request.messages.push(ProviderMessage::new(role, text));
    }
    assert_eq!(finish(&all(QUIET, request).await), Some(Finish::Completed));
}

/// The law of the estimate holds only for usage inside the bounds that it was made with.
#[tokio::test]
async fn usage_stays_inside_what_an_estimate_assumes_and_differs_from_its_middle() {
    let (mut off, mut cached) = (0, 0);
    for seed in 0..100 {
        for model in [LIGHT, FRONTIER] {
            let mut request = request(model, &"Tell me about tides. ".repeat(60));
            request.messages.push(request.messages[0].clone());
            request.messages.push(request.messages[0].clone());
            let said = all(DemoSettings { seed, ..QUIET }, request.clone()).await;
            let usage = usage(&said).unwrap();
            let encoding = &request.facts.encoding;
            let counted =
                request.messages.iter().map(|message| coarse()(encoding.name, &message.text));
            let counted = counted.fold(Counted::default(), Counted::and);
            let input = usage.input_tokens_total();
            let framing = u64::from(encoding.message_tokens) * 3;
            assert!(input >= encoding.low(counted));
            assert!(input <= encoding.high(counted) + framing);
            off += u32::from(input != encoding.expected(counted) + framing);
            cached += u32::from(usage.quantity(Meter::CacheReadTokens) > 0);
            let thinks = request.facts.tier == ModelTier::Frontier;
            assert_eq!(usage.quantity(Meter::ReasoningTokens) > 0, thinks);
            let output = encoding.expected(coarse()(encoding.name, &text(&said)));
            assert_eq!(usage.quantity(Meter::OutputTokens), output);
        }
    }
    assert!(off > 150 && (50..150).contains(&cached), "{off} {cached}");
}

#[tokio::test]
async fn the_longest_answer_is_respected() {
    for model in [LIGHT, FRONTIER] {
        for output_tokens_max in [1, 2, 3, 10, 64, 65, 66, 67, 100, 150] {
            let request = ProviderRequest { output_tokens_max, ..request(model, "tides") };
            let said = all(QUIET, request).await;
            let usage = usage(&said).unwrap();
            let used = usage.quantity(Meter::OutputTokens) + usage.quantity(Meter::ReasoningTokens);
            assert_eq!(finish(&said), Some(Finish::Length), "{output_tokens_max}");
            assert!(used <= output_tokens_max, "{used} of {output_tokens_max}");
            assert!(used + 4 >= output_tokens_max, "{used} of {output_tokens_max}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_speaks_at_a_human_pace_and_slowly_when_asked_to() {
    let took = async |asked: &str| {
        let start = tokio::time::Instant::now();
        let settings = DemoSettings { pace: DemoPace::HUMAN, ..QUIET };
        let said = all(settings, request(LIGHT, asked)).await;
        let pieces = said.iter().filter(|said| matches!(said, Ok(ProviderEvent::Delta { .. })));
        (start.elapsed(), u32::try_from(pieces.count()).unwrap())
    };
    let (human, pieces) = took("tides").await;
    assert!(human > DemoPace::HUMAN.piece * pieces / 2, "{human:?} for {pieces}");
    assert!(human < DemoPace::HUMAN.piece * pieces * 2 + Duration::from_secs(1), "{human:?}");
    let (slow, pieces) = took("tides demo:slow").await;
    assert!(slow >= Duration::from_millis(250) * pieces);
}

/// Time stands still here: only the cancellation can let the stream go on.
#[tokio::test(start_paused = true)]
async fn it_stops_at_once_with_what_was_used() {
    let hour = Duration::from_secs(3_600);
    let pace = DemoPace { piece: hour, ..DemoPace::NONE };
    let provider = DemoProvider::new(DemoSettings { pace, ..QUIET }, coarse());
    let cancel = CancellationToken::new();
    let mut stream = provider.stream(request(FRONTIER, "tides"), cancel.clone());
    let mut said = Said::new();
    while !matches!(said.last(), Some(Ok(ProviderEvent::Delta { .. }))) {
        said.push(stream.next().await.unwrap());
    }
    let produced = text(&said);
    let start = tokio::time::Instant::now();
    cancel.cancel();
    said.extend(stream.collect::<Said>().await);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!((finish(&said), text(&said)), (Some(Finish::Stopped), produced.clone()));
    let usage = usage(&said).unwrap();
    let encoding = &facts(FRONTIER).encoding;
    let output = encoding.expected(coarse()(encoding.name, &produced));
    assert_eq!(usage.quantity(Meter::OutputTokens), output);
    assert!(usage.quantity(Meter::ReasoningTokens) > 0);
}

#[tokio::test]
async fn it_stops_before_it_accepts_without_having_used_anything() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let provider = DemoProvider::new(QUIET, coarse());
    let said: Said = provider.stream(request(LIGHT, "tides"), cancel).collect().await;
    assert_eq!(said, [Ok(ProviderEvent::Finished { finish: Finish::Stopped })]);
}

const PNG: &[u8] = include_bytes!("tests/media/picture.png");
const VOICE: &[u8] = include_bytes!("tests/media/voice.m4a");
const CLIP: &[u8] = include_bytes!("tests/media/clip.webm");

fn media(name: &str, size: Attachment, bytes: &'static [u8]) -> ProviderFile {
    let content = ProviderContent::Media { size, bytes: Bytes::from_static(bytes) };
    ProviderFile { name: name.to_owned(), media_type: String::new(), content }
}

fn document(name: &str, text: &str, pages: u64) -> ProviderFile {
    let content = ProviderContent::Document { text: text.into(), pages };
    ProviderFile { name: name.to_owned(), media_type: String::new(), content }
}

fn with_files(model: &str, asked: &str, files: Vec<ProviderFile>) -> ProviderRequest {
    let mut request = request(model, asked);
    request.messages[0].files = files;
    request
}

#[tokio::test]
async fn it_shows_that_it_read_the_files() {
    // What is said of them is not what it says: their bytes are.
    let files = vec![
        document("letter.pdf", "Dear Ada, one two three four five six seven eight nine ten", 3),
        document("scan.pdf", "", 1),
        media("a.png", Attachment::Image { width: 1, height: 1 }, PNG),
        media("voice.m4a", Attachment::Audio { seconds: 1 }, VOICE),
        media("clip.webm", Attachment::Video { seconds: 1 }, CLIP),
        media("cut.png", Attachment::Image { width: 1, height: 1 }, b"\x89PNG"),
    ];
    let said = text(&all(QUIET, with_files("gemini-4-argon", "What is this?", files)).await);
    for words in [
        "I read **letter.pdf**: 3 pages, which begin: “Dear Ada one two three",
        "I read **scan.pdf**: 1 page, without a text that I could read.",
        "I looked at **a.png**: 40 × 25 pixels.",
        "I listened to **voice.m4a**: 3 seconds.",
        "I watched **clip.webm**: 3 seconds.",
        "I could not make out **cut.png**.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!answer(LIGHT, "What is this?").await.contains("I read"));
}

#[tokio::test]
async fn files_are_used_as_the_book_counts_them() {
    let model = "gemini-4-argon";
    let used = async |files: Vec<ProviderFile>| {
        let said = all(QUIET, with_files(model, "What is this?", files)).await;
        usage(&said).unwrap().clone()
    };
    let image = Attachment::Image { width: 2_000, height: 1_000 };
    let clip = Attachment::Video { seconds: 7 };
    let sound = Attachment::Audio { seconds: 60 };
    let tokens = |formula: &Option<AttachmentTokens>, attachment| {
        formula.as_ref().unwrap().tokens(attachment).unwrap().expected
    };
    let facts = facts(model);
    let of_pictures = tokens(&facts.image_tokens, image) + tokens(&facts.video_tokens, clip);
    let files = vec![media("a", image, PNG), media("b", sound, VOICE), media("c", clip, CLIP)];
    let usage = used(files).await;
    assert_eq!(usage.quantity(Meter::ImageInputTokens), of_pictures);
    assert_eq!(usage.quantity(Meter::AudioInputTokens), tokens(&facts.audio_tokens, sound));
    let long = "word ".repeat(4_000);
    let more = used(vec![document("a.txt", &long, 7)]).await;
    let text =
        |usage: &Usage| usage.quantity(Meter::InputTokens) + usage.quantity(Meter::CacheReadTokens);
    let sent = kumari_documents::as_sent("a.txt", &long);
    let counted = facts.encoding.expected(coarse()(facts.encoding.name, &sent));
    assert!(text(&more) > counted && text(&more) < counted + 200, "{more:?} for {counted}");
}

#[path = "provider_demo_work_tests.rs"]
mod work;
