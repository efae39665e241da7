//! The pages of a PDF: the leaves of its page tree, in order.

use crate::pdf_file::File;
use crate::pdf_value::{Dict, Value};
use crate::{DocumentFault, Limits};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A page.
pub(crate) struct Page {
    /// Its dictionary, or a reference to it.
    place: Value,
    /// The fonts and drawings that it takes over from the nodes above it.
    inherited: Rc<Value>,
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
    let top = root.dict().map(|root| root.get("Pages").clone()).unwrap_or_default();
    let (mut found, mut seen) = (Pages::default(), BTreeSet::new());
    let mut next = vec![(top, Rc::new(Value::Null))];
    while let Some((place, inherited)) = next.pop() {
        let node = file.resolve(&place)?;
        let Some(dict) = node.dict() else {
            found.damaged = true;
            continue;
        };
        let own = dict.get("Resources");
        let inherited = if own.is_null() { inherited } else { Rc::new(own.clone()) };
        let kids = file.get(dict, "Kids")?;
        let Some(kids) = kids.list() else {
            if u64::try_from(found.pages.len()).unwrap_or(u64::MAX) >= limits.pages_max {
                return Err(DocumentFault::TooManyPages { pages_max: limits.pages_max });
            }
            found.pages.push(Page { place, inherited });
            continue;
        };
        // A node that leads to itself would have pages without end.
        if place.reference().is_some_and(|number| !seen.insert(number)) {
            found.damaged = true;
            continue;
        }
        file.work.look(kids.len())?;
        next.extend(kids.iter().rev().map(|kid| (kid.clone(), Rc::clone(&inherited))));
    }
    Ok(found)
}

impl Page {
    /// Its content and what that names; and whether that is all.
    pub(crate) fn content(&self, file: &File<'_>) -> Result<(Vec<u8>, Dict, bool), DocumentFault> {
        let page = file.resolve(&self.place)?;
        let page = page.dict().cloned().unwrap_or_default();
        let resources = file.resolve(&self.inherited)?.dict().cloned().unwrap_or_default();
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
