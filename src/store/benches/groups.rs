//! Groups of accounts loaded and committed one after the other, per second: what one lane asks of a
//! store, without the lane.
//!
//! `cargo bench -p kumari-store --bench groups` measures SQLite with full synchronisation, or the
//! cluster of PostgreSQL whose URL, without a database, `KUMARI_POSTGRES` says.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be set up ends the run")]

#[path = "../tests/common/postgres.rs"]
mod postgres;

use kumari_engine::id::AccountId;
use kumari_store::fixtures::{Command, account, action, at, book, credits};
use kumari_store::{Commit, CommitOutcome, SqliteOptions, SqliteStore, Store, Wanted};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CLUSTER: &str = "KUMARI_POSTGRES";
const MEASURED: Duration = Duration::from_secs(3);
const ACCOUNTS: u64 = 10_000;
const SIZES: [u64; 3] = [1, 32, 256];

fn main() {
    // `cargo test` runs benchmarks too, where nobody wants to wait for one.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = match std::env::var_os(CLUSTER) {
            Some(_) => postgres::fresh(CLUSTER).await.0,
            None => {
                let file = folder.path().join("kumari.db");
                Arc::new(SqliteStore::open(&file, SqliteOptions::default()).unwrap())
            }
        };
        let mut number = 0;
        // Every account is there before anything is measured.
        while number < ACCOUNTS {
            group(&*store, 500, &mut number).await;
        }
        for size in SIZES {
            measure(&*store, size, &mut number).await;
        }
    });
}

async fn measure(store: &dyn Store, size: u64, number: &mut u64) {
    let (mut groups, mut loading, begun) = (0_u32, Duration::ZERO, Instant::now());
    while begun.elapsed() < MEASURED {
        loading += group(store, size, number).await;
        groups += 1;
    }
    let whole = begun.elapsed();
    let each = whole / groups;
    let rate = f64::from(groups) / whole.as_secs_f64();
    println!(
        "groups of {size:3}: {rate:6.0} a second, {:8.0} accounts a second; {each:?} each, \
         {:?} of it for loading",
        rate * f64::from(u32::try_from(size).unwrap()),
        loading / groups,
    );
}

/// Grants something to the next accounts; how long it took to load them.
async fn group(store: &dyn Store, size: u64, number: &mut u64) -> Duration {
    let book = book().unwrap();
    let ids: Vec<(AccountId, u64)> = (*number..*number + size)
        .map(|number| (account(number.wrapping_mul(7_919) % ACCOUNTS).unwrap(), number))
        .collect();
    *number += size;
    let wanted = ids.iter().map(|(id, number)| Wanted {
        account: id.clone(),
        actions: vec![action(*number).unwrap()],
    });
    let wanted: Vec<Wanted> = wanted.collect();
    let begun = Instant::now();
    let loaded = store.load(&wanted, at(0)).await.unwrap();
    let loading = begun.elapsed();
    let commits = loaded.iter().zip(&ids).map(|(account, (_, number))| {
        let grant = Command::grant(action(*number).unwrap(), credits(1), Some(at(900)));
        let change = Arc::new(grant.decide(&book, account, at(0)).unwrap());
        Commit::new(account, change, Vec::new())
    });
    let outcomes = store.commit(commits.collect()).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == CommitOutcome::Won));
    loading
}
