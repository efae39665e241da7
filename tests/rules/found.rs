//! Where the second ledger and the engine once differed (`tests/oracle`), each as short as it gets.

use kumari_engine::account::Action;
use kumari_engine::denial::DenialCode;
use kumari_engine::lot::LotId;
use kumari_engine::payment::{Payment, Product};
use kumari_engine::price_book::PlanId;
use kumari_tests::accounts::{Ledger, action, time};
use kumari_tests::payments::{book, monthly, pro, refunded};

/// A refund brings a used-up lot back to claim of it; a revoked one came back as if nobody had
/// revoked it, and its account counted as Pro again.
#[test]
fn a_revoked_period_stays_revoked_when_its_payment_is_refunded() {
    let mut ledger = Ledger { now: time("2026-02-01T00:00:00Z"), ..Ledger::default() };
    ledger.pay(&book(), &pro("p", 0, "2026-01-31T10:00:00Z")).unwrap();
    ledger.revoke("r", LotId(1), "paid with a stolen card").unwrap();
    ledger.pay(&book(), &refunded("p", 2_000)).unwrap();
    let standing = ledger.account.standing(ledger.now).unwrap();
    assert_eq!((standing.plan, standing.resets_at), (PlanId::Free, None));
    assert_eq!(ledger.account.lots, []);
    let Some(Action::Purchase(purchase)) = ledger.account.actions.get(&action("p")) else {
        panic!("the purchase is gone")
    };
    assert_eq!(purchase.claimed, purchase.grant.amount, "the refund claims nothing twice");
}

/// A payment and its subscription with one id were a fault of the ledger, as if it were broken; it
/// is the caller who names two things alike (R27).
#[test]
fn a_payment_and_its_subscription_cannot_have_one_id() {
    let mut ledger = Ledger::default();
    let payment = Payment::Paid {
        payment: action("one"),
        at: ledger.now,
        usd_cents: 2_000,
        product: Product::Pro {
            subscription: action("one"),
            periods: monthly(),
            period_start: monthly().start(1),
        },
    };
    let refused = ledger.pay(&book(), &payment).unwrap_err();
    assert_eq!(refused.code, DenialCode::ActionIdReused);
    assert_eq!(ledger.entries, []);
}
