//! The pages of a PDF: the leaves of its page tree, in order.

use crate::pdf_file::{File, OBJECTS_MAX};
use crate::pdf_value::{Dict, Value};
use crate::{DocumentFault, Limits};
use std::collections::BTreeSet;

/// A page, by the numbers of objects, so that any number of them takes little memory.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    number: u32,
    /// The nearest node above it that has fonts and drawings for all pages below.
    above: Option<u32>,
}

/// The pages, and whether the tree is whole.
#[derive(Default)]
pub(crate) struct Pages {
    pub(crate) pages: Vec<Page>,
    pub(crate) damaged: bool,
}

/// Walks through the tree, without recursion.
pub(crate) fn of(file: &File<'_>, limits: &Limits) -> Result<Pages, DocumentFault> {
    let root = file.get(&file.trailer, "Root")?;
    let top = root.dict().and_then(|root| root.get("Pages").reference());
    let (mut found, mut seen) = (Pages::default(), BTreeSet::new());
    let mut next: Vec<Page> = top.map(|number| Page { number, above: None }).into_iter().collect();
    while let Some(place) = next.pop() {
        let node = file.object(place.number)?;
        let Some(dict) = node.dict() else {
            found.damaged = true;
            continue;
        };
        let kids = file.get(dict, "Kids")?;
        let Some(kids) = kids.list() else {
            if u64::try_from(found.pages.len()).unwrap_or(u64::MAX) >= limits.pages_max {
                return Err(DocumentFault::TooManyPages { pages_max: limits.pages_max });
            }
            found.pages.push(place);
            continue;
        };
        // A node that leads to itself would have pages without end.
        if !seen.insert(place.number) {
            found.damaged = true;
            continue;
        }
        file.work.look(kids.len())?;
        let has_own = !dict.get("Resources").is_null();
        let above = if has_own { Some(place.number) } else { place.above };
        // Kids are references; what is something else is no page.
        let numbers: Vec<u32> = kids.iter().rev().filter_map(Value::reference).collect();
        found.damaged |= numbers.len() < kids.len();
        if next.len().saturating_add(numbers.len()) > OBJECTS_MAX {
            return Err(DocumentFault::TooMuchWork);
        }
        next.extend(numbers.into_iter().map(|number| Page { number, above }));
    }
    Ok(found)
}

impl Page {
    /// Its content and what that names; and whether that is all.
    pub(crate) fn content(&self, file: &File<'_>) -> Result<(Vec<u8>, Dict, bool), DocumentFault> {
        let page = file.object(self.number)?;
        let page = page.dict().cloned().unwrap_or_default();
        let resources = match (file.get(&page, "Resources")?, self.above) {
            (Value::Null, Some(above)) => match file.object(above)?.dict() {
                Some(above) => file.get(above, "Resources")?,
                None => Value::Null,
            },
            (own, _) => own,
        };
        let resources = resources.dict().cloned().unwrap_or_default();
        let contents = file.get(&page, "Contents")?;
        let parts = contents.list().unwrap_or(std::slice::from_ref(&contents));
        let (mut content, mut whole) = (Vec::new(), true);
        for part in parts {
            let part = file.resolve(part)?;
            match part.stream() {
                Some(stream) => {
                    let (data, complete) = file.decode(stream)?;
                    content.extend_from_slice(&data);
                    // A part ends between two words.
                    content.push(b'\n');
                    whole &= complete;
                }
                None => whole &= part.is_null(),
            }
        }
        Ok((content, resources, whole))
    }
}
