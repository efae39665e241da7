//! A row of a benchmark's result: the figure, what it stands beside, and whether that is enough.

use anyhow::{Context, Result};
use serde_json::Value;

/// One figure with all that can be said of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What it is called.
    pub(crate) name: String,
    /// The figure.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: String,
    /// The figure divided by what it stands beside.
    pub(crate) ratio: Option<f64>,
    /// What has to be reached.
    pub(crate) target: Option<Target>,
    /// What one has to know to read it.
    pub(crate) note: Option<String>,
}

/// What has to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// It is for the ratio; else for the figure.
    pub(crate) of_ratio: bool,
    /// More is better; else less.
    pub(crate) at_least: bool,
    /// What must be shown.
    pub(crate) target: f64,
    /// Where the product is going, where that is further.
    pub(crate) stretch: Option<f64>,
}

/// The rows of a result, with the unit's mean of the whole run beside those that want it.
///
/// # Errors
/// When the result has not the shape that the load generator writes.
pub(crate) fn rows(result: &Value) -> Result<Vec<Row>> {
    let units = result.get("unit").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let rows = result.get("rows").and_then(Value::as_array).context("a result has `rows`")?;
    rows.iter().map(|row| read(row, units).with_context(|| format!("not a row: {row}"))).collect()
}

fn read(row: &Value, units: &[Value]) -> Option<Row> {
    let value = row.get("value")?.as_f64()?;
    let text = |name: &str| Some(row.get(name)?.as_str()?.to_owned());
    let beside = row.get("beside").and_then(|beside| match beside.get("what")?.as_str()? {
        "unit_per_second" => mean(units, "/per_second"),
        "unit_p99" => mean(units, "/wait/p99"),
        "unit_p99_alone" => mean(units, "/wait_alone/p99"),
        _ => beside.get("value")?.as_f64(),
    });
    let ratio = beside.filter(|beside| *beside > 0.0).map(|beside| value / beside);
    let target = row.get("target").and_then(target);
    Some(Row { name: text("name")?, value, unit: text("unit")?, ratio, target, note: text("note") })
}

fn target(target: &Value) -> Option<Target> {
    Some(Target {
        of_ratio: target.get("of_ratio")?.as_bool()?,
        at_least: target.get("direction")?.as_str()? == "at_least",
        target: target.get("target")?.as_f64()?,
        stretch: target.get("stretch").and_then(Value::as_f64),
    })
}

fn mean(units: &[Value], place: &str) -> Option<f64> {
    let found = units.iter().map(|unit| unit.pointer(place).and_then(Value::as_f64));
    let found: Vec<f64> = found.collect::<Option<_>>()?;
    let (count, sum) = found.iter().fold((0.0, 0.0), |(count, sum), one| (count + 1.0, sum + one));
    (count > 0.0).then_some(sum / count)
}

impl Row {
    /// How far it gets, where 1 is the target and more is better; absent without a target, or
    /// without what the target is a ratio to.
    pub(crate) fn reached(&self) -> Option<f64> {
        let target = self.target?;
        let shown = if target.of_ratio { self.ratio? } else { self.value };
        let (above, below) =
            if target.at_least { (shown, target.target) } else { (target.target, shown) };
        (below > 0.0).then_some(above / below)
    }

    /// Whether the target is met, where that can be told.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.reached().map(|reached| reached >= 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(value: f64, beside: &Value, direction: &str, target: f64) -> Row {
        let result = json!({
            "unit": [
                { "per_second": 900.0, "wait": { "p99": 3.0 }, "wait_alone": { "p99": 1.0 } },
                { "per_second": 1100.0, "wait": { "p99": 5.0 }, "wait_alone": { "p99": 1.0 } },
            ],
            "rows": [{
                "name": "a", "value": value, "unit": "pairs/s", "beside": beside,
                "target":
                    { "of_ratio": true, "direction": direction, "target": target, "stretch": 9.0 },
            }],
        });
        rows(&result).unwrap().remove(0)
    }

    #[test]
    fn a_ratio_is_to_the_mean_of_both_runs_of_the_unit() {
        let cases = [
            ("unit_per_second", 2_000.0, "at_least", 2.0, 2.0, true),
            ("unit_per_second", 1_990.0, "at_least", 2.0, 1.99, false),
            ("unit_p99", 4.0, "at_most", 1.0, 1.0, true),
            ("unit_p99", 6.0, "at_most", 1.0, 1.5, false),
        ];
        for (what, value, direction, target, ratio, is_met) in cases {
            let row = one(value, &json!({ "what": what }), direction, target);
            assert_eq!((row.ratio, row.is_met()), (Some(ratio), Some(is_met)), "{what} {value}");
        }
        let row = one(13.0, &json!({ "what": "row", "value": 10.0 }), "at_most", 1.3);
        assert_eq!((row.ratio, row.is_met()), (Some(1.3), Some(true)));
    }

    #[test]
    fn without_the_unit_nothing_is_met_or_missed() {
        let beside = json!({ "what": "unit_per_second" });
        let target =
            json!({ "of_ratio": true, "direction": "at_least", "target": 2.0, "stretch": 4.2 });
        let row = json!(
            { "name": "a", "value": 1.0, "unit": "x", "beside": beside, "target": target }
        );
        let read = rows(&json!({ "unit": [], "rows": [row] })).unwrap();
        assert!(read.iter().all(|row| row.ratio.is_none() && row.is_met().is_none()));
        assert!(rows(&json!({ "rows": [{ "name": "a" }] })).is_err());
    }
}
