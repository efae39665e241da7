//! Which characters the codes of a font without a table of its own stand for: Adobe's encodings, and
//! Adobe's names of glyphs.

use crate::DocumentFault;
use crate::pdf_file::File;
use crate::pdf_lexer::Lexer;
use crate::pdf_value::{Dict, Value};
use std::sync::LazyLock;

/// Names and characters, one a line, in the order of their bytes: the Adobe Glyph List for New Fonts, and its ligatures.
const GLYPH_NAMES: &str = include_str!("glyph_names.txt");

static NAMES: LazyLock<Vec<(&str, char)>> = LazyLock::new(|| {
    let lines = GLYPH_NAMES.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (name, code) = line.split_once(';')?;
            Some((name, char::from_u32(u32::from_str_radix(code, 16).ok()?)?))
        })
        .collect()
});

/// The upper half of each encoding; NUL where there is nothing.
const WIN_ANSI: &str = "€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
    ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{0}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
const STANDARD: &str = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ\0–†‡·\0¶•‚„”»…‰\0¿\0`´ˆ˜¯˘˙¨\0˚¸\0˝˛ˇ\
    —\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0Æ\0ª\0\0\0\0ŁØŒº\0\0\0\0\0æ\0\0\0ı\0\0łøœß\0\0\0\0";

/// The character of each code; NUL where there is none.
#[derive(Clone, Debug)]
pub(crate) struct Encoding([char; 256]);

impl Encoding {
    /// The encoding that a font's dictionary says, or the one that fonts have where it says none.
    pub(crate) fn of(file: &File<'_>, font: &Dict) -> Result<Self, DocumentFault> {
        let said = file.get(font, "Encoding")?;
        let base = match said.dict() {
            Some(dict) => file.get(dict, "BaseEncoding")?,
            None => said.clone(),
        };
        let mut encoding = Self::base(base.name().unwrap_or_default(), file, font)?;
        if let Some(dict) = said.dict() {
            let differences = file.get(dict, "Differences")?;
            let differences = differences.list().unwrap_or_default();
            file.work.look_at_entries(differences.len())?;
            encoding.differ(differences);
        }
        Ok(encoding)
    }

    fn base(name: &[u8], file: &File<'_>, font: &Dict) -> Result<Self, DocumentFault> {
        let plain = Self::table(WIN_ANSI);
        Ok(match name {
            b"WinAnsiEncoding" => plain,
            b"MacRomanEncoding" => Self::table(MAC_ROMAN),
            // Fonts of Windows and of the Macintosh are drawn by the codes of Windows.
            b"" if file.get(font, "Subtype")?.is_name("TrueType") => plain,
            // A font that is in the file has an encoding of its own.
            b"" if let Some(own) = Self::built_in(file, font)? => own,
            // What a picture font draws is no letter, though it has a letter's code.
            b"" if pictures(&file.get(font, "BaseFont")?) => Self(['\0'; 256]),
            _ => {
                let mut standard = Self::table(STANDARD);
                standard.set(b'\'', '’');
                standard.set(b'`', '‘');
                standard
            }
        })
    }

    /// What the readable part of a Type 1 font says: `dup 65 /A put` for each code.
    fn built_in(file: &File<'_>, font: &Dict) -> Result<Option<Self>, DocumentFault> {
        let descriptor = file.get(font, "FontDescriptor")?;
        let Some(descriptor) = descriptor.dict() else { return Ok(None) };
        let program = file.get(descriptor, "FontFile")?;
        let Some(stream) = program.stream() else { return Ok(None) };
        let (program, _) = file.decode(stream)?;
        let mut lexer = Lexer::new(&program, 0, 4);
        let (mut encoding, mut found) = (Self(['\0'; 256]), false);
        let (mut code, mut name) = (None, None);
        while let Some(token) = lexer.token().filter(|token| !token.is_word("eexec")) {
            if token.is_word("put") {
                if let Some((code, character)) =
                    code.zip(name.and_then(|it: Vec<u8>| character(&it)))
                {
                    encoding.set(code, character);
                    found = true;
                }
                (code, name) = (None, None);
            } else if let Some(written) = token.name() {
                name = Some(written.to_vec());
            } else if let Some(written) = token.size() {
                code = u8::try_from(written).ok();
            }
        }
        Ok(found.then_some(encoding))
    }

    fn table(upper: &str) -> Self {
        let mut table = Self(['\0'; 256]);
        for code in b' '..=b'~' {
            table.set(code, char::from(code));
        }
        for (code, character) in (128..=u8::MAX).zip(upper.chars()) {
            table.set(code, character);
        }
        table
    }

    fn set(&mut self, code: u8, character: char) {
        if let Some(place) = self.0.get_mut(usize::from(code)) {
            *place = character;
        }
    }

    /// A number is the code of the name that follows it; each further name has the next code.
    fn differ(&mut self, differences: &[Value]) {
        let mut code = 0_u8;
        for value in differences {
            if let Some(name) = value.name() {
                self.set(code, character(name).unwrap_or('\0'));
                code = code.wrapping_add(1);
            } else if let Some(next) = value.size().and_then(|next| u8::try_from(next).ok()) {
                code = next;
            }
        }
    }

    pub(crate) fn character(&self, code: u8) -> Option<char> {
        self.0.get(usize::from(code)).copied().filter(|character| *character != '\0')
    }
}

fn pictures(font: &Value) -> bool {
    let name = font.name().unwrap_or_default();
    // The name of a font that was cut to what is used begins with six letters and a plus.
    let name = name
        .iter()
        .position(|byte| *byte == b'+')
        .map_or(name, |plus| name.get(plus.saturating_add(1)..).unwrap_or_default());
    name.starts_with(b"Symbol")
        || name.starts_with(b"ZapfDingbats")
        || name.starts_with(b"Wingdings")
}

/// The character that a glyph's name says.
fn character(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    // What follows a dot is a variant of the same letter.
    let name = name.split_once('.').map_or(name, |(before, _)| before);
    if let Ok(place) = NAMES.binary_search_by_key(&name, |(name, _)| name) {
        return NAMES.get(place).map(|(_, character)| *character);
    }
    let digits = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'))?;
    if !(4..=6).contains(&digits.len()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Encoding, GLYPH_NAMES, MAC_ROMAN, NAMES, STANDARD, WIN_ANSI, character};

    #[test]
    fn each_table_has_the_upper_half_of_a_byte_and_every_name_a_character() {
        for table in [WIN_ANSI, MAC_ROMAN, STANDARD] {
            assert_eq!(table.chars().count(), 128, "{table}");
        }
        let lines = GLYPH_NAMES.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines.count(), NAMES.len());
        assert!(NAMES.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn codes_and_names_stand_for_their_characters() {
        let cases = [
            (WIN_ANSI, 0x80, '€'),
            (WIN_ANSI, 0xfc, 'ü'),
            (MAC_ROMAN, 0x8a, 'ä'),
            (MAC_ROMAN, 0xf0, '\u{0}'),
            (STANDARD, 0xfb, 'ß'),
            (STANDARD, 0xae, 'ﬁ'),
        ];
        for (table, code, expected) in cases {
            let found = Encoding::table(table).character(code);
            assert_eq!(found, Some(expected).filter(|it| *it != '\0'), "{code:#x}");
        }
        let names = [
            ("adieresis", Some('ä')),
            ("uni4E2D", Some('中')),
            ("u1F600", Some('😀')),
            ("a.alt", Some('a')),
            ("ffi", Some('ﬃ')),
            ("g123", None),
            ("uniD800", None),
            (".notdef", None),
        ];
        for (name, expected) in names {
            assert_eq!(character(name.as_bytes()), expected, "{name}");
        }
    }
}
