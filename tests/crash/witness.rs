//! What the clients know, held against what the server has: every command that was answered is
//! there once, every other wholly or not at all, and the balances are those of the answers.
//!
//! It knows no rule of the ledger but two: a grant adds its amount, an end takes its charge.

use crate::client::{Client, credits};
use crate::load::{Sent, is_too_late};
use crate::server::{run, text};
use kumari_engine::amount::Credits;
use serde_json::Value;
use std::collections::BTreeMap;

/// A command or an end by time, as the journal has it: what it was, and the id of its action.
type Effect = (String, String);

/// The end of a leg whose hold's deadline came first.
const EXPIRED: &str = "expired";

/// What is known of one account.
#[derive(Default)]
struct Known {
    /// What the journal has, and how often.
    effects: BTreeMap<Effect, u32>,
    /// The last entry that was read.
    sequence: u64,
    /// All lots, by the answers.
    settled: Credits,
    /// How many commands took effect.
    commands: usize,
}

/// What the clients know of all accounts.
#[derive(Default)]
pub(crate) struct Witness {
    accounts: BTreeMap<String, Known>,
}

impl Witness {
    /// Takes what was sent since the last look, looks for it in the journal, and sends all of it
    /// again: nothing may happen twice.
    pub(crate) fn check(&mut self, client: &Client, database: &str, sent: &[Sent]) {
        for one in sent {
            self.accounts.entry(one.account.clone()).or_default();
        }
        self.read_journals(client);
        let mut effects = Vec::new();
        for one in sent {
            let known = self.known(&one.account);
            let times = known.effects.get(&effect_of(one, one.answer.as_ref())).copied();
            let times = times.unwrap_or(0);
            assert!(times <= 1, "{times} times: {one:?}");
            assert!(times == 1 || one.answer.is_none(), "answered, and lost: {one:?}");
            let again = one.send(client).unwrap_or_else(|| panic!("not answered: {one:?}"));
            assert!(times == 0 || again.status != 201, "done again: {one:?}: {again:?}");
            let answer = again.answer();
            if let Some(first) = &one.answer {
                assert_eq!(told(first), told(answer), "another answer: {one:?}");
            }
            self.known_mut(&one.account).learn(one, answer);
            effects.push((one, effect_of(one, Some(answer))));
        }
        self.read_journals(client);
        for (one, effect) in effects {
            assert_eq!(self.known(&one.account).effects.get(&effect), Some(&1), "{one:?}");
        }
        for (account, known) in &self.accounts {
            known.check(account, &client.read(&format!("/api/accounts/{account}/balance")));
        }
        audit(database);
    }

    /// All journals from their beginning: nothing that was there has changed its place, and nothing
    /// came but the ends of holds whose deadline came since.
    pub(crate) fn check_from_the_beginning(&mut self, client: &Client) {
        let before: Vec<_> = self.accounts.values().map(|known| known.effects.clone()).collect();
        for known in self.accounts.values_mut() {
            (known.effects, known.sequence) = (BTreeMap::new(), 0);
        }
        self.read_journals(client);
        for (before, known) in before.iter().zip(self.accounts.values_mut()) {
            known.effects.retain(|effect, _| effect.0 != EXPIRED || before.contains_key(effect));
            assert_eq!(*before, known.effects);
        }
    }

    /// What each account has in all of its lots, by the answers.
    pub(crate) fn settled(&self) -> impl Iterator<Item = (&str, Credits)> {
        self.accounts.iter().map(|(account, known)| (account.as_str(), known.settled))
    }

    fn read_journals(&mut self, client: &Client) {
        for (account, known) in &mut self.accounts {
            for entry in client.entries(account, known.sequence) {
                known.sequence += 1;
                assert_eq!(entry["sequence"], known.sequence, "{account}: an entry is missing");
                *known.effects.entry(effect_in(&entry["event"])).or_default() += 1;
            }
        }
    }

    fn known(&self, account: &str) -> &Known {
        &self.accounts[account]
    }

    fn known_mut(&mut self, account: &str) -> &mut Known {
        self.accounts.get_mut(account).expect("every account was made")
    }
}

impl Known {
    fn learn(&mut self, sent: &Sent, answer: &Value) {
        let (what, _) = effect_of(sent, Some(answer));
        let changed = match what.as_str() {
            "granted" => self.settled.add(credits(&sent.body["amount"])),
            "settled" => self.settled.sub(credits(&answer["ended"]["charge"])),
            _ => Ok(self.settled),
        };
        self.commands += usize::from(what != EXPIRED);
        self.settled = changed.expect("amounts are small");
    }

    fn check(&self, account: &str, balance: &Value) {
        let standing = &balance["standing"];
        let amount = |name: &str| credits(&standing[name]);
        assert_eq!(amount("settled"), self.settled, "{account}: {standing}");
        assert!(!amount("available").is_negative(), "{account}: {standing}");
        assert!(!amount("held").is_negative(), "{account}: {standing}");
        let sum = amount("available").add(amount("held")).expect("amounts are small");
        assert_eq!(sum, self.settled, "{account}: {standing}");
        let happened = self.effects.keys().filter(|(what, _)| what != EXPIRED).count();
        assert_eq!(happened, self.commands, "{account}: something that nobody asked for");
    }
}

/// What an answer tells that a repeat must tell too: a hold is answered as it is by now.
fn told(answer: &Value) -> Value {
    match answer.get("authorized") {
        Some(hold) => {
            Value::from_iter(["action_id", "amount", "at"].map(|name| hold[name].clone()))
        }
        None if is_too_late(answer) => answer["code"].clone(),
        None => answer.clone(),
    }
}

/// What a command leaves in the journal; one that came after its hold's deadline leaves something
/// else, and its answer says so.
fn effect_of(sent: &Sent, answer: Option<&Value>) -> Effect {
    let is_late = answer.is_some_and(|answer| answer["ended"]["kind"] == EXPIRED);
    let what = match sent.command {
        _ if answer.is_some_and(is_too_late) => EXPIRED,
        "grant" => "granted",
        "authorize" => "authorized",
        "settle" if is_late => "settled_late",
        "settle" => "settled",
        "void" => "voided",
        other => panic!("`{other}` is no command of the load"),
    };
    (what.to_owned(), sent.id.clone())
}

fn effect_in(event: &Value) -> Effect {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    match event["kind"].as_str() {
        Some("granted" | "settled_late") => (word(&event["kind"]), word(&event["action_id"])),
        Some("authorized") => (word(&event["kind"]), word(&event["hold"]["action_id"])),
        Some("leg_ended") => (word(&event["end"]["kind"]), word(&event["action_id"])),
        _ => panic!("nobody asked for {event}"),
    }
}

/// What is stored is what the journal makes.
#[track_caller]
pub(crate) fn audit(database: &str) {
    let audited = run(&["audit", "--json", "--database", database]);
    let (out, words) = (text(&audited.stdout), text(&audited.stderr));
    assert_eq!(audited.status.code(), Some(0), "{out}\n{words}");
}
