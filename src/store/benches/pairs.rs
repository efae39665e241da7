//! Pairs of authorize and settle per second, in process, on SQLite with full synchronisation, or on
//! the cluster of PostgreSQL whose URL, without a database, `KUMARI_POSTGRES` says.
//!
//! `cargo bench -p kumari-store` prints one line for each case, with a probe of the disk before
//! and after, in the temporary folder (`TMPDIR`). It measures the lanes and the store alone: no
//! HTTP, no peer beside it. `LANES` sets another number of lanes than the store's own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be set up ends the run")]

#[path = "../tests/common/postgres.rs"]
mod postgres;

use kumari_engine::account::Account;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use kumari_store::fixtures::{Command, Desk, account, action, credits, request};
use kumari_store::{LedgerCommand, SqliteOptions, SqliteStore, Store};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CLUSTER: &str = "KUMARI_POSTGRES";
const MEASURED: Duration = Duration::from_secs(5);
const ACCOUNTS_MANY: u64 = 10_000;

/// How commands arrive.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    accounts: u64,
    callers: u64,
    /// Commands of one kind that are queued together.
    batch: u64,
    /// Holds that stay open on each account all the while.
    open: u64,
}

const CASES: [Case; 7] = [
    Case {
        name: "1 caller, many accounts",
        accounts: ACCOUNTS_MANY,
        callers: 1,
        batch: 1,
        open: 0,
    },
    Case {
        name: "32 callers, many accounts",
        accounts: ACCOUNTS_MANY,
        callers: 32,
        batch: 1,
        open: 0,
    },
    Case { name: "32 callers, one account", accounts: 1, callers: 32, batch: 1, open: 0 },
    Case {
        name: "32 callers, one account, 900 open",
        accounts: 1,
        callers: 32,
        batch: 1,
        open: 900,
    },
    Case {
        name: "batches of 100, many accounts",
        accounts: ACCOUNTS_MANY,
        callers: 8,
        batch: 100,
        open: 0,
    },
    Case { name: "batches of 100, one account", accounts: 1, callers: 8, batch: 100, open: 0 },
    Case {
        name: "batches of 100, one account, 100 open",
        accounts: 1,
        callers: 8,
        batch: 100,
        open: 100,
    },
];

fn main() {
    // `cargo test` runs benchmarks too, where nobody wants to wait for one.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let cases = CASES.into_iter();
    for case in cases.filter(|case| wanted.as_ref().is_none_or(|part| case.name.contains(part))) {
        runtime.block_on(measure(case));
    }
}

async fn measure(case: Case) {
    let folder = tempfile::tempdir().unwrap();
    let before = flushes_per_second(folder.path());
    let store: Arc<dyn Store> = match std::env::var_os(CLUSTER) {
        Some(_) => postgres::fresh(CLUSTER).await.0,
        None => {
            let file = folder.path().join("kumari.db");
            Arc::new(SqliteStore::open(&file, SqliteOptions::default()).unwrap())
        }
    };
    let lanes = std::env::var("LANES").map_or(store.lanes_max(), |n| n.parse().unwrap());
    let desk = Desk::with_lanes(store, lanes).unwrap();
    fill(&desk, case).await;

    let (counted, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (commands, begun, worked) = (desk.ledger.counts(), Instant::now(), cpu_micros());
    let mut callers = JoinSet::new();
    for caller in 0..case.callers {
        let (desk, counted, stop) = (desk.clone(), Arc::clone(&counted), Arc::clone(&stop));
        callers.spawn(async move {
            let mut round = 0;
            let mut waits = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                waits.push(pairs(&desk, case, caller, round).await);
                counted.fetch_add(case.batch, Ordering::Relaxed);
                round += 1;
            }
            waits
        });
    }
    tokio::time::sleep(MEASURED).await;
    let (pairs, seconds) = (counted.load(Ordering::Relaxed), begun.elapsed().as_secs_f64());
    let cost = (cpu_micros() - worked) / pairs.max(1);
    stop.store(true, Ordering::Relaxed);
    let mut waits: Vec<Duration> = callers.join_all().await.into_iter().flatten().collect();
    waits.sort_unstable();
    let quantile = |part: f64| {
        #[expect(clippy::as_conversions, reason = "a place in a list, by a share of its length")]
        let place = (waits.len() as f64 * part) as usize;
        waits.get(place).copied().unwrap_or_default()
    };
    let counts = desk.ledger.counts();
    let commits = (counts.commits - commands.commits).max(1);
    let group = (counts.commands - commands.commands) / commits;
    let after = flushes_per_second(folder.path());
    #[expect(clippy::as_conversions, reason = "a rate for people")]
    let rate = pairs as f64 / seconds;
    let line = format!(
        "{:40} {rate:8.0} pairs/s; {cost} µs of CPU a pair; authorize p50 {:?}, p99 {:?}; {group} commands a commit; \
         disk {before} and {after} flushes/s",
        case.name,
        quantile(0.5),
        quantile(0.99),
    );
    println!("{line}");
}

/// Credits for every account, and the holds that stay open.
async fn fill(desk: &Desk, case: Case) {
    let ids: Vec<u64> = (0..case.accounts).collect();
    for some in ids.chunks(1_000) {
        let grant = |number: &u64| {
            let grant = Command::grant(action(0).unwrap(), credits(1_000_000_000), None);
            command(desk, &account(*number).unwrap(), grant)
        };
        done(desk, some.iter().map(grant).collect()).await;
    }
    let open = |number| {
        let send = Command::authorize(action(number).unwrap(), request(&["lite"], 100).unwrap());
        command(desk, &account(0).unwrap(), send.unwrap())
    };
    done(desk, (1..=case.open).map(open).collect()).await;
}

/// A batch of authorizes and one of their settlements; how long the first took.
async fn pairs(desk: &Desk, case: Case, caller: u64, round: u64) -> Duration {
    let numbers = (0..case.batch).map(|place| {
        let number = 1_000_000 + (round * case.callers + caller) * case.batch + place;
        // Neighbours in time are strangers in the table.
        let id = account(number.wrapping_mul(7_919) % case.accounts).unwrap();
        (id, number)
    });
    let numbers: Vec<(AccountId, u64)> = numbers.collect();
    let begun = Instant::now();
    let authorize = |(id, number): &(AccountId, u64)| {
        let send = Command::authorize(action(*number).unwrap(), request(&["lite"], 100).unwrap());
        command(desk, id, send.unwrap())
    };
    done(desk, numbers.iter().map(authorize).collect()).await;
    let wait = begun.elapsed();
    let settle = |(id, number): &(AccountId, u64)| {
        command(desk, id, Command::settle(action(*number).unwrap(), 0, "lite", 57).unwrap())
    };
    done(desk, numbers.iter().map(settle).collect()).await;
    wait
}

/// A command of a backend's, which has no conversation.
fn command(desk: &Desk, account: &AccountId, command: Command) -> LedgerCommand {
    let (actions, book) = (command.actions(), Arc::clone(&desk.book));
    let decide = move |account: &Account, now: Timestamp| command.decide(&book, account, now);
    LedgerCommand::new(account.clone(), actions, |_| Vec::new(), decide)
}

async fn done(desk: &Desk, commands: Vec<LedgerCommand>) {
    for outcome in desk.ledger.run_all(commands).await.unwrap() {
        assert_eq!(outcome.unwrap().entries.len(), 1);
    }
}

/// What this process has worked so far; less moved by what else the machine does than a rate is.
fn cpu_micros() -> u64 {
    const MICROS_A_TICK: u64 = 10_000;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    // User and system time are the 14th and 15th fields, the 12th and 13th after the name.
    let ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    ticks.sum::<u64>() * MICROS_A_TICK
}

/// How often the disk takes 4 KiB for good.
fn flushes_per_second(folder: &Path) -> u32 {
    let file = File::create(folder.join("probe")).unwrap();
    let begun = Instant::now();
    let mut flushes = 0;
    while begun.elapsed() < Duration::from_millis(500) {
        file.write_all_at(&[7; 4_096], u64::from(flushes % 256) * 4_096).unwrap();
        file.sync_data().unwrap();
        flushes += 1;
    }
    flushes * 2
}
