//! Money: what is paid, refunded, disputed, and what an operator corrects (R17, R19, R36–R39).

use kumari_engine::account::Action;
use kumari_engine::payment::{Payment, Product, Purchase};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Task;
use kumari_tests::accounts::{Ledger, action, credits, time};
use kumari_tests::books::{request, small_book};

fn book() -> PublishedBook {
    small_book(|_| {})
}

fn pack(id: &str, usd_cents: u32) -> Payment {
    let (payment, at) = (action(id), time("2026-03-01T00:00:00Z"));
    Payment::Paid { payment, at, usd_cents, product: Product::Pack }
}

fn refunded(id: &str, usd_cents: u32) -> Payment {
    Payment::Refunded { payment: action(id), usd_cents }
}

fn purchase(ledger: &Ledger, id: &str) -> Purchase {
    match &ledger.account.actions[&action(id)] {
        Action::Purchase(purchase) => Purchase::clone(purchase),
        other => panic!("{other:?}"),
    }
}

/// Spends exactly so many credits of what there is.
fn spend(ledger: &mut Ledger, id: &str, amount: &str) {
    let book = priced(amount);
    ledger.authorize(&book, id, &request(Task::Direct, &["top"], 10)).unwrap();
    ledger.settle(&book, (id, 0), "top", &[]).unwrap();
}

/// A book in which a message costs exactly so much.
fn priced(amount: &str) -> PublishedBook {
    let amount = amount.to_owned();
    small_book(move |book| {
        for rate in book["models"][1]["rates"].as_object_mut().unwrap().values_mut() {
            *rate = serde_json::json!({"credits": "0", "per": 1, "free": true});
        }
        book["tasks"][0]["offers"][1]["per_request"] = amount.clone().into();
    })
}

#[test]
fn r39_e09_a_refund_takes_what_is_left_and_what_comes_back() {
    let mut ledger = Ledger::default();
    ledger.pay(&book(), &pack("p", 2_000)).unwrap();
    spend(&mut ledger, "a", "1650");
    // 50 more are held when the refund comes: the story's 1 700.
    let held = priced("50");
    ledger.authorize(&held, "b", &request(Task::Direct, &["top"], 10)).unwrap();
    assert_eq!(ledger.balances(), ("300".into(), "50".into(), "350".into()));
    ledger.pay(&book(), &refunded("p", 500)).unwrap();
    assert_eq!(ledger.balances(), ("0".into(), "50".into(), "50".into()));
    assert_eq!(ledger.account.totals.debt, credits("200"));
    assert_eq!(purchase(&ledger, "p").claimed, credits("500"));
    ledger.void(&held, ("b", 0)).unwrap();
    assert_eq!(ledger.account.totals.debt, credits("150"), "a later release is taken");
    assert_eq!(ledger.balances().0, "0");
}
