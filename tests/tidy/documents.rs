//! The map of the house names every room, and the links in its documents lead somewhere.

use std::sync::LazyLock;

use regex::Regex;

use crate::tree::{Tree, assert_found, assert_none, line_of};

static LINKS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\]\((?<to>[^)\s#]+)[^)]*\)").expect("a regex"));

fn check(tree: &Tree) -> Vec<String> {
    let mut faults = rooms_without_a_place(tree);
    for (path, text) in
        tree.files().filter(|(path, _)| path.ends_with(".md") && !path.contains('/'))
    {
        for link in LINKS.captures_iter(text) {
            let to = link.name("to").expect("the group is always there");
            let outside = to.as_str().contains("://") || to.as_str().starts_with("mailto:");
            let there = tree.files().any(|(file, _)| {
                file == to.as_str()
                    || file.starts_with(&format!("{}/", to.as_str().trim_end_matches('/')))
            });
            // Pictures are not text, so they are not in the tree.
            let picture = to.as_str().ends_with(".png");
            if !outside && !there && !picture {
                let line = line_of(text, to.start());
                faults.push(format!("{path}:{line}: `{}` leads nowhere", to.as_str()));
            }
        }
    }
    faults
}

fn rooms_without_a_place(tree: &Tree) -> Vec<String> {
    let map = tree.text("ARCHITECTURE.md").unwrap_or_default();
    let root = tree.toml("Cargo.toml");
    let members = root["workspace"]["members"].as_array().expect("a workspace has members");
    let crates = members.iter().map(|member| member.as_str().expect("a path"));
    crates
        .chain(["pkg", "www"])
        .filter(|room| !map.contains(&format!("`{room}/`")))
        .map(|room| format!("ARCHITECTURE.md: `{room}/` is not on the map"))
        .collect()
}

#[test]
fn the_map_names_every_room_and_every_link_leads_somewhere() {
    assert_none(check(&Tree::of_the_repository()));
}

#[test]
fn a_room_that_is_not_on_the_map_is_found() {
    let workspace = ("Cargo.toml", "[workspace]\nmembers = [\"src/engine\", \"src/vault\"]");
    let map = ("ARCHITECTURE.md", "| `src/engine/` | rules |\n| `pkg/` | | `www/` |");
    assert_found(check(&Tree::of(&[workspace, map])), "`src/vault/` is not on the map");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let workspace = ("Cargo.toml", "[workspace]\nmembers = []");
    let map = ("ARCHITECTURE.md", "`pkg/` `www/`");
    let tree = |text| Tree::of(&[workspace, map, ("README.md", text)]);
    assert_found(check(&tree("\nsee [the map](MAP.md)")), "README.md:2: `MAP.md` leads nowhere");
    assert_none(check(&tree("[a](ARCHITECTURE.md#map) [b](https://example.org/x)")));
}
