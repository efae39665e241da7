//! JSON text in, for the browser: a parser small enough to be loaded with a page.
//!
//! It takes and makes what [`crate::parse`] does with the library of the server, and a law holds it
//! to that. Only a number beyond every float, which the library calls malformed, is a number here;
//! no reader takes either.

use crate::parse::syntax;
use crate::read::Fault;
use crate::tree::whole;
use kumari_engine::tree::Tree;
use kumari_engine::written::written;
use std::borrow::Cow;

/// How deep a document may nest: as deep as the library lets it.
const DEPTH_MAX: u32 = 127;

/// Reads text as a tree.
///
/// # Errors
/// [`Fault`] where it is not JSON, with the first byte at which it is none.
pub fn scan(text: &str) -> Result<Tree<'_>, Fault> {
    let mut scanner = Scanner { text, at: 0 };
    match scanner.document() {
        Some(tree) => Ok(tree),
        None => Err(scanner.fault()),
    }
}

/// Where in a text reading is. What gives nothing stays at what is wrong.
struct Scanner<'text> {
    text: &'text str,
    at: usize,
}

impl<'text> Scanner<'text> {
    fn document(&mut self) -> Option<Tree<'text>> {
        let tree = self.value(DEPTH_MAX)?;
        self.space();
        (self.at == self.text.len()).then_some(tree)
    }

    fn value(&mut self, depth: u32) -> Option<Tree<'text>> {
        self.space();
        match self.peek()? {
            b'{' => self.map(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b'"' => self.string().map(Tree::Text),
            b't' => self.word("true", Tree::Bool(true)),
            b'f' => self.word("false", Tree::Bool(false)),
            b'n' => self.word("null", Tree::Null),
            _ => self.number(),
        }
    }

    fn map(&mut self, depth: u32) -> Option<Tree<'text>> {
        let mut map = Vec::new();
        self.step();
        self.space();
        if self.take(b'}') {
            return Some(Tree::Map(map));
        }
        loop {
            self.space();
            let name = if self.peek()? == b'"' { self.string()? } else { return None };
            self.space();
            let value = if self.take(b':') { self.value(depth)? } else { return None };
            map.push((name, value));
            self.space();
            if !self.take(b',') {
                return self.take(b'}').then_some(Tree::Map(map));
            }
        }
    }

    fn list(&mut self, depth: u32) -> Option<Tree<'text>> {
        let mut list = Vec::new();
        self.step();
        self.space();
        if self.take(b']') {
            return Some(Tree::List(list));
        }
        loop {
            list.push(self.value(depth)?);
            self.space();
            if !self.take(b',') {
                return self.take(b']').then_some(Tree::List(list));
            }
        }
    }

    /// A string; a piece of the text itself, where nothing in it is written as something else.
    fn string(&mut self) -> Option<Cow<'text, str>> {
        let mut string = Cow::Borrowed("");
        self.step();
        loop {
            let plain = self.plain()?;
            if string.is_empty() {
                string = Cow::Borrowed(plain);
            } else {
                string.to_mut().push_str(plain);
            }
            if self.take(b'"') {
                return Some(string);
            }
            let character = if self.take(b'\\') { self.escaped()? } else { return None };
            string.to_mut().push(character);
        }
    }

    /// What comes before the next sign that means something in a string.
    fn plain(&mut self) -> Option<&'text str> {
        let from = self.at;
        let rest = self.text.as_bytes().get(from..)?;
        let is_special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
        let length = rest.iter().position(is_special).unwrap_or(rest.len());
        self.at = from.saturating_add(length);
        self.text.get(from..self.at)
    }

    fn escaped(&mut self) -> Option<char> {
        let character = match self.peek()? {
            letter @ (b'"' | b'\\' | b'/') => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.step();
                return self.code_point();
            }
            _ => return None,
        };
        self.step();
        Some(character)
    }

    /// Four hexadecimal digits, or two times four for what UTF-16 writes as a pair.
    fn code_point(&mut self) -> Option<char> {
        let first = self.code_unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let is_pair = self.take(b'\\') && self.take(b'u');
        let second = if is_pair { self.code_unit()? } else { return None };
        // Each half has ten bits of what is above the first 2^16.
        let above = ((first & 0x3ff) << 10) | (second & 0x3ff);
        let is_low = (0xdc00..0xe000).contains(&second);
        if is_low { char::from_u32(above.saturating_add(0x1_0000)) } else { None }
    }

    fn code_unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = (unit << 4) | char::from(self.peek()?).to_digit(16)?;
            self.step();
        }
        Some(unit)
    }

    fn number(&mut self) -> Option<Tree<'text>> {
        let is_negative = self.take(b'-');
        let value = if self.take(b'0') { 0 } else { self.digits()? };
        let has_fraction = self.take(b'.');
        if has_fraction {
            self.digits()?;
        }
        let has_exponent = self.take(b'e') || self.take(b'E');
        if has_exponent {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        // A negative zero is no whole number: JSON's integers have none.
        let is_other = has_fraction || has_exponent || (is_negative && value == 0);
        let value = if is_negative { value.saturating_neg() } else { value };
        Some(if is_other { Tree::Number } else { whole(value) })
    }

    /// At least one digit; what they are worth, as far as that fits.
    fn digits(&mut self) -> Option<i64> {
        let (from, mut value) = (self.at, 0_i64);
        while let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit.into());
            self.step();
        }
        (self.at > from).then_some(value)
    }

    fn word(&mut self, word: &str, means: Tree<'text>) -> Option<Tree<'text>> {
        word.bytes().all(|byte| self.take(byte)).then_some(means)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.step();
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        if is_there {
            self.step();
        }
        is_there
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    #[cold]
    fn fault(&self) -> Fault {
        syntax(written(format_args!("not JSON at byte {}", self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::parse::parse;
    use proptest::prelude::*;

    #[test]
    fn every_form_is_taken_as_the_library_takes_it() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let cases = [
            " {\"a\" : [ 1 , -2,\t0 ] , \"b\":{ } ,\r\n\"a\":null} ",
            "[true,false,null,[],\"\"]",
            r#""\"\\\/\b\f\n\r\tA\u00e9\u20AC\ud83d\ude00 é€😀""#,
            "9007199254740991",
            "-9007199254740991",
            "9007199254740992",
            "99999999999999999999999",
            "-0",
            "0.0",
            "1e2",
            "1E-2",
            "12.5e+3",
            &deep(127),
            // Refused by both.
            "",
            " ",
            "{",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "nul",
            "truee",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "0x1",
            "1 1",
            "\"",
            "\"\t\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\ud800""#,
            r#""\ud800A""#,
            r#""\ude00""#,
            &deep(128),
        ];
        for text in cases {
            assert_eq!(scan(text).ok(), parse(text).ok(), "{text}");
        }
    }

    #[test]
    fn a_fault_says_where() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("[1,\n 2,\n x]", 9),
            ("1 1", 2),
            ("[\"a\n", 3),
            (r#""\x""#, 2),
            (r#""\é""#, 2),
            (r#""\u00é0""#, 5),
        ] {
            let fault = scan(text).unwrap_err();
            assert_eq!(fault.message, format!("not JSON at byte {at}"), "{text}");
        }
    }

    /// Whoever looks at what was read again and again does not come to the end of these.
    #[test]
    fn long_texts_are_read_in_one_go() {
        let long = 300_000;
        for text in [
            " ".repeat(long) + "1",
            format!("0.{}", "7".repeat(long)),
            format!("\"{}\"", "a".repeat(long)),
            format!("\"{}\"", "\\n".repeat(long)),
            format!("\"{}", "\\ud83d\\ude00".repeat(long)),
            format!("[{}0]", "0,".repeat(long)),
            format!("{{{}\"a\":0}}", "\"a\":0,".repeat(long)),
            "[".repeat(long),
        ] {
            assert_eq!(scan(&text).ok(), parse(&text).ok());
        }
    }

    /// Texts near JSON: whole documents, and pieces of them in any order.
    fn texts() -> impl Strategy<Value = String> {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\"a\"",
            "\"\\u0041\"",
            "\\ud83d",
            "\\ude00",
            "1",
            "-",
            "0",
            ".",
            "1.5e-",
            "true",
            "null",
            " ",
            "\n",
            "é",
        ];
        let shuffled = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..12)
            .prop_map(|pieces| pieces.concat());
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        let value = leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        });
        let document = (value, any::<bool>()).prop_map(|(value, pretty)| {
            let text = if pretty { serde_json::to_string_pretty } else { serde_json::to_string };
            text(&value).unwrap()
        });
        prop_oneof![shuffled, document]
    }

    proptest! {
        #[test]
        fn what_the_library_takes_is_taken_alike_and_nothing_else(text in texts()) {
            prop_assert_eq!(scan(&text).ok(), parse(&text).ok());
        }
    }
}
