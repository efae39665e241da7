//! The answers that this process is running.

use crate::action::LegView;
use crate::transcript::Transcript;
use kumari_engine::id::{AccountId, ActionId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// One action under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) account: AccountId,
    pub(crate) action_id: ActionId,
    /// What was said so far.
    pub(crate) transcript: Transcript,
    /// One for each leg: cancelled when the person presses Stop.
    pub(crate) stops: Vec<CancellationToken>,
}

impl Run {
    /// A run of legs that have said nothing.
    pub(crate) fn new(account: AccountId, action_id: ActionId, legs: Vec<LegView>) -> Self {
        let stops = legs.iter().map(|_| CancellationToken::new()).collect();
        Self { account, action_id, transcript: Transcript::new(legs), stops }
    }
}

type Key = (AccountId, ActionId);

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<HashMap<Key, Arc<Run>>>);

impl Runs {
    /// Adds a run.
    pub(crate) fn insert(&self, run: Arc<Run>) {
        let key = (run.account.clone(), run.action_id.clone());
        self.lock().insert(key, run);
    }

    /// Takes a run off; who holds it keeps its transcript.
    pub(crate) fn remove(&self, run: &Run) {
        self.lock().remove(&(run.account.clone(), run.action_id.clone()));
    }

    /// The run of that action, while it is under way here.
    pub(crate) fn get(&self, account: &AccountId, action: &ActionId) -> Option<Arc<Run>> {
        self.lock().get(&(account.clone(), action.clone())).cloned()
    }

    /// How many there are, and how many of this account.
    pub(crate) fn counts(&self, account: &AccountId) -> (usize, usize) {
        let runs = self.lock();
        (runs.len(), runs.keys().filter(|(owner, _)| owner == account).count())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
