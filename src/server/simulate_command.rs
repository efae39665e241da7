//! The commands of a history: what [`crate::simulate`] reads, one to a line.
//!
//! Each is a command of the engine, or a fact about money in the engine's own type; nothing is
//! decided here.

use kumari_engine::account::{Account, Change, Refused};
use kumari_engine::authorize::{Authorize, authorize};
use kumari_engine::denial::Denial;
use kumari_engine::eligibility::Quote;
use kumari_engine::extend::{Extend, extend};
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotId;
use kumari_engine::pay::pay;
use kumari_engine::payment::{DisputeStatus, Payment, Product, SubscriptionStatus};
use kumari_engine::period::{Periods, advance};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::renew::{Renew, renew};
use kumari_engine::request::Request;
use kumari_engine::revoke::{Revoke, revoke};
use kumari_engine::settle::{Settle, settle};
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, void};
use kumari_engine::{fields, variants};
use serde::Deserialize;

/// One line of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When it happens.
    pub at: Timestamp,
    /// On which account.
    pub account: AccountId,
    /// What happens.
    pub command: Command,
}

fields! {
    Step { at, account, command = "do" }
}

/// What happens to an account.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Credits are granted.
    Grant(Grant),
    /// Money came in, for a pack or for a period of Pro.
    Pay(Pay),
    /// An attempt to pay did not work.
    Fail(Fail),
    /// Money of a payment went back.
    Refund(Refund),
    /// A payment is disputed, or its dispute was decided.
    Dispute(Dispute),
    /// The first period of a new subscription was paid, and begins now.
    Subscribe(Subscribe),
    /// A subscription will not be renewed.
    Cancel(Cancel),
    /// An operator takes what is left of a lot.
    Revoke(Revoke),
    /// An action is to be admitted.
    Authorize(Box<Send>),
    /// The caps of a running action are to be larger.
    Extend(Extend),
    /// The work of an action still runs.
    Renew(Renew),
    /// A leg worked.
    Settle(Settle),
    /// A leg did not work.
    Void(Void),
    /// Somebody looks.
    Query(Query),
}

variants! {
    Command {
        Grant(Grant) = "grant",
        Pay(Pay) = "pay",
        Fail(Fail) = "fail",
        Refund(Refund) = "refund",
        Dispute(Dispute) = "dispute",
        Subscribe(Subscribe) = "subscribe",
        Cancel(Cancel) = "cancel",
        Revoke(Revoke) = "revoke",
        Authorize(Box<Send>) = "authorize",
        Extend(Extend) = "extend",
        Renew(Renew) = "renew",
        Settle(Settle) = "settle",
        Void(Void) = "void",
        Query(Query) = "query",
    }
}

/// Money came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Pay {
    payment: ActionId,
    usd_cents: u32,
    product: Product,
    /// When it was paid, where that is not now.
    at: Option<Timestamp>,
}

fields! {
    Pay { payment, usd_cents, product, at or default }
}

/// An attempt to pay did not work.
#[derive(Clone, Debug, PartialEq)]
pub struct Fail {
    payment: ActionId,
    subscription: Option<ActionId>,
    /// When it failed, where that is not now.
    at: Option<Timestamp>,
}

fields! {
    Fail { payment, subscription or default, at or default }
}

/// Money of a payment went back.
#[derive(Clone, Debug, PartialEq)]
pub struct Refund {
    payment: ActionId,
    /// All that was refunded of it so far.
    usd_cents: u32,
}

fields! {
    Refund { payment, usd_cents }
}

/// How a dispute of a payment stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispute {
    payment: ActionId,
    dispute: ActionId,
    usd_cents: u32,
    status: DisputeStatus,
}

fields! {
    Dispute { payment, dispute, usd_cents, status }
}

/// A subscription begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribe {
    subscription: ActionId,
    payment: ActionId,
    usd_cents: u32,
    /// How many months each period has, 1 or 12.
    months: u32,
}

fields! {
    Subscribe { subscription, payment, usd_cents, months }
}

/// A subscription ends with the period that is paid.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancel {
    subscription: ActionId,
    /// Since when, where that is not now.
    at: Option<Timestamp>,
}

fields! {
    Cancel { subscription, at or default }
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    action_id: ActionId,
    request: Request,
    /// What the person saw; a caller that saw nothing has none, and takes the caps that fit.
    quote: Option<Quote>,
}

fields! {
    Send { action_id, request, quote or default }
}

/// What somebody looks at, beside balance and lots.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// An action, a payment or a subscription.
    pub action_id: Option<ActionId>,
}

fields! {
    Query { action_id or default }
}

/// A step as the engine knows it.
enum Kind<'step> {
    Money(Payment),
    Grant(&'step Grant),
    Revoke(&'step Revoke),
    Authorize(&'step Send),
    Extend(&'step Extend),
    Renew(&'step Renew),
    Settle(&'step Settle),
    Void(&'step Void),
    Query(&'step Query),
}

impl Step {
    /// The actions that it looks at, beside the payment of a lot that it revokes.
    pub fn actions(&self) -> Vec<ActionId> {
        let id = match self.kind() {
            Kind::Money(payment) => return payment.actions(),
            Kind::Grant(command) => Some(&command.action_id),
            Kind::Revoke(command) => Some(&command.action_id),
            Kind::Authorize(command) => Some(&command.action_id),
            Kind::Extend(command) => Some(&command.action_id),
            Kind::Renew(command) => Some(&command.action_id),
            Kind::Settle(command) => Some(&command.action_id),
            Kind::Void(command) => Some(&command.action_id),
            Kind::Query(command) => command.action_id.as_ref(),
        };
        id.into_iter().cloned().collect()
    }

    /// The lot that it revokes, whose payment it looks at too.
    pub const fn lot(&self) -> Option<LotId> {
        if let Command::Revoke(command) = &self.command { Some(command.lot) } else { None }
    }

    /// What it looks at, where it is a look.
    pub const fn query(&self) -> Option<&Query> {
        if let Command::Query(query) = &self.command { Some(query) } else { None }
    }

    /// What the engine decides.
    ///
    /// # Errors
    /// [`Refused`] as the engine says.
    pub fn decide(&self, book: &PublishedBook, account: &Account) -> Result<Change, Refused> {
        let now = self.at;
        match self.kind() {
            Kind::Money(payment) => pay(account, book, &payment, now),
            Kind::Grant(command) => grant(account, command, now),
            Kind::Revoke(command) => revoke(account, command, now),
            Kind::Authorize(command) => authorize(account, book, &command.to_engine()?, now),
            Kind::Extend(command) => extend(account, book, command, now),
            Kind::Renew(command) => renew(account, book, command, now),
            Kind::Settle(command) => settle(account, book, command, now),
            Kind::Void(command) => void(account, book, command, now),
            Kind::Query(_) => Ok(advance(account, now)?),
        }
    }

    fn kind(&self) -> Kind<'_> {
        let at = |told: Option<Timestamp>| told.unwrap_or(self.at);
        match &self.command {
            Command::Grant(command) => Kind::Grant(command),
            Command::Revoke(command) => Kind::Revoke(command),
            Command::Authorize(command) => Kind::Authorize(command),
            Command::Extend(command) => Kind::Extend(command),
            Command::Renew(command) => Kind::Renew(command),
            Command::Settle(command) => Kind::Settle(command),
            Command::Void(command) => Kind::Void(command),
            Command::Query(command) => Kind::Query(command),
            Command::Pay(pay) => Kind::Money(Payment::Paid {
                payment: pay.payment.clone(),
                at: at(pay.at),
                usd_cents: pay.usd_cents,
                product: pay.product.clone(),
            }),
            Command::Fail(fail) => Kind::Money(Payment::Failed {
                payment: fail.payment.clone(),
                at: at(fail.at),
                subscription: fail.subscription.clone(),
            }),
            Command::Refund(refund) => Kind::Money(Payment::Refunded {
                payment: refund.payment.clone(),
                usd_cents: refund.usd_cents,
            }),
            Command::Dispute(dispute) => Kind::Money(dispute.to_payment()),
            Command::Subscribe(subscribe) => Kind::Money(subscribe.to_payment(self.at)),
            Command::Cancel(cancel) => Kind::Money(Payment::SubscriptionChanged {
                subscription: cancel.subscription.clone(),
                at: at(cancel.at),
                status: SubscriptionStatus::Cancelled,
            }),
        }
    }
}

impl Subscribe {
    fn to_payment(&self, at: Timestamp) -> Payment {
        let periods = Periods { anchor: at, months: self.months };
        let subscription = self.subscription.clone();
        Payment::Paid {
            payment: self.payment.clone(),
            at,
            usd_cents: self.usd_cents,
            product: Product::Pro { subscription, periods, period_start: at },
        }
    }
}

impl Dispute {
    fn to_payment(&self) -> Payment {
        let (payment, dispute) = (self.payment.clone(), self.dispute.clone());
        let usd_cents = self.usd_cents;
        match self.status {
            DisputeStatus::Open => Payment::Disputed { payment, dispute, usd_cents },
            DisputeStatus::Won => Payment::DisputeWon { payment, dispute, usd_cents },
            DisputeStatus::Lost => Payment::DisputeLost { payment, dispute, usd_cents },
        }
    }
}

impl Send {
    fn to_engine(&self) -> Result<Authorize, Denial> {
        let fingerprint = kumari_wire::fingerprint(&self.request);
        // Every request that could be read has a canonical form.
        let fingerprint =
            fingerprint.map_err(|fault| Denial::request_invalid("request", &fault.to_string()))?;
        Ok(Authorize {
            action_id: self.action_id.clone(),
            fingerprint,
            request: self.request.clone(),
            quote: self.quote.clone(),
        })
    }
}
