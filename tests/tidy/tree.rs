//! The files of the repository, or of a few lines in a test, by their path from the top.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Files by path, with `/` between folders. Files that are not text are left out.
#[derive(Default)]
pub(crate) struct Tree(BTreeMap<String, String>);

impl Tree {
    /// What git tracks, and what it would track: a new file is held to the rules before its commit.
    pub(crate) fn of_the_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the root");
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .expect("git lists the files");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let paths = String::from_utf8(output.stdout).expect("paths are UTF-8");
        let files: BTreeMap<String, String> = paths
            .split('\0')
            .filter_map(|path| {
                // A file that was deleted but not yet committed is still listed.
                let text = std::fs::read_to_string(root.join(path)).ok()?;
                Some((path.to_owned(), text))
            })
            .collect();
        assert!(files.contains_key("Cargo.toml") && files.contains_key("src/engine/lib.rs"));
        Self(files)
    }

    /// A tree of a few files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// All files, in the order of their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files in a folder and its folders whose names end so.
    pub(crate) fn under<'a>(
        &'a self,
        folder: &'a str,
        endings: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter(move |(path, _)| {
            path.starts_with(folder) && endings.iter().any(|ending| path.ends_with(ending))
        })
    }

    /// One file's text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// One TOML file, read.
    pub(crate) fn toml(&self, path: &str) -> toml::Table {
        let text = self.text(path).unwrap_or_else(|| panic!("no `{path}`"));
        text.parse().unwrap_or_else(|fault| panic!("`{path}`: {fault}"))
    }
}

/// Fails with every fault, if there are any.
#[track_caller]
pub(crate) fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Fails unless some fault says `words`: the rule was broken, and it must notice that.
#[track_caller]
pub(crate) fn assert_found(faults: Vec<String>, words: &str) {
    assert!(
        faults.iter().any(|fault| fault.contains(words)),
        "no fault says `{words}`, only: {faults:#?}"
    );
}

/// The line of a byte in a text, counted from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}
