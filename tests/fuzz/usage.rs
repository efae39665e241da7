//! Recorded usage, a leg a line: what is read at once is what the tree would say, and what a line of
//! JSON says a line of CSV can say too.

#![no_main]

use kumari_engine::meter::Meter;
use kumari_server::backtest_csv::Columns;
use kumari_server::backtest_record::{Layout, Lines, Record};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CSV: LazyLock<Layout> = LazyLock::new(|| {
    let meters = Meter::ALL.map(Meter::name).join(",");
    let header = format!("customer,task,model,at,cost_usd,charged,{meters}");
    Layout::Csv(Columns::of_header(header.as_bytes()).expect("a header"))
});

fuzz_target!(|bytes: &[u8]| {
    let (mut json, mut csv) = (Lines::new(&Layout::JsonLines), Lines::new(&CSV));
    for line in bytes.split(|byte| *byte == b'\n') {
        // Whatever else these come to, they come to an end.
        let _ = (Columns::of_header(line), csv.read(line));
        let Ok(Some(record)) = json.read(line) else { continue };
        assert_eq!(kumari_wire::from_slice(line.trim_ascii()).as_ref(), Ok(&record));
        assert_eq!(csv.read(cells(&record).as_bytes()), Ok(Some(record)));
    }
});

/// The record as a line of CSV, every cell in quotes.
fn cells(record: &Record) -> String {
    let text = |value: Option<String>| value.unwrap_or_default();
    let mut cells = vec![
        text(record.customer.as_ref().map(ToString::to_string)),
        record.task.name().to_owned(),
        record.model.to_string(),
        text(record.at.map(|at| at.to_string())),
        text(record.cost_usd.map(|cost| cost.to_string())),
        text(record.charged.map(|charged| charged.to_string())),
    ];
    let used = |meter: Meter| record.usage.iter().find(|(other, _)| *other == meter);
    cells.extend(Meter::ALL.map(|meter| text(used(meter).map(|(_, count)| count.to_string()))));
    cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",")
}
