//! Carrying out a backend's commands: one, or many at once, each with its own answer.
//!
//! Nothing here decides: a command is queued in its account's lane, and the engine decides there.

use crate::app::App;
use crate::payments;
use crate::problem::{Answer, Problem};
use crate::rows;
use crate::service_command::Command;
use axum::http::StatusCode;
use kumari_engine::account::{self, Account, Change, LedgerFault, Refused};
use kumari_engine::eligibility::Standing;
use kumari_engine::entry::{Entry, Event};
use kumari_engine::id::{AccountId, ActionId, BookVersion};
use kumari_engine::time::Timestamp;
use kumari_store::{Done, LedgerCommand, LedgerError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A command and its account.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) account: AccountId,
    pub(crate) command: Arc<Command>,
}

/// What a command did, and what the account has after it.
#[derive(Debug, Serialize)]
pub(crate) struct Carried {
    /// The number of the account's last entry.
    version: u64,
    /// The instant that the standing is of.
    as_of: Timestamp,
    standing: Standing,
    answer: account::Answer,
    #[serde(skip)]
    is_new: bool,
}

impl Carried {
    /// 201 where the command made a hold, a lot or a purchase; 200 for a repeat, and for an end.
    pub(crate) const fn status(&self) -> StatusCode {
        if self.is_new { StatusCode::CREATED } else { StatusCode::OK }
    }
}

impl From<Done> for Carried {
    fn from(done: Done) -> Self {
        let makes = |entry: &Entry| {
            matches!(
                entry.event,
                Event::Authorized { .. } | Event::Granted { .. } | Event::Paid { .. }
            )
        };
        Self {
            version: done.sequence,
            as_of: done.as_of,
            standing: done.standing,
            // What was due may come along, but it makes nothing.
            is_new: done.entries.iter().any(makes),
            answer: done.answer,
        }
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
///
/// A hold is priced with its own book, which this process may have to read first: another one
/// published it. Until it is read that command waits, and with it those of its account behind it.
///
/// # Errors
/// Nothing was carried out.
pub(crate) async fn carry_out(app: &Arc<App>, orders: Vec<Order>) -> Answer<Vec<Answer<Carried>>> {
    let mut gates: HashMap<&AccountId, Arc<Gate>> = HashMap::new();
    let mut commands = Vec::with_capacity(orders.len());
    for (place, order) in orders.iter().enumerate() {
        let gate = Arc::clone(gates.entry(&order.account).or_default());
        commands.push(queued(app, order, move |decide| gate.pass(place, decide)));
    }
    let outcomes = app.ledger.run_all(commands).await?;
    let first = outcomes.into_iter().zip(&orders).map(|(outcome, order)| match outcome {
        Err(LedgerError::Fault(LedgerFault::WrongBook)) => None,
        outcome => Some(carried(app, order, outcome)),
    });
    let first: Vec<Option<Answer<Carried>>> = first.collect();
    let waits = |(done, order)| Option::is_none(done).then_some(order);
    let waiting: Vec<&Order> = first.iter().zip(&orders).filter_map(waits).collect();
    let mut second = again(app, &waiting).await.into_iter();
    let unanswered = || Err(Problem::internal("commands", &"one without an answer"));
    let answer = |done: Option<_>| done.or_else(|| second.next()).unwrap_or_else(unanswered);
    Ok(first.into_iter().map(answer).collect())
}

/// The same once the books that were missing have been looked for. Whose book cannot be read is told
/// why, and nobody waits for it any more.
async fn again(app: &Arc<App>, waiting: &[&Order]) -> Vec<Answer<Carried>> {
    if waiting.is_empty() {
        return Vec::new();
    }
    let unread = find_books(app, waiting).await;
    let commands = waiting.iter().map(|order| queued(app, order, |decide| decide()));
    let outcomes = match app.ledger.run_all(commands.collect()).await {
        Ok(outcomes) => outcomes,
        Err(error) => return waiting.iter().map(|_| Err(error.clone().into())).collect(),
    };
    let answer = |(outcome, order): (Outcome, &&Order)| match outcome {
        Err(LedgerError::Fault(LedgerFault::WrongBook)) => {
            let problem = order.command.hold().and_then(|hold| unread.get(&(&order.account, hold)));
            Err(problem.cloned().unwrap_or_else(|| LedgerFault::WrongBook.into()))
        }
        outcome => carried(app, order, outcome),
    };
    outcomes.into_iter().zip(waiting).map(answer).collect()
}

/// Keeps the books of the holds that the orders name at hand, and says whose cannot be read and why.
async fn find_books<'order>(
    app: &App,
    orders: &[&'order Order],
) -> HashMap<(&'order AccountId, &'order ActionId), Problem> {
    let mut holds: BTreeMap<&AccountId, BTreeSet<&ActionId>> = BTreeMap::new();
    for order in orders {
        holds.entry(&order.account).or_default().extend(order.command.hold());
    }
    let mut unread = HashMap::new();
    for (account, ids) in holds {
        let actions: Vec<ActionId> = ids.iter().copied().cloned().collect();
        let loaded = app.read(account, &actions).await;
        let mut known: BTreeMap<&BookVersion, Answer<()>> = BTreeMap::new();
        for id in ids {
            let found = match loaded.as_ref().map(|loaded| loaded.hold(id)) {
                Ok(None) => continue,
                Ok(Some(hold)) => match known.get(&hold.price_book) {
                    Some(found) => found.clone(),
                    None => {
                        let book = app.book_of_hold(&hold.price_book).await;
                        let found = book.map(|book| app.books.keep(book));
                        known.insert(&hold.price_book, found.clone());
                        found
                    }
                },
                Err(problem) => Err(problem.clone()),
            };
            if let Err(problem) = found {
                unread.insert((account, id), problem);
            }
        }
    }
    unread
}

type Outcome = Result<Done, LedgerError>;

fn carried(app: &App, order: &Order, outcome: Outcome) -> Answer<Carried> {
    let done = outcome?;
    if !done.entries.is_empty() {
        app.hub.tell(&order.account);
    }
    Ok(done.into())
}

fn queued(
    app: &Arc<App>,
    order: &Order,
    gate: impl Fn(&dyn Fn() -> Decision) -> Decision + Send + Sync + 'static,
) -> LedgerCommand {
    let (app, command) = (Arc::clone(app), Arc::clone(&order.command));
    let (account, actions) = (order.account.clone(), command.actions());
    let decide =
        move |account: &Account, now: Timestamp| gate(&|| command.decide(&app.books, account, now));
    LedgerCommand::new(account, actions, rows::of_entries, decide)
}

type Decision = Result<Change, Refused>;

/// Where one account's commands stop: at the first whose book has to be read.
#[derive(Debug)]
struct Gate(AtomicUsize);

impl Default for Gate {
    fn default() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }
}

impl Gate {
    /// Decides, unless one before it has stopped. They are decided in their order; where they are
    /// decided again, so are all that were stopped.
    fn pass(&self, place: usize, decide: impl Fn() -> Decision) -> Decision {
        if self.0.load(Ordering::SeqCst) < place {
            return Err(LedgerFault::WrongBook.into());
        }
        let decision = decide();
        let stops = matches!(decision, Err(Refused::Fault(LedgerFault::WrongBook)));
        self.0.store(if stops { place } else { usize::MAX }, Ordering::SeqCst);
        decision
    }
}
