//! Counts equal to those of npm's `tiktoken`, on the generated corpus.
//!
//! It needs Node and the packages of `package-lock.json`, so it is ignored where only Rust is:
//! `cargo xtask test` runs it for 20 000 texts, `cargo xtask soak tokens` for a million.

#[cfg(test)]
mod common;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod effort;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::vocabulary;
use effort::{cases, first_number};
use kumari_tokens::Encoding;

#[test]
#[ignore = "needs npm's `tiktoken`: `cargo xtask test` runs it"]
fn counts_are_those_of_npm() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm.mjs");
    for encoding in Encoding::ALL {
        let mut node = Command::new("node")
            .arg(&script)
            .arg(encoding.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asked, answers) = (node.stdin.take().unwrap(), node.stdout.take().unwrap());
        let texts = || (0..cases(20_000)).map(|number| corpus::text(first_number() + number));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut asked = BufWriter::new(asked);
                for text in texts() {
                    asked.write_all(&u32::try_from(text.len()).unwrap().to_le_bytes()).unwrap();
                    asked.write_all(text.as_bytes()).unwrap();
                }
            });
            let mut answers = BufReader::new(answers).lines();
            for text in texts() {
                let expected: u64 = answers.next().unwrap().unwrap().parse().unwrap();
                assert_eq!(vocabulary(encoding).count(&text), expected, "{encoding:?} {text:?}");
            }
            assert!(answers.next().is_none());
        });
        assert!(node.wait().unwrap().success());
    }
}
