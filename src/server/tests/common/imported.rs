//! Importing prices on the command line, and price lists to import.

use super::program::{run, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The day of the default book's prices.
pub(crate) const DAY: &str = "2026-11-23";

/// What was said, the new book and the report.
pub(crate) struct Imported {
    pub(crate) said: String,
    pub(crate) book: Value,
    pub(crate) report: Value,
}

/// Imports a file; the fault where that ends otherwise.
pub(crate) fn import(from: &str, file: &Path, more: &[&str]) -> Result<Imported, String> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let fixed = ["price-book", "import", "--from", from, "--read-on", DAY, "--report"];
    let files = [report.to_str().unwrap(), file.to_str().unwrap()];
    let output = run(&[&fixed[..], &files, more].concat());
    let said = text(&output.stderr);
    if !output.status.success() {
        return Err(said);
    }
    Ok(Imported {
        said,
        book: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        report: serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap(),
    })
}

/// As [`import`], of a text.
pub(crate) fn import_text(from: &str, list: &str, more: &[&str]) -> Result<Imported, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.json");
    std::fs::write(&file, list).unwrap();
    import(from, &file, more)
}

impl Imported {
    pub(crate) fn model(&self, id: &str) -> &Value {
        self.book["models"].as_array().unwrap().iter().find(|model| model["id"] == id).unwrap()
    }

    /// By name: the reason, with its detail where there is one.
    pub(crate) fn refused(&self) -> BTreeMap<&str, String> {
        let list = self.report["not_priced"].as_array().unwrap().iter();
        let words = |one: &Value| match one["detail"].as_str() {
            Some(detail) => format!("{}: {detail}", one["reason"].as_str().unwrap()),
            None => one["reason"].as_str().unwrap().to_owned(),
        };
        list.map(|one| (one["name"].as_str().unwrap(), words(one))).collect()
    }

    pub(crate) fn priced(&self) -> BTreeMap<&str, &Value> {
        let list = self.report["priced"].as_array().unwrap().iter();
        list.map(|one| (one["name"].as_str().unwrap(), one)).collect()
    }
}

/// Rates as `credits/per`, by meter.
pub(crate) fn rates(rates: &Value) -> BTreeMap<&str, String> {
    let rate = |rate: &Value| format!("{}/{}", rate["credits"].as_str().unwrap(), rate["per"]);
    rates.as_object().unwrap().iter().map(|(meter, one)| (meter.as_str(), rate(one))).collect()
}

/// A file of litellm's form with these entries; `@` stands for what every chat model has.
pub(crate) fn litellm(entries: &[(&str, &str)]) -> String {
    let chat = r#""litellm_provider": "p", "mode": "chat", "max_input_tokens": 100000,
        "max_output_tokens": 8000"#;
    let media = r#""litellm_provider": "p", "mode""#;
    let entry = |(name, entry): &(&str, &str)| {
        let entry = entry.replace('@', chat).replace('#', media);
        format!("{}: {{{entry}}}", json!(name))
    };
    format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(",\n"))
}

/// A provider of genai-prices' form with these models.
pub(crate) fn genai(models: &[(&str, &str)]) -> String {
    let model = |(id, model): &(&str, &str)| {
        format!(r#"{{"id": {}, "match": {{}}, "context_window": 128000, {model}}}"#, json!(id))
    };
    let models: Vec<_> = models.iter().map(model).collect();
    format!(
        r#"[{{"id": "p", "name": "P", "pricing_urls": ["https://p.example/prices"], "models": [{}]}}]"#,
        models.join(",")
    )
}
