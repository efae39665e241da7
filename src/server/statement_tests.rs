//! The statement that is read in pages, from either end, is that of the whole history.

use crate::statement::{Excerpt, Journal};
use crate::statement_period::Period;
use futures::stream::StreamExt as _;
use kumari_engine::statement::{Statement, statement};
use kumari_store::MemoryStore;
use kumari_store::fixtures::{Command, Desk, account, action, at, credits, request};
use std::sync::Arc;

#[tokio::test]
async fn a_statement_in_pages_is_that_of_the_whole_history() {
    let desk = Desk::new(Arc::new(MemoryStore::new())).unwrap();
    let id = account(1).unwrap();
    // More than a page of entries; at the end a minute's holds and two lots end while nobody sweeps.
    for number in 0..520 {
        desk.clock.advance_seconds(1);
        let end = (number % 500 == 7).then(|| at(5_000));
        let grant = Command::grant(action(number * 2).unwrap(), credits(3), end);
        desk.run(&id, grant).await.unwrap();
        let send = request(&["lite"], 9).unwrap();
        let send = Command::authorize(action(number * 2 + 1).unwrap(), send).unwrap();
        desk.run(&id, send).await.unwrap();
    }
    desk.clock.set(at(9_000));
    let due = desk.ledger.advanced(&id, &[]).await.unwrap().entries;
    assert!(due.len() > 60, "holds and lots are due: {}", due.len());
    let (_, mut entries) = desk.stored(&id).await.unwrap();
    assert!(entries.len() > 1_000, "more than a page: {}", entries.len());
    entries.extend(due);

    let bounds = [0, 1, 2, 300, 301, 520, 521, 5_000, 5_001, 9_001];
    for (index, from) in bounds.iter().enumerate() {
        for to in bounds.iter().skip(index + 1) {
            let period = Period { from: at(*from), to: at(*to) };
            let expected = statement(&entries, period.from, period.to).unwrap();
            let journal = Journal::open(&desk.ledger, &id).await.unwrap();
            let excerpt = journal.excerpt(period, None).await.unwrap();
            assert_eq!(collected(period, excerpt).await, expected, "{from} to {to}");
            // From the middle of the period on.
            let Some(middle) = expected.lines.get(expected.lines.len() / 2) else { continue };
            let journal = Journal::open(&desk.ledger, &id).await.unwrap();
            let excerpt = journal.excerpt(period, Some(middle.entry)).await.unwrap();
            let rest = collected(period, excerpt).await;
            let after = expected.lines.len() / 2 + 1;
            assert_eq!(rest.lines, expected.lines[after..], "{from} to {to}");
        }
    }
}

async fn collected(period: Period, excerpt: Excerpt) -> Statement {
    let Period { from, to } = period;
    let (opening, closing) = (excerpt.opening, excerpt.closing);
    let lines: Vec<_> = excerpt.lines().map(Result::unwrap).collect().await;
    Statement { from, to, opening, lines, closing }
}
