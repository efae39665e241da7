//! A document as a model is shown it. What is counted is exactly this, on both sides.

/// The longest name that a model is told, in characters.
const NAME_CHARACTERS_MAX: usize = 200;

/// A file's name that does no harm in a message, a header or a list: control characters and line
/// breaks are spaces, and what is beyond 200 characters is left out.
///
/// ```
/// assert_eq!(kumari_documents::harmless_name("a\r\nb\u{2028}c.pdf"), "a  b c.pdf");
/// ```
#[must_use]
pub fn harmless_name(name: &str) -> String {
    name.chars().take(NAME_CHARACTERS_MAX).map(in_one_line).collect()
}

/// The part of a message that a document is: its name and its text. It is counted by itself, and
/// its tokens are added to those of the other parts.
///
/// ```
/// assert_eq!(kumari_documents::as_sent("a.txt", "Hello"), "File: a.txt\n\nHello\n\n");
/// ```
#[must_use]
pub fn as_sent(name: &str, text: &str) -> String {
    format!("File: {}\n\n{text}\n\n", harmless_name(name))
}

/// Unicode's two separators break lines too, and are no control characters.
fn in_one_line(character: char) -> char {
    if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
        ' '
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use super::{as_sent, harmless_name};

    #[test]
    fn a_name_stays_in_one_line_and_is_not_too_long() {
        let long = "世".repeat(201);
        let cases = [
            ("report.pdf", "report.pdf"),
            ("a\r\n\t\0\u{7f}\u{85}\u{2028}\u{2029}b", "a        b"),
            (long.as_str(), &long[.."世".len() * 200]),
            ("", ""),
        ];
        for (name, harmless) in cases {
            assert_eq!(harmless_name(name), harmless);
            assert_eq!(harmless_name(harmless), harmless, "once is enough");
        }
    }

    #[test]
    fn a_name_cannot_pass_for_the_text_of_another_file() {
        assert_eq!(as_sent("a\n\nFile: b", "x"), "File: a  File: b\n\nx\n\n");
        assert_eq!(as_sent("a", ""), "File: a\n\n\n\n");
    }
}
