//! The demo provider: offline, repeatable, and otherwise like a real one.
//!
//! Its answers depend on the conversation and the model, come at a human, uneven pace, use other
//! amounts than were estimated (the provider's own format, reasoning of frontier models, cache
//! reads in longer conversations), respect the longest answer, and fail now and then. The same
//! seed, conversation and model give the same answer, pace, usage and failure.
//!
//! Words in a person's message make it do things on purpose, for demos and tests:
//!
//! | trigger | what happens |
//! |---|---|
//! | `demo:refuse` | the request is not accepted (HTTP status 503) |
//! | `demo:fail-before-output` | accepted, then a failure without any output |
//! | `demo:fail-after-output` | a failure after the first half of the answer |
//! | `demo:no-usage` | a whole answer whose usage is not reported |
//! | `demo:content-filter` | the first half of the answer, cut off by a filter |
//! | `demo:slow` | a quarter of a second before each piece, a second for each step, whatever the pace is |
//!
//! A trigger counts in the last message of the person alone. `demo:refuse@gpt-6-astra` is for that
//! model only, so one leg of a comparison can fail; several triggers can be combined. A message
//! with any trigger never fails by chance.
//!
//! How it works: the whole answer is written first, as a list of cues (`script`), and then played.
//! What it says is in `provider_demo_text`, what it does on its way to an answer in
//! `provider_demo_work`. What it draws is made by jobs, in `provider_demo_media`.

use crate::provider::{
    MediaRefusal, Provider, ProviderEvent, ProviderFault, ProviderRequest, ProviderRole,
    ProviderStream,
};
use crate::provider_demo_media::DemoMedia;
use crate::provider_demo_script::{Cue, script};
use crate::provider_media::MediaProvider;
use async_stream::stream;
use kumari_engine::attachment::Attachment;
use kumari_engine::encoding::{Counted, Encoding};
use kumari_engine::id::ModelId;
use kumari_engine::meter::Usage;
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Counts the tokens of a text in an encoding.
pub type CountTokens = Arc<dyn Fn(Encoding, &str) -> Counted + Send + Sync>;

/// How the demo provider behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoSettings {
    /// Another seed, other answers.
    pub seed: u64,
    /// How fast it speaks.
    pub pace: DemoPace,
    /// How many of 10 000 requests fail by chance.
    pub failures_per_10_000: u32,
}

/// How fast the demo provider speaks, on average; single waits vary from a half to twice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoPace {
    /// From the request to its acceptance.
    pub accept: Duration,
    /// From the acceptance to the first word; frontier models think three times as long.
    pub think: Duration,
    /// Between two pieces of one to three words.
    pub piece: Duration,
    /// For a step or a search.
    pub step: Duration,
    /// For pictures; clips take three times as long and 3D models twice.
    pub make: Duration,
}

impl DemoPace {
    /// As fast as people read.
    pub const HUMAN: Self = Self {
        accept: Duration::from_millis(80),
        think: Duration::from_millis(250),
        piece: Duration::from_millis(35),
        step: Duration::from_millis(900),
        make: Duration::from_secs(4),
    };
    /// Without any wait.
    pub const NONE: Self = Self {
        accept: Duration::ZERO,
        think: Duration::ZERO,
        piece: Duration::ZERO,
        step: Duration::ZERO,
        make: Duration::ZERO,
    };
}

impl Default for DemoSettings {
    /// At a human pace, with 2 of 100 requests failing.
    fn default() -> Self {
        Self { seed: 0, pace: DemoPace::HUMAN, failures_per_10_000: 200 }
    }
}

/// The provider that answers offline. It is meant for trying things out, never for customers.
#[derive(Clone)]
pub struct DemoProvider {
    settings: DemoSettings,
    count: CountTokens,
}

impl DemoProvider {
    /// A provider whose tokens are counted by `count`.
    pub fn new(settings: DemoSettings, count: CountTokens) -> Self {
        Self { settings, count }
    }
}

impl fmt::Debug for DemoProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoProvider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Provider for DemoProvider {
    fn name(&self) -> &'static str {
        "demo"
    }

    fn is_demo(&self) -> bool {
        true
    }

    fn serves(&self, _task: Task) -> bool {
        true
    }

    fn refusal(&self, _media_type: &str, _size: Attachment) -> Option<MediaRefusal> {
        None
    }

    fn media(&self) -> Option<Arc<dyn MediaProvider>> {
        Some(Arc::new(DemoMedia(self.settings)))
    }

    fn stream(&self, request: ProviderRequest, cancel: CancellationToken) -> ProviderStream {
        let Self { settings, count } = self.clone();
        Box::pin(stream! {
            let cues = script(&settings, &count, &request);
            drop(request);
            let mut used: Option<Usage> = None;
            for Cue { wait, said, used: used_then } in cues {
                if !waited(wait, &cancel).await {
                    if let Some(usage) = used {
                        yield Ok(ProviderEvent::Usage(usage));
                    }
                    yield Ok(ProviderEvent::Finished { finish: Finish::Stopped });
                    return;
                }
                used = used_then.or(used);
                yield said;
            }
        })
    }
}

/// Waits; no longer than until the cancellation, of which it tells by `false`.
async fn waited(wait: Duration, cancel: &CancellationToken) -> bool {
    if wait.is_zero() {
        return !cancel.is_cancelled();
    }
    tokio::select! {
        biased;
        () = cancel.cancelled() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

/// What a message asks the demo provider to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Triggers {
    pub(crate) any: bool,
    pub(crate) refuse: bool,
    pub(crate) fail_before_output: bool,
    pub(crate) fail_after_output: bool,
    pub(crate) no_usage: bool,
    pub(crate) content_filter: bool,
    pub(crate) slow: bool,
    pub(crate) lost: bool,
    pub(crate) keep_going: bool,
}

impl Triggers {
    /// The triggers in the last message of the person that hold for the request's model.
    pub(crate) fn of(request: &ProviderRequest) -> Self {
        let said_by_person = |role| role == ProviderRole::User;
        let asked = request.messages.iter().rfind(|message| said_by_person(message.role));
        asked.map(|asked| Self::in_text(&asked.text, &request.model)).unwrap_or_default()
    }

    /// The triggers in a text that hold for that model.
    pub(crate) fn in_text(text: &str, asked: &ModelId) -> Self {
        let mut triggers = Self::default();
        for word in text.split_whitespace() {
            let Some(trigger) = word.strip_prefix("demo:") else { continue };
            // Those of other models keep this one from failing by chance, too.
            triggers.any = true;
            let trigger = trigger.trim_end_matches(['.', ',', ';', '!', '?', ')']);
            let (trigger, model) = trigger.split_once('@').unwrap_or((trigger, ""));
            if model.is_empty() || model == asked.as_str() {
                triggers.set(trigger);
            }
        }
        triggers
    }

    fn set(&mut self, trigger: &str) {
        match trigger {
            "refuse" => self.refuse = true,
            "fail-before-output" => self.fail_before_output = true,
            "fail-after-output" => self.fail_after_output = true,
            "no-usage" => self.no_usage = true,
            "content-filter" => self.content_filter = true,
            "slow" => self.slow = true,
            "lost" => self.lost = true,
            "keep-going" => self.keep_going = true,
            _ => {}
        }
    }
}

/// The fault of a request that is not accepted.
pub(crate) fn refusal() -> ProviderFault {
    ProviderFault::Refused {
        status: Some(503),
        message: "the demo provider is overloaded on purpose; send it again".to_owned(),
        retry_after: None,
    }
}

/// The fault of a request that was accepted.
pub(crate) fn failure() -> ProviderFault {
    ProviderFault::Failed { message: "the demo provider broke off on purpose".to_owned() }
}

#[cfg(test)]
#[path = "provider_demo_tests.rs"]
mod tests;
