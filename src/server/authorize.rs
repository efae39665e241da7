//! `POST /api/actions`: the send. What the browser says is priced again here, on our own counts;
//! what it saw comes along as a quote, and nothing is admitted above it.

use crate::action::{self, ActionView, LegStatus, LegView};
use crate::admission::Admission;
use crate::answer;
use crate::answer_files::{SENT_BYTES_MAX, sent_bytes};
use crate::app::App;
use crate::body::{Json, SEND_BODY_BYTES_MAX, json};
use crate::books::Book;
use crate::conversation_change::refuse_deleted;
use crate::counter::Tokens;
use crate::file_refusal;
use crate::files;
use crate::health::stopping;
use crate::history;
use crate::making;
use crate::making_asked;
use crate::problem::{self, Problem};
use crate::runs::{Full, Run};
use crate::session::Caller;
use crate::uuid7::Uuid7;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::Hold;
use kumari_engine::attachment::ATTACHMENTS_MAX;
use kumari_engine::authorize::{Authorize, authorize};
use kumari_engine::denial::{Denial, DenialCode, Remedy};
use kumari_engine::eligibility::Quote;
use kumari_engine::estimate::{Estimate, estimate_capped};
use kumari_engine::fields;
use kumari_engine::id::{AccountId, ActionId, ModelId};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::{Request, Task};
use kumari_engine::routing;
use kumari_store::{
    Author, ChatWrite, Conversation, ConversationId, FileFacts, FileId, FileRoom, LedgerError,
    MESSAGE_FILES_MAX, Message, MessageStatus, StoreError,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The longest title that a conversation is given, in characters.
const TITLE_CHARS_MAX: usize = 80;

/// What a person sends.
#[derive(Debug, Serialize)]
pub(crate) struct Send {
    action_id: Uuid7,
    conversation_id: Uuid7,
    task: Task,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<ModelId>,
    text: String,
    /// The ids of what goes along, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Uuid7>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_max: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps_max: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searches_max: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clips: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clip_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    three_d_models: Option<u32>,
    /// What they saw; no part of what they asked, so a resend may bring another one.
    #[serde(skip_serializing)]
    quote: Quote,
}

fields! {
    Send {
        action_id, conversation_id, task, models or default, text, files or default, output_tokens_max or default,
        steps_max or default, searches_max or default, images or default, clips or default,
        clip_seconds or default, three_d_models or default, quote,
    }
}

/// `POST /api/actions`: 201, or 200 for a repeat.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(send): Json<Send, SEND_BODY_BYTES_MAX>,
) -> problem::Answer<Response> {
    if app.stopping.is_cancelled() {
        return Err(stopping());
    }
    // A task of its own: once admitted, an action is begun whether the browser waits or has gone.
    let room = caller.file_room(&app.config.limits);
    let admitted = app.tasks.spawn(admit(Arc::clone(&app), caller.account, room, send));
    let (status, view) = admitted.await.map_err(|fault| Problem::internal("send", &fault))??;
    Ok(json(status, &view))
}

async fn admit(
    app: Arc<App>,
    account: AccountId,
    room: FileRoom,
    send: Send,
) -> problem::Answer<(StatusCode, ActionView)> {
    let book = app.book_in_force();
    let mut command = command(&send)?;
    let id = command.action_id.clone();
    let known = app.read(&account, std::slice::from_ref(&id)).await?;
    if known.actions.contains_key(&id) {
        // A repeat, or the id of something else: the engine tells them apart without a price.
        authorize(&known, &book.published, &command, app.now())?;
        return Ok((StatusCode::OK, action::view(&app, &account, &id).await?));
    }
    check(&app, &send)?;
    let conversation = ConversationId(send.conversation_id.0);
    let files = attached(&app, &account, &send.files).await?;
    if send.task == Task::FileProcessing {
        command.request.pages = Some(file_refusal::pages(&files)?);
    }
    let is_made = making_asked::is_made(send.task);
    let prompt = if is_made {
        making_asked::check(&command.request, &send.text, files.len())?;
        history::alone(&app, &book, &send.text).await
    } else {
        history::prompt(&app, &book, &account, conversation, &send.text, files.clone()).await?
    };
    if sent_bytes(&prompt) > SENT_BYTES_MAX {
        return Err(too_large());
    }
    command.request.input_tokens =
        prompt.tokens.iter().map(|(encoding, count)| (*encoding, *count)).collect();
    command.request.attachments = prompt.attachments().collect();
    if command.request.attachments.len() > attachments_max() {
        return Err(too_many());
    }
    command.request.messages = u32::try_from(prompt.messages.len()).ok();
    command.request.flags = routing::flags(&send.text);

    let rows = Rows {
        book: Arc::clone(&book),
        action_id: id.clone(),
        conversation,
        text: send.text,
        files,
        tokens: prompt.new_tokens.clone(),
    };
    let caps = command.quote.as_ref().map(|quote| quote.caps.clone()).unwrap_or_default();
    // What has no price is refused by the engine, which says why.
    let price = estimate_capped(&book.published, &command.request, &caps).ok();
    if let Some(price) = &price {
        file_refusal::check(&*app.provider, price, &prompt)?;
    }
    // Noted before it is admitted, so that whatever happens then it is not forgotten.
    let job = match &price {
        Some(_) if is_made => {
            Some(making_asked::note(&app, &account, room, &id, &command.request).await?)
        }
        Some(_) | None => None,
    };
    let place = price.map(|price| claim(&app, &account, &id, conversation, &price)).transpose()?;
    let admission = Admission {
        command,
        book: Arc::clone(&book),
        open_holds_max: app.config.limits.account_answers_max,
    };
    // Once it has its place: whoever deletes the conversation from here on finds it, and stops it.
    let hold = match refuse_deleted(&app, &account, conversation).await {
        Ok(()) => {
            let admitted = admission.admit(&app, &account, move |hold| rows.of(hold)).await;
            admitted.map_err(|fault| refusal(fault, &send.files))
        }
        Err(problem) => Err(problem),
    };
    if hold.is_err() && job.is_some() {
        making_asked::forget_refused(&app, &account, &id).await;
    }
    let begun = hold.and_then(|hold| match (hold, &place) {
        (Some(hold), Some(run)) => {
            if let Some(job) = job {
                let (run, prompt) = (Arc::clone(run), prompt.text());
                making::start(&app, making::Making { run, hold, book, prompt, job });
                return Ok(StatusCode::CREATED);
            }
            let price = estimate_capped(&book.published, &hold.request, &hold.caps)?;
            answer::start(&app, answer::Job { run: Arc::clone(run), hold, price, prompt, book });
            Ok(StatusCode::CREATED)
        }
        // Somebody else sent the same at the same time and was first.
        (Some(_) | None, _) => Ok(StatusCode::OK),
    });
    if let Some(run) = &place {
        app.runs.give_back(run);
    }
    Ok((begun?, action::view(&app, &account, &id).await?))
}

/// A place among the running answers, for what the quote's caps allow.
fn claim(
    app: &App,
    account: &AccountId,
    id: &ActionId,
    conversation: ConversationId,
    price: &Estimate,
) -> problem::Answer<Arc<Run>> {
    let run = Run::new(account.clone(), id.clone(), conversation, leg_views(price));
    match app.runs.claim(run, app.config.limits.answers_max) {
        Ok(run) => Ok(run),
        Err(Full) => {
            let detail = "the server runs as many answers as it can; try again in a moment";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
                .retry_after(std::time::Duration::from_secs(2)))
        }
    }
}

/// What the engine is asked, before anything is counted.
fn command(send: &Send) -> problem::Answer<Authorize> {
    let fingerprint =
        kumari_wire::fingerprint(send).map_err(|fault| Problem::internal("fingerprint", &fault))?;
    let action_id = send.action_id.0.to_string();
    let action_id = action_id.parse().map_err(|fault| Problem::internal("action id", &fault))?;
    let mut request = Request::new(send.task, send.models.clone());
    request.output_tokens_max = send.output_tokens_max;
    request.steps_max = send.steps_max;
    request.searches_max = send.searches_max;
    request.images = send.images;
    request.clips = send.clips;
    request.clip_seconds = send.clip_seconds;
    request.three_d_models = send.three_d_models;
    Ok(Authorize { action_id, fingerprint, request, quote: Some(send.quote.clone()) })
}

/// What is refused before it is priced.
fn check(app: &App, send: &Send) -> problem::Answer<()> {
    if !app.provider.serves(send.task) {
        let served: Vec<&str> = app.tasks().into_iter().map(Task::name).collect();
        let message = format!(
            "`{}` has a price but this server does not do it: use {}",
            send.task.name(),
            served.join(", ")
        );
        let remedies = Vec::from([Remedy::FixRequest]);
        let mut denial = Denial::new(DenialCode::NotOffered, message, remedies);
        denial.path = Some("task".to_owned());
        return Err(denial.into());
    }
    if send.text.trim().is_empty() && send.files.is_empty() {
        return Err(Problem::invalid("text", "there is nothing in it: write a message"));
    }
    if send.files.len() > MESSAGE_FILES_MAX {
        let detail =
            format!("at most {MESSAGE_FILES_MAX} files go along with a message: send some");
        return Err(Problem::invalid("files", detail));
    }
    for (index, id) in send.files.iter().enumerate() {
        if send.files.iter().take(index).any(|earlier| earlier == id) {
            let detail = "this file goes along already: name each once";
            return Err(Problem::invalid(&format!("files[{index}]"), detail));
        }
    }
    Ok(())
}

/// What is known of the files that go along, in their order.
async fn attached(
    app: &App,
    account: &AccountId,
    ids: &[Uuid7],
) -> problem::Answer<Vec<FileFacts>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<FileId> = ids.iter().map(|id| FileId(id.0)).collect();
    let found = app.store().file_facts(account, &ids).await?;
    let found: HashMap<FileId, FileFacts> =
        found.into_iter().map(|facts| (facts.file_id, facts)).collect();
    let facts = |(index, id)| {
        let unknown = || files::unknown().at(&format!("files[{index}]"));
        found.get(id).cloned().ok_or_else(unknown)
    };
    ids.iter().enumerate().map(facts).collect()
}

/// A file may have been removed since it was looked for: then it is as if it had never been there.
fn refusal(fault: LedgerError, sent: &[Uuid7]) -> Problem {
    let LedgerError::Store(StoreError::FileGone(gone)) = fault else { return fault.into() };
    let index = sent.iter().position(|id| id.0 == gone.0).unwrap_or_default();
    files::unknown().at(&format!("files[{index}]"))
}

fn attachments_max() -> usize {
    usize::try_from(ATTACHMENTS_MAX).unwrap_or(usize::MAX)
}

fn too_many() -> Problem {
    let detail = format!(
        "a conversation has at most {ATTACHMENTS_MAX} pictures, recordings and clips together: begin \
         a new one"
    );
    Problem::invalid("files", detail)
}

fn too_large() -> Problem {
    let detail = format!(
        "the files of a conversation have at most {} MiB together, a document by its text: begin a \
         new one, or send smaller ones",
        SENT_BYTES_MAX >> 20
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "files_too_large", detail)
}

fn leg_views(price: &Estimate) -> Vec<LegView> {
    let view = |(leg, index)| {
        let leg: &kumari_engine::estimate::LegEstimate = leg;
        LegView::new(index, leg.model.clone(), LegStatus::Running)
    };
    price.legs.iter().zip(0_u32..).map(view).collect()
}

/// The messages that an admission writes: what was asked, and the answers to come.
struct Rows {
    book: Arc<Book>,
    action_id: ActionId,
    conversation: ConversationId,
    text: String,
    files: Vec<FileFacts>,
    tokens: Tokens,
}

impl Rows {
    fn of(&self, hold: &Hold) -> Vec<ChatWrite> {
        let conversation = Conversation {
            id: self.conversation,
            title: title(&self.text, &self.files),
            updated_at: hold.authorized_at,
        };
        let asked = Message {
            action_id: self.action_id.clone(),
            author: Author::User,
            text: self.text.clone(),
            status: MessageStatus::Sent,
            charge: None,
            tokens: self.tokens.clone(),
            created_at: hold.authorized_at,
            files: self.files.clone(),
            steps: Vec::new(),
        };
        let answers = likely_models(&self.book.published, hold).into_iter().zip(0_u32..);
        let answers = answers.map(|(model, leg)| Message {
            author: Author::Assistant { leg, model },
            text: String::new(),
            status: MessageStatus::Running,
            tokens: BTreeMap::new(),
            files: Vec::new(),
            ..asked.clone()
        });
        let messages = [asked.clone()].into_iter().chain(answers).collect();
        Vec::from([ChatWrite::Append { conversation, messages }])
    }
}

fn likely_models(book: &PublishedBook, hold: &Hold) -> Vec<ModelId> {
    estimate_capped(book, &hold.request, &hold.caps)
        .map(|price| price.legs.into_iter().map(|leg| leg.model).collect())
        .unwrap_or_default()
}

/// The first line that says anything, or else the first file's name; shortened.
fn title(text: &str, files: &[FileFacts]) -> String {
    let names = files.iter().map(|file| file.name.as_str());
    let mut lines = text.lines().chain(names).map(str::trim);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= TITLE_CHARS_MAX {
        return line.to_owned();
    }
    let short: String = line.chars().take(TITLE_CHARS_MAX.saturating_sub(1)).collect();
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{Send, refusal, title};
    use crate::uuid7::Uuid7;
    use kumari_store::{FileId, StoreError};

    fn send(quote_high: &str, text: &str) -> Send {
        with_files(quote_high, text, &[])
    }

    fn with_files(quote_high: &str, text: &str, files: &[&str]) -> Send {
        let mut json = serde_json::json!({
            "action_id": "019ab5f0-7c1d-7a3e-8000-000000000001",
            "conversation_id": "019ab5f0-7c1d-7a3e-8000-000000000002",
            "task": "direct",
            "models": ["gpt-6-luna"],
            "text": text,
            "quote": { "price_book": "0", "rules": "1", "high": quote_high },
        });
        if !files.is_empty() {
            json["files"] = files.into();
        }
        kumari_wire::from_str(&json.to_string()).unwrap()
    }

    #[test]
    fn r27_files_and_their_order_are_part_of_what_was_asked() {
        let of = |files: &[&str]| kumari_wire::fingerprint(&with_files("1", "", files)).unwrap();
        let [one, other] =
            ["019ab5f0-7c1d-7a3e-8000-000000000003", "019ab5f0-7c1d-7a3e-8000-000000000004"];
        assert_ne!(of(&[]), of(&[one]));
        assert_ne!(of(&[one]), of(&[other]));
        assert_ne!(of(&[one, other]), of(&[other, one]));
        assert_eq!(of(&[one]), of(&[one]));
    }

    #[test]
    fn a_file_that_went_meanwhile_is_named_by_its_place() {
        let ids = ["019ab5f0-7c1d-7a3e-8000-000000000003", "019ab5f0-7c1d-7a3e-8000-000000000004"];
        let sent: Vec<Uuid7> = with_files("1", "", &ids).files;
        let gone = StoreError::FileGone(FileId(sent[1].0));
        let problem = serde_json::to_value(refusal(gone.into(), &sent)).unwrap();
        assert_eq!(
            (&problem["code"], &problem["path"]),
            (&"file_unknown".into(), &"files[1]".into())
        );
    }

    #[test]
    fn r27_the_quote_is_no_part_of_what_was_asked() {
        let of = |send| kumari_wire::fingerprint(&send).unwrap();
        assert_eq!(of(send("1", "hello")), of(send("2", "hello")));
        assert_ne!(of(send("1", "hello")), of(send("1", "hello!")));
    }

    #[test]
    fn a_title_is_the_first_line_that_says_anything() {
        assert_eq!(title("\n  \n  What is this?  \nMore.", &[]), "What is this?");
        let long = title(&"ä".repeat(200), &[]);
        assert_eq!(long.chars().count(), 80);
        assert!(long.ends_with('…'));
    }
}
