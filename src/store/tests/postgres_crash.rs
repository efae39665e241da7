//! The database crashes under load, again and again: what was acknowledged is there, nothing is
//! there twice or by half, and the store goes on by itself.
//!
//! It needs a cluster that nobody else uses: `cargo xtask test --only postgres` starts one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a surprise fails the test")]

#[cfg(test)]
mod common {
    pub(crate) mod control;
    pub(crate) mod postgres;
}

use common::control::Control;
use common::postgres::fresh;

use kumari_engine::id::AccountId;
use kumari_store::fixtures::{Command, Desk, account, action, credits, request};
use kumari_store::{Done, LedgerError, Store, audit};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const CRASHES: usize = 5;
/// How many commands are answered between two crashes.
const ANSWERS_BETWEEN: u64 = 100;
const WRITERS: u64 = 8;
/// Shared by pairs of writers, each of which has a ledger of its own, as two processes have.
const ACCOUNTS: u64 = 4;

/// Sends a command until it is answered, as a client does that was told to try again.
async fn answered(desk: &Desk, id: &AccountId, command: &Command) -> Done {
    let begun = Instant::now();
    loop {
        match desk.run(id, command.clone()).await {
            Ok(change) => return change,
            Err(LedgerError::Store(fault))
                if fault.is_transient() || fault.is_outcome_unknown() =>
            {
                assert!(begun.elapsed() < Duration::from_secs(120), "it does not recover: {fault}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(fault) => panic!("{fault}"),
        }
    }
}

/// Grants, sends and settles until it is told to stop, and says how often.
async fn write(
    store: Arc<dyn Store>,
    writer: u64,
    enough: Arc<AtomicBool>,
    told: watch::Sender<u64>,
) -> u64 {
    let desk = Desk::new(store).unwrap();
    let id = account(writer % ACCOUNTS).unwrap();
    for round in 0.. {
        if enough.load(Ordering::SeqCst) {
            return round;
        }
        let number = |command: u64| action(writer * 1_000_000 + round * 2 + command).unwrap();
        let send = Command::authorize(number(1), request(&["lite"], 100).unwrap());
        for command in [
            Command::grant(number(0), credits(2), None),
            send.unwrap(),
            Command::settle(number(1), 0, "lite", 50).unwrap(),
        ] {
            let change = answered(&desk, &id, &command).await;
            assert!(change.sequence > 0);
            told.send_modify(|answers| *answers += 1);
        }
    }
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL"]
async fn what_was_acknowledged_survives_crashes_once() {
    let (store, url) = fresh("KUMARI_POSTGRES_CRASH").await;
    let control = Arc::new(Control::of(&url).await);
    let enough = Arc::new(AtomicBool::new(false));
    let (told, mut answers) = watch::channel(0_u64);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, enough) = (Arc::clone(&store), Arc::clone(&enough));
            tokio::spawn(write(store, writer, enough, told.clone()))
        })
        .collect();
    for _ in 0..CRASHES {
        // In the middle of the next commands, whatever they have come to.
        let enough_answers = *answers.borrow_and_update() + ANSWERS_BETWEEN;
        answers.wait_for(|answers| *answers >= enough_answers).await.unwrap();
        let control = Arc::clone(&control);
        let crash = move || control.run(&["restart", "--mode", "immediate"]);
        tokio::task::spawn_blocking(crash).await.unwrap();
    }
    let enough_answers = *answers.borrow_and_update() + ANSWERS_BETWEEN;
    answers.wait_for(|answers| *answers >= enough_answers).await.unwrap();
    enough.store(true, Ordering::SeqCst);
    let mut rounds = Vec::new();
    for writer in writers {
        rounds.push(writer.await.unwrap());
    }

    let desk = Desk::new(Arc::clone(&store)).unwrap();
    for number in 0..ACCOUNTS {
        let id = account(number).unwrap();
        let (stored, entries) = desk.stored(&id).await.unwrap();
        let count: u64 = (number..WRITERS)
            .step_by(usize::try_from(ACCOUNTS).unwrap())
            .map(|writer| rounds[usize::try_from(writer).unwrap()])
            .sum();
        // Three entries each: every command took effect once, however often it was sent.
        assert_eq!(u64::try_from(entries.len()).unwrap(), count * 3, "{id}");
        let granted = credits(i64::try_from(count).unwrap() * 2);
        assert_eq!((stored.totals.issued, stored.open_holds), (granted, 0), "{id}");
        let sent: BTreeSet<_> =
            entries.iter().filter_map(|entry| entry.event.action_id()).collect();
        assert_eq!(u64::try_from(sent.len()).unwrap(), count * 2);
        for action_id in sent {
            let chat = desk.store().action_chat(&id, action_id).await.unwrap();
            let is_hold = stored.hold(action_id).is_some();
            assert_eq!(chat.is_some(), is_hold, "a hold and its chat rows are one write");
        }
    }
    let mut told = Vec::new();
    let audited =
        audit(store.as_ref(), None, |_, found| told.extend(found.iter().cloned())).await.unwrap();
    assert_eq!((told, audited.accounts), (Vec::new(), ACCOUNTS));
}
