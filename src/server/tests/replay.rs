//! A receipt is checked on the command line by whoever has it.

#[cfg(test)]
mod common;

use common::client::Client;
use common::program::{Program, run, run_with_input, text};
use kumari_server::price::DEFAULT_PRICE_BOOK;
use serde_json::{Value, json};
use std::fs;

#[tokio::test]
async fn a_receipt_is_right_or_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // A book that only this server's database has.
    let mut book: Value = serde_json::from_str(DEFAULT_PRICE_BOOK).unwrap();
    book["id"] = json!("ours");
    let [ours, file, database] = ["ours.json", "receipt.json", "credits.db"].map(path);
    fs::write(&ours, book.to_string()).unwrap();
    let more = ["--demo-pace", "none", "--price-book", &ours];
    let program = Program::serve(folder.path(), &more);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    let view = client.ask("compare", &["gpt-6-luna", "gpt-6-astra"], "Why is the sky blue?").await;
    let id = view["action_id"].as_str().unwrap();
    let receipt = client.get(&format!("/api/actions/{id}/receipt")).await.body;
    fs::write(&file, receipt.to_string()).unwrap();
    let charge = receipt["charge"].as_str().unwrap();

    // Beside the server, in its database; and with the file alone.
    let absent = path("absent.db");
    for options in [["--database", &database], ["--price-book", &ours]] {
        let right = run(&[&["replay", &file][..], &options].concat());
        assert_eq!(right.status.code(), Some(0), "{right:?}");
        let said = text(&right.stdout);
        assert!(said.starts_with(&format!("compare {id}, price book ")), "{said}");
        assert!(said.ends_with(&format!("charge {charge}: every number is the same\n")), "{said}");
    }
    let unknown = run(&["replay", &file, "--database", &absent]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    assert!(text(&unknown.stderr).contains("name its file by --price-book"), "{unknown:?}");

    let mut wrong = receipt.clone();
    wrong["charge"] = json!("1000");
    let wrong = run_with_input(&["replay", "-", "--database", &database], &wrong.to_string());
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    let said = text(&wrong.stdout);
    assert!(said.contains(&format!("charge {charge} by this replay, but:\n- ")), "{said}");
    assert!(said.contains("the receipt says 1000"), "{said}");

    for (leg, what, is, expected) in [
        (
            0,
            "model",
            json!("gpt-1"),
            "not_offered: `compare` is not offered with the model `gpt-1`",
        ),
        (1, "hold", json!("9223372036854.775807"), "an amount is out of range"),
    ] {
        let mut odd = receipt.clone();
        let leg = odd["legs"][leg].as_object_mut().unwrap();
        match leg.get_mut(what) {
            Some(value) => *value = is,
            None => leg["outcome"][what] = is,
        }
        let odd = run_with_input(&["replay", "-", "--database", &database], &odd.to_string());
        assert_eq!(odd.status.code(), Some(2), "{odd:?}");
        let said = text(&odd.stderr);
        assert!(said.starts_with("error: it cannot be replayed: "), "{said}");
        assert!(said.contains(expected), "{said}");
    }

    let mut more = receipt;
    more["legs"][0]["outcome"]["usage"]["output_tokens"] = json!(1_000_000);
    let arguments = ["replay", "-", "--json", "--database", &database];
    let more = run_with_input(&arguments, &more.to_string());
    assert_eq!(more.status.code(), Some(1), "{more:?}");
    let told: Value = serde_json::from_slice(&more.stdout).unwrap();
    assert_eq!(told["matches"], false);
    assert!(!told["differences"].as_array().unwrap().is_empty(), "{told}");
}

#[test]
fn what_is_no_receipt_says_where() {
    for (input, expected) in [
        ("{", "is not a receipt: EOF"),
        (r#"{"action_id": "a"}"#, "`task`"),
        (&" ".repeat((1 << 20) + 1), "longer than 1048576 bytes"),
    ] {
        let refused = run_with_input(&["replay", "-"], input);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(text(&refused.stderr).contains(expected), "{refused:?}");
    }
    let missing = run(&["replay", "no-such-file"]);
    assert!(text(&missing.stderr).starts_with("error: cannot read no-such-file:"), "{missing:?}");
}
