//! Each rule of credits has a test that bears its number, so that anyone finds it.
//!
//! A test is found by its name: `r06_…` for rule R6, `e01_…` for worked example E1, `r06_e01_…` for
//! both, as a function of a Rust test (in whatever room), also inside `proptest!`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::tree::{Tree, assert_found, assert_none};

/// The rules that are built so far; a rule is added here together with its test.
const RULES: &[u8] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
];

/// The worked examples that are built so far.
const EXAMPLES: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// The highest numbers that there are.
const RULES_LAST: u8 = 39;
const EXAMPLES_LAST: u8 = 12;

static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*(?:async )?fn (?<numbers>(?:[re]\d\d_)+)").expect("a regex")
});

fn check(tree: &Tree, rules: &[u8], examples: &[u8]) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut faults = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".rs")) {
        if path.starts_with("tests/tidy/") {
            continue;
        }
        for name in NAMES.captures_iter(text) {
            for number in name["numbers"].split_terminator('_') {
                let (kind, digits) = number.split_at(1);
                let last = if kind == "r" { RULES_LAST } else { EXAMPLES_LAST };
                let value: u8 = digits.parse().expect("two digits");
                if value == 0 || value > last {
                    faults.push(format!("{path}: `{number}_…`: there is no such number"));
                }
                found.insert((kind.to_owned(), value));
            }
        }
    }
    for (kind, numbers) in [("r", rules), ("e", examples)] {
        for number in numbers {
            if !found.contains(&(kind.to_owned(), *number)) {
                faults.push(format!("no test is called `{kind}{number:02}_…`"));
            }
        }
    }
    faults
}

#[test]
fn each_rule_has_a_test_with_its_number() {
    assert_none(check(&Tree::of_the_repository(), RULES, EXAMPLES));
}

#[test]
fn a_rule_without_a_test_is_found() {
    let tree = Tree::of(&[(
        "src/engine/rate.rs",
        "#[test]\nfn r06_rounds_up() {}\nproptest! {\n    #[test]\n    fn r08_e03_in_numbers(n: u8) {}\n}",
    )]);
    assert_none(check(&tree, &[6, 8], &[3]));
    assert_found(check(&tree, &[6, 7], &[]), "no test is called `r07_…`");
    assert_found(check(&tree, &[], &[6]), "no test is called `e06_…`");
}

#[test]
fn a_number_that_does_not_exist_is_found() {
    let tree = Tree::of(&[("src/engine/rate.rs", "#[test]\nfn r40_is_new() {}")]);
    assert_found(check(&tree, &[], &[]), "there is no such number");
}
