//! Node, npm and the packages of `package-lock.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::progress::{self, seconds};
use crate::repository::Repository;
use crate::system::{self, Missing};
use crate::version::Version;

/// What vite, the newest of the tools, asks for.
const NODE_OLDEST: Version = Version(20, 19, 0);
/// An npm 10 was seen to leave out optional packages that the lock file names.
const NPM_OLDEST: Version = Version(11, 0, 0);
/// What installs the packages where npm is older than that.
const NPM_INSTEAD: &str = "npm@11.19.1";
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// Finds a Node that is new enough, or installs Debian's where that is.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn ready(repository: &Repository) -> Result<Result<Version, Missing>> {
    if let Some(version) = found(repository) {
        return Ok(Ok(version));
    }
    let present = Version::of(repository.command("node").arg("--version"))
        .map_or_else(|| "is not there".to_owned(), |version| format!("is {version}, too old"));
    let by_hand = Missing {
        what: format!("node (with npm) {present}, {NODE_OLDEST} or newer is needed"),
        command: "install it from nodejs.org or with your system's packages".to_owned(),
    };
    let offered = system::version_on_offer(repository, "nodejs");
    let offered = offered.as_deref().and_then(Version::find_in);
    if offered.is_none_or(|version| version < NODE_OLDEST) {
        return Ok(Err(by_hand));
    }
    // Some builds of nodejs bring npm and conflict with a package of that name: so one by one.
    for package in ["nodejs", "npm"] {
        if let Err(missing) = system::install(repository, package, &[package])? {
            return Ok(Err(missing));
        }
        if let Some(version) = found(repository) {
            return Ok(Ok(version));
        }
    }
    Ok(Err(by_hand))
}

fn found(repository: &Repository) -> Option<Version> {
    Version::of(repository.command("npm").arg("--version"))?;
    Version::of(repository.command("node").arg("--version"))
        .filter(|version| *version >= NODE_OLDEST)
}

/// Brings `node_modules` to what the lock file says; quick when it is there already.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn packages_ready(repository: &Repository) -> Result<Result<(), Missing>> {
    packages_ready_in(repository, repository.root())
}

/// The same for a folder with a lock file of its own.
///
/// # Errors
/// Only when a program or a log cannot be handled at all.
pub(crate) fn packages_ready_in(
    repository: &Repository,
    folder: &Path,
) -> Result<Result<(), Missing>> {
    if packages_are_installed(folder) {
        return Ok(Ok(()));
    }
    let npm_is_old = Version::of(repository.command("npm").arg("--version"))
        .is_none_or(|version| version < NPM_OLDEST);
    let mut command = repository.command(if npm_is_old { "npx" } else { "npm" });
    if npm_is_old {
        command.args(["--yes", NPM_INSTEAD]);
    }
    command.arg("ci").current_dir(folder);
    let ran = progress::run(repository, "npm ci", &mut command, INSTALL_LIMIT)?;
    if !ran.passed {
        return Ok(Err(Missing {
            what: format!("npm ci {}", ran.how_it_ended()),
            command: format!("see `{}`", ran.log.display()),
        }));
    }
    let lock = folder.join("package-lock.json");
    let lock = lock.strip_prefix(repository.root()).unwrap_or(&lock);
    println!("     installed the npm packages of {} ({})", lock.display(), seconds(ran.took));
    Ok(Ok(()))
}

/// Every package that the lock file asks for is in `node_modules`, at its version.
///
/// Optional packages are left out: most of them are for other machines.
fn packages_are_installed(root: &Path) -> bool {
    let wanted = versions_in(&root.join("package-lock.json"));
    let present = versions_in(&root.join("node_modules/.package-lock.json"));
    match (wanted, present) {
        (Ok(wanted), Ok(present)) => {
            wanted.iter().all(|(path, version)| present.get(path) == Some(version))
        }
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// The packages of a lock file, each with its version; members of the workspace with none.
fn versions_in(lock: &Path) -> Result<BTreeMap<String, Option<String>>> {
    let text = fs::read_to_string(lock).with_context(|| format!("no `{}`", lock.display()))?;
    let lock: Value = serde_json::from_str(&text)?;
    let packages = lock.get("packages").and_then(Value::as_object).context("no packages")?;
    let optional = |package: &Value| {
        ["optional", "devOptional", "peer"]
            .iter()
            .any(|mark| package.get(mark).and_then(Value::as_bool) == Some(true))
    };
    Ok(packages
        .iter()
        .filter(|(path, package)| path.contains("node_modules/") && !optional(package))
        .map(|(path, package)| {
            let version = package.get("version").and_then(Value::as_str).map(str::to_owned);
            (path.clone(), version)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(lock: &str, installed: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("package-lock.json"), lock).unwrap();
        if let Some(installed) = installed {
            fs::create_dir(folder.path().join("node_modules")).unwrap();
            fs::write(folder.path().join("node_modules/.package-lock.json"), installed).unwrap();
        }
        folder
    }

    #[test]
    fn packages_are_installed_when_every_version_is_the_one_wanted() {
        let lock = r#"{"packages":{"":{"name":"x"},"pkg":{"version":"0.1.0"},
            "node_modules/@kumari/credits":{"resolved":"pkg","link":true},
            "node_modules/a":{"version":"1.0.0"},
            "node_modules/b-for-macs":{"version":"1.0.0","optional":true}}}"#;
        let same = r#"{"packages":{"node_modules/@kumari/credits":{"link":true},
            "node_modules/a":{"version":"1.0.0"}}}"#;
        let older = r#"{"packages":{"node_modules/@kumari/credits":{"link":true},
            "node_modules/a":{"version":"0.9.0"}}}"#;
        let fewer = r#"{"packages":{"node_modules/a":{"version":"1.0.0"}}}"#;
        let table = [(Some(same), true), (Some(older), false), (Some(fewer), false), (None, false)];
        for (installed, expected) in table {
            let folder = folder(lock, installed);
            assert_eq!(packages_are_installed(folder.path()), expected, "{installed:?}");
        }
    }
}
