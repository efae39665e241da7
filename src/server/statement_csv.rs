//! A statement as CSV (RFC 4180), row by row: for spreadsheets, and safe in them.

use crate::statement::Excerpt;
use crate::statement_period::Period;
use futures::stream::{BoxStream, StreamExt as _};
use kumari_engine::amount::Credits;
use kumari_engine::request::Task;
use kumari_engine::statement::StatementLine;
use kumari_engine::time::Timestamp;
use kumari_store::LedgerError;

/// Its media type; the first row names the columns.
pub(crate) const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

const COLUMNS: [&str; 9] =
    ["entry", "at", "what", "action_id", "change", "held", "balance", "task", "model"];

/// Each row of it as bytes: the columns' names, the opening balance, the lines, the closing balance.
pub(crate) fn rows(
    period: Period,
    excerpt: Excerpt,
) -> BoxStream<'static, Result<Vec<u8>, LedgerError>> {
    let opening = balance("opening balance", period.from, excerpt.opening);
    let closing = balance("closing balance", period.to, excerpt.closing);
    let head = [row(COLUMNS), opening].map(Ok);
    let lines = excerpt.lines().map(|line| line.map(|line| of_line(&line)));
    futures::stream::iter(head).chain(lines).chain(futures::stream::iter([Ok(closing)])).boxed()
}

fn balance(what: &str, at: Timestamp, balance: Credits) -> Vec<u8> {
    row(["", &at.to_string(), what, "", "", "", &balance.to_string(), "", ""])
}

fn of_line(line: &StatementLine) -> Vec<u8> {
    let action_id = line.action_id.as_ref().map_or("", |id| id.as_str());
    let model = line.model.as_ref().map_or("", |model| model.as_str());
    row([
        &line.entry.to_string(),
        &line.at.to_string(),
        &harmless(&line.text),
        &harmless(action_id),
        &line.change.to_string(),
        &line.held.to_string(),
        &line.balance.to_string(),
        line.task.map_or("", Task::name),
        &harmless(model),
    ])
}

/// Text that a spreadsheet does not take for a formula: whoever chose an id or a model's name must
/// not have it run by whoever opens the file.
///
/// Source: OWASP, "CSV Injection".
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn row(fields: [&str; 9]) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and all rows have as many fields.
    drop(writer.write_record(fields));
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{harmless, of_line, row};
    use kumari_engine::request::Task;
    use kumari_engine::statement::StatementLine;

    #[test]
    fn what_a_stranger_chose_is_quoted_and_never_a_formula() {
        assert_eq!(
            row(["a,b", "c\"d", "e\nf", "", "-1", "", "", "", ""]),
            b"\"a,b\",\"c\"\"d\",\"e\nf\",,-1,,,,\r\n"
        );
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        let line = StatementLine {
            entry: 7,
            at: "2026-11-23T10:00:00Z".parse().unwrap(),
            text: "answer of m".to_owned(),
            action_id: Some("@evil".parse().unwrap()),
            task: Some(Task::Direct),
            model: Some("@m".parse().unwrap()),
            change: "-1.5".parse().unwrap(),
            held: "-2".parse().unwrap(),
            balance: "3".parse().unwrap(),
        };
        // Amounts stay numbers.
        let expected = "7,2026-11-23T10:00:00Z,answer of m,'@evil,-1.5,-2,3,direct,'@m\r\n";
        assert_eq!(String::from_utf8(of_line(&line)).unwrap(), expected);
    }
}
