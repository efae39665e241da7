//! Statements over HTTP and on the command line (R34).

#[cfg(test)]
mod common;

use common::backend::{Backend, done};
use common::client::{Client, credits};
use common::program::{Program, run, text};
use common::{STORES, StoreKind, TestServer};
use kumari_engine::amount::Credits;
use kumari_store::KeyScope;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};

const MODEL: &str = "gpt-6-luna";

async fn top_up(client: &Client, number: u32) {
    let bought = json!({"action_id": format!("0195f000-0000-7000-8000-{number:012}"), "usd": 10});
    assert_eq!(client.post("/api/top-ups", &bought).await.status, 201);
}

#[tokio::test]
async fn each_month_opens_with_what_the_last_closed_with() {
    for kind in STORES {
        let test = TestServer::start(kind).await;
        let client = test.guest().await;
        client.ask("direct", &[MODEL], "Hello!").await;
        top_up(&client, 1).await;
        test.clock.set(common::time("2026-12-05T00:00:00Z"));
        top_up(&client, 2).await;

        let november = client.get("/api/statement?month=2026-11").await.body;
        let december = client.get("/api/statement?month=2026-12").await.body;
        let this = client.get("/api/statement").await.body;
        assert_eq!(this, december, "{kind:?}: without a month it is this one");
        let (november, december) = (&november["statement"], &december["statement"]);
        assert_eq!(november["opening"], "0");
        assert_eq!(november["closing"], december["opening"]);
        assert_eq!(december["closing"], client.balance().await["standing"]["settled"]);
        let lines = november["lines"].as_array().unwrap();
        let texts: Vec<&str> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
        let expected =
            ["free credits", "held for direct: gpt-6-luna", "answer of gpt-6-luna", "Custom Pack"];
        assert_eq!(texts, expected, "{kind:?}");
        let sum = Credits::sum(lines.iter().map(|line| credits(&line["change"]))).unwrap();
        assert_eq!(sum, credits(&november["closing"]));
        let before = client.get("/api/statement?to=2026-11-01").await.body;
        assert_eq!(before["statement"]["lines"], json!([]));
    }
}

/// R31: what is frozen, or of a later time, is the account's own: the header and the statement say so.
#[tokio::test]
async fn what_cannot_be_used_now_is_settled_all_the_same() {
    let test = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&test, KeyScope::Ledger).await;
    let client = test.guest().await;
    top_up(&client, 1).await;
    let session = client.post("/api/session", &json!({})).await.body;
    let post = format!("/api/accounts/{}", session["account_id"].as_str().unwrap());
    let later = json!({ "action_id": "later", "kind": "promo", "amount": "7",
        "effective_at": "2026-12-24T00:00:00Z" });
    done(&backend, &format!("{post}/grant"), &later).await;
    let dispute = json!({ "disputed": {
        "payment": "0195f000-0000-7000-8000-000000000001", "dispute": "d", "usd_cents": 1_000 } });
    done(&backend, &format!("{post}/payments"), &dispute).await;
    let standing = &client.balance().await["standing"];
    let statement = client.get("/api/statement").await.body;
    assert_eq!(standing["settled"], statement["statement"]["closing"]);
    let frozen = credits(&statement["statement"]["lines"][1]["change"]);
    let rest = Credits::sum([credits(&standing["available"]), frozen, credits(&json!("7"))]);
    assert_eq!(credits(&standing["settled"]), rest.unwrap());
}

#[tokio::test]
async fn what_was_spent_is_summed_up_by_day_task_and_model() {
    for kind in STORES {
        let test = TestServer::start(kind).await;
        let client = test.guest().await;
        let nothing = client.get("/api/forecast").await.body;
        assert_eq!(
            nothing["forecast"].get("until"),
            None,
            "{kind:?}: nothing was spent: {nothing}"
        );
        client.ask("direct", &[MODEL], "Hello!").await;
        client.ask("compare", &[MODEL, "gpt-6-astra"], "Which of you is cheaper?").await;
        let forecast = client.get("/api/forecast").await.body;
        test.clock.advance_seconds(24 * 3_600);
        client.ask("direct", &[MODEL], "Hello again!").await;

        let lines = client.get("/api/statement").await.body["statement"]["lines"].clone();
        let ended = lines.as_array().unwrap().iter().filter(|line| line.get("model").is_some());
        let mut expected: Vec<(String, Value, Value, Credits)> = ended
            .map(|line| {
                let day = format!(
                    "{}T00:00:00Z",
                    line["at"].as_str().unwrap().split_once('T').unwrap().0
                );
                let charge = Credits::ZERO.sub(credits(&line["change"])).unwrap();
                (day, line["task"].clone(), line["model"].clone(), charge)
            })
            .collect();
        expected.sort_by_key(|(day, task, model, _)| {
            (day.clone(), task.to_string(), model.to_string())
        });
        let spending = client.get("/api/spending?month=2026-11").await.body;
        let rows = spending["spending"].as_array().unwrap();
        let mut found: Vec<(String, Value, Value, Credits)> = rows
            .iter()
            .map(|row| {
                assert_eq!(row["answers"], 1);
                let day = row["day"].as_str().unwrap().to_owned();
                (day, row["task"].clone(), row["model"].clone(), credits(&row["charge"]))
            })
            .collect();
        found.sort_by_key(|(day, task, model, _)| {
            (day.clone(), task.to_string(), model.to_string())
        });
        assert_eq!(found.len(), 4, "{spending}");
        assert_eq!(found, expected, "{kind:?}");

        // The first day's pace is that of a whole day, however short it was.
        let spent = Credits::sum(found.iter().take(3).map(|(.., charge)| *charge)).unwrap();
        assert_eq!(credits(&forecast["forecast"]["spent"]), spent);
        let time = |value: &Value| common::time(value.as_str().unwrap());
        let as_of = time(&forecast["as_of"]);
        assert_eq!(time(&forecast["forecast"]["since"]).plus_seconds(24 * 3_600), as_of);
        let until = time(&forecast["forecast"]["until"]);
        assert!(until > as_of.plus_seconds(24 * 3_600), "most of 100 credits are left: {forecast}");
    }
}

#[tokio::test]
async fn only_so_much_is_summed_up_at_once() {
    let test = TestServer::start(StoreKind::Memory).await;
    let client = test.guest().await;
    for (query, path) in
        [("from=2025-01-01", "from"), ("month=2026-13", "month"), ("days=7", "days")]
    {
        let refused = client.get(&format!("/api/spending?{query}")).await;
        assert_eq!((refused.status, &refused.body["path"]), (422, &json!(path)), "{query}");
    }
    let year = client.get("/api/spending?from=2025-12-01&to=2026-12-01").await;
    assert_eq!((year.status, &year.body["spending"]), (200, &json!([])));
}

#[tokio::test]
async fn a_long_statement_comes_in_pages() {
    let test = TestServer::start(StoreKind::Database).await;
    let client = test.guest().await;
    for number in 1..=6 {
        top_up(&client, number).await;
    }
    let whole = client.get("/api/statement?month=2026-11").await.body;
    assert_eq!(whole.get("next"), None);
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!("/api/statement?month=2026-11&limit=3&after={after}")).await;
        for bound in ["opening", "closing", "from", "to"] {
            assert_eq!(page.body["statement"][bound], whole["statement"][bound], "{bound}");
        }
        lines.extend(page.body["statement"]["lines"].as_array().unwrap().clone());
        match page.body.get("next") {
            Some(next) => after = next.as_u64().unwrap(),
            None => break,
        }
    }
    assert_eq!(Value::from(lines), whole["statement"]["lines"]);
}

#[tokio::test]
async fn a_statement_is_csv_for_who_asks_for_it() {
    let test = TestServer::start(StoreKind::Database).await;
    let client = test.guest().await;
    top_up(&client, 1).await;
    let asked = client.get_raw("/api/statement?month=2026-11&format=csv").await;
    assert_eq!(asked.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let name = "attachment; filename=\"statement-2026-11-01-2026-12-01.csv\"";
    assert_eq!(asked.headers()["content-disposition"], name);
    let by_address = asked.text().await.unwrap();
    let by_header = client.request(Method::GET, "/api/statement?month=2026-11");
    let by_header = by_header.header(ACCEPT, "text/csv, application/json;q=0.5");
    assert_eq!(by_header.send().await.unwrap().text().await.unwrap(), by_address);
    let begin = common::BEGIN;
    let expected = format!(
        "entry,at,what,action_id,change,held,balance,task,model\r\n\
         ,2026-11-01T00:00:00Z,opening balance,,,,0,,\r\n\
         1,{begin},free credits,free-credits,100,0,100,,\r\n\
         2,{begin},Custom Pack,0195f000-0000-7000-8000-000000000001,1000,0,1100,,\r\n\
         ,2026-12-01T00:00:00Z,closing balance,,,,1100,,\r\n"
    );
    assert_eq!(by_address, expected);
}

#[tokio::test]
async fn a_statement_that_cannot_be_is_refused_with_the_parameter() {
    let test = TestServer::start(StoreKind::Memory).await;
    assert_eq!(test.stranger().get("/api/statement").await.status, 401);
    let client = test.guest().await;
    for (query, path) in [
        ("month=2026-13", "month"),
        ("month=2026-11&from=2026-11-01", "month"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=yesterday", "from"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after=-1", "after"),
        ("format=pdf", "format"),
        ("format=csv&limit=5", "after"),
        ("colour=red", "colour"),
    ] {
        let refused = client.get(&format!("/api/statement?{query}")).await;
        assert_eq!((refused.status, &refused.body["path"]), (422, &json!(path)), "{query}");
    }
}

#[tokio::test]
async fn a_statement_is_printed_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &["--demo-pace", "none"]);
    let mut client = Client::new(program.base.clone());
    let account = client.begin().await["account_id"].as_str().unwrap().to_owned();
    top_up(&client, 1).await;
    let file = folder.path().join("credits.db");
    let print = |more: &[&str]| {
        let all = ["statement", "--database", file.to_str().unwrap(), "--account", &account];
        run(&[&all[..], more].concat())
    };
    let table = print(&[]);
    assert_eq!(table.status.code(), Some(0), "{table:?}");
    let table = text(&table.stdout);
    let words: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().skip(1).collect()).collect();
    assert_eq!(words[1], ["0", "opening", "balance"]);
    assert_eq!(words[3], ["1000", "1100", "Custom", "Pack"]);
    assert_eq!(words[4], ["1100", "closing", "balance"]);
    let csv = print(&["--format", "csv"]);
    assert_eq!(
        text(&csv.stdout),
        client.get_raw("/api/statement?format=csv").await.text().await.unwrap()
    );
    let lines = text(&print(&["--format", "json"]).stdout);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["opening"]["balance"], "0");
    assert_eq!(lines[2]["line"]["change"], "1000");
    assert_eq!(lines[3]["closing"]["balance"], "1100");

    let refused = print(&["--month", "13"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--month: write a month"), "{refused:?}");
    let all = ["statement", "--database", file.to_str().unwrap(), "--account", "nobody"];
    assert!(text(&run(&all).stderr).contains("there is no account `nobody`"));
}
