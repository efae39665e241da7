//! The engine's commands as a backend sends them, and carrying them out: one or many at once.
//!
//! Nothing here decides: a command is queued in its account's lane, and the engine decides there.

use crate::app::App;
use crate::books::Books;
use crate::problem::{Answer, Problem};
use crate::{payments, rows};
use axum::http::StatusCode;
use kumari_engine::account::{self, Account, Change, LedgerFault, Refused};
use kumari_engine::authorize::{Authorize, authorize};
use kumari_engine::eligibility::{Quote, Standing};
use kumari_engine::entry::{Entry, Event};
use kumari_engine::extend::{Extend, extend};
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::pay::pay;
use kumari_engine::payment::Payment;
use kumari_engine::renew::{Renew, renew};
use kumari_engine::request::Request;
use kumari_engine::settle::{Settle, settle};
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, void};
use kumari_store::{LedgerCommand, LedgerError, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a backend asks of an account.
#[derive(Debug)]
pub(crate) enum Command {
    /// Admit an action.
    Authorize(Box<Authorize>),
    /// Hold more for an action.
    Extend(Extend),
    /// Keep an action's hold open.
    Renew(Renew),
    /// Settle a leg.
    Settle(Settle),
    /// Void a leg.
    Void(Void),
    /// Grant credits.
    Grant(Grant),
    /// Take a fact about money.
    Payment(Payment),
}

/// An action to admit. A backend counts by itself, and is believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admission {
    action_id: ActionId,
    request: Request,
    /// What the person saw; without one, caps are lowered to what the balance allows.
    #[serde(default)]
    quote: Option<Quote>,
}

/// A command and its account.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) account: AccountId,
    pub(crate) command: Arc<Command>,
}

/// What a command did, and what the account has after it.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    /// The number of the account's last entry.
    version: u64,
    /// The instant that the standing is of.
    as_of: Timestamp,
    standing: Standing,
    answer: account::Answer,
    #[serde(skip)]
    is_new: bool,
}

/// A document that is a command.
pub(crate) trait Body: DeserializeOwned {
    /// The command.
    fn command(self) -> Answer<Command>;
}

impl Body for Admission {
    fn command(self) -> Answer<Command> {
        let fingerprint = kumari_wire::fingerprint(&self.request)
            .map_err(|fault| Problem::internal("fingerprint", &fault))?;
        let Self { action_id, request, quote } = self;
        let command = Authorize { action_id, fingerprint, request, quote };
        Ok(Command::Authorize(Box::new(command)))
    }
}

impl Body for Extend {
    fn command(self) -> Answer<Command> {
        Ok(Command::Extend(self))
    }
}

impl Body for Renew {
    fn command(self) -> Answer<Command> {
        Ok(Command::Renew(self))
    }
}

impl Body for Settle {
    fn command(self) -> Answer<Command> {
        Ok(Command::Settle(self))
    }
}

impl Body for Void {
    fn command(self) -> Answer<Command> {
        Ok(Command::Void(self))
    }
}

impl Body for Grant {
    fn command(self) -> Answer<Command> {
        Ok(Command::Grant(self))
    }
}

impl Body for Payment {
    fn command(self) -> Answer<Command> {
        Ok(Command::Payment(self))
    }
}

impl Done {
    /// 201 where the command made a hold, a lot or a purchase; 200 for a repeat, and for an end.
    pub(crate) const fn status(&self) -> StatusCode {
        if self.is_new { StatusCode::CREATED } else { StatusCode::OK }
    }

    fn of(app: &App, change: Change) -> Answer<Self> {
        let as_of = app.now().max(change.account.updated_at);
        let makes = |entry: &Entry| {
            matches!(
                entry.event,
                Event::Authorized { .. } | Event::Granted { .. } | Event::Paid { .. }
            )
        };
        Ok(Self {
            version: change.account.sequence,
            as_of,
            standing: change.account.standing(as_of)?,
            // What was due may come along, but it makes nothing.
            is_new: change.entries.iter().any(makes),
            answer: change.answer,
        })
    }
}

/// Claims what a payment is about for its account, before the account hears of it.
pub(crate) async fn claim(app: &App, order: &Order) -> Answer<()> {
    if let Command::Payment(payment) = &*order.command {
        payments::claim(app, &order.account, payment).await?;
    }
    Ok(())
}

/// Carries commands out, those of one account in their order, and answers each in its place.
pub(crate) async fn carry_out(app: &Arc<App>, orders: Vec<Order>) -> Answer<Vec<Answer<Done>>> {
    let commands = orders.iter().map(|order| queued(app, order));
    let mut outcomes = app.ledger.run_all(commands.collect()).await?;
    for (outcome, order) in outcomes.iter_mut().zip(&orders) {
        // A hold of a book that this process has not read yet: another one published it.
        if let Err(LedgerError::Fault(LedgerFault::WrongBook)) = outcome {
            find_book(app, order).await?;
            let again = app.ledger.run_all(Vec::from([queued(app, order)])).await?;
            *outcome = again.into_iter().next().unwrap_or(Err(StoreError::Closed.into()));
        }
    }
    let answer = |(outcome, order): (Result<Change, LedgerError>, Order)| {
        let change = outcome?;
        if !change.entries.is_empty() {
            app.hub.tell(&order.account);
        }
        Done::of(app, change)
    };
    Ok(outcomes.into_iter().zip(orders).map(answer).collect())
}

/// Keeps the book of the hold that a command names at hand.
async fn find_book(app: &App, order: &Order) -> Answer<()> {
    let actions = order.command.actions();
    let account = app.read(&order.account, &actions).await?;
    for action_id in &actions {
        if let Some(hold) = account.hold(action_id) {
            app.books.keep(app.book_of_hold(&hold.price_book).await?);
        }
    }
    Ok(())
}

fn queued(app: &Arc<App>, order: &Order) -> LedgerCommand {
    let (app, command) = (Arc::clone(app), Arc::clone(&order.command));
    let (account, actions) = (order.account.clone(), command.actions());
    let decide = move |account: &Account, now: Timestamp| command.decide(&app.books, account, now);
    LedgerCommand::new(account, actions, rows::of_entries, decide)
}

impl Command {
    /// The actions that it looks at.
    fn actions(&self) -> Vec<ActionId> {
        let action_id = match self {
            Self::Authorize(command) => &command.action_id,
            Self::Extend(Extend { action_id, .. })
            | Self::Renew(Renew { action_id })
            | Self::Settle(Settle { action_id, .. })
            | Self::Void(Void { action_id, .. })
            | Self::Grant(Grant { action_id, .. }) => action_id,
            Self::Payment(payment) => return payment.actions(),
        };
        Vec::from([action_id.clone()])
    }

    /// What the engine decides, with the book that the command is priced by.
    fn decide(&self, books: &Books, account: &Account, now: Timestamp) -> Result<Change, Refused> {
        let of_hold = |action_id| match account.hold(action_id) {
            Some(hold) => books.get(&hold.price_book).ok_or(LedgerFault::WrongBook),
            // There is nothing to price; the engine says so.
            None => Ok(books.in_force(now)),
        };
        match self {
            Self::Authorize(command) => {
                authorize(account, &books.in_force(now).published, command, now)
            }
            Self::Extend(command) => {
                extend(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Renew(command) => {
                renew(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Settle(command) => {
                settle(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Void(command) => {
                void(account, &of_hold(&command.action_id)?.published, command, now)
            }
            Self::Grant(command) => grant(account, command, now),
            Self::Payment(payment) => {
                let sold_at = match payment {
                    Payment::Paid { at, .. } => *at,
                    Payment::Failed { .. }
                    | Payment::Refunded { .. }
                    | Payment::Disputed { .. }
                    | Payment::DisputeWon { .. }
                    | Payment::DisputeLost { .. }
                    | Payment::SubscriptionChanged { .. } => now,
                };
                pay(account, &books.in_force(sold_at).published, payment, now)
            }
        }
    }
}
