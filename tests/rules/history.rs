//! Random histories: every command there is, in any order, with ids that meet again.

use kumari_engine::account::Answer;
use kumari_engine::amount::Credits;
use kumari_engine::denial::Denial;
use kumari_engine::estimate::Caps;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::limits::Limits;
use kumari_engine::lot::{LotId, LotKind};
use kumari_engine::meter::Meter;
use kumari_engine::payment::{Payment, Product, SubscriptionStatus};
use kumari_engine::period::Periods;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Task;
use kumari_tests::accounts::{Ledger, action, time};
use kumari_tests::books::{request, small_book, text_model};
use proptest::prelude::*;
use serde_json::json;

/// What a pack or a period of these histories costs, in US cents.
const PRICE: u32 = 2_000;

/// One step of a random history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Grant { id: u8, kind: LotKind, amount: u16, days: Option<u8> },
    Authorize { id: u8, models: u8, tokens: u16, cap: Option<u8> },
    Extend { id: u8, cap: Option<u8> },
    Renew { id: u8 },
    Settle { id: u8, leg: u8, tokens: u32 },
    Void { id: u8, leg: u8 },
    Pay(Money),
    Revoke { id: u8, lot: u8 },
    Limit { per_action: Option<u16>, per_day: Option<u16> },
    Wait { seconds: u32 },
}

/// A fact about one of few payments.
#[derive(Clone, Debug)]
pub(crate) enum Money {
    Pack { payment: u8 },
    Pro { payment: u8, n: u32, paid_after: u32 },
    Failed { payment: u8 },
    Refunded { payment: u8, usd_cents: u32 },
    Disputed { payment: u8, dispute: u8, outcome: Option<bool> },
    Changed { status: SubscriptionStatus, minutes: u16 },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(LotKind::Free),
        Just(LotKind::Adjustment),
        Just(LotKind::Pack),
        Just(LotKind::Promo)
    ];
    let cap = || prop::option::of(1..8_u8);
    prop_oneof![
        2 => (0..20_u8, kind, 1..500_u16, prop::option::of(0..3_u8))
            .prop_map(|(id, kind, amount, days)| Step::Grant { id, kind, amount, days }),
        3 => (0..12_u8, 1..4_u8, 0..3_000_u16, cap())
            .prop_map(|(id, models, tokens, cap)| Step::Authorize { id, models, tokens, cap }),
        1 => (0..12_u8, cap()).prop_map(|(id, cap)| Step::Extend { id, cap }),
        1 => (0..12_u8).prop_map(|id| Step::Renew { id }),
        2 => (0..12_u8, 0..3_u8, 0..9_000_u32)
            .prop_map(|(id, leg, tokens)| Step::Settle { id, leg, tokens }),
        2 => (0..12_u8, 0..3_u8).prop_map(|(id, leg)| Step::Void { id, leg }),
        4 => money().prop_map(Step::Pay),
        1 => (0..4_u8, 1..30_u8).prop_map(|(id, lot)| Step::Revoke { id, lot }),
        1 => (prop::option::of(0..900_u16), prop::option::of(0..3_000_u16))
            .prop_map(|(per_action, per_day)| Step::Limit { per_action, per_day }),
        1 => (0..90_u32).prop_map(|seconds| Step::Wait { seconds }),
        1 => (0..2_000_u32).prop_map(|minutes| Step::Wait { seconds: minutes * 60 }),
    ]
}

pub(crate) fn money() -> impl Strategy<Value = Money> {
    let status = prop_oneof![
        Just(SubscriptionStatus::PastDue),
        Just(SubscriptionStatus::Active),
        Just(SubscriptionStatus::Cancelled)
    ];
    prop_oneof![
        (0..6_u8).prop_map(|payment| Money::Pack { payment }),
        (0..6_u8, 0..4_u32, 0..90_u32).prop_map(|(payment, n, paid_after)| Money::Pro {
            payment,
            n,
            paid_after
        }),
        (0..6_u8).prop_map(|payment| Money::Failed { payment }),
        (0..6_u8, 0..=PRICE)
            .prop_map(|(payment, usd_cents)| Money::Refunded { payment, usd_cents }),
        (0..6_u8, 0..3_u8, prop::option::of(any::<bool>()))
            .prop_map(|(payment, dispute, outcome)| Money::Disputed { payment, dispute, outcome }),
        (status, 0..600_u16).prop_map(|(status, minutes)| Money::Changed { status, minutes }),
    ]
}

impl Money {
    /// The fact. Of one dispute it always names the same part.
    pub(crate) fn told(&self) -> Payment {
        let payment = |number: &u8| action(&format!("p{number}"));
        let begin = time("2026-03-01T00:00:00Z");
        match self {
            Self::Pack { payment: number } => Payment::Paid {
                payment: payment(number),
                at: begin,
                usd_cents: PRICE,
                product: Product::Pack,
            },
            Self::Pro { payment: number, n, paid_after } => {
                let periods = Periods { anchor: time("2026-01-31T10:00:00Z"), months: 1 };
                let (subscription, period_start) = (action("sub"), periods.start(*n));
                Payment::Paid {
                    payment: payment(number),
                    at: begin.plus_seconds(*paid_after),
                    usd_cents: PRICE,
                    product: Product::Pro { subscription, periods, period_start },
                }
            }
            Self::Failed { payment: number } => Payment::Failed {
                payment: payment(number),
                at: begin,
                subscription: Some(action("sub")),
            },
            Self::Refunded { payment: number, usd_cents } => {
                Payment::Refunded { payment: payment(number), usd_cents: *usd_cents }
            }
            Self::Disputed { payment: number, dispute, outcome } => {
                let usd_cents = PRICE / (u32::from(*dispute) + 1);
                let (payment, dispute) = (payment(number), action(&format!("d{dispute}")));
                match outcome {
                    None => Payment::Disputed { payment, dispute, usd_cents },
                    Some(true) => Payment::DisputeWon { payment, dispute, usd_cents },
                    Some(false) => Payment::DisputeLost { payment, dispute, usd_cents },
                }
            }
            Self::Changed { status, minutes } => Payment::SubscriptionChanged {
                subscription: action("sub"),
                at: begin.plus_seconds(u32::from(*minutes) * 60),
                status: *status,
            },
        }
    }
}

pub(crate) const MODELS: [&str; 3] = ["top", "lite", "mid"];

/// A book of small bundles, so that they are used up.
pub(crate) fn book() -> PublishedBook {
    small_book(|book| {
        book["models"].as_array_mut().unwrap().push(text_model("mid", "frontier", "100", "300"));
        book["tasks"][0]["hold_seconds_max"] = json!(3_600);
        book["plans"][1]["credits"] = json!("7.3");
        for bracket in book["packs"]["brackets"].as_array_mut().unwrap() {
            bracket["credits_per_usd"] = json!("0.5");
        }
    })
}

/// Takes a step; nothing where it only waits.
pub(crate) fn run(
    ledger: &mut Ledger,
    book: &PublishedBook,
    step: &Step,
) -> Option<Result<Answer, Denial>> {
    let caps = |cap: Option<u8>| Caps {
        output_tokens: cap.map(|cap| u64::from(cap) * 256),
        ..Caps::default()
    };
    let of = |id: &u8| format!("a{id}");
    Some(match step {
        Step::Grant { id, kind, amount, days } => {
            let days = days.map(|days| u32::from(days) * 86_400);
            let reason = (*kind == LotKind::Adjustment).then(|| "sorry".to_owned());
            let command = Grant {
                action_id: action(&format!("g{id}")),
                kind: *kind,
                amount: hundredths(*amount),
                priority: 0,
                effective_at: None,
                expires_at: days.map(|seconds| ledger.now.plus_seconds(60 + seconds)),
                reason,
            };
            let change = grant(&ledger.account, &command, ledger.now);
            ledger.keep(change)
        }
        Step::Authorize { id, models, tokens, cap } => {
            let models = &MODELS[..usize::from(*models)];
            let task = if models.len() == 1 { Task::Direct } else { Task::Compare };
            let mut asked = request(task, models, u64::from(*tokens));
            asked.output_tokens_max = caps(*cap).output_tokens;
            ledger.authorize(book, &of(id), &asked)
        }
        Step::Extend { id, cap } => ledger.extend(book, &of(id), caps(*cap)),
        Step::Renew { id } => ledger.renew(book, &of(id)),
        Step::Settle { id, leg, tokens } => {
            let model = MODELS[usize::from(*leg)];
            let usage = [(Meter::OutputTokens, u64::from(*tokens))];
            ledger.settle(book, (&of(id), u32::from(*leg)), model, &usage)
        }
        Step::Void { id, leg } => ledger.void(book, (&of(id), u32::from(*leg))),
        Step::Pay(money) => ledger.pay(book, &money.told()),
        Step::Limit { per_action, per_day } => ledger.limit(Limits {
            per_action: per_action.map(hundredths),
            per_day: per_day.map(hundredths),
            warn_below: None,
        }),
        Step::Revoke { id, lot } => {
            ledger.revoke(&format!("r{id}"), LotId(u64::from(*lot)), "a mistake")
        }
        Step::Wait { seconds } => {
            ledger.now = ledger.now.plus_seconds(*seconds);
            return None;
        }
    })
}

/// Hundredths of a credit.
pub(crate) fn hundredths(count: u16) -> Credits {
    Credits::from_micros(i64::from(count) * 10_000)
}
