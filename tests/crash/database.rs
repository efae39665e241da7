//! PostgreSQL dies, is gone for a while, or hangs, under a server that goes on.

#[path = "../../src/store/tests/common/control.rs"]
mod control;

use crate::client::Client;
use crate::load::{Load, Sent, Unanswered, grants};
use crate::place::{Place as _, Postgres, runtime};
use crate::postmaster::Postmaster;
use crate::server::Server;
use crate::witness::Witness;
use control::Control;
use fastrand::Rng;
use std::time::{Duration, Instant};

/// The longest that the server may take to say that it cannot, and a little.
const REFUSAL_MAX: Duration = Duration::from_secs(31);
/// The longest that it may take to say that it is not ready: whoever asks does not wait for long.
const NOT_READY_MAX: Duration = Duration::from_secs(5);
/// The longest until everything works again.
const RECOVERY_MAX: Duration = Duration::from_secs(30);

/// A cluster that is stopped until this is dropped: another test needs it after this one.
struct Stopped<'a>(&'a Control);

impl<'a> Stopped<'a> {
    fn now(control: &'a Control) -> Self {
        control.run(&["stop", "--mode", "immediate"]);
        Self(control)
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.run(&["start"]);
    }
}

#[test]
#[ignore = "needs the server and PostgreSQL: cargo xtask test --only crash"]
fn postgres_killed_under_load_loses_nothing_acknowledged() {
    let place = Postgres::new("KUMARI_POSTGRES_CRASH");
    let (database, key) = (place.database(), place.key());
    let control = runtime().block_on(Control::of(database));
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let mut rng = Rng::with_seed(crate::seed());
    let clients = [client.clone()];
    let load = Load::start(&clients, "database", rng.u64(..), Unanswered::SendAgain);
    for _ in 0..crate::rounds().div_ceil(4) {
        load.wait_for(rng.usize(10..100));
        control.run(&["restart", "--mode", "immediate"]);
    }
    load.wait_for(50);
    let mut witness = Witness::default();
    witness.check(&client, database, &load.end());
    witness.check_from_the_beginning(&client);
}

#[test]
#[ignore = "needs the server and PostgreSQL: cargo xtask test --only crash"]
fn postgres_whose_first_process_is_killed_loses_nothing_acknowledged() {
    let place = Postgres::new("KUMARI_POSTGRES_CRASH");
    let (database, key) = (place.database(), place.key());
    let control = runtime().block_on(Control::of(database));
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let mut rng = Rng::with_seed(crate::seed());
    let clients = [client.clone()];
    let load = Load::start(&clients, "first", rng.u64(..), Unanswered::SendAgain);
    for _ in 0..crate::rounds().div_ceil(8) {
        load.wait_for(rng.usize(10..100));
        // With SIGKILL, so nobody tells the others: each sees it by itself, in the midst of work.
        Postmaster::of(database).kill();
        control.run(&["start"]);
    }
    load.wait_for(50);
    let mut witness = Witness::default();
    witness.check(&client, database, &load.end());
    witness.check_from_the_beginning(&client);
}

#[test]
#[ignore = "needs the server and PostgreSQL: cargo xtask test --only crash"]
fn postgres_gone_or_hanging_is_told_and_comes_back() {
    let place = Postgres::new("KUMARI_POSTGRES_CRASH");
    let (database, key) = (place.database(), place.key());
    let control = runtime().block_on(Control::of(database));
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let mut witness = Witness::default();
    let mut commands = grants("gone");
    let mut next = || commands.next().expect("there is no end of commands");

    let mut before = next();
    before.answer = before.send(&client).map(|reply| reply.answer().clone());
    assert!(before.answer.is_some());
    let gone = next();
    let stopped = Stopped::now(&control);
    refused(&client, &gone);
    drop(stopped);
    recovered(&client);

    let hanging = next();
    let still = Postmaster::of(database).hold();
    refused(&client, &hanging);
    drop(still);
    recovered(&client);
    // The refused ones are sent again there, and are done once.
    witness.check(&client, database, &[before, gone, hanging]);
}

/// 503 in time for commands and reads, and the server says that it cannot work, though it lives.
fn refused(client: &Client, command: &Sent) {
    let is_refused = |path: &str, max: Duration| {
        let begun = Instant::now();
        let reply = match path == command.path() {
            true => client.post(path, &command.body),
            false => client.get(path),
        };
        let (reply, took) = (reply.expect("a server that lives answers"), begun.elapsed());
        assert_eq!(reply.status, 503, "{path}: {reply:?}");
        assert!(took < max, "{path}: {took:?}");
        assert!(reply.retry_after, "{path} says when to try again: {reply:?}");
    };
    // Side by side: each may take its whole time.
    std::thread::scope(|scope| {
        scope.spawn(|| is_refused(&command.path(), REFUSAL_MAX));
        scope.spawn(|| is_refused("/api/accounts/hot/balance", REFUSAL_MAX));
        scope.spawn(|| is_refused("/readyz", NOT_READY_MAX));
        scope.spawn(|| assert_eq!(client.get("/healthz").expect("it lives").status, 200));
    });
}

fn recovered(client: &Client) {
    let begun = Instant::now();
    while client.get("/readyz").expect("it lives").status != 200 {
        assert!(begun.elapsed() < RECOVERY_MAX, "it does not come back");
        std::thread::sleep(Duration::from_millis(20));
    }
}
