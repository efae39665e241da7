//! Making a leg's end durable: settled or void, together with what it said.

use crate::app::App;
use crate::books::Book;
use crate::counter::Tokens;
use crate::outcome::Outcome;
use crate::rows;
use crate::runs::Run;
use kumari_engine::account::{Account, Answer, Change, Refused};
use kumari_engine::denial::Denial;
use kumari_engine::id::ModelId;
use kumari_engine::settle::{LegEnd, Settle, settle};
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, void};
use kumari_store::{ChatWrite, Done, LedgerError, MessageStep};
use std::sync::Arc;
use std::time::Duration;

/// How often a database that fails is asked again; a hold that is never ended expires.
const TRIES_MAX: u32 = 8;
/// The first wait before asking again; each next one is twice as long.
const WAIT: Duration = Duration::from_millis(50);

/// How a leg ends.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The model that was heard last.
    pub(crate) model: ModelId,
    /// What the end costs.
    pub(crate) outcome: Outcome,
    /// What it said; nothing is changed where absent.
    pub(crate) text: Option<String>,
    /// How many tokens that has.
    pub(crate) tokens: Tokens,
    /// What it did on its way.
    pub(crate) steps: Vec<MessageStep>,
}

/// Ends a leg, and says how it ended: perhaps as somebody else had ended it before. Nothing where
/// the database failed to the last; the hold then expires at its deadline.
pub(crate) async fn end(
    app: &App,
    run: &Run,
    book: &Arc<Book>,
    leg: u32,
    ending: Ending,
) -> Option<LegEnd> {
    let decide = decision(run, book, leg, &ending);
    let mut said = ending.text.map(|text| rows::said(&run.action_id, leg, &ending.model, text));
    if let Some(said) = &mut said {
        said.tokens = Some(ending.tokens);
        said.steps = Some(ending.steps).filter(|steps| !steps.is_empty());
    }
    let said: Vec<ChatWrite> = said.into_iter().map(ChatWrite::Update).collect();
    let mut wait = WAIT;
    for _ in 0..TRIES_MAX {
        let (decide, rows) = (Arc::clone(&decide), said.clone());
        let done = app.command(
            &run.account,
            &run.action_id,
            move |_| rows.clone(),
            move |account, now| decide(account, now),
        );
        match done.await {
            Ok(done) => return ended(done),
            Err(LedgerError::Denied(denial)) => return ended_before(*denial),
            Err(LedgerError::Fault(fault)) => {
                tracing::error!(%fault, leg, "a leg cannot be ended; its hold will expire");
                return None;
            }
            Err(LedgerError::Store(fault)) => {
                tracing::warn!(%fault, leg, "a leg's end is not written yet");
                tokio::time::sleep(wait).await;
                wait = wait.saturating_mul(2);
            }
        }
    }
    tracing::error!(leg, "a leg's end could not be written; its hold will expire");
    None
}

type Decision = Arc<dyn Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync>;

fn decision(run: &Run, book: &Arc<Book>, leg: u32, ending: &Ending) -> Decision {
    let book = Arc::clone(book);
    let action_id = run.action_id.clone();
    match ending.outcome.clone() {
        Outcome::Settle { usage, usage_source, finish } => {
            let model = ending.model.clone();
            let command = Settle { action_id, leg, model, usage, usage_source, finish };
            Arc::new(move |account, now| settle(account, &book.published, &command, now))
        }
        Outcome::Void { reason, used } => {
            let command = Void { action_id, leg, reason, used };
            Arc::new(move |account, now| void(account, &book.published, &command, now))
        }
    }
}

fn ended(done: Done) -> Option<LegEnd> {
    if let Answer::Ended(end) = done.answer { Some(end) } else { None }
}

/// The deadline may have come first; then nothing was captured, and that is how it stays.
fn ended_before(denial: Denial) -> Option<LegEnd> {
    if denial.end.is_none() {
        tracing::error!(%denial, "a leg cannot be ended; its hold will expire");
    }
    denial.end.map(|end| *end)
}
