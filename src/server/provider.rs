//! The seam to those who run the models: what the server asks of a provider, and what it hears.
//!
//! A provider turns one leg's request into one stream. The stream tells, in this order:
//!
//! 1. [`ProviderEvent::Accepted`] once, when the provider has taken the request on, and has let go of
//!    it: the memory that its files took is given to others;
//! 2. [`ProviderEvent::Delta`] and [`ProviderEvent::Reasoning`], as the answer comes, and where the work
//!    has steps or searches [`ProviderEvent::Step`]; now and then [`ProviderEvent::UsedSoFar`], which is
//!    shown and not charged;
//! 3. [`ProviderEvent::Usage`] at most once. None came: the usage is *missing*, which is not zero;
//!    what is visible is then counted by the server;
//! 4. one end, after which nothing comes: [`ProviderEvent::Finished`], or a [`ProviderFault`].
//!
//! A cancelled stream ends at once with [`Finish::Stopped`], in any state, with the usage so far
//! before it where the provider knows it; one that had only its usage to wait for ends as it was.
//! A stream that is dropped lets go of the provider too, so
//! the browser going away must not drop it: the server reads it to its end.
//!
//! Files are made by jobs, which outlive a stream: `provider_media`.
//!
//! What is not here: prices, holds and what an outcome costs (the engine and `settle`), retries
//! with another model (routing), and who may send at all. A provider never sees an account.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::provider_media::MediaProvider;
use bytes::Bytes;
use futures::stream::BoxStream;
use kumari_engine::attachment::Attachment;
use kumari_engine::id::ModelId;
use kumari_engine::meter::Usage;
use kumari_engine::price_book::TextModel;
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use kumari_engine::void::VoidReason;
use kumari_store::MessageStep;
use tokio_util::sync::CancellationToken;

/// Who runs models: `demo` or `openai`.
pub trait Provider: Debug + Send + Sync {
    /// Its name in logs and in the configuration.
    fn name(&self) -> &'static str;

    /// Whether its answers are made up, so that guests may be given credits for them.
    fn is_demo(&self) -> bool;

    /// Whether it does this work at all. What it does not is not offered to anybody, and refused before
    /// anything is held.
    fn serves(&self, task: Task) -> bool;

    /// Why a picture, a recording or a clip cannot be given to its models; nothing where it can. It is
    /// asked before anything is held, and depends on nothing but the file. Documents are given as text.
    fn refusal(&self, media_type: &str, size: Attachment) -> Option<MediaRefusal>;

    /// Who makes pictures, clips and 3D models for it; nobody where it makes none.
    fn media(&self) -> Option<Arc<dyn MediaProvider>> {
        None
    }

    /// Starts one answer. Nothing happens until the stream is polled.
    ///
    /// The events and their order are those of this module's head.
    ///
    /// # Errors
    /// The stream's last item where the answer did not come to an end of its own.
    fn stream(&self, request: ProviderRequest, cancel: CancellationToken) -> ProviderStream;
}

/// What a provider says about one request, until its end.
pub type ProviderStream = BoxStream<'static, Result<ProviderEvent, ProviderFault>>;

/// One leg, as a provider sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRequest {
    /// The model that shall answer, by its id in the price book.
    pub model: ModelId,
    /// What the leg's price book says about that model.
    pub facts: TextModel,
    /// The conversation, oldest first; the last one is the message to answer.
    pub messages: Vec<ProviderMessage>,
    /// The work that is asked for, one that the provider serves.
    pub task: Task,
    /// The longest answer in the model's own tokens, reasoning included: the leg's held bound.
    pub output_tokens_max: u64,
    /// The most steps of an agent: the leg's held bound; none where its work has none.
    pub steps_max: u64,
    /// The most searches, likewise.
    pub searches_max: u64,
    /// A step or a search sends the prompt again, with at most so many tokens more.
    pub round_input_tokens_max: u64,
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMessage {
    /// Who said it.
    pub role: ProviderRole,
    /// What was said.
    pub text: String,
    /// What was sent along, before the text.
    pub files: Vec<ProviderFile>,
}

/// A file that was sent along with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFile {
    /// Its name, harmless.
    pub name: String,
    /// What it is, by its bytes.
    pub media_type: String,
    /// What of it a model is given.
    pub content: ProviderContent,
}

/// What of a file a model is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderContent {
    /// The text of a document. A model is shown [`kumari_documents::as_sent`] of name and text, which
    /// is what was counted.
    Document {
        /// Its text.
        text: Arc<str>,
        /// Its pages.
        pages: u64,
    },
    /// A picture, a recording or a clip as it is.
    Media {
        /// Its pixels or its seconds.
        size: Attachment,
        /// Its bytes.
        bytes: Bytes,
    },
}

/// Why a file cannot be given to a model, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaRefusal {
    /// What the endpoint takes of this kind: "takes no clips".
    pub takes: &'static str,
    /// What helps, besides removing it: "send pictures out of it".
    pub instead: &'static str,
}

impl ProviderMessage {
    /// A message without files.
    pub fn new(role: ProviderRole, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), files: Vec::new() }
    }
}

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderRole {
    /// The operator, to the model.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// What a provider says on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderEvent {
    /// It has taken the request on. Faults before this are refusals or never reached it.
    Accepted,
    /// More of the visible answer; never empty, always whole characters.
    Delta {
        /// To be added to what came before.
        text: String,
    },
    /// The model thinks. It is billable output even where nothing of it is shown.
    Reasoning {
        /// What it lets be seen; empty where it lets nothing be seen.
        text: String,
    },
    /// Something was begun or done on the way; with what came of it, it is billable output.
    Step {
        /// Its place, from 0 on: what is told of one that was told before replaces that.
        place: usize,
        /// What it is.
        step: MessageStep,
    },
    /// What was used until now, in disjoint meters, any number of times; it never becomes less.
    UsedSoFar(Usage),
    /// What was used, in disjoint meters (R7); at most once, shortly before the end.
    Usage(Usage),
    /// The end of an answer. [`Finish::Stopped`] is the caller's own cancellation.
    Finished {
        /// How the answer came to its end.
        finish: Finish,
    },
}

/// Why there is no answer, or no whole one. It never holds a key or a header of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// The provider did not accept the request, or was not there; nothing was used.
    #[error("the provider did not accept the request: {message}")]
    Refused {
        /// The HTTP status, where there was an answer.
        status: Option<u16>,
        /// What the provider said, shortened, or why it was not reached.
        message: String,
        /// When it asked to be tried again.
        retry_after: Option<Duration>,
    },
    /// The provider had accepted and then failed, before or after some output.
    #[error("the provider failed: {message}")]
    Failed {
        /// What went wrong.
        message: String,
    },
    /// The provider was too slow.
    #[error("the provider was too slow: {phase}, waited {waited:?}")]
    TimedOut {
        /// For what.
        phase: TimeoutPhase,
        /// How long it was given.
        waited: Duration,
    },
}

/// What a provider was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeoutPhase {
    /// A connection.
    Connect,
    /// The head of its answer, which accepts the request.
    FirstByte,
    /// The next piece of the answer.
    Idle,
    /// The whole answer.
    Total,
}

impl std::fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::FirstByte => "no answer",
            Self::Idle => "the answer stood still",
            Self::Total => "the answer took too long",
        })
    }
}

impl ProviderFault {
    /// Its stable name, for logs and for the chat.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "provider_refused",
            Self::Failed { .. } => "provider_failed",
            Self::TimedOut { .. } => "provider_timed_out",
        }
    }

    /// How the leg is voided: a fault costs nothing, whatever came before it.
    pub const fn void_reason(&self) -> VoidReason {
        match self {
            Self::Refused { .. }
            | Self::TimedOut { phase: TimeoutPhase::Connect | TimeoutPhase::FirstByte, .. } => {
                VoidReason::Refused
            }
            Self::Failed { .. }
            | Self::TimedOut { phase: TimeoutPhase::Idle | TimeoutPhase::Total, .. } => {
                VoidReason::Failed
            }
        }
    }
}
