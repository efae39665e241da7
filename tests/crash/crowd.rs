//! A crowd around the server: connections on which nothing comes, and clients that send a byte now
//! and then. Whoever works is served meanwhile, and the slow ones are served in the end.

use crate::client::Client;
use crate::load::{Load, Sent, Unanswered, grants};
use crate::place::{Place, Postgres, Sqlite};
use crate::server::Server;
use crate::witness::Witness;
use fastrand::Rng;
use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Idle connections for each round that the kill tests have: 1 000 in the tests, 10 000 in the soak.
const IDLE_A_ROUND: usize = 50;
/// Slow clients for each of those rounds.
const SLOW_A_ROUND: usize = 1;
/// What a slow client sends at once.
const PIECE: usize = 8;
/// How much others are answered between two pieces of a slow client.
const ANSWERS_A_PIECE: usize = 10;
/// The longest that an answer may take: before the server sends away who says nothing, which would
/// make room.
const ANSWER_MAX: Duration = Duration::from_secs(10);

#[test]
#[ignore = "needs the server: cargo xtask test --only crash"]
fn sqlite_crowd_holds_nobody_up() {
    crowd(&Sqlite::new());
}

#[test]
#[ignore = "needs the server and PostgreSQL: cargo xtask test --only crash"]
fn postgres_crowd_holds_nobody_up() {
    crowd(&Postgres::new("KUMARI_POSTGRES"));
}

fn crowd(place: &impl Place) {
    let (database, key) = (place.database(), place.key());
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let address = server.base.strip_prefix("http://").expect("an address");

    let rounds = usize::try_from(crate::rounds()).expect("a number of rounds");
    let idle = rounds * IDLE_A_ROUND;
    rlimit::increase_nofile_limit(u64::MAX).expect("as many files as may be");
    let idle: Vec<TcpStream> = (0..idle).map(|number| sit_down(address, number)).collect();
    let sent = grants("slow").take(rounds * SLOW_A_ROUND);
    let mut slow: Vec<Slow> = sent.map(|sent| Slow::begin(address, &key, sent)).collect();

    let seed = Rng::with_seed(crate::seed()).u64(..);
    let load = Load::start(std::slice::from_ref(&client), "crowd", seed, Unanswered::Leave);
    while slow.iter_mut().map(Slow::go_on).fold(false, |any, one| any | one) {
        load.wait_for(ANSWERS_A_PIECE);
    }
    let mut sent = load.end();
    sent.extend(slow.into_iter().map(Slow::end));
    Witness::default().check(&client, database, &sent);
    idle.into_iter().for_each(get_up);
}

/// A connection that then says nothing, or nothing more: every second one has asked something.
fn sit_down(address: &str, number: usize) -> TcpStream {
    let mut stream = connect(address);
    if number.is_multiple_of(2) {
        stream.write_all(&ask(address)).expect("the server reads");
        assert!(is_answered(&mut stream), "the server answers");
    }
    stream
}

/// Whoever sat long enough was sent away, without half an answer; everybody else is served.
fn get_up(mut stream: TcpStream) {
    let peer = stream.peer_addr().expect("a connection").to_string();
    if let Err(fault) = stream.write_all(&ask(&peer)) {
        assert!(is_end(fault.kind()), "{fault}");
    } else {
        is_answered(&mut stream);
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(ANSWER_MAX)).expect("a limit");
    stream
}

fn ask(address: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes()
}

/// Whether the whole answer came; if not, the connection has ended without any of it.
fn is_answered(stream: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    let mut piece = [0; 1_024];
    while !answer.ends_with(b"\r\n\r\nok\n") {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(fault) if is_end(fault.kind()) => break,
            Err(fault) => panic!("no answer: {fault}"),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || text.ends_with("ok\n") || text.contains(" 408 "), "{text}");
    text.ends_with("ok\n")
}

fn is_end(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// A client that sends a command in small pieces.
struct Slow {
    stream: TcpStream,
    left: Vec<u8>,
    sent: Sent,
}

impl Slow {
    fn begin(address: &str, key: &str, sent: Sent) -> Self {
        let body = sent.body.to_string();
        let (path, length) = (sent.path(), body.len());
        let left = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{body}"
        );
        Self { stream: connect(address), left: left.into_bytes(), sent }
    }

    /// Sends a piece, and says whether there is more.
    fn go_on(&mut self) -> bool {
        let piece: Vec<u8> = self.left.drain(..PIECE.min(self.left.len())).collect();
        self.stream.write_all(&piece).expect("the server reads");
        !self.left.is_empty()
    }

    /// What was sent, with its answer.
    fn end(mut self) -> Sent {
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).expect("the server answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
        assert!(head.starts_with("HTTP/1.1 201 "), "{answer}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        Sent { answer: Some(body["answer"].clone()), ..self.sent }
    }
}
