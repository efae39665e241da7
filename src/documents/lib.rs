//! Pages and text of a file that somebody attaches: PDF, DOCX, TXT and CSV, native and wasm, so
//! that browser and server count alike.
//!
//! [`read`] takes the bytes of a file and answers its kind, its pages, its characters and its text,
//! or a [`DocumentFault`] that says what to do. The kind is told from the bytes, not from the name.
//! Whatever a file says of itself is held to [`Limits`] before memory is used for it, and the work
//! for it is bounded: a hostile file costs a fault, never a panic, a deep stack or a long wait.
//!
//! [`as_sent`] is that text as a model is shown it, which is what both sides count.
//!
//! It knows no tokens and no prices, draws nothing, and reads no picture: a scanned page has no
//! text here.

mod limits;
mod fault;
mod document;
mod kind;
mod inflate;
mod ranges;
mod plain;
mod csv;
mod docx;
mod docx_archive;
mod docx_body;
mod pdf;
mod pdf_value;
mod pdf_lexer;
mod pdf_work;
mod pdf_xref;
mod pdf_scan;
mod pdf_file;
mod pdf_filter;
mod pdf_pages;
mod pdf_content;
mod pdf_matrix;
mod pdf_line;
mod pdf_font;
mod pdf_encoding;
mod pdf_cmap;
mod sent;

pub use document::{Document, Warning, text_pages};
pub use fault::DocumentFault;
pub use kind::{ACCEPTED, Hint, Kind};
pub use limits::Limits;
pub use sent::{as_sent, harmless_name};

/// Reads a file: what it is, how many pages it has, and its text.
///
/// The same bytes, hint and limits give the same answer on every machine, in WebAssembly too.
///
/// # Errors
/// [`DocumentFault`] where the file is of another kind, damaged, encrypted, or beyond a limit.
///
/// # Example
/// ```
/// use kumari_documents::{Hint, Kind, Limits, read};
///
/// let document = read("Grüße, 世界\n".as_bytes(), &Hint::default(), &Limits::DEFAULT)?;
/// assert_eq!((document.kind, document.pages, document.characters), (Kind::Txt, 1, 10));
/// # Ok::<(), kumari_documents::DocumentFault>(())
/// ```
pub fn read(bytes: &[u8], hint: &Hint<'_>, limits: &Limits) -> Result<Document, DocumentFault> {
    limits.check_file(bytes.len())?;
    match kind::of(bytes, hint)? {
        Kind::Pdf => pdf::read(bytes, limits),
        Kind::Docx => docx::read(bytes, limits),
        Kind::Txt => plain::read(bytes, limits),
        Kind::Csv => csv::read(bytes, limits),
    }
}
