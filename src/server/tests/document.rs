//! The pages, characters and tokens of a file, and its price, on the command line.
#![expect(clippy::unwrap_used, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::program::{run, text};
use common::{tokens, vocabulary_folder};
use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::estimate;
use kumari_engine::request::{Request, Task};
use kumari_server::price;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const MODEL: &str = "gpt-6-luna";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents/tests/fixtures").join(name)
}

fn ask(file: &Path, more: &[&str]) -> Result<String, String> {
    let mut arguments = vec!["document", file.to_str().unwrap()];
    arguments.extend(["--vocabulary", vocabulary_folder().to_str().unwrap()]);
    arguments.extend(more);
    let answer = run(&arguments);
    if answer.status.success() { Ok(text(&answer.stdout)) } else { Err(text(&answer.stderr)) }
}

#[test]
fn a_file_is_counted_as_it_is_read_and_priced_by_the_rules() {
    let expected = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let published = price::read(None).unwrap();
    for name in ["letter-reportlab-1.4.pdf", "offer-python-docx.docx", "table.csv", "utf16le.txt"] {
        let answer = ask(&fixture(name), &["--model", MODEL, "--json"]).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let known = &expected[name];
        for field in ["kind", "pages", "characters", "warnings"] {
            assert_eq!(answer[field], known[field], "{name}: {field}");
        }
        let count = tokens(known["text"].as_str().unwrap());
        assert_eq!(answer["tokens"]["o200k_base"], count, "{name}");
        let mut request = Request::new(Task::FileProcessing, vec![MODEL.parse().unwrap()]);
        request.pages = known["pages"].as_u64();
        request.messages = Some(1);
        for kind in TokenKind::ALL {
            let count = answer["tokens"][kind.name()].as_u64().unwrap();
            request.input_tokens.insert(kind, count);
        }
        let price = estimate(&published, &request).unwrap();
        assert_eq!(answer["estimate"], serde_json::to_value(price).unwrap(), "{name}");
    }
}

#[test]
fn people_get_lines_and_a_price_only_where_they_ask_for_one() {
    let plain = ask(&fixture("memo-libreoffice.docx"), &[]).unwrap();
    let lines: Vec<&str> = plain.lines().collect();
    assert_eq!(
        lines[..3],
        ["kind        docx", "pages       1 (each started 3000 characters)", "characters  135"]
    );
    assert!(
        lines[3].starts_with("tokens      ") && lines[3].ends_with(" of them of Latin words"),
        "{plain}"
    );
    assert_eq!(lines.len(), 5, "{plain}");
    let scanned = ask(&fixture("scan-reportlab.pdf"), &["--model", MODEL]).unwrap();
    assert!(scanned.contains("pages       3\n"), "{scanned}");
    assert!(scanned.contains("warning     the pages have no text: they were probably scanned"));
    assert!(scanned.contains("likely") && scanned.contains(MODEL), "{scanned}");
}

#[test]
fn what_cannot_be_counted_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let cases: [(PathBuf, &[&str], &str); 7] = [
        (
            fixture("letter-qpdf-encrypted.pdf"),
            &[],
            "the PDF is encrypted: save a copy without a password",
        ),
        (fixture("latin1.txt"), &[], "latin1.txt: the text is neither UTF-8 nor UTF-16"),
        (file("list.csv", b"a,\"b"), &[], "a quote is opened and never closed in line 1"),
        (
            file("large.txt", &vec![b'a'; (20 << 20) + 9]),
            &[],
            "more than 20971520 bytes: attach a part of it",
        ),
        (
            file("empty.txt", b""),
            &["--model", MODEL],
            "the file has no text: there is nothing to process",
        ),
        (
            file("a.txt", b"a"),
            &["--model", "nobody"],
            "does not offer `file_processing` with the model `nobody`: use one of gpt-6-luna",
        ),
        (folder.path().join("absent.pdf"), &[], "cannot read "),
    ];
    for (path, more, words) in cases {
        let fault = ask(&path, more).unwrap_err();
        assert!(fault.starts_with("error: ") && fault.contains(words), "{fault}");
    }
}

#[test]
fn a_price_book_of_ones_own_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut book: Value = serde_json::from_str(price::DEFAULT_PRICE_BOOK).unwrap();
    let tasks = book["tasks"].as_array_mut().unwrap();
    let task = tasks.iter_mut().find(|task| task["task"] == "file_processing").unwrap();
    task["offers"][0]["per_request"] = json!("1.2");
    let path = folder.path().join("other.json");
    std::fs::write(&path, book.to_string()).unwrap();
    let more = ["--model", MODEL, "--json", "--price-book", path.to_str().unwrap()];
    let with = |more: &[&str]| -> Value {
        serde_json::from_str(&ask(&fixture("utf8.txt"), more).unwrap()).unwrap()
    };
    let (own, usual) = (with(&more), with(&more[..3]));
    let version = price::read(Some(&path)).unwrap().version;
    assert_eq!(own["estimate"]["price_book"], version.to_string());
    assert_ne!(own["estimate"]["low"], usual["estimate"]["low"]);
}
