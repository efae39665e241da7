//! The commands of one account in one group: decided one after the other, each on what those before
//! it made of the account, and joined into one change.
//!
//! It waits for nothing and writes nothing. What a command cannot have written is refused here, so
//! that it never fails its neighbours.

use crate::chat::ChatWrite;
use crate::check;
use crate::error::StoreError;
use crate::ledger::{Done, LedgerError};
use crate::limits::CHAT_WRITES_MAX;
use crate::store::Decided;
use kumari_engine::account::{Account, Action, Answer, Change, Refused};
use kumari_engine::eligibility::Standing;
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Looks at an account at a time and decides, without waiting for anything. It may be called
/// again, with the account as it is then.
pub(crate) type DecideAt =
    Arc<dyn Fn(&Account, Timestamp) -> Result<Decided, Refused> + Send + Sync>;

/// One command on one account.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) account: AccountId,
    /// The actions that it names, at most [`crate::WANTED_ACTIONS_MAX`].
    pub(crate) actions: Vec<ActionId>,
    pub(crate) decide: DecideAt,
}

/// What the first of some commands did together.
#[derive(Debug)]
pub(crate) struct Joined {
    /// All of their entries and chat rows in one; without entries there is nothing to write.
    pub(crate) decided: Decided,
    /// What each did, in order. Fewer than there were commands where the rest would have been too
    /// much for one commit.
    pub(crate) steps: Vec<Step>,
    /// The actions that were there and stayed as they are.
    pub(crate) others: BTreeMap<ActionId, Action>,
}

/// What one command did, or why it was refused.
pub(crate) type Step = Result<Did, LedgerError>;

/// What one command did. A group may have a thousand, so none of them keeps the account.
#[derive(Debug)]
pub(crate) struct Did {
    /// The next entries of the joined change are its own, this many of them: none for a repeat.
    entries: usize,
    answer: Answer,
    sequence: u64,
    as_of: Timestamp,
    standing: Standing,
}

/// Decides the commands in their order on `loaded`, which has the actions that they name.
pub(crate) fn join<'order>(
    loaded: Account,
    orders: impl IntoIterator<Item = &'order Order>,
    now: Timestamp,
) -> Joined {
    let mut desk = Desk::new(loaded, now);
    let mut steps = Vec::new();
    for order in orders {
        let step = match desk.decide(order, now) {
            Err(refused) => Err(refused),
            Ok((decided, did)) => {
                let rows = check::chat_rows(&desk.chat);
                if rows.saturating_add(check::chat_rows(&decided.chat)) > CHAT_WRITES_MAX {
                    break;
                }
                desk.accept(decided);
                Ok(did)
            }
        };
        steps.push(step);
    }
    let (decided, others) = desk.finish();
    Joined { decided, steps, others }
}

impl Joined {
    /// Whether a commit that goes through proves what was decided, where these actions were taken
    /// for unused: each command did something, and what it took for unused is used now. A refusal
    /// and a repeat are proved by nothing.
    pub(crate) fn is_proved_by_its_commit(&self, commands: usize, unread: &[ActionId]) -> bool {
        let did = |step: &Step| step.as_ref().is_ok_and(|did| did.entries > 0);
        self.steps.len() == commands
            && self.steps.iter().all(did)
            && unread.iter().all(|id| self.decided.change.account.actions.contains_key(id))
    }
}

/// What each command is answered, once the joined change is durable.
pub(crate) fn answers(entries: Vec<Entry>, steps: Vec<Step>) -> Vec<Result<Done, LedgerError>> {
    let mut joined = entries.into_iter();
    let answer = |step: Step| {
        let Did { entries, answer, sequence, as_of, standing } = step?;
        let entries = joined.by_ref().take(entries).collect();
        Ok(Done { entries, answer, sequence, as_of, standing, unsure: false })
    };
    steps.into_iter().map(answer).collect()
}

/// One command's decision, which can be written.
fn decide(order: &Order, account: &Account, now: Timestamp) -> Result<Decided, LedgerError> {
    let decided = catch_unwind(AssertUnwindSafe(|| (order.decide)(account, now)));
    let decided = decided.map_err(|_| StoreError::Invalid("a command that panicked"))??;
    check::decided(account, &decided)?;
    Ok(decided)
}

/// The account between two commands. Its actions are apart, so that a command sees, and copies,
/// only those that it needs, however many the group has.
struct Desk {
    account: Account,
    actions: BTreeMap<ActionId, Action>,
    /// The open holds whose deadline has come: every command sees them.
    due: BTreeSet<ActionId>,
    touched: BTreeSet<ActionId>,
    entries: Vec<Entry>,
    chat: Vec<ChatWrite>,
    now: Timestamp,
}

impl Desk {
    fn new(mut account: Account, now: Timestamp) -> Self {
        let actions = std::mem::take(&mut account.actions);
        let now = now.max(account.updated_at);
        let due = actions.iter().filter(|(_, action)| is_due(action, now));
        let due = due.map(|(id, _)| id.clone()).collect();
        let (touched, entries, chat) = (BTreeSet::new(), Vec::new(), Vec::new());
        Self { account, actions, due, touched, entries, chat, now }
    }

    /// What a command decides on the account as a store would load it for that command.
    fn decide(&mut self, order: &Order, now: Timestamp) -> Result<(Decided, Did), LedgerError> {
        let payments = self.account.payments_due(self.now);
        let seen = self.due.iter().chain(&order.actions).chain(payments);
        let seen = seen.filter_map(|id| self.actions.get_key_value(id));
        self.account.actions = seen.map(|(id, action)| (id.clone(), action.clone())).collect();
        let decided = decide(order, &self.account, now)?;
        let change = &decided.change;
        let as_of = self.now.max(change.account.updated_at);
        let did = Did {
            entries: change.entries.len(),
            answer: change.answer.clone(),
            sequence: change.account.sequence,
            as_of,
            standing: change.account.standing(as_of).map_err(LedgerError::Fault)?,
        };
        Ok((decided, did))
    }

    /// Takes over what a command did: nothing, where it is a repeat.
    fn accept(&mut self, decided: Decided) {
        let Decided { change: Change { entries, mut account, answer: _ }, chat } = decided;
        if entries.is_empty() {
            return;
        }
        for id in entries.iter().flat_map(|entry| entry.event.actions()) {
            let Some(action) = account.actions.get(id) else { continue };
            if is_due(action, self.now) {
                self.due.insert(id.clone());
            } else {
                self.due.remove(id);
            }
            self.actions.insert(id.clone(), action.clone());
            self.touched.insert(id.clone());
        }
        self.entries.extend(entries);
        self.chat.extend(chat);
        account.actions.clear();
        self.account = account;
    }

    /// All that was done, and the actions that it did not touch.
    fn finish(mut self) -> (Decided, BTreeMap<ActionId, Action>) {
        let touched = self.touched.into_iter();
        self.account.actions = touched.filter_map(|id| self.actions.remove_entry(&id)).collect();
        let change =
            Change { entries: self.entries, account: self.account, answer: Answer::Advanced };
        (Decided { change, chat: self.chat }, self.actions)
    }
}

fn is_due(action: &Action, now: Timestamp) -> bool {
    check::open_until(action).is_some_and(|deadline| deadline <= now)
}
