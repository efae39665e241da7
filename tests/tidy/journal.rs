//! The journal is only added to, and one place in the house opens a transaction.
//!
//! Read as text: SQL lies in string literals and in migration files. Code for tests is held to the
//! first rule too, since a test that edits the journal would prove nothing.

use std::sync::LazyLock;

use regex::Regex;

use crate::tree::{Tree, assert_found, assert_none, line_of};

/// Where SQL may be.
const ROOMS: [&str; 2] = ["src/store/", "src/server/"];

/// Tables whose rows are facts.
const JOURNAL_TABLES: &str = "entries|entry|journal|journal_entries|postings";

/// The one place of each back end that opens transactions.
const OPENS_TRANSACTIONS: [&str; 2] = ["src/store/postgres.rs", "src/store/sqlite.rs"];

static EDITS: LazyLock<Regex> = LazyLock::new(|| {
    let table = format!(r#"\\?["`\[]?(?:{JOURNAL_TABLES})\b\\?["`\]]?"#);
    let update = format!(r"update(?:\s+or\s+\w+)?\s+{table}(?:\s+as)?(?:\s+\w+)?\s+set");
    let others = format!(
        r"(?:delete\s+from|(?:insert\s+or\s+)?replace\s+into|truncate(?:\s+table)?|drop\s+table(?:\s+if\s+exists)?)\s+{table}"
    );
    Regex::new(&format!(r"(?i)\b(?:{update}|{others})")).expect("a regex")
});

static TRANSACTIONS: LazyLock<Regex> = LazyLock::new(|| {
    let words = r#"(?i)"\s*begin(?:\s+(?:immediate|exclusive|deferred|transaction|isolation\s+level[\s\w]*))*\s*;?\s*"|\.begin(?:_with)?\(|\.(?:unchecked_)?transaction(?:_with_behavior)?\("#;
    Regex::new(words).expect("a regex")
});

fn edits(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for room in ROOMS {
        for (path, text) in tree.under(room, &[".rs", ".sql"]) {
            for found in EDITS.find_iter(text) {
                let line = line_of(text, found.start());
                faults.push(format!(
                    "{path}:{line}: `{}`: the journal is only added to",
                    found.as_str()
                ));
            }
        }
    }
    faults
}

/// A file opens a transaction that is not the one place of its back end.
fn transactions(tree: &Tree) -> Vec<String> {
    let opens = |text: &str| TRANSACTIONS.find(text).map(|found| line_of(text, found.start()));
    ROOMS
        .iter()
        .flat_map(|room| tree.under(room, &[".rs"]))
        .filter(|(path, _)| !is_for_tests(path) && !OPENS_TRANSACTIONS.contains(path))
        .filter_map(|(path, text)| {
            let line = opens(text)?;
            Some(format!("{path}:{line}: opens a transaction; only {OPENS_TRANSACTIONS:?} may"))
        })
        .collect()
}

fn is_for_tests(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs")
}

#[test]
fn the_journal_is_only_added_to() {
    assert_none(edits(&Tree::of_the_repository()));
}

#[test]
fn one_place_opens_transactions() {
    assert_none(transactions(&Tree::of_the_repository()));
}

#[test]
fn an_edit_of_the_journal_is_found() {
    let table = [
        ("src/store/sqlite.rs", "const FIX: &str = \"\nUPDATE entries SET amount = 0\";"),
        ("src/store/sqlite.rs", "\n\"delete   from entries where id = ?\""),
        ("src/store/migrations/2.sql", "\ninsert or replace into entries values (1)"),
        ("src/store/postgres.rs", "\n\"update \\\"entries\\\" as e set amount = 0\""),
        ("src/server/repair.rs", "\n\"update or ignore postings set amount = 1\""),
        ("src/store/tests/suite.rs", "\n\"TRUNCATE TABLE journal\""),
    ];
    for (path, text) in table {
        let tree = Tree::of(&[(path, text)]);
        assert_found(edits(&tree), &format!("{path}:2: "));
    }
    let right = "// To update entries is forbidden.\n\
                 \"INSERT INTO entries VALUES (?)\" \"UPDATE accounts SET version = ?\"";
    assert_none(edits(&Tree::of(&[("src/store/sqlite.rs", right)])));
}

#[test]
fn a_second_place_that_opens_transactions_is_found() {
    let one = ("src/store/sqlite.rs", "let t = connection.transaction()?;");
    assert_none(transactions(&Tree::of(&[one])));
    let two = ("src/store/receipts.rs", "connection.execute(\"BEGIN IMMEDIATE\")?;");
    assert_found(
        transactions(&Tree::of(&[one, two])),
        "src/store/receipts.rs:1: opens a transaction",
    );
    let level =
        ("src/store/receipts.rs", "const BEGIN: &str = \"BEGIN ISOLATION LEVEL SERIALIZABLE\";");
    assert_found(transactions(&Tree::of(&[one, level])), "src/store/receipts.rs:1: opens");
    let handler = ("src/server/api/send.rs", "let t = pool.begin().await?;");
    assert_found(
        transactions(&Tree::of(&[one, handler])),
        "src/server/api/send.rs:1: opens a transaction",
    );
    let test = ("src/store/tests/suite.rs", "let t = connection.transaction()?;");
    assert_none(transactions(&Tree::of(&[one, test])));
}
