//! How many of a model's own tokens a text makes, from a count in an encoding that we have.
//!
//! Few providers publish their tokenizer, so a book states ratios to an encoding that is counted
//! exactly, each with its source. They differ by script: of English and code most tokenizers make
//! about the same, of Tamil or of digits some make five times as many. Who counts says how many of
//! the tokens are of Latin words; those have narrower ratios, and whatever is not known to be of
//! them has the wide ones. Texts are counted elsewhere.

use crate::checked::{fields, names};
use crate::rate::Factor;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// An encoding whose tokens we count exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Encoding {
    /// OpenAI's encoding since GPT-4o.
    #[cfg_attr(test, ts(rename = "o200k_base"))]
    O200kBase,
    /// OpenAI's encoding of GPT-4 and GPT-3.5.
    #[cfg_attr(test, ts(rename = "cl100k_base"))]
    Cl100kBase,
}

names! {
    pub Encoding {
        O200kBase = "o200k_base",
        Cl100kBase = "cl100k_base",
    }
}

/// Which tokens of a text were counted: all of them, or those of Latin words.
///
/// Of Latin words are the tokens of those pieces of the text (as the encoding's own pattern cuts
/// it) that have no other characters than ASCII without its digits, the letters and signs of
/// Latin-1 and Latin Extended-A, dashes, quotation marks and the like (U+2010 to U+2027) and `€`:
/// with a letter, pieces of at most 32 bytes; without one, of at most two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum TokenKind {
    /// All tokens of `o200k_base`.
    #[cfg_attr(test, ts(rename = "o200k_base"))]
    O200kBase,
    /// Those of them that are of Latin words.
    #[cfg_attr(test, ts(rename = "o200k_base_latin"))]
    O200kBaseLatin,
    /// All tokens of `cl100k_base`.
    #[cfg_attr(test, ts(rename = "cl100k_base"))]
    Cl100kBase,
    /// Those of them that are of Latin words.
    #[cfg_attr(test, ts(rename = "cl100k_base_latin"))]
    Cl100kBaseLatin,
}

names! {
    pub TokenKind {
        O200kBase = "o200k_base",
        O200kBaseLatin = "o200k_base_latin",
        Cl100kBase = "cl100k_base",
        Cl100kBaseLatin = "cl100k_base_latin",
    }
}

impl Encoding {
    /// All of its tokens.
    pub const fn all(self) -> TokenKind {
        match self {
            Self::O200kBase => TokenKind::O200kBase,
            Self::Cl100kBase => TokenKind::Cl100kBase,
        }
    }

    /// Its tokens of Latin words.
    pub const fn latin(self) -> TokenKind {
        match self {
            Self::O200kBase => TokenKind::O200kBaseLatin,
            Self::Cl100kBase => TokenKind::Cl100kBaseLatin,
        }
    }
}

/// Tokens of a text in one encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All of them.
    pub all: u64,
    /// How many of them are known to be of Latin words: at most all.
    pub latin: u64,
}

impl Counted {
    /// What was counted in an encoding; nothing where its tokens were not. What is not said to be of
    /// Latin words is not.
    pub fn of(all: Option<u64>, latin: Option<u64>) -> Option<Self> {
        let all = all?;
        Some(Self { all, latin: latin.unwrap_or(0).min(all) })
    }

    /// The tokens of two texts.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            all: self.all.saturating_add(other.all),
            latin: self.latin.saturating_add(other.latin),
        }
    }
}

/// How many of a model's own tokens a text makes, from a count in an encoding that we have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct ModelEncoding {
    /// The encoding that is counted.
    pub name: Encoding,
    /// The fewest of its tokens for one counted.
    pub low: Factor,
    /// The likely number for one counted.
    pub expected: Factor,
    /// The most for one counted.
    pub high: Factor,
    /// The same for those counted that are of Latin words; as for all others where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latin: Option<TokenRatio>,
    /// The most tokens that the provider's own format adds to each message.
    pub message_tokens: u32,
    /// The most that it adds where the model may call tools, and to each tool; nothing where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolTokens>,
    /// Where the ratios come from, or `assumed`.
    pub source: String,
}

fields! {
    ModelEncoding {
        name, low, expected, high, latin or default, message_tokens, tools or default, source,
    }
}

/// What a provider's own format adds to the definitions of tools, whose text is counted as any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ToolTokens {
    /// The most tokens where there is any tool: what it tells the model of calling one.
    pub once: u32,
    /// The most tokens for each tool.
    pub each: u32,
}

fields! {
    ToolTokens { once, each }
}

/// How many tokens a model makes of one that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TokenRatio {
    /// The fewest.
    pub low: Factor,
    /// The likely number.
    pub expected: Factor,
    /// The most.
    pub high: Factor,
}

fields! {
    TokenRatio { low, expected, high }
}

/// A range of token counts, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TokenRange {
    /// The fewest.
    #[cfg_attr(test, ts(type = "number"))]
    pub low: u64,
    /// The likely number.
    #[cfg_attr(test, ts(type = "number"))]
    pub expected: u64,
    /// The most.
    #[cfg_attr(test, ts(type = "number"))]
    pub high: u64,
}

impl TokenRange {
    /// The fewest, and of `spare` as many more as there may be.
    pub(crate) fn take(&self, spare: &mut u64) -> u64 {
        let more = self.high.saturating_sub(self.low).min(*spare);
        *spare = spare.saturating_sub(more);
        self.low.saturating_add(more)
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            expected: self.expected.saturating_add(other.expected),
            high: self.high.saturating_add(other.high),
        }
    }
}

impl ModelEncoding {
    /// The fewest of the model's own tokens.
    pub fn low(&self, counted: Counted) -> u64 {
        Factor::scale_down(&Self::parts(counted, self.low, self.latin.map(|latin| latin.low)))
    }

    /// The likely number of the model's own tokens.
    pub fn expected(&self, counted: Counted) -> u64 {
        let latin = self.latin.map(|latin| latin.expected);
        Factor::scale_up(&Self::parts(counted, self.expected, latin))
    }

    /// The most of the model's own tokens.
    pub fn high(&self, counted: Counted) -> u64 {
        Factor::scale_up(&Self::parts(counted, self.high, self.latin.map(|latin| latin.high)))
    }

    /// The ratios of tokens that are not of Latin words.
    pub const fn others(&self) -> TokenRatio {
        TokenRatio { low: self.low, expected: self.expected, high: self.high }
    }

    fn parts(counted: Counted, others: Factor, latin: Option<Factor>) -> [(Factor, u64); 2] {
        let rest = counted.all.saturating_sub(counted.latin);
        [(others, rest), (latin.unwrap_or(others), counted.latin)]
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Encoding, ModelEncoding, TokenRatio};

    fn encoding(latin: bool) -> ModelEncoding {
        let factor = |text: &str| text.parse().unwrap();
        let ratio = TokenRatio { low: factor("1"), expected: factor("1.4"), high: factor("2.2") };
        ModelEncoding {
            name: Encoding::O200kBase,
            low: factor("0.8"),
            expected: factor("2"),
            high: factor("7.5"),
            latin: latin.then_some(ratio),
            message_tokens: 0,
            tools: None,
            source: "test".to_owned(),
        }
    }

    #[test]
    fn each_script_has_its_ratio() {
        let check = |latin: bool, counted: (u64, u64), expected: (u64, u64, u64)| {
            let (encoding, counted) =
                (encoding(latin), Counted { all: counted.0, latin: counted.1 });
            let found = (encoding.low(counted), encoding.expected(counted), encoding.high(counted));
            assert_eq!(found, expected, "{counted:?}");
        };
        check(true, (100, 0), (80, 200, 750));
        check(true, (100, 100), (100, 140, 220));
        // 24.8 + 69, 62 + 96.6 and 232.5 + 151.8.
        check(true, (100, 69), (93, 159, 385));
        check(true, (0, 0), (0, 0, 0));
        check(false, (100, 69), (80, 200, 750));
    }

    #[test]
    fn what_is_not_said_to_be_latin_is_not() {
        let check = |all, latin, expected: Option<(u64, u64)>| {
            let found = Counted::of(all, latin).map(|found| (found.all, found.latin));
            assert_eq!(found, expected, "{all:?} {latin:?}");
        };
        check(Some(5), None, Some((5, 0)));
        check(Some(5), Some(3), Some((5, 3)));
        check(Some(5), Some(9), Some((5, 5)));
        check(None, Some(3), None);
    }
}
