//! A compiler for `wasm32-unknown-unknown`, by one of two routes.
//!
//! `rustup`: the target of the toolchain that builds everything else. `debian`: the packages
//! rustc-web, cargo-web and rust-web-src, whose compiler builds the standard library itself; for
//! networks where rustup cannot download. Both keep their builds apart, or the two compilers would
//! rebuild each other's work.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::progress::{self, seconds};
use crate::repository::Repository;
use crate::system::{self, Missing};
use crate::version::Version;

/// The target's name.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// A download of the target takes a second or two; a closed network may hang.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Which route to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RouteChoice {
    /// rustup's target where it is there or can be had, else Debian's packages.
    Auto,
    /// Only rustup's target.
    Rustup,
    /// Only Debian's packages.
    Debian,
}

/// A route that is ready to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The toolchain that runs this program has the target.
    Rustup,
    /// Debian's compiler, with the linker to use.
    Debian {
        /// `rust-lld` of the rustup toolchain, or `lld` from Debian.
        linker: PathBuf,
    },
}

impl Route {
    /// The route in one word, also the name of its build folder.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian { .. } => "debian",
        }
    }

    /// `cargo build` for the target, as this route does it; the caller adds what to build.
    pub(crate) fn cargo_build(&self, repository: &Repository) -> Command {
        let mut command = match self {
            Self::Rustup => {
                let mut command = repository.cargo();
                command.arg("build");
                command
            }
            Self::Debian { linker } => {
                let mut command = repository.command(DEBIAN_CARGO);
                command
                    .env_remove("CARGO")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("RUSTC_WRAPPER")
                    // The standard library is built from source, which stable compilers hide.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTC", DEBIAN_RUSTC)
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .args(["build", "-Zbuild-std=std,panic_abort"]);
                command
            }
        };
        let folder = repository.path("target/wasm").join(self.name());
        command
            .args(["--target", TARGET, "--locked", "--target-dir"])
            .arg(folder)
            // Messages of panics name source files: say the same path on every machine.
            .env("CARGO_ENCODED_RUSTFLAGS", flags(repository));
        command
    }
}

/// Finds a route, or makes one.
///
/// # Errors
/// Only when a program or a log cannot be handled at all; a target that cannot be had is the inner
/// `Err`.
pub(crate) fn ready(
    repository: &Repository,
    choice: RouteChoice,
) -> Result<Result<Route, Missing>> {
    let rustup_allowed = choice != RouteChoice::Debian;
    let debian_allowed = choice != RouteChoice::Rustup;
    if rustup_allowed && toolchain_has_target(repository) {
        return Ok(Ok(Route::Rustup));
    }
    if debian_allowed && debian_compiler(repository) {
        return debian_with_linker(repository);
    }
    if rustup_allowed && which::which("rustup").is_ok() {
        let mut add = repository.command("rustup");
        add.args(["target", "add", TARGET]);
        let ran = progress::run(repository, "rustup target add", &mut add, RUSTUP_LIMIT)?;
        if ran.passed && toolchain_has_target(repository) {
            println!("     installed the target {TARGET} with rustup ({})", seconds(ran.took));
            return Ok(Ok(Route::Rustup));
        }
        println!("     rustup target add {TARGET} {}", ran.how_it_ended());
    }
    if !debian_allowed {
        return Ok(Err(Missing {
            what: format!("the compiler's target {TARGET} is missing and rustup could not add it"),
            command: format!("run: rustup target add {TARGET}"),
        }));
    }
    match system::install(repository, "a compiler for wasm32", &DEBIAN_PACKAGES)? {
        Ok(()) if debian_compiler(repository) => debian_with_linker(repository),
        Ok(()) => Ok(Err(Missing {
            what: format!("{DEBIAN_RUSTC} from Debian is too old, or its source is not there"),
            command: format!("run: rustup target add {TARGET}"),
        })),
        Err(missing) => Ok(Err(Missing {
            command: format!("run: rustup target add {TARGET} (or {})", missing.command),
            ..missing
        })),
    }
}

fn toolchain_has_target(repository: &Repository) -> bool {
    sysroot(repository.command("rustc"))
        .is_some_and(|root| root.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// Debian's compiler is there, new enough for this workspace, with its library's source.
fn debian_compiler(repository: &Repository) -> bool {
    let Some(oldest) = Version::find_in(env!("CARGO_PKG_RUST_VERSION")) else {
        return false;
    };
    let rustc = || {
        let mut command = repository.command(DEBIAN_RUSTC);
        command.env_remove("RUSTUP_TOOLCHAIN");
        command
    };
    let new_enough = Version::of(rustc().arg("--version")).is_some_and(|found| found >= oldest);
    let source = "lib/rustlib/src/rust/library/std/Cargo.toml";
    new_enough
        && Path::new(DEBIAN_CARGO).exists()
        && sysroot(rustc()).is_some_and(|root| root.join(source).exists())
}

fn debian_with_linker(repository: &Repository) -> Result<Result<Route, Missing>> {
    if let Some(linker) = linker(repository) {
        return Ok(Ok(Route::Debian { linker }));
    }
    Ok(match system::install(repository, "a linker for wasm32", &["lld"])? {
        Err(missing) => Err(missing),
        Ok(()) => linker(repository).map(|linker| Route::Debian { linker }).ok_or(Missing {
            what: "lld was installed, but there is no `wasm-ld` on PATH".to_owned(),
            command: "put the folder of `wasm-ld` on PATH".to_owned(),
        }),
    })
}

/// The linker of the rustup toolchain, or one of Debian's.
fn linker(repository: &Repository) -> Option<PathBuf> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    sysroot(repository.command("rustc"))
        .map(|root| root.join("lib/rustlib").join(host).join("bin/rust-lld"))
        .filter(|linker| linker.exists())
        .or_else(|| which::which("rust-lld").ok())
        .or_else(|| which::which("wasm-ld").ok())
}

fn sysroot(mut rustc: Command) -> Option<PathBuf> {
    let output = rustc.args(["--print", "sysroot"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

/// The flags of rustc: paths of this machine out of the module, SHA-256 in its small form (a price
/// book is hashed once, not a thousand times a second), and functions of a few instructions put into
/// their callers. At its smallest the compiler calls them, which is slower and, with all the calls,
/// larger: from 25 on estimates get faster and the module grows.
fn flags(repository: &Repository) -> OsString {
    let mut flags = remapped_paths(repository);
    let small_sha = ["--cfg", "sha2_backend_soft=\"compact\""];
    for flag in small_sha.into_iter().chain(["-Cllvm-args=--inline-threshold=25"]) {
        // The separator of CARGO_ENCODED_RUSTFLAGS, which allows spaces in paths.
        flags.push("\x1f");
        flags.push(flag);
    }
    flags
}

fn remapped_paths(repository: &Repository) -> OsString {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags = OsString::new();
    let places = [(cargo_home, "cargo"), (Some(repository.root().to_path_buf()), "kumari")];
    for (place, name) in places {
        if let Some(place) = place {
            if !flags.is_empty() {
                // The separator of CARGO_ENCODED_RUSTFLAGS, which allows spaces in paths.
                flags.push("\x1f");
            }
            flags.push("--remap-path-prefix=");
            flags.push(place);
            flags.push("=");
            flags.push(name);
        }
    }
    flags
}
