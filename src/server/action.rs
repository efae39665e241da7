//! `GET /api/actions/{id}`: one action with its legs, as everybody sees it.

use crate::app::App;
use crate::body::json;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::{Hold, HoldLeg};
use kumari_engine::amount::Credits;
use kumari_engine::denial::Denial;
use kumari_engine::id::{AccountId, ActionId, ModelId};
use kumari_engine::receipt::{self, Receipt};
use kumari_engine::request::Task;
use kumari_engine::settle::{Finish, LegEnd};
use kumari_engine::void::VoidReason;
use kumari_store::{
    ActionChat, Author, ConversationId, FileFacts, Message, MessageStatus, MessageStep,
};
use serde::Serialize;
use std::sync::Arc;

/// One action.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActionView {
    /// Its id.
    pub(crate) action_id: ActionId,
    /// The conversation that it belongs to.
    pub(crate) conversation_id: ConversationId,
    /// Its task.
    pub(crate) task: Task,
    /// Whether a leg is still open.
    pub(crate) status: ActionStatus,
    /// What was held for it.
    pub(crate) hold: Credits,
    /// Its legs, in their order.
    pub(crate) legs: Vec<LegView>,
    /// Why it cost what it cost, once it has ended.
    pub(crate) receipt: Option<Receipt>,
}

/// Whether an action runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionStatus {
    /// A leg is open.
    Running,
    /// All legs have ended.
    Ended,
}

/// One leg.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LegView {
    /// Its index.
    pub(crate) leg: u32,
    /// The model that answers, or answered.
    pub(crate) model: ModelId,
    /// How it stands.
    pub(crate) status: LegStatus,
    /// What it said so far.
    pub(crate) text: String,
    /// What it did on its way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) steps: Vec<MessageStep>,
    /// What it would cost if it ended now; absent where that is not known, and once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) so_far: Option<Credits>,
    /// What it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<FileFacts>,
    /// How far a job has come, in percent; absent where none runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<u8>,
    /// What it cost; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<Credits>,
}

impl LegView {
    /// A leg that has said and made nothing.
    pub(crate) fn new(leg: u32, model: ModelId, status: LegStatus) -> Self {
        let (text, files, steps) = (String::new(), Vec::new(), Vec::new());
        let (percent, so_far, charge) = (None, None, None);
        Self { leg, model, status, text, files, percent, steps, so_far, charge }
    }
}

/// How a leg stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LegStatus {
    /// It is being answered.
    Running,
    /// The model was done.
    Completed,
    /// The person pressed Stop.
    Stopped,
    /// The longest answer was reached.
    Length,
    /// The provider's filter cut it off.
    ContentFilter,
    /// The provider failed; it cost nothing.
    Failed,
    /// The provider did not accept it; it cost nothing.
    Refused,
    /// Its time was over before it ended; it cost nothing.
    Expired,
}

/// `GET /api/actions/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
) -> Answer<Response> {
    let view = view(&app, &caller.account, &action_id(&id)?).await?;
    Ok(json(StatusCode::OK, &view))
}

/// An action id out of an address; what cannot be one names no action.
pub(crate) fn action_id(text: &str) -> Answer<ActionId> {
    text.parse().map_err(|_| Denial::action_unknown("action of that id").into())
}

/// The action as it is now, unless its conversation is deleted.
pub(crate) async fn view(app: &App, account: &AccountId, id: &ActionId) -> Answer<ActionView> {
    let view = whole(app, account, id).await?;
    if app.store().is_deleted(account, view.conversation_id).await? {
        return Err(no_answer());
    }
    Ok(view)
}

/// The same, whatever became of its conversation: who is listening to an answer hears its end. Its
/// hold decides how it stands, and what is being said is read from the run where this process has
/// it.
pub(crate) async fn whole(app: &App, account: &AccountId, id: &ActionId) -> Answer<ActionView> {
    let hold = hold(app, account, id).await?;
    let chat = app.store().action_chat(account, id).await?.ok_or_else(no_answer)?;
    let live = app.runs.get(account, id).map(|run| run.transcript.legs());
    let legs = hold.legs.iter().zip(0_u32..).filter_map(|(leg, index)| {
        let said = live.as_ref().and_then(|legs| legs.iter().find(|leg| leg.leg == index));
        let stored = stored_leg(&chat, leg, index);
        let made = stored.as_ref().map(|stored| stored.files.clone()).unwrap_or_default();
        let said = said.cloned().map(|said| LegView { files: made, ..said });
        said.or(stored).map(|said| standing(said, leg))
    });
    let legs = legs.collect();
    let (status, receipt) = if hold.is_open() {
        (ActionStatus::Running, None)
    } else {
        (ActionStatus::Ended, Some(receipt_of(app, &hold).await?))
    };
    Ok(ActionView {
        action_id: id.clone(),
        conversation_id: chat.conversation_id,
        task: hold.request.task,
        status,
        hold: hold.amount,
        legs,
        receipt,
    })
}

fn no_answer() -> Problem {
    Denial::action_unknown("answer of that action").into()
}

/// The hold of an action of this account.
pub(crate) async fn hold(app: &App, account: &AccountId, id: &ActionId) -> Answer<Hold> {
    let loaded = app.read(account, std::slice::from_ref(id)).await?;
    let hold = loaded.hold(id).cloned();
    hold.ok_or_else(|| Denial::action_unknown("action of that id").into())
}

/// Why it cost what it cost.
pub(crate) async fn receipt_of(app: &App, hold: &Hold) -> Answer<Receipt> {
    let book = app.book_of_hold(&hold.price_book).await?;
    receipt::receipt(&book.published, hold).map_err(|fault| Problem::internal("receipt", &fault))
}

/// What the database has of a leg. A hold names at least one model for each.
fn stored_leg(chat: &ActionChat, leg: &HoldLeg, index: u32) -> Option<LegView> {
    let message = chat.messages.iter().find(|message| message.author.leg() == Some(index));
    let answering = message.and_then(|message| match &message.author {
        Author::Assistant { model, .. } => Some(model.clone()),
        Author::User => None,
    });
    let model = answering.or_else(|| leg.models.first().cloned())?;
    let nothing = LegView::new(index, model, LegStatus::Running);
    Some(match message {
        Some(Message { text, files, steps, .. }) => {
            LegView { text: text.clone(), files: files.clone(), steps: steps.clone(), ..nothing }
        }
        None => nothing,
    })
}

/// The hold says how the leg stands, whatever was noted beside it.
fn standing(view: LegView, leg: &HoldLeg) -> LegView {
    LegView {
        status: LegStatus::of(leg.end.as_ref()),
        so_far: view.so_far.filter(|_| leg.end.is_none()),
        charge: leg.end.as_ref().map(charge_of),
        percent: view.percent.filter(|_| leg.end.is_none()),
        ..view
    }
}

/// What a leg's end cost.
pub(crate) const fn charge_of(end: &LegEnd) -> Credits {
    match end {
        LegEnd::Settled(settled) => settled.charge,
        LegEnd::Voided(_) | LegEnd::Expired { .. } => Credits::ZERO,
    }
}

impl LegStatus {
    /// How a leg with this end stands.
    pub(crate) const fn of(end: Option<&LegEnd>) -> Self {
        match end {
            None => Self::Running,
            Some(LegEnd::Settled(settled)) => match settled.finish {
                Finish::Completed => Self::Completed,
                Finish::Stopped => Self::Stopped,
                Finish::Length => Self::Length,
                Finish::ContentFilter => Self::ContentFilter,
            },
            Some(LegEnd::Voided(voided)) => match voided.reason {
                VoidReason::Refused => Self::Refused,
                VoidReason::Failed | VoidReason::Lost => Self::Failed,
                VoidReason::Stopped => Self::Stopped,
            },
            Some(LegEnd::Expired { .. }) => Self::Expired,
        }
    }
}

impl From<LegStatus> for MessageStatus {
    fn from(status: LegStatus) -> Self {
        match status {
            LegStatus::Running => Self::Running,
            LegStatus::Completed => Self::Completed,
            LegStatus::Stopped => Self::Stopped,
            LegStatus::Length => Self::Length,
            LegStatus::ContentFilter => Self::ContentFilter,
            LegStatus::Failed => Self::Failed,
            LegStatus::Refused => Self::Refused,
            LegStatus::Expired => Self::Expired,
        }
    }
}
