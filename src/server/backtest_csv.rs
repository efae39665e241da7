//! Recorded usage as CSV (RFC 4180): what the header names, and what the cells of a line say.
//!
//! Every line is read by itself: what a record holds has no line ends, so no cell goes on in the
//! next line, and a quote that is not closed spoils one line only.

use crate::backtest_record::Record;
use csv_core::ReadRecordResult;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::request::Task;
use std::fmt::Display;
use std::str::FromStr;

/// What the cells of a line are, from left to right.
#[derive(Clone, Debug)]
pub struct Columns(Vec<Column>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Customer,
    Task,
    Model,
    At,
    CostUsd,
    Charged,
    Meter(Meter),
}

/// The columns that are no meters.
const PLAIN: [(&str, Column); 6] = [
    ("customer", Column::Customer),
    ("task", Column::Task),
    ("model", Column::Model),
    ("at", Column::At),
    ("cost_usd", Column::CostUsd),
    ("charged", Column::Charged),
];

/// More cells than there can be columns.
const CELLS_MAX: usize = 32;

impl Columns {
    /// The columns that a header names.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn of_header(line: &[u8]) -> Result<Self, String> {
        let mut cells = Cells::default();
        let mut columns = Vec::new();
        for name in cells.of(line)? {
            let name = text(name)?.trim();
            let plain = PLAIN.iter().find(|(plain, _)| *plain == name).map(|(_, column)| *column);
            let meter = || Meter::ALL.into_iter().find(|meter| meter.name() == name);
            let column = plain.or_else(|| meter().map(Column::Meter)).ok_or_else(|| {
                let plain = PLAIN.map(|(name, _)| name).join(", ");
                let meters = Meter::ALL.map(Meter::name).join(", ");
                format!(
                    "there is no column `{name}`: take it out, or name it one of {plain}, {meters}"
                )
            })?;
            if columns.contains(&column) {
                return Err(format!("the column `{name}` occurs twice; write it once"));
            }
            columns.push(column);
        }
        for needed in ["task", "model"] {
            if !PLAIN.iter().any(|(name, column)| *name == needed && columns.contains(column)) {
                return Err(format!(
                    "the header has no column `{needed}`; the first line names the columns"
                ));
            }
        }
        if !columns.iter().any(|column| matches!(column, Column::Meter(_))) {
            let meters = Meter::ALL.map(Meter::name).join(", ");
            return Err(format!(
                "the header has no column of a meter; name at least one of {meters}"
            ));
        }
        Ok(Self(columns))
    }

    /// What a line with these cells says.
    ///
    /// # Errors
    /// What is wrong and what to write instead, with the name of the column.
    pub(crate) fn record<'cells>(
        &self,
        mut cells: impl Iterator<Item = &'cells [u8]>,
    ) -> Result<Record, String> {
        let (mut customer, mut task, mut model) = (None, None, None);
        let (mut at, mut cost_usd, mut charged) = (None, None, None);
        let mut counts = Vec::with_capacity(self.0.len());
        for (column, number) in self.0.iter().zip(0_usize..) {
            let cell = cells.next().ok_or_else(|| {
                format!("it has {number} cells and the header {}; write one for each", self.0.len())
            })?;
            let cell = text(cell)?.trim_matches([' ', '\t']);
            if cell.is_empty() {
                continue;
            }
            match column {
                Column::Customer => customer = Some(parsed("customer", cell)?),
                Column::Task => task = Some(task_of(cell)?),
                Column::Model => model = Some(parsed("model", cell)?),
                Column::At => at = Some(parsed("at", cell)?),
                Column::CostUsd => cost_usd = Some(parsed("cost_usd", cell)?),
                Column::Charged => charged = Some(parsed("charged", cell)?),
                Column::Meter(meter) => counts.push((*meter, count(*meter, cell)?)),
            }
        }
        if cells.next().is_some() {
            let columns = self.0.len();
            return Err(format!("it has more cells than the header, which has {columns}"));
        }
        let missing = |name: &str| format!("`{name}`: missing; write it in each line");
        Ok(Record {
            customer,
            task: task.ok_or_else(|| missing("task"))?,
            model: model.ok_or_else(|| missing("model"))?,
            usage: Usage::new(counts).map_err(|fault| format!("`usage`: {fault}"))?,
            at,
            cost_usd,
            charged,
        })
    }
}

fn text(cell: &[u8]) -> Result<&str, String> {
    str::from_utf8(cell).map_err(|_| "it is not UTF-8; save it in that encoding".to_owned())
}

fn parsed<T: FromStr<Err: Display>>(name: &str, cell: &str) -> Result<T, String> {
    cell.parse().map_err(|fault| format!("`{name}`: `{cell}` is {fault}"))
}

fn task_of(cell: &str) -> Result<Task, String> {
    Task::ALL.into_iter().find(|task| task.name() == cell).ok_or_else(|| {
        format!(
            "`task`: there is no task `{cell}`: use one of {}",
            Task::ALL.map(Task::name).join(", ")
        )
    })
}

fn count(meter: Meter, cell: &str) -> Result<u64, String> {
    let digits = Some(cell).filter(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        format!("`{}`: `{cell}` is not a quantity: write a whole number in digits", meter.name())
    })
}

/// The cells of a line, in memory that is kept for the next one.
#[derive(Debug)]
pub(crate) struct Cells {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: [usize; CELLS_MAX],
}

impl Default for Cells {
    fn default() -> Self {
        // A line's own end is taken off before.
        let reader =
            csv_core::ReaderBuilder::new().terminator(csv_core::Terminator::Any(b'\n')).build();
        Self { reader, text: Vec::new(), ends: [0; CELLS_MAX] }
    }
}

impl Cells {
    /// Those of this line.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub(crate) fn of(&mut self, line: &[u8]) -> Result<impl Iterator<Item = &[u8]>, String> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.reader.reset();
        self.text.resize(line.len() + 1, 0);
        let (mut written, mut cells) = (0, 0);
        for (part, is_end) in [(line, false), (b"\n", true)] {
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, _, more_text, more_cells) = self.reader.read_record(part, text, ends);
            written += more_text;
            cells += more_cells;
            match result {
                ReadRecordResult::Record => {}
                ReadRecordResult::InputEmpty if !is_end => {}
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    return Err("a quote is not closed; close it on the same line".to_owned());
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(format!("it has more than {} cells", CELLS_MAX - 1));
                }
            }
        }
        let ends = self.ends.get(..cells).unwrap_or_default();
        let starts = [0].into_iter().chain(ends.iter().copied());
        let text = &self.text;
        Ok(starts.zip(ends).map(|(start, end)| text.get(start..*end).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn a_header_that_cannot_be_used_says_what_to_write() {
        for (header, says) in [
            ("task,model,input_tokens,colour", "there is no column `colour`"),
            ("task,model,task", "`task` occurs twice"),
            ("task,input_tokens", "no column `model`"),
            ("model,input_tokens", "no column `task`"),
            ("task,model", "no column of a meter"),
            ("task,\"model", "a quote is not closed"),
            ("\"", "a quote is not closed"),
            ("direct,lite,5", "there is no column `direct`"),
        ] {
            let fault = Columns::of_header(header.as_bytes()).unwrap_err();
            assert!(fault.contains(says), "{header}: {fault}");
        }
        assert!(Columns::of_header(&[b',', 0xff]).is_err());
        assert!(Columns::of_header(&[b','; 100]).is_err());
    }
}
