//! Recorded usage, a leg to a line: what [`crate::backtest`] reads, as JSON or as CSV.
//!
//! A record says what was used and what came of it; it has no price lines and nothing is priced
//! here. A line is read by itself, so that lines can be read by anybody in any order.

use crate::backtest_csv::{Cells, Columns};
use crate::dollars::Dollars;
use crate::json_line::{self, LINE_BYTES_MAX};
use kumari_engine::amount::Credits;
use kumari_engine::fields;
use kumari_engine::id::{AccountId, ModelId};
use kumari_engine::meter::Usage;
use kumari_engine::request::Task;
use kumari_engine::time::Timestamp;

/// One leg of an action, as it was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it was.
    pub customer: Option<AccountId>,
    /// What was asked for.
    pub task: Task,
    /// The model that answered.
    pub model: ModelId,
    /// What was used.
    pub usage: Usage,
    /// When.
    pub at: Option<Timestamp>,
    /// What the provider billed.
    pub cost_usd: Option<Dollars>,
    /// What was charged.
    pub charged: Option<Credits>,
}

fields! {
    Record {
        customer or default, task, model, usage, at or default, cost_usd or default,
        charged or default,
    }
}

/// How lines are written.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Each is a JSON object.
    JsonLines,
    /// Each has cells for these columns.
    Csv(Columns),
}

/// Reads one line after another, in memory that it keeps.
#[derive(Debug)]
pub struct Lines<'layout> {
    layout: &'layout Layout,
    cells: Cells,
}

impl<'layout> Lines<'layout> {
    /// Of lines that are written so.
    pub fn new(layout: &'layout Layout) -> Self {
        Self { layout, cells: Cells::default() }
    }

    /// What a line says; nothing where it is blank.
    ///
    /// # Errors
    /// What is wrong and what to write instead, with the path of the field.
    pub fn read(&mut self, line: &[u8]) -> Result<Option<Record>, String> {
        if u64::try_from(line.len()).is_ok_and(|length| length > LINE_BYTES_MAX) {
            return Err(format!("longer than {LINE_BYTES_MAX} bytes, so it is no record of a leg"));
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        let record = match self.layout {
            Layout::JsonLines => from_json(text)?,
            Layout::Csv(columns) => columns.record(self.cells.of(line)?)?,
        };
        for (name, is_negative) in [
            ("charged", record.charged.is_some_and(Credits::is_negative)),
            ("cost_usd", record.cost_usd.is_some_and(Dollars::is_negative)),
        ] {
            if is_negative {
                return Err(format!("`{name}`: below zero; leave a leg out that was given back"));
            }
        }
        Ok(Some(record))
    }
}

/// Nearly every line is right, and read at once. One that is not is read again through the tree
/// that knows where in it the fault is, and that reading is the one that counts.
fn from_json(text: &[u8]) -> Result<Record, String> {
    serde_json::from_slice(text).or_else(|_| json_line::read(text))
}

#[cfg(test)]
mod tests {
    use super::{Layout, Lines, Record};
    use crate::backtest_csv::Columns;
    use proptest::prelude::*;

    fn csv(header: &str) -> Layout {
        Layout::Csv(Columns::of_header(header.as_bytes()).unwrap())
    }

    fn read(layout: &Layout, line: &str) -> Result<Option<Record>, String> {
        Lines::new(layout).read(line.as_bytes())
    }

    #[test]
    fn json_and_csv_say_the_same() {
        let json = r#"{"customer":"ada","task":"direct","model":"lite","usage":{"input_tokens":10,"output_tokens":2},"at":"2026-11-01T10:00:00Z","cost_usd":"0.50","charged":"1.5"}"#;
        let from_json = read(&Layout::JsonLines, json).unwrap().unwrap();
        let layout =
            csv("output_tokens,model,task,customer, charged ,cost_usd,at,input_tokens,steps\r\n");
        for line in [
            "2,lite,direct,ada,1.5,0.5,2026-11-01T10:00:00Z,10,",
            "\"2\",\"lite\", direct ,\"ada\",1.5,0.50,2026-11-01T10:00:00Z,10,\r\n",
        ] {
            assert_eq!(read(&layout, line).unwrap().unwrap(), from_json, "{line}");
        }
        let least = read(&Layout::JsonLines, r#"{"task":"image","model":"m","usage":{}}"#);
        assert_eq!(least, read(&csv("task,model,images,customer"), "image,m,,"));
        assert_eq!(read(&layout, " \r\n"), Ok(None));
        assert_eq!(read(&Layout::JsonLines, "\n"), Ok(None));
    }

    #[test]
    fn a_line_that_cannot_be_read_says_where_and_what_to_do() {
        let layout = csv("task,model,input_tokens,charged,cost_usd,at,customer");
        for (line, says) in [
            ("direct,lite,5,,,", "it has 6 cells and the header 7"),
            ("direct,lite,5,,,,,", "more cells than the header"),
            ("direct,lite,5,,,,\"a", "a quote is not closed"),
            ("fly,lite,5,,,,", "`task`: there is no task `fly`: use one of direct"),
            (",lite,5,,,,", "`task`: missing"),
            ("direct,,5,,,,", "`model`: missing"),
            ("direct,a b,5,,,,", "`model`: `a b` is not an id"),
            ("direct,lite,-5,,,,", "`input_tokens`: `-5` is not a quantity"),
            ("direct,lite,+5,,,,", "`input_tokens`: `+5` is not a quantity"),
            ("direct,lite,5.0,,,,", "`input_tokens`: `5.0` is not a quantity"),
            ("direct,lite,99999999999,,,,", "a quantity is at most"),
            ("direct,lite,99999999999999999999,,,,", "is not a quantity"),
            ("direct,lite,5,1.50,,,", "`charged`: `1.50` is not a canonical decimal"),
            ("direct,lite,5,-1,,,", "`charged`: below zero"),
            ("direct,lite,5,,$1,,", "`cost_usd`: `$1` is not an amount of US dollars"),
            ("direct,lite,5,,-0.5,,", "`cost_usd`: below zero"),
            ("direct,lite,5,,,yesterday,", "`at`: `yesterday` is not a time"),
        ] {
            let fault = read(&layout, line).unwrap_err();
            assert!(fault.contains(says), "{line}: {fault}");
        }
        for (line, says) in [
            ("{", "this is not JSON"),
            (r#"{"model":"lite","usage":{}}"#, "missing field `task`"),
            (
                r#"{"task":"direct","model":"lite","usage":{"input_tokens":"5"}}"#,
                "`usage.input_tokens`",
            ),
            (
                r#"{"task":"direct","model":"lite","usage":{},"cost_usd":0.5}"#,
                "`cost_usd`: invalid type",
            ),
            (
                r#"{"task":"direct","model":"lite","usage":{},"cost_usd":"-1"}"#,
                "`cost_usd`: below zero",
            ),
            (
                r#"{"task":"direct","model":"lite","usage":{},"charged":"-1"}"#,
                "`charged`: below zero",
            ),
            (r#"{"task":"direct","model":"lite","usage":{},"id":1}"#, "`id`: unknown field"),
        ] {
            let fault = read(&Layout::JsonLines, line).unwrap_err();
            assert!(fault.contains(says), "{line}: {fault}");
        }
        let long = " ".repeat(8) + &"x".repeat(1024 * 1024 + 1);
        assert!(read(&layout, &long).unwrap_err().contains("longer than 1048576 bytes"));
    }

    proptest! {
        /// What is read at once is what the tree would say: else a fault would pass unseen.
        #[test]
        fn what_is_read_at_once_is_what_is_read_through_the_tree(
            edits in prop::collection::vec((0..200_usize, ".{0,3}", 0..4_usize), 0..3),
            count in prop_oneof![0..100_u64, Just(10_000_000_000), Just(10_000_000_001), any::<u64>()],
        ) {
            let mut text = format!(
                r#"{{"task":"direct","usage":{{"output_tokens":{count},"steps":1}},"model":"m","customer":null,"charged":"1.5","cost_usd":"0.1","at":"2026-11-01T10:00:00Z"}}"#
            );
            for (at, put, taken) in edits {
                let at = at.min(text.len());
                let range = at..(at + taken).min(text.len());
                if text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
                    text.replace_range(range, &put);
                }
            }
            let at_once = serde_json::from_str::<Record>(&text);
            if let Ok(at_once) = at_once {
                let through_the_tree = kumari_wire::from_str::<Record>(&text);
                prop_assert_eq!(through_the_tree.as_ref(), Ok(&at_once), "{}", text);
            }
        }
    }
}
