//! Builds `src/browser` into the modules of the npm package.
//!
//! One crate, four modules by cargo feature, so that a page loads only what it uses: `rules`,
//! `client` (rules and everything that talks to a server), `tokens` and `documents`. Each is compiled for
//! wasm32, bound to JavaScript by wasm-bindgen (as a library, pinned by Cargo.lock) and shrunk:
//! the module by binaryen's wasm-opt, its script by terser (both pinned by package-lock.json). The
//! result lies in `pkg/dist`.
//!
//! Cargo decides whether anything needs compiling; a module whose compiled bytes are the ones of
//! the last time is left as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::progress::{self, seconds};
use crate::repository::{self, Repository};
use crate::wasm_target::{Route, TARGET};

/// A module of the npm package.
pub(crate) struct Module {
    /// Its name, also the crate's feature and the name of its files.
    pub(crate) name: &'static str,
    /// What script and wasm together should weigh with gzip, in bytes.
    pub(crate) gzip_bytes_target: usize,
    /// What they weigh today on the heavier of the two routes, and a little more: from here they
    /// only shrink, until the target is met and this is the target.
    pub(crate) gzip_bytes_max: usize,
}

/// The modules, in the order in which a page loads them.
pub(crate) const MODULES: [Module; 5] = [
    Module { name: "rules", gzip_bytes_target: 60_000, gzip_bytes_max: 60_000 },
    Module { name: "client", gzip_bytes_target: 100_000, gzip_bytes_max: 100_500 },
    Module { name: "prepared", gzip_bytes_target: 65_000, gzip_bytes_max: 65_000 },
    Module { name: "tokens", gzip_bytes_target: 40_000, gzip_bytes_max: 40_000 },
    Module { name: "documents", gzip_bytes_target: 100_000, gzip_bytes_max: 114_000 },
];

/// Where built files land.
pub(crate) const DIST: &str = "pkg/dist";

/// A first build compiles the standard library too, on the Debian route.
const COMPILE_LIMIT: Duration = Duration::from_secs(1200);
const OPTIMIZE_LIMIT: Duration = Duration::from_secs(300);

/// How wasm-opt is called: small, in two rounds with a look at what values can be between them,
/// without what only tools read, and with what rustc and wasm-bindgen may emit; every browser of
/// the last years has these features. Only small functions are inlined: without that the module is
/// slower and larger, and one with every function inlined into its one caller is smaller, and a
/// sixth larger after gzip. The lowest kilobyte is the far end of the stack, which nothing reaches.
const WASM_OPT: [&str; 18] = [
    "-O3",
    "--gufa",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--always-inline-max-function-size=8",
    "--one-caller-inline-max-function-size=30",
    "--flexible-inline-max-function-size=40",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// How terser is called: what a module keeps to itself gets short names. The comment that stays
/// tells a runtime where the types are; the documentation is in them. Nothing is said to the console,
/// which would be of calls that the package does not make.
const TERSER: [&str; 6] = [
    "--module",
    "--compress",
    "drop_console=true,passes=3",
    "--mangle",
    "--comments",
    "/@ts-self-types/",
];

impl Module {
    /// The files of the module in `pkg/dist`.
    pub(crate) fn files(&self) -> [String; 3] {
        let name = self.name;
        [format!("{name}.js"), format!("{name}.d.ts"), format!("{name}_bg.wasm")]
    }
}

/// Builds all modules; those that are up to date cost a look.
///
/// # Errors
/// When a module cannot be compiled, bound or shrunk; the message has the program's own words.
pub(crate) fn build(repository: &Repository, route: &Route) -> Result<()> {
    for module in &MODULES {
        let compiled = compile(repository, route, module)?;
        if is_up_to_date(repository, module, &compiled)? {
            println!("     wasm {} is up to date", module.name);
        } else {
            bind_and_shrink(repository, module, &compiled)?;
        }
    }
    Ok(())
}

/// Compiles one module, and answers where its raw wasm lies.
fn compile(repository: &Repository, route: &Route, module: &Module) -> Result<PathBuf> {
    let mut command = route.cargo_build(repository);
    command
        .args(["--package", "kumari-browser", "--profile", "wasm", "--no-default-features"])
        .args(["--features", module.name]);
    let title = format!("compile wasm {} ({})", module.name, route.name());
    let ran = progress::run(repository, &title, &mut command, COMPILE_LIMIT)?;
    if !ran.passed {
        bail!("compiling wasm {} {}:\n{}", module.name, ran.how_it_ended(), ran.output_tail());
    }
    // The five features leave their result at one place, so it is taken away before the next.
    let made = repository
        .path("target/wasm")
        .join(route.name())
        .join(TARGET)
        .join("wasm/kumari_browser.wasm");
    let taken = work_folder(repository, module).join("compiled.wasm");
    let bytes = fs::read(&made).with_context(|| format!("no wasm at `{}`", made.display()))?;
    repository::write(&taken, &bytes)?;
    Ok(taken)
}

/// The compiled bytes are those that the files in `pkg/dist` were made from, by the same tools.
fn is_up_to_date(repository: &Repository, module: &Module, compiled: &Path) -> Result<bool> {
    let folder = work_folder(repository, module);
    let dist = repository.path(DIST);
    let same_bytes = fs::read(folder.join("bound.wasm")).ok() == Some(fs::read(compiled)?);
    let same_tools = fs::read_to_string(folder.join("tools.txt")).ok() == Some(tools(repository)?);
    Ok(same_bytes && same_tools && module.files().iter().all(|file| dist.join(file).exists()))
}

fn bind_and_shrink(repository: &Repository, module: &Module, compiled: &Path) -> Result<()> {
    let started = Instant::now();
    let folder = work_folder(repository, module);
    let bound = folder.join("bound");
    if bound.exists() {
        fs::remove_dir_all(&bound).context("cannot empty the work folder")?;
    }
    Bindgen::new()
        .input_path(compiled)
        .out_name(module.name)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)?
        .generate(&bound)
        .with_context(|| format!("wasm-bindgen cannot bind wasm {}", module.name))?;
    if bound.join("snippets").exists() {
        bail!(
            "a crate of wasm {} brings JavaScript files of its own (`{}`), which pkg does not ship",
            module.name,
            bound.join("snippets").display()
        );
    }
    let [script, types, wasm] = module.files();
    let title = format!("wasm-opt {}", module.name);
    let small_wasm = shrink(repository, &title, "wasm-opt", &WASM_OPT, &bound.join(&wasm))?;
    let title = format!("terser {}", module.name);
    let small_script = shrink(repository, &title, "terser", &TERSER, &bound.join(&script))?;
    let dist = repository.path(DIST);
    repository::write(&dist.join(&types), &fs::read(bound.join(&types))?)?;
    repository::write(&dist.join(&script), &small_script)?;
    repository::write(&dist.join(&wasm), &small_wasm)?;
    // Written last: a run that was stopped on the way does its work again.
    repository::write(&folder.join("bound.wasm"), &fs::read(compiled)?)?;
    repository::write(&folder.join("tools.txt"), tools(repository)?.as_bytes())?;
    println!("     wasm {} bound and shrunk ({})", module.name, seconds(started.elapsed()));
    Ok(())
}

/// What a program of the npm packages makes of a file.
fn shrink(
    repository: &Repository,
    title: &str,
    program: &str,
    arguments: &[&str],
    file: &Path,
) -> Result<Vec<u8>> {
    let shrunk = file.with_added_extension("shrunk");
    let mut command = repository.command(repository.path("node_modules/.bin").join(program));
    // What takes a list of values would take the file for one more.
    command.arg(file).args(arguments).arg("-o").arg(&shrunk);
    let ran = progress::run(repository, title, &mut command, OPTIMIZE_LIMIT)?;
    if !ran.passed {
        bail!("{title} {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    fs::read(&shrunk).with_context(|| format!("{title} left no `{}`", shrunk.display()))
}

fn work_folder(repository: &Repository, module: &Module) -> PathBuf {
    repository.path("target/wasm/modules").join(module.name)
}

/// What the result depends on besides the compiled bytes.
fn tools(repository: &Repository) -> Result<String> {
    let version = |package: &str| -> Result<String> {
        let file = repository.path("node_modules").join(package).join("package.json");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("no {package} at `{}`; run: npm ci", file.display()))?;
        let package: serde_json::Value = serde_json::from_str(&text)?;
        let version = package.get("version").and_then(serde_json::Value::as_str);
        Ok(version.unwrap_or("?").to_owned())
    };
    let (binaryen, terser) = (version("binaryen")?, version("terser")?);
    let bindgen = wasm_bindgen_shared::SCHEMA_VERSION;
    let (wasm_opt, minify) = (WASM_OPT.join(" "), TERSER.join(" "));
    Ok(format!("wasm-bindgen {bindgen}, binaryen {binaryen} {wasm_opt}, terser {terser} {minify}"))
}
