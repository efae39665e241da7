//! What always holds, over random histories and requests.

use kumari_engine::account::{Account, Action, apply};
use kumari_engine::amount::Credits;
use kumari_engine::eligibility::{Eligibility, eligibility};
use kumari_engine::estimate::estimate;
use kumari_engine::lot::LotKind;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::rating;
use kumari_engine::request::{Request, Task};
use kumari_tests::accounts::Ledger;
use kumari_tests::books::{request, small_book, text_model};
use proptest::prelude::*;
use serde_json::json;

/// One step of a random history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Grant { id: u8, kind: LotKind, amount: u16, days: Option<u8> },
    Authorize { id: u8, models: u8, tokens: u16 },
    Settle { id: u8, leg: u8, tokens: u32 },
    Void { id: u8, leg: u8 },
    Wait { minutes: u16 },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(LotKind::Pro), Just(LotKind::Pack), Just(LotKind::Promo)];
    prop_oneof![
        (0..20_u8, kind, 1..500_u16, prop::option::of(0..3_u8))
            .prop_map(|(id, kind, amount, days)| Step::Grant { id, kind, amount, days }),
        (0..12_u8, 1..4_u8, 0..3_000_u16).prop_map(|(id, models, tokens)| Step::Authorize {
            id,
            models,
            tokens
        }),
        (0..12_u8, 0..3_u8, 0..9_000_u32).prop_map(|(id, leg, tokens)| Step::Settle {
            id,
            leg,
            tokens
        }),
        (0..12_u8, 0..3_u8).prop_map(|(id, leg)| Step::Void { id, leg }),
        (0..2_000_u16).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

const MODELS: [&str; 3] = ["top", "lite", "mid"];

pub(crate) fn book() -> kumari_engine::price_book::PublishedBook {
    small_book(|book| {
        book["models"].as_array_mut().unwrap().push(text_model("mid", "frontier", "100", "300"));
        book["tasks"][0]["hold_seconds_max"] = json!(3_600);
    })
}

pub(crate) fn run(
    ledger: &mut Ledger,
    book: &kumari_engine::price_book::PublishedBook,
    step: &Step,
) {
    match step {
        Step::Grant { id, kind, amount, days } => {
            let days = if *kind == LotKind::Pro { days.or(Some(30)) } else { *days };
            let end =
                days.map(|days| ledger.now.plus_seconds(60 + u32::from(days) * 86_400).to_string());
            let id = format!("grant-{id}-{}", ledger.account.sequence);
            ledger.grant_until(&id, *kind, &format!("{}", f64_free(*amount)), end.as_deref());
        }
        Step::Authorize { id, models, tokens } => {
            let models = &MODELS[..usize::from(*models)];
            let task = if models.len() == 1 { Task::Direct } else { Task::Compare };
            let _ = ledger.authorize(
                book,
                &format!("a{id}"),
                &request(task, models, u64::from(*tokens)),
            );
        }
        Step::Settle { id, leg, tokens } => {
            let model = MODELS[usize::from(*leg)];
            let usage = [(Meter::OutputTokens, u64::from(*tokens))];
            let _ = ledger.settle(book, (&format!("a{id}"), u32::from(*leg)), model, &usage);
        }
        Step::Void { id, leg } => {
            let _ = ledger.void(book, (&format!("a{id}"), u32::from(*leg)));
        }
        Step::Wait { minutes } => ledger.now = ledger.now.plus_seconds(u32::from(*minutes) * 60),
    }
}

/// Hundredths of a credit as a canonical amount.
fn f64_free(hundredths: u16) -> Credits {
    Credits::from_micros(i64::from(hundredths) * 10_000)
}

fn sum(amounts: impl IntoIterator<Item = Credits>) -> Credits {
    Credits::sum(amounts).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// R19, R21, R23, R29–R31: whatever happens, nothing is negative, the books balance, the sums
    /// are those of the parts, and the account is what its entries say.
    #[test]
    fn r31_the_books_balance_after_every_step(steps in prop::collection::vec(step(), 1..60)) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            run(&mut ledger, &book, step);
            let account = &ledger.account;
            let available = sum(account.lots.iter().map(|lot| lot.available));
            let held = sum(account.lots.iter().map(|lot| lot.held));
            for lot in &account.lots {
                prop_assert!(!lot.available.is_negative() && !lot.held.is_negative());
            }
            // R30: what was issued is what is left, spent or expired; absorbed never was issued.
            let totals = account.totals;
            let spent = totals.revenue.sub(totals.absorbed).unwrap();
            prop_assert_eq!(totals.issued, sum([available, held, spent, totals.breakage]));
            // R31: held is the sum of the open holds, and each hold of its open legs.
            let holds: Vec<_> = account.actions.values().filter_map(|action| match action {
                Action::Hold(hold) => Some(hold),
                Action::Grant(_)
                | Action::Purchase(_)
                | Action::Subscription(_)
                | Action::Revocation(_) => None,
            }).collect();
            prop_assert_eq!(held, sum(holds.iter().map(|hold| hold.reserved().unwrap())));
            for hold in &holds {
                let open = sum(hold.legs.iter().filter(|leg| leg.end.is_none()).map(|leg| leg.part));
                prop_assert_eq!(hold.reserved().unwrap(), open);
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

    /// R10: a leg that stays inside its bounds is never charged above `high` nor below `low`.
    #[test]
    fn r10_complete_usage_inside_the_bounds_lies_between_low_and_high(
        input in 0..300_000_u64,
        cached in 0..=100_u64,
        written in 0..=100_u64,
        output in 0..=100_u64,
        thought in 0..=100_u64,
        ratio in 0..=100_u64,
        limit in prop::option::of(1..5_000_u64),
    ) {
        let book = small_book(|book| {
            let dearer = text_model("top", "frontier", "500", "900");
            book["models"][1]["tiers"] = json!([
                {"above_input_tokens": 1_000, "rates": text_model("top", "frontier", "20", "3000")["rates"]},
                {"above_input_tokens": 100_000, "rates": dearer["rates"]},
            ]);
            book["models"][1]["kind"]["text"]["encoding"]["low"] = json!("0.8");
            book["models"][1]["kind"]["text"]["encoding"]["high"] = json!("1.3");
            book["models"][1]["kind"]["text"]["encoding"]["message_tokens"] = json!(7);
            book["tasks"][0]["offers"][1]["multiplier"] = json!("1.37");
            book["models"][1]["rates"]["cache_write_tokens"]["credits"] = json!("312.5");
        });
        let mut asked: Request = request(Task::Direct, &["top"], input);
        asked.output_tokens_max = limit;
        let price = estimate(&book, &asked).unwrap();
        prop_assert!(price.low <= price.expected && price.expected <= price.high);
        let bounds = price.legs[0].candidates[0].bounds;
        // Some real input inside the bounds, some of it cached; some output, some of it thought.
        let range = bounds.input_tokens.high - bounds.input_tokens.low;
        let total = bounds.input_tokens.low + range * ratio / 100;
        let read = total * cached / 100;
        let write = (total - read) * written / 100;
        let produced = bounds.output_tokens_max.unwrap() * output / 100;
        let reasoning = produced * thought / 100;
        let usage = Usage::new([
            (Meter::InputTokens, total - read - write),
            (Meter::CacheReadTokens, read),
            (Meter::CacheWriteTokens, write),
            (Meter::OutputTokens, produced - reasoning),
            (Meter::ReasoningTokens, reasoning),
        ]).unwrap();
        let model = &asked.models[0];
        let charge = rating::charge(&book.book.price(Task::Direct, model).unwrap(), &usage).unwrap();
        prop_assert!(price.low <= charge && charge <= price.high, "{} <= {charge} <= {}", price.low, price.high);
    }

    /// R13, R15: what the composer allows fits the balance, and the server, which decides by the
    /// same function on the same standing, admits it as quoted.
    #[test]
    fn r13_what_is_allowed_is_admitted(
        available in 1..2_000_u16,
        input in 0..50_000_u64,
        models in 1..4_usize,
        routed: bool,
    ) {
        let book = book();
        let mut ledger = Ledger::default();
        ledger.grant("g", LotKind::Pack, &f64_free(available).to_string());
        let asked = match (routed, models) {
            (true, _) => request(Task::Routing, &[], input),
            (false, 1) => request(Task::Direct, &MODELS[..1], input),
            (false, _) => request(Task::Compare, &MODELS[..models], input),
        };
        let standing = ledger.account.standing(ledger.now).unwrap();
        match eligibility(&book, &standing, &asked, &estimate(&book, &asked), None) {
            Eligibility::Allowed(allowed) => {
                prop_assert!(allowed.hold <= standing.available);
                let quote = kumari_engine::eligibility::Quote {
                    price_book: book.version.clone(),
                    rules: kumari_engine::RULES_VERSION.into(),
                    high: allowed.hold,
                    caps: allowed.caps,
                };
                let admitted = ledger.authorize_quoted(&book, "a", &asked, Some(quote));
                let Ok(kumari_engine::account::Answer::Authorized(hold)) = admitted else {
                    return Err(TestCaseError::fail(format!("{admitted:?}")));
                };
                prop_assert_eq!(hold.amount, allowed.hold);
            }
            Eligibility::Denied(denial) => {
                let refused = ledger.authorize(&book, "a", &asked).unwrap_err();
                prop_assert_eq!(refused.code, denial.code);
            }
        }
    }
}

/// R11: the same inputs give the same bytes, also after a journey through JSON; that the browser
/// makes the same of them is proved by `parity`.
#[test]
fn r11_the_same_inputs_give_the_same_bytes() {
    let mut rng = fastrand::Rng::with_seed(11);
    let books = kumari_tests::parity_cases::books(&mut rng, 12);
    for _ in 0..1_000 {
        let case = kumari_tests::parity_cases::case(&mut rng, &books);
        let book = &books[case.book];
        let canonical = kumari_wire::canonical(&book.book).unwrap();
        assert_eq!(kumari_wire::read_published(&canonical).unwrap().version, book.version);
        let text = kumari_wire::canonical(&case.request).unwrap();
        let travelled: Request = kumari_wire::from_str(&text).unwrap();
        assert_eq!(travelled, case.request);
        if let Ok(price) = estimate(book, &travelled) {
            let bytes = kumari_wire::canonical(&price).unwrap();
            assert_eq!(kumari_wire::from_str(&bytes), Ok(price));
        }
    }
}
