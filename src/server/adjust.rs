//! `kumari-credits adjust` and `revoke-lot`: what an operator gives and takes, with a reason.
//!
//! Both go through the one ledger, so they work beside running servers, and a repeat with the same
//! action id changes nothing.

use crate::cli::{Adjust, RevokeLot};
use crate::database::{Database, DatabaseFault};
use crate::rows;
use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::eligibility::Standing;
use kumari_engine::entry::Entry;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::{AccountId, ActionId, IdFault};
use kumari_engine::lot::{LotId, LotKind};
use kumari_engine::revoke::{Revoke, revoke};
use kumari_engine::time::Timestamp;
use kumari_store::{Ledger, LedgerError, SystemClock};
use serde::Serialize;
use std::io;
use std::sync::Arc;
use uuid::Uuid;

/// Why nothing was adjusted.
#[derive(Debug, thiserror::Error)]
pub enum AdjustFault {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// There is no such account: a slip in its id must not make one.
    #[error("there is no account `{0}` in the database")]
    Unknown(AccountId),
    /// An id could not be made.
    #[error("the action id: {0}")]
    Id(#[from] IdFault),
    /// The ledger says no, or failed.
    #[error("{fault}; the action was {action_id}: name it with --action-id to try again safely")]
    Ledger {
        /// The command's id.
        action_id: ActionId,
        /// Why.
        fault: LedgerError,
    },
    /// The account cannot be read.
    #[error("the ledger: {0}")]
    Read(LedgerError),
    /// The answer cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(#[from] serde_json::Error),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    action_id: ActionId,
    /// Whether an earlier command with this id did it.
    repeated: bool,
    /// What was entered now; what was due comes first.
    entries: Vec<Entry>,
    balance: Standing,
}

/// Grants an adjustment lot, and says what was entered and the balance.
///
/// # Errors
/// [`AdjustFault`].
pub fn adjust(arguments: &Adjust) -> Result<String, AdjustFault> {
    let action_id = action_id(arguments.action_id.as_ref())?;
    let command = Grant {
        action_id: action_id.clone(),
        kind: LotKind::Adjustment,
        amount: arguments.credits,
        priority: 0,
        effective_at: None,
        expires_at: arguments.expires_at,
        reason: Some(arguments.reason.clone()),
    };
    let decide = move |account: &Account, now: Timestamp| grant(account, &command, now);
    run(&arguments.database, &arguments.account, (action_id, None), decide)?.say(arguments.json)
}

/// Takes what is left of a lot, and says what was entered and the balance.
///
/// # Errors
/// [`AdjustFault`].
pub fn revoke_lot(arguments: &RevokeLot) -> Result<String, AdjustFault> {
    let action_id = action_id(arguments.action_id.as_ref())?;
    let lot = LotId(arguments.lot);
    let command = Revoke { action_id: action_id.clone(), lot, reason: arguments.reason.clone() };
    let decide = move |account: &Account, now: Timestamp| revoke(account, &command, now);
    run(&arguments.database, &arguments.account, (action_id, Some(lot)), decide)?
        .say(arguments.json)
}

/// The id that was given, or a new one.
fn action_id(given: Option<&ActionId>) -> Result<ActionId, IdFault> {
    given.map_or_else(|| Uuid::now_v7().to_string().parse(), |id| Ok(id.clone()))
}

/// Runs a command about a lot, or about none that is there, on an account that is there.
fn run(
    database: &Database,
    account: &AccountId,
    (action_id, lot): (ActionId, Option<LotId>),
    decide: impl Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync + 'static,
) -> Result<Done, AdjustFault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = database.open_existing().await?;
        let ledger = Ledger::new(store, Arc::new(SystemClock));
        let before = ledger.read(account, &[]).await.map_err(AdjustFault::Read)?;
        if before.sequence == 0 {
            return Err(AdjustFault::Unknown(account.clone()));
        }
        // The payment of a lot never changes, so it may be looked up before the command.
        let payment = before.lots.iter().find(|one| Some(one.id) == lot);
        let payment = payment.and_then(|lot| lot.payment.clone());
        let actions: Vec<ActionId> = payment.into_iter().chain([action_id.clone()]).collect();
        let change = ledger.run(account, &actions, rows::of_entries, decide).await;
        let change =
            change.map_err(|fault| AdjustFault::Ledger { action_id: action_id.clone(), fault })?;
        let named = |entry: &Entry| entry.event.action_id() == Some(&action_id);
        Ok(Done {
            repeated: !change.entries.iter().any(named),
            balance: change.standing,
            entries: change.entries,
            action_id,
        })
    })
}

impl Done {
    fn say(&self, json: bool) -> Result<String, AdjustFault> {
        if json {
            return Ok(serde_json::to_string(self)?);
        }
        let Standing { settled, held, available, .. } = &self.balance;
        let balance = format!("balance: settled {settled}, held {held}, available {available}");
        let action_id = &self.action_id;
        if self.repeated {
            return Ok(format!("{action_id} was done before, nothing was entered\n{balance}"));
        }
        let entries = self.entries.iter().map(serde_json::to_string);
        let entries = entries.collect::<Result<Vec<String>, serde_json::Error>>()?;
        Ok(format!("{}\n{balance}", entries.join("\n")))
    }
}
