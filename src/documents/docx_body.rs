//! The XML of a DOCX: the text in it, in reading order.
//!
//! A paragraph ends with a line feed, and so does a row of a table; the cells of a row are parted
//! by tabs. Elements are told by their names without prefix, so that both editions of the standard
//! read alike.

use crate::docx::{NAME, broken};
use crate::{DocumentFault, Limits};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Elements whose content is not text of the document: what was deleted or moved away, what a field
/// computes from, the second choice where a first one was read, and settings.
const SKIPPED: [&str; 9] =
    ["del", "moveFrom", "instrText", "delInstrText", "Fallback", "pPr", "rPr", "sectPr", "tblPr"];

/// The text of a part.
pub(crate) fn text(part: &[u8], limits: &Limits) -> Result<String, DocumentFault> {
    let mut body = Body { limits, text: String::new(), first_cells: Vec::new(), in_text: 0 };
    walk(part, limits, &mut |step| body.take(&step))?;
    body.text.truncate(body.text.trim_end_matches('\n').len());
    Ok(body.text)
}

/// Where `_rels/.rels` says that the document's body is.
pub(crate) fn main_target(part: &[u8], limits: &Limits) -> Result<Option<String>, DocumentFault> {
    let mut found = None;
    walk(part, limits, &mut |step| {
        if let Step::Begin { name: "Relationship", element } = step {
            let kind = attribute(element, "Type").unwrap_or_default();
            if kind.ends_with("/officeDocument") && found.is_none() {
                found = attribute(element, "Target");
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// What is met on the way through a part.
enum Step<'e> {
    Begin { name: &'e str, element: &'e BytesStart<'e> },
    End { name: &'e str },
    Text(&'e str),
}

type Take<'t> = dyn FnMut(Step<'_>) -> Result<(), DocumentFault> + 't;

/// Hands each element and text to `take`, but for what is skipped; without recursion, however deep.
fn walk(part: &[u8], limits: &Limits, take: &mut Take<'_>) -> Result<(), DocumentFault> {
    let part = part.strip_prefix(b"\xef\xbb\xbf").unwrap_or(part);
    let part = std::str::from_utf8(part).map_err(|_| broken("a part is not UTF-8"))?;
    let mut reader = Reader::from_str(part);
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut skipped_from) = (0_usize, None);
    loop {
        match reader.read_event().map_err(|_| broken("a part is not XML"))? {
            Event::Start(element) => {
                depth = depth.saturating_add(1);
                if depth > limits.nesting() {
                    let nesting_max = limits.nesting();
                    return Err(DocumentFault::TooDeep { what: NAME, nesting_max });
                }
                let local = element.local_name();
                let name = local.as_ref();
                if skipped_from.is_none() && SKIPPED.contains(&name) {
                    skipped_from = Some(depth);
                }
                if skipped_from.is_none() {
                    take(Step::Begin { name, element: &element })?;
                }
            }
            Event::End(element) => {
                if skipped_from.is_none() {
                    take(Step::End { name: element.local_name().as_ref() })?;
                } else if skipped_from == Some(depth) {
                    skipped_from = None;
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(text) if skipped_from.is_none() => take(Step::Text(&text))?,
            Event::CData(text) if skipped_from.is_none() => take(Step::Text(&text))?,
            Event::GeneralRef(reference) if skipped_from.is_none() => {
                let mut buffer = [0; 4];
                take(Step::Text(referred(&reference)?.encode_utf8(&mut buffer)))?;
            }
            // It could name entities that grow without end; no document has one.
            Event::DocType(_) => return Err(broken("a part declares a document type")),
            Event::Eof => break,
            Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::GeneralRef(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_) => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err(broken("a part ends in the middle")) }
}

/// The character of `&name;` or `&#number;`.
fn referred(reference: &BytesRef<'_>) -> Result<char, DocumentFault> {
    let number = reference.resolve_char_ref().map_err(|_| broken("a part is not XML"))?;
    let named = match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    };
    number.or(named).ok_or_else(|| broken("a part names an entity that XML does not have"))
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let mut found = attributes.with_checks(false).flatten();
    let found = found.find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// The text that has been met so far.
struct Body<'l> {
    limits: &'l Limits,
    text: String,
    /// For each row that is open, whether its next cell is its first.
    first_cells: Vec<bool>,
    /// How many elements are open whose text counts.
    in_text: usize,
}

impl Body<'_> {
    fn take(&mut self, step: &Step<'_>) -> Result<(), DocumentFault> {
        match *step {
            Step::Begin { name, .. } => self.begin(name),
            Step::End { name } => self.end(name),
            // Outside of them is only the white space between elements.
            Step::Text(text) if self.in_text > 0 => {
                self.limits.check_text(self.text.len().saturating_add(text.len()))?;
                self.push_text(text);
            }
            Step::Text(_) => {}
        }
        self.limits.check_text(self.text.len())
    }

    fn begin(&mut self, name: &str) {
        match name {
            "t" => self.in_text = self.in_text.saturating_add(1),
            "tab" | "ptab" => self.text.push('\t'),
            "br" | "cr" => self.text.push('\n'),
            "noBreakHyphen" => self.text.push('\u{2011}'),
            "tr" => self.first_cells.push(true),
            "tc" => {
                let first = self.first_cells.last_mut();
                if first.is_some_and(|first| !std::mem::take(first)) {
                    self.text.push('\t');
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = self.in_text.saturating_sub(1),
            "p" => self.text.push('\n'),
            // The tab or the row's end follows the last paragraph of a cell instead.
            "tc" if self.text.ends_with('\n') => {
                self.text.truncate(self.text.len().saturating_sub(1))
            }
            "tr" => {
                self.first_cells.pop();
                self.text.push('\n');
            }
            _ => {}
        }
    }

    /// White space in XML's text stands for a space, as in every reader of documents.
    fn push_text(&mut self, text: &str) {
        self.text.extend(text.chars().map(|character| {
            if matches!(character, '\n' | '\r' | '\t') { ' ' } else { character }
        }));
    }
}
