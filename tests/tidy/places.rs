//! No file says where one machine keeps things, or where one machine fetches packages.

use crate::tree::{Tree, assert_found, assert_none, line_of};

/// Files that a package manager writes.
const WRITTEN_BY_TOOLS: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// Words in two halves, so that this file does not have them.
const NEVER: &[(&str, &str, &str)] = &[
    ("/wo", "rk/", "a path of one machine"),
    ("/ro", "ot/", "a path of one machine"),
    ("/ho", "me/", "a path of one machine"),
    ("/Us", "ers/", "a path of one machine"),
    ("/tm", "p/", "a path of one machine: ask for a temporary folder"),
    ("registry.", "npmjs.org", "the address of a package registry"),
    ("registry.", "yarnpkg.com", "the address of a package registry"),
    ("index.", "crates.io", "the address of a package registry"),
    ("static.", "crates.io", "the address of a package registry"),
    ("pypi", ".org", "the address of a package registry"),
    ("files.pythonhosted", ".org", "the address of a package registry"),
    ("deb.", "debian.org", "the address of a package registry"),
];

fn check(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| !WRITTEN_BY_TOOLS.contains(path)) {
        for (start, end, why) in NEVER {
            let word = format!("{start}{end}");
            for (byte, _) in text.match_indices(&word) {
                // After a name or a dot it goes on with a relative path; else it begins one.
                let before = text[..byte].chars().next_back();
                let goes_on = word.starts_with('/')
                    && before.is_some_and(|before| {
                        before.is_alphanumeric() || ".)}*-_$".contains(before)
                    });
                if !goes_on {
                    faults.push(format!("{path}:{}: `{word}`: {why}", line_of(text, byte)));
                }
            }
        }
    }
    faults
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    assert_none(check(&Tree::of_the_repository()));
}

#[test]
fn a_place_of_one_machine_is_found() {
    for (start, end, why) in NEVER {
        let text = format!("first line\nsee {start}{end}thing");
        let tree = Tree::of(&[("docs/a.md", &text)]);
        assert_found(check(&tree), &format!("docs/a.md:2: `{start}{end}`: {why}"));
    }
    let relative = format!("let folder = root.join(\"target{}{}\");", "/wo", "rk/");
    assert_none(check(&Tree::of(&[("src/a.rs", &relative)])));
    let lock = format!("https://{}{}", "registry.", "npmjs.org");
    assert_none(check(&Tree::of(&[("package-lock.json", &lock)])));
}
