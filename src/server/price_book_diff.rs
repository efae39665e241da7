//! What changes between two price books, in words and percent.
//!
//! First what people will notice: the price of each typical request that the newer book names, on
//! every model that could do it. Then every place where the two documents differ, found by walking
//! both, so that nothing is left out.

use crate::price_book_walk::{Change, percent, walk};
use kumari_engine::amount::Credits;
use kumari_engine::estimate::{LevelShown, estimate};
use kumari_engine::id::{BookVersion, ModelId};
use kumari_engine::price_book::{Model, ModelKind, ModelTier, PublishedBook, Reference};
use kumari_engine::request::Request;
use kumari_engine::time::Timestamp;
use serde::Serialize;
use std::fmt;

/// The differences between two books.
#[derive(Debug, Serialize)]
pub(crate) struct Diff {
    from: Named,
    to: Named,
    /// Typical requests whose price or level changes.
    requests: Vec<RequestDiff>,
    /// How many typical requests stay as they are.
    requests_unchanged: usize,
    /// Every place that differs, but for the time that the book comes into force.
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Named {
    version: BookVersion,
    effective_at: Timestamp,
}

/// A typical request; a side is absent where that book does not offer it.
#[derive(Debug, Serialize)]
struct RequestDiff {
    row: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<String>,
}

/// What a person sees of a price before sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Shown {
    expected: Credits,
    level: LevelShown,
}

impl Diff {
    /// Compares two books.
    ///
    /// # Errors
    /// Where one of them cannot be written as JSON.
    pub(crate) fn new(from: &PublishedBook, to: &PublishedBook) -> Result<Self, serde_json::Error> {
        let (old, new) = (serde_json::to_value(&from.book)?, serde_json::to_value(&to.book)?);
        let mut changes = walk(&old, &new);
        changes.retain(|change| change.place != ["effective_at"]);
        let (mut requests, mut requests_unchanged) = (Vec::new(), 0);
        for (row, model, request) in typical_requests(to) {
            let [from, to] = [from, to].map(|book| shown(book, &request));
            if from == to {
                requests_unchanged += usize::from(from.is_some());
                continue;
            }
            let percent = from.as_ref().zip(to.as_ref()).and_then(|(from, to)| {
                percent(from.expected.as_micros().into(), to.expected.as_micros().into())
            });
            requests.push(RequestDiff { row, model, from, to, percent });
        }
        let named = |book: &PublishedBook| Named {
            version: book.version.clone(),
            effective_at: book.book.effective_at,
        };
        Ok(Self { from: named(from), to: named(to), requests, requests_unchanged, changes })
    }
}

/// Each reference of the book; one of a single model is asked of every model that is like it.
fn typical_requests(published: &PublishedBook) -> Vec<(String, Option<ModelId>, Request)> {
    let book = &published.book;
    let mut requests = Vec::new();
    for Reference { row, request, .. } in &book.references {
        let [named] = request.models.as_slice() else {
            requests.push((row.clone(), None, request.clone()));
            continue;
        };
        let tier = book.model(named).and_then(tier);
        for model in book.models_of(request.task).filter(|model| self::tier(model) == tier) {
            let request = Request { models: vec![model.id.clone()], ..request.clone() };
            requests.push((row.clone(), Some(model.id.clone()), request));
        }
    }
    requests
}

const fn tier(model: &Model) -> Option<ModelTier> {
    match &model.kind {
        ModelKind::Text(text) => Some(text.tier),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => None,
    }
}

fn shown(book: &PublishedBook, request: &Request) -> Option<Shown> {
    let estimate = estimate(book, request).ok()?;
    Some(Shown { expected: estimate.expected, level: estimate.level })
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "from {}, in force from {}", self.from.version, self.from.effective_at)?;
        writeln!(f, "to   {}, in force from {}", self.to.version, self.to.effective_at)?;
        if self.changes.is_empty() {
            return write!(f, "\nnothing but the time differs");
        }
        writeln!(f, "\nWhat typical requests are expected to cost, in credits:")?;
        for request in &self.requests {
            writeln!(f, "  {request}")?;
        }
        writeln!(f, "  {} stay as they are", self.requests_unchanged)?;
        write!(f, "\nWhat differs:")?;
        let is_source = |change: &&Change| change.place.iter().any(|step| step == "source");
        for change in self.changes.iter().filter(|change| !is_source(change)) {
            write!(f, "\n  {change}")?;
        }
        match self.changes.iter().filter(is_source).count() {
            0 => Ok(()),
            count => write!(f, "\n  {count} notes on where prices were read"),
        }
    }
}

impl fmt::Display for RequestDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.row)?;
        if let Some(model) = &self.model {
            write!(f, " with {model}")?;
        }
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => {
                write!(f, ": {} -> {}", from.expected, to.expected)?;
                if let Some(percent) = &self.percent {
                    write!(f, " ({percent})")?;
                }
                if from.level != to.level {
                    write!(f, ", {} -> {}", words(&from.level), words(&to.level))?;
                }
                Ok(())
            }
            (Some(from), None) => write!(f, ": {}, no longer offered", from.expected),
            (None, Some(to)) => write!(f, ": new, {}, {}", to.expected, words(&to.level)),
            (None, None) => Ok(()),
        }
    }
}

fn words(level: &LevelShown) -> String {
    match level {
        LevelShown::Units { units } => {
            let one = |unit: &kumari_engine::estimate::LevelCount| match unit.count {
                1 => unit.level.name().to_owned(),
                count => format!("{} x {count}", unit.level.name()),
            };
            units.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        LevelShown::Range { low, high } => format!("{} to {}", low.name(), high.name()),
    }
}
