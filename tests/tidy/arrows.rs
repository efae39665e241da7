//! Which member may use which, and what the engine may use at all.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::tree::{Tree, assert_found, assert_none};

/// Every member with the members that it may use, in whatever kind of dependency.
const ARROWS: [(&str, &[&str]); 11] = [
    ("kumari-engine", &[]),
    ("kumari-wire", &["kumari-engine"]),
    ("kumari-tokens", &[]),
    ("kumari-documents", &[]),
    ("kumari-browser", &["kumari-engine", "kumari-wire", "kumari-tokens", "kumari-documents"]),
    ("kumari-store", &["kumari-engine", "kumari-wire"]),
    (
        "kumari-server",
        &["kumari-engine", "kumari-wire", "kumari-tokens", "kumari-documents", "kumari-store"],
    ),
    ("xtask", &[]),
    (
        "kumari-tests",
        &[
            "kumari-engine",
            "kumari-wire",
            "kumari-tokens",
            "kumari-documents",
            "kumari-browser",
            "kumari-store",
            "kumari-server",
        ],
    ),
    (
        "kumari-fuzz",
        &["kumari-engine", "kumari-wire", "kumari-tokens", "kumari-documents", "kumari-server"],
    ),
    ("kumari-rules", &["kumari-engine", "kumari-wire", "kumari-tests"]),
];

/// What the engine may use besides the language, outside its tests.
const ENGINE_MAY_USE: [&str; 1] = ["serde"];

/// The npm packages of the house, each with those that it may use.
const NPM_ARROWS: [(&str, &[&str]); 2] = [("pkg", &[]), ("www", &["@kumari/credits"])];

fn check(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for member in members(tree) {
        let path = format!("{member}/Cargo.toml");
        let manifest = tree.toml(&path);
        let name = manifest["package"]["name"].as_str().expect("a package has a name");
        let Some((_, allowed)) = ARROWS.iter().find(|(row, _)| *row == name) else {
            faults.push(format!("{path}: `{name}` has no row in the table of arrows"));
            continue;
        };
        for used in dependencies(&manifest, &ALL_KINDS).iter().filter(|used| is_ours(used)) {
            if !allowed.contains(&used.as_str()) {
                faults.push(format!("{path}: `{name}` may not use `{used}`; see ARCHITECTURE.md"));
            }
        }
        if name == "kumari-engine" {
            faults.extend(engine_faults(&path, &manifest));
        }
    }
    faults.extend(npm_faults(tree));
    faults
}

fn engine_faults(path: &str, manifest: &Table) -> Vec<String> {
    let used = dependencies(manifest, &["dependencies", "build-dependencies"]);
    let foreign = used
        .iter()
        .filter(|used| !ENGINE_MAY_USE.contains(&used.as_str()))
        .map(|used| format!("{path}: the engine may not use `{used}`"));
    let features = manifest
        .get("features")
        .map(|_| format!("{path}: the engine has no features: one build of the rules for all"));
    foreign.chain(features).collect()
}

fn npm_faults(tree: &Tree) -> Vec<String> {
    let ours = ["@kumari/credits", "www"];
    let mut faults = Vec::new();
    for (member, allowed) in NPM_ARROWS {
        let path = format!("{member}/package.json");
        let Some(text) = tree.text(&path) else {
            continue;
        };
        let manifest: serde_json::Value = serde_json::from_str(text).expect("package.json is JSON");
        for kind in ["dependencies", "devDependencies", "peerDependencies"] {
            for (name, source) in manifest[kind].as_object().into_iter().flatten() {
                let source = source.as_str().unwrap_or_default();
                let inside = source.starts_with("file:") || source.starts_with("link:");
                if (ours.contains(&name.as_str()) || inside) && !allowed.contains(&name.as_str()) {
                    faults.push(format!("{path}: `{member}` may not use `{name}`"));
                }
            }
        }
    }
    faults
}

fn members(tree: &Tree) -> Vec<String> {
    let root = tree.toml("Cargo.toml");
    let members = root["workspace"]["members"].as_array().expect("a workspace has members");
    members.iter().map(|member| member.as_str().expect("a path").to_owned()).collect()
}

const ALL_KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The crates that a manifest names in these kinds of tables, for all targets; renamed ones by the
/// name that they have elsewhere.
fn dependencies(manifest: &Table, kinds: &[&str]) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let for_targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(for_targets)
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .map(|(name, how)| {
            how.get("package").and_then(Value::as_str).unwrap_or(name).replace('_', "-")
        })
        .collect()
}

fn is_ours(name: &str) -> bool {
    name.starts_with("kumari-") || ARROWS.iter().any(|(row, _)| *row == name)
}

#[test]
fn crates_use_only_what_the_table_of_arrows_allows() {
    assert_none(check(&Tree::of_the_repository()));
}

#[test]
fn every_row_of_the_table_is_a_member() {
    let tree = Tree::of_the_repository();
    let names: BTreeSet<String> = members(&tree)
        .iter()
        .map(|member| tree.toml(&format!("{member}/Cargo.toml")))
        .map(|manifest| manifest["package"]["name"].as_str().expect("a name").to_owned())
        .collect();
    let rows: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, rows);
}

#[test]
fn a_forbidden_arrow_is_found() {
    let broken = |name: &str, rest: &str| {
        Tree::of(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]"),
            ("a/Cargo.toml", &format!("[package]\nname = \"{name}\"\n{rest}")),
        ])
    };
    let table = [
        ("kumari-store", "[dependencies]\nkumari-server.workspace = true", "`kumari-server`"),
        ("kumari-tokens", "[dev-dependencies]\nkumari-wire = \"1\"", "`kumari-wire`"),
        ("kumari-wire", "[dependencies]\ns = { package = \"kumari-store\" }", "`kumari-store`"),
        ("kumari-wire", "[target.'cfg(unix)'.dependencies]\nkumari-tokens = \"1\"", "tokens"),
        ("kumari-engine", "[dependencies]\nchrono = \"1\"", "may not use `chrono`"),
        ("kumari-engine", "[build-dependencies]\ncc = \"1\"", "may not use `cc`"),
        ("kumari-engine", "[features]\nfast = []", "no features"),
        ("kumari-new", "", "no row in the table"),
    ];
    for (name, rest, words) in table {
        assert_found(check(&broken(name, rest)), words);
    }
    assert_none(check(&broken(
        "kumari-wire",
        "[dependencies]\nkumari-engine = \"1\"\nserde = \"1\"",
    )));
}

#[test]
fn a_forbidden_npm_arrow_is_found() {
    let tree = |path: &str, text: &str| {
        Tree::of(&[("Cargo.toml", "[workspace]\nmembers = []"), (path, text)])
    };
    let backwards = r#"{"dependencies": {"www": "1"}}"#;
    assert_found(check(&tree("pkg/package.json", backwards)), "`pkg` may not use `www`");
    let into_src = r#"{"dependencies": {"engine": "file:../src/browser"}}"#;
    assert_found(check(&tree("www/package.json", into_src)), "`www` may not use `engine`");
    let right = r#"{"dependencies": {"@kumari/credits": "*", "react": "19.0.0"}}"#;
    assert_none(check(&tree("www/package.json", right)));
}
