//! What always holds of an account, over random histories of every command.

use crate::history::{Money, Step, book, money, run, step};
use kumari_engine::account::{Account, Action, Hold, apply};
use kumari_engine::amount::Credits;
use kumari_engine::denial::DenialCode;
use kumari_engine::entry::{Entry, LedgerAccount, Side};
use kumari_engine::lot::{Lot, LotId, LotKind, burn_down};
use kumari_engine::payment::{DisputeStatus, Payment, Purchase};
use kumari_engine::period::advance;
use kumari_tests::accounts::Ledger;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// R21, R23, R29–R31: whatever happens, nothing is negative, the books balance, the sums are
    /// those of the parts, pools are in burn-down order, and the account is what its entries say.
    #[test]
    fn r31_the_books_balance_after_every_step(steps in prop::collection::vec(step(), 1..60)) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let _ = run(&mut ledger, &book, step);
            let account = &ledger.account;
            let available = sum(account.lots.iter().map(|lot| lot.available));
            let held = sum(account.lots.iter().map(|lot| lot.held));
            let debt = sum(account.lots.iter().map(|lot| lot.debt));
            for lot in &account.lots {
                let amounts = [lot.available, lot.held, lot.debt];
                prop_assert!(amounts.iter().all(|amount| !amount.is_negative()), "{:?}", lot);
            }
            // R30: what was issued, less what was claimed, is what is left, held, spent or expired,
            // less what was spent of what is owed; absorbed never was issued.
            let totals = account.totals;
            let spent = totals.revenue.sub(totals.absorbed).unwrap();
            prop_assert_eq!(totals.debt, debt);
            prop_assert_eq!(
                totals.issued.add(debt).unwrap(),
                sum([available, held, spent, totals.breakage])
            );
            // R31: held is the sum of the open holds, and each hold of its open legs.
            let holds = holds(account);
            prop_assert_eq!(held, sum(holds.iter().map(|hold| hold.reserved().unwrap())));
            for hold in &holds {
                let open = sum(hold.legs.iter().filter(|leg| leg.end.is_none()).map(|leg| leg.part));
                prop_assert_eq!(hold.reserved().unwrap(), open);
                let lots: BTreeSet<LotId> = hold.pool.iter().map(|part| part.lot).collect();
                prop_assert_eq!(lots.len(), hold.pool.len(), "each lot once");
                let pool: Vec<&Lot> =
                    hold.pool.iter().filter_map(|part| lot_of(account, part.lot)).collect();
                prop_assert_eq!(pool.len(), hold.pool.len());
                prop_assert!(pool.is_sorted_by(|a, b| burn_down(a, b).is_lt()), "burn-down order");
            }
            let open = holds.iter().filter(|hold| hold.is_open()).count();
            prop_assert_eq!(u32::try_from(open).unwrap(), account.open_holds);
        }
        // R29: the account is a function of its entries alone.
        let mut replayed = Account::new(ledger.account.id.clone());
        for entry in &ledger.entries {
            apply(&mut replayed, entry).unwrap();
        }
        prop_assert_eq!(&replayed, &ledger.account);
    }

    /// R29: what a store keeps of an account is all of it, and says nothing that it need not say.
    #[test]
    fn r29_what_is_stored_is_read_back(steps in prop::collection::vec(step(), 1..60)) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let _ = run(&mut ledger, &book, step);
        }
        let account = &ledger.account;
        // Actions are kept each by itself.
        let alone = Account { actions: BTreeMap::new(), ..account.clone() };
        prop_assert_eq!(&stored(account), &alone);
        for (id, action) in &account.actions {
            prop_assert_eq!(&stored(action), action, "{}", id);
        }
        for lot in &account.lots {
            let json = serde_json::to_value(lot).unwrap();
            prop_assert_eq!(json.get("debt").is_some(), lot.debt != Credits::ZERO);
            prop_assert_eq!(json.get("revoked").is_some(), lot.revoked);
        }
        let json = serde_json::to_value(account).unwrap();
        prop_assert_eq!(json.get("past_due").is_some(), account.past_due > 0);
        prop_assert_eq!(json.get("free_granted").is_some(), account.free_granted);
        prop_assert_eq!(&stored(&ledger.entries), &ledger.entries);
    }

    /// R27, R39: whatever was just accepted is answered once more as it was, and writes nothing.
    #[test]
    fn r27_a_repeat_changes_nothing(steps in prop::collection::vec(step(), 1..40)) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let Some(Ok(answer)) = run(&mut ledger, &book, step) else { continue };
            let after = ledger.account.clone();
            prop_assert_eq!(run(&mut ledger, &book, step), Some(Ok(answer)), "{:?}", step);
            prop_assert_eq!(&ledger.account, &after, "{:?}", step);
        }
    }

    /// R19, R38: expiry, freezing, clawback and revocation touch only their own lot; what time does
    /// leaves every lot whose time is not over bit-identical.
    #[test]
    fn r19_what_ends_a_lot_leaves_every_other_bit_identical(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let before = ledger.account.clone();
            let aged = advance(&before, ledger.now).unwrap().account;
            let given_back: BTreeSet<LotId> = holds(&before)
                .iter()
                .filter(|hold| hold.is_open() && hold.deadline <= ledger.now)
                .flat_map(|hold| hold.pool.iter().map(|part| part.lot))
                .collect();
            for lot in before.lots.iter().filter(|lot| !lot.has_expired(ledger.now)) {
                if !given_back.contains(&lot.id) {
                    prop_assert_eq!(lot_of(&aged, lot.id), Some(lot), "by time alone");
                }
            }
            // What is denied leaves the account as it was, due or not.
            let Some(Ok(_)) = run(&mut ledger, &book, step) else { continue };
            let own = match step {
                Step::Pay(money) => purchase(&ledger.account, money).map(|one| one.grant.lot),
                Step::Revoke { lot, .. } => Some(LotId(u64::from(*lot))),
                Step::Grant { .. }
                | Step::Authorize { .. }
                | Step::Extend { .. }
                | Step::Renew { .. }
                | Step::Settle { .. }
                | Step::Void { .. }
                | Step::Limit { .. }
                | Step::Wait { .. } => continue,
            };
            for lot in aged.lots.iter().filter(|lot| Some(lot.id) != own) {
                prop_assert_eq!(lot_of(&ledger.account, lot.id), Some(lot), "{:?}", step);
            }
        }
    }

    /// R39: whatever the order of refunds, disputes, expiry, revocation and releases, a purchase
    /// owes what was spent of it beyond what its money still pays for, and nothing else.
    #[test]
    fn r39_a_purchase_owes_what_was_spent_beyond_what_is_paid_for(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let _ = run(&mut ledger, &book, step);
            let spent = spent(&ledger.entries);
            for bought in ledger.account.actions.values().filter_map(as_purchase) {
                let id = bought.grant.lot;
                let lot = lot_of(&ledger.account, id);
                let held = lot.map_or(Credits::ZERO, |lot| lot.held);
                let used = spent.get(&id).copied().unwrap_or_default().add(held).unwrap();
                let paid_for = bought.grant.amount.sub(due(bought)).unwrap();
                let owed = used.sub(paid_for.min(used)).unwrap();
                let debt = lot.map_or(Credits::ZERO, |lot| lot.debt);
                prop_assert_eq!(debt, owed, "{:?}", bought);
                // What is neither used nor due is left, unless it expired or was revoked.
                let is_over = |lot: &Lot| lot.has_expired(ledger.account.updated_at);
                let is_revoked = bought.claimed > due(bought);
                if let Some(lot) = lot.filter(|lot| !is_over(lot) && !is_revoked) {
                    let left = paid_for.sub(used.min(paid_for)).unwrap();
                    prop_assert_eq!(lot.available, left, "{:?}", bought);
                }
            }
        }
    }

    /// R36, R39: facts about money may come in any order: what has to be told again is told again,
    /// and the account comes out the same.
    #[test]
    fn r39_facts_about_money_come_to_the_same_in_any_order(
        facts in prop::collection::vec(money(), 1..14).prop_map(consistent),
        seed in any::<u64>(),
    ) {
        let mut shuffled = facts.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        let [one, other] = [facts, shuffled].map(told_until_accepted);
        prop_assert_eq!(one, other);
    }

    /// R36: a period of a subscription is one lot, whoever pays for it how often.
    #[test]
    fn r36_a_period_is_one_lot(steps in prop::collection::vec(step(), 1..80)) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let _ = run(&mut ledger, &book, step);
        }
        let bought = ledger.account.actions.values().filter_map(as_purchase);
        let ends: Vec<_> = bought.filter(|one| one.grant.kind == LotKind::Pro).map(|one| one.grant.expires_at).collect();
        let different: BTreeSet<_> = ends.iter().collect();
        prop_assert_eq!(ends.len(), different.len());
    }
}

/// Facts of one world: a payment is for one thing and a period paid once, a dispute has one
/// outcome.
fn consistent(facts: Vec<Money>) -> Vec<Money> {
    let (mut paid, mut periods, mut outcomes) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let keep = |fact: &Money| match fact {
        Money::Pack { payment } => paid.insert(*payment),
        Money::Pro { payment, n, .. } => {
            !periods.contains(n) && paid.insert(*payment) && periods.insert(*n)
        }
        Money::Disputed { payment, dispute, outcome: Some(won) } => {
            *outcomes.entry((*payment, *dispute)).or_insert(*won) == *won
        }
        Money::Disputed { outcome: None, .. }
        | Money::Failed { .. }
        | Money::Refunded { .. }
        | Money::Changed { .. } => true,
    };
    let mut facts: Vec<Money> = facts.into_iter().filter(keep).collect();
    // What nobody ever pays for is told in vain in every order.
    facts.retain(|fact| match fact {
        Money::Refunded { payment, .. } | Money::Disputed { payment, .. } => paid.contains(payment),
        Money::Pack { .. } | Money::Pro { .. } | Money::Failed { .. } | Money::Changed { .. } => {
            true
        }
    });
    facts
}

/// What is left of the world when every fact was accepted: each purchase with its lot, and the sums.
fn told_until_accepted(facts: Vec<Money>) -> impl PartialEq + std::fmt::Debug {
    let book = book();
    let mut ledger = Ledger::default();
    let mut waiting: Vec<Payment> = facts.iter().map(Money::told).collect();
    // Everything that is told has happened.
    ledger.now = ledger.now.plus_seconds(600 * 60);
    while !waiting.is_empty() {
        waiting.retain(|fact| match ledger.pay(&book, fact) {
            Ok(_) => false,
            Err(denial) => {
                assert_eq!(denial.code, DenialCode::PaymentUnknown, "{fact:?}");
                assert!(denial.transient);
                true
            }
        });
    }
    let account = &ledger.account;
    let bought: BTreeMap<_, _> = account
        .actions
        .values()
        .filter_map(as_purchase)
        .map(|one| {
            let lot = lot_of(account, one.grant.lot);
            let left = lot.map(|lot| (lot.available, lot.debt, lot.dispute));
            let outcomes: BTreeMap<_, _> =
                one.disputes.iter().map(|one| (one.dispute.clone(), one.status)).collect();
            (
                one.payment.clone(),
                (left, one.claimed, one.expired, one.refunded_usd_cents, outcomes),
            )
        })
        .collect();
    let standing = account.standing(ledger.now).unwrap();
    (bought, account.totals.issued, account.totals.debt, account.totals.breakage, standing)
}

/// A value as a store keeps it and reads it again.
fn stored<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn holds(account: &Account) -> Vec<&Hold> {
    account.actions.values().filter_map(as_hold).collect()
}

fn as_hold(action: &Action) -> Option<&Hold> {
    if let Action::Hold(hold) = action { Some(hold) } else { None }
}

fn as_purchase(action: &Action) -> Option<&Purchase> {
    if let Action::Purchase(purchase) = action { Some(purchase) } else { None }
}

/// The purchase that a fact is about.
fn purchase<'account>(account: &'account Account, money: &Money) -> Option<&'account Purchase> {
    let named = money.told().actions();
    named.iter().filter_map(|id| account.actions.get(id)).find_map(as_purchase)
}

fn lot_of(account: &Account, id: LotId) -> Option<&Lot> {
    account.lots.iter().find(|lot| lot.id == id)
}

/// The share of the grant that went back with the money, rounded down, by the rule's own words.
fn due(bought: &Purchase) -> Credits {
    let lost = bought.disputes.iter().filter(|one| one.status == DisputeStatus::Lost);
    let back = bought.refunded_usd_cents + lost.map(|one| one.usd_cents).sum::<u32>();
    let (back, paid) = (i64::from(back.min(bought.usd_cents)), i64::from(bought.usd_cents));
    Credits::from_micros(bought.grant.amount.as_micros() * back / paid)
}

/// What was captured of each lot, by the journal.
fn spent(entries: &[Entry]) -> BTreeMap<LotId, Credits> {
    let mut spent: BTreeMap<LotId, Credits> = BTreeMap::new();
    for entry in entries {
        for pair in entry.postings.chunks(2) {
            if let LedgerAccount::Held(lot) = pair[0].account
                && pair[0].side == Side::Debit
                && pair[1].account == LedgerAccount::Revenue
            {
                let sum = spent.entry(lot).or_default();
                *sum = sum.add(pair[0].amount).unwrap();
            }
        }
    }
    spent
}

fn sum(amounts: impl IntoIterator<Item = Credits>) -> Credits {
    Credits::sum(amounts).unwrap()
}
