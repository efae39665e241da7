//! The audit finds every kind of damage, and names the entry with which it begins.
//!
//! Each case takes a real SQLite file with a history, damages it as somebody with the file could,
//! and reads what the audit says. The history of the account:
//!
//! | entry | what |
//! |---|---|
//! | 1 | grant `…01`, 9 credits until 500 s |
//! | 2 | grant `…02`, 20 credits |
//! | 3 | hold `…03`, a comparison |
//! | 4 | its leg 0 is settled |
//! | 5 | its leg 1 is void |
//! | 6 | hold `…04`, which stays open |
//! | 7 | grant `…05`, 1 credit |

use kumari_store::fixtures::{Command, Desk, account, action, at, credits, request};
use kumari_store::{Audit, Difference, Place, SqliteOptions, SqliteStore, audit};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default()).unwrap()
}

async fn history(path: &Path) {
    let desk = Desk::new(Arc::new(open(path))).unwrap();
    for number in [1, 2, 3] {
        let id = account(number).unwrap();
        let action = |number| action(number).unwrap();
        let send = |number, models: &[&str]| {
            Command::authorize(action(number), request(models, 100).unwrap()).unwrap()
        };
        for command in [
            Command::grant(action(1), credits(9), Some(at(500))),
            Command::grant(action(2), credits(20), None),
            send(3, &["lite", "top"]),
            Command::settle(action(3), 0, "lite", 50).unwrap(),
            Command::void(action(3), 1),
            send(4, &["lite"]),
            Command::grant(action(5), credits(1), None),
        ] {
            desk.clock.advance_seconds(1);
            desk.run(&id, command).await.unwrap();
        }
    }
}

async fn audited(path: &Path) -> (Audit, Vec<Difference>) {
    let mut all = Vec::new();
    let audited = audit(&open(path), None, |_, found| all.extend_from_slice(found)).await.unwrap();
    assert_eq!(audited.differences, u64::try_from(all.len()).unwrap());
    (audited, all)
}

/// A statement on the journal, which no code of the house may have: words with `journal` for its
/// table.
fn sql(words: &str) -> String {
    words.replace("journal", "entries")
}

/// Puts the history into a file, damages it, and reads what the audit finds first.
async fn damaged(words: &str) -> Vec<Difference> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kumari.db");
    history(&path).await;
    let file = Connection::open(&path).unwrap();
    for guard in ["entries_never_change", "entries_never_go"] {
        file.execute_batch(&format!("DROP TRIGGER {guard}")).unwrap();
    }
    file.execute_batch(&sql(words)).unwrap();
    let changed: i64 = file.query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap();
    assert!(changed > 0, "nothing was damaged by `{words}`");
    drop(file);
    let (audited, found) = audited(&path).await;
    assert_eq!(audited.accounts, 3, "{words}");
    let other = found.iter().find(|difference| difference.account.as_str() != "account-2");
    assert_eq!(other, None, "{words}");
    found
}

/// The first difference names that entry and says those words.
async fn check(words: &str, entry: u64, says: &str) {
    let found = damaged(words).await;
    let first = found.first().unwrap_or_else(|| panic!("nothing was found after `{words}`"));
    assert_eq!(first.entry, entry, "{words}\n{found:#?}");
    assert!(first.to_string().contains(says), "{words}\n{first}\nlacks `{says}`");
}

const ID: &str = "account_id = 'account-2'";

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_touched_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kumari.db");
    history(&path).await;
    let (audited, found) = audited(&path).await;
    assert_eq!(found, []);
    assert_eq!(audited, Audit { accounts: 3, entries: 21, actions: 15, differences: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_gone_is_named() {
    for entry in [1, 2, 4, 6] {
        let words = format!("DELETE FROM journal WHERE {ID} AND sequence = {entry}");
        check(&words, entry, "the entry is missing").await;
    }
    // The last one leaves no gap: the account's row still stands at it.
    check(&format!("DELETE FROM journal WHERE {ID} AND sequence = 7"), 7, "is missing").await;
    check(&format!("DELETE FROM journal WHERE {ID}"), 1, "the entry is missing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_cannot_follow_is_named() {
    let set = |entry, change: &str| {
        format!("UPDATE journal SET entry = {change} WHERE {ID} AND sequence = {entry}")
    };
    let json = |path: &str, value: &str| format!("json_set(entry, '{path}', {value})");
    for (entry, change, says) in [
        (2, json("$.postings[0].amount", "'21'"), "do not sum to zero"),
        (2, json("$.postings[1].side", "'debit'"), "do not sum to zero"),
        (2, json("$.sequence", "3"), "its row has another number or time"),
        (2, json("$.at", "'2030-01-01T00:00:00Z'"), "its row has another number or time"),
        (2, "'{}'".to_owned(), "cannot be read"),
        (5, "'no JSON'".to_owned(), "cannot be read"),
        (4, json("$.event.leg", "7"), "does not have"),
        (4, json("$.event.action_id", "'nobody'"), "does not have"),
        (5, json("$.event.leg", "0"), "does again what an earlier one did"),
        (7, json("$.event.grant.lot", "2"), "does again what an earlier one did"),
    ] {
        check(&set(entry, &change), entry, says).await;
    }
    // A time that goes back, in the row and in the entry.
    let back = json("$.at", "'2026-03-01T12:00:00Z'");
    let words = format!(
        "UPDATE journal SET entry = {back}, at = 1772366400000 WHERE {ID} AND sequence = 5"
    );
    check(&words, 5, "does not follow the one before it").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_in_each_others_place_are_named() {
    let swapped = format!(
        "CREATE TEMP TABLE kept AS SELECT sequence, at, entry FROM journal WHERE {ID}; \
         UPDATE journal SET (at, entry) = (SELECT kept.at, kept.entry FROM kept \
         WHERE kept.sequence = 9 - journal.sequence) WHERE {ID} AND sequence IN (4, 5)"
    );
    check(&swapped, 4, "its row has another number or time").await;
    // With their numbers and times mended, so that only the content is in the wrong place.
    let mended = format!(
        "{swapped}; UPDATE journal SET at = (SELECT kept.at FROM kept WHERE kept.sequence = \
         journal.sequence) WHERE {ID}; UPDATE journal SET entry = json_set(entry, '$.sequence', \
         sequence, '$.at', strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch')) WHERE {ID}"
    );
    let found = damaged(&mended).await;
    assert!(found.is_empty(), "the legs may end in either order: {found:#?}");
    let before_its_hold = mended.replace("9 -", "7 -").replace("(4, 5)", "(3, 4)");
    check(&before_its_hold, 3, "does not have").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_was_edited_to_another_story_is_named() {
    // Both sides changed alike: the journal is as good as ever, and what is kept betrays it.
    let both = "json_set(entry, '$.postings[0].amount', '21', '$.postings[1].amount', '21', \
                '$.event.grant.amount', '21')";
    let words = format!("UPDATE journal SET entry = {both} WHERE {ID} AND sequence = 2");
    let found = damaged(&words).await;
    assert_eq!((found[0].entry, &found[0].place), (2, &Place::Action(action(2).unwrap())));
    assert!(found.iter().any(|one| one.place == Place::Account && one.entry == 7), "{found:#?}");

    let words = format!(
        "UPDATE journal SET entry = json_set(entry, '$.event.end.reason', 'lost') \
         WHERE {ID} AND sequence = 5"
    );
    check(&words, 5, r#"`state.hold.legs[1].end.reason`: the journal says "lost""#).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_too_many_is_named() {
    let copy = |number: u64, change: &str| {
        format!(
            "INSERT INTO journal SELECT account_id, {number}, at, \
             json_set(entry, '$.sequence', {number}{change}) \
             FROM journal WHERE {ID} AND sequence = 7"
        )
    };
    check(&copy(8, ""), 8, "does again what an earlier one did").await;
    let as_new = ", '$.event.grant.lot', 8, '$.postings[1].account.lots', 8";
    check(&copy(8, as_new), 8, "does again what an earlier one did").await;
    // The grant of another action: a fine entry, of which nothing that is kept knows.
    let as_new = format!("{as_new}, '$.event.action_id', 'mine'");
    let found = damaged(&copy(8, &as_new)).await;
    assert!(found.iter().all(|one| one.entry == 8), "{found:#?}");
    let places: Vec<&Place> = found.iter().map(|one| &one.place).collect();
    assert!(places.contains(&&Place::Account), "{found:#?}");
    assert!(places.contains(&&Place::Action("mine".parse().unwrap())), "{found:#?}");
    check(&copy(0, ""), 0, "its number is 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_edited_is_named() {
    let set = |change: &str| format!("UPDATE accounts SET {change} WHERE {ID}");
    let state =
        |path: &str, value: &str| set(&format!("state = json_set(state, '{path}', {value})"));
    for (words, says) in [
        (state("$.lots[1].available", "'99'"), "`state.lots[1].available`"),
        (state("$.totals.revenue", "'0.652001'"), "`state.totals.revenue`"),
        (state("$.open_holds", "0"), "`state.open_holds`: the journal says 1, stored is 0"),
        (state("$.disputed", "json('true')"), "`state.disputed`"),
        (set("state = json_remove(state, '$.lots[1]')"), "`state.lots"),
        (set("state = '{}'"), "cannot be read"),
        (set("lot_ends_at = NULL"), "`lot_ends_at`"),
        (set("lot_ends_at = lot_ends_at + 1"), "`lot_ends_at`"),
    ] {
        check(&words, 7, says).await;
    }
    check(&set("sequence = 9"), 8, "the entry is missing").await;
    check(&set("sequence = 5"), 7, "`sequence`: the journal says 7, stored is 5").await;
    check(&format!("DELETE FROM accounts WHERE {ID}"), 1, "stored is nothing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_from_before_is_dated_by_the_first_entry_that_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kumari.db");
    history(&path).await;
    let rows = |from: &str| {
        let file = Connection::open(&path).unwrap();
        let sql = format!("CREATE TABLE {from}_then AS SELECT * FROM {from}");
        file.execute_batch(&sql).unwrap();
    };
    rows("accounts");
    rows("actions");
    let desk = Desk::new(Arc::new(open(&path))).unwrap();
    let id = account(2).unwrap();
    desk.run(&id, Command::void(action(4).unwrap(), 0)).await.unwrap();
    desk.run(&id, Command::grant(action(6).unwrap(), credits(1), None)).await.unwrap();
    drop(desk);

    let file = Connection::open(&path).unwrap();
    let put_back = |table: &str| {
        let sql = format!("REPLACE INTO {table} SELECT * FROM {table}_then WHERE {ID}");
        file.execute_batch(&sql).unwrap();
    };
    put_back("accounts");
    let (_, found) = audited(&path).await;
    assert!(found.iter().all(|one| one.place == Place::Account && one.entry == 8), "{found:#?}");
    put_back("actions");
    let (_, found) = audited(&path).await;
    let hold = found.iter().find(|one| one.place == Place::Action(action(4).unwrap()));
    assert_eq!(hold.map(|one| one.entry), Some(8), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_was_edited_is_named() {
    let hold = format!("{ID} AND action_id LIKE '%03'");
    for (words, entry, says) in [
        (
            format!(
                "UPDATE actions SET state = json_set(state, '$.hold.legs[0].end.charge', '0') WHERE {hold}"
            ),
            5,
            "`state.hold.legs[0].end.charge`",
        ),
        (format!("UPDATE actions SET state = '[]' WHERE {hold}"), 5, "cannot be read"),
        (format!("UPDATE actions SET open_until = 1 WHERE {hold}"), 5, "`open_until`"),
        (format!("DELETE FROM actions WHERE {hold}"), 3, "stored is nothing"),
        (
            format!("UPDATE actions SET open_until = NULL WHERE {ID} AND open_until IS NOT NULL"),
            6,
            "`open_until`",
        ),
        (
            format!(
                "UPDATE actions SET state = json_set(state, '$.grant.amount', '2') WHERE {ID} AND action_id LIKE '%02'"
            ),
            2,
            r#"`state.grant.amount`: the journal says "20", stored is "2""#,
        ),
        (
            format!(
                "INSERT INTO actions SELECT account_id, 'mine', state, open_until FROM actions WHERE {ID} AND action_id LIKE '%02'"
            ),
            7,
            "the journal says nothing",
        ),
        (
            format!("UPDATE actions SET action_id = 'mine' WHERE {ID} AND action_id LIKE '%02'"),
            2,
            "",
        ),
    ] {
        check(&words, entry, says).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_journal_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kumari.db");
    history(&path).await;
    let file = Connection::open(&path).unwrap();
    let copied = "INSERT INTO accounts SELECT 'invented', sequence, json_set(state, '$.id', 'invented'), \
                  lot_ends_at FROM accounts WHERE account_id = 'account-1'";
    file.execute_batch(copied).unwrap();
    drop(file);
    let (audited, found) = audited(&path).await;
    assert_eq!((audited.accounts, found.len()), (4, 1));
    assert_eq!(found[0].to_string(), "invented, entry 1: the entry is missing");
}
