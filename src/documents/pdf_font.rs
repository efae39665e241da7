//! The fonts of a PDF: which text a code stands for, and how wide its glyph is.
//!
//! A font is not drawn, and of its own file only what names characters in plain words is read: what
//! says neither by a table nor by an encoding which characters it has is unreadable here, as it is to
//! who copies from such a page.

use crate::DocumentFault;
use crate::pdf_cmap::{CMap, big_endian};
use crate::pdf_encoding::Encoding;
use crate::pdf_file::File;
use crate::pdf_value::{Dict, Value};
use crate::ranges::Ranges;

/// Widths are in thousandths of a letter's height.
const THOUSAND: f64 = 1000.0;
/// What reading a font costs, however little it says.
const FONT_BYTES: usize = 1 << 10;
/// Widths of one font: one for each glyph that there can be.
const WIDTHS_MAX: usize = 1 << 16;

/// A font.
pub(crate) struct Font {
    coding: Coding,
    /// From codes to text, where the font has such a table.
    texts: Option<CMap>,
    /// Of codes or glyphs: one width for all of a range, or one each.
    widths: Ranges<Vec<f64>>,
    usual_width: f64,
}

/// How the bytes of a text become codes.
enum Coding {
    /// One byte each.
    Simple(Box<Encoding>),
    /// Two bytes each, the number of a glyph.
    Identity,
    /// UTF-16.
    Unicode,
    /// As the font's own table says.
    Table(CMap),
    /// By a table that is not here; two bytes each, unless the text's table says otherwise.
    Unknown,
}

/// A code in a text.
pub(crate) struct Glyph {
    /// How many bytes it has.
    pub(crate) bytes: usize,
    /// What it stands for; nothing where the font does not say.
    pub(crate) text: Option<String>,
    /// How wide it is, as a part of a letter's height.
    pub(crate) width: f64,
    /// The code of a space, which may be wider.
    pub(crate) space: bool,
}

impl Font {
    /// Reads a font's dictionary.
    pub(crate) fn read(file: &File<'_>, font: &Dict) -> Result<Self, DocumentFault> {
        file.work.look(FONT_BYTES)?;
        let texts = match file.get(font, "ToUnicode")?.stream() {
            Some(stream) => Some(CMap::read(&file.decode(stream)?.0)),
            None => None,
        };
        if file.get(font, "Subtype")?.is_name("Type0") {
            return Self::composite(file, font, texts);
        }
        let coding = Coding::Simple(Box::new(Encoding::of(file, font)?));
        let scale = match file.get(font, "FontMatrix")?.list().and_then(<[Value]>::first) {
            Some(scale) => scale.number().unwrap_or(0.0).abs(),
            None => 1.0 / THOUSAND,
        };
        let widths: Vec<f64> = numbers(file, &file.get(font, "Widths")?)?;
        let widths: Vec<f64> = widths.into_iter().map(|width| width * scale).collect();
        let first = file.get(font, "FirstChar")?.size().and_then(|it| u32::try_from(it).ok());
        let mut ranges = Ranges::default();
        if let Some(first) = first {
            push_each(&mut ranges, first, widths);
        }
        // Fonts that every reader has come without widths; this is how wide their letters are.
        let fixed = file.get(font, "BaseFont")?.name().is_some_and(|it| it.starts_with(b"Courier"));
        Ok(Self { coding, texts, widths: ranges, usual_width: if fixed { 0.6 } else { 0.5 } })
    }

    fn composite(file: &File<'_>, font: &Dict, texts: Option<CMap>) -> Result<Self, DocumentFault> {
        let said = file.get(font, "Encoding")?;
        let coding = match (said.stream(), said.name().unwrap_or_default()) {
            (Some(stream), _) => Coding::Table(CMap::read(&file.decode(stream)?.0)),
            (None, b"Identity-H" | b"Identity-V") => Coding::Identity,
            (None, name) if is_utf16(name) => Coding::Unicode,
            (None, _) => Coding::Unknown,
        };
        let descendants = file.get(font, "DescendantFonts")?;
        let inner =
            file.resolve(descendants.list().and_then(<[Value]>::first).unwrap_or(&Value::Null))?;
        let inner = inner.dict().cloned().unwrap_or_default();
        let usual = file.get(&inner, "DW")?.number().unwrap_or(THOUSAND);
        let widths = glyph_widths(file, &file.get(&inner, "W")?)?;
        Ok(Self { coding, texts, widths, usual_width: usual / THOUSAND })
    }

    /// The first code of these bytes; nothing at their end.
    pub(crate) fn next(&self, bytes: &[u8]) -> Option<Glyph> {
        let length = self.code_bytes(bytes);
        let part = bytes.get(..length).filter(|part| !part.is_empty())?;
        let code = big_endian(part);
        let text = self.texts.as_ref().and_then(|texts| {
            // Some writers give codes of one byte two in their table.
            texts.text(length, code).or_else(|| (length == 1).then(|| texts.text(2, code))?)
        });
        let (text, glyph) = match &self.coding {
            Coding::Simple(encoding) => {
                let byte = u8::try_from(code).ok();
                let named = byte.and_then(|byte| encoding.character(byte)).map(String::from);
                (text.or(named), Some(code))
            }
            Coding::Identity => (text, Some(code)),
            Coding::Unicode => {
                let units: Vec<u16> =
                    part.as_chunks::<2>().0.iter().map(|it| u16::from_be_bytes(*it)).collect();
                (text.or_else(|| String::from_utf16(&units).ok()), None)
            }
            Coding::Table(table) => (text, table.glyph(length, code)),
            Coding::Unknown => (text, None),
        };
        let width = glyph.and_then(|glyph| self.width(glyph)).unwrap_or(self.usual_width);
        Some(Glyph { bytes: length, text, width, space: part == b" " })
    }

    /// How many ranges of codes are looked through for each.
    pub(crate) fn spaces(&self) -> usize {
        match &self.coding {
            Coding::Table(table) => table.spaces(),
            Coding::Unknown => self.texts.as_ref().map_or(0, CMap::spaces),
            Coding::Simple(_) | Coding::Identity | Coding::Unicode => 0,
        }
    }

    fn code_bytes(&self, bytes: &[u8]) -> usize {
        let by_table = |table: &CMap| table.code_bytes(bytes);
        let length = match &self.coding {
            Coding::Simple(_) => Some(1),
            Coding::Identity => Some(2),
            Coding::Unicode => {
                let high = bytes.first().is_some_and(|byte| (0xd8..0xdc).contains(byte));
                Some(if high { 4 } else { 2 })
            }
            Coding::Table(table) => by_table(table),
            Coding::Unknown => self.texts.as_ref().filter(|it| it.spaces() > 0).and_then(by_table),
        };
        length.unwrap_or(2).min(bytes.len())
    }

    fn width(&self, glyph: u32) -> Option<f64> {
        let (into, widths) = self.widths.get(u64::from(glyph))?;
        match widths.as_slice() {
            [one] => Some(*one),
            each => each.get(usize::try_from(into).ok()?).copied(),
        }
    }
}

/// Whether a table that every reader has is of this kind, as `UniGB-UCS2-H`.
fn is_utf16(name: &[u8]) -> bool {
    name.starts_with(b"Uni")
        && [b"-UCS2-", b"UTF16-"].iter().any(|part| name.windows(6).any(|window| window == *part))
}

fn numbers(file: &File<'_>, list: &Value) -> Result<Vec<f64>, DocumentFault> {
    let list = list.list().unwrap_or_default();
    file.work.look_at_entries(list.len())?;
    list.iter().map(|value| Ok(file.resolve(value)?.number().unwrap_or(0.0))).collect()
}

/// `first [a b c]` gives glyphs from `first` a width each, `first last a` gives all of them one.
fn glyph_widths(file: &File<'_>, list: &Value) -> Result<Ranges<Vec<f64>>, DocumentFault> {
    let (mut widths, mut count) = (Ranges::default(), 0_usize);
    let mut values = list.list().unwrap_or_default().iter();
    while let (Some(first), Some(second)) = (values.next(), values.next()) {
        let Some(first) = first.size().and_then(|it| u32::try_from(it).ok()) else { break };
        let second = file.resolve(second)?;
        if second.list().is_some() {
            let each = numbers(file, &second)?;
            count = count.saturating_add(each.len());
            if count > WIDTHS_MAX {
                break;
            }
            push_each(&mut widths, first, each.into_iter().map(|width| width / THOUSAND).collect());
        } else {
            let last = second.size().and_then(|it| u32::try_from(it).ok());
            let (Some(last), Some(width)) = (last, values.next()) else { break };
            let width = file.resolve(width)?.number().unwrap_or(0.0) / THOUSAND;
            widths.push(u64::from(first), u64::from(last.max(first)), vec![width]);
        }
    }
    widths.sort();
    Ok(widths)
}

/// Adds one width for each code or glyph from the first on.
fn push_each(ranges: &mut Ranges<Vec<f64>>, first: u32, widths: Vec<f64>) {
    let first = u64::from(first);
    let count = u64::try_from(widths.len()).unwrap_or(u64::MAX);
    if let Some(last) = count.checked_sub(1) {
        ranges.push(first, first.saturating_add(last), widths);
    }
}
