//! PDF: its pages, and the text on them.
//!
//! The objects are found by the tables at the file's end, or by reading all of it where those are
//! damaged. What is inflated and what is looked at is counted, and objects are read when they are
//! asked for, so that a hostile file ends in a fault. The libraries that read PDFs do not keep to a
//! limit: `hayro-syntax` inflates a stream to whatever size, and `lopdf` bounds each stream but not
//! their sum, and reads all objects at once, so that a file of 166 kB took it more than 8 GB. So the
//! structure is read here; what is compressed is left to libraries.

use crate::pdf_content::Contents;
use crate::pdf_file::File;
use crate::pdf_line::Lines;
use crate::pdf_pages::Pages;
use crate::pdf_work::Work;
use crate::{Document, DocumentFault, Kind, Limits, Warning, document, kind};
use crate::{pdf_pages, pdf_scan, pdf_xref};

const NAME: &str = "PDF";

/// Reads a document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, DocumentFault> {
    // Places in the file are counted from its header.
    let from = kind::pdf_header(bytes).unwrap_or(0);
    let bytes = bytes.get(from..).unwrap_or_default();
    let work = Work::new(limits);
    let mut file = File::new(bytes, &work, limits);
    let Pages { pages, damaged } = find_pages(&mut file, limits)?;
    if pages.is_empty() {
        return Err(DocumentFault::Broken { what: NAME, detail: "no page can be found in it" });
    }
    let mut contents = Contents::new(&file, Lines::new(limits));
    contents.lines.incomplete = damaged;
    for page in &pages {
        let (content, resources, whole) = page.content(&file)?;
        contents.lines.incomplete |= !whole;
        contents.page(&content, &resources)?;
    }
    let incomplete = contents.lines.incomplete;
    let text = contents.lines.into_text();
    let warnings =
        [text.is_empty().then_some(Warning::NoText), incomplete.then_some(Warning::TextIncomplete)];
    Ok(Document {
        kind: Kind::Pdf,
        pages: u64::try_from(pages.len()).unwrap_or(u64::MAX),
        characters: document::characters(&text),
        text,
        warnings: warnings.into_iter().flatten().collect(),
    })
}

/// By the file's tables, or without them where they do not lead to all pages.
fn find_pages(file: &mut File<'_>, limits: &Limits) -> Result<Pages, DocumentFault> {
    pdf_xref::load(file)?;
    check_encryption(file)?;
    let by_tables = pdf_pages::of(file, limits)?;
    if !by_tables.damaged && !by_tables.pages.is_empty() {
        return Ok(by_tables);
    }
    pdf_scan::load(file)?;
    check_encryption(file)?;
    pdf_pages::of(file, limits)
}

fn check_encryption(file: &File<'_>) -> Result<(), DocumentFault> {
    if file.trailer.get("Encrypt").is_null() { Ok(()) } else { Err(DocumentFault::Encrypted(NAME)) }
}
