//! What was spent by day, task and model, and how long the rest lasts.

use crate::history::{book, run, step};
use kumari_engine::amount::Credits;
use kumari_engine::lot::LotKind;
use kumari_engine::meter::Meter;
use kumari_engine::period::advance;
use kumari_engine::request::Task;
use kumari_engine::spending::{Forecast, Spending, Tally, forecast};
use kumari_engine::statement::{Tasks, learn_tasks, statement};
use kumari_tests::accounts::{Ledger, time};
use kumari_tests::books::{request, small_book};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn spending(ledger: &Ledger) -> Vec<Spending> {
    let (mut tasks, mut tally) = (Tasks::new(), Tally::default());
    learn_tasks(&mut tasks, &ledger.entries);
    for entry in &ledger.entries {
        tally.add(entry, &tasks).unwrap();
    }
    tally.spending()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// R34: what was spent is what the statement's lines took, to the day, the task and the model.
    #[test]
    fn r34_what_was_spent_is_what_the_statement_took(steps in prop::collection::vec(step(), 1..60)) {
        let book = book();
        let mut ledger = Ledger::default();
        for step in &steps {
            let _ = run(&mut ledger, &book, step);
        }
        ledger.entries.extend(advance(&ledger.account, ledger.now).unwrap().entries);
        let all = statement(&ledger.entries, time("2000-01-01T00:00:00Z"), time("9000-01-01T00:00:00Z"));
        let mut taken = BTreeMap::new();
        for line in all.unwrap().lines {
            let (Some(task), Some(model)) = (line.task, line.model) else { continue };
            let day = line.at.to_string().split('T').next().unwrap().to_owned();
            let sum: &mut Credits = taken.entry((day, task, model)).or_default();
            *sum = sum.sub(line.change).unwrap();
        }
        taken.retain(|_, sum| *sum != Credits::ZERO);
        let mut spent = BTreeMap::new();
        for Spending { day, task, model, charge, answers } in spending(&ledger) {
            prop_assert!(answers > 0);
            let text = day.to_string();
            prop_assert!(text.ends_with("T00:00:00Z"), "{text}");
            let day = text.split('T').next().unwrap().to_owned();
            prop_assert_eq!(spent.insert((day, task, model), charge), None);
        }
        spent.retain(|_, sum| *sum != Credits::ZERO);
        prop_assert_eq!(spent, taken);
    }
}

#[test]
fn a_day_ends_at_midnight_and_tasks_and_models_are_apart() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant("g", LotKind::Pack, "500");
    ledger.now = time("2026-03-02T23:59:59Z");
    ledger.authorize(&book, "a", &request(Task::Compare, &["lite", "top"], 100)).unwrap();
    ledger.authorize(&book, "b", &request(Task::Direct, &["top"], 100)).unwrap();
    ledger.settle(&book, ("a", 1), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    ledger.settle(&book, ("b", 0), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    ledger.now = time("2026-03-03T00:00:00Z");
    ledger.void(&book, ("a", 0)).unwrap();
    for id in ["c", "d"] {
        ledger.authorize(&book, id, &request(Task::Direct, &["top"], 100)).unwrap();
        ledger.settle(&book, (id, 0), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    }
    let rows: Vec<String> = spending(&ledger)
        .into_iter()
        .map(|Spending { day, task, model, answers, charge }| {
            format!("{day} {} {model} {answers} {charge}", task.name())
        })
        .collect();
    assert_eq!(
        rows,
        [
            "2026-03-02T00:00:00Z direct top 1 1.5",
            "2026-03-02T00:00:00Z compare top 1 1.5",
            "2026-03-03T00:00:00Z direct top 2 3",
        ]
    );
}

#[test]
fn a_balance_lasts_as_long_as_the_pace_says() {
    let [since, now] = ["2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"].map(time);
    let ten = || Credits::from_micros(10_000_000);
    let until = |ledger: &Ledger, spent| {
        let Forecast { until, .. } = forecast(&ledger.account.lots, since, spent, now);
        until.map(|until| until.to_string())
    };
    let mut ledger = Ledger { now: time("2026-02-01T00:00:00Z"), ..Ledger::default() };
    assert_eq!(until(&ledger, ten()), None, "there is nothing");
    ledger.grant("pack", LotKind::Pack, "20");
    assert_eq!(until(&ledger, Credits::ZERO), None, "nothing was spent");
    // Ten in seven days: twenty in fourteen.
    assert_eq!(until(&ledger, ten()).as_deref(), Some("2026-03-22T00:00:00Z"));
    // Pro comes first, and of its 100 only what three and a half days take is used before it ends.
    ledger.grant_until("pro", LotKind::Pro, "100", Some("2026-03-11T12:00:00Z"));
    assert_eq!(until(&ledger, ten()).as_deref(), Some("2026-03-25T12:00:00Z"));
    // A year and more is not told.
    ledger.grant("more", LotKind::Pack, "500");
    assert_eq!(until(&ledger, ten()), None);
}
