//! Builds the npm package, weighs its modules against their budgets and checks what it would ship.
//!
//! It publishes nothing.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::assets;
use crate::progress::{self, seconds};
use crate::repository::Repository;
use crate::wasm::{self, DIST, MODULES, Module};
use crate::wasm_target::Route;

/// The npm package's folder.
const PACKAGE: &str = "pkg";
const NPM_LIMIT: Duration = Duration::from_secs(300);

/// Builds everything that the package consists of: its wasm modules, then its own TypeScript.
///
/// # Errors
/// When a part cannot be built.
pub(crate) fn build(repository: &Repository, route: &Route) -> Result<()> {
    wasm::build(repository, route)?;
    let mut command = repository.command("npm");
    command.args(["run", "build", "--workspace", PACKAGE]);
    let ran = progress::run(repository, "npm run build (pkg)", &mut command, NPM_LIMIT)?;
    if !ran.passed {
        bail!("building pkg {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    println!("     pkg built ({})", seconds(ran.took));
    Ok(())
}

/// Prints what the package weighs, and refuses it when a module is over its budget or when a file
/// is missing from it or does not belong there.
///
/// # Errors
/// When the package is refused, with every reason.
pub(crate) fn check(repository: &Repository) -> Result<()> {
    let mut faults = weigh(repository)?;
    faults.extend(file_faults(&files_to_ship(repository)?));
    if !faults.is_empty() {
        bail!("pkg cannot be shipped:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// What a module weighs, script and wasm together, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Weight {
    /// Each file is weighed by itself, as a server compresses and sends it.
    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.raw += bytes.len();
        self.gzip += assets::gzip(bytes)?.len();
        self.brotli += assets::brotli(bytes)?.len();
        Ok(())
    }

    fn fault(&self, module: &Module) -> Option<String> {
        (self.gzip > module.gzip_bytes_max).then(|| {
            format!(
                "module `{}` weighs {} with gzip, and it must not grow above {}",
                module.name,
                kilobytes(self.gzip),
                kilobytes(module.gzip_bytes_max)
            )
        })
    }

    /// How it stands, in a word.
    fn verdict(&self, module: &Module) -> &'static str {
        match self.gzip {
            gzip if gzip > module.gzip_bytes_max => "TOO LARGE",
            gzip if gzip > module.gzip_bytes_target => "above its target",
            _ => "within",
        }
    }
}

fn weigh(repository: &Repository) -> Result<Vec<String>> {
    println!(
        "module      raw        gzip       brotli     target     limit      (gzip, script + wasm, KB = 1000 bytes)"
    );
    let mut faults = Vec::new();
    for module in &MODULES {
        let mut weight = Weight::default();
        let [script, _, wasm] = module.files();
        for file in [script, wasm] {
            let path = repository.path(DIST).join(file);
            let bytes =
                fs::read(&path).with_context(|| format!("no built file `{}`", path.display()))?;
            weight.add(&bytes)?;
        }
        let fault = weight.fault(module);
        println!(
            "{:<11} {:<10} {:<10} {:<10} {:<10} {:<10} {}",
            module.name,
            kilobytes(weight.raw),
            kilobytes(weight.gzip),
            kilobytes(weight.brotli),
            kilobytes(module.gzip_bytes_target),
            kilobytes(module.gzip_bytes_max),
            weight.verdict(module)
        );
        faults.extend(fault);
    }
    Ok(faults)
}

/// The files that npm would put into the package, by their paths in it.
fn files_to_ship(repository: &Repository) -> Result<Vec<String>> {
    let output = repository
        .command("npm")
        .args(["pack", "--dry-run", "--json", "--ignore-scripts", "--workspace", PACKAGE])
        .output()
        .context("cannot start `npm`")?;
    if !output.status.success() {
        bail!("npm pack --dry-run failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let answer: Value = serde_json::from_slice(&output.stdout).context("npm pack's answer")?;
    let files = answer
        .get(0)
        .and_then(|package| package.get("files"))
        .and_then(Value::as_array)
        .context("npm pack listed no files")?;
    Ok(files
        .iter()
        .filter_map(|file| file.get("path").and_then(Value::as_str).map(str::to_owned))
        .collect())
}

/// What is missing from the package, and what does not belong there.
fn file_faults(files: &[String]) -> Vec<String> {
    let built = MODULES.iter().flat_map(Module::files).map(|file| format!("dist/{file}"));
    let wanted = built.chain(["package.json", "README.md"].map(str::to_owned));
    let absent = wanted
        .filter(|file| !files.contains(file))
        .map(|file| format!("`{file}` would not be in the package"));
    let belongs = |file: &&String| {
        file.starts_with("dist/")
            || ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]
                .contains(&file.as_str())
    };
    let stray = files
        .iter()
        .filter(|file| !belongs(file) || file.contains(".test."))
        .map(|file| format!("`{file}` does not belong in the package"));
    absent.chain(stray).collect()
}

fn kilobytes(bytes: usize) -> String {
    format!("{}.{:02} KB", bytes / 1000, bytes % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_over_its_budget_is_a_fault_and_one_at_its_budget_is_not() {
        let module = Module { name: "rules", gzip_bytes_target: 500, gzip_bytes_max: 1000 };
        let weight = |gzip| Weight { raw: 9, gzip, brotli: 9 };
        assert_eq!(weight(1000).fault(&module), None);
        assert_eq!(
            weight(1001).fault(&module).unwrap(),
            "module `rules` weighs 1.00 KB with gzip, and it must not grow above 1.00 KB"
        );
        let words = [500, 501, 1000, 1001].map(|gzip| weight(gzip).verdict(&module));
        assert_eq!(words, ["within", "above its target", "above its target", "TOO LARGE"]);
    }

    #[test]
    fn a_package_has_all_its_built_files_and_no_others() {
        let mut files: Vec<String> = MODULES
            .iter()
            .flat_map(Module::files)
            .map(|file| format!("dist/{file}"))
            .chain(["package.json".to_owned(), "README.md".to_owned()])
            .collect();
        assert_eq!(file_faults(&files), Vec::<String>::new());
        files.retain(|file| file != "dist/rules.d.ts");
        files.push("src/index.ts".to_owned());
        assert_eq!(
            file_faults(&files),
            [
                "`dist/rules.d.ts` would not be in the package",
                "`src/index.ts` does not belong in the package"
            ]
        );
    }

    #[test]
    fn bytes_are_weighed_raw_and_compressed() {
        let mut weight = Weight::default();
        weight.add(&[b'a'; 10_000]).unwrap();
        assert_eq!(weight.raw, 10_000);
        assert!(weight.gzip < 100 && weight.brotli < weight.gzip);
    }
}
