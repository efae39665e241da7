//! `kumari-credits backtest` prints what its document says, and prints nothing half.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::program::{run_in, run_with_input, text};
use kumari_server::price::DEFAULT_PRICE_BOOK;
use serde_json::{Value, json};
use std::path::Path;

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/fixtures/price-book.json");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BACKTEST.md");

/// A folder with the books that the document speaks of.
fn folder_with_books() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let small = std::fs::read_to_string(BOOK).unwrap();
    let mut dearer: Value = serde_json::from_str(&small).unwrap();
    dearer["models"][1]["rates"]["output_tokens"]["credits"] = json!("1300");
    std::fs::write(folder.path().join("small.json"), small).unwrap();
    std::fs::write(folder.path().join("dearer.json"), dearer.to_string()).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run_in(folder, &[&["backtest"], arguments].concat());
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Every example of the document is run, and prints exactly what the document says.
/// `UPDATE_EXAMPLES=1` writes down what is printed.
#[test]
fn every_example_of_the_document_is_run_and_prints_what_it_says() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let folder = folder_with_books();
    let (mut made, mut codes, mut lines) = (String::new(), Vec::new(), document.lines());
    while let Some(line) = lines.next() {
        made += &format!("{line}\n");
        let Some(opened) = line.strip_prefix("```").filter(|opened| !opened.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = match opened.split_once(' ') {
            Some((_, file)) => {
                let text = block.join("\n") + "\n";
                std::fs::write(folder.path().join(file), &text).unwrap();
                text
            }
            None => {
                let command = block[0].strip_prefix("$ kumari-credits backtest ").unwrap();
                let arguments: Vec<&str> = command.split(' ').collect();
                let (code, out, err) = run(folder.path(), &arguments);
                codes.push(code);
                format!("{}\n{out}{err}", block[0])
            }
        };
        made += &format!("{block}```\n");
    }
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        std::fs::write(DOCUMENT, &made).unwrap();
    }
    let committed = std::fs::read_to_string(DOCUMENT).unwrap();
    assert!(made == committed, "UPDATE_EXAMPLES=1 cargo test -p kumari-server --test backtest");
    assert_eq!(codes, [Some(0), Some(0), Some(0), Some(2), Some(1)]);
}

const LEG: &str = r#"{"customer":"a","task":"direct","model":"top","usage":{"input_tokens":10},"charged":"1","cost_usd":"0.004"}"#;

#[test]
fn threads_pipes_and_files_print_the_same_and_the_chart_is_a_picture() {
    let folder = folder_with_books();
    let path = |name: &str| folder.path().join(name);
    let legs: Vec<String> = (0..20_000)
        .map(|number: u32| LEG.replace("\"a\"", &format!("\"a{}\"", number % 700)))
        .collect();
    let usage = legs.join("\n");
    std::fs::write(path("usage.ndjson"), &usage).unwrap();
    let asked = |input: &'static str, threads: &'static str| {
        let common = ["--json", "--more-credits", "0.1", "--chart", "chart.svg", "--threads"];
        [&[input, "--book", "dearer.json", "--format", "jsonl"], &common[..], &[threads]].concat()
    };
    let one = run(folder.path(), &asked("usage.ndjson", "1"));
    assert_eq!((one.0, one.2.as_str()), (Some(0), ""), "{one:?}");
    let chart = std::fs::read_to_string(path("chart.svg")).unwrap();
    for threads in ["2", "5"] {
        assert_eq!(run(folder.path(), &asked("usage.ndjson", threads)), one);
        assert_eq!(std::fs::read_to_string(path("chart.svg")).unwrap(), chart);
    }
    let book = path("dearer.json");
    let piped = ["backtest", "-", "--format", "jsonl", "--book", book.to_str().unwrap()];
    let piped =
        run_with_input(&[&piped[..], &["--json", "--more-credits", "0.1"]].concat(), &usage);
    assert_eq!(text(&piped.stdout), one.1);

    let report: Value = serde_json::from_str(&one.1).unwrap();
    // 0.5 + 0.0025, rounded up; a charge of 1 was said, at a cent each, less a cost of 0.004.
    assert_eq!(report["total"]["would_be"], "10200");
    assert_eq!(report["total"]["costed"]["charged"]["margin_usd"], "120");
    assert_eq!(report["total"]["costed"]["would_be"]["margin_usd"], "22");
    assert_eq!(report["customers"]["all"], 700);
    assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>\n"), "{chart}");
    assert!(chart.contains("direct top") && chart.contains(">10200 -49 %<"), "{chart}");
}

#[test]
fn what_has_no_result_says_why_and_what_to_do_and_prints_and_writes_nothing() {
    let folder = folder_with_books();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("good.jsonl", LEG);
    write("usage.txt", LEG);
    write("blank.jsonl", "\n \n");
    write("blank.csv", "\n \n");
    write("header.csv", "task,model,steps\n");
    write("slip.csv", "\ntask,model,steps,cost_ud\ndirect,top,1,1\n");
    write("bad.jsonl", &format!("{LEG}\n\n{}\n{LEG}", LEG.replace("\"1\"", "1")));
    write("bare.jsonl", &LEG.replace(",\"charged\":\"1\"", ""));
    write("unsold.jsonl", &LEG.replace(",\"charged\":\"1\"", "").replace("top", "old"));
    write("rich.jsonl", &[LEG.replace("\"1\"", "\"9000000000000\"").as_str(); 2].join("\n"));
    write("dear.jsonl", &[LEG.replace("0.004", "100000000000000").as_str(); 2].join("\n"));
    let more = |count: usize, name: &str| {
        let legs = (0..count)
            .map(|number| LEG.replace(&format!("\"{name}\""), &format!("\"{name}{number}\"")));
        legs.collect::<Vec<_>>().join("\n")
    };
    write("crowd.jsonl", &more(11, "a"));
    write("models.jsonl", &more(10_001, "top"));
    write("no-book.json", "{}");
    for (arguments, says) in [
        (&["nowhere.jsonl"][..], "cannot read nowhere.jsonl"),
        (&["usage.txt"], "usage.txt does not say how it is written; say --format"),
        (&["-"], "say --format jsonl or --format csv"),
        (&["blank.jsonl"], "there is no record in blank.jsonl"),
        (&["blank.csv"], "there is no record in blank.csv"),
        (&["header.csv"], "there is no record in header.csv"),
        (&["slip.csv"], "slip.csv line 2: there is no column `cost_ud`"),
        (&["slip.csv", "--skip-faulty"], "slip.csv line 2: there is no column `cost_ud`"),
        (&["bad.jsonl"], "bad.jsonl line 3: `charged`: invalid type"),
        (&["bare.jsonl"], "line 1: `charged`: missing; say it, or name the book"),
        (&["unsold.jsonl", "--against", "small.json"], "line 1: `model`: the baseline does not"),
        (&["rich.jsonl"], "a sum is larger than any amount can be"),
        (&["dear.jsonl"], "a sum is larger than any amount can be"),
        (&["crowd.jsonl", "--customers-max", "10"], "more than 10 customers: allow for more by"),
        (&["models.jsonl"], "more than 10000 pairs of task and model"),
        (&["good.jsonl", "--book", "no-book.json"], "no-book.json is not a price book"),
        (&["good.jsonl", "--against", "in-force"], "there is no database"),
        (&["good.jsonl", "--credits-per-usd", "0"], "--credits-per-usd: `0` is out of range"),
        (&["good.jsonl", "--more-credits=-1"], "--more-credits: `-1` is below zero"),
        (&["good.jsonl", "--top", "1001"], "1001 is not in 0..=1000"),
        (&["good.jsonl", "--threads", "0"], "0 is not in 1..=256"),
        (&["good.jsonl", "--threads", "257"], "257 is not in 1..=256"),
        (&["good.jsonl", "--chart", "nowhere/chart.svg"], "cannot write nowhere/chart.svg"),
    ] {
        let book = if arguments.contains(&"--book") { &[][..] } else { &["--book", "dearer.json"] };
        let chart =
            if arguments.contains(&"--chart") { &[][..] } else { &["--chart", "chart.svg"] };
        let (code, out, err) = run(folder.path(), &[arguments, book, chart].concat());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(says), "{arguments:?}: {err}");
        assert!(!folder.path().join("chart.svg").exists(), "{arguments:?}");
    }
    let left_out = ["crowd.jsonl", "--book", "dearer.json", "--customers-max", "0", "--json"];
    let (code, out, err) = run(folder.path(), &left_out);
    assert_eq!(code, Some(0), "{err}");
    assert!(serde_json::from_str::<Value>(&out).unwrap().get("customers").is_none(), "{out}");
}

#[test]
fn of_what_there_is_one_it_is_said_as_of_one() {
    let folder = folder_with_books();
    std::fs::write(folder.path().join("usage.jsonl"), format!("{LEG}\n{{}}\n")).unwrap();
    let asked = ["usage.jsonl", "--book", "dearer.json", "--skip-faulty", "--chart", "chart.svg"];
    let (code, out, err) = run(folder.path(), &asked);
    assert_eq!(code, Some(1), "{err}");
    assert!(out.starts_with("1 leg\n") && out.contains("0 of 1 customer would pay"), "{out}");
    assert!(out.contains("left out 1 faulty line, the first of them:"), "{out}");
    let chart = std::fs::read_to_string(folder.path().join("chart.svg")).unwrap();
    assert!(chart.contains("<desc>1 leg: 1 credits were charged, 0.5"), "{chart}");
}

#[test]
fn a_published_book_is_named_by_its_version_and_says_what_a_credit_is_worth() {
    let folder = folder_with_books();
    let mut book: Value = serde_json::from_str(DEFAULT_PRICE_BOOK).unwrap();
    book["packs"]["brackets"][0]["credits_per_usd"] = json!("80");
    std::fs::write(folder.path().join("ours.json"), book.to_string()).unwrap();
    let published = run_in(folder.path(), &["price-book", "publish", "ours.json", "--now"]);
    assert!(published.status.success(), "{published:?}");
    let version = text(&published.stdout).split([' ', ',']).nth(1).unwrap().to_owned();
    let leg = LEG.replace("top", "gpt-6-astra");
    std::fs::write(folder.path().join("usage.jsonl"), leg).unwrap();
    let ask = |book: &str, more: &[&str]| {
        let asked = ["usage.jsonl", "--json", "--book", book, "--against", "built-in"];
        let (code, out, err) = run(folder.path(), &[&asked, more].concat());
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let named = ask(&version[..12], &[]);
    assert_eq!(named, ask("in-force", &[]));
    assert_eq!((&named["book"], &named["credits_per_usd"]), (&json!(version), &json!("80")));
    let charged = &named["total"]["costed"]["charged"];
    assert_eq!(
        (&charged["revenue_usd"], &charged["margin_usd"]),
        (&json!("0.0125"), &json!("0.0085"))
    );
    assert_eq!(charged["percent"], "68 %");
    assert_eq!(ask("built-in", &[])["credits_per_usd"], "100");
    assert_eq!(ask("in-force", &["--credits-per-usd", "120"])["credits_per_usd"], "120");
}
