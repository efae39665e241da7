//! The oracle: a second ledger, written from the rules without the engine's code, against the
//! engine, the memory store, SQLite and PostgreSQL.
//!
//! Random histories (see `history`) go through all of them, and every answer and every balance
//! must be the same. `ledger.py` is the second ledger; what is compared with it is what `view` says.
//! The stores are compared with the engine word for word, entries included.
//!
//! It is an example of this crate and not a program, so that what it needs is only built for tests.

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use fastrand::Rng;
use history::{History, Line, book};
use kumari_engine::price_book::PublishedBook;
use kumari_store::{
    MemoryStore, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use stores::Desk;

mod history;
mod stores;
mod view;

/// How far the second ledger may lag behind.
const WAITING_MAX: usize = 64;

#[derive(Parser)]
struct Arguments {
    /// How many histories.
    #[arg(long, default_value_t = 1_000)]
    cases: u32,
    /// The seed that they come from.
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
    /// Python, 3.11 or newer.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Every how many-th history PostgreSQL sees too. Its cluster is named by `KUMARI_POSTGRES`, as
    /// a URL without a database; without one it sees none.
    #[arg(long, default_value_t = 1)]
    postgres_every: u32,
}

/// A history, and what each of its lines must be answered with.
struct Told {
    number: u32,
    history: History,
    views: Vec<Value>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let Arguments { cases, seed, .. } = arguments;
    let published = book();
    let folder = folder()?;
    let desks = desks(folder.path(), arguments.postgres_every.max(1)).await?;

    let mut python = second_ledger(&arguments.python)?;
    let stdin = python.stdin.take().context("the second ledger has no standard input")?;
    let stdout = python.stdout.take().context("the second ledger has no standard output")?;
    let (tell, told) = sync_channel(WAITING_MAX);
    let comparing = std::thread::spawn(move || compare(&told, stdout));
    let asked = ask(&arguments, &published, &desks, BufWriter::new(stdin), tell).await;
    // A difference ends the second ledger too, so it is told before what that broke.
    match comparing.join() {
        Ok(compared) => compared.with_context(|| format!("seed {seed}"))?,
        Err(_) => bail!("comparing failed"),
    }
    let counts = asked?;
    if !python.wait()?.success() {
        bail!("the second ledger failed");
    }
    // Histories of which nearly all is denied, or in which something never happens, prove little.
    let missing: Vec<&str> =
        view::KINDS.into_iter().filter(|kind| !counts.contains_key(*kind)).collect();
    if cases >= 500 && !missing.is_empty() {
        bail!("no answer was {missing:?}; only {counts:?}");
    }
    for desk in &desks {
        desk.audit().await?;
    }
    let names: Vec<&str> = desks.iter().map(|desk| desk.name).collect();
    println!(
        "{cases} histories, {} commands, seed {seed}: second ledger, engine, {} agree; {counts:?}",
        counts.values().sum::<u64>(),
        names.join(", ")
    );
    Ok(())
}

/// Makes the histories, runs them through the engine and the stores, and asks the second ledger.
/// Counts the answers by kind.
async fn ask(
    arguments: &Arguments,
    published: &PublishedBook,
    desks: &[Desk],
    mut questions: BufWriter<ChildStdin>,
    tell: SyncSender<Told>,
) -> Result<BTreeMap<String, u64>> {
    let PublishedBook { version, book } = published;
    let rules = kumari_engine::RULES_VERSION;
    writeln!(questions, "{}", json!({"book": book, "version": version, "rules": rules}))?;
    let mut counts = BTreeMap::new();
    let mut rng = Rng::with_seed(arguments.seed);
    for number in 0..arguments.cases {
        let history = history::random(&mut rng, published, number)?;
        for line in &history.lines {
            for desk in desks.iter().filter(|desk| number.is_multiple_of(desk.every)) {
                let same = desk.run(line, published).await?;
                if same != line.outcome {
                    let other = format!("{} {same}", desk.name);
                    return Err(differs(number, &history, line, (&line.outcome, &other)));
                }
            }
            *counts.entry(view::kind(&line.outcome)).or_insert(0) += 1;
            writeln!(questions, "{}", line.for_the_second_ledger)?;
        }
        questions.flush()?;
        let mut viewer = view::Viewer::default();
        let views = history.lines.iter().map(|line| viewer.view(&line.outcome)).collect();
        if tell.send(Told { number, history, views }).is_err() {
            break;
        }
    }
    Ok(counts)
}

fn second_ledger(python: &Path) -> Result<Child> {
    Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/ledger.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", python.display()))
}

/// Compares what the second ledger says with what the engine said.
fn compare(told: &Receiver<Told>, answers: ChildStdout) -> Result<()> {
    let mut answers = BufReader::new(answers).lines();
    while let Ok(Told { number, history, views }) = told.recv() {
        for (line, engine) in history.lines.iter().zip(views) {
            let answer = answers.next().context("the second ledger stopped answering")??;
            let mut second: Value = serde_json::from_str(&answer)?;
            second.as_object_mut().context("not an object")?.remove("line");
            if second != engine {
                let other = format!("second ledger {second}");
                return Err(differs(number, &history, line, (&engine, &other)));
            }
        }
    }
    Ok(())
}

/// Two differ on a line.
fn differs(
    number: u32,
    history: &History,
    line: &Line,
    (engine, other): (&Value, &str),
) -> anyhow::Error {
    let file = keep(history).unwrap_or_else(|fault| format!("no file: {fault}"));
    let Line { number: line, text, .. } = line;
    anyhow!("history {number}, in {file}, line {line}: {text}\nengine {engine}\n{other}")
}

/// Keeps a history on which two differ, for `kumari-credits simulate`.
fn keep(history: &History) -> Result<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/oracle");
    std::fs::create_dir_all(folder)?;
    let file = format!("{folder}/differs.jsonl");
    let text: Vec<&str> = history.lines.iter().map(|line| line.text.as_str()).collect();
    std::fs::write(&file, text.join("\n"))?;
    Ok("target/oracle/differs.jsonl".to_owned())
}

/// A folder in memory where there is one: what is proved here is not durability.
fn folder() -> Result<tempfile::TempDir> {
    let shared = Path::new("/dev/shm");
    if shared.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(shared)
    {
        return Ok(folder);
    }
    Ok(tempfile::tempdir()?)
}

async fn desks(folder: &Path, postgres_every: u32) -> Result<Vec<Desk>> {
    let sqlite = SqliteStore::open(&folder.join("oracle.db"), SqliteOptions::default())?;
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut desks = vec![Desk::new("memory", memory, 1), Desk::new("SQLite", Arc::new(sqlite), 1)];
    if let Ok(cluster) = std::env::var("KUMARI_POSTGRES") {
        // The database that every new cluster has.
        let url = format!("{cluster}/postgres");
        let store = PostgresStore::open(&url, PostgresOptions::default()).await?;
        if !store.accounts(None, 1).await?.is_empty() {
            bail!("the cluster of KUMARI_POSTGRES has accounts; name a new one");
        }
        desks.push(Desk::new("PostgreSQL", Arc::new(store), postgres_every));
    }
    Ok(desks)
}
