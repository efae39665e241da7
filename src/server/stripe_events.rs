//! What Stripe tells, in the words of [`kumari_engine::payment`]: no network, no account.
//!
//! Events of several versions of Stripe's API are understood: an invoice names its subscription in
//! one place or the other. What is not about something that this server sold is nothing here.

use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::payment::{Payment, Product, SubscriptionStatus};
use kumari_engine::period::Periods;
use kumari_engine::time::Timestamp;
use serde_json::Value;

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// All that there is to know.
    Fact { account: AccountId, fact: Payment },
    /// A period of a subscription was paid, or was not; what it is says its subscription.
    Period { subscription: String, invoice: ActionId, at: Timestamp, paid: Option<PaidPeriod> },
    /// A subscription has changed.
    Subscription { known: StripeSubscription, at: Timestamp },
    /// Money of a payment goes back, or may: which purchase that is, is to be found.
    Money { intent: String, invoice: Option<String>, about: MoneyBack },
}

/// What was paid for a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PaidPeriod {
    pub(crate) usd_cents: u32,
    pub(crate) start: Timestamp,
}

/// What becomes of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MoneyBack {
    Refunded { usd_cents: u32 },
    Disputed { dispute: ActionId, usd_cents: u32, is_won: Option<bool> },
}

/// A subscription as Stripe has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StripeSubscription {
    /// Stripe's own id.
    pub(crate) id: String,
    /// Who bought it.
    pub(crate) account: AccountId,
    pub(crate) periods: Periods,
    /// Nothing before its first payment.
    pub(crate) status: Option<SubscriptionStatus>,
    /// Who pays.
    pub(crate) customer: String,
}

/// What an event tells; nothing where it is not about what this server sold, or says nothing new.
pub(crate) fn told(event: &Value) -> Option<Told> {
    let at = seconds(part(event, "/created"))?;
    let object = part(event, "/data/object");
    match part(event, "/type").as_str()? {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            pack(object, at)
        }
        "invoice.paid" => period(object, at, true),
        "invoice.payment_failed" => period(object, at, false),
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted" => {
            Some(Told::Subscription { known: StripeSubscription::read(object)?, at })
        }
        "charge.refunded" => Some(Told::Money {
            intent: text(part(object, "/payment_intent"))?,
            invoice: text(part(object, "/invoice")),
            about: MoneyBack::Refunded { usd_cents: cents(part(object, "/amount_refunded"))? },
        }),
        "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => {
            dispute(object)
        }
        _ => None,
    }
}

fn pack(session: &Value, at: Timestamp) -> Option<Told> {
    let is_paid = part(session, "/payment_status") == "paid" && part(session, "/mode") == "payment";
    if !is_paid || part(session, "/currency") != "usd" {
        return None;
    }
    let fact = Payment::Paid {
        payment: id(part(session, "/payment_intent"))?,
        at,
        usd_cents: cents(part(session, "/amount_total"))?,
        product: Product::Pack,
    };
    Some(Told::Fact { account: account(part(session, "/metadata"))?, fact })
}

fn period(invoice: &Value, at: Timestamp, is_paid: bool) -> Option<Told> {
    let parent = part(invoice, "/parent/subscription_details");
    let subscription =
        text(part(invoice, "/subscription")).or_else(|| text(part(parent, "/subscription")))?;
    // The first payment is part of the checkout: where it fails there is no subscription yet.
    if !is_paid && part(invoice, "/billing_reason") == "subscription_create" {
        return None;
    }
    let paid = if is_paid {
        let usd_cents = cents(part(invoice, "/amount_paid")).filter(|paid| *paid > 0)?;
        if part(invoice, "/currency") != "usd" {
            return None;
        }
        // The invoice's own period is the one before; what is paid for is in its line.
        let start = seconds(part(invoice, "/lines/data/0/period/start"))?;
        Some(PaidPeriod { usd_cents, start })
    } else {
        None
    };
    Some(Told::Period { subscription, invoice: id(part(invoice, "/id"))?, at, paid })
}

fn dispute(dispute: &Value) -> Option<Told> {
    let is_won = match part(dispute, "/status").as_str()? {
        "won" => Some(true),
        "lost" => Some(false),
        "needs_response" | "under_review" => None,
        // A question of the bank: no money has moved.
        _ => return None,
    };
    Some(Told::Money {
        intent: text(part(dispute, "/payment_intent"))?,
        invoice: None,
        about: MoneyBack::Disputed {
            dispute: id(part(dispute, "/id"))?,
            usd_cents: cents(part(dispute, "/amount"))?,
            is_won,
        },
    })
}

impl MoneyBack {
    /// The fact about the payment of that id.
    pub(crate) fn of(&self, payment: ActionId) -> Payment {
        match self.clone() {
            Self::Refunded { usd_cents } => Payment::Refunded { payment, usd_cents },
            Self::Disputed { dispute, usd_cents, is_won: None } => {
                Payment::Disputed { payment, dispute, usd_cents }
            }
            Self::Disputed { dispute, usd_cents, is_won: Some(true) } => {
                Payment::DisputeWon { payment, dispute, usd_cents }
            }
            Self::Disputed { dispute, usd_cents, is_won: Some(false) } => {
                Payment::DisputeLost { payment, dispute, usd_cents }
            }
        }
    }
}

impl StripeSubscription {
    /// Reads a subscription that this server sold.
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let recurring = part(object, "/items/data/0/price/recurring");
        let months = match (
            part(recurring, "/interval").as_str()?,
            part(recurring, "/interval_count").as_u64(),
        ) {
            ("month", Some(1) | None) => 1,
            ("month", Some(12)) | ("year", Some(1) | None) => 12,
            _ => return None,
        };
        let ends =
            part(object, "/cancel_at_period_end") == true || part(object, "/cancel_at").is_i64();
        let status = match part(object, "/status").as_str()? {
            "active" | "trialing" if ends => Some(SubscriptionStatus::Cancelled),
            "active" | "trialing" => Some(SubscriptionStatus::Active),
            "past_due" | "unpaid" => Some(SubscriptionStatus::PastDue),
            "canceled" => Some(SubscriptionStatus::Cancelled),
            _ => None,
        };
        Some(Self {
            id: text(part(object, "/id"))?,
            account: account(part(object, "/metadata"))?,
            periods: Periods { anchor: seconds(part(object, "/billing_cycle_anchor"))?, months },
            status,
            customer: text(part(object, "/customer"))?,
        })
    }

    /// What the ledger calls it: with another anchor or other months it is another one (R35).
    pub(crate) fn action_id(&self) -> Option<ActionId> {
        let Periods { anchor, months } = self.periods;
        format!("{}:{}:{months}", self.id, anchor.as_millis().div_euclid(1_000)).parse().ok()
    }

    /// The fact that a period of it was paid, or was not.
    pub(crate) fn period(
        &self,
        payment: ActionId,
        at: Timestamp,
        paid: Option<PaidPeriod>,
    ) -> Option<Payment> {
        let subscription = self.action_id()?;
        Some(match paid {
            Some(PaidPeriod { usd_cents, start }) => {
                let periods = self.periods;
                let product = Product::Pro { subscription, periods, period_start: start };
                Payment::Paid { payment, at, usd_cents, product }
            }
            None => Payment::Failed { payment, at, subscription: Some(subscription) },
        })
    }

    /// The fact that it has a status since then.
    pub(crate) fn changed(&self, at: Timestamp) -> Option<Payment> {
        let subscription = self.action_id()?;
        Some(Payment::SubscriptionChanged { subscription, at, status: self.status? })
    }
}

/// Stripe's id of a subscription that the ledger knows; nothing where it is not Stripe's.
pub(crate) fn stripe_id(subscription: &ActionId) -> Option<&str> {
    let id = subscription.as_str().split(':').next()?;
    id.starts_with("sub_").then_some(id)
}

/// The part of a document that a JSON pointer names; null where there is none.
pub(crate) fn part<'value>(value: &'value Value, pointer: &str) -> &'value Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn account(metadata: &Value) -> Option<AccountId> {
    part(metadata, "/account").as_str()?.parse().ok()
}

fn id(value: &Value) -> Option<ActionId> {
    text(value)?.parse().ok()
}

/// An id, or that of an object that was sent whole.
fn text(value: &Value) -> Option<String> {
    value.as_str().or_else(|| part(value, "/id").as_str()).map(str::to_owned)
}

fn cents(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|cents| u32::try_from(cents).ok())
}

fn seconds(value: &Value) -> Option<Timestamp> {
    Timestamp::from_millis(value.as_i64()?.checked_mul(1_000)?).ok()
}
