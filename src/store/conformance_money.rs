//! Cases: payments, which are kept by their own ids beside the account (R36, R39).

use crate::fixtures::{
    Command, Desk, Failure, Outcome, account, action, at, chat_rows, credits, request,
};
use crate::ledger::LedgerError;
use crate::store::Store;
use kumari_engine::account::{Account, Action, apply};
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::denial::DenialCode;
use kumari_engine::id::{ActionId, IdFault};
use kumari_engine::payment::{Payment, Product, Purchase};
use kumari_engine::period::Periods;
use std::sync::Arc;

/// The payment of that number for the `n`th period of a subscription: the first ends, and the next
/// begins, in second 30 of the fixtures' day.
pub(crate) fn period(number: u64, n: u32) -> Result<Payment, Failure> {
    let anchor = "2026-02-01T12:00:30Z".parse()?;
    let periods = Periods { anchor, months: 1 };
    let (subscription, period_start) = ("subscription-1".parse()?, periods.start(n));
    Ok(Payment::Paid {
        payment: payment(number)?,
        at: at(0),
        usd_cents: 2_000,
        product: Product::Pro { subscription, periods, period_start },
    })
}

pub(crate) fn pay(payment: &Payment) -> Command {
    Command::Pay(Box::new(payment.clone()))
}

fn payment(number: u64) -> Result<ActionId, IdFault> {
    format!("payment-{number}").parse()
}

fn purchase(account: &Account, id: &ActionId) -> Result<Purchase, Failure> {
    match account.actions.get(id) {
        Some(Action::Purchase(purchase)) => Ok(Purchase::clone(purchase)),
        Some(_) | None => Err("no such purchase".into()),
    }
}

/// R39: when a lot ends, whoever's command or sweep that is, its payment learns what expired unused:
/// nobody owes that after a refund.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn a_payment_learns_what_expired_of_its_lot(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let (swept, read) = (account(1)?, account(2)?);
    for id in [&swept, &read] {
        desk.clock.set(at(0));
        desk.run(id, pay(&period(1, 0)?)).await?;
        let bundle = desk.ledger.read(id, &[]).await?.standing(at(0))?.available;
        // What is held at the lot's end expires when the hold gives it back, after the rest.
        desk.run(id, Command::authorize(action(2)?, request(&["lite"], 100)?)?).await?;
        desk.clock.set(at(HOLD_TTL_SECONDS));
        if *id == swept {
            let done = desk.ledger.sweep(None, 10, chat_rows).await?;
            assert_eq!(done.advanced, std::slice::from_ref(id), "{:?}", done.failed);
        } else {
            // Any command that comes first does the same.
            desk.run(id, Command::grant(action(3)?, credits(1), None)).await?;
        }
        let (stored, entries) = desk.stored(id).await?;
        assert_eq!(purchase(&stored, &payment(1)?)?.expired, bundle);
        let mut made = Account::new(id.clone());
        entries.iter().try_for_each(|entry| apply(&mut made, entry))?;
        assert_eq!(made, stored, "R29");

        let refund = Payment::Refunded { payment: payment(1)?, usd_cents: 2_000 };
        desk.run(id, pay(&refund)).await?;
        let (stored, _) = desk.stored(id).await?;
        assert!(!stored.totals.debt.is_positive() && !stored.totals.breakage.is_positive());
        assert_eq!(purchase(&stored, &payment(1)?)?.claimed, bundle);
    }
    Ok(())
}

/// E11: two messages about one renewal and a reader race: one lot, and both get the same answer.
///
/// # Errors
/// [`Failure`] where the store failed.
pub async fn e11_two_webhooks_and_a_reader_make_one_lot(store: Arc<dyn Store>) -> Outcome {
    let desk = Desk::new(store)?;
    let id = account(1)?;
    desk.run(&id, pay(&period(1, 0)?)).await?;
    desk.clock.set(at(30));
    let renewal = period(2, 1)?;
    let webhook = || desk.run(&id, pay(&renewal));
    let (one, other, read) = tokio::join!(webhook(), webhook(), desk.ledger.read(&id, &[]));
    assert_eq!(one?.answer, other?.answer);
    read?;
    let (stored, _) = desk.stored(&id).await?;
    assert_eq!(stored.lots.len(), 1, "{:?}", stored.lots);
    assert_eq!(stored.standing(at(30))?.available, purchase(&stored, &payment(2)?)?.grant.amount);

    // Another payment for the same period is not another lot, and stores nothing.
    let refused = desk.run(&id, pay(&period(3, 1)?)).await;
    let refused = matches!(
        refused,
        Err(LedgerError::Denied(denial)) if denial.code == DenialCode::PaymentConflict
    );
    assert!(refused, "a period was sold twice");
    assert_eq!(desk.stored(&id).await?.0, stored);
    Ok(())
}
