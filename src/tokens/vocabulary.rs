//! A vocabulary: the tokens of one encoding, loaded from a file, and the count of a text in them.
//!
//! The file is one line of text, `kumari-tokens 2 o200k_base`, and then, for each token of two
//! bytes or more in the order of their ranks, the two earlier tokens that merge to it (`pairs`).
//!
//! The tokens of one byte are the first 256, in an order that all of OpenAI's encodings share
//! ([`single_bytes`]). Files are made by [`ranks::build`](crate::ranks::build); where they come
//! from and how they are kept is the caller's business.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::Encoding;
use crate::merge::{Merger, Merges, NONE};
use crate::pairs;
use crate::run::{Known, MARGIN, Merge, PIECE_MAX, merge_run};
use crate::split::pieces;
use crate::table::{Filter, Table, hash};
use crate::tokens::{Tokens, is_latin};
use crate::whole::Borders;
use crate::words::Words;

/// Tokens of a single byte.
pub(crate) const SINGLES: u32 = 256;

/// The tokens of an encoding, ready to count. It takes about 11 MB (`o200k_base`) and never
/// changes, so share one between documents and threads.
pub struct Vocabulary {
    encoding: Encoding,
    /// The token of each byte.
    singles: [u32; 256],
    /// The token of each two bytes, or `NONE`: half of all that merging asks.
    doubles: Vec<u32>,
    /// Two tokens and their union, `ID_BITS` each.
    unions: Table<u64>,
    /// Which two tokens may have one: half of those that are asked for have none.
    united: Filter,
    /// All tokens, by their bytes.
    words: Words,
    /// Where a character must begin as bytes.
    borders: Borders,
}

/// Tables are filled in calls of so many tokens: a browser makes code quick that is called often,
/// not a loop that runs on.
pub(crate) const AT_A_TIME: usize = 256;

/// Bits of a token's id.
const ID_BITS: u32 = 18;

impl Vocabulary {
    /// Loads a vocabulary file, and checks that it is one of those that this version counts with.
    ///
    /// # Errors
    /// Where the bytes are not a vocabulary file, or not exactly the file of its encoding.
    pub fn from_bytes(file: &[u8]) -> Result<Self, VocabularyError> {
        let (encoding, written) = read_header(file)?;
        let damaged = |found| VocabularyError::Damaged {
            encoding: encoding.name(),
            expected: encoding.fingerprint(),
            found,
        };
        let found = fingerprint(file);
        if found != encoding.fingerprint() {
            return Err(damaged(found));
        }
        let count = usize::try_from(encoding.tokens() - SINGLES).unwrap_or(0);
        let pairs = pairs::read(SINGLES, count, written);
        pairs.and_then(|pairs| Self::of(encoding, &pairs)).ok_or_else(|| damaged(found))
    }

    /// One without a token of two bytes.
    #[cfg(test)]
    pub(crate) fn of_bytes(encoding: Encoding) -> Self {
        Self::of(encoding, &[]).unwrap()
    }

    /// The encoding whose tokens these are.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Tokens of a text, special tokens treated as plain text: what tiktoken's `encode_ordinary`
    /// gives, counted.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        self.tokens(text).all
    }

    /// The same, and how many of them are of Latin words.
    #[must_use]
    pub fn tokens(&self, text: &str) -> Tokens {
        let mut merger = Merger::default();
        self.count_pieces(text, &mut merger, |merge, _, piece| {
            merge_run(merge, piece, Known::default(), MARGIN).len()
        })
    }

    /// Tokens of a text whose long pieces the caller counts: it is given where one begins, and its
    /// bytes.
    pub(crate) fn count_pieces(
        &self,
        text: &str,
        merger: &mut Merger,
        mut count_run: impl FnMut(&mut Merging<'_>, usize, &[u8]) -> usize,
    ) -> Tokens {
        let mut merging = Merging { vocabulary: self, merger };
        let bytes = text.as_bytes();
        let mut begin = 0;
        let (mut all, mut others) = (0, 0);
        for piece in pieces(self.encoding, text) {
            let end = begin + piece.len();
            let count = if piece.len() == 1 || self.words.contains(bytes, begin, end) {
                1
            } else if piece.len() <= PIECE_MAX {
                merging.merger.count(self, piece.as_bytes())
            } else {
                count_run(&mut merging, begin, piece.as_bytes())
            };
            all += count;
            if !is_latin(piece) {
                others += count;
            }
            begin = end;
        }
        let tokens = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Tokens { all: tokens(all), latin: tokens(all - others) }
    }

    /// Makes the tables of the pairs, where each token is made of earlier ones.
    fn of(encoding: Encoding, pairs: &[(u32, u32)]) -> Option<Self> {
        let lengths = lengths_of(pairs)?;
        let bytes = bytes_of(pairs, &lengths)?;
        let mut vocabulary = Self {
            encoding,
            singles: [0; 256],
            doubles: vec![NONE; 1 << 16],
            unions: Table::with_capacity(pairs.len()),
            united: Filter::with_capacity(pairs.len()),
            words: Words::with_capacity(&lengths),
            borders: Borders::new(),
        };
        for (byte, id) in single_bytes().zip(0..) {
            *vocabulary.singles.get_mut(usize::from(byte))? = id;
        }
        // One table at a time: who fills several at once waits for memory most of the time.
        for (pairs, first) in pairs.chunks(AT_A_TIME).zip((SINGLES..).step_by(AT_A_TIME)) {
            vocabulary.add_unions(pairs, first);
        }
        let (mut begin, (_, lengths)) = (256, lengths.split_at_checked(256)?);
        for (lengths, first) in lengths.chunks(AT_A_TIME).zip((SINGLES..).step_by(AT_A_TIME)) {
            begin = vocabulary.add_words(&bytes, begin, lengths, first)?;
        }
        Some(vocabulary)
    }

    /// Adds the unions of these pairs: the tokens from `first` on.
    #[inline(never)]
    fn add_unions(&mut self, pairs: &[(u32, u32)], first: u32) {
        for (&(left, right), id) in pairs.iter().zip(first..) {
            let key = pair_key(left, right);
            self.unions.insert(hash(key), key << ID_BITS | u64::from(id));
            self.united.insert(hash(key));
        }
    }

    /// Adds the tokens from `first` on, of these lengths, by their bytes from `begin` on; gives
    /// where those end.
    #[inline(never)]
    fn add_words(
        &mut self,
        bytes: &[u8],
        mut begin: usize,
        lengths: &[u8],
        first: u32,
    ) -> Option<usize> {
        for (&length, id) in lengths.iter().zip(first..) {
            let end = begin + usize::from(length);
            let token = bytes.get(begin..end)?;
            self.words.insert(bytes, begin, end);
            self.borders.note(token);
            if let &[first, second] = token {
                let at = usize::from(u16::from_be_bytes([first, second]));
                *self.doubles.get_mut(at)? = id;
            }
            begin = end;
        }
        Some(begin)
    }
}

/// How many bytes each token has.
fn lengths_of(pairs: &[(u32, u32)]) -> Option<Vec<u8>> {
    let mut lengths = Vec::with_capacity(pairs.len() + 256);
    lengths.resize(256, 1_u8);
    for pairs in pairs.chunks(AT_A_TIME) {
        add_lengths(&mut lengths, pairs)?;
    }
    Some(lengths)
}

#[inline(never)]
fn add_lengths(lengths: &mut Vec<u8>, pairs: &[(u32, u32)]) -> Option<()> {
    for &(left, right) in pairs {
        let length = |id| lengths.get(usize::try_from(id).ok()?).copied();
        lengths.push(length(left)?.checked_add(length(right)?)?);
    }
    Some(())
}

/// As many bytes are copied at once: tokens are short, and a call for each takes longer.
const AT_ONCE: usize = 8;

/// The bytes of all tokens, one behind another, and room for [`AT_ONCE`] behind them.
fn bytes_of(pairs: &[(u32, u32)], lengths: &[u8]) -> Option<Vec<u8>> {
    let all: usize = lengths.iter().map(|&length| usize::from(length)).sum();
    let mut bytes: Vec<u8> = single_bytes().collect();
    bytes.resize(all + AT_ONCE, 0);
    let mut begins: Vec<usize> = (0..=256).collect();
    begins.reserve(pairs.len());
    for pairs in pairs.chunks(AT_A_TIME) {
        add_bytes(&mut bytes, &mut begins, pairs, lengths)?;
    }
    Some(bytes)
}

/// Copies the bytes of the next tokens from those of their parts. `begins` has where each token
/// begins, and last where the next one will.
#[inline(never)]
fn add_bytes(
    bytes: &mut [u8],
    begins: &mut Vec<usize>,
    pairs: &[(u32, u32)],
    lengths: &[u8],
) -> Option<()> {
    let mut to = *begins.last()?;
    for &(left, right) in pairs {
        for part in [left, right] {
            let part = usize::try_from(part).ok()?;
            let (from, length) = (*begins.get(part)?, usize::from(*lengths.get(part)?));
            for at in (0..length).step_by(AT_ONCE) {
                // What is copied too much is written over by what comes next.
                let some: [u8; AT_ONCE] = *bytes.get(from + at..)?.first_chunk()?;
                *bytes.get_mut(to + at..)?.first_chunk_mut()? = some;
            }
            to += length;
        }
        begins.push(to);
    }
    Some(())
}

/// Two tokens as one number.
#[inline]
fn pair_key(left: u32, right: u32) -> u64 {
    u64::from(left) << ID_BITS | u64::from(right)
}

/// A vocabulary at work.
pub(crate) struct Merging<'a> {
    vocabulary: &'a Vocabulary,
    merger: &'a mut Merger,
}

impl Merge for Merging<'_> {
    fn merge(&mut self, text: &[u8], lengths: &mut Vec<u8>) {
        self.merger.lengths(self.vocabulary, text, lengths);
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Vocabulary").field(&self.encoding).finish()
    }
}

impl Merges for Vocabulary {
    #[inline]
    fn byte(&self, byte: u8) -> u32 {
        self.singles.get(usize::from(byte)).copied().unwrap_or(0)
    }

    #[inline]
    fn double(&self, first: u8, second: u8) -> u32 {
        let at = usize::from(u16::from_be_bytes([first, second]));
        self.doubles.get(at).copied().unwrap_or(NONE)
    }

    fn begin(&self, bytes: &[u8], tokens: &mut Vec<u32>) {
        self.borders.begin(self, bytes, tokens);
    }

    #[inline]
    fn union(&self, left: u32, right: u32) -> u32 {
        let key = pair_key(left, right);
        let hash = hash(key);
        if !self.united.may_have(hash) {
            return NONE;
        }
        let found = self.unions.find(hash, |slot| slot >> ID_BITS == key);
        found.map_or(NONE, |slot| u32::try_from(slot & ((1 << ID_BITS) - 1)).unwrap_or(NONE))
    }
}

/// Why a file is not a vocabulary to count with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocabularyError {
    /// It does not begin as a vocabulary file of this format does.
    #[error("not a vocabulary file: it begins with `{begins}`; build one with `build-vocabulary`")]
    NotVocabulary {
        /// Its first characters.
        begins: String,
    },
    /// It is cut short, damaged, or of another build than this program.
    #[error(
        "the vocabulary of `{encoding}` has the fingerprint {found:016x} instead of \
         {expected:016x}; fetch it again, or build it again with `build-vocabulary`"
    )]
    Damaged {
        /// Name of the encoding that the file says it is.
        encoding: &'static str,
        /// [`Encoding::fingerprint`].
        expected: u64,
        /// The fingerprint of the bytes that were given.
        found: u64,
    },
}

/// The line that a vocabulary file begins with.
pub(crate) fn header(encoding: Encoding) -> String {
    alloc::format!("kumari-tokens 2 {}\n", encoding.name())
}

/// FNV-1a, 64 bits.
pub(crate) fn fingerprint(file: &[u8]) -> u64 {
    file.chunks(AT_A_TIME).fold(0xcbf2_9ce4_8422_2325, fingerprint_on)
}

#[inline(never)]
fn fingerprint_on(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The bytes of the tokens 0 to 255: first those that print in Latin-1, then the others.
pub(crate) fn single_bytes() -> impl Iterator<Item = u8> {
    let prints = |byte: &u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    (0..=u8::MAX).filter(prints).chain((0..=u8::MAX).filter(move |byte| !prints(byte)))
}

fn read_header(file: &[u8]) -> Result<(Encoding, &[u8]), VocabularyError> {
    let read = |encoding| Some((encoding, file.strip_prefix(header(encoding).as_bytes())?));
    Encoding::ALL.into_iter().find_map(read).ok_or_else(|| VocabularyError::NotVocabulary {
        begins: file.iter().take(32).map(|&byte| char::from(byte)).collect(),
    })
}
