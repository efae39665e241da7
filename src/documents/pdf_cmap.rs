//! The tables of a font that lead from codes to characters, or to the numbers of glyphs.

use crate::pdf_lexer::Lexer;
use crate::pdf_value::Value;
use crate::ranges::Ranges;

/// Ranges of one table.
const RANGES_MAX: usize = 70_000;
/// Characters that one code may stand for; ligatures stand for three.
const UNITS_MAX: usize = 32;

/// A table, as `ToUnicode` and `Encoding` have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CMap {
    /// How many bytes codes have, and which.
    spaces: Vec<(usize, u32, u32)>,
    /// What the first code of each range stands for, by [`key`].
    texts: Ranges<Span>,
    /// The UTF-16 of all of them.
    units: Vec<u16>,
    glyphs: Ranges<u32>,
}

/// Where a text lies among the units: its begin and its end.
type Span = (u32, u32);

impl CMap {
    /// Reads a table's stream.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut lexer = Lexer::new(bytes, 0, 4);
        let (mut cmap, mut operands, mut values) = (Self::default(), Vec::new(), 0_usize);
        while let Some(token) = lexer.token() {
            if let Value::Word(word) = &token {
                match word.as_slice() {
                    b"endcodespacerange" => cmap.add_spaces(&operands),
                    b"endbfchar" => cmap.add_texts(&operands, false),
                    b"endbfrange" => cmap.add_texts(&operands, true),
                    b"endcidchar" => cmap.add_glyphs(&operands, false),
                    b"endcidrange" => cmap.add_glyphs(&operands, true),
                    _ => {}
                }
                operands.clear();
                values = 0;
                continue;
            }
            values = values.saturating_add(lexer.values());
            if values < RANGES_MAX {
                operands.push(token);
            }
        }
        cmap.texts.sort();
        cmap.glyphs.sort();
        cmap
    }

    fn add_spaces(&mut self, operands: &[Value]) {
        for pair in operands.chunks_exact(2) {
            let [Some((bytes, from)), Some((_, to))] = [pair.first(), pair.last()].map(code) else {
                continue;
            };
            if self.spaces.len() < 256 {
                self.spaces.push((bytes, from, to));
            }
        }
    }

    fn add_texts(&mut self, operands: &[Value], ranges: bool) {
        for entry in operands.chunks_exact(if ranges { 3 } else { 2 }) {
            let [Some((bytes, from)), Some(to)] = [
                code(entry.first()),
                if ranges { code(entry.get(1)) } else { code(entry.first()) },
            ] else {
                continue;
            };
            let to = to.1.max(from);
            match entry.last() {
                Some(Value::Text(text)) => self.add_text(bytes, from, to, text),
                Some(Value::List(list)) => {
                    for (at, text) in (from..=to).zip(list.iter()) {
                        self.add_text(bytes, at, at, text.text().unwrap_or_default());
                    }
                }
                Some(_) | None => {}
            }
        }
    }

    fn add_text(&mut self, bytes: usize, from: u32, to: u32, text: &[u8]) {
        if self.texts.len() >= RANGES_MAX || text.len() > UNITS_MAX.saturating_mul(2) {
            return;
        }
        let place = |units: &[u16]| u32::try_from(units.len()).unwrap_or(u32::MAX);
        let begin = place(&self.units);
        // One byte is a code of Latin 1, as some writers have it.
        if let [byte] = text {
            self.units.push(u16::from(*byte));
        }
        self.units.extend(text.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)));
        self.texts.push(key(bytes, from), key(bytes, to), (begin, place(&self.units)));
    }

    fn add_glyphs(&mut self, operands: &[Value], ranges: bool) {
        for entry in operands.chunks_exact(if ranges { 3 } else { 2 }) {
            let last = if ranges { entry.get(1) } else { entry.first() };
            let (Some((bytes, from)), Some((_, to))) = (code(entry.first()), code(last)) else {
                continue;
            };
            let first = entry.last().and_then(Value::size).and_then(|it| u32::try_from(it).ok());
            if let Some(first) = first.filter(|_| self.glyphs.len() < RANGES_MAX) {
                self.glyphs.push(key(bytes, from), key(bytes, to.max(from)), first);
            }
        }
    }

    /// In how many ranges it says how long codes are.
    pub(crate) const fn spaces(&self) -> usize {
        self.spaces.len()
    }

    /// How many bytes the next code has.
    pub(crate) fn code_bytes(&self, bytes: &[u8]) -> Option<usize> {
        (1..=4_usize.min(bytes.len())).find(|length| {
            let value = bytes.get(..*length).map(big_endian);
            self.spaces.iter().any(|(space, from, to)| {
                space == length && value.is_some_and(|value| (*from..=*to).contains(&value))
            })
        })
    }

    /// The text that a code stands for.
    pub(crate) fn text(&self, bytes: usize, code: u32) -> Option<String> {
        let (step, (begin, end)) = self.texts.get(key(bytes, code))?;
        let (begin, end) = (usize::try_from(*begin).ok()?, usize::try_from(*end).ok()?);
        let mut units = self.units.get(begin..end)?.to_vec();
        // Only the last unit counts up inside a range.
        let step = u16::try_from(step).ok()?;
        if let Some(last) = units.last_mut() {
            *last = last.checked_add(step)?;
        }
        Some(String::from_utf16_lossy(&units))
    }

    /// The number of the glyph that a code stands for.
    pub(crate) fn glyph(&self, bytes: usize, code: u32) -> Option<u32> {
        let (step, first) = self.glyphs.get(key(bytes, code))?;
        Some(first.saturating_add(u32::try_from(step).ok()?))
    }
}

/// Codes of different lengths are different codes.
fn key(bytes: usize, code: u32) -> u64 {
    u64::try_from(bytes).unwrap_or(0) << 32 | u64::from(code)
}

fn code(value: Option<&Value>) -> Option<(usize, u32)> {
    let text = value?.text()?;
    (1..=4).contains(&text.len()).then(|| (text.len(), big_endian(text)))
}

pub(crate) fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::CMap;

    #[test]
    fn ranges_single_codes_and_ligatures_stand_for_their_text() {
        let cmap = CMap::read(
            b"1 begincodespacerange <00> <7f> <8000> <ffff> endcodespacerange\n\
              2 beginbfchar <01> <00660066> <8001> <d83dde00> endbfchar\n\
              2 beginbfrange <10> <12> <0041> <20> <21> [<0078> <0079007a>] endbfrange\n\
              1 begincidrange <8000> <8010> 5 endcidrange",
        );
        let cases = [
            (1, 0x01, Some("ff")),
            (2, 0x8001, Some("😀")),
            (1, 0x12, Some("C")),
            (1, 0x13, None),
            (1, 0x21, Some("yz")),
            (2, 0x21, None),
        ];
        for (bytes, code, expected) in cases {
            assert_eq!(cmap.text(bytes, code).as_deref(), expected, "{code:#x}");
        }
        assert_eq!(cmap.glyph(2, 0x8002), Some(7));
        assert_eq!(cmap.code_bytes(b"\x10\x20"), Some(1));
        assert_eq!(cmap.code_bytes(b"\x90\x20"), Some(2));
    }

    #[test]
    fn what_is_written_wrongly_is_left_out() {
        for bytes in [
            b"beginbfrange <05> <01> <0041> endbfrange".as_slice(),
            b"endbfchar endbfrange <",
            b"beginbfrange <00> <ffffffff> <ffff> endbfrange",
            b"beginbfchar <0102030405> <0041> [[[[[[ endbfchar",
        ] {
            let cmap = CMap::read(bytes);
            assert_eq!(cmap.text(1, 2), None);
        }
    }
}
