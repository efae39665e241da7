//! Admitting an action of the chat, and knowing whether it was this very send that did: whoever
//! admits an action begins its answer, once.
//!
//! A commit can fail and have happened. Then the same command is asked again, until it is known: a
//! hold of the instant at which this send decided is its own. Once no hold of it can be open any
//! more nobody needs to know. What an answer does is not here.

use crate::app::App;
use crate::books::Book;
use kumari_engine::account::{Account, Answer, Change, Hold, Refused};
use kumari_engine::authorize::{Authorize, HOLD_TTL_SECONDS, authorize};
use kumari_engine::denial::{Denial, DenialCode, Remedy};
use kumari_engine::entry::{Entry, Event};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use kumari_store::{ChatWrite, Done, LedgerError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The first wait before asking again; each next one is twice as long.
const WAIT: Duration = Duration::from_millis(50);
/// The longest one.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// A send that is to be admitted.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) command: Authorize,
    pub(crate) book: Arc<Book>,
    /// How many answers the account may have running.
    pub(crate) open_holds_max: usize,
}

impl Admission {
    /// Admits the action, with the rows that belong to its hold. Nothing where another send has.
    ///
    /// # Errors
    /// As the engine and the store say; where nobody knows whether it was admitted, only once its
    /// hold has expired or the server stops.
    pub(crate) async fn admit(
        self,
        app: &App,
        account: &AccountId,
        rows: impl Fn(&Hold) -> Vec<ChatWrite> + Send + Sync + 'static,
    ) -> Result<Option<Hold>, LedgerError> {
        let id = self.command.action_id.clone();
        let (admission, rows) = (Arc::new(self), Arc::new(rows));
        let until = Instant::now() + Duration::from_secs(u64::from(HOLD_TTL_SECONDS));
        // When this send decided on what may have been committed.
        let mut unsure: BTreeSet<Timestamp> = BTreeSet::new();
        let mut wait = WAIT;
        loop {
            let decided: Arc<Mutex<Option<Timestamp>>> = Arc::default();
            let (note, admission, rows) =
                (Arc::clone(&decided), Arc::clone(&admission), Arc::clone(&rows));
            let named = id.clone();
            let chat = move |change: &Change| {
                let hold = admitted(&change.entries, &change.answer, &named);
                hold.map(|hold| rows(hold)).unwrap_or_default()
            };
            let decide = move |account: &Account, now: Timestamp| {
                let change = admission.decide(account, now)?;
                let hold = admitted(&change.entries, &change.answer, &admission.command.action_id);
                if let Some(hold) = hold {
                    *note.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold.authorized_at);
                }
                Ok(change)
            };
            let outcome = app.command(account, &id, chat, decide).await;
            let decided = *decided.lock().unwrap_or_else(PoisonError::into_inner);
            let fault = match outcome {
                Ok(done) => {
                    unsure.extend(decided.filter(|_| done.unsure));
                    return Ok(own(done, &id, &unsure));
                }
                Err(LedgerError::Store(fault)) => fault,
                Err(refused) => return Err(refused),
            };
            if fault.is_outcome_unknown() {
                unsure.extend(decided);
            }
            if unsure.is_empty() || Instant::now() > until || app.aborting.is_cancelled() {
                return Err(fault.into());
            }
            tracing::warn!(%fault, "it is not known yet whether an action was admitted");
            tokio::select! {
                () = sleep(wait) => {}
                () = app.aborting.cancelled() => {}
            }
            wait = wait.saturating_mul(2).min(WAIT_MAX);
        }
    }

    /// Decides, up to the server's own limit of running answers: on the account as it is when the
    /// change is made, so no number of parallel sends gets past it.
    fn decide(&self, account: &Account, now: Timestamp) -> Result<Change, Refused> {
        let change = authorize(account, &self.book.published, &self.command, now)?;
        let open = usize::try_from(change.account.open_holds).unwrap_or(usize::MAX);
        let hold = admitted(&change.entries, &change.answer, &self.command.action_id);
        if hold.is_some() && open > self.open_holds_max {
            let most = self.open_holds_max;
            let message = format!("{most} of your answers are running; wait until one ends");
            let remedies = Vec::from([Remedy::WaitForHolds]);
            return Err(Denial::new(DenialCode::TooManyOpen, message, remedies).into());
        }
        Ok(change)
    }
}

/// The hold, where this send admitted it: now, or at an instant of which it was not sure.
fn own(done: Done, id: &ActionId, unsure: &BTreeSet<Timestamp>) -> Option<Hold> {
    let is_new = admitted(&done.entries, &done.answer, id).is_some();
    match done.answer {
        Answer::Authorized(hold) if is_new || unsure.contains(&hold.authorized_at) => Some(*hold),
        Answer::Authorized(_)
        | Answer::Advanced
        | Answer::Granted(_)
        | Answer::Ended(_)
        | Answer::Paid(_)
        | Answer::Subscription(_)
        | Answer::Revoked(_)
        | Answer::Limited(_) => None,
    }
}

/// The hold that these entries admitted, out of their answer; none for a repeat.
fn admitted<'a>(entries: &[Entry], answer: &'a Answer, id: &ActionId) -> Option<&'a Hold> {
    let is_new = entries
        .iter()
        .any(|entry| matches!(&entry.event, Event::Authorized { hold } if hold.action_id == *id));
    if let Answer::Authorized(hold) = answer { is_new.then_some(hold) } else { None }
}
