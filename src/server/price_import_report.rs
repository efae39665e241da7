//! What became of each entry of a price list: which model it is in the book, or why it is none.

use crate::price_import_book::{Change, Terms};
use crate::price_import_entry::{Priced, Reason, Refusal};
use kumari_engine::id::ModelId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Two lists: every entry is in one of them.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    list: String,
    read_on: String,
    /// How many the file has.
    entries: usize,
    /// Those in the book, in the file's order.
    pub(crate) priced: Vec<Taken>,
    /// The others, in the file's order.
    pub(crate) not_priced: Vec<Named>,
}

/// An entry that is in the book.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    name: String,
    /// The model that it is there.
    pub(crate) id: ModelId,
    change: Change,
    /// Its fields with prices of what no task does, or of other services.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    left_out: BTreeSet<String>,
}

/// An entry that is not, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    name: String,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Report {
    /// The report on a list of so many entries.
    pub(crate) fn new(terms: &Terms, entries: usize) -> Self {
        let (list, read_on) = (terms.package.clone(), terms.read_on.clone());
        Self { list, read_on, entries, priced: Vec::new(), not_priced: Vec::new() }
    }
}

impl Taken {
    /// What an entry has become.
    pub(crate) fn new(name: &str, id: ModelId, change: Change, priced: &Priced) -> Self {
        Self { name: name.to_owned(), id, change, left_out: priced.left_out.clone() }
    }
}

impl Named {
    /// Why an entry has become nothing.
    pub(crate) fn new(name: &str, Refusal { reason, detail }: Refusal) -> Self {
        Self { name: name.to_owned(), reason, detail }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = |change| self.priced.iter().filter(|taken| taken.change == change).count();
        let [added, replaced, unchanged] =
            [Change::Added, Change::Replaced, Change::Unchanged].map(changed);
        writeln!(f, "{}, as of {}: {} entries", self.list, self.read_on, self.entries)?;
        writeln!(
            f,
            "{} priced: {added} new, {replaced} with other rates, {unchanged} as they were",
            self.priced.len()
        )?;
        let beside = self.priced.iter().filter(|taken| !taken.left_out.is_empty()).count();
        if beside > 0 {
            writeln!(
                f,
                "{beside} of them have prices of other services and things besides; \
                 --report FILE names them"
            )?;
        }
        write!(f, "{} not priced", self.not_priced.len())?;
        let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
        for Named { reason, .. } in &self.not_priced {
            let count = counts.entry(*reason).or_default();
            *count = count.saturating_add(1);
        }
        for (reason, count) in counts {
            write!(f, "\n{count:7}  {}: {}", reason.name(), reason.words())?;
        }
        Ok(())
    }
}
