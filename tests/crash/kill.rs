//! The server is killed with SIGKILL under load, again and again, and started again on its
//! database.

use crate::client::Client;
use crate::load::{Load, Unanswered};
use crate::place::{Place, Postgres, Sqlite};
use crate::server::Server;
use crate::time;
use crate::witness::Witness;
use fastrand::Rng;
use std::time::Duration;

/// At most so many answers come before the server is killed.
const ANSWERS_MAX: usize = 120;
/// The kill comes so much later than an answer, at most, so that it meets every phase of a commit.
const LATER_MICROS_MAX: u64 = 5_000;

#[test]
#[ignore = "needs the server: cargo xtask test --only crash"]
fn sqlite_nothing_acknowledged_is_lost_or_done_twice() {
    rounds(&Sqlite::new());
}

#[test]
#[ignore = "needs the server and PostgreSQL: cargo xtask test --only crash"]
fn postgres_nothing_acknowledged_is_lost_or_done_twice() {
    rounds(&Postgres::new("KUMARI_POSTGRES"));
}

fn rounds(place: &impl Place) {
    let database = place.database();
    let key = place.key();
    let mut rng = Rng::with_seed(crate::seed());
    let mut witness = Witness::default();
    let mut server = Server::start(database);
    for round in 0..crate::rounds() {
        let client = Client::new(&server.base, &key);
        let load = Load::start(&[client], &format!("r{round}"), rng.u64(..), Unanswered::Leave);
        load.wait_for(rng.usize(1..ANSWERS_MAX));
        // Nothing is waited for: it moves the kill.
        std::thread::sleep(Duration::from_micros(rng.u64(..LATER_MICROS_MAX)));
        server.kill();
        let sent = load.end();
        server = Server::start(database);
        witness.check(&Client::new(&server.base, &key), database, &sent);
    }
    witness.check_from_the_beginning(&Client::new(&server.base, &key));
    server.kill();
    time::holds_come_back(place, &witness);
}
