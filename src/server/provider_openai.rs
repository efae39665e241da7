//! Any endpoint that speaks OpenAI's chat-completions protocol, streaming.
//!
//! A request is accepted once its answer's head says success. Before that it may be tried again,
//! a bounded number of times and only where the endpoint itself asked for it (429 or 5xx with
//! `Retry-After`). After that it is never sent twice. Stop drops the connection; what was used
//! until then is not reported, so the server counts it.
//!
//! Nothing of ours leaks: redirects are not followed, and the key is taken out of every message
//! that an endpoint sends back. What an endpoint sends is bounded in line, total size and time.
//!
//! Sending is in `provider_openai_send`, reading in `provider_openai_body`, the shape of the messages in `provider_openai_wire`,
//! files in `provider_openai_files`, the splitting into meters in `provider_openai_usage`. Tools,
//! images and sound to be made, and several choices are not asked for.

use crate::provider::{
    MediaRefusal, Provider, ProviderEvent, ProviderFault, ProviderRequest, ProviderStream,
    TimeoutPhase,
};
use crate::provider_openai_body::{Body, Next};
use crate::provider_openai_files;
use crate::provider_openai_send::{Deadline, Sender};
use crate::provider_openai_usage::usage;
use async_stream::stream;
use kumari_engine::attachment::Attachment;
use kumari_engine::id::ModelId;
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use reqwest::{Response, Url};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where the endpoint is, and how it is treated.
#[derive(Clone, Debug)]
pub struct OpenAiSettings {
    /// What comes before `/chat/completions`, such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// Sent as a bearer token; local endpoints often need none. It is never shown.
    pub key: Option<SecretString>,
    /// The endpoint's names of models that the price book calls otherwise.
    pub model_names: BTreeMap<ModelId, String>,
    /// How the longest answer is named.
    pub output_limit: OutputLimit,
    /// Whether to ask for usage at the end (`stream_options`); a few endpoints refuse the field.
    pub ask_for_usage: bool,
    /// How long it is waited for.
    pub timeouts: OpenAiTimeouts,
    /// How much it may send.
    pub limits: OpenAiLimits,
    /// How often a request that was not accepted is sent again.
    pub retries_max: u32,
    /// A wait longer than this, asked for by the endpoint, is not waited for.
    pub retry_wait_max: Duration,
}

/// The field that bounds an answer. It must be the right one: what is held depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputLimit {
    /// `max_completion_tokens` at OpenAI and Azure, `max_tokens` elsewhere; the other one from then
    /// on where the endpoint says that it does not know the field.
    #[default]
    Automatic,
    /// `max_completion_tokens`, which includes reasoning.
    MaxCompletionTokens,
    /// `max_tokens`, which most compatible endpoints know.
    MaxTokens,
}

/// How long an endpoint is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAiTimeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the answer's head, the connection included.
    pub first_byte: Duration,
    /// For each further piece, keep-alive comments included.
    pub idle: Duration,
    /// For the whole answer, tries included.
    pub total: Duration,
}

/// How much an endpoint may send for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAiLimits {
    /// One line, in bytes.
    pub line_bytes_max: usize,
    /// All of it, in bytes.
    pub total_bytes_max: usize,
}

impl OpenAiSettings {
    /// Settings that suit most endpoints.
    pub fn new(base_url: impl Into<String>, key: Option<SecretString>) -> Self {
        Self {
            base_url: base_url.into(),
            key,
            model_names: BTreeMap::new(),
            output_limit: OutputLimit::default(),
            ask_for_usage: true,
            timeouts: OpenAiTimeouts {
                connect: Duration::from_secs(10),
                // Models that think say nothing for minutes, some not even that they accepted.
                first_byte: Duration::from_secs(120),
                idle: Duration::from_secs(120),
                total: Duration::from_secs(900),
            },
            limits: OpenAiLimits { line_bytes_max: 1 << 20, total_bytes_max: 64 << 20 },
            retries_max: 2,
            retry_wait_max: Duration::from_secs(20),
        }
    }
}

/// Why an endpoint cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenAiSettingsFault {
    /// The base URL is none.
    #[error(
        "`{base_url}` is no base URL of an endpoint: use one like `https://api.openai.com/v1`, \
         without a user, a query or a fragment"
    )]
    BaseUrl {
        /// What was given.
        base_url: String,
    },
    /// The key cannot be sent.
    #[error("the key has characters that no HTTP header can have; copy it again")]
    Key,
    /// The HTTP client does not start.
    #[error("the HTTP client does not start: {0}")]
    Client(reqwest::Error),
}

/// An endpoint that speaks OpenAI's protocol.
#[derive(Clone, Debug)]
pub struct OpenAiProvider {
    sender: Arc<Sender>,
}

impl OpenAiProvider {
    /// The endpoint of these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OpenAiSettingsFault`] where the base URL or the key cannot be used.
    pub fn new(settings: OpenAiSettings) -> Result<Self, OpenAiSettingsFault> {
        let base_url = check_base_url(&settings.base_url)?;
        Ok(Self { sender: Arc::new(Sender::new(settings, base_url)?) })
    }
}

impl Provider for OpenAiProvider {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn is_demo(&self) -> bool {
        false
    }

    fn serves(&self, task: Task) -> bool {
        matches!(task.priced_as(), Task::Direct | Task::FileProcessing)
    }

    fn refusal(&self, media_type: &str, size: Attachment) -> Option<MediaRefusal> {
        provider_openai_files::refusal(media_type, size)
    }

    fn stream(&self, request: ProviderRequest, cancel: CancellationToken) -> ProviderStream {
        let sender = Arc::clone(&self.sender);
        Box::pin(stream! {
            let stopped = || Ok(ProviderEvent::Finished { finish: Finish::Stopped });
            let deadline = Deadline::after(sender.settings().timeouts.total);
            let sent = tokio::select! {
                biased;
                () = cancel.cancelled() => None,
                sent = sender.send(&request, deadline) => Some(sent),
            };
            let response = match sent {
                None => return yield stopped(),
                Some(Err(fault)) => return yield Err(fault),
                Some(Ok(response)) => response,
            };
            drop(request);
            yield Ok(ProviderEvent::Accepted);

            let mut reading = match Reading::new(&sender, response, deadline) {
                Ok(reading) => reading,
                Err(fault) => return yield Err(fault),
            };
            loop {
                let next = tokio::select! {
                    biased;
                    () = cancel.cancelled() => None,
                    next = reading.next() => Some(next),
                };
                match next {
                    Some(Ok(Some(said))) => {
                        for event in said {
                            yield Ok(event);
                        }
                    }
                    // An answer that is whole but for its usage is not broken by what comes after.
                    None | Some(Err(_)) if reading.body.seen.finish.is_some() => break,
                    None => return yield stopped(),
                    Some(Ok(None)) => break,
                    Some(Err(fault)) => return yield Err(fault),
                }
            }
            match reading.body.seen.finish() {
                Ok(finish) => {
                    if let Some(usage) = usage(&reading.body.seen) {
                        yield Ok(ProviderEvent::Usage(usage));
                    }
                    yield Ok(ProviderEvent::Finished { finish });
                }
                Err(fault) => yield Err(fault),
            }
        })
    }
}

/// An accepted answer while it comes.
struct Reading<'sender> {
    sender: &'sender Sender,
    response: Response,
    deadline: Deadline,
    body: Body,
}

impl<'sender> Reading<'sender> {
    fn new(
        sender: &'sender Sender,
        response: Response,
        deadline: Deadline,
    ) -> Result<Self, ProviderFault> {
        let head = response.headers().get(reqwest::header::CONTENT_TYPE);
        if let Some(kind) = head.and_then(|kind| kind.to_str().ok())
            && !kind.to_ascii_lowercase().starts_with("text/event-stream")
        {
            return Err(failed(format!(
                "the endpoint answered with `{kind}` instead of an event stream; check its base URL"
            )));
        }
        let body = Body::new(sender.settings().limits);
        Ok(Self { sender, response, deadline, body })
    }

    /// The events of the next message; nothing once the answer is over.
    async fn next(&mut self) -> Result<Option<Vec<ProviderEvent>>, ProviderFault> {
        loop {
            match self.body.read() {
                Ok(Next::Said(events)) => return Ok(Some(events)),
                Ok(Next::Over) => return Ok(None),
                Ok(Next::Wanting) => {}
                Err(fault) => return Err(self.redacted(fault)),
            }
            match self.piece().await? {
                Some(bytes) => self.body.add(&bytes)?,
                None => self.body.end(),
            }
        }
    }

    /// An endpoint may say what it was sent.
    fn redacted(&self, fault: ProviderFault) -> ProviderFault {
        match fault {
            ProviderFault::Failed { message } => failed(self.sender.redacted(&message)),
            fault @ (ProviderFault::Refused { .. } | ProviderFault::TimedOut { .. }) => fault,
        }
    }

    /// The next bytes of the body; nothing at its end.
    async fn piece(&mut self) -> Result<Option<bytes::Bytes>, ProviderFault> {
        let idle = self.sender.settings().timeouts.idle;
        let piece = self.deadline.limit(idle, TimeoutPhase::Idle, self.response.chunk()).await?;
        piece.map_err(|fault| failed(format!("the connection broke: {}", self.sender.told(fault))))
    }
}

pub(crate) fn failed(message: String) -> ProviderFault {
    ProviderFault::Failed { message }
}

/// The base URL, so that `chat/completions` can be joined to it.
fn check_base_url(text: &str) -> Result<Url, OpenAiSettingsFault> {
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let with_slash = format!("{}/", text.trim_end_matches('/'));
    let url = Url::parse(&with_slash).ok().filter(plain);
    url.ok_or_else(|| OpenAiSettingsFault::BaseUrl { base_url: without_secrets(text) })
}

/// A refused base URL may hold a password: what stands before an `@` or behind a `?` is not shown.
fn without_secrets(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"))
}

#[cfg(test)]
#[path = "provider_openai_peer.rs"]
mod peer;
#[cfg(test)]
#[path = "provider_openai_heard.rs"]
mod heard;
#[cfg(test)]
#[path = "provider_openai_tests.rs"]
mod tests;
#[cfg(test)]
#[path = "provider_openai_files_tests.rs"]
mod files_tests;
#[cfg(test)]
#[path = "provider_openai_send_tests.rs"]
mod send_tests;
#[cfg(test)]
#[path = "provider_openai_stream_tests.rs"]
mod stream_tests;
