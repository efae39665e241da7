//! A commit lane: commands of many callers become one transaction.
//!
//! It takes what has queued, without waiting for more; loads each account once; lets the engine
//! decide in memory, in the order of arrival; writes all changes together; and answers. Whoever
//! loses the fence is read and decided again with the next group, in front of what came later; an
//! account that keeps losing is decided on alone.
//!
//! Every answer is given after the commit, a refusal too: it may follow from what a command before
//! it did, and that may yet lose.

use crate::clock::Clock;
use crate::error::StoreError;
use crate::lane_join::{Joined, Order, Step, answers, join};
use crate::ledger::{Done, LOSSES_MAX, LedgerError};
use crate::limits::{BATCH_MAX, WANTED_ACTIONS_MAX};
use crate::store::{Commit, CommitOutcome, Decide, Decided, Store, Wanted};
use kumari_engine::account::Account;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What a command did, or why it did nothing.
pub(crate) type Outcome = Result<Done, LedgerError>;

/// A command that waits for its turn.
pub(crate) struct Queued {
    order: Order,
    /// How often it lost the fence.
    losses: u32,
    /// A commit of it failed and may have happened.
    unsure: bool,
    reply: oneshot::Sender<Outcome>,
}

impl Queued {
    /// A command, and where its answer will be.
    pub(crate) fn new(order: Order) -> (Self, oneshot::Receiver<Outcome>) {
        let (reply, answer) = oneshot::channel();
        (Self { order, losses: 0, unsure: false, reply }, answer)
    }

    fn answer(self, mut outcome: Outcome) {
        if let Ok(done) = &mut outcome {
            done.unsure = self.unsure;
        }
        // Whoever asked may have gone; what was done stays done.
        drop(self.reply.send(outcome));
    }
}

/// How much lanes have done since they began.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commands: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) losses: AtomicU64,
}

/// What works on a lane's queue.
pub(crate) struct Lane {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Arc<Counters>,
}

/// The commands of one account in one group, in their order.
struct Turn {
    account: AccountId,
    queued: Vec<Queued>,
    /// How many actions they name.
    actions: usize,
    /// What comes later has to wait for the next group.
    is_full: bool,
}

impl Lane {
    /// Works until nobody can queue any more, or `closing` is cancelled, and nothing is queued.
    pub(crate) async fn work(self, mut queue: mpsc::Receiver<Queued>, closing: CancellationToken) {
        let mut group = Vec::new();
        loop {
            if group.is_empty() {
                tokio::select! {
                    biased;
                    taken = queue.recv_many(&mut group, BATCH_MAX) => {
                        if taken == 0 {
                            return;
                        }
                    }
                    () = closing.cancelled(), if !queue.is_closed() => {
                        queue.close();
                        continue;
                    }
                }
            }
            while group.len() < BATCH_MAX
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            group = self.round(group).await;
        }
    }

    /// Decides and commits once, and gives back those that have to be decided again.
    async fn round(&self, group: Vec<Queued>) -> Vec<Queued> {
        let now = self.clock.now();
        let (turns, later) = turns(group);
        let (alone, together): (Vec<Turn>, Vec<Turn>) =
            turns.into_iter().partition(|turn| turn.losses() >= LOSSES_MAX);
        let mut again = self.together(together, now).await;
        for turn in alone {
            again.extend(self.alone(turn, now).await);
        }
        // Of one account, what was left over of its turn came before what did not fit into it.
        again.extend(later);
        again
    }

    /// One transaction for all. Where it fails as a whole and the database works, every account is
    /// tried by itself: deciding again is safe, for a command that did happen is then a repeat.
    async fn together(&self, turns: Vec<Turn>, now: Timestamp) -> Vec<Queued> {
        let (turns, error) = match self.commit(turns, now).await {
            Ok(again) => return again,
            Err(failed) => failed,
        };
        if turns.len() < 2 || error.is_transient() || self.store.ping().await.is_err() {
            turns.into_iter().for_each(|turn| turn.fail(&error));
            return Vec::new();
        }
        let mut again = Vec::new();
        for mut turn in turns {
            turn.queued.iter_mut().for_each(|queued| queued.unsure |= error.is_outcome_unknown());
            match self.commit(Vec::from([turn]), now).await {
                Ok(left) => again.extend(left),
                Err((turns, error)) => turns.into_iter().for_each(|turn| turn.fail(&error)),
            }
        }
        again
    }

    /// Loads, decides, commits and answers. Gives all turns back where the store fails.
    async fn commit(
        &self,
        turns: Vec<Turn>,
        now: Timestamp,
    ) -> Result<Vec<Queued>, (Vec<Turn>, StoreError)> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<Wanted> = turns.iter().map(Turn::wanted).collect();
        let accounts = match self.store.load_to_decide(&wanted, now).await {
            Ok(accounts) if accounts.len() == turns.len() => accounts,
            Ok(_) => return Err((turns, StoreError::Invalid("other accounts than were wanted"))),
            Err(error) => return Err((turns, error)),
        };
        let mut commits = Vec::new();
        let mut pending = Vec::with_capacity(turns.len());
        for (turn, account) in turns.into_iter().zip(accounts) {
            let before = account.sequence;
            let Joined { decided, steps } = join(account, turn.orders(), now);
            let change = Arc::new(decided.change);
            if !change.entries.is_empty() {
                let (change, chat) = (Arc::clone(&change), decided.chat);
                commits.push(Commit { before, change, chat });
            }
            pending.push((turn, change, steps));
        }
        let outcomes = match self.write(commits).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                return Err((pending.into_iter().map(|(turn, _, _)| turn).collect(), error));
            }
        };
        let mut outcomes = outcomes.into_iter();
        let mut again = Vec::new();
        for (turn, change, steps) in pending {
            let written = if change.entries.is_empty() { None } else { outcomes.next() };
            again.extend(match written {
                None | Some(CommitOutcome::Won) => {
                    turn.answer(answers(Arc::unwrap_or_clone(change), steps))
                }
                Some(CommitOutcome::Lost) => {
                    self.counters.losses.fetch_add(1, Ordering::Relaxed);
                    turn.lost()
                }
            });
        }
        Ok(again)
    }

    async fn write(&self, commits: Vec<Commit>) -> Result<Vec<CommitOutcome>, StoreError> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let count = commits.len();
        let outcomes = self.store.commit(commits).await?;
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        if outcomes.len() == count {
            Ok(outcomes)
        } else {
            Err(StoreError::Invalid("other commits than were decided"))
        }
    }

    /// Decides with the account to itself, so that no fence can be lost.
    async fn alone(&self, turn: Turn, now: Timestamp) -> Vec<Queued> {
        let steps: Arc<Mutex<Vec<Step>>> = Arc::default();
        let orders: Vec<Order> = turn.orders().cloned().collect();
        let taken = Arc::clone(&steps);
        let decide: Decide = Arc::new(move |account: &Account| -> Result<Decided, _> {
            let joined = join(account.clone(), &orders, now);
            // The store may decide again; what counts is what it wrote, which is the last.
            *taken.lock().unwrap_or_else(PoisonError::into_inner) = joined.steps;
            Ok(joined.decided)
        });
        let decided = self.store.decide_alone(&turn.wanted(), now, decide).await;
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        let steps = std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
        match decided {
            Ok(Ok(change)) => turn.answer(answers(change, steps)),
            // Each command's refusal is among the steps.
            Ok(Err(_)) => {
                turn.fail(&StoreError::Invalid("a refusal of what refuses nothing"));
                Vec::new()
            }
            Err(error) => {
                turn.fail(&error);
                Vec::new()
            }
        }
    }
}

/// The commands by account, both in order of arrival; and those that did not fit into the turns of
/// their accounts.
fn turns(group: Vec<Queued>) -> (Vec<Turn>, Vec<Queued>) {
    let mut places: HashMap<AccountId, usize> = HashMap::with_capacity(group.len());
    let mut turns: Vec<Turn> = Vec::new();
    let mut later = Vec::new();
    for queued in group {
        let account = queued.order.account.clone();
        let place = *places.entry(account).or_insert_with_key(|account| {
            turns.push(Turn::new(account.clone()));
            turns.len().saturating_sub(1)
        });
        later.extend(match turns.get_mut(place) {
            Some(turn) => turn.take(queued),
            None => Some(queued),
        });
    }
    (turns, later)
}

impl Turn {
    const fn new(account: AccountId) -> Self {
        Self { account, queued: Vec::new(), actions: 0, is_full: false }
    }

    /// Takes a command, or gives it back where the turn would name too many actions.
    fn take(&mut self, queued: Queued) -> Option<Queued> {
        let actions = self.actions.saturating_add(queued.order.actions.len());
        self.is_full |= actions > WANTED_ACTIONS_MAX && !self.queued.is_empty();
        if self.is_full {
            return Some(queued);
        }
        self.actions = actions;
        self.queued.push(queued);
        None
    }

    fn wanted(&self) -> Wanted {
        let actions = self.orders().flat_map(|order| order.actions.iter().cloned());
        Wanted { account: self.account.clone(), actions: actions.collect() }
    }

    fn orders(&self) -> impl Iterator<Item = &Order> {
        self.queued.iter().map(|queued| &queued.order)
    }

    fn losses(&self) -> u32 {
        self.queued.iter().map(|queued| queued.losses).max().unwrap_or(0)
    }

    /// Answers the first commands, and gives the rest back.
    fn answer(self, outcomes: Vec<Outcome>) -> Vec<Queued> {
        let mut queued = self.queued.into_iter();
        for (outcome, queued) in outcomes.into_iter().zip(queued.by_ref()) {
            queued.answer(outcome);
        }
        queued.collect()
    }

    /// Gives all commands back, to be decided again.
    fn lost(self) -> Vec<Queued> {
        let lost = |queued: Queued| Queued { losses: queued.losses.saturating_add(1), ..queued };
        self.queued.into_iter().map(lost).collect()
    }

    fn fail(self, error: &StoreError) {
        self.queued.into_iter().for_each(|queued| queued.answer(Err(error.clone().into())));
    }
}
