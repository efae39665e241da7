//! Clients under whose feet things break: each sends commands one after the other and writes down
//! every answer.

use crate::client::{Client, Reply};
use fastrand::Rng;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Accounts beside the one on which everybody works.
const ACCOUNTS: usize = 24;
/// Clients at once.
const CLIENTS: u64 = 8;
/// The longest that commands may go unanswered while something is broken and mended.
const RECOVERY_MAX: Duration = Duration::from_secs(60);
/// How long a client waits that was told to try again.
const PAUSE: Duration = Duration::from_millis(10);

/// A command that was sent, and the first answer that came to it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) account: String,
    /// The last word of its address.
    pub(crate) command: &'static str,
    pub(crate) id: String,
    pub(crate) body: Value,
    /// Absent where none came: it may have happened or not.
    pub(crate) answer: Option<Value>,
}

/// What a client does whose command is not answered, or with 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It goes home: the server is dead.
    Leave,
    /// It sends the same again, as it is told to.
    SendAgain,
}

/// Clients at work.
pub(crate) struct Load {
    clients: Vec<JoinHandle<Vec<Sent>>>,
    answers: Receiver<()>,
    enough: Arc<AtomicBool>,
}

struct Worker {
    client: Client,
    rng: Rng,
    name: String,
    /// The account on which all clients of this load work. Another load has another, or one account
    /// would have more lots in the end than it may.
    hot: String,
    unanswered: Unanswered,
    answered: Sender<()>,
    enough: Arc<AtomicBool>,
    sent: Vec<Sent>,
}

impl Load {
    /// Starts clients of those servers in turn. `name` begins every id, so no two loads share one.
    pub(crate) fn start(servers: &[Client], name: &str, seed: u64, unanswered: Unanswered) -> Self {
        let (tell, answers) = channel();
        let enough = Arc::new(AtomicBool::new(false));
        let mut seeds = Rng::with_seed(seed);
        let clients = servers.iter().cycle().zip(0..CLIENTS).map(|(client, number)| {
            let worker = Worker {
                client: client.clone(),
                rng: seeds.fork(),
                name: format!("{name}-{number}"),
                hot: format!("{name}-hot"),
                unanswered,
                answered: tell.clone(),
                enough: Arc::clone(&enough),
                sent: Vec::new(),
            };
            std::thread::spawn(move || worker.work())
        });
        Self { clients: clients.collect(), answers, enough }
    }

    /// Waits until so many more answers have come.
    pub(crate) fn wait_for(&self, answers: usize) {
        for _ in 0..answers {
            self.answers.recv_timeout(RECOVERY_MAX).expect("commands are answered");
        }
    }

    /// No more commands: what was sent, in each client's order.
    pub(crate) fn end(self) -> Vec<Sent> {
        self.enough.store(true, Ordering::SeqCst);
        let join = |client: JoinHandle<Vec<Sent>>| {
            client.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault))
        };
        self.clients.into_iter().flat_map(join).collect()
    }
}

impl Worker {
    fn work(mut self) -> Vec<Sent> {
        let mut number = 0_u64;
        while !self.enough.load(Ordering::SeqCst) {
            number += 1;
            let account = match self.rng.bool() {
                true => self.hot.clone(),
                false => cold(self.rng.usize(..ACCOUNTS)),
            };
            let id = format!("{}-{number}", self.name);
            let (given, action) = (format!("{id}-grant"), format!("{id}-send"));
            let went_on = self.send(&account, "grant", &given, grant(&given))
                && self.send(&account, "authorize", &action, authorize(&action))
                && match self.rng.u8(..4) {
                    // Its hold stays open.
                    0 => true,
                    1 => self.send(&account, "void", &action, void(&action)),
                    _ => {
                        let output = self.rng.u32(1..200);
                        self.send(&account, "settle", &action, settle(&action, output))
                    }
                };
            if !went_on {
                break;
            }
        }
        self.sent
    }

    /// Whether it was answered.
    fn send(&mut self, account: &str, command: &'static str, id: &str, body: Value) -> bool {
        let (account, id) = (account.to_owned(), id.to_owned());
        let mut sent = Sent { account, command, id, body, answer: None };
        let begun = Instant::now();
        while sent.answer.is_none() {
            match sent.send(&self.client) {
                Some(reply) => sent.answer = Some(reply.answer().clone()),
                None if self.unanswered == Unanswered::Leave => break,
                None => {
                    assert!(begun.elapsed() < RECOVERY_MAX, "no answer any more: {sent:?}");
                    std::thread::sleep(PAUSE);
                }
            }
        }
        let is_answered = sent.answer.is_some();
        self.sent.push(sent);
        // Nobody may count any more.
        let _ = self.answered.send(());
        is_answered
    }
}

impl Sent {
    /// Where it is sent.
    pub(crate) fn path(&self) -> String {
        format!("/api/accounts/{}/{}", self.account, self.command)
    }

    /// Sends it, once. Nothing where no answer came, or that the server cannot at the moment; any
    /// other "no" is a surprise, but that a hold's deadline came first.
    #[track_caller]
    pub(crate) fn send(&self, client: &Client) -> Option<Reply> {
        let reply = client.post(&self.path(), &self.body).ok()?;
        if reply.status == 503 {
            assert!(reply.retry_after, "a 503 says when to try again: {reply:?}");
            return None;
        }
        let is_done = reply.status < 300 || self.command == "void" && is_too_late(&reply.body);
        assert!(is_done, "{self:?}: {reply:?}");
        Some(reply)
    }
}

/// Whether an answer says that the leg has ended, by its hold's deadline: the load ends none twice.
pub(crate) fn is_too_late(answer: &Value) -> bool {
    answer["code"] == "leg_already_ended"
}

/// Grants to one account, without end.
pub(crate) fn grants(name: &str) -> impl Iterator<Item = Sent> + use<> {
    let name = name.to_owned();
    (0_u64..).map(move |number| {
        let id = format!("{name}-{number}");
        let account = "account-of-grants".to_owned();
        Sent { account, command: "grant", body: grant(&id), id, answer: None }
    })
}

/// One of the others.
fn cold(number: usize) -> String {
    format!("account-{number}")
}

fn grant(id: &str) -> Value {
    json!({ "action_id": id, "kind": "promo", "amount": "5" })
}

fn authorize(id: &str) -> Value {
    let request = json!({
        "task": "direct",
        "models": ["gpt-6-luna"],
        "input_tokens": { "o200k_base": 100 },
        "messages": 1,
        "output_tokens_max": 200,
    });
    json!({ "action_id": id, "request": request })
}

fn settle(id: &str, output: u32) -> Value {
    json!({
        "action_id": id,
        "leg": 0,
        "model": "gpt-6-luna",
        "usage": { "input_tokens": 100, "output_tokens": output },
        "usage_source": "reported",
        "finish": "completed",
    })
}

fn void(id: &str) -> Value {
    json!({ "action_id": id, "leg": 0, "reason": "failed" })
}
