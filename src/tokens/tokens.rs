//! What is counted of a text: all tokens, and how many of them are of Latin words.
//!
//! Other tokenizers make about as many tokens of Latin words as the encodings here, and up to five
//! times as many of other scripts and of digits, so a price book states ratios for both apart. A
//! piece belongs to one or the other as a whole, whatever is around it: so counts of parts add up
//! wherever a text may be cut.

/// Tokens of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All of them.
    pub all: u64,
    /// Those of pieces that have no other characters than ASCII without its digits, the letters and
    /// signs of Latin-1 and Latin Extended-A, U+2010 to U+2027 (dashes, quotation marks, `…`) and
    /// `€`: with a letter, at most 32 bytes; without one, at most two characters.
    pub latin: u64,
}

impl Tokens {
    pub(crate) fn add(&mut self, other: Self) {
        self.all += other.all;
        self.latin += other.latin;
    }

    /// Takes away what is a part of it.
    pub(crate) fn take(&mut self, part: Self) {
        self.all -= part.all;
        self.latin -= part.latin;
    }
}

/// The longest piece that is taken for a word, in bytes.
const WORD_BYTES_MAX: usize = 32;
/// The longest piece without a letter that is counted with the words, in characters: the comma and
/// the line break, but no line of `=`, of which these encodings make one token and others dozens.
const SIGNS_MAX: usize = 2;

/// Whether the tokens of a piece are of Latin words. Digits are pieces of their own in every
/// pattern, so the first character tells.
#[inline]
pub(crate) fn is_latin(piece: &str) -> bool {
    if piece.len() > WORD_BYTES_MAX {
        return false;
    }
    if piece.is_ascii() {
        return match piece.as_bytes() {
            [digit, ..] if digit.is_ascii_digit() => false,
            // A word has one character before its letters at the most.
            [first, second, ..] if piece.len() > SIGNS_MAX => {
                first.is_ascii_alphabetic() || second.is_ascii_alphabetic()
            }
            _ => true,
        };
    }
    let is_word = piece.chars().any(is_latin_letter) || piece.chars().nth(SIGNS_MAX).is_none();
    is_word && piece.chars().all(|next| is_latin_letter(next) || is_latin_sign(next))
}

const fn is_latin_letter(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | 'ª' | 'µ' | 'º' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ſ')
}

const fn is_latin_sign(character: char) -> bool {
    matches!(
        character,
        '\0'..='/'
            | ':'..='@'
            | '['..='`'
            | '{'..='\u{7f}'
            // Without `²`, `³`, `¹` and the fractions.
            | '\u{a0}'..='±'
            | '´'..='¸'
            | '»'
            | '¿'
            | '×'
            | '÷'
            | '\u{2010}'..='\u{2027}'
            | '€'
    )
}

#[cfg(test)]
mod tests {
    use super::{Tokens, is_latin};
    use crate::{Encoding, Vocabulary};

    #[test]
    fn latin_words_are_told_from_others() {
        let word = "ab".repeat(16);
        for piece in [
            "a", " Hello", "Straße", " ação", "Łódź", "’s", " —", "…", "€", "\r\n", "()", "\0",
            "µ", &word,
        ] {
            assert!(is_latin(piece), "{piece:?}");
        }
        let run = "a".repeat(33);
        for piece in ["---", " ====", "\r\n\r\n", "    ", "———", " ——", &run] {
            assert!(!is_latin(piece), "{piece:?}");
        }
        for piece in
            ["1", "123", "½", "²", "中", "Привет", "ệ", "e\u{301}", "👍", "٣", "ƀ", "\u{2028}"]
        {
            assert!(!is_latin(piece), "{piece:?}");
        }
    }

    #[test]
    fn a_piece_is_of_latin_words_as_a_whole() {
        // Each byte is a token of its own here.
        let check = |text: &str, latin: u64| {
            for encoding in Encoding::ALL {
                let all = u64::try_from(text.len()).unwrap();
                let found = Vocabulary::of_bytes(encoding).tokens(text);
                assert_eq!(found, Tokens { all, latin }, "{encoding:?} {text:?}");
            }
        };
        check("", 0);
        check("Hello world", 11);
        check("Hello 世界", 5);
        check("Hello世界", 0);
        check("one 2 three", 10);
        check("x = 12345;", 5);
        check("Grüße, 你好 — ok", 8 + 4 + 3);
    }
}
