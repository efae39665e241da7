//! Running an answer: each leg listens to its provider, says what it hears, and ends its part of
//! the hold.
//!
//! It runs on tasks of the process, not of a request: the browser may go away and come back. What
//! an end costs is decided in `outcome`, made durable in `settle`.

use crate::action::{self, LegStatus};
use crate::answer_files::{self, Loaded};
use crate::app::App;
use crate::books::Book;
use crate::counter::Tokens;
use crate::history::Prompt;
use crate::listen::{self, Listening, Needed};
use crate::outcome::{Outcome, count_visible};
use crate::provider::ProviderRequest;
use crate::renew;
use crate::runs::Run;
use crate::settle::{self, Ending};
use futures::FutureExt as _;
use futures::future::join_all;
use kumari_engine::account::Hold;
use kumari_engine::estimate::{CandidateEstimate, Estimate, LegEstimate};
use kumari_engine::price_book::{ModelKind, TextModel};
use kumari_engine::renew::last_deadline;
use kumari_engine::void::VoidReason;
use std::iter::repeat_n;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// An answer stops at least this long before its hold expires, so that its end is written in time.
const MARGIN_MAX: Duration = Duration::from_secs(5);

/// An action that was admitted, with all that its answer needs.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) run: Arc<Run>,
    pub(crate) hold: Hold,
    /// The hold's own price: its bounds are what a provider is given.
    pub(crate) price: Estimate,
    pub(crate) prompt: Prompt,
    pub(crate) book: Arc<Book>,
}

/// Begins to answer, unless its run was begun already, and returns at once.
pub(crate) fn start(app: &Arc<App>, job: Job) {
    if !job.run.start() {
        return;
    }
    app.runs.insert(&job.run);
    app.tasks.spawn(run(Arc::clone(app), job));
}

async fn run(app: Arc<App>, job: Job) {
    let until = Instant::now() + time_to_answer(&app, &job);
    let answering = async {
        let loaded = loaded(&app, &job, until).await.map(Arc::new);
        // Each leg has it for itself, and nobody else.
        let each = repeat_n(loaded, job.price.legs.len());
        let legs = job.price.legs.iter().zip(0_u32..).zip(each);
        join_all(legs.map(|((leg, index), loaded)| {
            leg_to_its_end(&app, &job, leg, index, Asked { loaded, until })
        }))
        .await
    };
    tokio::select! {
        _ = answering => {}
        never = renew::keep(&app, &job.run, &job.book) => match never {},
    }
    let run = &job.run;
    let view = action::whole(&app, &run.account, &run.action_id).await;
    if let Err(problem) = &view {
        tracing::error!(code = problem.code(), "an ended action cannot be shown");
    }
    app.runs.remove(run);
    run.transcript.finish(view.ok());
}

/// From now until shortly before the last deadline that the hold can be renewed to.
fn time_to_answer(app: &App, job: &Job) -> Duration {
    let last = last_deadline(&job.book.published.book, &job.hold);
    let millis = last.as_millis().saturating_sub(app.now().as_millis());
    let left = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    left.saturating_sub(MARGIN_MAX.min(left / 10))
}

/// What a leg is asked.
#[derive(Debug)]
struct Asked {
    /// Why it is void, where it could not be put together.
    loaded: Result<Arc<Loaded>, VoidReason>,
    until: Instant,
}

/// The messages with their files, as long as somebody wants them; why they cannot be had.
async fn loaded(app: &App, job: &Job, until: Instant) -> Result<Loaded, VoidReason> {
    let loading = answer_files::load(app, &job.run.account, &job.prompt, job.price.legs.len());
    let all_stopped = join_all(job.run.stops.iter().map(|stop| stop.cancelled()));
    let loaded = tokio::select! {
        biased;
        _ = all_stopped => return Err(VoidReason::Stopped),
        () = app.aborting.cancelled() => return Err(VoidReason::Failed),
        loaded = timeout_at(until, loading) => loaded,
    };
    match loaded {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(problem)) => {
            tracing::error!(code = problem.code(), "files of an answer were not read; it is void");
            Err(VoidReason::Failed)
        }
        Err(_) => {
            tracing::error!("there was no room for the files of an answer; it is void");
            Err(VoidReason::Failed)
        }
    }
}

/// Answers a leg and ends it, also where our own code or the provider's breaks on the way.
async fn leg_to_its_end(app: &App, job: &Job, leg: &LegEstimate, index: u32, asked: Asked) {
    let answering = AssertUnwindSafe(answer(app, job, leg, index, asked)).catch_unwind();
    let ending = answering.await.unwrap_or_else(|_| {
        tracing::error!(leg = index, "answering broke; the leg is void");
        let outcome = Outcome::Void { reason: VoidReason::Failed, used: None };
        Ending {
            model: leg.model.clone(),
            outcome,
            text: None,
            tokens: Tokens::new(),
            steps: Vec::new(),
        }
    });
    let model = ending.model.clone();
    let end = settle::end(app, &job.run, &job.book, index, ending).await;
    let charge = end.as_ref().map(action::charge_of);
    job.run.transcript.set_leg(index, &model, LegStatus::of(end.as_ref()), charge);
}

/// Asks the likely model, and where it fails before it has shown anything, the other candidates.
async fn answer(
    app: &App,
    job: &Job,
    leg: &LegEstimate,
    index: u32,
    Asked { loaded, until }: Asked,
) -> Ending {
    let mut loaded = match loaded {
        Ok(loaded) => Some(loaded),
        Err(reason) => {
            let outcome = Outcome::Void { reason, used: None };
            return Ending {
                model: leg.model.clone(),
                outcome,
                text: None,
                tokens: Tokens::new(),
                steps: Vec::new(),
            };
        }
    };
    let mut candidates = in_order(leg).peekable();
    while let Some(candidate) = candidates.next() {
        let Some(facts) = facts(job, candidate) else { continue };
        let Some(messages) = loaded.as_ref().map(|loaded| loaded.messages.clone()) else { break };
        job.run.transcript.set_leg(index, &candidate.model, LegStatus::Running, None);
        let request = ProviderRequest {
            model: candidate.model.clone(),
            facts: facts.clone(),
            messages,
            task: job.hold.request.task,
            output_tokens_max: candidate.bounds.output_tokens_max.unwrap_or(0),
            steps_max: candidate.bounds.steps_max.unwrap_or(0),
            searches_max: candidate.bounds.searches_max.unwrap_or(0),
            round_input_tokens_max: round_input_tokens_max(job, candidate),
        };
        let is_last = candidates.peek().is_none();
        let needed = Needed { loaded: &mut loaded, is_last };
        let listening = Listening { leg: index, request, until, needed };
        let heard = listen::to(app, job, listening).await;
        if let Err(fault) = &heard.heard.end {
            tracing::warn!(model = %candidate.model, code = fault.code(), %fault, "no answer");
        }
        if heard.heard.leaves_room() && !is_last && !heard.is_over(until) {
            continue;
        }
        return ending(app, job, index, facts, heard).await;
    }
    // Every candidate of a text task is a text model, so one was asked; what was not, is void.
    let outcome = Outcome::Void { reason: VoidReason::Refused, used: None };
    Ending {
        model: leg.model.clone(),
        outcome,
        text: None,
        tokens: Tokens::new(),
        steps: Vec::new(),
    }
}

async fn ending(app: &App, job: &Job, index: u32, facts: &TextModel, heard: listen::All) -> Ending {
    let book = &job.book.published.book;
    let text = job.run.transcript.text(index);
    let tokens = app.counter.count(book, &text).await;
    let reasoning = app.counter.count(book, &heard.reasoning).await;
    let steps = job.run.transcript.steps(index);
    let counted = count_visible(facts, &job.prompt, &tokens, &reasoning, &steps);
    let model = heard.heard.model.clone();
    let outcome = heard.heard.outcome(counted).with_pages(job.hold.request.pages.unwrap_or(0));
    Ending { model, outcome, text: Some(text), tokens, steps }
}

/// The likely model first, then the others in the book's order.
fn in_order(leg: &LegEstimate) -> impl Iterator<Item = &CandidateEstimate> {
    let likely = leg.candidates.iter().filter(|candidate| candidate.model == leg.model);
    likely.chain(leg.candidates.iter().filter(|candidate| candidate.model != leg.model))
}

fn round_input_tokens_max(job: &Job, candidate: &CandidateEstimate) -> u64 {
    let price = job.book.published.book.price(job.hold.request.task, &candidate.model);
    let bound = price.and_then(|price| price.offer.bounds.round_input_tokens);
    bound.map_or(0, |bound| bound.max)
}

fn facts<'job>(job: &'job Job, candidate: &CandidateEstimate) -> Option<&'job TextModel> {
    match &job.book.published.book.model(&candidate.model)?.kind {
        ModelKind::Text(text) => Some(text),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => None,
    }
}
