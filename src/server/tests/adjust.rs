//! An operator gives and takes on the command line, beside a running server.

#[cfg(test)]
mod common;

use common::client::Client;
use common::program::{Program, run, text};
use serde_json::{Value, json};

const ID: &str = "0195f000-0000-7000-8000-0000000000aa";
const OTHER: &str = "0195f000-0000-7000-8000-0000000000ab";

#[tokio::test]
async fn credits_are_given_and_taken_once_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &["--demo-pace", "none"]);
    let mut client = Client::new(program.base.clone());
    let account = client.begin().await["account_id"].as_str().unwrap().to_owned();
    let file = folder.path().join("credits.db");
    let file = file.to_str().unwrap();
    let operate = |command: &str, more: &[&str]| {
        run(&[&[command, "--database", file, "--account", &account], more].concat())
    };
    let read = |output: &std::process::Output| -> Value {
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };

    let give = ["--credits", "25", "--reason", "sorry for the outage", "--action-id", ID, "--json"];
    let given = read(&operate("adjust", &give));
    assert_eq!(
        (&given["repeated"], &given["balance"]["available"]),
        (&json!(false), &json!("125"))
    );
    let grant = &given["entries"][0]["event"]["grant"];
    assert_eq!(
        (&grant["kind"], &grant["reason"]),
        (&json!("adjustment"), &json!("sorry for the outage"))
    );
    let lot = grant["lot"].to_string();
    assert_eq!(client.balance().await["standing"]["available"], "125", "the server sees it");
    let again = read(&operate("adjust", &give));
    assert_eq!((&again["repeated"], &again["entries"]), (&json!(true), &json!([])));
    assert_eq!(again["balance"]["available"], "125");
    let more = operate("adjust", &["--credits", "26", "--reason", "more", "--action-id", ID]);
    assert_eq!(more.status.code(), Some(1));
    assert!(text(&more.stderr).contains("was used for another request"), "{more:?}");
    // Without an id it makes one, and says which.
    let fresh = operate("adjust", &["--credits", "0.5", "--reason", "thanks"]);
    assert!(text(&fresh.stdout).contains("\"kind\":\"granted\",\"action_id\":\"01"), "{fresh:?}");
    assert!(text(&fresh.stdout).ends_with("settled 125.5, held 0, available 125.5\n"), "{fresh:?}");

    let take = ["--lot", &lot, "--reason", "a mistake", "--action-id", OTHER, "--json"];
    let taken = read(&operate("revoke-lot", &take));
    assert_eq!(taken["entries"][0]["event"]["revocation"]["amount"], "25");
    assert_eq!(taken["entries"][0]["corrects"].to_string(), lot);
    assert_eq!(client.balance().await["standing"]["available"], "100.5");
    let again = operate("revoke-lot", &take[..6]);
    assert!(text(&again.stdout).starts_with(&format!("{OTHER} was done before")), "{again:?}");

    let statement = text(&operate("statement", &["--format", "csv"]).stdout);
    assert!(statement.contains("adjustment: sorry for the outage"), "{statement}");
    assert!(statement.contains("credits revoked: a mistake"), "{statement}");
    assert_eq!(run(&["audit", "--database", file]).status.code(), Some(0));
}

#[tokio::test]
async fn what_cannot_be_given_or_taken_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]);
    let mut client = Client::new(program.base.clone());
    let account = client.begin().await["account_id"].as_str().unwrap().to_owned();
    let file = folder.path().join("credits.db");
    let file = file.to_str().unwrap();
    let adjust = ["adjust", "--reason", "why"];
    let revoke = ["revoke-lot", "--reason", "why"];
    for (command, more, code, says) in [
        (adjust, ["--credits", "0", "--account", &account, "--database", file], 1, "above zero"),
        (
            adjust,
            ["--credits", "1", "--account", "nobody", "--database", file],
            1,
            "no account `nobody`",
        ),
        (
            adjust,
            ["--credits", "1", "--account", &account, "--database", "nowhere.db"],
            1,
            "there is no database",
        ),
        (
            adjust,
            ["--credits", "1.0000001", "--account", &account, "--database", file],
            2,
            "--credits",
        ),
        (revoke, ["--lot", "7", "--account", &account, "--database", file], 1, "no lot 7"),
    ] {
        let refused = run(&[&command[..], &more[..]].concat());
        assert_eq!(refused.status.code(), Some(code), "{refused:?}");
        assert!(text(&refused.stderr).contains(says), "{refused:?}");
    }
    let two_lines =
        ["adjust", "--credits", "1", "--account", &account, "--database", file, "--reason", "a\nb"];
    assert!(text(&run(&two_lines).stderr).contains("one line"));
    assert_eq!(client.balance().await["standing"]["available"], "100");
}
