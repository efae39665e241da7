//! Facts about money in one line each, and what tests look at after them.

use crate::accounts::{Ledger, action, time};
use crate::books::{request, small_book};
use kumari_engine::account::{Action, Answer};
use kumari_engine::denial::{Denial, DenialCode};
use kumari_engine::lot::{Lot, LotKind};
use kumari_engine::payment::{Payment, Product, Purchase};
use kumari_engine::period::Periods;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Task;

/// The small book: a dollar buys 100 credits, from $50 on 115, and Pro has 2 200 a month.
pub fn book() -> PublishedBook {
    small_book(|_| {})
}

/// A Custom Pack, paid on the first of March.
pub fn pack(id: &str, usd_cents: u32) -> Payment {
    let (payment, at) = (action(id), time("2026-03-01T00:00:00Z"));
    Payment::Paid { payment, at, usd_cents, product: Product::Pack }
}

/// Months from the last of January at ten.
pub fn monthly() -> Periods {
    Periods { anchor: time("2026-01-31T10:00:00Z"), months: 1 }
}

/// The `n`th period of a subscription that began on the last of January at ten.
pub fn pro(id: &str, n: u32, at: &str) -> Payment {
    let periods = monthly();
    let (subscription, period_start) = (action("sub"), periods.start(n));
    let product = Product::Pro { subscription, periods, period_start };
    Payment::Paid { payment: action(id), at: time(at), usd_cents: 2_000, product }
}

/// So much of a payment was refunded so far.
pub fn refunded(id: &str, usd_cents: u32) -> Payment {
    Payment::Refunded { payment: action(id), usd_cents }
}

/// A dispute of a payment, the same one in all of these.
pub fn disputed(id: &str, usd_cents: u32) -> Payment {
    Payment::Disputed { payment: action(id), dispute: action("d"), usd_cents }
}

/// It was decided for us.
pub fn won(id: &str, usd_cents: u32) -> Payment {
    Payment::DisputeWon { payment: action(id), dispute: action("d"), usd_cents }
}

/// It was decided against us.
pub fn lost(id: &str, usd_cents: u32) -> Payment {
    Payment::DisputeLost { payment: action(id), dispute: action("d"), usd_cents }
}

/// The code of a refusal that changed nothing.
///
/// # Panics
/// Where it is not refused, or something changed.
pub fn refusal(ledger: &mut Ledger, payment: &Payment) -> DenialCode {
    let before = ledger.account.clone();
    let denial = ledger.pay(&book(), payment).unwrap_err();
    assert_eq!(ledger.account, before, "{payment:?}");
    denial.code
}

/// Sends a cheap message.
///
/// # Errors
/// The denial.
pub fn send(ledger: &mut Ledger) -> Result<Answer, Denial> {
    ledger.authorize(&book(), "send", &request(Task::Direct, &["lite"], 10))
}

/// The only lot of that kind.
///
/// # Panics
/// Where there is none, or another.
pub fn lot(ledger: &Ledger, kind: LotKind) -> Lot {
    let lots: Vec<&Lot> = ledger.account.lots.iter().filter(|lot| lot.kind == kind).collect();
    assert_eq!(lots.len(), 1, "{lots:?}");
    lots[0].clone()
}

/// What became of a payment.
///
/// # Panics
/// Where nothing is known of it.
pub fn purchase(ledger: &Ledger, id: &str) -> Purchase {
    match &ledger.account.actions[&action(id)] {
        Action::Purchase(purchase) => Purchase::clone(purchase),
        other => panic!("{other:?}"),
    }
}

/// Spends exactly so many credits of what there is.
///
/// # Panics
/// Where there is less.
pub fn spend(ledger: &mut Ledger, id: &str, amount: &str) {
    let book = priced(amount);
    ledger.authorize(&book, id, &request(Task::Direct, &["top"], 10)).unwrap();
    ledger.settle(&book, (id, 0), "top", &[]).unwrap();
}

/// A book in which a message costs exactly so much.
///
/// # Panics
/// Where that is no amount.
pub fn priced(amount: &str) -> PublishedBook {
    let amount = amount.to_owned();
    small_book(move |book| {
        for rate in book["models"][1]["rates"].as_object_mut().unwrap().values_mut() {
            *rate = serde_json::json!({"credits": "0", "per": 1, "free": true});
        }
        book["tasks"][0]["offers"][1]["per_request"] = amount.clone().into();
    })
}
