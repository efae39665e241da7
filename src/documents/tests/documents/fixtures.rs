//! Files of real programs, each with what is read from it: `fixtures/expected.json`, which the npm
//! package's tests read too, so that browser and server come to the same.
//!
//! `KUMARI_WRITE_EXPECTED=1 cargo test -p kumari-documents --test documents` writes it anew; look at
//! what changed before it is committed.

use kumari_documents::{Hint, Limits, Warning, read};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// What is read from a file, as the npm package answers it.
fn answer(name: &str, bytes: &[u8]) -> Value {
    let hint = Hint { name: Some(name), media_type: None };
    match read(bytes, &hint, &Limits::DEFAULT) {
        Ok(document) => json!({
            "kind": document.kind.name(),
            "pages": document.pages,
            "characters": document.characters,
            "text": document.text,
            "warnings": document.warnings.into_iter().map(Warning::code).collect::<Vec<_>>(),
        }),
        Err(fault) => json!({ "code": fault.code(), "message": fault.to_string() }),
    }
}

#[test]
fn each_file_is_read_as_it_is_written_down() {
    let mut found = Map::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name != "expected.json" {
            let bytes = std::fs::read(&path).unwrap();
            assert!(bytes.len() <= 30_000, "`{name}` is too large to be kept");
            found.insert(name.to_owned(), answer(name, &bytes));
        }
    }
    let file = folder().join("expected.json");
    if std::env::var_os("KUMARI_WRITE_EXPECTED").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    let expected: Map<String, Value> = serde_json::from_str(&expected).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, found) in &found {
        assert_eq!(found, &expected[name], "{name}");
    }
}
