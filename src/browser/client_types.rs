//! What the server and the client say to each other, and the one state that a page renders.
//!
//! Amounts, standings, lots and estimates are the engine's own types; these only put them together.

use kumari_engine::eligibility::{Eligibility, Quote, Standing};
use kumari_engine::estimate::Estimate;
use kumari_engine::id::{AccountId, ActionId, BookVersion, ModelId};
use kumari_engine::lot::Lot;
use kumari_engine::request::{Request, Task};
use kumari_engine::time::Timestamp;
use kumari_engine::{fields, names};
use serde::Serialize;

/// Who this browser is to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Session {
    /// The account.
    #[cfg_attr(test, ts(type = "AccountId"))]
    pub(crate) account_id: AccountId,
    /// Whether nobody has signed in.
    pub(crate) guest: bool,
    /// What to call who has signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub(crate) name: Option<String>,
    /// Whether packs can be had without paying, because the server has no payment provider.
    pub(crate) demo_payments: bool,
    /// The tasks that the server does, by their names; none where it does not say so. A newer server
    /// may name some that this client does not know.
    pub(crate) tasks: Vec<String>,
}

fields! {
    Session { account_id, guest, name or default, demo_payments, tasks or default, .. }
}

/// An account's credits at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Balance {
    /// The account's sequence: a larger one is newer.
    pub(crate) version: u64,
    /// When the server said so.
    #[cfg_attr(test, ts(type = "Timestamp"))]
    pub(crate) as_of: Timestamp,
    /// What eligibility looks at.
    #[cfg_attr(test, ts(type = "Standing"))]
    pub(crate) standing: Standing,
    /// What is left of each grant, in burn-down order.
    #[cfg_attr(test, ts(type = "Lot[]"))]
    pub(crate) lots: Vec<Lot>,
}

fields! {
    Balance { version, as_of, standing, lots, .. }
}

/// What a person sends: the draft's words, with ids. The quote is added by the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub(crate) struct Send {
    /// The id of the action, where a send that failed is tried again; made by the client if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(type = "ActionId", optional))]
    pub(crate) action_id: Option<ActionId>,
    /// The conversation, a UUIDv7 made by the browser; a new one makes the conversation.
    pub(crate) conversation_id: String,
    /// The task, as in the draft.
    #[cfg_attr(test, ts(type = "Task"))]
    pub(crate) task: Task,
    /// The models, as in the draft.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(type = "ModelId[]", optional))]
    pub(crate) models: Vec<ModelId>,
    /// What the person wrote; empty only where there are files.
    pub(crate) text: String,
    /// The ids of the files that are sent along, in the order of the draft's `files`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub(crate) files: Vec<String>,
    /// The longest answer wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_tokens_max: Option<u64>,
    /// The most steps of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) steps_max: Option<u64>,
    /// The most searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) searches_max: Option<u64>,
    /// Images to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<u32>,
    /// Clips to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clips: Option<u32>,
    /// How long each clip is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clip_seconds: Option<u32>,
    /// 3D models to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) three_d_models: Option<u32>,
    /// Added by the client: what the person saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(skip))]
    pub(crate) quote: Option<Quote>,
}

fields! {
    Send {
        action_id or default, conversation_id, task, models or default, text,
        files or default, output_tokens_max or default, steps_max or default, searches_max or default,
        images or default, clips or default, clip_seconds or default, three_d_models or default,
        quote or default,
    }
}

/// The one state. A page renders it and computes nothing of it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct CreditsState {
    /// How fresh it is.
    pub(crate) status: Status,
    /// When the balance was true, where it is not live.
    #[cfg_attr(test, ts(type = "Timestamp | null"))]
    pub(crate) as_of: Option<Timestamp>,
    /// Who this browser is.
    pub(crate) session: Option<Session>,
    /// The price book in force. The shell puts it in: it keeps one object for each version.
    #[cfg_attr(test, ts(type = "PriceBook | null"))]
    pub(crate) price_book: (),
    /// Its version.
    #[cfg_attr(test, ts(type = "BookVersion | null"))]
    pub(crate) price_book_version: Option<BookVersion>,
    /// What likely prices follow, once known. The shell puts it in, one object until another is in
    /// force.
    #[cfg_attr(test, ts(type = "Calibration | null"))]
    pub(crate) calibration: (),
    /// The account's credits.
    pub(crate) balance: Option<Balance>,
    /// What the composer holds, priced.
    pub(crate) draft: Option<Draft>,
    /// Commands that the server has not answered yet.
    pub(crate) pending: Vec<PendingAction>,
    /// What went wrong last, until something goes right.
    pub(crate) error: Option<ClientError>,
}

/// How fresh the state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Nothing is known yet.
    Loading,
    /// It is the server's, and follows it.
    Live,
    /// It is from the last visit, until the server answers.
    Cached,
    /// The server cannot be reached.
    Offline,
}

/// What the composer holds, priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Draft {
    /// What was asked.
    #[cfg_attr(test, ts(type = "Request"))]
    pub(crate) request: Request,
    /// The ids of the files that the request counts; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub(crate) files: Vec<String>,
    /// Its price, at the caps that the balance allows; null where there is none, or no book yet.
    #[cfg_attr(test, ts(type = "Estimate | null"))]
    pub(crate) estimate: Option<Estimate>,
    /// Whether it may be sent; null until book and balance are known.
    #[serde(serialize_with = "crate::verdict::maybe")]
    #[cfg_attr(test, ts(type = "Eligibility | null"))]
    pub(crate) eligibility: Option<Eligibility>,
}

/// A command that the server has not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct PendingAction {
    /// Its id, the same for every try.
    #[cfg_attr(test, ts(type = "ActionId"))]
    pub(crate) action_id: ActionId,
    /// What it is.
    pub(crate) kind: PendingKind,
}

fields! {
    PendingAction { action_id, kind, .. }
}

/// What a pending command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub(crate) enum PendingKind {
    /// A message.
    Send,
    /// A purchase.
    TopUp,
}

names! {
    pub(crate) PendingKind {
        Send = "send",
        TopUp = "top_up",
    }
}

/// A fault, as people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ClientError {
    /// The contract.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl Send {
    /// Whether this is what `draft` is the price of, as far as the two have the same fields.
    pub(crate) fn is_of(&self, draft: &Draft) -> bool {
        let request = &draft.request;
        self.files == draft.files
            && self.task == request.task
            && self.models == request.models
            && self.output_tokens_max == request.output_tokens_max
            && self.steps_max == request.steps_max
            && self.searches_max == request.searches_max
            && self.images == request.images
            && self.clips == request.clips
            && self.clip_seconds == request.clip_seconds
            && self.three_d_models == request.three_d_models
    }
}
