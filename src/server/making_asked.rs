//! A send that asks for files to be made: what of it is refused before anything is held, and the job
//! that is noted before it is admitted, so that no crash after that can lose it.

use crate::app::App;
use crate::making::{JOB_TTL_SECONDS, count};
use crate::making_files::check_room;
use crate::problem::{Answer, Problem};
use kumari_engine::denial::Denial;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::price_book::KindName;
use kumari_engine::request::{Request, Task};
use kumari_store::{FILE_BYTES_MAX, FileRoom, JobKey, MediaJob};

/// The longest text that says what is to be made, in characters.
const PROMPT_CHARS_MAX: usize = 4_000;

/// Whether a task makes files.
pub(crate) fn is_made(task: Task) -> bool {
    task.kind() != KindName::Text
}

/// How many files of a kind one send asks for at most: each may be large.
const fn count_max(task: Task) -> u32 {
    match task {
        Task::Image => 8,
        Task::Video | Task::ThreeD => 4,
        Task::Direct
        | Task::Compare
        | Task::Routing
        | Task::Agent
        | Task::DeepResearch
        | Task::FinanceSearch
        | Task::SocialSearch
        | Task::FileProcessing => 0,
    }
}

/// What is asked can be made.
pub(crate) fn check(request: &Request, text: &str, files: usize) -> Answer<()> {
    if text.trim().is_empty() {
        return Err(Problem::invalid("text", "there is nothing in it: say what to make"));
    }
    if text.chars().count() > PROMPT_CHARS_MAX {
        let detail = format!("say what to make in at most {PROMPT_CHARS_MAX} characters");
        return Err(Problem::invalid("text", detail));
    }
    if files > 0 {
        let detail = "files do not go along with what is to be made: remove them, and describe it";
        return Err(Problem::invalid("files", detail));
    }
    let (most, path) = (count_max(request.task), path(request.task));
    if count(request) > most {
        let message = format!("at most {most} are made at a time: ask for fewer");
        return Err(Denial::request_invalid(path, &message).into());
    }
    Ok(())
}

const fn path(task: Task) -> &'static str {
    match task {
        Task::Video => "clips",
        Task::ThreeD => "three_d_models",
        Task::Image
        | Task::Direct
        | Task::Compare
        | Task::Routing
        | Task::Agent
        | Task::DeepResearch
        | Task::FinanceSearch
        | Task::SocialSearch
        | Task::FileProcessing => "images",
    }
}

/// Gives the room of a job back whose send was refused, unless the same was admitted by another send.
/// What cannot be forgotten now is by whoever takes it.
pub(crate) async fn forget_refused(app: &App, account: &AccountId, action_id: &ActionId) {
    let known = app.read(account, std::slice::from_ref(action_id)).await;
    if known.is_ok_and(|known| known.hold(action_id).is_none()) {
        let key = JobKey { account: account.clone(), action_id: action_id.clone(), leg: 0 };
        if let Err(fault) = app.store().end_job(&key).await {
            tracing::warn!(%fault, "the job of a refused send is forgotten later");
        }
    }
}

/// Looks for room and notes the job. It is nobody's until its hold is there.
pub(crate) async fn note(
    app: &App,
    account: &AccountId,
    room: FileRoom,
    action_id: &ActionId,
    request: &Request,
) -> Answer<MediaJob> {
    let kind = request.task.kind();
    let each = app.provider.media().and_then(|media| media.file_bytes_max(kind));
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes_max = each.unwrap_or(most).saturating_mul(u64::from(count(request)));
    check_room(app, account, room, bytes_max).await?;
    let now = app.now();
    let job = MediaJob {
        // Every task that makes files has one leg.
        key: JobKey { account: account.clone(), action_id: action_id.clone(), leg: 0 },
        provider_job: None,
        bytes_max,
        is_stopped: false,
        held_until: now.plus_seconds(JOB_TTL_SECONDS),
        created_at: now,
    };
    app.store().add_job(job.clone()).await?;
    Ok(job)
}
