//! Accounts as a lane last wrote them, so that the next command on one of them reads nothing.
//!
//! What is at hand may be out of date, for others write to the same database: a decision on it is
//! worth nothing before its commit has passed the fence. It is not all that is stored either: of an
//! account's actions only its open holds are here. What a command names beside them is taken for
//! unused, and the commit says so ([`crate::Commit::unread`]); whatever cannot be proved by a commit
//! is decided again on what is stored.

use crate::store::Wanted;
use kumari_engine::account::{Account, Action};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// How much a lane keeps at most, twice: accounts, their lots and their open holds, each of which
/// takes a kilobyte or two.
const WEIGHT_MAX: usize = 8_192;
/// How many actions that have ended are remembered of an account, by their ids: whoever sends again
/// mostly does so soon.
const ENDED_MAX: usize = 8;

/// The accounts at hand, in two generations: what was not used in the younger one goes with the
/// older one.
#[derive(Debug)]
pub(crate) struct Cache {
    young: HashMap<AccountId, AtHand>,
    old: HashMap<AccountId, AtHand>,
    /// Of the younger generation.
    weight: usize,
    weight_max: usize,
}

/// An account with all of its open holds.
#[derive(Debug)]
pub(crate) struct AtHand {
    pub(crate) account: Account,
    /// What it did last, which is used and not at hand.
    pub(crate) ended: VecDeque<ActionId>,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(WEIGHT_MAX)
    }
}

impl Cache {
    fn new(weight_max: usize) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { young, old, weight: 0, weight_max }
    }

    /// Takes the account out, where a command may be decided on it; what was decided puts it back.
    pub(crate) fn take(&mut self, wanted: &Wanted, now: Timestamp) -> Option<AtHand> {
        let id = &wanted.account;
        let at_hand = match self.young.remove(id) {
            Some(at_hand) => {
                self.weight = self.weight.saturating_sub(at_hand.weight());
                at_hand
            }
            None => self.old.remove(id)?,
        };
        let now = now.max(at_hand.account.updated_at);
        // What time did to a lot that was paid for changes the payment too, which is not here.
        let is_due = at_hand.account.payments_due(now).next().is_some();
        let is_used = wanted.actions.iter().any(|action| at_hand.ended.contains(action));
        (!is_due && !is_used).then_some(at_hand)
    }

    /// Keeps an account as it was just written, with the actions that are known of it. One of which
    /// not all open holds are known is not kept: one of those may be due.
    pub(crate) fn keep(
        &mut self,
        mut account: Account,
        mut others: BTreeMap<ActionId, Action>,
        mut ended: VecDeque<ActionId>,
    ) {
        others.append(&mut account.actions);
        for (id, action) in others {
            if is_open(&action) {
                account.actions.insert(id, action);
            } else if !ended.contains(&id) {
                ended.push_back(id);
            }
        }
        if u32::try_from(account.actions.len()) != Ok(account.open_holds) {
            return;
        }
        ended.drain(..ended.len().saturating_sub(ENDED_MAX));
        let at_hand = AtHand { account, ended };
        self.weight = self.weight.saturating_add(at_hand.weight());
        self.young.insert(at_hand.account.id.clone(), at_hand);
        if self.weight >= self.weight_max {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
    }
}

impl AtHand {
    fn weight(&self) -> usize {
        1_usize.saturating_add(self.account.lots.len()).saturating_add(self.account.actions.len())
    }
}

/// Which of the actions named are not among those at hand, each once.
pub(crate) fn unread<'a>(
    account: &Account,
    named: impl Iterator<Item = &'a ActionId>,
) -> Vec<ActionId> {
    let unread: BTreeSet<&ActionId> =
        named.filter(|id| !account.actions.contains_key(*id)).collect();
    unread.into_iter().cloned().collect()
}

fn is_open(action: &Action) -> bool {
    crate::check::open_until(action).is_some()
}

#[cfg(test)]
mod tests {
    use super::Cache;
    use crate::fixtures::{account, action, at};
    use crate::store::Wanted;
    use kumari_engine::account::Account;
    use std::collections::{BTreeMap, VecDeque};

    fn wanted(number: u64) -> Wanted {
        Wanted { account: account(number).unwrap(), actions: vec![action(number).unwrap()] }
    }

    fn keep(cache: &mut Cache, number: u64, ended: impl IntoIterator<Item = u64>) {
        let ended = ended.into_iter().map(|number| action(number).unwrap()).collect();
        cache.keep(Account::new(account(number).unwrap()), BTreeMap::new(), ended);
    }

    #[test]
    fn what_was_used_last_stays_and_there_is_never_too_much() {
        let mut cache = Cache::new(10);
        for number in 0..1_000 {
            keep(&mut cache, number, None);
            assert!(cache.young.len() < 10 && cache.old.len() <= 10, "{number}");
            let favourite = cache.take(&wanted(0), at(0)).is_some();
            assert!(favourite, "{number}");
            keep(&mut cache, 0, None);
        }
        assert!(cache.take(&wanted(999), at(0)).is_some());
        assert!(cache.take(&wanted(999), at(0)).is_none(), "it was taken");
        assert!(cache.take(&wanted(900), at(0)).is_none(), "it was forgotten");
    }

    #[test]
    fn who_names_what_has_ended_has_to_read_and_a_few_of_them_are_remembered() {
        let mut cache = Cache::new(10);
        keep(&mut cache, 1, [1, 2]);
        assert!(cache.take(&wanted(1), at(0)).is_none());
        keep(&mut cache, 2, 100..200);
        let ended: VecDeque<_> = (192..200).map(|number| action(number).unwrap()).collect();
        assert_eq!(cache.take(&wanted(2), at(0)).unwrap().ended, ended);
    }

    #[test]
    fn an_account_whose_holds_are_not_all_known_is_not_kept() {
        let mut cache = Cache::new(10);
        let open = Account { open_holds: 1, ..Account::new(account(1).unwrap()) };
        cache.keep(open, BTreeMap::new(), VecDeque::new());
        assert!(cache.take(&wanted(1), at(0)).is_none());
    }
}
