//! Lines to PostgreSQL that break in the middle of a transaction: what was committed is known, once,
//! and nothing is applied twice.
//!
//! It needs a cluster: `cargo xtask test --only postgres` starts one.
#![expect(clippy::unwrap_used, reason = "a surprise fails the test")]

#[cfg(test)]
mod common {
    pub(crate) mod postgres;
    pub(crate) mod proxy;
}

use common::postgres::fresh;
use common::proxy::{Cut, Proxy};
use kumari_engine::account::Account;
use kumari_store::fixtures::{Command, Desk, account, action, at, chat_rows, credits, request};
use kumari_store::{
    Commit, CommitOutcome, Decide, Decided, PostgresOptions, PostgresStore, Store, StoreError,
    Wanted,
};
use std::sync::Arc;

const CUTS: [Cut; 3] = [Cut::FirstAnswer, Cut::Commit, Cut::CommitAnswer];

/// A store on a line that breaks, and another that reaches the same database directly.
struct Bench {
    proxy: Proxy,
    store: Arc<PostgresStore>,
    direct: Desk,
}

impl Bench {
    async fn new() -> Self {
        let (direct, url) = fresh("KUMARI_POSTGRES").await;
        let (before, after) = url.split_once('@').unwrap();
        let (server, database) = after.split_once('/').unwrap();
        let proxy = Proxy::to(server.to_owned()).await;
        let url = format!("{before}@127.0.0.1:{}/{database}?sslmode=disable", proxy.port);
        let options = PostgresOptions { connections: 1, ..PostgresOptions::default() };
        let store = Arc::new(PostgresStore::open(&url, options).await.unwrap());
        Self { proxy, store, direct: Desk::new(direct).unwrap() }
    }

    fn grant(&self, loaded: &Account, number: u64) -> Commit {
        let grant = Command::grant(action(number).unwrap(), credits(1), None);
        let change = Arc::new(grant.decide(&self.direct.book, loaded, at(0)).unwrap());
        Commit::new(loaded, change, Vec::new())
    }

    async fn entries(&self, number: u64) -> usize {
        self.direct.stored(&account(number).unwrap()).await.unwrap().1.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_commit_whose_line_breaks_happens_once() {
    let bench = Bench::new().await;
    for (number, cut) in (1..).zip(CUTS) {
        let fresh = Account::new(account(number).unwrap());
        let first = bench.grant(&fresh, 1);
        let used = first.change.account.clone();
        bench.proxy.cut_at(cut);
        assert_eq!(bench.store.commit(vec![first]).await.unwrap(), [CommitOutcome::Won], "{cut:?}");
        bench.proxy.was_cut().await;
        assert_eq!(bench.entries(number).await, 1, "{cut:?}");

        // And on an account that has entries already, beside one that loses.
        let second = bench.grant(&used, 2);
        let stale = bench.grant(&fresh, 3);
        let stale_id = account(number + 10).unwrap();
        bench
            .direct
            .run(&stale_id, Command::grant(action(1).unwrap(), credits(1), None))
            .await
            .unwrap();
        let mut change = stale.change.as_ref().clone();
        change.account.id = stale_id;
        let stale = Commit { change: Arc::new(change), ..stale };
        bench.proxy.cut_at(cut);
        let outcomes = bench.store.commit(vec![stale, second]).await.unwrap();
        bench.proxy.was_cut().await;
        assert_eq!(outcomes, [CommitOutcome::Lost, CommitOutcome::Won], "{cut:?}");
        assert_eq!((bench.entries(number).await, bench.entries(number + 10).await), (2, 1));
    }
}

/// Another process writes to the account between the break and the next attempt.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_commit_that_did_not_happen_loses_to_who_came_between() {
    let bench = Bench::new().await;
    for (number, cut, expected) in [
        (1, Cut::FirstAnswer, CommitOutcome::Lost),
        (2, Cut::Commit, CommitOutcome::Lost),
        (3, Cut::CommitAnswer, CommitOutcome::Won),
    ] {
        let fresh = Account::new(account(number).unwrap());
        let commit = bench.grant(&fresh, 1);
        bench.proxy.cut_at(cut);
        bench.proxy.hold();
        let store = Arc::clone(&bench.store);
        let committing = tokio::spawn(async move { store.commit(vec![commit]).await });
        // The connection that is there already is not held.
        bench.proxy.was_cut().await;
        let rival = Command::grant(action(2).unwrap(), credits(5), None);
        bench.direct.run(&fresh.id, rival).await.unwrap();
        bench.proxy.release();
        assert_eq!(committing.await.unwrap().unwrap(), [expected], "{cut:?}");
        let (stored, entries) = bench.direct.stored(&fresh.id).await.unwrap();
        let (issued, count) = match expected {
            CommitOutcome::Won => (credits(6), 2),
            CommitOutcome::Lost => (credits(5), 1),
        };
        assert_eq!((stored.totals.issued, entries.len()), (issued, count), "{cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn what_cannot_be_found_out_is_said_and_told_by_a_repeat() {
    let bench = Bench::new().await;
    for (number, cut, happened) in
        [(1, Cut::FirstAnswer, false), (2, Cut::Commit, false), (3, Cut::CommitAnswer, true)]
    {
        let id = account(number).unwrap();
        let commit = bench.grant(&Account::new(id.clone()), 1);
        bench.proxy.cut_at(cut);
        bench.proxy.refuse(true);
        let fault = bench.store.commit(vec![commit]).await.unwrap_err();
        let is_unknown = cut != Cut::FirstAnswer;
        assert_eq!(fault.is_outcome_unknown(), is_unknown, "{cut:?}: {fault}");
        assert_eq!(matches!(fault, StoreError::Unavailable(_)), !is_unknown, "{cut:?}: {fault}");
        assert_eq!(bench.entries(number).await, usize::from(happened), "{cut:?}");
        // Nothing works, each says so at once, and all of it works again by itself.
        let fault = bench.store.ping().await.unwrap_err();
        assert!(fault.is_transient(), "{fault}");
        let fault = bench.store.entries(&id, 0, 1).await.unwrap_err();
        assert!(fault.is_transient() && !fault.is_outcome_unknown(), "{fault}");
        bench.proxy.refuse(false);
        bench.store.ping().await.unwrap();
        let store: Arc<dyn Store> = Arc::<PostgresStore>::clone(&bench.store);
        let desk = Desk::new(store).unwrap();
        let again = Command::grant(action(1).unwrap(), credits(1), None);
        let again = desk.run(&id, again).await.unwrap();
        assert_eq!(again.entries.is_empty(), happened, "{cut:?}");
        assert_eq!(bench.entries(number).await, 1, "{cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_decision_alone_whose_line_breaks_happens_once() {
    let bench = Bench::new().await;
    for (number, cut) in (1..).zip(CUTS) {
        let id = account(number).unwrap();
        let decide_alone = async |command: Command| {
            let wanted = Wanted { account: id.clone(), actions: command.actions() };
            let book = Arc::clone(&bench.direct.book);
            let decide: Decide = Arc::new(move |account| {
                let change = command.decide(&book, account, at(0))?;
                Ok(Decided { chat: chat_rows(&change), change })
            });
            bench.proxy.cut_at(cut);
            let decided = bench.store.decide_alone(&wanted, at(0), decide).await;
            bench.proxy.was_cut().await;
            decided.unwrap().unwrap()
        };
        decide_alone(Command::grant(action(1).unwrap(), credits(9), None)).await;
        let send = request(&["lite"], 100).unwrap();
        let admitted = decide_alone(Command::authorize(action(2).unwrap(), send).unwrap()).await;
        // Where it had happened, the second decision finds a repeat, and the same answer.
        assert_eq!(admitted.entries.is_empty(), cut == Cut::CommitAnswer, "{cut:?}");
        let (stored, entries) = bench.direct.stored(&id).await.unwrap();
        assert_eq!((stored.open_holds, entries.len()), (1, 2), "{cut:?}");
        let chat = bench.direct.store().action_chat(&id, &action(2).unwrap()).await.unwrap();
        assert_eq!(chat.unwrap().messages.len(), 2);
    }
}
