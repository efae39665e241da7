//! A commit lane: commands of many callers become one transaction.
//!
//! It takes what has queued, without waiting for more; loads each account once, unless it is at hand
//! (see `lane_cache`); lets the engine decide in memory, in the order of arrival; writes all changes
//! together; and answers. Whoever loses the fence is read and decided again with the next group, in
//! front of what came later; an account that keeps losing is decided on alone.
//!
//! Every answer is given after the commit, a refusal too: it may follow from what a command before
//! it did, and that may yet lose.

use crate::clock::Clock;
use crate::error::StoreError;
use crate::lane_cache::{AtHand, Cache, unread};
use crate::lane_join::{Joined, Order, Step, answers, join};
use crate::ledger::{Done, LOSSES_MAX, LedgerError};
use crate::limits::{BATCH_MAX, WANTED_ACTIONS_MAX};
use crate::store::{Commit, CommitOutcome, Decide, Decided, Store, Wanted};
use crate::values::to_json;
use kumari_engine::account::{Account, Change};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::collections::{HashMap, VecDeque};
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

/// A turn with what was decided in it.
struct Plan {
    turn: Turn,
    /// The account's sequence that it was decided on.
    before: u64,
    /// The account that it was decided on, as it is stored; nothing, where it was read.
    at_hand: Option<String>,
    joined: Joined,
    /// What it took for unused; nothing, where it was decided on what is stored.
    unread: Vec<ActionId>,
    ended: VecDeque<ActionId>,
}

impl Lane {
    /// Works until nobody can queue any more, or `closing` is cancelled, and nothing is queued.
    pub(crate) async fn work(self, mut queue: mpsc::Receiver<Queued>, closing: CancellationToken) {
        let (mut group, mut cache) = (Vec::new(), Cache::default());
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
            group = self.round(&mut cache, group).await;
        }
    }

    /// Decides and commits once, and gives back those that have to be decided again.
    async fn round(&self, cache: &mut Cache, group: Vec<Queued>) -> Vec<Queued> {
        let now = self.clock.now();
        let (turns, later) = turns(group);
        let (alone, together): (Vec<Turn>, Vec<Turn>) =
            turns.into_iter().partition(|turn| turn.losses() >= LOSSES_MAX);
        let mut again = self.together(cache, together, now).await;
        for turn in alone {
            again.extend(self.alone(turn, now).await);
        }
        // Of one account, what was left over of its turn came before what did not fit into it.
        again.extend(later);
        again
    }

    /// One transaction for all. Where it fails as a whole and the database works, every account is
    /// tried by itself, and every command where a file is gone: deciding again is safe, for a
    /// command that did happen is then a repeat.
    async fn together(&self, cache: &mut Cache, turns: Vec<Turn>, now: Timestamp) -> Vec<Queued> {
        let (mut turns, error) = match self.commit(cache, turns, now).await {
            Ok(again) => return again,
            Err(failed) => failed,
        };
        if let StoreError::FileGone(_) = error {
            turns = turns.into_iter().flat_map(Turn::apart).collect();
        }
        if turns.len() < 2 || error.is_transient() || self.store.ping().await.is_err() {
            turns.into_iter().for_each(|turn| turn.fail(&error));
            return Vec::new();
        }
        let mut again: Vec<Queued> = Vec::new();
        for mut turn in turns {
            if again.iter().any(|queued| queued.order.account == turn.account) {
                again.extend(turn.queued);
                continue;
            }
            turn.queued.iter_mut().for_each(|queued| queued.unsure |= error.is_outcome_unknown());
            match self.commit(cache, Vec::from([turn]), now).await {
                Ok(left) => again.extend(left),
                Err((turns, error)) => turns.into_iter().for_each(|turn| turn.fail(&error)),
            }
        }
        again
    }

    /// Decides, commits and answers. Gives all turns back where the store fails.
    async fn commit(
        &self,
        cache: &mut Cache,
        turns: Vec<Turn>,
        now: Timestamp,
    ) -> Result<Vec<Queued>, (Vec<Turn>, StoreError)> {
        let (mut plans, mut unsure) = (Vec::with_capacity(turns.len()), Vec::new());
        for turn in turns {
            match turn.plan_at_hand(cache, now) {
                Ok(plan) => plans.push(plan),
                Err(turn) => unsure.push(turn),
            }
        }
        match self.plan_on_stored(unsure, now).await {
            Ok(more) => plans.extend(more),
            Err((mut turns, error)) => {
                turns.extend(plans.into_iter().map(|plan| plan.turn));
                return Err((turns, error));
            }
        }
        let mut commits = Vec::with_capacity(plans.len());
        let mut pending = Vec::with_capacity(plans.len());
        for plan in plans {
            let Plan { turn, before, at_hand, joined, unread, ended } = plan;
            let was_at_hand = at_hand.is_some();
            let change = Arc::new(joined.decided.change);
            if !change.entries.is_empty() {
                let (change, chat) = (Arc::clone(&change), joined.decided.chat);
                commits.push(Commit { before, at_hand, change, chat, unread });
            }
            pending.push((turn, change, joined.steps, joined.others, ended, was_at_hand));
        }
        let outcomes = match self.write(commits).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                return Err((pending.into_iter().map(|(turn, ..)| turn).collect(), error));
            }
        };
        let mut outcomes = outcomes.into_iter();
        let mut again = Vec::new();
        for (turn, change, steps, others, ended, was_at_hand) in pending {
            let written = if change.entries.is_empty() { None } else { outcomes.next() };
            if let Some(CommitOutcome::Lost) = written {
                self.counters.losses.fetch_add(1, Ordering::Relaxed);
                again.extend(turn.lost(was_at_hand));
                continue;
            }
            let Change { entries, account, answer: _ } = Arc::unwrap_or_clone(change);
            // What others write to as well is better read.
            if account.sequence > 0 && turn.losses() == 0 {
                cache.keep(account, others, ended);
            }
            again.extend(turn.answer(answers(entries, steps)));
        }
        Ok(again)
    }

    /// Decides on what is stored.
    async fn plan_on_stored(
        &self,
        turns: Vec<Turn>,
        now: Timestamp,
    ) -> Result<Vec<Plan>, (Vec<Turn>, StoreError)> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<Wanted> = turns.iter().map(Turn::wanted).collect();
        let accounts = match self.store.load_to_decide(&wanted, now).await {
            Ok(accounts) if accounts.len() == turns.len() => accounts,
            Ok(_) => return Err((turns, StoreError::Invalid("other accounts than were wanted"))),
            Err(error) => return Err((turns, error)),
        };
        let plan = |(turn, account): (Turn, Account)| {
            let before = account.sequence;
            let joined = join(account, turn.orders(), now);
            let (unread, ended) = (Vec::new(), VecDeque::new());
            Plan { turn, before, at_hand: None, joined, unread, ended }
        };
        Ok(turns.into_iter().zip(accounts).map(plan).collect())
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

    /// Decides with the account to itself; command by command where a file is gone.
    async fn alone(&self, turn: Turn, now: Timestamp) -> Vec<Queued> {
        let (turn, error) = match self.decide_alone(turn, now).await {
            Ok(again) => return again,
            Err(failed) => failed,
        };
        if turn.queued.len() < 2 || !matches!(error, StoreError::FileGone(_)) {
            turn.fail(&error);
            return Vec::new();
        }
        let mut again = Vec::new();
        for turn in turn.apart() {
            match self.decide_alone(turn, now).await {
                Ok(left) => again.extend(left),
                Err((turn, error)) => turn.fail(&error),
            }
        }
        again
    }

    /// So that no fence can be lost.
    async fn decide_alone(
        &self,
        turn: Turn,
        now: Timestamp,
    ) -> Result<Vec<Queued>, (Turn, StoreError)> {
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
            Ok(Ok(change)) => Ok(turn.answer(answers(change.entries, steps))),
            // Each command's refusal is among the steps.
            Ok(Err(_)) => Err((turn, StoreError::Invalid("a refusal of what refuses nothing"))),
            Err(error) => Err((turn, error)),
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

    /// A turn for each command, in their order.
    fn apart(self) -> impl Iterator<Item = Self> {
        self.queued.into_iter().map(|queued| {
            let mut turn = Self::new(queued.order.account.clone());
            turn.actions = queued.order.actions.len();
            turn.queued.push(queued);
            turn
        })
    }

    fn wanted(&self) -> Wanted {
        let actions = self.orders().flat_map(|order| order.actions.iter().cloned());
        Wanted { account: self.account.clone(), actions: actions.collect() }
    }

    /// Decides on the account at hand, where its commit proves what that comes to.
    fn plan_at_hand(self, cache: &mut Cache, now: Timestamp) -> Result<Plan, Self> {
        let Some(AtHand { account, ended }) = cache.take(&self.wanted(), now) else {
            return Err(self);
        };
        let Ok(stored) = to_json("an account", &account) else {
            return Err(self);
        };
        let unread = unread(&account, self.orders().flat_map(|order| &order.actions));
        let before = account.sequence;
        let joined = join(account, self.orders(), now);
        if joined.is_proved_by_its_commit(self.queued.len(), &unread) {
            Ok(Plan { turn: self, before, at_hand: Some(stored), joined, unread, ended })
        } else {
            Err(self)
        }
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

    /// Gives all commands back, to be decided again. That the account at hand was an old one is no
    /// lost race.
    fn lost(self, was_at_hand: bool) -> Vec<Queued> {
        let more = u32::from(!was_at_hand);
        let lost = |queued: Queued| Queued { losses: queued.losses.saturating_add(more), ..queued };
        self.queued.into_iter().map(lost).collect()
    }

    fn fail(self, error: &StoreError) {
        self.queued.into_iter().for_each(|queued| queued.answer(Err(error.clone().into())));
    }
}
