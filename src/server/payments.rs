//! Facts about money on their way to the account that they are about.
//!
//! Demo payments come from `top_up` and `demo_biller`, those of a backend from `carry_out`; the events of a
//! payment provider are mapped to the same [`Payment`]. Most of them name a payment or a subscription
//! and no account, so a sale claims both for its buyer before the account hears of it, but only a
//! sale that the engine would take: what it denies binds nothing. What a fact does is the engine's
//! to say.

use crate::app::App;
use crate::books::{Book, Books};
use kumari_engine::account::Account;
use kumari_engine::denial::{Denial, DenialCode};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::pay::pay;
use kumari_engine::payment::Payment;
use kumari_engine::time::Timestamp;
use kumari_store::{Done, LedgerError, PaymentClaim};
use std::sync::Arc;

/// Takes a fact about money into the ledger of the account that it is about. Told again it changes
/// nothing.
///
/// `buyer` is who is known to have bought; a later event of a provider says nothing of that.
///
/// # Errors
/// [`LedgerError`] as [`pay`] says; `payment_unknown` where nobody claimed the object, and
/// `payment_conflict` where somebody else did.
pub(crate) async fn take(
    app: &App,
    buyer: Option<&AccountId>,
    payment: Payment,
) -> Result<Done, LedgerError> {
    take_if(app, buyer, payment, |_, _| Ok(())).await
}

/// The same where `may` agrees, on the account as it is when the fact is taken in.
///
/// # Errors
/// [`LedgerError`] as of [`take`], and what `may` says.
pub(crate) async fn take_if(
    app: &App,
    buyer: Option<&AccountId>,
    payment: Payment,
    may: impl Fn(&Account, Timestamp) -> Result<(), Denial> + Send + Sync + 'static,
) -> Result<Done, LedgerError> {
    let objects = payment.actions();
    let account = match buyer {
        Some(buyer) => {
            claim(app, buyer, &payment).await?;
            buyer.clone()
        }
        None => owner(app, &objects).await?,
    };
    let book = book_of(&app.books, &payment, app.now());
    let decide = move |account: &Account, now: Timestamp| {
        may(account, now)?;
        pay(account, &book.published, &payment, now)
    };
    app.command_on(&account, &objects, |_| Vec::new(), decide).await
}

/// Claims what a fact is about for its buyer. What only tells more of a sale claims nothing: a refund
/// told of the wrong account, or before its sale, leaves the sale to its buyer.
///
/// # Errors
/// [`LedgerError`] as [`pay`] says of the buyer's account now, and `payment_conflict` where an object
/// is another account's; nothing is claimed then.
pub(crate) async fn claim(
    app: &App,
    buyer: &AccountId,
    payment: &Payment,
) -> Result<(), LedgerError> {
    let objects = payment.actions();
    for object in &objects {
        let claimed = app.store().payment_claim(object).await?;
        if claimed.is_some_and(|claimed| claimed.account != *buyer) {
            return Err(not_theirs(object));
        }
    }
    match payment {
        Payment::Paid { .. } | Payment::Failed { .. } | Payment::SubscriptionChanged { .. } => {}
        Payment::Refunded { .. }
        | Payment::Disputed { .. }
        | Payment::DisputeWon { .. }
        | Payment::DisputeLost { .. } => return Ok(()),
    }
    let account = app.ledger.read(buyer, &objects).await?;
    let now = app.now();
    pay(&account, &book_of(&app.books, payment, now).published, payment, now)?;
    for object in &objects {
        let wanted = PaymentClaim { object: object.clone(), account: buyer.clone() };
        // Somebody else may have been faster.
        if app.store().claim_payment(wanted.clone()).await? != wanted {
            return Err(not_theirs(object));
        }
    }
    Ok(())
}

/// The book that prices a fact: the one in force when it was sold, which may be told late.
pub(crate) fn book_of(books: &Books, payment: &Payment, now: Timestamp) -> Arc<Book> {
    let sold_at = match payment {
        Payment::Paid { at, .. } => *at,
        Payment::Failed { .. }
        | Payment::Refunded { .. }
        | Payment::Disputed { .. }
        | Payment::DisputeWon { .. }
        | Payment::DisputeLost { .. }
        | Payment::SubscriptionChanged { .. } => now,
    };
    books.in_force(sold_at.min(now))
}

fn not_theirs(object: &ActionId) -> LedgerError {
    let message = format!("payment object `{object}` belongs to another account");
    let denial = Denial::new(DenialCode::PaymentConflict, message, Vec::new());
    LedgerError::Denied(Box::new(denial))
}

/// Whose the objects are.
async fn owner(app: &App, objects: &[ActionId]) -> Result<AccountId, LedgerError> {
    for object in objects {
        if let Some(claimed) = app.store().payment_claim(object).await? {
            return Ok(claimed.account);
        }
    }
    let message = "nobody has bought what this is about, yet: tell it again later";
    let denial = Denial::new(DenialCode::PaymentUnknown, message, Vec::new());
    Err(LedgerError::Denied(Box::new(denial)))
}
