//! From the ranks that others publish to a vocabulary file: for the tool and the tests, not for
//! counting.
//!
//! A published vocabulary is a list of byte strings in the order of their ranks. Here it becomes
//! the pairs that `vocabulary` describes. Whatever package the ranks came from, the file must
//! have the fingerprint of its encoding, so a faulty source is refused and not counted with.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::vocabulary::{SINGLES, header, single_bytes};
use crate::{Encoding, Vocabulary, VocabularyError, pairs};

/// Builds the vocabulary file of an encoding from its tokens, in the order of their ranks.
///
/// # Errors
/// Where the tokens are not those of the encoding.
pub fn build(encoding: Encoding, tokens: &[Vec<u8>]) -> Result<Vec<u8>, BuildError> {
    let singles = single_bytes().zip(tokens).take_while(|(byte, token)| **token == [*byte]);
    if singles.count() != 256 {
        return Err(BuildError::SingleBytes);
    }
    let ranks: BTreeMap<&[u8], u32> = tokens.iter().map(Vec::as_slice).zip(0..).collect();
    let pairs = tokens.iter().zip(0..).skip(256).map(|(token, rank)| {
        last_pair(&ranks, token)
            .filter(|&(left, right)| left.max(right) < rank)
            .ok_or(BuildError::NoPair { rank })
    });
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    let mut file = Vec::from(header(encoding));
    // Each part is there before its union, so each is found.
    file.extend(pairs::write(SINGLES, &pairs).unwrap_or_default());
    Vocabulary::from_bytes(&file)?;
    Ok(file)
}

/// The tokens of an encoder file (`encoders/*.json`) of the npm package `tiktoken`. In it
/// `bpe_ranks` has lines of `! FIRST_RANK TOKEN TOKEN …`, each token in Base64.
///
/// # Errors
/// Where the text is not such a file.
#[cfg(feature = "build")]
pub fn from_npm(json: &str) -> Result<Vec<Vec<u8>>, BuildError> {
    use base64::Engine as _;

    let fault = |what| BuildError::Npm { what };
    let file: serde_json::Value = serde_json::from_str(json).map_err(|_| fault("it is no JSON"))?;
    let lines = file.get("bpe_ranks").and_then(serde_json::Value::as_str);
    let mut tokens = Vec::new();
    for line in lines.ok_or(fault("it has no text `bpe_ranks`"))?.lines() {
        let mut words = line.split(' ').skip(1);
        if words.next().and_then(|first| first.parse().ok()) != Some(tokens.len()) {
            return Err(fault("a line of `bpe_ranks` does not go on with the next rank"));
        }
        for word in words {
            let token = base64::engine::general_purpose::STANDARD.decode(word);
            tokens.push(token.map_err(|_| fault("a token of `bpe_ranks` is no Base64"))?);
        }
    }
    Ok(tokens)
}

/// Why ranks did not become a vocabulary file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The first 256 tokens are not the single bytes in their usual order.
    #[error("the first 256 tokens are not the single bytes; is this list in the order of ranks?")]
    SingleBytes,
    /// A token is not what two tokens of lower rank merge to.
    #[error("the token of rank {rank} is not the merge of two tokens of lower rank")]
    NoPair {
        /// Its rank.
        rank: u32,
    },
    /// The tokens are not those of the encoding.
    #[error("these are not the tokens of the encoding: {0}")]
    Other(#[from] VocabularyError),
    /// An encoder file of npm's `tiktoken` could not be read.
    #[cfg(feature = "build")]
    #[error("this is not an encoder file of the npm package `tiktoken`: {what}")]
    Npm {
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The two tokens that are left before the last merge of a token's bytes.
fn last_pair(ranks: &BTreeMap<&[u8], u32>, token: &[u8]) -> Option<(u32, u32)> {
    let mut cuts: Vec<usize> = (0..=token.len()).collect();
    while cuts.len() > 3 {
        let union = |cut: &[usize]| match cut {
            &[start, _, end] => ranks.get(token.get(start..end)?),
            _ => None,
        };
        let unions = cuts.windows(3).zip(1..).filter_map(|(cut, at)| Some((union(cut)?, at)));
        let (_, at) = unions.min()?;
        cuts.remove(at);
    }
    match *cuts {
        [start, cut, end] => {
            Some((*ranks.get(token.get(start..cut)?)?, *ranks.get(token.get(cut..end)?)?))
        }
        _ => None,
    }
}

#[cfg(all(test, feature = "build"))]
mod tests {
    use super::*;

    #[test]
    fn encoder_files_are_read_or_refused() {
        let check = |json: &str, expected: Result<&[&str], &'static str>| {
            let tokens = |tokens: &[&str]| tokens.iter().map(|&token| token.into()).collect();
            let expected = expected.map(tokens).map_err(|what| BuildError::Npm { what });
            assert_eq!(from_npm(json), expected, "{json}");
        };
        check(r#"{"pat_str":"x","bpe_ranks":"! 0 IQ== YWI="}"#, Ok(&["!", "ab"]));
        check(r#"{"bpe_ranks":"! 0 IQ== Ig==\n! 2 YWI="}"#, Ok(&["!", "\"", "ab"]));
        check(r#"{"bpe_ranks":"! 0 IQ==\n! 2 YWI="}"#, Err(GAP));
        check(r#"{"bpe_ranks":"! x IQ=="}"#, Err(GAP));
        check(r#"{"bpe_ranks":"! 0 I"}"#, Err("a token of `bpe_ranks` is no Base64"));
        check(r#"{"bpe_ranks":7}"#, Err("it has no text `bpe_ranks`"));
        check("IQ== 0", Err("it is no JSON"));
    }

    const GAP: &str = "a line of `bpe_ranks` does not go on with the next rank";
}
