//! Sending a request to an OpenAI-compatible endpoint until it is accepted or refused.

use crate::provider::{ProviderFault, ProviderRequest, TimeoutPhase};
use crate::provider_openai::{OpenAiSettings, OpenAiSettingsFault, OutputLimit};
use crate::provider_openai_files;
use crate::provider_openai_wire::{LimitField, body, message_of};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::ExposeSecret as _;
use std::error::Error as _;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How much of a refusal is read, in bytes.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// How much of a message is passed on, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// What sends requests; the provider's streams share it.
#[derive(Debug)]
pub(crate) struct Sender {
    settings: OpenAiSettings,
    url: Url,
    client: Client,
    /// Whether the endpoint was seen to want `max_completion_tokens`, where that is automatic.
    completion_tokens: AtomicBool,
}

impl Sender {
    pub(crate) fn new(
        settings: OpenAiSettings,
        base_url: Url,
    ) -> Result<Self, OpenAiSettingsFault> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.key {
            let bearer = format!("Bearer {}", key.expose_secret());
            let mut bearer = HeaderValue::try_from(bearer).map_err(|_| OpenAiSettingsFault::Key)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        // Another part of the process may have chosen it already, and then that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(settings.timeouts.connect)
            .default_headers(headers)
            // A redirect could carry the conversation and the key to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kumari-credits/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(OpenAiSettingsFault::Client)?;
        let host = base_url.host_str().unwrap_or_default();
        let openai = ["openai.com", "openai.azure.com"]
            .iter()
            .any(|own| host == *own || host.ends_with(&format!(".{own}")));
        let url = base_url
            .join("chat/completions")
            .map_err(|_| OpenAiSettingsFault::BaseUrl { base_url: settings.base_url.clone() })?;
        Ok(Self { settings, url, client, completion_tokens: AtomicBool::new(openai) })
    }

    pub(crate) const fn settings(&self) -> &OpenAiSettings {
        &self.settings
    }

    /// Sends the request until it is accepted.
    ///
    /// # Errors
    /// The refusal, or the time-out, after the tries that there are.
    pub(crate) async fn send(
        &self,
        request: &ProviderRequest,
        deadline: Deadline,
    ) -> Result<Response, ProviderFault> {
        provider_openai_files::check(request)?;
        let mut tries_left = self.settings.retries_max;
        let mut limit_field = self.limit_field();
        let mut limit_field_changed = false;
        loop {
            // The body may be large: it is text by the end of this line, and nothing else.
            let sending = self.client.post(self.url.clone());
            let sending = sending.json(&body(&self.settings, request, limit_field)).send();
            let first_byte = self.settings.timeouts.first_byte;
            let sent = deadline.limit(first_byte, TimeoutPhase::FirstByte, sending).await?;
            let response = sent.map_err(|fault| self.not_reached(fault))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let wait = retry_after(response.headers());
            let refusal = self.refusal(response, deadline, wait).await;
            let bearable =
                |wait: &Duration| *wait <= self.settings.retry_wait_max && deadline.leaves(*wait);
            if let Some(wait) = wait.filter(bearable)
                && (status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error())
                && tries_left > 0
            {
                tries_left -= 1;
                deadline
                    .limit(
                        wait.saturating_add(Duration::from_secs(1)),
                        TimeoutPhase::Total,
                        tokio::time::sleep(wait),
                    )
                    .await?;
            } else if !limit_field_changed && self.wants_other_field(&refusal, limit_field) {
                limit_field_changed = true;
                limit_field = limit_field.other();
                self.completion_tokens
                    .store(limit_field == LimitField::MaxCompletionTokens, Ordering::Relaxed);
            } else {
                return Err(refusal);
            }
        }
    }

    /// What went wrong with a connection, in the client's words, without our URL and key.
    pub(crate) fn told(&self, fault: reqwest::Error) -> String {
        let fault = fault.without_url();
        let mut message = fault.to_string();
        let mut cause = fault.source();
        while let Some(deeper) = cause {
            message = format!("{message}: {deeper}");
            cause = deeper.source();
        }
        self.redacted(&message)
    }

    /// A message from outside, shortened, on one line and without our key.
    pub(crate) fn redacted(&self, message: &str) -> String {
        let key = self.settings.key.as_ref().map(|key| key.expose_secret());
        let message = match key.filter(|key| !key.is_empty()) {
            Some(key) => message.replace(key, "[key]"),
            None => message.to_owned(),
        };
        let plain = message.split_whitespace().collect::<Vec<_>>().join(" ");
        if plain.chars().count() <= MESSAGE_CHARS_MAX {
            return plain;
        }
        let start: String = plain.chars().take(MESSAGE_CHARS_MAX).collect();
        format!("{start}…")
    }

    fn limit_field(&self) -> LimitField {
        match self.settings.output_limit {
            OutputLimit::MaxCompletionTokens => LimitField::MaxCompletionTokens,
            OutputLimit::MaxTokens => LimitField::MaxTokens,
            OutputLimit::Automatic if self.completion_tokens.load(Ordering::Relaxed) => {
                LimitField::MaxCompletionTokens
            }
            OutputLimit::Automatic => LimitField::MaxTokens,
        }
    }

    /// Whether the refusal is about the field that bounds the answer, by its name.
    fn wants_other_field(&self, refusal: &ProviderFault, field: LimitField) -> bool {
        self.settings.output_limit == OutputLimit::Automatic
            && matches!(
                refusal,
                ProviderFault::Refused { status: Some(400 | 422), message, .. }
                    if names(message, field) && is_about_knowing(message)
            )
    }

    fn not_reached(&self, fault: reqwest::Error) -> ProviderFault {
        if fault.is_connect() && fault.is_timeout() {
            let waited = self.settings.timeouts.connect;
            return ProviderFault::TimedOut { phase: TimeoutPhase::Connect, waited };
        }
        let message = format!("the endpoint was not reached: {}", self.told(fault));
        ProviderFault::Refused { status: None, message, retry_after: None }
    }

    /// What the endpoint said instead of accepting.
    async fn refusal(
        &self,
        mut response: Response,
        deadline: Deadline,
        retry_after: Option<Duration>,
    ) -> ProviderFault {
        let status = response.status();
        let mut text = Vec::new();
        let read = async {
            while let Ok(Some(piece)) = response.chunk().await {
                text.extend_from_slice(&piece);
                if text.len() >= REFUSAL_BYTES_MAX {
                    break;
                }
            }
        };
        // What came in time is enough to say why.
        let _ = deadline.limit(self.settings.timeouts.idle, TimeoutPhase::Idle, read).await;
        text.truncate(REFUSAL_BYTES_MAX);
        let said = self.redacted(&message_of(&text));
        let message = if said.is_empty() { status.to_string() } else { said };
        ProviderFault::Refused { status: Some(status.as_u16()), message, retry_after }
    }
}

/// Whether `message` names the field as a word of its own: `max_tokens` is none of
/// `max_completion_tokens`, but both occur in OpenAI's own refusal, the unknown one first.
fn names(message: &str, field: LimitField) -> bool {
    let mut words = message.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    words.find(|word| LimitField::ALL.iter().any(|field| *word == field.name()))
        == Some(field.name())
}

/// Whether a refusal says that a field is not known, rather than that its value is wrong.
fn is_about_knowing(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "unsupported",
        "not supported",
        "unknown",
        "unrecognized",
        "extra",
        "not permitted",
        "unexpected",
    ]
    .iter()
    .any(|word| message.contains(word))
}

/// How long the endpoint asks to wait: `retry-after-ms`, or `Retry-After` in seconds. A date is
/// not read; endpoints of this kind do not send one.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    number("retry-after-ms")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

/// When an answer must have come to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    total: Duration,
    at: Instant,
}

impl Deadline {
    pub(crate) fn after(total: Duration) -> Self {
        Self { total, at: later(total) }
    }

    /// Whether there is time for a wait.
    fn leaves(self, wait: Duration) -> bool {
        later(wait) < self.at
    }

    /// Waits for `work` at most `wait`, and not beyond the deadline.
    pub(crate) async fn limit<T>(
        self,
        wait: Duration,
        phase: TimeoutPhase,
        work: impl Future<Output = T>,
    ) -> Result<T, ProviderFault> {
        let until = later(wait);
        tokio::time::timeout_at(until.min(self.at), work).await.map_err(|_| {
            if self.at <= until {
                ProviderFault::TimedOut { phase: TimeoutPhase::Total, waited: self.total }
            } else {
                ProviderFault::TimedOut { phase, waited: wait }
            }
        })
    }
}

/// In `wait` from now; a wait beyond all clocks is cut to a day.
fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or_else(|| now + Duration::from_secs(86_400))
}
