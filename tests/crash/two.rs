//! Two processes serve one database, and most commands are for one account.

use crate::client::Client;
use crate::load::{Load, Unanswered};
use crate::place::{Place, Postgres, Sqlite};
use crate::server::Server;
use crate::witness::Witness;
use fastrand::Rng;

/// Answers before one of the two is killed, and after it.
const ANSWERS: usize = 150;

#[test]
#[ignore = "needs the server: cargo xtask test --only crash"]
fn sqlite_two_processes_do_nothing_twice() {
    two_processes(&Sqlite::new());
}

#[test]
#[ignore = "needs the server and PostgreSQL: cargo xtask test --only crash"]
fn postgres_two_processes_do_nothing_twice() {
    two_processes(&Postgres::new("KUMARI_POSTGRES"));
}

fn two_processes(place: &impl Place) {
    let (database, key) = (place.database(), place.key());
    let servers = [Server::start(database), Server::start(database)];
    let clients = servers.each_ref().map(|server| Client::new(&server.base, &key));
    let [one, _other] = servers;
    let seed = Rng::with_seed(crate::seed()).u64(..);
    let load = Load::start(&clients, "two", seed, Unanswered::Leave);
    load.wait_for(ANSWERS);
    one.kill();
    // The other one goes on, and its clients with it.
    load.wait_for(ANSWERS);
    let sent = load.end();
    // What one of them did the other one answers for.
    Witness::default().check(&clients[1], database, &sent);
}
