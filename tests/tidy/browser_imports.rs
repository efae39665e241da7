//! The chat app is a user of the npm package like any other: it reaches nothing outside www but
//! the packages that it names.

use std::sync::LazyLock;

use regex::Regex;

use crate::tree::{Tree, assert_found, assert_none, line_of};

const ENDINGS: [&str; 8] = [".ts", ".tsx", ".js", ".jsx", ".mjs", ".css", ".html", ".json"];

/// Whatever names a file by a relative path: imports, `new URL`, `url()`, `src=`, `extends`.
static RELATIVE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"["'`(](\.\.?/[^"'`)\s]*)["'`)]"#).expect("a regex"));

fn check(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in tree.under("www/", &ENDINGS) {
        for found in RELATIVE.captures_iter(text) {
            let whole = found.get(1).expect("the group is always there");
            let target = resolve(path, whole.as_str());
            let inside = target.starts_with("www/") || target == "www";
            // A build product that the development server hands out is no source of ours.
            let built = target.starts_with("target/");
            if !inside && !built && target != "tsconfig.base.json" {
                let line = line_of(text, whole.start());
                faults.push(format!("{path}:{line}: `{}` leads out of www", whole.as_str()));
            }
        }
    }
    faults
}

/// The path from the top that a relative path in a file leads to.
fn resolve(file: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for step in relative.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[test]
fn the_chat_app_imports_nothing_from_outside() {
    assert_none(check(&Tree::of_the_repository()));
}

#[test]
fn an_import_from_outside_is_found() {
    let app = |text: &str| check(&Tree::of(&[("www/src/composer/send.tsx", text)]));
    let table = [
        "import { price } from '../../../src/browser/pkg';",
        "\nconst wasm = new URL(\"../../../pkg/dist/rules_bg.wasm\", import.meta.url);",
        "const book = await import('../../../src/server/price-book.json');",
    ];
    for text in table {
        assert_found(app(text), "leads out of www");
    }
    assert_found(app(table[1]), "www/src/composer/send.tsx:2:");
    assert_none(app(
        "import a from '@kumari/credits';\nimport b from '../receipt';\nimport './x.css';",
    ));
    let config = r#"{ "extends": "../tsconfig.base.json" }"#;
    assert_none(check(&Tree::of(&[("www/tsconfig.json", config)])));
}
