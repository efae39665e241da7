//! A provider that says what a test tells it to, step by step.

use async_stream::stream;
use kumari_engine::attachment::Attachment;
use kumari_engine::id::ModelId;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::settle::Finish;
use kumari_server::provider::{
    MediaRefusal, Provider, ProviderEvent, ProviderFault, ProviderRequest, ProviderStream,
};
use std::collections::HashMap;
use std::sync::Mutex;
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
    /// Reports usage when it is cancelled.
    pub(crate) honest_when_cancelled: Mutex<bool>,
    /// Costs real money.
    pub(crate) is_real: std::sync::atomic::AtomicBool,
    gate: std::sync::Arc<Semaphore>,
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
            honest_when_cancelled: Mutex::new(false),
            is_real: std::sync::atomic::AtomicBool::new(false),
            gate: std::sync::Arc::new(Semaphore::new(0)),
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

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn is_demo(&self) -> bool {
        !self.is_real.load(std::sync::atomic::Ordering::Relaxed)
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
        let gate = std::sync::Arc::clone(&self.gate);
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
