//! A provider that says what a test tells it to, step by step.

use async_stream::stream;
use kumari_engine::attachment::Attachment;
use kumari_engine::id::ModelId;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use kumari_server::provider::{
    MediaRefusal, Provider, ProviderEvent, ProviderFault, ProviderRequest, ProviderStream,
};
use kumari_server::provider_media::MediaProvider;
use kumari_store::{MessageStep, StepKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// One thing that the provider does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Takes the request on; where no step says so, it does before all of them.
    Accept,
    Say(&'static str),
    /// Thinks, showing this.
    Think(&'static str),
    /// Reports these input, output and reasoning tokens.
    Use(u64, u64, u64),
    /// Begins a step or a search in this place.
    Begin(usize, StepKind, &'static str),
    /// Is done with it, and found this.
    Done(usize, StepKind, &'static str, &'static str),
    /// Has used these input tokens, output tokens, steps and searches so far.
    SoFar(u64, u64, u64, u64),
    /// Reports the same at the end.
    UseAll(u64, u64, u64, u64),
    /// Waits until the test lets one answer through.
    Wait,
    Finish(Finish),
    Fail,
    /// Breaks off without an end.
    BreakOff,
    Panic,
}

/// Says the same to everybody until a test sets what a model does.
#[derive(Debug)]
pub(crate) struct Scripted {
    scripts: Mutex<HashMap<ModelId, Vec<Step>>>,
    refusing: Mutex<Vec<ModelId>>,
    not_taking: Mutex<Vec<&'static str>>,
    not_serving: Mutex<Vec<Task>>,
    media: Mutex<Option<Arc<dyn MediaProvider>>>,
    /// Reports usage when it is cancelled.
    pub(crate) honest_when_cancelled: Mutex<bool>,
    /// Costs real money.
    pub(crate) is_real: std::sync::atomic::AtomicBool,
    gate: Arc<Semaphore>,
    asked: mpsc::UnboundedSender<ProviderRequest>,
    requests: tokio::sync::Mutex<mpsc::UnboundedReceiver<ProviderRequest>>,
}

impl Default for Scripted {
    fn default() -> Self {
        let (asked, requests) = mpsc::unbounded_channel();
        Self {
            scripts: Mutex::default(),
            refusing: Mutex::default(),
            not_taking: Mutex::default(),
            media: Mutex::default(),
            not_serving: Mutex::new(Vec::from([Task::Image, Task::Video, Task::ThreeD])),
            honest_when_cancelled: Mutex::new(false),
            is_real: std::sync::atomic::AtomicBool::new(false),
            gate: Arc::new(Semaphore::new(0)),
            asked,
            requests: tokio::sync::Mutex::new(requests),
        }
    }
}

/// What is said where nothing was set.
const DEFAULT: [Step; 4] =
    [Step::Say("Hello "), Step::Say("there."), Step::Use(9, 3, 0), Step::Finish(Finish::Completed)];

impl Scripted {
    /// What this model does from now on.
    pub(crate) fn set(&self, model: &str, steps: &[Step]) {
        self.scripts.lock().unwrap().insert(model.parse().unwrap(), steps.to_vec());
    }

    /// This model accepts nothing from now on.
    pub(crate) fn refuse(&self, model: &str) {
        self.refusing.lock().unwrap().push(model.parse().unwrap());
    }

    /// Files of media types that begin like this cannot be given to any model from now on.
    pub(crate) fn take_no(&self, kind: &'static str) {
        self.not_taking.lock().unwrap().push(kind);
    }

    /// Whoever makes files from now on, of every kind.
    pub(crate) fn make(&self, media: Arc<dyn MediaProvider>) {
        *self.media.lock().unwrap() = Some(media);
        self.not_serving.lock().unwrap().clear();
    }

    /// This work is done for nobody from now on.
    pub(crate) fn serve_no(&self, task: Task) {
        self.not_serving.lock().unwrap().push(task);
    }

    /// Lets this many waiting answers go on.
    pub(crate) fn let_through(&self, answers: usize) {
        self.gate.add_permits(answers);
    }

    /// Whether there is a request that the test has not looked at.
    pub(crate) async fn was_asked(&self) -> bool {
        !self.requests.lock().await.is_empty()
    }

    /// The next request that a provider was asked, in order.
    pub(crate) async fn asked(&self) -> ProviderRequest {
        self.requests.lock().await.recv().await.unwrap()
    }
}

pub(crate) fn usage(input: u64, output: u64, reasoning: u64) -> Usage {
    Usage::new([
        (Meter::InputTokens, input),
        (Meter::OutputTokens, output),
        (Meter::ReasoningTokens, reasoning),
    ])
    .unwrap()
}

/// The same with steps and searches.
pub(crate) fn used(input: u64, output: u64, steps: u64, searches: u64) -> Usage {
    let tokens = [(Meter::InputTokens, input), (Meter::OutputTokens, output)];
    let done = [(Meter::Steps, steps), (Meter::Searches, searches)];
    Usage::new(tokens.into_iter().chain(done).filter(|(_, count)| *count > 0)).unwrap()
}

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn is_demo(&self) -> bool {
        !self.is_real.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn media(&self) -> Option<Arc<dyn MediaProvider>> {
        self.media.lock().unwrap().clone()
    }

    fn serves(&self, task: Task) -> bool {
        !self.not_serving.lock().unwrap().contains(&task)
    }

    fn refusal(&self, media_type: &str, _size: Attachment) -> Option<MediaRefusal> {
        let kinds = self.not_taking.lock().unwrap();
        kinds.iter().any(|kind| media_type.starts_with(kind)).then_some(MediaRefusal {
            takes: "takes only what tests send",
            instead: "send something else",
        })
    }

    fn stream(&self, request: ProviderRequest, cancel: CancellationToken) -> ProviderStream {
        let model = request.model.clone();
        let script = self.scripts.lock().unwrap().get(&model).cloned();
        let script = script.unwrap_or_else(|| DEFAULT.to_vec());
        let refused = self.refusing.lock().unwrap().contains(&model);
        let honest = *self.honest_when_cancelled.lock().unwrap();
        let gate = Arc::clone(&self.gate);
        self.asked.send(request).unwrap();
        Box::pin(stream! {
            if refused {
                let message = "busy".to_owned();
                yield Err(ProviderFault::Refused { status: Some(503), message, retry_after: None });
                return;
            }
            if !script.iter().any(|step| matches!(step, Step::Accept)) {
                yield Ok(ProviderEvent::Accepted);
            }
            for step in script {
                match step {
                    Step::Accept => yield Ok(ProviderEvent::Accepted),
                    Step::Say(text) => yield Ok(ProviderEvent::Delta { text: text.to_owned() }),
                    Step::Think(text) => {
                        yield Ok(ProviderEvent::Reasoning { text: text.to_owned() });
                    }
                    Step::Use(input, output, reasoning) => {
                        yield Ok(ProviderEvent::Usage(usage(input, output, reasoning)));
                    }
                    Step::Begin(place, kind, title) => {
                        let step = MessageStep { kind, title: title.to_owned(), found: None };
                        yield Ok(ProviderEvent::Step { place, step });
                    }
                    Step::Done(place, kind, title, found) => {
                        let found = Some(found.to_owned());
                        let step = MessageStep { kind, title: title.to_owned(), found };
                        yield Ok(ProviderEvent::Step { place, step });
                    }
                    Step::SoFar(input, output, steps, searches) => {
                        let used = used(input, output, steps, searches);
                        yield Ok(ProviderEvent::UsedSoFar(used));
                    }
                    Step::UseAll(input, output, steps, searches) => {
                        yield Ok(ProviderEvent::Usage(used(input, output, steps, searches)));
                    }
                    Step::Wait => {
                        tokio::select! {
                            permit = gate.acquire() => permit.unwrap().forget(),
                            () = cancel.cancelled() => {
                                if honest {
                                    yield Ok(ProviderEvent::Usage(usage(20, 2, 1)));
                                }
                                yield Ok(ProviderEvent::Finished { finish: Finish::Stopped });
                                return;
                            }
                        }
                    }
                    Step::Finish(finish) => {
                        yield Ok(ProviderEvent::Finished { finish });
                        return;
                    }
                    Step::Fail => {
                        let message = "broke".to_owned();
                        yield Err(ProviderFault::Failed { message });
                        return;
                    }
                    Step::BreakOff => return,
                    Step::Panic => panic!("a provider breaks"),
                }
            }
        })
    }
}
