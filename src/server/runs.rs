//! The answers that this process is running.

use crate::action::LegView;
use crate::transcript::Transcript;
use kumari_engine::id::{AccountId, ActionId};
use kumari_store::ConversationId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// One action under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) account: AccountId,
    pub(crate) action_id: ActionId,
    pub(crate) conversation: ConversationId,
    /// What was said so far.
    pub(crate) transcript: Transcript,
    /// One for each leg: cancelled when the person presses Stop.
    pub(crate) stops: Vec<CancellationToken>,
    started: AtomicBool,
    /// How many sends wait to hear whether they admitted it.
    senders: AtomicUsize,
}

/// The process answers as many as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Run {
    /// A run of legs that have said nothing.
    pub(crate) fn new(
        account: AccountId,
        action_id: ActionId,
        conversation: ConversationId,
        legs: Vec<LegView>,
    ) -> Self {
        let stops = legs.iter().map(|_| CancellationToken::new()).collect();
        let (transcript, started) = (Transcript::new(legs), AtomicBool::new(false));
        Self {
            account,
            action_id,
            conversation,
            transcript,
            stops,
            started,
            senders: AtomicUsize::new(1),
        }
    }

    /// Says that somebody answers it, unless somebody did: then it is not begun again.
    #[must_use]
    pub(crate) fn start(&self) -> bool {
        !self.started.swap(true, Ordering::SeqCst)
    }

    /// Stops all its legs, as the person does.
    pub(crate) fn stop(&self) {
        self.stops.iter().for_each(CancellationToken::cancel);
    }

    /// Whether somebody answers it.
    pub(crate) fn has_started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }
}

type Key = (AccountId, ActionId);

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<HashMap<Key, Arc<Run>>>);

impl Runs {
    /// Takes a place for a run before its action is admitted: a Stop that comes in the same instant
    /// finds it, and no number of parallel sends gets more than `most` places. Where the same action
    /// is being sent already, that run is the one.
    ///
    /// # Errors
    /// [`Full`] where there is no place.
    pub(crate) fn claim(&self, run: Run, most: usize) -> Result<Arc<Run>, Full> {
        let mut runs = self.lock();
        let key = (run.account.clone(), run.action_id.clone());
        if let Some(there) = runs.get(&key) {
            there.senders.fetch_add(1, Ordering::SeqCst);
            return Ok(Arc::clone(there));
        }
        if runs.len() >= most {
            return Err(Full);
        }
        let run = Arc::new(run);
        runs.insert(key, Arc::clone(&run));
        Ok(run)
    }

    /// Adds a run that was admitted, unless its place is still there.
    pub(crate) fn insert(&self, run: &Arc<Run>) {
        let key = (run.account.clone(), run.action_id.clone());
        self.lock().entry(key).or_insert_with(|| Arc::clone(run));
    }

    /// Gives the place of a run back, once by each who claimed it. It is free when nobody answers it
    /// and nobody may yet: its action was not admitted here.
    pub(crate) fn give_back(&self, run: &Run) {
        let mut runs = self.lock();
        let is_last = run.senders.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last && !run.has_started() {
            runs.remove(&(run.account.clone(), run.action_id.clone()));
            run.transcript.finish(None);
        }
    }

    /// Takes a run off; who holds it keeps its transcript.
    pub(crate) fn remove(&self, run: &Run) {
        self.lock().remove(&(run.account.clone(), run.action_id.clone()));
    }

    /// The run of that action, while it is under way here.
    pub(crate) fn get(&self, account: &AccountId, action: &ActionId) -> Option<Arc<Run>> {
        self.lock().get(&(account.clone(), action.clone())).cloned()
    }

    /// The runs in that conversation, those with them that are not admitted yet.
    pub(crate) fn in_conversation(
        &self,
        account: &AccountId,
        conversation: ConversationId,
    ) -> Vec<Arc<Run>> {
        let runs = self.lock();
        let here =
            runs.values().filter(|run| run.account == *account && run.conversation == conversation);
        here.cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Run, Runs};
    use std::sync::Arc;

    fn run(action: &str) -> Run {
        let conversation = "019ab5f0-7c1d-7a3e-8000-000000000001".parse().unwrap();
        Run::new("account".parse().unwrap(), action.parse().unwrap(), conversation, Vec::new())
    }

    #[test]
    fn a_place_is_found_before_anything_is_admitted() {
        let runs = Runs::default();
        let claimed = runs.claim(run("a"), 2).unwrap();
        let found = runs.get(&claimed.account, &claimed.action_id).unwrap();
        assert!(Arc::ptr_eq(&found, &claimed), "what a Stop cancels is what will be answered");
        assert!(Arc::ptr_eq(&runs.claim(run("a"), 2).unwrap(), &claimed), "one for one action");
        let here = runs.in_conversation(&claimed.account, claimed.conversation);
        assert!(here.iter().any(|run| Arc::ptr_eq(run, &claimed)), "nor what a deletion stops");
        let elsewhere = "019ab5f0-7c1d-7a3e-8000-000000000002".parse().unwrap();
        assert!(runs.in_conversation(&claimed.account, elsewhere).is_empty());
        runs.claim(run("b"), 2).unwrap();
        assert_eq!(runs.claim(run("c"), 2).err(), Some(Full));
    }

    #[test]
    fn a_place_that_nobody_answers_is_given_back() {
        let runs = Runs::default();
        let refused = runs.claim(run("a"), 1).unwrap();
        runs.give_back(&refused);
        assert!(runs.get(&refused.account, &refused.action_id).is_none());
        assert!(refused.transcript.is_closed(), "who listens is told that nothing comes");
        let waiting = runs.claim(run("c"), 1).unwrap();
        let repeat = runs.claim(run("c"), 1).unwrap();
        runs.give_back(&repeat);
        assert!(!waiting.transcript.is_closed(), "the other may yet answer it");
        runs.give_back(&waiting);
        let answered = runs.claim(run("b"), 1).unwrap();
        assert!(answered.start());
        assert!(!answered.start(), "begun twice");
        runs.give_back(&answered);
        assert!(runs.get(&answered.account, &answered.action_id).is_some());
    }
}
