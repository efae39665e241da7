//! A backend's connection to the server: commands, and what an account has.

use kumari_engine::amount::Credits;
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;

/// Longer than the server may take for any request.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The most entries that one answer may have.
const PAGE: usize = 1_000;

/// One connection.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    key: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// Whether it says when to try again.
    pub(crate) retry_after: bool,
}

impl Reply {
    /// What a command is told: its answer, or why not.
    pub(crate) fn answer(&self) -> &Value {
        self.body.get("answer").unwrap_or(&self.body)
    }
}

/// No answer came: what was asked may have happened or not.
#[derive(Debug)]
pub(crate) struct NoAnswer;

impl Client {
    /// A connection to the server at `base`, with a service key.
    pub(crate) fn new(base: &str, key: &str) -> Self {
        let config =
            Agent::config_builder().timeout_global(Some(ANSWER_MAX)).http_status_as_error(false);
        Self { agent: config.build().into(), base: base.to_owned(), key: key.to_owned() }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Reply, NoAnswer> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("authorization", format!("Bearer {}", self.key));
        read(request.send_json(body))
    }

    pub(crate) fn get(&self, path: &str) -> Result<Reply, NoAnswer> {
        let request = self.agent.get(format!("{}{path}", self.base));
        // Who asks whether the server lives shows no key: looking one up needs the database.
        read(match path.starts_with("/api/") {
            true => request.header("authorization", format!("Bearer {}", self.key)).call(),
            false => request.call(),
        })
    }

    /// What the server must be able to answer.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> Value {
        let reply = self.get(path).expect("the server answers");
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// The journal of an account after an entry, to its end.
    pub(crate) fn entries(&self, account: &str, mut after: u64) -> Vec<Value> {
        let mut entries = Vec::new();
        loop {
            let path = format!("/api/accounts/{account}/entries?after={after}&limit={PAGE}");
            let page = self.read(&path);
            let page = page["entries"].as_array().expect("a list of entries");
            entries.extend(page.iter().cloned());
            if page.len() < PAGE {
                return entries;
            }
            after = entries.last().and_then(|entry| entry["sequence"].as_u64()).expect("a number");
        }
    }
}

fn read(sent: Result<Response<ureq::Body>, ureq::Error>) -> Result<Reply, NoAnswer> {
    let mut response = sent.map_err(|_| NoAnswer)?;
    let retry_after = response.headers().contains_key("retry-after");
    let status = response.status().as_u16();
    // An answer that breaks off is none.
    let text = response.body_mut().read_to_string().map_err(|_| NoAnswer)?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Reply { status, body, retry_after })
}

/// An amount of a document.
#[track_caller]
pub(crate) fn credits(value: &Value) -> Credits {
    serde_json::from_value(value.clone()).unwrap_or_else(|fault| panic!("{value}: {fault}"))
}
