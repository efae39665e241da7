//! Listening to one provider until its end, or until there is a reason not to wait for it.

use crate::answer::Job;
use crate::answer_files::Loaded;
use crate::app::App;
use crate::outcome::Heard;
use crate::provider::{
    ProviderEvent, ProviderFault, ProviderRequest, ProviderStream, TimeoutPhase,
};
use crate::rows;
use crate::runs::Run;
use futures::StreamExt as _;
use kumari_engine::amount::Credits;
use kumari_engine::id::ModelId;
use kumari_engine::meter::Usage;
use kumari_engine::settle::{Finish, charge_so_far};
use kumari_store::{ChatWrite, MessageStep, STEP_BYTES_MAX, StepKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How often the text so far is written down, so that a crash keeps it.
const SAVE_EVERY: Duration = Duration::from_millis(500);
/// How long a cancelled provider may take to say what was used.
const FAREWELL: Duration = Duration::from_secs(2);
/// More text than this for each token that it may have is not what was asked for.
const BYTES_PER_TOKEN_MAX: u64 = 64;
/// The longest answer in any case, in bytes.
const TEXT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Whom to listen to, and until when.
#[derive(Debug)]
pub(crate) struct Listening<'leg> {
    pub(crate) leg: u32,
    pub(crate) request: ProviderRequest,
    pub(crate) until: Instant,
    pub(crate) needed: Needed<'leg>,
}

/// What the request was made of, as long as this model or another one may need it.
#[derive(Debug)]
pub(crate) struct Needed<'leg> {
    pub(crate) loaded: &'leg mut Option<Arc<Loaded>>,
    /// Whether no other model is asked, whatever this one does.
    pub(crate) is_last: bool,
}

/// What was heard, with what the model thought aloud.
#[derive(Debug)]
pub(crate) struct All {
    pub(crate) heard: Heard,
    pub(crate) reasoning: String,
    stopped: bool,
}

impl All {
    /// Whether there is no point in asking another model.
    pub(crate) fn is_over(&self, until: Instant) -> bool {
        self.stopped || Instant::now() >= until
    }
}

/// Why we stopped waiting for the provider's own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The person pressed Stop.
    Stopped,
    /// The hold is about to expire.
    TimeUp,
    /// This process ends.
    Aborted,
    /// It said far more than it was asked for.
    TooLong,
}

/// Listens to the provider; what it says goes into the run's transcript.
pub(crate) async fn to(app: &App, job: &Job, listening: Listening<'_>) -> All {
    let Listening { leg, request, until, needed } = listening;
    let run = &job.run;
    let index = usize::try_from(leg).unwrap_or(usize::MAX);
    let stop = run.stops.get(index).cloned().unwrap_or_default();
    let cancel = CancellationToken::new();
    let mut ear = Ear::new(app, job, leg, &request, needed);
    if ear.does_more() {
        ear.tell_cost(&Usage::default());
    }
    let mut stream = app.provider.stream(request, cancel.clone());
    let cut = tokio::select! {
        biased;
        () = stop.cancelled() => Cut::Stopped,
        () = app.aborting.cancelled() => Cut::Aborted,
        () = sleep_until(until) => Cut::TimeUp,
        end = ear.hear(&mut stream) => match end {
            Some(end) => return ear.all(end, false),
            None => Cut::TooLong,
        },
    };
    cancel.cancel();
    // What it still says is neither shown nor counted; what it reports is its own account.
    let farewell = Instant::now() + FAREWELL;
    let said = tokio::time::timeout_at(farewell, ear.hear_usage(&mut stream)).await;
    let end = match (cut, said.ok().flatten()) {
        // It was done before it heard that it should stop.
        (Cut::Stopped, Some(finish)) => Ok(finish),
        (Cut::Stopped, None) => Ok(Finish::Stopped),
        (Cut::TooLong, _) => Ok(Finish::Length),
        (Cut::TimeUp, _) => {
            Err(ProviderFault::TimedOut { phase: TimeoutPhase::Total, waited: ear.began.elapsed() })
        }
        (Cut::Aborted, _) => {
            Err(ProviderFault::Failed { message: "this server is stopping".to_owned() })
        }
    };
    ear.all(end, cut == Cut::Stopped)
}

impl Needed<'_> {
    /// The provider has the request: it is needed for another model alone.
    fn accepted(&mut self) {
        if self.is_last {
            self.answered();
        }
    }

    /// Something of the answer came: no other model is asked any more.
    fn answered(&mut self) {
        *self.loaded = None;
    }
}

/// Collects what one provider says.
struct Ear<'run> {
    app: &'run App,
    job: &'run Job,
    run: &'run Run,
    leg: u32,
    model: ModelId,
    bytes_max: u64,
    /// Of steps and of searches.
    steps_max: [u64; 2],
    began: Instant,
    saved: Instant,
    output: bool,
    reasoning: String,
    usage: Option<Usage>,
    needed: Needed<'run>,
}

impl<'run> Ear<'run> {
    fn new(
        app: &'run App,
        job: &'run Job,
        leg: u32,
        request: &ProviderRequest,
        needed: Needed<'run>,
    ) -> Self {
        let bytes_max = request.output_tokens_max.saturating_mul(BYTES_PER_TOKEN_MAX);
        Self {
            app,
            job,
            run: &job.run,
            leg,
            model: request.model.clone(),
            bytes_max: bytes_max.min(TEXT_BYTES_MAX),
            steps_max: [request.steps_max, request.searches_max],
            began: Instant::now(),
            saved: Instant::now(),
            output: false,
            reasoning: String::new(),
            usage: None,
            needed,
        }
    }

    /// Hears everything until the end; nothing where it is too much.
    async fn hear(&mut self, stream: &mut ProviderStream) -> Option<Result<Finish, ProviderFault>> {
        loop {
            match stream.next().await {
                Some(Ok(ProviderEvent::Accepted)) => self.needed.accepted(),
                Some(Ok(ProviderEvent::Delta { text })) => {
                    self.has_output();
                    self.run.transcript.add_text(self.leg, &text);
                    self.save_now_and_then().await;
                }
                Some(Ok(ProviderEvent::Reasoning { text })) => {
                    self.has_output();
                    self.reasoning.push_str(&text);
                }
                Some(Ok(ProviderEvent::Step { place, step })) => self.hear_step(place, step).await,
                Some(Ok(ProviderEvent::UsedSoFar(usage))) => self.tell_cost(&usage),
                Some(Ok(ProviderEvent::Usage(usage))) => self.usage = Some(usage),
                Some(Ok(ProviderEvent::Finished { finish })) => return Some(Ok(finish)),
                Some(Err(fault)) => return Some(Err(fault)),
                None => {
                    let message = "the answer broke off without an end".to_owned();
                    return Some(Err(ProviderFault::Failed { message }));
                }
            }
            if self.is_too_long() {
                return None;
            }
        }
    }

    /// Whether the work has steps or searches.
    fn does_more(&self) -> bool {
        self.steps_max.iter().any(|most| *most > 0)
    }

    /// What a provider says of work that was not asked for is not shown.
    async fn hear_step(&mut self, place: usize, step: MessageStep) {
        let [steps, searches] = self.steps_max;
        let most = match step.kind {
            StepKind::Step => steps,
            StepKind::Search => searches,
        };
        if most == 0 {
            return;
        }
        let is_done = step.found.is_some();
        if is_done {
            self.has_output();
        }
        if self.run.transcript.set_step(self.leg, place, shortened(step)) && is_done {
            self.save().await;
        }
    }

    /// Tells what it would cost if it ended now. What has no price is not told; its end says why.
    fn tell_cost(&self, usage: &Usage) {
        let Job { hold, book, .. } = self.job;
        let Some(part) = hold.leg(self.leg).map(|leg| leg.part) else { return };
        let cost = if usage.is_empty() {
            Ok(Credits::ZERO)
        } else {
            charge_so_far(&book.published, hold, self.leg, &self.model, usage)
        };
        if let Ok(cost) = cost {
            self.run.transcript.set_cost(self.leg, cost, part);
        }
    }

    fn has_output(&mut self) {
        self.output = true;
        self.needed.answered();
    }

    /// Hears the rest of a cancelled answer for its usage and its end.
    async fn hear_usage(&mut self, stream: &mut ProviderStream) -> Option<Finish> {
        while let Some(Ok(event)) = stream.next().await {
            match event {
                ProviderEvent::Usage(usage) => self.usage = Some(usage),
                ProviderEvent::Finished { finish } => return Some(finish),
                ProviderEvent::Accepted
                | ProviderEvent::Delta { .. }
                | ProviderEvent::Step { .. }
                | ProviderEvent::UsedSoFar(_)
                | ProviderEvent::Reasoning { .. } => {}
            }
        }
        None
    }

    fn is_too_long(&self) -> bool {
        let said = self.run.transcript.text_bytes(self.leg).saturating_add(self.reasoning.len());
        u64::try_from(said).unwrap_or(u64::MAX) > self.bytes_max
    }

    async fn save_now_and_then(&mut self) {
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save().await;
        }
    }

    async fn save(&mut self) {
        self.saved = Instant::now();
        let text = self.run.transcript.text(self.leg);
        let mut row = rows::said(&self.run.action_id, self.leg, &self.model, text);
        row.steps = self.does_more().then(|| self.run.transcript.steps(self.leg));
        let writes = Vec::from([ChatWrite::Update(row)]);
        if let Err(fault) = self.app.store().write_chat(&self.run.account, writes).await {
            // The answer goes on: its end is written with its charge.
            tracing::warn!(%fault, "the text so far was not saved");
        }
    }

    fn all(self, end: Result<Finish, ProviderFault>, stopped: bool) -> All {
        let Self { model, output, usage, reasoning, .. } = self;
        All { heard: Heard { model, output, usage, end }, reasoning, stopped }
    }
}

/// No longer than is kept.
fn shortened(step: MessageStep) -> MessageStep {
    let cut = |mut text: String| {
        text.truncate(text.floor_char_boundary(STEP_BYTES_MAX / 2));
        text
    };
    MessageStep { title: cut(step.title), found: step.found.map(cut), ..step }
}
