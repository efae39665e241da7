//! Reads the values of a PDF out of bytes.
//!
//! One value has bounds of its own: how deep, and how many values are inside it. What is beyond
//! them, or cannot be read, is no value.

use crate::pdf_value::{Dict, Value};

/// Values inside one value: enough for a page tree that is one flat list.
const VALUES_MAX: usize = 50_000;
/// Digits of a fraction that count.
const FRACTION_DIGITS: u32 = 6;

/// A place in bytes, from which values are read.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
    nesting_max: usize,
    values: usize,
}

pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

const fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

pub(crate) const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(byte.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

impl<'a> Lexer<'a> {
    pub(crate) const fn new(bytes: &'a [u8], at: usize, nesting_max: usize) -> Self {
        Self { bytes, at, nesting_max, values: 0 }
    }

    /// How many values the last one had inside it, itself included.
    pub(crate) const fn values(&self) -> usize {
        self.values
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn ahead(&self, by: usize) -> Option<u8> {
        self.bytes.get(self.at.saturating_add(by)).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes over white space and comments.
    pub(crate) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at = self.at.saturating_add(1);
                }
            } else if is_space(byte) {
                self.at = self.at.saturating_add(1);
            } else {
                return;
            }
        }
    }

    /// Goes over this word, if it is next.
    pub(crate) fn skip_word(&mut self, word: &[u8]) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at = self.at.saturating_add(word.len());
        }
        found
    }

    /// The next value of a file, references included.
    pub(crate) fn value(&mut self) -> Option<Value> {
        self.values = 0;
        self.read(self.nesting_max, true)
    }

    /// The next operand or operator of a page, where nothing is referred to.
    pub(crate) fn token(&mut self) -> Option<Value> {
        self.values = 0;
        self.read(self.nesting_max, false)
    }

    fn read(&mut self, depth: usize, references: bool) -> Option<Value> {
        self.values = self.values.saturating_add(1);
        if depth == 0 || self.values > VALUES_MAX {
            return None;
        }
        self.skip_space();
        match self.peek()? {
            b'/' => {
                self.at = self.at.saturating_add(1);
                Some(Value::Name(self.name()))
            }
            b'(' => Some(Value::Text(self.literal())),
            b'<' if self.ahead(1) == Some(b'<') => self.dict(depth, references),
            b'<' => Some(Value::Text(self.hexadecimal())),
            b'[' => self.list(depth, references),
            b'+' | b'-' | b'.' | b'0'..=b'9' => Some(self.number(references)),
            byte if is_delimiter(byte) => {
                self.at = self.at.saturating_add(1);
                Some(Value::Word(vec![byte]))
            }
            _ => Some(self.word()),
        }
    }

    fn word(&mut self) -> Value {
        let from = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at = self.at.saturating_add(1);
        }
        match self.bytes.get(from..self.at).unwrap_or_default() {
            b"null" => Value::Null,
            b"true" | b"false" => Value::Bool,
            word => Value::Word(word.to_vec()),
        }
    }

    fn name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.at = self.at.saturating_add(1);
            let digits = (byte == b'#').then(|| Some((hex(self.peek()?)?, hex(self.ahead(1)?)?)));
            match digits.flatten() {
                Some((high, low)) => {
                    self.at = self.at.saturating_add(2);
                    name.push(high << 4 | low);
                }
                None => name.push(byte),
            }
        }
        name
    }

    fn list(&mut self, depth: usize, references: bool) -> Option<Value> {
        self.at = self.at.saturating_add(1);
        let mut list = Vec::new();
        loop {
            self.skip_space();
            if self.peek()? == b']' {
                self.at = self.at.saturating_add(1);
                return Some(Value::List(list.into()));
            }
            list.push(self.read(depth.saturating_sub(1), references)?);
        }
    }

    fn dict(&mut self, depth: usize, references: bool) -> Option<Value> {
        self.at = self.at.saturating_add(2);
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            if self.skip_word(b">>") {
                return Some(Value::Dict(Dict::of(entries)));
            }
            // What is no key is left out, as a value without one.
            let key = self.read(depth.saturating_sub(1), references)?;
            if let Value::Name(key) = key {
                self.skip_space();
                if self.rest().starts_with(b">>") {
                    continue;
                }
                let value = self.read(depth.saturating_sub(1), references)?;
                entries.push((key, value));
            }
        }
    }

    /// A number, or a reference where two of them are followed by `R`.
    fn number(&mut self, references: bool) -> Value {
        let from = self.at;
        let negative = self.peek() == Some(b'-');
        while matches!(self.peek(), Some(b'+' | b'-')) {
            self.at = self.at.saturating_add(1);
        }
        let whole = self.digits(u32::MAX);
        if self.peek() == Some(b'.') {
            self.at = self.at.saturating_add(1);
            let place = self.at;
            let fraction = self.digits(FRACTION_DIGITS);
            let digits = u32::try_from(self.at.saturating_sub(place)).unwrap_or(u32::MAX);
            // Some writers put a sign into the middle of a number.
            while self.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'-') {
                self.at = self.at.saturating_add(1);
            }
            let scale = f64::from(10_u32.saturating_pow(digits));
            let part = f64::from(u32::try_from(fraction).unwrap_or(0)) / scale;
            let real = f64::from(u32::try_from(whole).unwrap_or(0)) + part;
            return Value::Real(if negative { -real } else { real });
        }
        if self.at == from
            || self.bytes.get(self.at.saturating_sub(1)).is_some_and(|byte| !byte.is_ascii_digit())
        {
            return self.word();
        }
        if references
            && !negative
            && let Some(number) = self.rest_of_reference(whole)
        {
            return Value::Reference(number);
        }
        Value::Integer(if negative { whole.saturating_neg() } else { whole })
    }

    fn digits(&mut self, most: u32) -> i64 {
        let (mut value, mut count) = (0_i64, 0_u32);
        while let Some(byte @ b'0'..=b'9') = self.peek().filter(|_| count < most) {
            value = value.saturating_mul(10).saturating_add(i64::from(byte.wrapping_sub(b'0')));
            self.at = self.at.saturating_add(1);
            count = count.saturating_add(1);
        }
        value
    }

    /// The generation and the `R` that follow an object's number.
    fn rest_of_reference(&mut self, number: i64) -> Option<u32> {
        let number = u32::try_from(number).ok()?;
        let mut ahead = self.clone();
        ahead.skip_space();
        let from = ahead.at;
        ahead.digits(6);
        let generation = ahead.at > from;
        ahead.skip_space();
        let is_reference = generation
            && ahead.next() == Some(b'R')
            && ahead.peek().is_none_or(|byte| !is_regular(byte));
        is_reference.then(|| {
            self.at = ahead.at;
            number
        })
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        self.at = self.at.saturating_add(1);
        let (mut text, mut high) = (Vec::new(), None);
        while let Some(byte) = self.next().filter(|byte| *byte != b'>') {
            let Some(digit) = hex(byte) else { continue };
            match high.take() {
                Some(high) => text.push(high | digit),
                None => high = Some(digit << 4),
            }
        }
        // A digit alone is followed by a zero.
        text.extend(high);
        text
    }

    fn literal(&mut self) -> Vec<u8> {
        self.at = self.at.saturating_add(1);
        let (mut text, mut open) = (Vec::new(), 1_usize);
        while let Some(byte) = self.next() {
            match byte {
                b'(' => open = open.saturating_add(1),
                b')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        break;
                    }
                }
                b'\\' => {
                    text.extend(self.escaped());
                    continue;
                }
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at = self.at.saturating_add(1);
                    }
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    /// What follows a backslash stands for this byte, if for any.
    fn escaped(&mut self) -> Option<u8> {
        let byte = self.next()?;
        Some(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'\n' => return None,
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at = self.at.saturating_add(1);
                }
                return None;
            }
            b'0'..=b'7' => {
                let mut code = u32::from(byte.wrapping_sub(b'0'));
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    self.at = self.at.saturating_add(1);
                    code = code.wrapping_mul(8).wrapping_add(u32::from(digit.wrapping_sub(b'0')));
                }
                // The highest bit of three digits does not count.
                u8::try_from(code & 0xff).unwrap_or(0)
            }
            other => other,
        })
    }
}
