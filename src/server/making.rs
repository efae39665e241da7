//! Making files: one leg of an action that a provider's job does, from its start to its end.
//!
//! The job has a row of its own, so it outlives this process. As long as one works on it here, the row
//! says so; a process that is gone says so no more, and the next one takes the job (`making_taken`).
//! Should two be at it, nothing happens twice: a file's id follows from its leg, and a leg ends once
//! (R24). What an end costs is decided here, by the rules' table of outcomes, and made durable in
//! `settle`.

use crate::action::{self, ActionStatus, LegStatus};
use crate::app::App;
use crate::books::Book;
use crate::counter::Tokens;
use crate::making_files;
use crate::outcome::Outcome;
use crate::provider_media::{
    MadeFile, MediaCancel, MediaOrder, MediaProvider, MediaState, MediaWhat,
};
use crate::renew;
use crate::runs::Run;
use crate::settle::{self, Ending};
use futures::FutureExt as _;
use kumari_engine::account::Hold;
use kumari_engine::id::ModelId;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::ModelKind;
use kumari_engine::request::{Request, Task};
use kumari_engine::settle::{Finish, LegEnd, UsageSource};
use kumari_engine::time::Timestamp;
use kumari_engine::void::VoidReason;
use kumari_store::{JobKey, MediaJob};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How long a process that says nothing keeps a job: after a crash the next one has it as soon.
pub(crate) const JOB_TTL_SECONDS: u32 = 6;
/// How often the row is told that somebody works on the job.
const KEEP_EVERY: Duration = Duration::from_secs(2);
/// The first wait before a job is asked again; each next one is longer by half.
const ASK_WAIT: Duration = Duration::from_millis(20);
/// The longest one.
const ASK_WAIT_MAX: Duration = Duration::from_millis(500);
/// How long a job is asked for once its hold is over: what comes so late is free.
const LATE_SECONDS_MAX: u32 = 24 * 3_600;

/// A job with all that is needed to bring it to its end.
#[derive(Debug)]
pub(crate) struct Making {
    pub(crate) run: Arc<Run>,
    pub(crate) hold: Hold,
    pub(crate) book: Arc<Book>,
    pub(crate) prompt: String,
    pub(crate) job: MediaJob,
}

/// Begins to make it, unless its run was begun already, and returns at once.
pub(crate) fn start(app: &Arc<App>, making: Making) {
    if !making.run.start() {
        return;
    }
    app.runs.insert(&making.run);
    app.tasks.spawn(run(Arc::clone(app), making));
}

async fn run(app: Arc<App>, making: Making) {
    let Making { run, book, job, .. } = &making;
    tokio::select! {
        () = to_its_end(&app, &making) => {}
        () = until_ended(&app, &making) => {}
        () = app.stopping.cancelled() => {
            // The next process has it at once.
            if let Err(fault) = app.store().keep_job(&job.key, app.now()).await {
                tracing::warn!(%fault, "a job is given away a little later");
            }
        }
        never = renew::keep(&app, run, book) => match never {},
    }
    // Who listens is told of an end; where there is none yet, they ask again.
    let view = action::whole(&app, &run.account, &run.action_id).await.ok();
    app.runs.remove(run);
    run.transcript.finish(view.filter(|view| view.status == ActionStatus::Ended));
}

/// Says again and again that the job is worked on, and hears a Stop that another process was told;
/// until the job has ended elsewhere.
async fn until_ended(app: &App, making: &Making) {
    let mut ticks = interval(KEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let until = app.now().plus_seconds(JOB_TTL_SECONDS);
        match app.store().keep_job(&making.job.key, until).await {
            Ok(Some(job)) if job.is_stopped => making.run.stop(),
            Ok(Some(_)) => {}
            // A refused send of the same id may have taken it for its own.
            Ok(None) if is_open(app, making).await => {
                if let Err(fault) = app.store().add_job(making.job.clone()).await {
                    tracing::warn!(%fault, "a job is not noted; only this process works on it");
                }
            }
            Ok(None) => return,
            Err(fault) => tracing::warn!(%fault, "a job is not kept; another process may take it"),
        }
    }
}

/// Whether the leg is still to be ended, as far as can be read.
async fn is_open(app: &App, making: &Making) -> bool {
    let JobKey { account, action_id, leg } = &making.job.key;
    let known = app.read(account, std::slice::from_ref(action_id)).await;
    known.is_ok_and(|known| known.hold(action_id).is_some_and(|hold| !has_ended(hold, *leg)))
}

/// Whether nothing is to be done for a leg any more. An expired hold leaves its job be: what comes late
/// is free.
pub(crate) fn has_ended(hold: &Hold, leg: u32) -> bool {
    hold.leg(leg).is_none_or(|leg| {
        matches!(
            leg.end,
            Some(LegEnd::Settled(_) | LegEnd::Voided(_) | LegEnd::Expired { late: Some(_), .. })
        )
    })
}

/// Works until the leg has ended, also where our own code or the provider's breaks on the way. Where it
/// cannot be ended now, its row stays: somebody tries again.
async fn to_its_end(app: &App, making: &Making) {
    let Making { run, hold, book, job, .. } = making;
    let leg = job.key.leg;
    let model = model(hold, leg);
    let (Some(media), Some(model)) = (app.provider.media(), model) else {
        tracing::error!("a job's provider or model is gone; it is asked for no more");
        return forget(app, &job.key).await;
    };
    run.transcript.set_leg(leg, &model, LegStatus::Running, None);
    let working = AssertUnwindSafe(work(app, making, &*media, &model)).catch_unwind();
    let outcome = working.await.unwrap_or_else(|_| {
        tracing::error!("making broke; the leg is void");
        Some(void(VoidReason::Failed))
    });
    let Some(outcome) = outcome else { return };
    let (tokens, steps) = (Tokens::new(), Vec::new());
    let ending = Ending { model: model.clone(), outcome, text: None, tokens, steps };
    let Some(end) = settle::end(app, run, book, leg, ending).await else { return };
    let charge = Some(action::charge_of(&end));
    run.transcript.set_leg(leg, &model, LegStatus::of(Some(&end)), charge);
    forget(app, &job.key).await;
}

async fn forget(app: &App, key: &JobKey) {
    if let Err(fault) = app.store().end_job(key).await {
        tracing::warn!(%fault, "a job that has ended is forgotten later");
    }
}

/// Starts the job where nobody has, and asks how it stands until it has ended; what that costs.
/// Nothing where another process has ended it.
async fn work(
    app: &App,
    making: &Making,
    media: &dyn MediaProvider,
    model: &ModelId,
) -> Option<Outcome> {
    let Making { run, hold, job, .. } = making;
    let leg = job.key.leg;
    let stop = run.stops.get(usize::try_from(leg).ok()?).cloned().unwrap_or_default();
    let order = order(making, model)?;
    let name = match &job.provider_job {
        Some(name) => name.clone(),
        None if stop.is_cancelled() => return Some(void(VoidReason::Stopped)),
        None => match media.start(order.clone()).await {
            Ok(name) => named(app, &job.key, name).await?,
            Err(fault) => {
                tracing::warn!(%model, code = fault.code(), %fault, "nothing is made");
                return Some(void(fault.void_reason()));
            }
        },
    };
    let mut wait = ASK_WAIT;
    let mut is_too_late = false;
    loop {
        match media.poll(&name).await {
            Ok(MediaState::Running { percent }) => run.transcript.set_progress(leg, percent),
            Ok(MediaState::Made { files }) => {
                return delivered(app, making, &order, files).await;
            }
            Ok(MediaState::Failed { message }) => {
                tracing::warn!(%model, message, "nothing was made");
                return Some(void(VoidReason::Failed));
            }
            Ok(MediaState::Lost) => return Some(void(VoidReason::Lost)),
            Err(fault) => tracing::warn!(%model, %fault, "how a job stands is not known"),
        }
        if stop.is_cancelled() && !is_too_late {
            match media.cancel(&name).await {
                Ok(MediaCancel::Cancelled) => return Some(void(VoidReason::Stopped)),
                Ok(MediaCancel::TooLate) => is_too_late = true,
                Err(fault) => tracing::warn!(%model, %fault, "a job may not have been cancelled"),
            }
        }
        if app.now() > last_asked(hold) {
            return Some(void(VoidReason::Lost));
        }
        tokio::select! {
            () = sleep(wait) => {}
            () = stop.cancelled(), if !is_too_late && !stop.is_cancelled() => {}
        }
        wait = wait.saturating_mul(3).checked_div(2).unwrap_or(wait).min(ASK_WAIT_MAX);
    }
}

/// Notes the job's name, which another process needs to go on; the one that is there.
async fn named(app: &App, key: &JobKey, name: String) -> Option<String> {
    match app.store().name_job(key, name.clone()).await {
        Ok(Some(job)) => job.provider_job,
        Ok(None) => None,
        Err(fault) => {
            tracing::warn!(%fault, "a job's name is not noted; only this process can go on with it");
            Some(name)
        }
    }
}

/// Gives what was made to the answer, and says what that costs: what there is of what was asked for.
async fn delivered(
    app: &App,
    making: &Making,
    order: &MediaOrder,
    files: Vec<MadeFile>,
) -> Option<Outcome> {
    let most = usize::try_from(order.count).unwrap_or(usize::MAX);
    let files: Vec<MadeFile> = files.into_iter().take(most).collect();
    let made = u64::try_from(files.len()).unwrap_or(u64::MAX);
    if made == 0 {
        return Some(void(VoidReason::Failed));
    }
    match making_files::deliver(app, &making.job.key, &making.prompt, files).await {
        Ok(facts) => making.run.transcript.set_files(making.job.key.leg, facts),
        Err(fault) => {
            // Its end must not come before it: it stays running, and somebody tries again.
            tracing::error!(%fault, "what was made could not be kept yet");
            return None;
        }
    }
    let usage = usage(making, order.what, made);
    let (usage_source, finish) = (UsageSource::Reported, Finish::Completed);
    Some(Outcome::Settle { usage, usage_source, finish })
}

fn usage(making: &Making, what: MediaWhat, made: u64) -> Usage {
    let (meter, of_each) = match what {
        MediaWhat::Images => (Meter::Images, 1),
        MediaWhat::Models => (Meter::ThreeDModels, 1),
        MediaWhat::Clips { seconds } => (Meter::VideoBlocks, blocks(making, seconds)),
    };
    Usage::new([(meter, made.saturating_mul(of_each))]).unwrap_or_default()
}

/// The started blocks of a clip.
fn blocks(making: &Making, seconds: u32) -> u64 {
    let Some(video) = video_block(making) else { return 0 };
    u64::from(seconds.div_ceil(video))
}

/// How many seconds a block of the action's model has.
fn video_block(making: &Making) -> Option<u32> {
    let model = model(&making.hold, making.job.key.leg)?;
    match making.book.published.book.model(&model)?.kind {
        ModelKind::Video(video) => Some(video.block_seconds.max(1)),
        ModelKind::Text(_) | ModelKind::Image | ModelKind::ThreeD => None,
    }
}

fn void(reason: VoidReason) -> Outcome {
    Outcome::Void { reason, used: None }
}

fn model(hold: &Hold, leg: u32) -> Option<ModelId> {
    hold.leg(leg)?.models.first().cloned()
}

fn last_asked(hold: &Hold) -> Timestamp {
    hold.authorized_at.plus_seconds(LATE_SECONDS_MAX)
}

fn order(making: &Making, model: &ModelId) -> Option<MediaOrder> {
    let request = &making.hold.request;
    let what = match making.book.published.book.model(model)?.kind {
        ModelKind::Image => MediaWhat::Images,
        ModelKind::ThreeD => MediaWhat::Models,
        ModelKind::Video(video) => {
            MediaWhat::Clips { seconds: request.clip_seconds.unwrap_or(video.block_seconds) }
        }
        ModelKind::Text(_) => return None,
    };
    let JobKey { action_id, leg, .. } = &making.job.key;
    Some(MediaOrder {
        key: format!("{action_id}-{leg}"),
        model: model.clone(),
        prompt: making.prompt.clone(),
        what,
        count: count(request),
    })
}

/// How many files a request asks for.
pub(crate) fn count(request: &Request) -> u32 {
    let asked = match request.task {
        Task::Image => request.images,
        Task::Video => request.clips,
        Task::ThreeD => request.three_d_models,
        Task::Direct
        | Task::Compare
        | Task::Routing
        | Task::Agent
        | Task::DeepResearch
        | Task::FinanceSearch
        | Task::SocialSearch
        | Task::FileProcessing => None,
    };
    asked.unwrap_or(1)
}
