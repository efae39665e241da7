//! `kumari-credits simulate` prints what its document says, and says what is wrong with a line.

#[cfg(test)]
mod common;

use common::program::{run, run_with_input, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/fixtures/price-book.json");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/SIMULATE.md");

fn is_input(line: &str) -> bool {
    line.starts_with("{\"at\":")
}

fn is_output(line: &str) -> bool {
    line.starts_with("{\"line\":")
}

/// Every example of the document is run, and prints exactly what the document says.
/// `UPDATE_EXAMPLES=1` writes down what is printed.
#[test]
fn every_example_of_the_document_is_run_and_prints_what_it_says() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let history: Vec<&str> = document.lines().filter(|line| is_input(line)).collect();
    let simulated = run_with_input(&["simulate", "-", "--price-book", BOOK], &history.join("\n"));
    assert_eq!(simulated.status.code(), Some(0), "{simulated:?}");
    let printed = text(&simulated.stdout);
    let mut printed = printed.lines();
    let mut made = String::new();
    for line in document.lines().filter(|line| !is_output(line)) {
        made.push_str(line);
        made.push('\n');
        if is_input(line) {
            made.push_str(printed.next().unwrap());
            made.push('\n');
        }
    }
    assert_eq!(printed.next(), None, "more was printed than asked");
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        std::fs::write(DOCUMENT, &made).unwrap();
    }
    let committed = std::fs::read_to_string(DOCUMENT).unwrap();
    assert!(made == committed, "UPDATE_EXAMPLES=1 cargo test -p kumari-server --test simulate");
    for command in [
        "grant",
        "pay",
        "subscribe",
        "authorize",
        "settle",
        "void",
        "refund",
        "dispute",
        "fail",
        "cancel",
        "revoke",
        "query",
    ] {
        let word = format!("\"do\":{{\"{command}\":");
        assert!(history.iter().any(|line| line.contains(&word)), "no example of `{command}`");
    }
}

#[test]
fn the_same_history_prints_the_same_from_a_file_with_its_entries() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let history: Vec<&str> = document.lines().filter(|line| is_input(line)).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.jsonl");
    std::fs::write(&file, history.join("\n\n")).unwrap();
    let arguments = ["simulate", file.to_str().unwrap(), "--price-book", BOOK, "--entries"];
    let (one, two) = (run(&arguments), run(&arguments));
    assert_eq!(one.stdout, two.stdout);
    let lines: Vec<Value> =
        text(&one.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), history.len());
    assert_eq!(lines[1]["line"], 3, "blank lines count");
    // Each account's journal is numbered without gaps.
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    for (asked, line) in history.iter().zip(&lines) {
        let asked: Value = serde_json::from_str(asked).unwrap();
        let last = numbers.entry(asked["account"].to_string()).or_default();
        for entry in line["entries"].as_array().unwrap() {
            assert_eq!(entry["sequence"], *last + 1, "{line}");
            *last += 1;
        }
    }
    assert_eq!(numbers.values().sum::<u64>(), 20);
}

#[test]
fn a_line_that_cannot_be_read_is_named_with_what_to_mend() {
    let good = r#"{"at":"2026-03-01T10:00:00Z","account":"ada","do":{"query":{}}}"#;
    for (bad, says) in [
        ("{", "this is not JSON"),
        (
            r#"{"at":"yesterday","account":"ada","do":{"query":{}}}"#,
            "`at`: `yesterday` is not a time",
        ),
        (r#"{"account":"ada","do":{"query":{}}}"#, "missing field `at`"),
        (
            r#"{"at":"2026-03-01T10:00:00Z","account":"ada","do":{"fly":{}}}"#,
            "`do`: unknown variant `fly`",
        ),
        (
            r#"{"at":"2026-03-01T10:00:00Z","account":"ada","do":{"grant":{"action_id":"g","kind":"promo","amount":5}}}"#,
            "`do.grant.amount`",
        ),
    ] {
        let history = format!("{good}\n\n{bad}\n{good}\n");
        let stopped = run_with_input(&["simulate", "-"], &history);
        assert_eq!(stopped.status.code(), Some(1), "{bad}");
        assert_eq!(text(&stopped.stdout).lines().count(), 1, "{bad}");
        let said = text(&stopped.stderr);
        assert!(said.starts_with("error: line 3: ") && said.contains(says), "{bad}: {said}");
        let went_on = run_with_input(&["simulate", "-", "--keep-going"], &history);
        assert_eq!(went_on.status.code(), Some(1), "{bad}");
        let lines: Vec<Value> =
            text(&went_on.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[2]["line"]), (3, &Value::from(4)));
        assert!(lines[1]["fault"].as_str().unwrap().contains(says), "{bad}: {}", lines[1]);
        assert!(text(&went_on.stderr).contains("1 lines were left out"), "{went_on:?}");
    }
    let long = format!("{good}{}", " ".repeat(1024 * 1024));
    let refused = run_with_input(&["simulate", "-"], &long);
    assert!(text(&refused.stderr).contains("line 1: longer than"), "{refused:?}");
    let absent = run(&["simulate", "nowhere.jsonl"]);
    assert!(text(&absent.stderr).contains("cannot read nowhere.jsonl"), "{absent:?}");
    assert!(!Path::new("nowhere.jsonl").exists());
}
