//! The benchmark of `kumari-credits backtest`: usage by the million, made from a seed, and what the
//! program takes to price it again.
//!
//! Token counts are those of a real hour of traffic where it is at hand, else made up. There is no
//! peer that does the same, so figures stand beside each other: all cores beside one, a long usage
//! beside a short one. A report that is not what it must be is no result.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use wait_timeout::ChildExt as _;

use crate::bench::{Began, Wish};
use crate::bench_ledger::build_server;
use crate::repository::{self, Repository};

/// One more is a fault of the program, not a slow machine.
const LIMIT: Duration = Duration::from_secs(1800);
/// How often the program is looked at. The system keeps the highest memory and counts its work, so
/// only what comes in its last moments is missed.
const LOOK: Duration = Duration::from_millis(5);

/// Models of the book inside the program; the last two are dear.
const MODELS: [&str; 5] =
    ["gpt-6-luna", "gemini-3.8-flash", "mistral-small-2603", "gpt-6-astra", "claude-opus-5-5"];

/// The system's clock of processes.
const TICKS_A_SECOND: f64 = 100.0;

const ACTIONS: &str = "actions/s";
/// Of two cores or more.
const SPEED: Option<Target> = Some(("at_least", 500_000.0, 1_000_000.0));

/// How much is measured.
struct Scale {
    actions: [u32; 3],
    customers: u32,
    many_customers: u32,
    repeats: usize,
}

/// A program and where it is measured.
struct Bench<'a> {
    program: &'a Path,
    folder: tempfile::TempDir,
    book: PathBuf,
    /// Tokens in and out.
    tokens: Vec<(u32, u32)>,
    seed: u64,
    /// What one has to know to read a speed.
    note: String,
    rows: Vec<Value>,
}

/// Which side of it is good, what must be shown, and where the product is going.
type Target = (&'static str, f64, f64);

/// One row of the result.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    /// Another figure of this run; then the target is for the ratio.
    beside: Option<f64>,
    target: Option<Target>,
    note: Option<String>,
}

impl Figure {
    fn new(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, unit, beside: None, target: None, note: None }
    }

    /// As a result has it.
    fn row(&self) -> Value {
        let mut row = serde_json::Map::new();
        row.insert("name".to_owned(), json!(self.name));
        row.insert("value".to_owned(), json!(self.value));
        row.insert("unit".to_owned(), json!(self.unit));
        if let Some(beside) = self.beside {
            row.insert("beside".to_owned(), json!({ "what": "row", "value": beside }));
        }
        if let Some((direction, target, stretch)) = self.target {
            let of_ratio = self.beside.is_some();
            let target = json!({ "of_ratio": of_ratio, "direction": direction, "target": target, "stretch": stretch });
            row.insert("target".to_owned(), target);
        }
        row.extend(self.note.as_ref().map(|note| ("note".to_owned(), json!(note))));
        Value::Object(row)
    }
}

fn peak(actions: u32, customers: u32) -> String {
    format!("peak memory, {actions} actions of {customers} customers")
}

/// What one run took.
struct Took {
    seconds: f64,
    /// Of user and system, in all its threads.
    cpu_seconds: f64,
    peak_bytes: f64,
    report: Value,
}

/// Builds the program for speed and measures.
///
/// # Errors
/// When something cannot be built or run, or a report was wrong.
pub(crate) fn run(repository: &Repository, wish: &Wish, output: &Path) -> Result<Value> {
    let program = build_server(repository, "release")?;
    let trace = wish.trace(repository)?;
    measure(repository, &program, (wish.length(), wish.seed), trace.as_deref(), output)
}

/// Measures, and reads what it wrote with the conditions of the run.
///
/// # Errors
/// When the program cannot be run, or a report was wrong.
pub(crate) fn measure(
    repository: &Repository,
    program: &Path,
    (length, seed): (&str, u64),
    trace: Option<&Path>,
    output: &Path,
) -> Result<Value> {
    let began = Began::now();
    let folder = repository.path("target/bench");
    fs::create_dir_all(&folder)?;
    let folder = tempfile::tempdir_in(folder)?;
    let book = folder.path().join("dearer.json");
    write_dearer_book(repository, &book)?;
    let tokens = trace.map_or_else(|| Ok(made_up_tokens(seed)), tokens_of)?;
    let (note, rows) = (String::new(), Vec::new());
    let mut bench = Bench { program, folder, book, tokens, seed, note, rows };
    let not_measured: &[&str] = match trace {
        Some(_) => &[],
        None => &["token counts of a real hour: no file of it, so they are made up"],
    };
    bench.all(&Scale::of(length))?;
    let result = json!({ "rows": bench.rows, "not_measured": not_measured });
    repository::write(output, result.to_string().as_bytes())?;
    began.read(repository, "backtest", (length, seed), output)
}

impl Scale {
    fn of(length: &str) -> Self {
        let actions = [100_000, 1_000_000, 10_000_000];
        let usual = Self { actions, customers: 10_000, many_customers: 1_000_000, repeats: 3 };
        match length {
            "short" => Self {
                actions: [100, 1_000, 3_000],
                customers: 50,
                many_customers: 500,
                repeats: 1,
            },
            "full" => Self { repeats: 7, ..usual },
            _ => usual,
        }
    }
}

impl Bench<'_> {
    fn all(&mut self, scale: &Scale) -> Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.note = format!("{cores} cores");
        let [few, middle, most] = scale.actions;
        let usage = self.usage("usage.jsonl", few, scale.customers)?;
        let took = self.median(&usage, few, scale.repeats, &[])?;
        self.speed("JSON lines", few, &took, None);
        let first = took.peak_bytes;

        let usage = self.usage("usage.jsonl", middle, scale.customers)?;
        let took = self.median(&usage, middle, scale.repeats, &[])?;
        self.speed("JSON lines", middle, &took, SPEED);
        let second = took.peak_bytes;
        let alone = self.median(&usage, middle, scale.repeats, &["--threads", "1"])?;
        ensure!(alone.report == took.report, "one thread comes to another report");
        let cores = f64::from(u32::try_from(cores)?);
        self.add(&Figure {
            beside: Some(f64::from(middle) / alone.seconds),
            target: Some(("at_least", (0.7 * cores).max(1.0), cores)),
            note: Some(self.note.clone()),
            ..Figure::new("all cores beside one thread", f64::from(middle) / took.seconds, ACTIONS)
        });
        let usage = self.usage("usage.csv", middle, scale.customers)?;
        let csv = self.median(&usage, middle, scale.repeats, &[])?;
        ensure!(csv.report == took.report, "CSV comes to another report");
        self.speed("CSV", middle, &csv, SPEED);
        for (what, took) in [("JSON lines", &took), ("CSV", &csv)] {
            let micros = took.cpu_seconds / f64::from(middle) * 1e6;
            self.add(&Figure {
                target: Some(("at_most", 2.0, 1.0)),
                ..Figure::new(&format!("CPU for an action, {what}"), micros, "µs")
            });
        }

        let usage = self.usage("usage.jsonl", most, scale.customers)?;
        let took = self.median(&usage, most, 1, &[])?;
        self.speed("JSON lines", most, &took, SPEED);
        for (actions, bytes) in [(few, first), (middle, second)] {
            self.add(&Figure::new(&peak(actions, scale.customers), bytes / 1e6, "MB"));
        }
        self.add(&Figure {
            beside: Some(second / 1e6),
            target: Some(("at_most", 1.2, 1.05)),
            ..Figure::new(&peak(most, scale.customers), took.peak_bytes / 1e6, "MB")
        });

        let usage = self.usage("usage.jsonl", most, scale.many_customers)?;
        let took = self.median(&usage, most, 1, &[])?;
        self.speed(&format!("JSON lines of {} customers", scale.many_customers), most, &took, None);
        self.add(&Figure {
            target: Some(("at_most", 200.0, 120.0)),
            ..Figure::new(&peak(most, scale.many_customers), took.peak_bytes / 1e6, "MB")
        });
        Ok(())
    }

    fn speed(&mut self, what: &str, actions: u32, took: &Took, target: Option<Target>) {
        let name = format!("{what}, {actions} actions");
        let per_second = f64::from(actions) / took.seconds;
        let note = Some(self.note.clone());
        self.add(&Figure { target, note, ..Figure::new(&name, per_second, ACTIONS) });
    }

    /// Keeps a figure, and says it at once: a run takes minutes.
    fn add(&mut self, figure: &Figure) {
        println!("{}: {:.1} {}", figure.name, figure.value, figure.unit);
        self.rows.push(figure.row());
    }

    /// The run of the middle speed out of some.
    fn median(&self, usage: &Path, actions: u32, repeats: usize, more: &[&str]) -> Result<Took> {
        let mut all = (0..repeats).map(|_| self.once(usage, more)).collect::<Result<Vec<_>>>()?;
        for took in &all {
            let legs = took.report.get("legs").and_then(Value::as_u64);
            ensure!(legs == Some(actions.into()), "{legs:?} of {actions} legs were counted");
        }
        all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        ensure!(!all.is_empty(), "nothing was measured");
        Ok(all.swap_remove(all.len() / 2))
    }

    fn once(&self, usage: &Path, more: &[&str]) -> Result<Took> {
        let answer = self.folder.path().join("answer.json");
        let mut command = std::process::Command::new(self.program);
        command.arg("backtest").arg(usage).arg("--book").arg(&self.book);
        command.args(["--against", "built-in", "--json"]).args(more);
        command.stdout(File::create(&answer)?).stderr(Stdio::inherit());
        let began = Instant::now();
        let mut child = command.spawn().context("cannot start the program")?;
        let (mut peak_bytes, mut cpu_seconds) = (0.0_f64, 0.0_f64);
        let status = loop {
            peak_bytes = peak_of(child.id()).unwrap_or(0.0).max(peak_bytes);
            cpu_seconds = cpu_of(child.id()).unwrap_or(0.0).max(cpu_seconds);
            if let Some(status) = child.wait_timeout(LOOK)? {
                break status;
            }
            if began.elapsed() > LIMIT {
                child.kill()?;
                child.wait()?;
                bail!("a backtest took longer than {} s", LIMIT.as_secs());
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        ensure!(status.success(), "a backtest ended with {status}");
        let report = serde_json::from_str(&fs::read_to_string(answer)?)?;
        Ok(Took { seconds, cpu_seconds, peak_bytes, report })
    }

    /// A file of so many legs; the same for the same seed, whatever the format.
    fn usage(&self, name: &str, actions: u32, customers: u32) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        let mut file = BufWriter::new(File::create(&path)?);
        let is_csv = name.ends_with(".csv");
        if is_csv {
            writeln!(file, "customer,at,task,model,input_tokens,output_tokens,cost_usd,charged")?;
        }
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut tokens = self.tokens.iter().cycle();
        for number in 0..actions {
            let (input, output) = *tokens.next().context("no token counts")?;
            // As long as the ids of accounts are.
            let customer = random.u32(..customers);
            let customer = format!("01939f00-0000-7000-8000-{customer:012}");
            let at = format!(
                "2026-11-{:02}T{:02}:{:02}:{:02}Z",
                1 + number / 864_000 % 28,
                number / 36_000 % 24,
                number / 600 % 60,
                number / 10 % 60
            );
            let model = MODELS.get(random.usize(..MODELS.len())).copied().unwrap_or_default();
            let cost = format!("0.{:06}", random.u32(1..50_000));
            // Every second leg says what was charged, the others are priced twice.
            let charged =
                if number % 2 == 0 { format!("{}", random.u32(1..9)) } else { String::new() };
            if is_csv {
                writeln!(file, "{customer},{at},direct,{model},{input},{output},{cost},{charged}")?;
            } else {
                let charged =
                    if charged.is_empty() { charged } else { format!(r#","charged":"{charged}""#) };
                writeln!(
                    file,
                    r#"{{"customer":"{customer}","at":"{at}","task":"direct","model":"{model}","usage":{{"input_tokens":{input},"output_tokens":{output}}},"cost_usd":"{cost}"{charged}}}"#
                )?;
            }
        }
        file.flush()?;
        Ok(path)
    }
}

/// The most memory that a process has had so far, in bytes.
fn peak_of(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u32 = line.trim().split(' ').next()?.parse().ok()?;
    Some(f64::from(kib) * 1024.0)
}

/// What a process has worked so far, in seconds.
fn cpu_of(id: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    // The 14th and the 15th field, which are the 12th and the 13th after the name.
    let mut ticks = after_name.split(' ').skip(11).map(str::parse::<u32>);
    Some((f64::from(ticks.next()?.ok()?) + f64::from(ticks.next()?.ok()?)) / TICKS_A_SECOND)
}

/// The book inside the program with another base price.
fn write_dearer_book(repository: &Repository, to: &Path) -> Result<()> {
    let text = fs::read_to_string(repository.path("src/server/price-book.json"))?;
    let mut book: Value = serde_json::from_str(&text)?;
    let base = book.pointer_mut("/tasks/0/offers/0/per_request").context("no base price")?;
    *base = json!("0.3");
    repository::write(to, book.to_string().as_bytes())
}

/// `TIMESTAMP,ContextTokens,GeneratedTokens`.
fn tokens_of(trace: &Path) -> Result<Vec<(u32, u32)>> {
    let text =
        fs::read_to_string(trace).with_context(|| format!("cannot read `{}`", trace.display()))?;
    let tokens = |line: &str| {
        let mut counts = line.split(',').skip(1).map(|count| count.trim().parse().ok());
        Some((counts.next()??, counts.next()??))
    };
    let all = text.lines().skip(1);
    all.map(|line| tokens(line).with_context(|| format!("not a request: `{line}`"))).collect()
}

/// Many short requests and a few long ones.
fn made_up_tokens(seed: u64) -> Vec<(u32, u32)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut one = |bits: u32| 1 + (random.u32(..1 << bits) >> random.u32(..bits));
    (0..20_000).map(|_| (one(13), one(10))).collect()
}
