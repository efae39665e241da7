//! The machine's clock jumps under a server at work, an hour and a day, forward and back: nobody
//! may set the clock of a machine on which others work, so libfaketime stands between it and the
//! server. What measures how long something takes goes on as before, as it does on a real machine.

use crate::client::{Client, credits};
use crate::load::{Load, Unanswered};
use crate::place::{Place, Postgres, Sqlite};
use crate::server::{Server, program};
use crate::witness::Witness;
use fastrand::Rng;
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::time::Timestamp;
use kumari_store::{Clock as _, SystemClock};
use std::process::Command;
use tempfile::TempDir;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Answers before a jump, and after it.
const ANSWERS: usize = 150;

/// A clock that differs from the machine's by as many seconds as its file says.
struct WallClock {
    folder: TempDir,
    ahead: i64,
}

impl WallClock {
    fn new() -> Self {
        let mut clock = Self { folder: tempfile::tempdir().expect("a temporary folder"), ahead: 0 };
        clock.jump(0);
        clock
    }

    /// A program that lives by this clock.
    fn seen_by(&self, mut program: Command) -> Command {
        let library = std::env::var_os("KUMARI_FAKETIME")
            .expect("KUMARI_FAKETIME is not set; run: cargo xtask test --only clock");
        program.env("LD_PRELOAD", library);
        program.env("FAKETIME_TIMESTAMP_FILE", self.folder.path().join("now"));
        // Each look at the clock reads the file, so a jump is seen at once.
        program.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        program
    }

    fn jump(&mut self, seconds: i64) {
        self.ahead += seconds;
        let [new, now] = ["new", "now"].map(|name| self.folder.path().join(name));
        std::fs::write(&new, format!("{:+}", self.ahead)).expect("a file");
        // In one step: nobody reads half of it.
        std::fs::rename(new, now).expect("a file");
    }
}

#[test]
#[ignore = "needs the server and libfaketime: cargo xtask test --only clock"]
fn clock_that_jumps_under_load_with_sqlite() {
    jumps(&Sqlite::new());
}

#[test]
#[ignore = "needs the server, PostgreSQL and libfaketime: cargo xtask test --only clock"]
fn clock_that_jumps_under_load_with_postgres() {
    jumps(&Postgres::new("KUMARI_POSTGRES"));
}

fn jumps(place: &impl Place) {
    let (database, key) = (place.database(), place.key());
    let mut clock = WallClock::new();
    let server = Server::start_as(clock.seen_by(program()), database);
    let client = Client::new(&server.base, &key);
    let clients = [client.clone()];
    let mut rng = Rng::with_seed(crate::seed());
    let mut witness = Witness::default();
    for seconds in [HOUR, -HOUR, DAY, -DAY] {
        let name = format!("jump{seconds:+}");
        let load = Load::start(&clients, &name, rng.u64(..), Unanswered::SendAgain);
        load.wait_for(ANSWERS);
        clock.jump(seconds);
        load.wait_for(ANSWERS);
        witness.check(&client, database, &load.end());
        if seconds > 0 {
            // Nobody works now: what was admitted on either side of the jump is past its deadline.
            clock.jump(i64::from(HOLD_TTL_SECONDS));
            holds_are_back(&client, &witness, &clock);
        }
    }
    // An account whose last entry is ahead of the clock waits for it, and then goes on.
    clock.jump(2 * DAY);
    holds_are_back(&client, &witness, &clock);
    witness.check(&client, database, &[]);
    witness.check_from_the_beginning(&client);
}

/// Everything that an account has can be spent, and the server lives by the test's clock.
fn holds_are_back(client: &Client, witness: &Witness, clock: &WallClock) {
    let seconds = SystemClock.now().as_millis() / 1_000 + clock.ahead;
    for (account, settled) in witness.settled() {
        let balance = client.read(&format!("/api/accounts/{account}/balance"));
        let as_of: Timestamp = serde_json::from_value(balance["as_of"].clone()).expect("a time");
        assert!(as_of.as_millis() / 1_000 >= seconds, "{account}: {as_of} is not the test's time");
        let standing = &balance["standing"];
        assert_eq!(standing["open_holds"], 0, "{account}: {standing}");
        assert_eq!(credits(&standing["available"]), settled, "{account}: {standing}");
    }
}
