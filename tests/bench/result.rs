//! What was measured: rows with their units and targets, and the conditions they were measured in.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Everything that a run found.
#[derive(Default, Serialize)]
pub(crate) struct Results {
    /// 4 KiB writes with fdatasync in a second: at the start, and at the end.
    probes_per_second: Vec<f64>,
    /// `pgbench -N`: at the start, and at the end.
    unit: Vec<Unit>,
    rows: Vec<Row>,
    /// What could not be measured, and why.
    not_measured: Vec<String>,
}

/// One run of the peer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Unit {
    /// Transactions in a second with 32 clients.
    pub(crate) per_second: f64,
    /// How long one of them took.
    pub(crate) wait: Wait,
    /// How long one took with a single client.
    pub(crate) wait_alone: Wait,
}

/// How long something took, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Wait {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p99_9: f64,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// What it is called, in every result.
    name: String,
    value: f64,
    unit: &'static str,
    /// Where another figure stands beside it: what that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    /// What one has to know to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// What a figure is compared with. The ratio is the figure divided by it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Beside {
    what: Comparison,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
}

/// With what.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    /// Transactions of the unit in a second.
    UnitPerSecond,
    /// The p99 of the unit with 32 clients.
    UnitP99,
    /// The p99 of the unit with one client.
    UnitP99Alone,
    /// Another row of this run.
    Row,
}

/// What has to be reached.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Target {
    /// Whether the target is for the ratio; else it is for the figure.
    pub(crate) of_ratio: bool,
    pub(crate) direction: Direction,
    pub(crate) target: f64,
    pub(crate) stretch: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    AtLeast,
    AtMost,
}

impl Results {
    pub(crate) fn probe(&mut self, per_second: f64) {
        println!("disk: {per_second:.0} writes of 4 KiB with fdatasync a second");
        self.probes_per_second.push(per_second);
    }

    pub(crate) fn unit(&mut self, unit: Unit) {
        println!("pgbench -N: {:.0} a second, p99 {:.2} ms", unit.per_second, unit.wait.p99);
        self.unit.push(unit);
    }

    /// Keeps a row, and says it at once: a run takes minutes.
    pub(crate) fn add(&mut self, row: Row) {
        println!("{}: {:.3} {}", row.name, row.value, row.unit);
        self.rows.push(row);
    }

    pub(crate) fn not_measured(&mut self, what: impl Into<String>) {
        let what = what.into();
        println!("not measured: {what}");
        self.not_measured.push(what);
    }

    pub(crate) const fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, beside: None, target: None, note: None }
    }

    /// A figure that stands beside one of the unit's.
    pub(crate) fn beside_unit(mut self, what: Comparison) -> Self {
        self.beside = Some(Beside { what, value: None });
        self
    }

    /// A figure that stands beside another one.
    pub(crate) fn beside(mut self, value: f64) -> Self {
        self.beside = Some(Beside { what: Comparison::Row, value: Some(value) });
        self
    }

    /// The ratio has to be at least that.
    pub(crate) fn ratio_at_least(self, target: f64, stretch: f64) -> Self {
        self.target(Target { of_ratio: true, direction: Direction::AtLeast, target, stretch })
    }

    /// The ratio has to be at most that.
    pub(crate) fn ratio_at_most(self, target: f64, stretch: f64) -> Self {
        self.target(Target { of_ratio: true, direction: Direction::AtMost, target, stretch })
    }

    /// The figure has to be at least that.
    pub(crate) fn at_least(self, target: f64, stretch: f64) -> Self {
        self.target(Target { of_ratio: false, direction: Direction::AtLeast, target, stretch })
    }

    /// The figure has to be at most that.
    pub(crate) fn at_most(self, target: f64, stretch: f64) -> Self {
        self.target(Target { of_ratio: false, direction: Direction::AtMost, target, stretch })
    }

    fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

impl Wait {
    /// Of a histogram of microseconds.
    pub(crate) fn of(micros: &Histogram<u64>) -> Self {
        let millis = |quantile| micros.value_at_quantile(quantile) as f64 / 1_000.0;
        Self { p50: millis(0.5), p99: millis(0.99), p99_9: millis(0.999) }
    }
}

/// An empty histogram of microseconds, exact to three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are a precision that there is")
}
