//! What is sent, and whether the answer is the right one: status, action, charge, every time.

use crate::backend::{Connection, Reply};
use anyhow::{Context as _, Result, bail, ensure};
use kumari_engine::amount::Credits;
use kumari_engine::id::ModelId;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::PublishedBook;
use kumari_engine::rating::charge;
use kumari_engine::request::Task;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

const MODEL: &str = "gpt-6-luna";
/// What every account is given: more than any run spends.
const GRANTED: i64 = 1_000_000;

/// One action of an account: what it may and what it does use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action {
    pub(crate) account: u64,
    /// Its id, by number; unique in a run.
    pub(crate) number: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens_max: u64,
    pub(crate) output_tokens: u64,
}

/// What must be true of the database in the end: kept outside it.
pub(crate) struct Books {
    prices: PublishedBook,
    model: ModelId,
    /// Micro-credits charged, by account.
    charged: Vec<AtomicI64>,
    next: AtomicU64,
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<InBatch>,
}

#[derive(Deserialize)]
struct InBatch {
    status: u16,
    body: Option<Done>,
    problem: Option<Value>,
}

#[derive(Deserialize)]
struct Done {
    answer: Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Authorized(Held),
    Ended(End),
    Granted(Given),
}

#[derive(Deserialize)]
struct Held {
    action_id: String,
    amount: Credits,
}

#[derive(Deserialize)]
struct End {
    kind: String,
    charge: Option<Credits>,
}

#[derive(Deserialize)]
struct Given {
    amount: Credits,
}

#[derive(Deserialize)]
struct Balance {
    standing: Standing,
}

#[derive(Deserialize)]
struct Standing {
    settled: Credits,
    held: Credits,
}

/// One of the commands of a pair, or what comes before them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Grant,
    Authorize,
    Settle,
}

impl Books {
    /// Nothing charged to so many accounts, at the prices of the program's own book.
    pub(crate) fn new(accounts: u64) -> Result<Self> {
        let prices = kumari_wire::publish(include_str!("../../src/server/price-book.json"))?;
        let charged = (0..accounts).map(|_| AtomicI64::new(0)).collect();
        Ok(Self { prices, model: MODEL.parse()?, charged, next: AtomicU64::new(0) })
    }

    pub(crate) fn accounts(&self) -> u64 {
        self.charged.len() as u64
    }

    /// Room for more accounts.
    pub(crate) fn grow(&mut self, accounts: u64) {
        self.charged.resize_with(accounts as usize, || AtomicI64::new(0));
    }

    /// A number that no action has yet.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// An action of some account that uses something, by chance.
    pub(crate) fn some_action(&self, random: &mut fastrand::Rng, accounts: u64) -> Action {
        Action {
            account: random.u64(..accounts),
            number: self.number(),
            input_tokens: random.u64(1..=2_000),
            output_tokens_max: 1_000,
            output_tokens: random.u64(1..=1_000),
        }
    }

    /// Sends one command by itself, and checks its answer.
    pub(crate) async fn one(
        &self,
        connection: &mut Connection,
        verb: Verb,
        action: Action,
    ) -> Result<()> {
        let path = format!("/api/accounts/{}/{}", name(action.account), verb.name());
        let reply = connection.post(&path, verb.body(action).to_string().into_bytes()).await?;
        let done = read(&reply)?;
        self.check(verb, action, reply.status, done)
    }

    /// Sends many commands in one request, and checks each answer.
    pub(crate) async fn many(
        &self,
        connection: &mut Connection,
        verb: Verb,
        actions: &[Action],
    ) -> Result<()> {
        let command = |action: &Action| json!({ "account": name(action.account), "command": verb.name(), "body": verb.body(*action) });
        let commands: Vec<Value> = actions.iter().map(command).collect();
        let body = json!({ "commands": commands }).to_string().into_bytes();
        let reply = connection.post("/api/batch", body).await?;
        ensure!(reply.status == 200, "a batch was answered {}", said(&reply));
        let answers: Answers = serde_json::from_slice(&reply.body).context("a batch's answer")?;
        ensure!(answers.answers.len() == actions.len(), "not as many answers as commands");
        for (answer, action) in answers.answers.into_iter().zip(actions) {
            match answer.body {
                Some(done) => self.check(verb, *action, answer.status, done)?,
                None => bail!("{verb:?} in a batch: {} {:?}", answer.status, answer.problem),
            }
        }
        Ok(())
    }

    /// What every account has is what it was given without what it was charged, and nothing is
    /// held; so many accounts are looked at, evenly.
    pub(crate) async fn balances(&self, connection: &mut Connection, most: u64) -> Result<()> {
        let step = self.accounts().div_ceil(most).max(1);
        for account in (0..self.accounts()).step_by(step as usize) {
            self.balance(connection, account).await?;
        }
        Ok(())
    }

    /// The same of one account.
    pub(crate) async fn balance(&self, connection: &mut Connection, account: u64) -> Result<()> {
        let path = format!("/api/accounts/{}/balance", name(account));
        let reply = connection.get(&path).await?;
        ensure!(reply.status == 200, "a balance was answered {}", said(&reply));
        let standing = serde_json::from_slice::<Balance>(&reply.body)?.standing;
        let charged = self.charged.get(account as usize).context("no such account")?;
        let left = granted().as_micros() - charged.load(Ordering::Relaxed);
        ensure!(
            standing.settled.as_micros() == left && standing.held.as_micros() == 0,
            "{} has {} and holds {}, and must have {}",
            name(account),
            standing.settled,
            standing.held,
            Credits::from_micros(left)
        );
        Ok(())
    }

    fn check(&self, verb: Verb, action: Action, status: u16, done: Done) -> Result<()> {
        match (verb, status, done.answer) {
            (Verb::Grant, 201, Answer::Granted(given)) if given.amount == granted() => Ok(()),
            (Verb::Authorize, 201, Answer::Authorized(held)) => {
                ensure!(held.action_id == id(action.number), "the hold is another action's");
                ensure!(held.amount >= self.price(action)?, "less is held than it may cost");
                Ok(())
            }
            (Verb::Settle, 200, Answer::Ended(end)) if end.kind == "settled" => {
                let (price, charge) = (self.price(action)?, end.charge.context("no charge")?);
                ensure!(charge == price, "charged {charge}, and the price is {price}");
                let charged = self.charged.get(action.account as usize);
                let charged = charged.context("no such account")?;
                charged.fetch_add(charge.as_micros(), Ordering::Relaxed);
                Ok(())
            }
            (verb, status, _) => bail!("{verb:?} of {action:?} was answered {status}"),
        }
    }

    fn price(&self, action: Action) -> Result<Credits> {
        let usage = Usage::new([
            (Meter::InputTokens, action.input_tokens),
            (Meter::OutputTokens, action.output_tokens),
        ])
        .map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let price = self.prices.book.price(Task::Direct, &self.model).context("no price")?;
        Ok(charge(&price, &usage)?)
    }
}

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Authorize => "authorize",
            Self::Settle => "settle",
        }
    }

    fn body(self, action: Action) -> Value {
        let action_id = id(action.number);
        match self {
            Self::Grant => json!({ "action_id": action_id, "kind": "pack", "amount": granted() }),
            Self::Authorize => json!({
                "action_id": action_id,
                "request": {
                    "task": "direct",
                    "models": [MODEL],
                    "input_tokens": { "o200k_base": action.input_tokens },
                    "messages": 1,
                    "output_tokens_max": action.output_tokens_max,
                },
            }),
            Self::Settle => json!({
                "action_id": action_id,
                "leg": 0,
                "model": MODEL,
                "usage": {
                    "input_tokens": action.input_tokens,
                    "output_tokens": action.output_tokens,
                },
                "usage_source": "reported",
                "finish": "completed",
            }),
        }
    }
}

const fn granted() -> Credits {
    Credits::from_micros(GRANTED * 1_000_000)
}

fn name(account: u64) -> String {
    format!("account-{account}")
}

/// In the form of a UUIDv7; neighbours in time are neighbours in the database, as real ones are.
fn id(number: u64) -> String {
    format!("019ab5f0-0000-7000-8000-{number:012x}")
}

fn read(reply: &Reply) -> Result<Done> {
    serde_json::from_slice(&reply.body).with_context(|| format!("answered {}", said(reply)))
}

fn said(reply: &Reply) -> String {
    format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body))
}
