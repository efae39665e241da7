//! DOCX: the text of Word's documents since 2007, as one reads it from top to bottom.
//!
//! The body comes first, then footnotes and endnotes. Headers and footers, which repeat on every
//! page, comments, deleted text and pictures are left out. A file has no pages of its own: where
//! they break is decided by who prints it.

use crate::docx_archive::Archive;
use crate::{Document, DocumentFault, Kind, Limits, docx_body};

/// What this kind of file is called in a fault.
pub(crate) const NAME: &str = "DOCX file";

/// The notes of a document, in the order in which they are read.
const NOTES: [&str; 2] = ["footnotes.xml", "endnotes.xml"];

/// Reads a document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, DocumentFault> {
    let mut archive = Archive::open(bytes, limits)?;
    let main = main_part(&mut archive, limits)?;
    let body = archive.part(&main)?.ok_or_else(not_word)?;
    let mut text = docx_body::text(&body, limits)?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder);
    for name in NOTES {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let Some(part) = archive.part(&path)? else { continue };
        let notes = docx_body::text(&part, limits)?;
        // The line that parts notes from the body is a note without text.
        let notes = notes.trim_start_matches('\n');
        if !notes.is_empty() {
            text.push('\n');
            text.push_str(notes);
        }
    }
    Document::of_text(Kind::Docx, text, limits)
}

/// The path of the document's body, as the package says it.
fn main_part(archive: &mut Archive<'_>, limits: &Limits) -> Result<String, DocumentFault> {
    let said = match archive.part("_rels/.rels")? {
        Some(part) => docx_body::main_target(&part, limits)?,
        None => None,
    };
    let path = said.unwrap_or_else(|| "word/document.xml".to_owned());
    let path = path.trim_start_matches('/');
    if path.starts_with("word/") { Ok(path.to_owned()) } else { Err(not_word()) }
}

/// A zip, but not a document of Word.
pub(crate) const fn not_word() -> DocumentFault {
    DocumentFault::Unsupported {
        found: "a zip archive that is not a document of Word",
        instead: "attach the PDF, DOCX, TXT or CSV files inside it, or save a sheet as CSV",
    }
}

pub(crate) const fn broken(detail: &'static str) -> DocumentFault {
    DocumentFault::Broken { what: NAME, detail }
}
