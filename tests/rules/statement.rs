//! Statements (R34).

use crate::history::{book, run, step};
use kumari_engine::amount::Credits;
use kumari_engine::lot::{Lot, LotKind};
use kumari_engine::meter::Meter;
use kumari_engine::period::advance;
use kumari_engine::request::Task;
use kumari_engine::statement::statement;
use kumari_engine::time::Timestamp;
use kumari_tests::accounts::{Ledger, time};
use kumari_tests::books::{request, small_book};
use proptest::prelude::*;

const END: &str = "9999-12-31T23:59:59.999Z";

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// R31, R34: whatever happens and wherever time is cut, each period closes with what the next
    /// opens with, every entry is in one of them, and the last closes with what the header shows now.
    #[test]
    fn r34_a_period_closes_with_what_the_next_opens_with(
        steps in prop::collection::vec(step(), 1..60),
        mut cuts in prop::collection::vec(0..40_000_u32, 0..6),
    ) {
        let book = book();
        let mut ledger = Ledger::default();
        let begin = ledger.now;
        for step in &steps {
            let _ = run(&mut ledger, &book, step);
        }
        let due = advance(&ledger.account, ledger.now).unwrap();
        ledger.entries.extend(due.entries);
        cuts.sort_unstable();
        // On an entry, and on the instants around it.
        let middle = ledger.entries.get(ledger.entries.len() / 2).map(|entry| entry.at);
        let mut bounds: Vec<Timestamp> =
            cuts.into_iter().map(|minutes| begin.plus_seconds(minutes * 60)).collect();
        bounds.extend(middle);
        bounds.extend([Timestamp::default(), time(END)]);
        bounds.sort_unstable();

        let mut balance = Credits::ZERO;
        let mut numbers = Vec::new();
        for period in bounds.windows(2) {
            let made = statement(&ledger.entries, period[0], period[1]).unwrap();
            prop_assert_eq!(made.opening, balance, "closing(n) = opening(n+1)");
            for line in &made.lines {
                prop_assert!(period[0] <= line.at && line.at < period[1]);
                balance = balance.add(line.change).unwrap();
                prop_assert_eq!(line.balance, balance);
                numbers.push(line.entry);
            }
            prop_assert_eq!(made.closing, balance);
        }
        let standing = due.account.standing(ledger.now).unwrap();
        prop_assert_eq!(balance, standing.settled);
        let usable = due.account.lots.iter().filter(|lot| lot.is_usable(ledger.now));
        let unusable = due.account.lots.iter().filter(|lot| !lot.is_usable(ledger.now));
        let left = |lots: Vec<&Lot>| Credits::sum(lots.iter().map(|lot| lot.available)).unwrap();
        prop_assert_eq!(standing.available, left(usable.collect()));
        let rest = standing.settled.sub(standing.held).unwrap().sub(standing.available).unwrap();
        prop_assert_eq!(rest, left(unusable.collect()), "frozen, or of a later time");
        let all: Vec<u64> = ledger.entries.iter().map(|entry| entry.sequence).collect();
        prop_assert_eq!(numbers, all);
    }
}

/// The lines say what happened; a hold moves nothing, and what it gives back was never gone.
#[test]
fn r34_the_lines_of_a_statement() {
    let book = small_book(|_| {});
    let mut ledger = Ledger::default();
    ledger.grant_until("g1", LotKind::Pro, "3", Some("2026-03-15T00:00:00Z"));
    ledger.grant("g2", LotKind::Pack, "50");
    ledger.now = time("2026-03-02T00:00:00Z");
    ledger.authorize(&book, "a", &request(Task::Compare, &["lite", "top"], 100)).unwrap();
    ledger.settle(&book, ("a", 1), "top", &[(Meter::OutputTokens, 1_000)]).unwrap();
    ledger.void(&book, ("a", 0)).unwrap();
    ledger.now = time("2026-04-01T00:00:00Z");
    ledger.grant("g3", LotKind::Promo, "1");

    let march = statement(&ledger.entries, time("2026-03-02T00:00:00Z"), ledger.now).unwrap();
    assert_eq!(march.opening.to_string(), "53");
    let lines: Vec<String> = march
        .lines
        .iter()
        .map(|line| {
            let action = line.action_id.as_ref().map_or("-", |id| id.as_str());
            let (change, held, balance) = (line.change, line.held, line.balance);
            format!("{} {action} {change} {held} {balance} {}", line.entry, line.text)
        })
        .collect();
    let [held, answered, failed, expired] = &lines[..] else { panic!("{lines:#?}") };
    let hold = ledger.account.hold(&"a".parse().unwrap()).unwrap().amount;
    assert_eq!(*held, format!("3 a 0 {hold} 53 held for compare: lite, top"));
    // 4.53 were held for the leg: 1.5 are taken from the Pro lot, the rest is given back.
    assert_eq!(*answered, "4 a -1.5 -4.53 51.5 answer of top");
    let rest = Credits::from_micros(4_530_000).sub(hold).unwrap();
    assert_eq!(*failed, format!("5 a 0 {rest} 51.5 the provider failed, not charged"));
    assert_eq!(*expired, "6 g1 -1.5 0 50 unused credits expired");
    assert_eq!(march.closing, march.lines[3].balance);
    let april = statement(&ledger.entries, ledger.now, time(END)).unwrap();
    assert_eq!((april.opening, april.lines.len()), (march.closing, 1));
    assert_eq!(april.lines[0].text, "promotional credits");
}
