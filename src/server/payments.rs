//! Facts about money on their way to the account that they are about.
//!
//! Demo payments come from `top_up`; the events of a payment provider are mapped to the same
//! [`Payment`] and come this way too. Most of them name a payment or a subscription and no account,
//! so a sale claims both for its buyer before the account hears of it. What a fact does is the
//! engine's to say.

use crate::app::App;
use kumari_engine::account::{Account, Change};
use kumari_engine::denial::{Denial, DenialCode};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::pay::pay;
use kumari_engine::payment::Payment;
use kumari_engine::time::Timestamp;
use kumari_store::{LedgerError, PaymentClaim};

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
) -> Result<Change, LedgerError> {
    let objects = payment.actions();
    let account = match buyer {
        Some(buyer) => claim(app, buyer, &objects).await?,
        None => owner(app, &objects).await?,
    };
    let book = app.book_in_force();
    let decide =
        move |account: &Account, now: Timestamp| pay(account, &book.published, &payment, now);
    app.command_on(&account, &objects, |_| Vec::new(), decide).await
}

/// Claims the objects for their buyer. A claim without a sale is harmless: the sale is told again.
pub(crate) async fn claim(
    app: &App,
    buyer: &AccountId,
    objects: &[ActionId],
) -> Result<AccountId, LedgerError> {
    for object in objects {
        let wanted = PaymentClaim { object: object.clone(), account: buyer.clone() };
        if app.store().claim_payment(wanted.clone()).await? != wanted {
            let message = format!("payment object `{object}` belongs to another account");
            let denial = Denial::new(DenialCode::PaymentConflict, message, Vec::new());
            return Err(LedgerError::Denied(Box::new(denial)));
        }
    }
    Ok(buyer.clone())
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
