//! What a person allows themselves to spend (R13, R16).

use crate::history::{Step, book, run, step};
use kumari_engine::account::Answer;
use kumari_engine::amount::Credits;
use kumari_engine::denial::{DenialCode, Remedy};
use kumari_engine::entry::Event;
use kumari_engine::estimate::Caps;
use kumari_engine::limits::Limits;
use kumari_engine::lot::LotKind;
use kumari_engine::meter::Meter;
use kumari_engine::request::Task;
use kumari_engine::spending::Tally;
use kumari_engine::statement::{Tasks, learn_tasks};
use kumari_tests::accounts::{Ledger, credits, time};
use kumari_tests::books::{request, small_book};
use proptest::prelude::*;

fn per_day(most: &str) -> Limits {
    Limits { per_day: Some(credits(most)), ..Limits::default() }
}

fn left(ledger: &Ledger) -> Option<String> {
    ledger.account.standing(ledger.now).unwrap().limit_left.map(|left| left.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// R13: with a limit set at the beginning, no day costs more, whatever happens, and no message
    /// holds more than its own.
    #[test]
    fn r13_no_day_and_no_message_costs_more_than_its_limit(
        steps in prop::collection::vec(step(), 1..60),
        day in 0..2_000_u16,
        message in 0..900_u16,
    ) {
        let [of_day, of_message] =
            [day, message].map(|hundredths| Credits::from_micros(i64::from(hundredths) * 10_000));
        let book = book();
        let mut ledger = Ledger::default();
        let limits =
            Limits { per_action: Some(of_message), per_day: Some(of_day), warn_below: None };
        ledger.limit(limits).unwrap();
        for step in steps.iter().filter(|step| !matches!(step, Step::Limit { .. })) {
            let _ = run(&mut ledger, &book, step);
        }
        let (mut tasks, mut days) = (Tasks::new(), std::collections::BTreeMap::new());
        learn_tasks(&mut tasks, &ledger.entries);
        let mut tally = Tally::default();
        for entry in &ledger.entries {
            tally.add(entry, &tasks).unwrap();
            if let Event::Authorized { hold } = &entry.event {
                prop_assert!(hold.amount <= of_message, "{}", hold.amount);
            }
        }
        for row in tally.spending() {
            let sum: &mut Credits = days.entry(row.day).or_default();
            *sum = sum.add(row.charge).unwrap();
        }
        for (day, spent) in days {
            prop_assert!(spent <= of_day, "{spent} on {day}");
        }
        for action in ledger.account.actions.keys() {
            if let Some(hold) = ledger.account.hold(action) {
                prop_assert!(hold.amount <= of_message, "extended to {}", hold.amount);
            }
        }
    }
}

#[test]
fn a_daily_limit_counts_what_is_held_and_begins_anew_at_midnight() {
    let book = small_book(|_| {});
    let mut ledger = Ledger { now: time("2026-03-02T23:59:30Z"), ..Ledger::default() };
    ledger.grant("g", LotKind::Pack, "500");
    assert_eq!(left(&ledger), None, "no limit");
    ledger.limit(per_day("12")).unwrap();
    assert_eq!(left(&ledger).as_deref(), Some("12"));
    ledger.authorize(&book, "a", &request(Task::Direct, &["top"], 100)).unwrap();
    let hold = ledger.account.hold(&"a".parse().unwrap()).unwrap().amount;
    assert_eq!(left(&ledger), Some(credits("12").sub(hold).unwrap().to_string()));
    ledger.settle(&book, ("a", 0), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    assert_eq!(left(&ledger).as_deref(), Some("10.5"), "1.5 were spent, the rest given back");
    // What is held over midnight counts for the day on which it ends.
    ledger.authorize(&book, "b", &request(Task::Direct, &["top"], 100)).unwrap();
    ledger.now = time("2026-03-03T00:00:00Z");
    assert_eq!(left(&ledger), Some(credits("12").sub(hold).unwrap().to_string()));
    ledger.settle(&book, ("b", 0), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    assert_eq!(left(&ledger).as_deref(), Some("10.5"));
    ledger.now = time("2026-03-04T12:00:00Z");
    assert_eq!(left(&ledger).as_deref(), Some("12"));

    // Larger than before, the day's spending stays; taken away and set again, it begins anew.
    ledger.authorize(&book, "c", &request(Task::Direct, &["top"], 100)).unwrap();
    ledger.settle(&book, ("c", 0), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    ledger.limit(per_day("20")).unwrap();
    assert_eq!(left(&ledger).as_deref(), Some("18.5"));
    ledger.limit(per_day("1")).unwrap();
    assert_eq!(left(&ledger).as_deref(), Some("0"), "more was spent already");
    let denial = ledger.authorize(&book, "d", &request(Task::Direct, &["lite"], 1)).unwrap_err();
    assert_eq!(
        (denial.code, denial.remedies),
        (DenialCode::LimitReached, vec![Remedy::RaiseLimit])
    );
    ledger.limit(Limits::default()).unwrap();
    assert_eq!(left(&ledger), None);
    ledger.limit(per_day("20")).unwrap();
    assert_eq!(left(&ledger).as_deref(), Some("20"));
}

#[test]
fn a_message_is_shortened_to_its_limit_and_not_extended_beyond() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "500");
    let asked = request(Task::Direct, &["top"], 100);
    ledger.authorize(&book, "free", &asked).unwrap();
    let whole = ledger.account.hold(&"free".parse().unwrap()).unwrap().amount;
    let limits = Limits { per_action: Some(credits("2")), ..Limits::default() };
    ledger.limit(limits).unwrap();
    let Ok(Answer::Authorized(hold)) = ledger.authorize(&book, "short", &asked) else { panic!() };
    assert!(hold.amount <= credits("2") && credits("2") < whole, "{} of {whole}", hold.amount);
    assert!(hold.caps.output_tokens.is_some(), "{:?}", hold.caps);
    let denial = ledger.extend(&book, "short", Caps::default()).unwrap_err();
    assert_eq!(denial.code, DenialCode::LimitReached);
}

#[test]
fn the_same_limits_change_nothing_and_none_is_below_zero() {
    let mut ledger = Ledger::default();
    let limits = Limits {
        per_action: Some(credits("5")),
        per_day: Some(credits("0")),
        warn_below: Some(credits("10.5")),
    };
    assert_eq!(ledger.limit(limits), Ok(Answer::Limited(limits)));
    let entries = ledger.entries.len();
    assert_eq!(ledger.limit(limits), Ok(Answer::Limited(limits)));
    assert_eq!(ledger.entries.len(), entries);
    assert_eq!(ledger.account.standing(ledger.now).unwrap().limits, limits);
    let below = Credits::from_micros(-1);
    for (path, bad) in [
        ("per_action", Limits { per_action: Some(below), ..limits }),
        ("per_day", Limits { per_day: Some(below), ..limits }),
        ("warn_below", Limits { warn_below: Some(below), ..limits }),
    ] {
        let denial = ledger.limit(bad).unwrap_err();
        assert_eq!((denial.code, denial.path.as_deref()), (DenialCode::RequestInvalid, Some(path)));
    }
}
