//! Conversations and messages: what was asked and answered, beside the journal that says what it
//! cost.
//!
//! Rows that belong to a change are written with it or not at all. No chat write can fail on what
//! is already there. A change fails where a file of its messages is not there any more; the lane
//! then tries each command by itself, so none fails those that are committed together with it.

use crate::files::FileFacts;
use kumari_engine::amount::Credits;
use kumari_engine::encoding::TokenKind;
use kumari_engine::id::{ActionId, ModelId};
use kumari_engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A conversation's id, made by the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(pub Uuid);

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ConversationId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A conversation, without its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Its id, unique in the account.
    pub id: ConversationId,
    /// Its title, at most [`crate::TITLE_BYTES_MAX`].
    pub title: String,
    /// When something was last added to it.
    pub updated_at: Timestamp,
}

/// One message: what a person wrote, or one leg's answer.
///
/// An action has at most one message of the person and one of each leg, so the action and the
/// author name it. Messages are read in the order of `created_at`, then of their action, the
/// person's before the answers; the messages of one action share one `created_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The action that it belongs to.
    pub action_id: ActionId,
    /// Who wrote it.
    pub author: Author,
    /// What it says so far, at most [`crate::TEXT_BYTES_MAX`].
    pub text: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// What it cost, once that is known.
    pub charge: Option<Credits>,
    /// How many tokens its text has, by encoding.
    pub tokens: BTreeMap<TokenKind, u64>,
    /// When its action began.
    pub created_at: Timestamp,
    /// What is known of the files that were sent along, or that were made, in their order; at most
    /// [`crate::MESSAGE_FILES_MAX`].
    pub files: Vec<FileFacts>,
    /// What the model did on its way, in its order; at most [`crate::MESSAGE_STEPS_MAX`].
    pub steps: Vec<MessageStep>,
}

/// One thing that a model did on its way to an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageStep {
    /// What it was.
    pub kind: StepKind,
    /// What was done, in a few words; with what was found at most [`crate::STEP_BYTES_MAX`].
    pub title: String,
    /// What came of it; absent while it is under way, and where it was never done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// What a model does on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A step of an agent, with a tool or by thinking.
    Step,
    /// A search.
    Search,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case", deny_unknown_fields)]
pub enum Author {
    /// The person.
    User,
    /// A model.
    Assistant {
        /// The leg's index in the hold.
        leg: u32,
        /// The model that answers.
        model: ModelId,
    },
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// The person sent it.
    Sent,
    /// The model is answering.
    Running,
    /// The model was done.
    Completed,
    /// The person pressed Stop.
    Stopped,
    /// The longest answer was reached.
    Length,
    /// The provider's filter cut it off.
    ContentFilter,
    /// The provider failed.
    Failed,
    /// The provider did not accept the request.
    Refused,
    /// The hold's deadline came first.
    Expired,
}

impl MessageStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Sent,
        Self::Running,
        Self::Completed,
        Self::Stopped,
        Self::Length,
        Self::ContentFilter,
        Self::Failed,
        Self::Refused,
        Self::Expired,
    ];

    /// Its name as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

/// One action's part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionChat {
    /// The conversation that it is in.
    pub conversation_id: ConversationId,
    /// Its messages, the person's first, then the answers by leg.
    pub messages: Vec<Message>,
}

/// A change of the chat rows of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatWrite {
    /// Adds messages to a conversation.
    Append {
        /// Made where there is none of that id; otherwise only its `updated_at` moves on, never
        /// back, and its title stays.
        conversation: Conversation,
        /// Added; a message of the same action and author that is already there stays as it is.
        messages: Vec<Message>,
    },
    /// Changes one leg's answer; where there is none, nothing happens.
    Update(MessageUpdate),
}

/// What to change of one leg's answer; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageUpdate {
    /// The action.
    pub action_id: ActionId,
    /// The leg.
    pub leg: u32,
    /// The model that answers after all.
    pub model: Option<ModelId>,
    /// The whole text.
    pub text: Option<String>,
    /// Where it stands.
    pub status: Option<MessageStatus>,
    /// What it cost.
    pub charge: Option<Credits>,
    /// How many tokens the text has.
    pub tokens: Option<BTreeMap<TokenKind, u64>>,
    /// All that was done on the way.
    pub steps: Option<Vec<MessageStep>>,
}

impl Author {
    /// The leg, where a model wrote it.
    pub const fn leg(&self) -> Option<u32> {
        match self {
            Self::User => None,
            Self::Assistant { leg, .. } => Some(*leg),
        }
    }
}

impl MessageUpdate {
    /// A change of that leg's answer that changes nothing yet.
    pub const fn new(action_id: ActionId, leg: u32) -> Self {
        Self {
            action_id,
            leg,
            model: None,
            text: None,
            status: None,
            charge: None,
            tokens: None,
            steps: None,
        }
    }

    /// Both changes in one, first this one.
    pub(crate) fn then(&mut self, later: &Self) {
        if later.model.is_some() {
            self.model.clone_from(&later.model);
        }
        if later.text.is_some() {
            self.text.clone_from(&later.text);
        }
        if later.tokens.is_some() {
            self.tokens.clone_from(&later.tokens);
        }
        if later.steps.is_some() {
            self.steps.clone_from(&later.steps);
        }
        self.status = later.status.or(self.status);
        self.charge = later.charge.or(self.charge);
    }
}

impl Message {
    /// Applies a change of this answer.
    pub(crate) fn update(&mut self, update: &MessageUpdate) {
        if let (Author::Assistant { model, .. }, Some(answering)) =
            (&mut self.author, &update.model)
        {
            model.clone_from(answering);
        }
        if let Some(text) = &update.text {
            self.text.clone_from(text);
        }
        if let Some(tokens) = &update.tokens {
            self.tokens.clone_from(tokens);
        }
        if let Some(steps) = &update.steps {
            self.steps.clone_from(steps);
        }
        self.status = update.status.unwrap_or(self.status);
        self.charge = update.charge.or(self.charge);
    }
}
